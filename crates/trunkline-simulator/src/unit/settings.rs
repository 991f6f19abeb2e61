//! A unit's security settings, and where it listens by them.

use std::io;
use std::sync::PoisonError;

use bytes::Bytes;
use trunkline_protocol::link::Object;
use trunkline_protocol::ports::ServicesBasePort;

use super::{Conflict, Inner, Unit};
use crate::content::Content;
use crate::endpoint::Ports;

impl Inner {
    /// Where it listens.
    pub(crate) fn ports(&self) -> Ports {
        *self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it listens from now on, as whoever opens the ports asks.
    pub(crate) fn ports_to_open(&self) -> Ports {
        let next = self.changing().next_ports.take();
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        *ports = next.unwrap_or(*ports);
        *ports
    }

    /// Listens elsewhere from the next time on that the ports are opened; says whether that is a change.
    pub(crate) fn listen_next(&self, base: ServicesBasePort, has_discovery: bool, has_udp: bool) -> bool {
        let next = self.first_ports.at(&self.spec, base, has_discovery, has_udp);
        let moves = next != self.ports();
        self.changing().next_ports = Some(next);
        moves
    }
}

impl Unit {
    /// Its security settings as they are now.
    ///
    /// # Errors
    /// When temporary files can not be written or read.
    pub fn security_settings(&self) -> io::Result<Bytes> {
        self.0.object(Object::SecuritySettings)?.0.to_bytes()
    }

    /// Changes the security settings behind every client's back, without any effect but that they are others.
    pub fn change_security_settings(&self, bytes: impl Into<Bytes>) -> String {
        let content = Content::from_bytes(bytes.into());
        match self.0.store(Object::SecuritySettings, content, "") {
            Ok(revision) | Err(Conflict { current: revision }) => revision,
        }
    }
}
