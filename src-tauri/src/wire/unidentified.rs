//! What answers and does not say that it is a unit.

use serde::Serialize;
use specta::Type;
use trunkline_core::discovery::{Unidentified as Heard, UnidentifiedKind as Kind};

/// What sort of answer it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum UnidentifiedKind {
    /// The discovery port is open, and what it says is not Whois.
    PortOpen,
    /// The discovery port speaks TLS.
    TlsOnly,
    /// Nothing listens on the discovery port.
    Refused,
    /// Something speaks TFTP and is no unit.
    OtherTftp,
    /// Only a ping was answered.
    PingOnly,
    /// A web server says that it is an IP Office.
    HttpUnit,
    /// A web server of something else.
    HttpOther,
    /// An SNMP agent says that Avaya made it.
    SnmpAvaya,
    /// An SNMP agent of something else.
    SnmpOther,
    /// A sort that this window does not know.
    Other,
}

impl From<Kind> for UnidentifiedKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::PortOpen => Self::PortOpen,
            Kind::TlsOnly => Self::TlsOnly,
            Kind::Refused => Self::Refused,
            Kind::OtherTftp => Self::OtherTftp,
            Kind::PingOnly => Self::PingOnly,
            Kind::HttpUnit => Self::HttpUnit,
            Kind::HttpOther => Self::HttpOther,
            Kind::SnmpAvaya => Self::SnmpAvaya,
            Kind::SnmpOther => Self::SnmpOther,
            _ => Self::Other,
        }
    }
}

/// Something listens there and did not say who it is.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Unidentified {
    address: String,
    /// 0 where only a ping was answered.
    port: u16,
    kind: UnidentifiedKind,
    /// What is there, as a sentence.
    reason: String,
}

impl From<Heard> for Unidentified {
    fn from(heard: Heard) -> Self {
        Self {
            address: heard.address.to_string(),
            port: heard.port.unwrap_or_default(),
            kind: heard.kind.into(),
            reason: heard.reason,
        }
    }
}
