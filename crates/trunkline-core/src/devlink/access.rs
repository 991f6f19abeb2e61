//! The way to a unit's DevLink3, and whose certificate is accepted there.

use std::time::Duration;

use trunkline_protocol::link::Service;
use trunkline_protocol::ports;

use crate::access::{Access, Opened, Trust, join};
use crate::local::{Local, Overrides, build};
use crate::target::Target;
use crate::{Error, ErrorKind, Fingerprint, Result, Step};

/// Where a unit offers DevLink3. Units have no other ports; port forwarding and tests do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevLinkPorts {
    /// Over TLS.
    pub tls: u16,
    /// Over plain TCP.
    pub plain: u16,
}

impl Default for DevLinkPorts {
    fn default() -> Self {
        Self {
            tls: ports::DEVLINK3_TLS,
            plain: ports::DEVLINK3,
        }
    }
}

/// Everything needed to open connections to a unit's DevLink3.
#[derive(Debug, Clone)]
pub struct DevLinkAccess {
    /// The rules, with the pins of DevLink3 and of the unit's services; its base port is that of plain DevLink3.
    pub(super) access: Access,
    ports: DevLinkPorts,
    /// The certificates that the unit's services showed: a unit has one for all.
    of_services: Vec<Fingerprint>,
}

impl Local {
    /// How to reach the DevLink3 of `target`.
    ///
    /// # Errors
    /// Where the store or a client certificate can not be read.
    pub async fn devlink_access(
        &self,
        target: &Target,
        ports: DevLinkPorts,
        overrides: &Overrides,
    ) -> Result<DevLinkAccess> {
        let data = self.store.read()?;
        let base_port = target.base_port.unwrap_or(data.preferences.services_base_port);
        let service = |service| build(target, service, base_port, overrides, &data).pins;
        let services = [service(Service::Configuration), service(Service::Security)].concat();
        let mut access = build(target, Service::Configuration, ports.plain, overrides, &data);
        access.pins = data.pins_at(&access.host, &[ports.tls]);
        let of_services = services.iter().map(|(_, pin)| *pin).collect();
        access.pins.extend(services);
        access.client_certificate = self.client_certificate(target, overrides).await?;
        Ok(DevLinkAccess {
            access,
            ports,
            of_services,
        })
    }
}

impl DevLinkAccess {
    /// `host:port` of plain DevLink3, as messages show it before anything is open.
    pub fn address(&self) -> String {
        self.access.address()
    }

    /// The address or DNS name, as the user or the site has it.
    pub fn host(&self) -> &str {
        &self.access.host
    }

    /// Waits so long for a byte, instead of what the preferences say.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.access.patience = patience;
        self
    }

    /// The port that stands for DevLink3 in what is remembered of log-ins.
    pub(super) fn log_in_port(&self) -> u16 {
        self.ports.plain
    }

    /// Opens a connection: TLS first, plain TCP only where that is allowed.
    pub(super) async fn open(&self) -> Result<Opened> {
        let ports = self.ports;
        let mut opened = self.access.open_on(&[ports.plain], &[ports.tls]).await?;
        if let (Trust::FirstUse, Some(presented)) = (opened.trust, opened.fingerprint) {
            match self.of_services.first() {
                _ if self.of_services.contains(&presented) => opened.trust = Trust::Pinned,
                None => {}
                Some(pinned) => {
                    let (pinned, presented) = (pinned.to_string(), presented.to_string());
                    return Err(Error::new(ErrorKind::CertificateChanged { pinned, presented })
                        .at(Step::Tls)
                        .address(join(&self.access.host, opened.port)));
                }
            }
        }
        Ok(opened)
    }
}
