//! Everything that the window works with and that outlives one command: the store, log-ins, open configurations, the
//! record of what was done, and what is under way.
//!
//! - [`Workbench`]: all of it. Each method is one thing that a person does.
//! - `running`: work under way, by the name that the window gave it, so that it can be stopped.
//! - `discovering`, `log_ins`, `sites`, `transfers`: what can be done, by subject.

mod discovering;
mod log_ins;
mod networks;
mod running;
mod sites;
mod transfers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use discovering::{CriteriaCheck, CriteriaProblem, Found, SearchRequest, SearchSummary, check_criteria};
pub use networks::{Network, criteria_with_subnet, networks, networks_of};
pub use sites::{SiteForm, SiteView, TargetFacts};
pub use transfers::{SendRequest, WatchState};
pub use trunkline_protocol::link::{Restart, WriteMode};
pub use trunkline_protocol::ports::DISCOVERY as STANDARD_DISCOVERY_PORT;

use crate::activity::{Action, Activity, NewActivity, Outcome};
use crate::documents::Documents;
use crate::sessions::Sessions;
use crate::store::{Preferences, Site};
use crate::unit_ref::UnitRef;
use crate::{Credentials, DataDir, Error, ErrorKind, Local, Notice, Result, Target};
use running::Running;

/// How often it is looked whether a log-in was idle for too long.
const TIDY: Duration = Duration::from_secs(15);

/// What the window works with.
#[derive(Debug)]
pub struct Workbench {
    data: DataDir,
    local: Local,
    documents: Documents,
    activity: Activity,
    sessions: Sessions,
    running: Running,
    /// Sites that were removed since the start, for a change of mind.
    removed: Mutex<HashMap<String, Site>>,
}

impl Workbench {
    /// Opens what is in the data folder.
    ///
    /// # Errors
    /// As [`Local::open`].
    pub fn open(data: DataDir, credentials: Arc<dyn Credentials>) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            local: Local::open(&data, credentials)?,
            activity: Activity::new(&data),
            data,
            documents: Documents::default(),
            sessions: Sessions::default(),
            running: Running::default(),
            removed: Mutex::default(),
        }))
    }

    /// The folder that everything is kept in.
    pub fn data(&self) -> &DataDir {
        &self.data
    }

    /// The configurations that are open.
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The record of what was done.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// What a person must be told about this program's files, each once.
    pub fn take_notices(&self) -> Vec<Notice> {
        self.local.take_notices()
    }

    /// Stops the work of this name; nothing happens where it has ended.
    pub fn cancel(&self, operation: &str) {
        self.running.cancel(operation);
    }

    /// What a person prefers.
    ///
    /// # Errors
    /// As [`crate::Store::read`].
    pub fn preferences(&self) -> Result<Preferences> {
        Ok(self.local.store.read()?.preferences.clone())
    }

    /// Changes what a person prefers; where `change` fails, nothing is changed.
    ///
    /// # Errors
    /// What `change` says, and as [`crate::Store::update`].
    pub fn change_preferences(
        &self,
        change: impl FnOnce(&mut Preferences) -> Result<()>,
    ) -> Result<Preferences> {
        self.local.store.update(|data| {
            change(&mut data.preferences)?;
            Ok(data.preferences.clone())
        })
    }

    /// Ends log-ins that nobody used for as long as the preferences say, from now on until the workbench is dropped.
    /// Must be called inside a tokio runtime.
    pub fn start_tidying(self: &Arc<Self>) {
        let bench = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TIDY).await;
                let Some(bench) = bench.upgrade() else { return };
                bench.tidy().await;
            }
        });
    }

    async fn tidy(&self) {
        let minutes = self
            .preferences()
            .map(|preferences| preferences.idle_minutes)
            .unwrap_or_default();
        let never = Duration::MAX;
        let idle = if minutes == 0 {
            never
        } else {
            Duration::from_secs(60 * u64::from(minutes))
        };
        self.end_idle_log_ins(idle).await;
    }

    /// Ends the log-ins that nobody used for this long.
    pub async fn end_idle_log_ins(&self, idle: Duration) {
        self.sessions.close_idle(idle).await;
    }

    fn target(&self, unit: &UnitRef) -> Result<Target> {
        unit.resolve(&*self.local.store.read()?)
    }

    /// Writes down what was done. Where even that fails, the work itself did not: it is only said in the log.
    fn note<T>(
        &self,
        action: Action,
        target: &Target,
        user: &str,
        result: &Result<T>,
        done: (Outcome, &str),
    ) {
        let failed;
        let (result, detail) = match result {
            Ok(_) => done,
            Err(error) => {
                failed = error.to_string();
                (outcome_of(error), failed.as_str())
            }
        };
        self.write_down(&NewActivity {
            action,
            unit: target.name(),
            address: &target.host,
            user,
            result,
            detail,
        });
    }

    fn write_down(&self, activity: &NewActivity<'_>) {
        if let Err(error) = self.activity.add(activity) {
            tracing::warn!("what was done could not be written down: {error}");
        }
    }

    /// Who is logged in to the unit, for the record.
    fn user_of(&self, unit: &UnitRef, target: &Target) -> String {
        self.sessions
            .logged_in(&unit.key(target), target)
            .map(|facts| facts.user)
            .unwrap_or_default()
    }
}

fn outcome_of(error: &Error) -> Outcome {
    match error.kind() {
        ErrorKind::Cancelled(_) => Outcome::Stopped,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests;
