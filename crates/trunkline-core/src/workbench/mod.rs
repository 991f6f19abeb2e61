//! Everything that the window works with and that outlives one command: the store, log-ins, open configurations, the
//! record of what was done, and what is under way.
//!
//! - [`Workbench`]: all of it. Each method is one thing that a person does.
//! - `news`: what the program says without being asked; `closing`: whether the window may close.
//! - `running`: work under way, by the name that the window gave it, so that it can be stopped.
//! - `discovering`, `log_ins`, `sites`, `transfers`, `conflicts`, `watching`, `security`, `audit`: what can be done, by
//!   subject.

mod audit;
mod certificates;
mod closing;
mod conflicts;
mod discovering;
mod lists;
mod log_ins;
mod networks;
mod news;
mod running;
mod security;
mod sites;
mod transfers;
mod unit_lists;
mod watching;

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

pub use audit::AuditView;
pub use closing::Unfinished;
pub use discovering::{
    CriteriaCheck, CriteriaProblem, Found, SearchRequest, SearchSummary, check_criteria, look_up_names,
};
pub use networks::{Network, criteria_with_subnet, networks, networks_of};
pub use news::News;
pub use security::{SecurityInfo, SecuritySendResult, SecurityView, TheirsView};
pub use sites::{SiteForm, SiteView, TargetFacts};
pub use transfers::SendRequest;
pub use trunkline_protocol::link::{Restart, WriteMode};
pub use trunkline_protocol::ports::DISCOVERY as STANDARD_DISCOVERY_PORT;
pub use unit_lists::UnitList;
pub use watching::{WatchState, Watched, Watching};

use crate::activity::{Action, Activity, NewActivity, Outcome};
use crate::credentials::PatientKeychain;
use crate::discovery::Unit;
use crate::documents::Documents;
use crate::sessions::Sessions;
use crate::store::{Preferences, Site};
use crate::unit_ref::UnitRef;
use crate::{Credentials, DataDir, Error, ErrorKind, Local, Result, Target};
use closing::Closing;
use news::Newsroom;
use running::Running;

/// How often it is looked whether another program changed the store, or a log-in was idle for too long.
const LOOK: Duration = Duration::from_secs(2);
/// How long a person has to answer the keychain's prompt.
const PROMPT: Duration = Duration::from_mins(1);

/// What the window works with.
#[derive(Debug)]
pub struct Workbench {
    data: DataDir,
    local: Local,
    documents: Documents,
    activity: Activity,
    sessions: Sessions,
    running: Running,
    security: security::Desks,
    keychain: Arc<PatientKeychain>,
    news: Arc<Newsroom>,
    closing: Closing,
    /// What the last searches found, for somebody who wants it in a file.
    found: Mutex<Vec<Unit>>,
    /// What the units that searches found call themselves, by address and Services Base TCP Port.
    names: Mutex<HashMap<(IpAddr, u16), String>>,
    /// Sites that were removed since the start, for a change of mind.
    removed: Mutex<HashMap<String, Site>>,
    /// The file of a client certificate that somebody chose last.
    chosen_certificate: Mutex<Option<PathBuf>>,
}

impl Workbench {
    /// Opens what is in the data folder.
    ///
    /// # Errors
    /// As [`Local::open`].
    pub fn open(data: DataDir, credentials: Arc<dyn Credentials>) -> Result<Arc<Self>> {
        let news = Arc::<Newsroom>::default();
        let says = Arc::clone(&news);
        let keychain = Arc::new(PatientKeychain::new(credentials, PROMPT, move |waiting| {
            says.say(News::Keychain { waiting });
        }));
        let local = Local::open(&data, Arc::clone(&keychain) as Arc<dyn Credentials>)?;
        Ok(Arc::new(Self {
            local,
            keychain,
            news,
            closing: Closing::default(),
            activity: Activity::new(&data),
            data,
            documents: Documents::default(),
            sessions: Sessions::default(),
            running: Running::default(),
            found: Mutex::default(),
            names: Mutex::default(),
            security: security::Desks::default(),
            removed: Mutex::default(),
            chosen_certificate: Mutex::default(),
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

    /// What the program has to say from now on, after what nobody heard yet. There is one listener: the last.
    pub fn listen(&self) -> UnboundedReceiver<News> {
        self.say_what_changed();
        self.news.listen()
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

    /// From now on until the workbench is dropped: says what happened to this program's files and to this computer's
    /// networks, and ends log-ins that nobody used for as long as the preferences say. Must be called inside a tokio runtime.
    pub fn start_watching(self: &Arc<Self>) {
        let bench = Arc::downgrade(self);
        let interfaces = crate::discovery::watch_interfaces();
        tokio::spawn(networks::say_changes(bench.clone(), interfaces, LOOK));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(bench) = bench.upgrade() else { return };
                let looking = Arc::clone(&bench);
                // It may wait for another process to give the store free.
                tokio::task::spawn_blocking(move || looking.say_what_changed())
                    .await
                    .ok();
                bench.tidy().await;
            }
        });
    }

    fn say_what_changed(&self) {
        if let Err(error) = self.local.store.read() {
            tracing::warn!("{error}");
        }
        if self.local.store.take_changed_elsewhere() {
            self.news.say(News::StoreChanged);
        }
        for notice in self.local.take_notices() {
            tracing::warn!("{notice}");
            self.news.say(News::Notice(notice));
        }
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

    /// Ends the log-ins that nobody used for this long, and says so.
    pub async fn end_idle_log_ins(&self, idle: Duration) {
        let units = self.sessions.close_idle(idle).await;
        if !units.is_empty() {
            let minutes = u32::try_from(idle.as_secs() / 60).unwrap_or(u32::MAX);
            self.news.say(News::LoggedOut { units, minutes });
        }
        self.close_idle_security(idle);
    }

    fn target(&self, unit: &UnitRef) -> Result<Target> {
        let mut target = unit.resolve(&*self.local.store.read()?)?;
        target.heard = self.heard_name(&target, unit.base_port);
        Ok(target)
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
