//! What a unit says of itself before anybody logs in (protocol.md 4.3). It is not authenticated: it may fill a list
//! and never lowers security.

use std::net::IpAddr;

use bytes::Bytes;

use super::wire::Tuples;

mod tag {
    pub(super) const NAME: u32 = 0x0054_0101;
    pub(super) const UNIT_TYPE: u32 = 0x0054_0102;
    pub(super) const VERSION: u32 = 0x0054_0103;
    pub(super) const MAC: u32 = 0x0054_0104;
    pub(super) const LAN1: u32 = 0x0054_0105;
    pub(super) const BASE_PORT: u32 = 0x0054_0106;
    pub(super) const CAPABILITIES: u32 = 0x0054_0107;
    pub(super) const EDITION: u32 = 0x0054_0108;
    pub(super) const STATE: u32 = 0x0054_0109;
    pub(super) const NETWORK: u32 = 0x0054_010A;
}

/// A Whois answer. What the unit left out, or sent in a form that can not be understood, is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whois {
    /// The system name.
    pub name: Option<String>,
    /// The type of unit, such as `IP 500 V2`.
    pub unit_type: Option<String>,
    /// The software version, such as `11.1.2.3 build 23`.
    pub version: Option<String>,
    /// The MAC address.
    pub mac: Option<[u8; 6]>,
    /// The address of LAN1.
    pub lan1: Option<IpAddr>,
    /// The Services Base TCP Port.
    pub base_port: Option<u16>,
    /// What the unit offers.
    pub capabilities: Option<Capabilities>,
    /// The edition.
    pub edition: Option<String>,
    /// Whether it can be worked with.
    pub state: Option<UnitState>,
    /// The name of its Small Community Network.
    pub network: Option<String>,
}

/// What a unit offers (tag 00540107).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// Configuration over plain TCP.
    pub const CONFIGURATION: u32 = 1;
    /// Configuration over TLS.
    pub const CONFIGURATION_TLS: u32 = 2;
    /// Security settings over plain TCP.
    pub const SECURITY: u32 = 4;
    /// Security settings over TLS.
    pub const SECURITY_TLS: u32 = 8;
    /// Configuration over TFTP, as before 3.2.
    pub const TFTP: u32 = 16;
    /// The Management API.
    pub const MANAGEMENT_API: u32 = 32;
    /// DevLink3.
    pub const DEVLINK3: u32 = 64;

    /// Whether all of `bits` are offered.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }
}

/// Whether a unit can be worked with (tag 00540109).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitState {
    /// Running normally.
    Running,
    /// Not running from its primary folder: it can only be read.
    ReadOnly,
    /// Starting up.
    Starting,
}

impl UnitState {
    fn number(self) -> u8 {
        match self {
            Self::Running => 0,
            Self::ReadOnly => 1,
            Self::Starting => 2,
        }
    }
}

impl Whois {
    /// Reads the tuples of an answer.
    pub fn from_tuples(tuples: &Tuples) -> Self {
        Self {
            name: tuples.text(tag::NAME),
            unit_type: tuples.text(tag::UNIT_TYPE),
            version: tuples.text(tag::VERSION),
            mac: tuples.array(tag::MAC),
            lan1: tuples
                .array::<4>(tag::LAN1)
                .map(IpAddr::from)
                .or_else(|| tuples.array::<16>(tag::LAN1).map(IpAddr::from)),
            base_port: tuples.u16(tag::BASE_PORT).filter(|port| *port != 0),
            capabilities: tuples.u32(tag::CAPABILITIES).map(Capabilities),
            edition: tuples.text(tag::EDITION),
            state: tuples.u8(tag::STATE).and_then(|number| {
                [UnitState::Running, UnitState::ReadOnly, UnitState::Starting]
                    .into_iter()
                    .find(|s| s.number() == number)
            }),
            network: tuples.text(tag::NETWORK),
        }
    }

    /// The tuples of an answer, as a unit sends them.
    pub fn to_tuples(&self) -> Tuples {
        let mut tuples = Tuples::default();
        let mut text = |tag, value: &Option<String>| {
            if let Some(value) = value {
                tuples.push(tag, Bytes::copy_from_slice(value.as_bytes()));
            }
        };
        text(tag::NAME, &self.name);
        text(tag::UNIT_TYPE, &self.unit_type);
        text(tag::VERSION, &self.version);
        text(tag::EDITION, &self.edition);
        text(tag::NETWORK, &self.network);
        let mut bytes = |tag, value: Option<Vec<u8>>| {
            if let Some(value) = value {
                tuples.push(tag, value);
            }
        };
        bytes(tag::MAC, self.mac.map(|mac| mac.to_vec()));
        bytes(
            tag::LAN1,
            self.lan1.map(|address| match address {
                IpAddr::V4(v4) => v4.octets().to_vec(),
                IpAddr::V6(v6) => v6.octets().to_vec(),
            }),
        );
        bytes(
            tag::BASE_PORT,
            self.base_port.map(|port| port.to_be_bytes().to_vec()),
        );
        bytes(
            tag::CAPABILITIES,
            self.capabilities.map(|c| c.0.to_be_bytes().to_vec()),
        );
        bytes(tag::STATE, self.state.map(|state| vec![state.number()]));
        tuples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_malformed_is_unknown() {
        let tuples: Tuples = [
            (0x0054_0101, b"B\xc3\xa2le".to_vec()),
            (0x0054_0104, vec![0, 0xE0, 7, 5, 0x91]),
            (0x0054_0105, vec![10, 0, 0, 1]),
            (0x0054_0106, vec![0, 0]),
            (0x0054_0109, vec![9]),
            (0x7777_7777, vec![1, 2, 3]),
        ]
        .into_iter()
        .collect();
        let whois = Whois::from_tuples(&tuples);
        let expect = Whois {
            name: Some("Bâle".into()),
            lan1: Some([10, 0, 0, 1].into()),
            ..Whois::default()
        };
        assert_eq!(whois, expect);
    }

    #[test]
    fn an_answer_reads_as_it_was_written() {
        let whois = Whois {
            name: Some("Zürich, Filiale 2".into()),
            unit_type: Some("IP 500 V2".into()),
            version: Some("11.1.2.3 build 23".into()),
            mac: Some([0, 0xE0, 7, 5, 0x91, 0x8F]),
            lan1: Some("2001:db8::1".parse().unwrap()),
            base_port: Some(50804),
            capabilities: Some(Capabilities(0x0F)),
            edition: Some("Standard".into()),
            state: Some(UnitState::ReadOnly),
            network: Some("Retail SCN".into()),
        };
        assert_eq!(Whois::from_tuples(&whois.to_tuples()), whois);
    }
}
