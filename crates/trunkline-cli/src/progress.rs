//! Progress on standard error: a bar on a terminal, a line for what is unusual elsewhere.

use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use trunkline_core::Progress;

use crate::output::Output;

/// What a unit is doing for us, as it is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    output: Output,
    bar: Option<ProgressBar>,
    /// What is measured now, so that the log has one line for it.
    phase: Mutex<&'static str>,
}

const BYTES: &str = "{msg} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}";
/// Where nobody said how much it will be.
const SO_FAR: &str = "{spinner} {msg} {bytes}, {bytes_per_sec}";
const COUNT: &str = "{msg} [{bar:30}] {pos} of {len}";
const WORDS: &str = "{spinner} {msg}";

impl Shown {
    pub(crate) fn new(output: &Output) -> Self {
        let bar = output.draws.then(|| {
            let bar = output.bars.add(ProgressBar::new_spinner());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            output: output.clone(),
            bar,
            phase: Mutex::default(),
        }
    }

    /// Takes what core reports.
    pub(crate) fn report(&self, progress: Progress) {
        match progress {
            Progress::Receiving { done, total } => self.measure("Receiving", done, total, BYTES),
            Progress::BackingUp { done, total } => {
                self.measure("Copying what the unit has", done, total, BYTES);
            }
            Progress::Sending { done, total } => self.measure("Sending", done, total, BYTES),
            Progress::ReadingBack { done, total } => {
                self.measure("Reading back what the unit holds", done, total, BYTES);
            }
            Progress::Writing { done, total } => self.measure("Writing changes", done, total, COUNT),
            other => self.step(other),
        }
    }

    fn measure(&self, what: &'static str, done: u64, total: u64, style: &str) {
        let before = mem::replace(
            &mut *self.phase.lock().unwrap_or_else(PoisonError::into_inner),
            what,
        );
        if before != what {
            tracing::info!(total, "{what}");
        }
        let Some(bar) = &self.bar else { return };
        if before != what || bar.length() != Some(total) {
            bar.set_style(template(if total == 0 { SO_FAR } else { style }));
            bar.set_message(what);
            bar.set_length(total);
            bar.reset_eta();
        }
        bar.set_position(done);
    }

    fn step(&self, progress: Progress) {
        let (text, unusual) = match progress {
            Progress::Connecting => ("Connecting".into(), false),
            Progress::LoggingIn => ("Logging in".into(), false),
            Progress::Committing => ("Committing".into(), false),
            Progress::Reconnecting { attempt, of } => (
                format!("The connection was lost; connection {attempt} of {of}"),
                true,
            ),
            Progress::AskingWhatItHolds => (
                "The connection was lost; asking the unit what it holds now".into(),
                true,
            ),
            Progress::Busy { seconds } => (format!("The unit is busy; trying again in {seconds} s"), true),
            Progress::RestartingIn { seconds } => (format!("The unit restarts in {seconds} s"), false),
            Progress::WaitingUntilGone => ("Waiting for the restart".into(), false),
            Progress::WaitingUntilBack => ("The unit restarts; waiting until it is back".into(), true),
            Progress::Starting => ("The unit answers and is still starting".into(), true),
            _ => return,
        };
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = "";
        tracing::info!("{text}");
        match &self.bar {
            Some(bar) => {
                bar.set_style(template(WORDS));
                bar.set_message(text);
            }
            None if unusual => self.output.say(&text),
            None => {}
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn template(text: &str) -> ProgressStyle {
    ProgressStyle::with_template(text).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
