//! What to search for, and how patiently.

use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use trunkline_protocol::ports;

use super::further::Identification;
use crate::Site;

/// How long one question waits where nothing says another time. A system repeats the first packet of a connection after
/// one second (RFC 6298, section 2); what it lost is still heard then.
pub const TIMEOUT: Duration = Duration::from_millis(1250);

/// What to search for. The default asks nobody, patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as on the command line"
)]
pub struct DiscoveryOptions {
    /// Broadcast from every usable interface.
    pub interfaces: bool,
    /// Of a search of every interface: also those that have only a link-local address (169.254.0.0/16), as when the
    /// computer is plugged straight into a unit. Without it they are named in a notice.
    pub include_link_local: bool,
    /// Broadcast to these addresses, each from the interface in whose network it is.
    pub broadcast: Vec<Ipv4Addr>,
    /// IP Search Criteria (protocol.md 2.3), asked by TCP; at most 65,536 addresses in all.
    pub criteria: Vec<String>,
    /// The Unit/Broadcast Address: an address or name, with a discovery port if need be, that is asked by ping, UDP
    /// and TCP; or a broadcast address.
    pub single: Option<String>,
    /// Saved sites, asked by UDP and TCP.
    pub sites: Vec<SavedSite>,
    /// Whether anything is asked by UDP.
    pub udp: bool,
    /// Whether anything is asked by TCP.
    pub tcp: bool,
    /// Whether a single address is pinged.
    pub ping: bool,
    /// How long one question waits: for the connection, and again for its answer.
    pub timeout: Duration,
    /// How often a question is asked that nobody answers, each time for the whole `timeout`. `None` follows the size of
    /// the search: the smaller it is, the more often silence is asked, all within one `timeout`.
    pub attempts: Option<u32>,
    /// How many addresses are asked by TCP at a time; at least one. `None`, and what is more than the computer bears, are
    /// as many as it bears.
    pub concurrency: Option<usize>,
    /// The port of Whois where nothing says another.
    pub discovery_port: u16,
    /// The port of TFTP where nothing says another.
    pub tftp_port: u16,
    /// The Services Base TCP Port where nothing says another; nobody is asked there, it is what must be open.
    pub base_port: u16,
    /// What else is asked where something answers and does not say that it is a unit.
    pub identify: Identification,
}

/// A saved unit, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SavedSite {
    /// What it is called.
    pub name: String,
    /// Its group.
    pub group: Option<String>,
    /// An address (IPv6 without brackets) or a DNS name, without a port.
    pub host: String,
    /// Where Whois is asked instead of 50802.
    pub discovery_port: Option<u16>,
    /// Where TFTP is asked instead of 69.
    pub tftp_port: Option<u16>,
    /// Its Services Base TCP Port, where that is known.
    pub base_port: Option<u16>,
    /// When it last answered, where that is known.
    pub last_seen: Option<Timestamp>,
}

impl From<&Site> for SavedSite {
    fn from(site: &Site) -> Self {
        Self {
            name: site.name.clone(),
            group: site.group.clone(),
            host: site.address.clone(),
            discovery_port: site.discovery_port,
            tftp_port: site.tftp_port,
            base_port: site.services_base_port,
            last_seen: site.last_seen,
        }
    }
}

impl DiscoveryOptions {
    /// What a preference says, of which 0 leaves the choice to the search.
    pub fn chosen(preference: u32) -> Option<u32> {
        (preference > 0).then_some(preference)
    }
}

impl Default for DiscoveryOptions {
    fn default() -> Self {
        Self {
            interfaces: false,
            include_link_local: false,
            broadcast: Vec::new(),
            criteria: Vec::new(),
            single: None,
            sites: Vec::new(),
            udp: true,
            tcp: true,
            ping: true,
            timeout: TIMEOUT,
            attempts: None,
            concurrency: None,
            discovery_port: ports::DISCOVERY,
            tftp_port: ports::TFTP,
            base_port: ports::SERVICES_BASE,
            identify: Identification::default(),
        }
    }
}
