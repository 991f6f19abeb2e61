//! The way to a unit's Management API: TLS by the same rules as Unit Link's, and never anything else.

use std::net::IpAddr;
use std::time::Duration;

use trunkline_protocol::link::Service;
use trunkline_protocol::link::auth::ITERATIONS;

use crate::access::{Access, FIRST_PAUSE, Opened, PlainTcp, TlsUse, Trust, join};
use crate::{ClientCertificate, Error, ErrorKind, Fingerprint, Result, Step};

/// Everything needed to open connections to one unit's Management API (protocol.md 7).
#[derive(Debug, Clone)]
pub struct ApiAccess {
    /// The address or DNS name, as the user or the site has it; pins belong to it.
    pub host: String,
    /// The ports, in the order in which they are tried; the next one only where one refuses.
    pub ports: Vec<u16>,
    /// The node of the solution that is meant, where it is not the one that answers (`?ipaddress=`).
    pub node: Option<IpAddr>,
    /// How sure to be of the unit. [`TlsUse::Off`] is refused: the password itself travels inside TLS.
    pub tls: TlsUse,
    /// A fingerprint that the user gave for this action; it stands above every pin.
    pub fingerprint: Option<Fingerprint>,
    /// The certificate that is shown to a unit that asks for one.
    pub client_certificate: Option<ClientCertificate>,
    /// The pins known for this host, by port.
    pub pins: Vec<(u16, Fingerprint)>,
    /// Time for the TCP connection, and again for the TLS handshake.
    pub connect_timeout: Duration,
    /// Time that may pass without a byte.
    pub patience: Duration,
    /// Connections in all, for one action, where connections are lost.
    pub tries: u32,
}

impl ApiAccess {
    /// `host:port`, as messages show it; the first port before it is known which one answers.
    pub fn address(&self) -> String {
        join(&self.host, self.port())
    }

    /// The port that answered, or the first that is tried.
    pub fn port(&self) -> u16 {
        self.ports.first().copied().unwrap_or_default()
    }

    /// Whether the pin for this port is this fingerprint.
    pub(super) fn knows(&self, port: u16, fingerprint: Fingerprint) -> bool {
        self.pins.contains(&(port, fingerprint))
    }

    pub(super) async fn open(&self) -> Result<Opened> {
        if self.tls == TlsUse::Off {
            let why = "the Management API is used over TLS only, since the password travels inside it; leave out \
                       --tls off, or choose another level for the site";
            return Err(Error::new(ErrorKind::Usage(why.into()))
                .at(Step::Connect)
                .address(self.address()));
        }
        let opened = self.route().open_tls_on(&self.ports).await;
        let opened = opened.map_err(|error| match (error.kind(), error.step()) {
            // A refused port says that nobody is there, and nothing about TLS.
            (ErrorKind::TlsNotAvailable(why), Some(Step::Connect)) => {
                let why = format!("its Management API does not answer: {why}");
                Error::new(ErrorKind::NotReachable(why))
                    .at(Step::Connect)
                    .address(self.address())
            }
            _ => error,
        })?;
        if opened.trust == Trust::Plain {
            return Err(ErrorKind::TlsRequired.into());
        }
        Ok(opened)
    }

    /// The same, in the words of Unit Link's access, which has the rules for certificates.
    fn route(&self) -> Access {
        Access {
            host: self.host.clone(),
            base_port: self.port(),
            service: Service::Configuration,
            security_port: None,
            tls: self.tls,
            plain: PlainTcp::Refused,
            fingerprint: self.fingerprint,
            client_certificate: self.client_certificate.clone(),
            pins: self.pins.clone(),
            connect_timeout: self.connect_timeout,
            patience: self.patience,
            tries: self.tries,
            first_pause: FIRST_PAUSE,
            iterations: ITERATIONS,
        }
    }
}
