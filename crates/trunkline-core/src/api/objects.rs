//! The Management API as one of the ways to a unit: a configuration to receive, and what it can not do.

use std::time::Instant;

use trunkline_protocol::link::{Object, Stat, WriteMode};

use super::session::ApiSession;
use crate::progress::Report;
use crate::receive::{Destination, Received};
use crate::{Error, ErrorKind, Result, Step};

/// What must be said of something that was received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// Whether the unit says that it must restart before something takes effect.
    pub(crate) restart_needed: bool,
    /// Collections that the unit does not have.
    pub(crate) not_offered: Vec<&'static str>,
}

impl ApiSession {
    /// That this way does not lead there.
    pub(crate) fn can_not(&self, what: &str) -> Error {
        let why = format!("the Management API can not {what}; the unit's own service can (--method service)");
        Error::new(ErrorKind::Unsupported(why)).address(self.access().address())
    }

    /// Refuses what can not be sent in this way, before anything is done.
    pub(crate) fn may_send(&self, object: Object, mode: WriteMode) -> Result<()> {
        match (object, mode) {
            (Object::Configuration, WriteMode::Merge) => Ok(()),
            (Object::Configuration, WriteMode::Restart(_)) => Err(self.can_not("send with a restart")),
            _ => Err(self.can_not("send anything but a configuration")),
        }
    }

    /// Receives the configuration as [`ApiSession::read`] puts it together.
    pub(crate) async fn receive<D: Destination>(
        &mut self,
        object: Object,
        mut destination: D,
        step: Step,
        report: Report<'_>,
    ) -> Result<Received<D>> {
        if object != Object::Configuration {
            return Err(self.can_not("give out anything but a configuration").at(step));
        }
        let started = Instant::now();
        let snapshot = self.read(step, report).await?;
        let stat = Stat {
            length: snapshot.document().as_bytes().len() as u64,
            sha256: *snapshot.sha256().bytes(),
            revision: snapshot.revision().to_owned(),
        };
        let length = stat.length;
        let write = move || -> Result<D> {
            destination.start(length)?;
            destination.write(snapshot.document().as_bytes())?;
            Ok(destination)
        };
        let destination = tokio::task::spawn_blocking(write)
            .await
            .map_err(|_| ErrorKind::Cancelled(""))??;
        Ok(Received {
            destination,
            stat,
            resumed: self.was_resumed(),
            elapsed: started.elapsed(),
        })
    }

    /// What must be said of the last thing that was read.
    pub(crate) fn remarks(&self) -> Remarks {
        Remarks {
            restart_needed: self.restart_needed(),
            not_offered: self.not_offered.clone(),
        }
    }
}
