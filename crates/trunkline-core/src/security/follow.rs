//! Following a unit whose Services Base TCP Port was changed.

use std::time::{Duration, Instant};

use trunkline_protocol::link::{Object, Restart, WriteMode};

use crate::progress::{Progress, Report, silent};
use crate::session::{Session, is_cut};
use crate::target::Target;
use crate::{ErrorKind, Local, Outgoing, Result};

/// The services, above the base port: configuration and security, each with its second port, over TCP and TLS.
const OFFSETS: [u16; 6] = [0, 1, 4, 5, 8, 9];
/// How long a unit may take to listen elsewhere without a restart.
const MOVING: Duration = Duration::from_secs(20);
/// How long a restart may take.
const RESTARTING: Duration = Duration::from_mins(5);
/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// What became of a changed Services Base TCP Port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Where the services were.
    pub from: u16,
    /// Where the unit was told to put them.
    pub to: u16,
    /// Whether the unit was reached there, with the same certificate. Pins and what is remembered of
    /// log-ins are at the new ports then.
    pub followed: bool,
    /// Whether a saved site has the new port now.
    pub site_changed: bool,
}

/// A unit on its way to other ports.
pub(super) struct Moving<'t> {
    pub(super) target: &'t Target,
    pub(super) from: u16,
    pub(super) to: u16,
    /// Whether whoever is logged in can log in again.
    pub(super) lets_in: bool,
}

impl Local {
    /// Goes after a unit that took the new port. It is believed to be there once it answers there with the certificate
    /// of before and, where the user still may, a log-in proves that it knows the password; until then nothing that is
    /// remembered is changed. A restart at a later time is not waited for.
    pub(super) async fn follow(
        &self,
        session: &mut Session,
        moving: &Moving<'_>,
        mode: WriteMode,
        restart_s: Option<u32>,
        report: Report<'_>,
    ) -> Result<Moved> {
        let limit = match mode {
            WriteMode::Merge => MOVING,
            WriteMode::Restart(Restart::Immediately) => RESTARTING,
            WriteMode::Restart(_) => return Ok(moving.not_followed()),
        };
        if let Some(seconds) = restart_s {
            report(Progress::RestartingIn { seconds });
        }
        moving.turn(session);
        report(Progress::WaitingUntilBack);
        if !moving.reached(session, limit).await? {
            return Ok(moving.not_followed());
        }
        report(Progress::Back);
        self.remember_move(session, moving)
    }

    /// Where the answer to a commit was lost: asks at the new port whether the unit took it. Answers its revision;
    /// `None` where the unit is not there, or holds something else.
    pub(super) async fn ask_after_move(
        &self,
        session: &mut Session,
        moving: &Moving<'_>,
        outgoing: &Outgoing,
        report: Report<'_>,
    ) -> Result<Option<(String, Moved)>> {
        report(Progress::AskingWhatItHolds);
        moving.turn(session);
        if !moving.lets_in || !moving.reached(session, MOVING).await? {
            return Ok(None);
        }
        let held = session.stat(Object::SecuritySettings).await?;
        if !outgoing.is_kept_as(&held.sha256) {
            return Ok(None);
        }
        let moved = self.remember_move(session, moving)?;
        Ok(Some((held.revision, moved)))
    }

    /// The unit proved that it is there: what is remembered of it goes along.
    fn remember_move(&self, session: &Session, moving: &Moving<'_>) -> Result<Moved> {
        let host = &session.access().host;
        let (from, to) = (moving.from, moving.to);
        let mut ports: Vec<_> = OFFSETS
            .iter()
            .filter_map(|offset| Some((from.checked_add(*offset)?, to.checked_add(*offset)?)))
            .collect();
        // Near moves overlap: a port that one service leaves is one that another takes.
        if to > from {
            ports.reverse();
        }
        let site_changed = self.store.update(|data| {
            for (old, new) in ports {
                data.move_port(host, old, new);
            }
            let site = moving.target.site.as_ref();
            let Some(name) = site.and_then(|site| Some(data.site_by_id(&site.id)?.name.clone())) else {
                return Ok(false);
            };
            data.edit_site(&name, |site| {
                site.services_base_port = Some(to);
                site.security_port = site.security_port.map(|port| shifted(port, from, to));
            })?;
            Ok(true)
        })?;
        Ok(Moved {
            from,
            to,
            followed: true,
            site_changed,
        })
    }
}

impl Moving<'_> {
    /// From the next connection on the session goes to the new port.
    fn turn(&self, session: &mut Session) {
        let fixed = session.access().security_port;
        session.move_to(self.to, fixed.map(|port| shifted(port, self.from, self.to)));
    }

    /// Whether the unit is there within the limit, and is the same one.
    async fn reached(&self, session: &mut Session, limit: Duration) -> Result<bool> {
        let deadline = Instant::now() + limit;
        loop {
            let opened = if self.lets_in {
                session.open_again(&silent).await
            } else {
                session.knock().await
            };
            match opened {
                Ok(()) => return Ok(true),
                Err(error) if matches!(error.kind(), ErrorKind::Cancelled(_)) => return Err(error),
                Err(error) if !is_cut(&error) && !matches!(error.kind(), ErrorKind::RetryLater { .. }) => {
                    return Ok(false);
                }
                Err(_) if Instant::now() >= deadline => return Ok(false),
                Err(_) => session.pause(LOOK).await?,
            }
        }
    }

    fn not_followed(&self) -> Moved {
        Moved {
            from: self.from,
            to: self.to,
            followed: false,
            site_changed: false,
        }
    }
}

/// A security port that a site fixes goes along where it is one of the unit's own; a port forwarding does not.
fn shifted(port: u16, from: u16, to: u16) -> u16 {
    [4, 8]
        .into_iter()
        .find(|offset| from.checked_add(*offset) == Some(port))
        .and_then(|offset| to.checked_add(offset))
        .unwrap_or(port)
}
