//! The way to a unit's service: which address and port, over TLS or plain TCP, and whose certificate is accepted.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use trunkline_protocol::link::{Channel, Service};
use trunkline_protocol::ports::ServicesBasePort;

use crate::tls::{self, Acceptance};
use crate::{ClientCertificate, Error, ErrorKind, Fingerprint, Result, Step};

/// How sure the connection must be of whom it talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsUse {
    /// TLS; the certificate must be the pinned one, and the first one becomes the pin.
    Pin,
    /// TLS; the system must trust the certificate, for this name.
    Verified,
    /// TLS with any certificate, for recovery.
    AnyCertificate,
    /// Plain TCP, asked for by name.
    Off,
}

/// Whether plain TCP may be used where TLS is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainTcp {
    /// No.
    Refused,
    /// The site allows it; that does not cover a unit whose certificate is pinned.
    AllowedBySite,
    /// The user allowed it for this one action.
    AllowedNow,
}

/// Everything needed to open connections to one service of one unit, as often as it takes.
#[derive(Debug, Clone)]
pub struct Access {
    /// The address or DNS name, as the user or the site has it; pins belong to it.
    pub host: String,
    /// The Services Base TCP Port.
    pub base_port: u16,
    /// Which service.
    pub service: Service,
    /// A port that the site fixes for the security service, instead of base+8 and base+4.
    pub security_port: Option<u16>,
    /// How sure to be of the unit.
    pub tls: TlsUse,
    /// Whether plain TCP will do where TLS is not offered.
    pub plain: PlainTcp,
    /// A fingerprint that the user gave for this action; it stands above every pin.
    pub fingerprint: Option<Fingerprint>,
    /// The certificate that is shown to a unit that asks for one.
    pub client_certificate: Option<ClientCertificate>,
    /// The pins known for this unit, by port; where there is one, plain TCP needs more than the site's consent.
    pub pins: Vec<(u16, Fingerprint)>,
    /// Time for the TCP connection, and again for the TLS handshake.
    pub connect_timeout: Duration,
    /// Time that may pass without a byte.
    pub patience: Duration,
    /// Connections in all, for one transfer.
    pub tries: u32,
    /// The pause before a lost connection is opened again, which doubles: 0.5 s unless a test can not wait.
    pub first_pause: Duration,
    /// PBKDF2 iterations that are taken: those of protocol.md 4.4 unless a test can not wait.
    pub iterations: RangeInclusive<u32>,
}

/// The pause before a lost connection is opened again.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What is known of the other end before anybody logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The certificate is the pinned one, or the one that the user named.
    Pinned,
    /// Nobody has seen this certificate here before: show it, ask, then log in.
    FirstUse,
    /// The system trusts the certificate.
    Verified,
    /// TLS, but nobody knows with whom.
    Unchecked,
    /// Plain TCP.
    Plain,
}

/// A connection on which nobody has said anything yet.
pub(crate) struct Opened {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) peer: SocketAddr,
    pub(crate) port: u16,
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) trust: Trust,
    /// The unit asked for a certificate of ours, and there was none to show.
    pub(crate) lacks_ours: bool,
}

/// A byte stream, whichever way it is carried.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

impl Access {
    /// `host:base port`, as messages show it.
    pub fn address(&self) -> String {
        join(&self.host, self.base_port)
    }

    /// What a log-in on this connection is bound to.
    pub(crate) fn channel(&self, fingerprint: Option<Fingerprint>) -> Channel {
        Channel {
            service: self.service,
            certificate: fingerprint.map(|f| *f.bytes()),
        }
    }

    /// The plain ports of the service, in the order in which they are tried; TLS is one above each.
    fn ports(&self) -> Vec<u16> {
        match (self.service, self.security_port) {
            (Service::Configuration, _) => vec![self.base_port],
            (Service::Security, Some(port)) => vec![port],
            // A base port so high that base+9 is no port leaves no security service to try.
            (Service::Security, None) => ServicesBasePort::new(self.base_port)
                .map(|base| base.security().to_vec())
                .unwrap_or_default(),
        }
    }

    /// The TLS ports of the service, in the order in which they are tried.
    pub(crate) fn tls_ports(&self) -> Vec<u16> {
        self.ports()
            .iter()
            .filter_map(|port| port.checked_add(1))
            .collect()
    }

    /// The port that stands for the service in what is remembered of log-ins, whichever way it is reached.
    pub(crate) fn service_port(&self) -> u16 {
        self.ports().first().copied().unwrap_or(self.base_port)
    }

    /// Opens a connection: TLS first, plain TCP only where that is allowed.
    pub(crate) async fn open(&self) -> Result<Opened> {
        self.open_on(&self.ports(), &self.tls_ports()).await
    }

    /// The same on other ports than the service's own.
    pub(crate) async fn open_on(&self, plain_ports: &[u16], tls_ports: &[u16]) -> Result<Opened> {
        let addresses = self.resolve().await.map_err(|e| e.address(&self.host))?;
        if self.tls == TlsUse::Off {
            self.refuse_plain_to_a_pinned_unit()?;
            return self.open_plain(&addresses, plain_ports).await;
        }
        let error = match self.open_tls(&addresses, tls_ports).await {
            Err(error) if may_mean_no_tls(&error) => error,
            decided => return decided,
        };
        if self.plain == PlainTcp::Refused {
            // A unit without TLS and no unit at all look alike from the TLS port: whether anything accepts a connection
            // on the plain port tells them apart. Nothing is said there.
            let refused =
                matches!(error.kind(), ErrorKind::TlsNotAvailable(_)) && error.step() == Some(Step::Connect);
            let nobody = if refused {
                self.connect(&addresses, plain_ports).await.err()
            } else {
                None
            };
            return Err(nobody.unwrap_or(error));
        }
        self.refuse_plain_to_a_pinned_unit()?;
        self.open_plain(&addresses, plain_ports).await
    }

    /// Opens TLS on the first of these ports that takes a connection, by the same rules as the service's own; never
    /// plain TCP.
    pub(crate) async fn open_tls_on(&self, ports: &[u16]) -> Result<Opened> {
        let addresses = self.resolve().await.map_err(|e| e.address(&self.host))?;
        self.open_tls(&addresses, ports).await
    }

    /// The certificate that is expected on this port.
    fn expected(&self, port: u16) -> Option<Fingerprint> {
        self.fingerprint
            .or_else(|| self.pins.iter().find(|(p, _)| *p == port).map(|(_, pin)| *pin))
    }

    async fn open_tls(&self, addresses: &[SocketAddr], ports: &[u16]) -> Result<Opened> {
        let (stream, peer, port) =
            self.connect(addresses, ports)
                .await
                .map_err(|error| match error.kind() {
                    ErrorKind::NotReachable(reason) if reason.contains(REFUSED) => {
                        Error::new(ErrorKind::TlsNotAvailable(reason.clone()))
                            .at(Step::Connect)
                            .address(self.address())
                    }
                    _ => error,
                })?;
        let address = join(&self.host, port);
        let (acceptance, trust) = match (self.tls, self.expected(port)) {
            (TlsUse::Pin, Some(pin)) => (Acceptance::Only(pin), Trust::Pinned),
            (TlsUse::Verified, _) if self.fingerprint.is_none() => (Acceptance::Verified, Trust::Verified),
            (TlsUse::AnyCertificate, _) if self.fingerprint.is_none() => (Acceptance::Any, Trust::Unchecked),
            (_, Some(given)) => (Acceptance::Only(given), Trust::Pinned),
            (_, None) => (Acceptance::Any, Trust::FirstUse),
        };
        let deadline = Instant::now() + self.connect_timeout;
        let ours = self.client_certificate.as_ref();
        let secured = timeout_at(deadline, tls::handshake(stream, &self.host, acceptance, ours))
            .await
            .map_err(|_| Error::new(ErrorKind::TlsNotAvailable(no_answer(self.connect_timeout))))
            .flatten()
            .map_err(|e| e.at(Step::Tls).address(&address))?;
        Ok(Opened {
            stream: Box::new(secured.stream),
            peer,
            port,
            fingerprint: Some(secured.fingerprint),
            trust,
            lacks_ours: secured.asked && ours.is_none(),
        })
    }

    async fn open_plain(&self, addresses: &[SocketAddr], ports: &[u16]) -> Result<Opened> {
        let (stream, peer, port) = self.connect(addresses, ports).await?;
        Ok(Opened {
            stream: Box::new(stream),
            peer,
            port,
            fingerprint: None,
            trust: Trust::Plain,
            lacks_ours: false,
        })
    }

    /// A pinned unit can do TLS; that it suddenly can not is what somebody in between would like us to believe.
    fn refuse_plain_to_a_pinned_unit(&self) -> Result<()> {
        if !self.pins.is_empty() && self.plain != PlainTcp::AllowedNow {
            let why = "a certificate is pinned for this unit, and plain TCP was not allowed for this action";
            return Err(Error::new(ErrorKind::CertificateRefused(why.into()))
                .at(Step::Connect)
                .address(self.address()));
        }
        Ok(())
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>> {
        let unknown = |why: String| Error::new(ErrorKind::NotReachable(why)).at(Step::Resolve);
        let found = tokio::time::timeout(
            self.connect_timeout,
            lookup_host((self.host.as_str(), self.base_port)),
        )
        .await
        .map_err(|_| unknown("the name server does not answer".into()))?
        .map_err(|_| unknown("the name is not known".into()))?;
        Ok(found.collect())
    }

    /// Connects to the first of the ports and addresses that answers, all within the connect timeout; the next port
    /// is tried only where one refuses.
    async fn connect(&self, addresses: &[SocketAddr], ports: &[u16]) -> Result<(TcpStream, SocketAddr, u16)> {
        let deadline = Instant::now() + self.connect_timeout;
        let mut why = "there is no address and port to try".to_owned();
        for &port in ports {
            for &address in addresses {
                let peer = SocketAddr::new(address.ip(), port);
                match timeout_at(deadline, TcpStream::connect(peer)).await {
                    Ok(Ok(stream)) => {
                        // Requests are small and wait for their answer: Nagle would only delay them.
                        stream.set_nodelay(true).ok();
                        return Ok((stream, peer, port));
                    }
                    Ok(Err(error)) => why = format!("port {port} {}", refusal(&error)),
                    Err(_) => {
                        let why = format!("port {port} {}", no_answer(self.connect_timeout));
                        return Err(self.not_reachable(why));
                    }
                }
            }
        }
        Err(self.not_reachable(why))
    }

    fn not_reachable(&self, why: String) -> Error {
        Error::new(ErrorKind::NotReachable(why))
            .at(Step::Connect)
            .address(self.address())
    }
}

const REFUSED: &str = "refuses connections";

fn refusal(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => REFUSED.into(),
        std::io::ErrorKind::NetworkUnreachable => {
            "can not be reached: there is no route to that network".into()
        }
        std::io::ErrorKind::HostUnreachable => {
            "can not be reached: nobody has that address on its network".into()
        }
        _ => format!("can not be reached: {error}"),
    }
}

fn no_answer(limit: Duration) -> String {
    format!("did not answer within {} s", limit.as_secs_f32())
}

/// Whether the failure of TLS may just mean that the unit has none; a certificate that is not accepted never does.
fn may_mean_no_tls(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TlsNotAvailable(_) | ErrorKind::NotReachable(_) | ErrorKind::ConnectionLost(_)
    ) && error.step() != Some(Step::Resolve)
}

/// `host:port`, with the brackets that IPv6 needs.
pub(crate) fn join(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
