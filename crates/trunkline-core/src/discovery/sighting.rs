//! One answer of one unit, in the form in which answers are compared.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use trunkline_protocol::link::{Capabilities, UnitState, Whois};
use trunkline_protocol::mac::MacAddress;
use trunkline_protocol::version::SoftwareVersion;
use trunkline_protocol::who_is::WhoIsAnswer;

/// How much of each text is kept, in characters: tens of thousands of answers must fit into memory.
const LONGEST_NAME: usize = 256;
const LONGEST_WORD: usize = 64;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sighting {
    pub(super) address: IpAddr,
    /// The port that answered Whois; `None` for an answer by UDP.
    pub(super) port: Option<u16>,
    pub(super) round_trip: Duration,
    pub(super) name: Option<String>,
    pub(super) unit_type: Option<String>,
    pub(super) version: Option<String>,
    pub(super) mac: Option<MacAddress>,
    pub(super) lan1: Option<IpAddr>,
    pub(super) base_port: Option<u16>,
    pub(super) capabilities: Option<Capabilities>,
    pub(super) edition: Option<String>,
    pub(super) state: Option<UnitState>,
}

impl Sighting {
    pub(super) fn by_tcp(address: SocketAddr, whois: Whois, round_trip: Duration) -> Self {
        Self {
            address: address.ip().to_canonical(),
            port: Some(address.port()),
            round_trip,
            name: clipped(whois.name, LONGEST_NAME),
            unit_type: clipped(whois.unit_type, LONGEST_WORD),
            version: clipped(whois.version, LONGEST_WORD),
            mac: whois.mac.and_then(MacAddress::from_bytes),
            lan1: whois.lan1,
            base_port: whois.base_port,
            capabilities: whois.capabilities,
            edition: clipped(whois.edition, LONGEST_WORD),
            state: whois.state,
        }
    }

    pub(super) fn by_udp(address: IpAddr, answer: WhoIsAnswer, round_trip: Duration) -> Self {
        Self {
            address,
            port: None,
            round_trip,
            name: clipped(answer.name, LONGEST_NAME),
            unit_type: clipped(answer.unit_type, LONGEST_WORD),
            version: clipped(
                answer.version.map(|version| version.text().to_owned()),
                LONGEST_WORD,
            ),
            mac: answer.mac,
            lan1: None,
            base_port: None,
            capabilities: None,
            edition: None,
            state: None,
        }
    }

    /// Whether both answers can be one unit's, by name and type; what is not known fits everything.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        fits(self.name.as_deref(), other.name.as_deref(), same_text)
            && fits(self.unit_type.as_deref(), other.unit_type.as_deref(), same_text)
    }

    /// Whether both are known to have the same name.
    pub(super) fn has_name_of(&self, other: &Self) -> bool {
        self.name.is_some() && other.name.is_some() && self.is_like(other)
    }

    /// Whether both MAC addresses are known, and the same (`Some(true)`) or not.
    pub(super) fn same_mac(&self, other: &Self) -> Option<bool> {
        self.mac.zip(other.mac).map(|(a, b)| a == b)
    }

    /// Whether both say which address they have on LAN1, and the same (`Some(true)`) or not. A unit has one, at whichever of
    /// its addresses it is asked; two say different ones even where they are copies of each other.
    pub(super) fn same_lan1(&self, other: &Self) -> Option<bool> {
        self.lan1.zip(other.lan1).map(|(a, b)| a == b)
    }

    /// What this answer by UDP says differently from `whois`, which wins, as sentences.
    pub(super) fn contradictions(&self, whois: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut differ = |what: &str, udp: Option<&str>, tcp: Option<&str>, same: fn(&str, &str) -> bool| {
            if let (Some(udp), Some(tcp)) = (udp, tcp)
                && !same(udp, tcp)
            {
                found.push(format!(
                    "by UDP its {what} is {udp:?}, by TCP {tcp:?}; TCP is shown"
                ));
            }
        };
        differ("name", self.name.as_deref(), whois.name.as_deref(), same_text);
        differ(
            "type",
            self.unit_type.as_deref(),
            whois.unit_type.as_deref(),
            same_text,
        );
        differ(
            "version",
            self.version.as_deref(),
            whois.version.as_deref(),
            same_version,
        );
        let (udp, tcp) = (
            self.mac.map(|mac| mac.to_string()),
            whois.mac.map(|mac| mac.to_string()),
        );
        differ("MAC address", udp.as_deref(), tcp.as_deref(), |a, b| a == b);
        found
    }
}

fn fits(a: Option<&str>, b: Option<&str>, same: fn(&str, &str) -> bool) -> bool {
    a.zip(b).is_none_or(|(a, b)| same(a, b))
}

/// UDP answers are Latin-1 without quotes: what that can not say is no difference.
fn same_text(a: &str, b: &str) -> bool {
    a == b || in_latin1(a).eq(in_latin1(b))
}

fn in_latin1(text: &str) -> impl Iterator<Item = char> {
    text.trim().chars().map(|character| match character {
        '"' => '\'',
        '\0'..='\u{ff}' => character,
        _ => '?',
    })
}

fn same_version(a: &str, b: &str) -> bool {
    a == b || SoftwareVersion::parse(a).compare(&SoftwareVersion::parse(b)) == Some(std::cmp::Ordering::Equal)
}

fn clipped(text: Option<String>, most: usize) -> Option<String> {
    text.map(|text| match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Sighting {
        let whois = Whois {
            name: Some(name.into()),
            ..Whois::default()
        };
        Sighting::by_tcp(([10, 0, 0, 1], 50802).into(), whois, Duration::ZERO)
    }

    #[test]
    fn names_differ_only_where_latin1_can_tell() {
        let check = |a: &str, b: &str, expect: bool| {
            assert_eq!(named(a).is_like(&named(b)), expect, "{a} {b}");
            assert_eq!(named(a).contradictions(&named(b)).is_empty(), expect, "{a} {b}");
        };
        check("Zürich", "Zürich", true);
        check("東京 A", "?? A", true);
        check("The \"old\" one", "The 'old' one", true);
        check("Zürich", "Zurich", false);
        check("?", "A", false);
    }

    #[test]
    fn versions_are_the_same_by_their_numbers() {
        assert!(same_version("11.1", "11.1.0.0") && same_version("odd", "odd"));
        assert!(!same_version("11.1", "11.2") && !same_version("odd", "other"));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = named(&"ü".repeat(500)).name.unwrap();
        assert_eq!((long.chars().count(), long.ends_with('…')), (257, true));
        assert_eq!(named(&"ü".repeat(256)).name.unwrap(), "ü".repeat(256));
    }
}
