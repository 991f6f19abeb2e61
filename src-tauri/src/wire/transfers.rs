//! Receiving, sending and restarting.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::workbench::{self, Restart, SendRequest, WriteMode};
use trunkline_core::{ErrorKind, Result, SendSummary};

use super::Amount;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Opening the connection, with TLS where that is used.
    Connect,
    /// The TLS handshake; reported as part of `connect`.
    Tls,
    /// Logging in.
    LogIn,
    /// The configuration arrives.
    Receive,
    /// The copy before a send arrives.
    Backup,
    /// The configuration is on its way.
    Send,
    /// Changed entries are written one by one.
    Write,
    /// What the unit holds afterwards is read back.
    ReadBack,
    /// The unit is busy and asked for a pause.
    Busy,
    /// The unit is asked to let it take effect.
    Commit,
    /// The unit restarts.
    Restart,
    /// Waiting for the unit.
    Wait,
}

/// Bytes, or seconds in `restart`, `busy` and `wait`, or entries in `write`; `total` is negative while it is not known.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Progress {
    step: Step,
    done: Amount,
    total: Amount,
}

impl Progress {
    /// What the window shows of it; `None` for what it does not.
    pub fn of(progress: trunkline_core::Progress) -> Option<Self> {
        use trunkline_core::Progress as Core;
        let plain = |step| Self {
            step,
            done: 0_u32.into(),
            total: Amount::UNKNOWN,
        };
        let bytes = |step, done: u64, total: u64| Self {
            step,
            done: done.into(),
            total: total.into(),
        };
        Some(match progress {
            Core::Connecting | Core::Reconnecting { .. } => plain(Step::Connect),
            Core::LoggingIn => plain(Step::LogIn),
            Core::Receiving { done, total } => bytes(Step::Receive, done, total),
            Core::BackingUp { done, total } => bytes(Step::Backup, done, total),
            Core::Sending { done, total } => bytes(Step::Send, done, total),
            Core::Writing { done, total } => bytes(Step::Write, done, total),
            Core::ReadingBack { done, total } => bytes(Step::ReadBack, done, total),
            Core::Busy { seconds } => bytes(Step::Busy, 0, seconds.into()),
            Core::Committing | Core::AskingWhatItHolds => plain(Step::Commit),
            Core::RestartingIn { seconds } => bytes(Step::Restart, 0, seconds.into()),
            Core::WaitingUntilGone | Core::WaitingUntilBack | Core::Starting => plain(Step::Wait),
            _ => return None,
        })
    }
}

/// How a send or a restart takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SendMode {
    /// Without a restart.
    Merge,
    /// At once.
    Immediate,
    /// As soon as nobody is on the phone.
    WhenFree,
    /// At a time of day.
    Timed,
}

/// How a unit is restarted.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestartOptions {
    mode: SendMode,
    at_minutes: u32,
    bar_incoming: bool,
    bar_outgoing: bool,
}

/// How a configuration is sent.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SendOptions {
    mode: SendMode,
    at_minutes: u32,
    bar_incoming: bool,
    bar_outgoing: bool,
    /// Send over whatever somebody else changed meanwhile.
    force: bool,
    /// The unit's revision that somebody saw and agreed to overwrite; empty where nothing is to be overwritten.
    over: String,
}

impl TryFrom<RestartOptions> for Restart {
    type Error = trunkline_core::Error;

    fn try_from(options: RestartOptions) -> Result<Self> {
        let RestartOptions {
            mode,
            at_minutes,
            bar_incoming,
            bar_outgoing,
        } = options;
        match mode {
            SendMode::Merge => {
                Err(ErrorKind::Usage("a restart needs a time: now, when free, or timed".into()).into())
            }
            SendMode::Immediate => Ok(Self::Immediately),
            SendMode::WhenFree => Ok(Self::WhenFree {
                bar_incoming,
                bar_outgoing,
            }),
            SendMode::Timed => {
                let minutes = u16::try_from(at_minutes)
                    .ok()
                    .filter(|minutes| *minutes < 24 * 60);
                let minutes =
                    minutes.ok_or_else(|| ErrorKind::Usage("a time of day is 00:00 to 23:59".into()))?;
                Ok(Self::Timed {
                    minutes,
                    bar_incoming,
                    bar_outgoing,
                })
            }
        }
    }
}

impl TryFrom<SendOptions> for SendRequest {
    type Error = trunkline_core::Error;

    fn try_from(options: SendOptions) -> Result<Self> {
        let SendOptions {
            mode,
            at_minutes,
            bar_incoming,
            bar_outgoing,
            force,
            over,
        } = options;
        let mode = match mode {
            SendMode::Merge => WriteMode::Merge,
            _ => WriteMode::Restart(
                RestartOptions {
                    mode,
                    at_minutes,
                    bar_incoming,
                    bar_outgoing,
                }
                .try_into()?,
            ),
        };
        Ok(Self {
            mode,
            force,
            over: Some(over).filter(|over| !over.is_empty()),
        })
    }
}

/// How a send ended.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SendResult {
    revision_before: String,
    revision_after: String,
    bytes: Amount,
    unchanged: bool,
    /// It was sent with a restart, and the unit took it.
    restarts: bool,
    restart_in_s: Amount,
}

impl SendResult {
    /// Of something that was sent to take effect in this way.
    pub fn new(mode: WriteMode, summary: SendSummary) -> Self {
        Self {
            restarts: mode != WriteMode::Merge && !summary.unchanged,
            revision_before: summary.revision_before,
            revision_after: summary.revision_after,
            bytes: summary.bytes.into(),
            unchanged: summary.unchanged,
            restart_in_s: summary.restart_in_s.into(),
        }
    }
}

/// How a restart began.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RebootResult {
    restart_in_s: Amount,
}

impl From<Option<u32>> for RebootResult {
    fn from(restart_s: Option<u32>) -> Self {
        Self {
            restart_in_s: restart_s.into(),
        }
    }
}

/// What a unit that restarts is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum WatchState {
    /// It has not gone yet.
    Waiting,
    /// It is away.
    Down,
    /// It answers and is not ready.
    Starting,
    /// It is back.
    Back,
}

/// One look at a unit that restarts.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WatchEvent {
    state: WatchState,
    elapsed_s: u32,
    /// Until it goes, 0 once only calls hold it up; while it is away, how long it is still waited for. Negative where
    /// that is not known.
    left_s: Amount,
}

impl From<workbench::Watching> for WatchEvent {
    fn from(watching: workbench::Watching) -> Self {
        let state = match watching.state {
            workbench::WatchState::Waiting => WatchState::Waiting,
            workbench::WatchState::Down => WatchState::Down,
            workbench::WatchState::Starting => WatchState::Starting,
            workbench::WatchState::Back => WatchState::Back,
        };
        Self {
            state,
            elapsed_s: whole_seconds(watching.elapsed),
            left_s: watching.left.map(whole_seconds).into(),
        }
    }
}

/// How a watch ended.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WatchResult {
    /// Whether the unit was seen to go; otherwise calls still hold its restart up.
    went: bool,
    revision: String,
    elapsed_s: u32,
}

impl From<workbench::Watched> for WatchResult {
    fn from(watched: workbench::Watched) -> Self {
        Self {
            went: watched.went,
            revision: watched.revision.unwrap_or_default(),
            elapsed_s: whole_seconds(watched.elapsed),
        }
    }
}

/// Whole seconds, as far as a wait can last.
fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restart(mode: SendMode, at_minutes: u32) -> RestartOptions {
        RestartOptions {
            mode,
            at_minutes,
            bar_incoming: true,
            bar_outgoing: false,
        }
    }

    #[test]
    fn each_mode_is_the_unit_s() {
        let check = |mode, at, expect: Option<Restart>| {
            assert_eq!(Restart::try_from(restart(mode, at)).ok(), expect, "{mode:?} {at}");
        };
        let (bar_incoming, bar_outgoing) = (true, false);
        check(SendMode::Immediate, 0, Some(Restart::Immediately));
        check(
            SendMode::WhenFree,
            0,
            Some(Restart::WhenFree {
                bar_incoming,
                bar_outgoing,
            }),
        );
        check(
            SendMode::Timed,
            1439,
            Some(Restart::Timed {
                minutes: 1439,
                bar_incoming,
                bar_outgoing,
            }),
        );
        check(SendMode::Timed, 1440, None);
        check(SendMode::Timed, 65_536, None);
        check(SendMode::Merge, 0, None);
        let send = SendOptions {
            mode: SendMode::Merge,
            at_minutes: 9999,
            bar_incoming,
            bar_outgoing,
            force: true,
            over: "r7".into(),
        };
        assert_eq!(
            SendRequest::try_from(send).unwrap(),
            SendRequest {
                mode: WriteMode::Merge,
                force: true,
                over: Some("r7".into())
            }
        );
    }

    #[test]
    fn progress_counts_bytes_and_seconds() {
        use trunkline_core::Progress as Core;
        let check = |progress, expect: &str| {
            assert_eq!(serde_json::to_string(&Progress::of(progress)).unwrap(), expect);
        };
        check(
            Core::Receiving { done: 5, total: 9 },
            r#"{"step":"receive","done":5.0,"total":9.0}"#,
        );
        check(Core::LoggingIn, r#"{"step":"logIn","done":0.0,"total":-1.0}"#);
        check(
            Core::RestartingIn { seconds: 3 },
            r#"{"step":"restart","done":0.0,"total":3.0}"#,
        );
        check(Core::Back, "null");
    }
}
