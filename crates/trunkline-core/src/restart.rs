//! Restarting a unit, and staying with it until it is back.

use std::time::{Duration, Instant};

use trunkline_protocol::link::{Event, Object, Restart, Service};

use crate::progress::{Progress, Report};
use crate::session::{Session, is_cut, out_of_order};
use crate::{Error, ErrorKind, Result, Step};

/// How long a unit that restarts may stay away, and how long calls may hold up a restart, before nobody waits any more.
pub const RESTART_LIMIT: Duration = Duration::from_mins(15);
/// The pause between two looks at a unit that is away.
const LOOK: Duration = Duration::from_secs(1);
/// A unit that announced its restart may take this much longer to go, where no call can hold it up.
const GRACE: Duration = Duration::from_secs(30);
/// How often a unit that has not gone yet is asked whether it is still there; units hang up on who is silent for long.
const STILL_THERE: Duration = Duration::from_secs(20);
/// A unit that answers again without having been away must stay for so long: some close their connections first and go
/// down a moment later.
const SETTLED: Duration = Duration::from_secs(3);

/// When a unit that was told to restart goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// At the earliest, where the unit said so.
    at: Option<Instant>,
    /// Whether calls can hold it up.
    waits_for_calls: bool,
}

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Whether the unit was seen to go. Otherwise it answers, and has not restarted yet.
    pub went: bool,
    /// The revision that it holds, where the service user may know.
    pub revision: Option<String>,
}

impl Due {
    /// After a unit accepted a restart of this kind, and announced it in so many seconds, where it did.
    pub fn of(restart: Restart, seconds: Option<u32>) -> Self {
        let waits_for_calls = !matches!(restart, Restart::Immediately);
        let seconds = seconds.or((!waits_for_calls).then_some(0));
        Self {
            at: seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds.into())),
            waits_for_calls,
        }
    }

    /// How long until it goes at the earliest, where that is known; zero once that is over.
    pub fn left(self) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Until when somebody waits for it to go.
    pub(crate) fn latest(self, limit: Duration) -> Instant {
        // Whoever waits for a second time waits as long again.
        let earliest = self.at.map_or_else(Instant::now, |at| at.max(Instant::now()));
        earliest
            + if self.waits_for_calls {
                limit
            } else {
                GRACE.min(limit)
            }
    }

    /// Whether a connection that closes now is the restart; before, units may hang up for other reasons.
    fn is_now(self) -> bool {
        self.at.is_some_and(|at| at <= Instant::now())
    }
}

/// Asks the unit to restart; answers the seconds until it does, where it said so.
///
/// # Errors
/// What the unit refuses, or that the connection was lost before the answer.
pub async fn reboot(session: &mut Session, restart: Restart) -> Result<Option<u32>> {
    let address = session.access().address();
    session.usable()?;
    session.io.client.reboot(restart, Instant::now());
    match session
        .io
        .expect()
        .await
        .map_err(|e| e.at(Step::Reboot).address(address))?
    {
        Event::Rebooting { restart_s } => Ok(restart_s),
        _ => Err(out_of_order()),
    }
}

/// Waits until a unit that restarts has gone and come back, and leaves `session` logged in to it again.
///
/// It is waited for at most `limit` after it went. A restart that calls can hold up is waited for at most `limit`
/// beyond its time; a unit that has not gone by then is no error.
///
/// # Errors
/// [`ErrorKind::NotReachable`] when it is not back in time, and at once what another look can not mend, such as a
/// changed certificate.
pub async fn wait_until_back(
    session: &mut Session,
    due: Due,
    limit: Duration,
    report: Report<'_>,
) -> Result<Returned> {
    if let Some(left) = due.left() {
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        report(Progress::RestartingIn {
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
        });
    }
    report(Progress::WaitingUntilGone);
    let address = session.access().address();
    let went = wait_until_gone(session, due, limit)
        .await
        .map_err(|e| e.at(Step::Reboot).address(&address))?;
    if went {
        come_back(session, limit, report).await?;
    }
    let object = match session.access().service {
        Service::Configuration => Object::Configuration,
        Service::Security => Object::SecuritySettings,
    };
    // Not everybody who may restart a unit may look into it.
    let held = session.stat(object).await;
    let revision = held.ok().map(|held| held.revision);
    Ok(Returned { went, revision })
}

/// Answers whether the unit was seen to go.
async fn wait_until_gone(session: &mut Session, due: Due, limit: Duration) -> Result<bool> {
    let latest = due.latest(limit);
    while let Some(left) = latest.checked_duration_since(Instant::now()) {
        let closed = session.io.closed_within(left.min(STILL_THERE)).await? || !is_there(session).await?;
        if !closed {
            continue;
        }
        if due.is_now() {
            return Ok(true);
        }
        match session.open_again(&crate::progress::silent).await {
            Ok(()) => {}
            Err(error) if is_away(&error) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Waits until a unit that is away answers and lets the session in again.
///
/// # Errors
/// As [`wait_until_back`].
pub(crate) async fn come_back(session: &mut Session, limit: Duration, report: Report<'_>) -> Result<()> {
    let deadline = Instant::now() + limit;
    let mut was_away = false;
    report(Progress::WaitingUntilBack);
    let mut shown = Progress::WaitingUntilBack;
    let mut show = |progress| {
        if shown != progress {
            report(progress);
            shown = progress;
        }
    };
    loop {
        let stage = match session.open_again(&crate::progress::silent).await {
            Ok(()) if was_away || !session.io.closed_within(SETTLED).await? => {
                show(Progress::Back);
                return Ok(());
            }
            Ok(()) => continue,
            Err(error) if is_away(&error) => stage(&error),
            Err(error) => return Err(error),
        };
        show(stage);
        was_away = true;
        if Instant::now() >= deadline {
            return Err(too_late(session, stage, limit));
        }
        session.pause(LOOK).await?;
    }
}

fn too_late(session: &Session, stage: Progress, limit: Duration) -> Error {
    let why = match stage {
        Progress::Starting => "it answers again, and was not ready within",
        _ => "it did not come back within",
    };
    let minutes = limit.as_secs() / 60;
    let time = if minutes == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{minutes} min")
    };
    let why = format!(
        "{why} {time} of its restart; look at the unit itself, and for it at another address if the changes moved it there"
    );
    Error::new(ErrorKind::NotReachable(why))
        .at(Step::Reboot)
        .address(session.access().address())
}

/// Whether the unit still answers on this connection. A refusal is an answer too.
async fn is_there(session: &mut Session) -> Result<bool> {
    match session.stat(Object::Configuration).await {
        Err(error) if is_cut(&error) => Ok(false),
        Err(error) if matches!(error.kind(), ErrorKind::Cancelled(_)) => Err(error),
        _ => Ok(true),
    }
}

/// Whether a unit that restarts may say this before it is back.
pub(crate) fn is_away(error: &Error) -> bool {
    is_cut(error) || matches!(error.kind(), ErrorKind::RetryLater { .. })
}

/// What a refusal on the way back says of the unit: one that can answer "later" is starting.
pub(crate) fn stage(error: &Error) -> Progress {
    match error.kind() {
        ErrorKind::RetryLater { .. } => Progress::Starting,
        _ => Progress::WaitingUntilBack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_calls_can_hold_up_is_waited_for_longer() {
        let free = Restart::WhenFree {
            bar_incoming: false,
            bar_outgoing: false,
        };
        let limit = Duration::from_mins(15);
        let check = |restart, seconds, now: bool, waits: Duration| {
            let due = Due::of(restart, seconds);
            assert_eq!(due.is_now(), now, "{restart:?} {seconds:?}");
            let left = due.latest(limit).duration_since(Instant::now());
            let slow = Duration::from_secs(5);
            assert!(
                left <= waits && left + slow > waits,
                "{restart:?} {seconds:?}: {left:?}"
            );
        };
        check(Restart::Immediately, Some(0), true, GRACE);
        check(Restart::Immediately, None, true, GRACE);
        check(
            Restart::Immediately,
            Some(60),
            false,
            GRACE + Duration::from_mins(1),
        );
        check(free, None, false, limit);
        check(free, Some(0), true, limit);
        check(free, Some(60), false, limit + Duration::from_mins(1));
    }
}
