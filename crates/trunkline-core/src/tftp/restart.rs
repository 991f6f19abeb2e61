//! Staying with a system before 3.2 that restarts, until it is back: nothing is open to it that could close, so it is asked.

use std::time::{Duration, Instant};

use trunkline_protocol::tftp::packet::FileName;
use trunkline_protocol::tftp::transfer::TransferSettings;

use super::TftpSession;
use super::files::Nowhere;
use crate::progress::{Progress, Report};
use crate::restart::{Due, Returned};
use crate::{ErrorKind, Result, Step};

/// The file that every unit answers without a password; for whether there is a unit at all.
const WHO_IS: &[u8] = b"nasystem/who_is";
/// How long one look at whether the unit is there waits for an answer.
const LOOK: Duration = Duration::from_millis(400);
/// So many looks without an answer mean that it is gone, and not that a datagram was lost.
const UNANSWERED: u32 = 3;
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

impl TftpSession {
    /// Waits until a unit that restarts has gone and come back.
    ///
    /// # Errors
    /// [`ErrorKind::NotReachable`] when it is not back in time.
    pub(crate) async fn wait_until_back(
        &mut self,
        due: Due,
        limit: Duration,
        report: Report<'_>,
    ) -> Result<Returned> {
        let returned = self.gone_and_back(due, limit, report).await;
        returned.map_err(|e| e.at(Step::Reboot).address(self.access.address()))
    }

    async fn gone_and_back(&self, due: Due, limit: Duration, report: Report<'_>) -> Result<Returned> {
        report(Progress::WaitingUntilGone);
        let latest = due.latest(limit);
        let mut unanswered = 0;
        while unanswered < UNANSWERED {
            if Instant::now() >= latest {
                let revision = self.held_revision().await;
                return Ok(Returned {
                    went: false,
                    revision,
                });
            }
            if self.is_there().await? {
                unanswered = 0;
                self.pause().await?;
            } else {
                unanswered += 1;
            }
        }
        report(Progress::WaitingUntilBack);
        let deadline = Instant::now() + limit;
        let mut shown = Progress::WaitingUntilBack;
        loop {
            let now = match self.reads().await? {
                Looked::Back => break,
                // Whoever can refuse is there, and not ready.
                Looked::Refused => Progress::Starting,
                Looked::Silent => Progress::WaitingUntilBack,
            };
            if now != shown {
                report(now);
                shown = now;
            }
            if Instant::now() >= deadline {
                return Err(ErrorKind::NotReachable(format!(
                    "it did not come back within {} min of its restart; look at the unit itself, and for it at another \
                     address if the changes moved it there",
                    limit.as_secs().div_ceil(60)
                ))
                .into());
            }
            self.pause().await?;
        }
        report(Progress::Back);
        let revision = self.held_revision().await;
        Ok(Returned { went: true, revision })
    }

    async fn held_revision(&self) -> Option<String> {
        let held = self.fetch(Nowhere, |_| {}).await.ok()?;
        Some(held.stat.revision)
    }

    /// Whether anybody answers there, to the one file that needs no password.
    async fn is_there(&self) -> Result<bool> {
        let file = FileName::new(WHO_IS).map_err(|error| ErrorKind::Usage(error.to_string()))?;
        match self.look_at(file, false, one_look(self.access.settings)).await {
            Err(error) if matches!(error.kind(), ErrorKind::Cancelled(_)) => Err(error),
            Err(error) if matches!(error.kind(), ErrorKind::NoTftpAnswer(_)) => Ok(false),
            _ => Ok(true),
        }
    }

    /// Whether it gives its configuration.
    async fn reads(&self) -> Result<Looked> {
        let settings = one_look(self.access.settings);
        match self.look(&self.access.names.read, settings).await {
            Ok(()) => Ok(Looked::Back),
            Err(error) => match error.kind() {
                // What was sent can hold another system password.
                ErrorKind::WrongSystemPassword => Ok(Looked::Back),
                ErrorKind::Cancelled(_) => Err(error),
                ErrorKind::NoTftpAnswer(_) => Ok(Looked::Silent),
                _ => Ok(Looked::Refused),
            },
        }
    }

    async fn pause(&self) -> Result<()> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(ErrorKind::Cancelled("").into()),
            () = tokio::time::sleep(PAUSE) => Ok(()),
        }
    }
}

/// What a look at the configuration came to.
enum Looked {
    Back,
    Refused,
    Silent,
}

fn one_look(settings: TransferSettings) -> TransferSettings {
    TransferSettings {
        timeout: LOOK.min(settings.timeout),
        tries: 1,
        ..settings
    }
}
