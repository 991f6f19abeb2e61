//! Staying with a unit that restarts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Object, Restart};

use super::Workbench;
use super::running::Work;
use crate::progress::{Progress, Report};
use crate::restart::{is_away, stage};
use crate::sessions::Borrowed;
use crate::unit_ref::UnitRef;
use crate::{Due, ErrorKind, RESTART_LIMIT, Result, Returned, Target};

/// How often it is said how long the wait has been.
const TICK: Duration = Duration::from_secs(1);

/// What a unit that restarts is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchState {
    /// It has not gone yet.
    Waiting,
    /// It is away.
    Down,
    /// It answers, and is not ready yet.
    Starting,
    /// It is back.
    Back,
}

/// One look at a unit that restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watching {
    /// What it is doing.
    pub state: WatchState,
    /// How long somebody has been watching.
    pub elapsed: Duration,
    /// Until it goes, where that is known: zero once only calls hold it up. While it is away: how long it is still waited for.
    pub left: Option<Duration>,
}

/// How a watch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Whether the unit was seen to go; otherwise calls still hold its restart up.
    pub went: bool,
    /// The revision that it holds, where the service user may know.
    pub revision: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// What is known between two looks.
struct Stage {
    state: WatchState,
    since_gone: Option<Instant>,
}

impl Stage {
    fn hear(&mut self, progress: Progress) {
        self.state = match progress {
            Progress::WaitingUntilBack => WatchState::Down,
            Progress::Starting => WatchState::Starting,
            Progress::Back => WatchState::Back,
            _ => return,
        };
        self.since_gone.get_or_insert_with(Instant::now);
    }

    fn left(&self, due: Option<Due>) -> Option<Duration> {
        match (self.state, self.since_gone) {
            (WatchState::Waiting, _) => due.and_then(Due::left),
            (WatchState::Down | WatchState::Starting, Some(gone)) => {
                Some(RESTART_LIMIT.saturating_sub(gone.elapsed()))
            }
            _ => None,
        }
    }
}

impl Workbench {
    /// Stays with a unit that restarts until it is back; `seen` is told every second how it stands.
    ///
    /// # Errors
    /// [`ErrorKind::NotReachable`] where it stays away for [`RESTART_LIMIT`]; what a new log-in is refused with.
    pub async fn watch_until_back(
        &self,
        operation: &str,
        unit: &UnitRef,
        mut seen: impl FnMut(Watching) + Send,
    ) -> Result<Watched> {
        let started = self.running.start(operation, Work::Transfer)?;
        let target = self.target(unit)?;
        let began = Instant::now();
        let stage = Mutex::new(Stage {
            state: WatchState::Waiting,
            since_gone: None,
        });
        let hear = |progress| {
            stage
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .hear(progress);
        };
        let live = self
            .sessions
            .take_live(&unit.key(&target), &target, started.token());
        let due = live.as_ref().map(due);
        let wait = async {
            match (live, due) {
                (Some(borrowed), Some(due)) => self.stay(borrowed, due, &hear).await,
                // Nobody has a connection to it: it went already, as far as anybody can tell.
                _ => self.come_back(unit, &target, started.token(), &hear).await,
            }
        };
        tokio::pin!(wait);
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                () = started.cancelled() => return Err(ErrorKind::Cancelled("the unit goes on restarting").into()),
                back = &mut wait => {
                    let Returned { went, revision } = back?;
                    let elapsed = began.elapsed();
                    if went {
                        seen(Watching { state: WatchState::Back, elapsed, left: None });
                    }
                    return Ok(Watched { went, revision, elapsed });
                }
                _ = ticks.tick() => {
                    let stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
                    seen(Watching { state: stage.state, elapsed: began.elapsed(), left: stage.left(due) });
                }
            }
        }
    }

    async fn stay(&self, mut borrowed: Borrowed, due: Due, report: Report<'_>) -> Result<Returned> {
        let returned = borrowed.way.wait_until_back(due, RESTART_LIMIT, report).await?;
        if returned.went {
            borrowed.restart = None;
        }
        self.sessions.give_back(borrowed).await;
        Ok(returned)
    }

    async fn come_back(
        &self,
        unit: &UnitRef,
        target: &Target,
        token: CancellationToken,
        report: Report<'_>,
    ) -> Result<Returned> {
        let deadline = Instant::now() + RESTART_LIMIT;
        report(Progress::WaitingUntilBack);
        loop {
            match self.borrow(unit, target, token.clone(), &crate::silent).await {
                Ok(mut borrowed) => {
                    let held = borrowed.way.as_mut().stat(Object::Configuration).await;
                    borrowed.restart = None;
                    self.sessions.give_back(borrowed).await;
                    report(Progress::Back);
                    let revision = held.ok().map(|held| held.revision);
                    return Ok(Returned { went: true, revision });
                }
                Err(error) if is_away(&error) && Instant::now() < deadline => {
                    report(stage(&error));
                    tokio::time::sleep(TICK).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// When the unit goes, as far as an earlier action was told.
fn due(borrowed: &Borrowed) -> Due {
    borrowed
        .restart
        .unwrap_or_else(|| Due::of(Restart::Immediately, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_until_it_goes_and_then_until_nobody_waits_any_more() {
        let mut stage = Stage {
            state: WatchState::Waiting,
            since_gone: None,
        };
        let free = Restart::WhenFree {
            bar_incoming: false,
            bar_outgoing: false,
        };
        let near = |left: Option<Duration>, expect: u64| {
            let left = left.unwrap();
            let expect = Duration::from_secs(expect);
            assert!(
                left <= expect && left + Duration::from_secs(5) > expect,
                "{left:?}"
            );
        };
        near(stage.left(Some(Due::of(free, Some(60)))), 60);
        near(stage.left(Some(Due::of(free, Some(0)))), 0);
        assert_eq!(stage.left(Some(Due::of(free, None))), None);
        assert_eq!(stage.left(None), None);
        stage.hear(Progress::WaitingUntilGone);
        assert_eq!(stage.state, WatchState::Waiting);
        stage.hear(Progress::WaitingUntilBack);
        near(stage.left(None), RESTART_LIMIT.as_secs());
        stage.hear(Progress::Starting);
        assert_eq!(stage.state, WatchState::Starting);
        near(stage.left(None), RESTART_LIMIT.as_secs());
        stage.hear(Progress::Back);
        assert_eq!((stage.state, stage.left(None)), (WatchState::Back, None));
    }
}
