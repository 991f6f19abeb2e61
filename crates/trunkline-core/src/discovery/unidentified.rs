//! What answers and does not say that it is a unit: what is there, and what to do next, in words.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use trunkline_protocol::ports;

use super::must_be_open::MustBeOpen;
use super::whois::TLS_ONLY;

/// An address where something answers that did not say that it is a unit.
///
/// Nothing of it is authenticated; what the other side says of itself is cut and safe to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unidentified {
    /// The address.
    pub address: IpAddr,
    /// The port, TCP or UDP as the reason says; `None` where only a ping was answered.
    pub port: Option<u16>,
    /// What is there, as a sentence.
    pub reason: String,
    /// What to do next, in a sentence or two.
    #[serde(default)]
    pub hint: String,
    /// What sort of answer it was.
    pub kind: UnidentifiedKind,
    /// The DNS names that stand for the address, as far as it was searched by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_names: Vec<String>,
}

/// What sort of answer came from something that did not say that it is a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnidentifiedKind {
    /// The discovery port is open, and what it says is not Whois.
    PortOpen,
    /// The discovery port speaks TLS.
    TlsOnly,
    /// Nothing listens on the discovery port.
    Refused,
    /// Something speaks TFTP and does not know the file in which units say who they are.
    OtherTftp,
    /// Only a ping was answered.
    PingOnly,
    /// A web server says that it is an IP Office.
    HttpUnit,
    /// A web server of something else, or of something that does not say.
    HttpOther,
    /// An SNMP agent says that Avaya made it.
    SnmpAvaya,
    /// An SNMP agent of something else.
    SnmpOther,
}

impl Unidentified {
    /// A TCP port that is open and did not identify itself.
    pub(super) fn open(place: SocketAddr, reason: String) -> Self {
        if reason == TLS_ONLY {
            let hint = format!(
                "Discovery never speaks TLS, so another service listens there. Check the port; on a unit it is {} and \
                 can not be changed.",
                ports::DISCOVERY
            );
            return Self::at(place, UnidentifiedKind::TlsOnly, reason, hint);
        }
        let hint = "If a unit should be there, look what else stands at this address or behind its port forwarding; \
                    asking it by HTTP and SNMP too may tell (--http, --snmp).";
        Self::at(place, UnidentifiedKind::PortOpen, reason, hint.into())
    }

    /// A TCP port on which nothing listens.
    pub(super) fn refused(place: SocketAddr) -> Self {
        let reason = "nothing listens on this TCP port: the connection was refused".into();
        let hint = "The way there is open. If a unit should be there, see that TCP discovery is switched on in its \
                    security settings, and where a port forwarding leads; systems before release 3.2 answer by UDP only.";
        Self::at(place, UnidentifiedKind::Refused, reason, hint.into())
    }

    /// An answer by UDP that is no unit's.
    pub(super) fn by_udp(address: IpAddr, port: u16, reason: String) -> Self {
        let hint = "Something else speaks TFTP there. A Server Edition system does not say by UDP who it is: search \
                    its address by TCP.";
        Self::at(
            (address, port).into(),
            UnidentifiedKind::OtherTftp,
            reason,
            hint.into(),
        )
    }

    /// An address that answered a ping, and nothing else.
    pub(super) fn ping_only(address: IpAddr, open: MustBeOpen) -> Self {
        let hint = format!(
            "The way there is open for ping. If a unit should be there, routers and firewalls between must let through \
             TCP {} for discovery, and TCP {} and {} for configuration.",
            open.discovery, open.configuration, open.configuration_tls
        );
        Self {
            address,
            port: None,
            reason: "it answers ping, but nothing there says that it is a unit".into(),
            hint,
            kind: UnidentifiedKind::PingOnly,
            dns_names: Vec::new(),
        }
    }

    /// What an HTTP server says of itself; `release` is that of an IP Office, `Some("")` where it names none.
    pub(super) fn by_http(
        place: SocketAddr,
        over_tls: bool,
        server: Option<&str>,
        release: Option<&str>,
    ) -> Self {
        let protocol = if over_tls { "HTTPS" } else { "HTTP" };
        match (release, server) {
            (Some(release), _) => {
                let reason = format!("{protocol} says IPOffice {release}")
                    .trim_end()
                    .to_owned();
                let hint = format!(
                    "It is an IP Office that does not answer discovery. See that TCP discovery is switched on in its \
                     security settings and that firewalls let TCP {} through; its configuration may be reached all the \
                     same, as a saved site.",
                    ports::DISCOVERY
                );
                Self::at(place, UnidentifiedKind::HttpUnit, reason, hint)
            }
            (None, Some(server)) => {
                let reason = format!("{protocol} says {server}");
                let hint = "It is most likely no unit; look at its web page.";
                Self::at(place, UnidentifiedKind::HttpOther, reason, hint.into())
            }
            (None, None) => {
                let reason = format!("a web server answers by {protocol} and does not say what it is");
                let hint = "Newer units do not say it either; look at its web page.";
                Self::at(place, UnidentifiedKind::HttpOther, reason, hint.into())
            }
        }
    }

    /// What an SNMP agent says of itself, as `says`.
    pub(super) fn by_snmp(place: SocketAddr, says: &str, is_avaya: bool) -> Self {
        let reason = format!("SNMP says {says}");
        let (kind, hint) = if is_avaya {
            let hint = format!(
                "Avaya made it. If it is a unit, see that TCP discovery is switched on in its security settings and that \
                 firewalls let TCP {} through.",
                ports::DISCOVERY
            );
            (UnidentifiedKind::SnmpAvaya, hint)
        } else {
            (UnidentifiedKind::SnmpOther, "It is no unit.".into())
        };
        Self::at(place, kind, reason, hint)
    }

    fn at(place: SocketAddr, kind: UnidentifiedKind, reason: String, hint: String) -> Self {
        Self {
            address: place.ip(),
            port: Some(place.port()),
            reason,
            hint,
            kind,
            dns_names: Vec::new(),
        }
    }
}
