//! Restarting a unit, and waiting until it is back.

use std::time::{Duration, Instant};

use trunkline_protocol::link::{Event, Restart};

use crate::progress::{Progress, Report};
use crate::session::{Session, is_cut, out_of_order};
use crate::{Error, ErrorKind, Result, Step};

/// The pause between two looks at a unit that is away.
const LOOK: Duration = Duration::from_secs(1);
/// A unit that announced its restart may take this much longer to go.
const GRACE: Duration = Duration::from_secs(30);

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

/// Waits until a unit that restarts has gone and come back, and leaves `session` logged in to it again. Answers
/// whether it was seen to go.
///
/// # Errors
/// [`ErrorKind::NotReachable`] when it is not back within `limit` after it was to go, and at once what another look
/// can not mend, such as a changed certificate.
pub async fn wait_until_back(
    session: &mut Session,
    restart_s: Option<u32>,
    limit: Duration,
    report: Report<'_>,
) -> Result<bool> {
    if let Some(seconds) = restart_s {
        report(Progress::RestartingIn { seconds });
    }
    report(Progress::WaitingUntilGone);
    let announced = Duration::from_secs(restart_s.unwrap_or(0).into());
    let gone = session.io.closed_within(announced + GRACE.min(limit)).await;
    let mut told = Progress::WaitingUntilBack;
    report(told);
    let deadline = Instant::now() + limit;
    loop {
        match session.open_again(&crate::progress::silent).await {
            Ok(()) => {
                report(Progress::Back);
                return Ok(gone);
            }
            Err(error) if !is_away(&error) => return Err(error),
            Err(_) if Instant::now() >= deadline => {
                let why = format!(
                    "it did not come back within {} s after its restart",
                    limit.as_secs()
                );
                let address = session.access().address();
                return Err(Error::new(ErrorKind::NotReachable(why))
                    .at(Step::Reboot)
                    .address(address));
            }
            Err(error) => {
                let now = stage(&error);
                if now != told {
                    told = now;
                    report(now);
                }
                session.pause(LOOK).await?;
            }
        }
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
