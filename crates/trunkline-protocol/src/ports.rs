//! The one list of ports and services (protocol.md, section 1): discovery, diagnosis, the simulator and the
//! documents all read it from here.

use std::{fmt, num::NonZeroU16, str::FromStr};

use crate::provenance::Provenance;

/// Every port that a unit is known to use, in the order in which the vendor's table names them, with the default
/// Services Base TCP Port.
pub const PORTS: &[Port] = &[
    icmp("Ping", "confirms a route to an address on another subnet"),
    udp(
        TFTP,
        "TFTP",
        "UDP discovery, and configuration of systems before release 3.2",
    ),
    udp(SNMP, "SNMP", "network management, for identification only"),
    udp(RIP, "RIP", "exchange of routes"),
    udp(
        VOICE_NETWORKING,
        "IPO Voice Networking",
        "Small Community Network signalling and busy lamps",
    ),
    udp(PC_PARTNER, "PCPartner", "Phone Manager and SoftConsole"),
    tcp(
        DEVLINK3_TLS,
        "DevLink3 over TLS",
        "call events and text files, encrypted",
    ),
    udp(TAPI, "IPO TAPI", "telephony for computers"),
    tcp(DEVLINK3, "DevLink3", "call events and text files"),
    tcp(
        DISCOVERY,
        "Discovery",
        "answers who a unit is; can not be changed on the unit",
    ),
    tcp(
        SERVICES_BASE,
        "Configuration",
        "configuration settings: the Services Base TCP Port",
    ),
    observed(
        SERVICES_BASE + CONFIGURATION_TLS_OFFSET,
        "Configuration over TLS",
        "configuration settings, encrypted",
    ),
    tcp(SERVICES_BASE + SECURITY_OFFSET, "Security", "security settings"),
    observed(
        SERVICES_BASE + SECURITY_TLS_OFFSET,
        "Security over TLS",
        "security settings, encrypted",
    ),
    tcp(
        SERVICES_BASE + SECOND_SECURITY_OFFSET,
        "Security (second port)",
        "security settings, as the vendor's table has it",
    ),
    observed(
        SERVICES_BASE + SECOND_SECURITY_TLS_OFFSET,
        "Security over TLS (second port)",
        "security settings, encrypted",
    ),
    tcp(
        HTTP,
        "HTTP",
        "web pages; some systems name their release in the Server header",
    ),
    tcp(HTTPS, "HTTPS", "web pages, encrypted"),
    tcp(
        MANAGEMENT_API_SERVER_EDITION,
        "Management API (Server Edition)",
        "Web Manager and Management API of Server Edition and application servers",
    ),
    tcp(
        MANAGEMENT_API_IP500,
        "Management API (IP500 V2)",
        "Web Manager and Management API of IP500 V2",
    ),
];

/// TFTP, UDP: discovery, and configuration of pre-3.2 systems.
pub const TFTP: u16 = 69;
/// HTTP, TCP.
pub const HTTP: u16 = 80;
/// SNMP, UDP.
pub const SNMP: u16 = 161;
/// HTTPS, TCP.
pub const HTTPS: u16 = 443;
/// RIP, UDP.
pub const RIP: u16 = 520;
/// Web Manager and Management API of Server Edition and application servers, TCP with TLS.
pub const MANAGEMENT_API_SERVER_EDITION: u16 = 7070;
/// Web Manager and Management API of IP500 V2, TCP with TLS.
pub const MANAGEMENT_API_IP500: u16 = 8443;
/// Both ports of the Management API, in the order in which they are tried (protocol.md, section 6).
pub const MANAGEMENT_API: [u16; 2] = [MANAGEMENT_API_SERVER_EDITION, MANAGEMENT_API_IP500];
/// IPO Voice Networking, UDP.
pub const VOICE_NETWORKING: u16 = 50795;
/// PCPartner, UDP.
pub const PC_PARTNER: u16 = 50796;
/// DevLink3 over TLS, TCP.
pub const DEVLINK3_TLS: u16 = 50796;
/// IPO TAPI, UDP.
pub const TAPI: u16 = 50797;
/// DevLink3, TCP.
pub const DEVLINK3: u16 = 50797;
/// TCP discovery. Fixed on every unit; only port forwarding and tests use another.
pub const DISCOVERY: u16 = 50802;
/// The Services Base TCP Port that units have unless somebody changed it.
pub const SERVICES_BASE: u16 = 50804;

const CONFIGURATION_TLS_OFFSET: u16 = 1;
const SECOND_SECURITY_OFFSET: u16 = 4;
const SECOND_SECURITY_TLS_OFFSET: u16 = 5;
const SECURITY_OFFSET: u16 = 8;
const SECURITY_TLS_OFFSET: u16 = 9;

/// One line of [`PORTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The port's number; `None` for ICMP, which has none.
    pub number: Option<u16>,
    /// What carries it.
    pub transport: Transport,
    /// The service's name as the vendor writes it.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// How the project knows.
    pub provenance: Provenance,
}

/// What carries a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Internet Control Message Protocol.
    Icmp,
    /// User Datagram Protocol.
    Udp,
    /// Transmission Control Protocol.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Icmp => "ICMP",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        })
    }
}

/// The Services Base TCP Port of one unit, from which the ports of its configuration and security services follow.
///
/// Between 1 and 65,526, so that base + 9 is a port too. Units take 49,152 to 65,526; below that only port forwarding
/// and tests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicesBasePort(NonZeroU16);

/// The number can not be a Services Base TCP Port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Services Base TCP Port is a number from 1 to 65526 (units themselves take 49152 to 65526)")]
pub struct ServicesBasePortError;

impl ServicesBasePort {
    /// The highest base port: its highest service, base + 9, is port 65,535.
    pub const MAX: u16 = u16::MAX - SECURITY_TLS_OFFSET;
    /// The lowest base port that a unit lets itself be set to.
    pub const DOCUMENTED_MIN: u16 = 49152;

    /// The base port with this number.
    ///
    /// # Errors
    /// For 0 and for everything above [`Self::MAX`].
    pub fn new(number: u16) -> Result<Self, ServicesBasePortError> {
        match NonZeroU16::new(number) {
            Some(base) if number <= Self::MAX => Ok(Self(base)),
            _ => Err(ServicesBasePortError),
        }
    }

    /// The number itself, which is also the port of the configuration service on plain TCP.
    pub const fn number(self) -> u16 {
        self.0.get()
    }

    /// Whether a unit can be set to it (49,152 to 65,526).
    pub const fn is_in_documented_range(self) -> bool {
        self.number() >= Self::DOCUMENTED_MIN
    }

    /// Configuration settings, plain TCP.
    pub const fn configuration(self) -> u16 {
        self.number()
    }

    /// Configuration settings over TLS.
    pub const fn configuration_tls(self) -> u16 {
        self.number() + CONFIGURATION_TLS_OFFSET
    }

    /// Security settings on plain TCP, in the order in which they are tried: base + 8, then base + 4.
    pub const fn security(self) -> [u16; 2] {
        [
            self.number() + SECURITY_OFFSET,
            self.number() + SECOND_SECURITY_OFFSET,
        ]
    }

    /// Security settings over TLS, in the order in which they are tried: base + 9, then base + 5.
    pub const fn security_tls(self) -> [u16; 2] {
        [
            self.number() + SECURITY_TLS_OFFSET,
            self.number() + SECOND_SECURITY_TLS_OFFSET,
        ]
    }
}

impl Default for ServicesBasePort {
    fn default() -> Self {
        const DEFAULT: NonZeroU16 = match NonZeroU16::new(SERVICES_BASE) {
            Some(base) => base,
            None => panic!("checked by the compiler"),
        };
        Self(DEFAULT)
    }
}

impl TryFrom<u16> for ServicesBasePort {
    type Error = ServicesBasePortError;

    fn try_from(number: u16) -> Result<Self, ServicesBasePortError> {
        Self::new(number)
    }
}

impl FromStr for ServicesBasePort {
    type Err = ServicesBasePortError;

    fn from_str(text: &str) -> Result<Self, ServicesBasePortError> {
        text.trim()
            .parse()
            .map_err(|_| ServicesBasePortError)
            .and_then(Self::new)
    }
}

impl fmt::Display for ServicesBasePort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

const fn icmp(name: &'static str, purpose: &'static str) -> Port {
    Port {
        number: None,
        transport: Transport::Icmp,
        name,
        purpose,
        provenance: Provenance::Documented,
    }
}

const fn udp(number: u16, name: &'static str, purpose: &'static str) -> Port {
    Port {
        number: Some(number),
        transport: Transport::Udp,
        name,
        purpose,
        provenance: Provenance::Documented,
    }
}

const fn tcp(number: u16, name: &'static str, purpose: &'static str) -> Port {
    Port {
        number: Some(number),
        transport: Transport::Tcp,
        name,
        purpose,
        provenance: Provenance::Documented,
    }
}

const fn observed(number: u16, name: &'static str, purpose: &'static str) -> Port {
    Port {
        number: Some(number),
        transport: Transport::Tcp,
        name,
        purpose,
        provenance: Provenance::Observed,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_default_services_are_where_the_vendor_has_them() {
        let base = ServicesBasePort::default();
        assert_eq!(base.configuration(), 50804);
        assert_eq!(base.configuration_tls(), 50805);
        assert_eq!(base.security(), [50812, 50808]);
        assert_eq!(base.security_tls(), [50813, 50809]);
    }

    #[test]
    fn a_base_port_leaves_room_for_its_services() {
        let check = |number: u16, expect: Option<bool>| {
            let base = ServicesBasePort::new(number).ok();
            assert_eq!(
                base.map(ServicesBasePort::is_in_documented_range),
                expect,
                "{number}"
            );
        };
        check(0, None);
        check(1, Some(false));
        check(49151, Some(false));
        check(49152, Some(true));
        check(65526, Some(true));
        check(65527, None);
        check(65535, None);
        assert_eq!(
            ServicesBasePort::new(65526).unwrap().security_tls(),
            [65535, 65531]
        );
    }

    #[test]
    fn a_base_port_is_read_from_text() {
        assert_eq!(" 50900 ".parse(), ServicesBasePort::new(50900));
        for text in ["", "0", "65527", "99999", "-1", "fifty"] {
            assert_eq!(
                text.parse::<ServicesBasePort>(),
                Err(ServicesBasePortError),
                "{text}"
            );
        }
    }

    #[test]
    fn no_port_stands_in_the_list_twice() {
        let mut seen = HashSet::new();
        for port in PORTS {
            assert!(
                seen.insert((port.number, port.transport)),
                "{} is listed twice",
                port.name
            );
            assert_eq!(port.number.is_none(), port.transport == Transport::Icmp);
        }
    }
}
