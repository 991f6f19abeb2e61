//! The ways to what a unit holds, behind one seam: whoever receives, sends or restarts need not know which it is.
//!
//! - [`Route`]: the way that was chosen for a unit, before anybody opened it ([`Local::route`](crate::Local::route)).
//! - [`Way`]: an open one; [`WayRef`]: the same, borrowed for one action.
//!
//! Another way is another variant of the three, and the compiler then asks for everything it must be able to do.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Object, Restart, Stat, WriteMode};

use crate::access::TlsUse;
use crate::api::{ApiAccess, ApiSession, Remarks};
use crate::conflict::Base;
use crate::progress::Report;
use crate::receive::{Destination, Received, receive};
use crate::restart::{self, Due, Returned};
use crate::send::{Committed, Outgoing, send_object};
use crate::session::{Facts, Session};
use crate::tftp::{TftpAccess, TftpSession};
use crate::{Access, Error, ErrorKind, Result, Step};

/// The way to one object of a unit, chosen and not yet open.
#[derive(Debug, Clone)]
pub enum Route {
    /// The unit's own service (protocol.md 4).
    Service(Access),
    /// The Management API (protocol.md 7). It wants the certificate accepted before the password goes there.
    Api(ApiAccess),
    /// TFTP, for systems before 3.2 (protocol.md 3). It wants the system password, and never a service user's.
    Tftp(TftpAccess),
}

impl Route {
    /// The unit's own service, for what goes through nothing else.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], saying how the unit is configured instead.
    pub(crate) fn service(self) -> Result<Access> {
        let (why, address) = match self {
            Self::Service(access) => return Ok(access),
            Self::Api(access) => (
                "it is configured over the Management API, which this does not go through; choose --method service or \
                 another method for the site",
                access.address(),
            ),
            Self::Tftp(access) => (
                "it is configured over TFTP with the system password, as systems before 3.2 are, and has no service users",
                access.address(),
            ),
        };
        Err(Error::new(ErrorKind::Unsupported(why.into()))
            .at(Step::Connect)
            .address(address))
    }
}

/// An open way to a unit.
#[derive(Debug)]
pub enum Way {
    /// The unit's own service, logged in (protocol.md 4).
    Service(Box<Session>),
    /// The Management API, logged in (protocol.md 7).
    Api(Box<ApiSession>),
    /// TFTP, with the system password (protocol.md 3).
    Tftp(Box<TftpSession>),
}

/// An open way for the length of one action.
#[derive(Debug)]
pub enum WayRef<'a> {
    /// The unit's own service, logged in.
    Service(&'a mut Session),
    /// The Management API, logged in.
    Api(&'a mut ApiSession),
    /// TFTP, with the system password.
    Tftp(&'a mut TftpSession),
}

impl Way {
    /// The way for one action.
    pub fn as_mut(&mut self) -> WayRef<'_> {
        match self {
            Self::Service(session) => WayRef::Service(session),
            Self::Api(session) => WayRef::Api(session),
            Self::Tftp(session) => WayRef::Tftp(session),
        }
    }

    /// The way to the same unit, to be opened again: its certificate must be the one of now.
    pub(crate) fn route(&self) -> Route {
        match self {
            Self::Service(session) => Route::Service(session.access().clone()),
            Self::Api(session) => Route::Api(ApiAccess {
                fingerprint: session.facts().fingerprint,
                ..session.access().clone()
            }),
            Self::Tftp(session) => Route::Tftp(session.access().clone()),
        }
    }

    /// From now on this stops what is done in this way.
    pub(crate) fn set_cancel(&mut self, cancel: CancellationToken) {
        match self {
            Self::Service(session) => session.set_cancel(cancel),
            Self::Api(session) => session.set_cancel(cancel),
            Self::Tftp(session) => session.set_cancel(cancel),
        }
    }

    /// The session, where this is the unit's own service.
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::Service(session) => Some(session),
            Self::Api(_) | Self::Tftp(_) => None,
        }
    }

    /// What is known of the connection, and the level of TLS that was asked for; `None` where there is neither.
    pub fn tls(&self) -> Option<(&Facts, TlsUse)> {
        match self {
            Self::Service(session) => Some((session.facts(), session.access().tls)),
            Self::Api(session) => Some((session.facts(), session.access().tls)),
            Self::Tftp(_) => None,
        }
    }

    /// The stable word for it, as in JSON.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Service(_) => "service",
            Self::Api(_) => "api",
            Self::Tftp(_) => "tftp",
        }
    }

    /// `host:port`, as messages show it.
    pub fn address(&self) -> String {
        match self {
            Self::Service(session) => session.access().address(),
            Self::Api(session) => session.access().address(),
            Self::Tftp(session) => session.access().address(),
        }
    }

    /// Restarts the unit; answers the seconds until it does, where it said so.
    ///
    /// # Errors
    /// What the unit refuses, or that the connection was lost before the answer.
    pub async fn reboot(&mut self, restart: Restart) -> Result<Option<u32>> {
        match self {
            Self::Service(session) => restart::reboot(session, restart).await,
            Self::Tftp(session) => session.reboot(restart).await,
            Self::Api(session) => Err(session.can_not("restart a unit").at(Step::Reboot)),
        }
    }

    /// The largest object in bytes that the unit takes, where it said so.
    pub fn largest_object(&mut self) -> Option<u64> {
        self.as_mut().largest_object()
    }

    /// Waits until a unit that restarts has gone and come back, and leaves this way open to it again.
    ///
    /// # Errors
    /// As [`crate::wait_until_back`].
    pub async fn wait_until_back(
        &mut self,
        due: Due,
        limit: Duration,
        report: Report<'_>,
    ) -> Result<Returned> {
        match self {
            Self::Service(session) => restart::wait_until_back(session, due, limit, report).await,
            Self::Tftp(session) => session.wait_until_back(due, limit, report).await,
            Self::Api(session) => Err(session.can_not("restart a unit").at(Step::Reboot)),
        }
    }

    /// Says good-bye, where there is somebody to say it to.
    pub async fn close(self) {
        match self {
            Self::Service(session) => session.close().await,
            Self::Api(session) => session.close().await,
            Self::Tftp(_) => {}
        }
    }
}

impl WayRef<'_> {
    /// `host:port`, as messages show it.
    pub fn address(&self) -> String {
        match self {
            Self::Service(session) => session.access().address(),
            Self::Api(session) => session.access().address(),
            Self::Tftp(session) => session.access().address(),
        }
    }

    /// The port by which the archive and the record of received files know a unit that is no saved site.
    pub(crate) fn key_port(&self) -> u16 {
        match self {
            Self::Service(session) => session.access().base_port,
            Self::Api(session) => session.access().port(),
            Self::Tftp(session) => session.access().key_port,
        }
    }

    /// Whether nobody on the way can read what is sent.
    pub(crate) fn is_over_tls(&self) -> bool {
        match self {
            Self::Service(session) => session.facts().fingerprint.is_some(),
            Self::Api(_) => true,
            Self::Tftp(_) => false,
        }
    }

    /// Refuses what can not be sent in this way, before anything is done.
    pub(crate) fn may_send(&self, object: Object, mode: WriteMode) -> Result<()> {
        match self {
            Self::Service(session) => session.usable(),
            Self::Api(session) => session.may_send(object, mode),
            Self::Tftp(session) => session.may_send(object, mode),
        }
    }

    /// The largest object in bytes that the unit takes, where it said so.
    pub(crate) fn largest_object(&self) -> Option<u64> {
        match self {
            Self::Service(session) => session.log_in_facts().largest_object,
            Self::Api(_) | Self::Tftp(_) => None,
        }
    }

    /// Asks what the unit holds now, without receiving it.
    pub(crate) async fn stat(&mut self, object: Object) -> Result<Stat> {
        match self {
            Self::Service(session) => session.stat(object).await,
            Self::Api(_) => Err(ErrorKind::Unsupported(
                "over the Management API a unit can not be asked without reading everything".into(),
            )
            .into()),
            Self::Tftp(_) => Err(ErrorKind::Unsupported(
                "over TFTP a unit can not be asked without reading everything".into(),
            )
            .into()),
        }
    }

    /// Whether changes with this base, as far as it is known, are based on what the unit holds now. Where there are no
    /// revisions, the content itself says it.
    pub(crate) fn is_based_on(&self, base: &Base, held: &Stat) -> bool {
        match (self, base) {
            (
                Self::Tftp(_),
                Base {
                    sha256: Some(sha256), ..
                },
            ) => *sha256.bytes() == held.sha256,
            (_, Base { revision, .. }) => revision.as_ref().is_none_or(|base| *base == held.revision),
        }
    }

    /// Receives an object, verified; see [`crate::receive()`].
    pub(crate) async fn receive<D: Destination>(
        &mut self,
        object: Object,
        destination: D,
        step: Step,
        report: Report<'_>,
    ) -> Result<Received<D>> {
        match self {
            Self::Service(session) => receive(session, object, destination, step, report).await,
            Self::Api(session) => session.receive(object, destination, step, report).await,
            Self::Tftp(session) => session.receive(object, destination, step, report).await,
        }
    }

    /// What must be said of the last thing that was received in this way.
    pub(crate) fn remarks(&self) -> Remarks {
        match self {
            Self::Service(_) | Self::Tftp(_) => Remarks::default(),
            Self::Api(session) => session.remarks(),
        }
    }

    /// Sends an object in place of `before`, which is what the unit holds; see [`crate::send_object`].
    pub(crate) async fn send(
        &mut self,
        object: Object,
        mode: WriteMode,
        before: &Stat,
        outgoing: &Outgoing,
        report: Report<'_>,
    ) -> Result<Committed> {
        match self {
            Self::Service(session) => send_object(session, object, mode, before, outgoing, report).await,
            Self::Tftp(session) => session.send(before, outgoing, report).await,
            // Entities are sent there, and no objects: see `Local::send`.
            Self::Api(session) => Err(session.can_not("take a configuration as a whole")),
        }
    }

    /// Restarts a unit that took what was sent, where that is a step of its own; answers the seconds until it restarts,
    /// `committed` where the unit said them with the commit.
    pub(crate) async fn restart_after(
        &mut self,
        mode: WriteMode,
        committed: Option<u32>,
    ) -> Result<Option<u32>> {
        match (self, mode) {
            (Self::Tftp(session), WriteMode::Restart(restart)) => session
                .reboot(restart)
                .await
                .map_err(|why| ErrorKind::NotRestarted(Box::new(why)).into()),
            _ => Ok(committed),
        }
    }
}

impl From<TftpSession> for Way {
    fn from(session: TftpSession) -> Self {
        Self::Tftp(Box::new(session))
    }
}

impl From<ApiSession> for Way {
    fn from(session: ApiSession) -> Self {
        Self::Api(Box::new(session))
    }
}

impl From<Session> for Way {
    fn from(session: Session) -> Self {
        Self::Service(Box::new(session))
    }
}

impl<'a> From<&'a mut Session> for WayRef<'a> {
    fn from(session: &'a mut Session) -> Self {
        Self::Service(session)
    }
}

impl<'a> From<&'a mut ApiSession> for WayRef<'a> {
    fn from(session: &'a mut ApiSession) -> Self {
        Self::Api(session)
    }
}

impl<'a> From<&'a mut Way> for WayRef<'a> {
    fn from(way: &'a mut Way) -> Self {
        way.as_mut()
    }
}

impl<'a> From<&'a mut WayRef<'_>> for WayRef<'a> {
    fn from(way: &'a mut WayRef<'_>) -> Self {
        match way {
            WayRef::Service(session) => Self::Service(session),
            WayRef::Api(session) => Self::Api(session),
            WayRef::Tftp(session) => Self::Tftp(session),
        }
    }
}
