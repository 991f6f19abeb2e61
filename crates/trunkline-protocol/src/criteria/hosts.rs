//! One entry of the IP Search Criteria.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{ADDRESS_LIMIT, Host};

/// Whom an entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// One address.
    Address(IpAddr),
    /// Every address from the first to the last, both included; from a range or a network.
    ///
    /// Of an IPv4 network of /30 or wider, the network's own and its broadcast address are left out: no unit can
    /// have them. Both addresses of a /31 are hosts (RFC 3021), and so are all of an IPv6 network.
    Range {
        /// The lowest address.
        first: IpAddr,
        /// The highest address, of the same family.
        last: IpAddr,
    },
    /// A DNS name.
    Name(String),
}

/// Why an entry can not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Digits and dots that are no IPv4 address.
    #[error("not an IPv4 address: write four numbers from 0 to 255, without leading zeros")]
    Ipv4Address,
    /// Colons or brackets that are no IPv6 address.
    #[error("not an IPv6 address; with a port it is written [address]:port")]
    Ipv6Address,
    /// An address with an interface behind it, `fe80::1%eth0`.
    #[error("an address with an interface (%) can not be searched; leave the interface out")]
    Interface,
    /// The end of a range is no address and, in a short range, no number up to 255.
    #[error("the end of the range is not an address or a number from 0 to 255")]
    RangeEnd,
    /// A range from IPv4 to IPv6.
    #[error("a range can not go from IPv4 to IPv6")]
    MixedRange,
    /// The end comes before the beginning.
    #[error("the range ends before it begins; write the lower address first")]
    ReversedRange,
    /// What follows `/` is no prefix length.
    #[error("the network's size after / must be a number from 0 to {max}")]
    PrefixLength {
        /// The longest prefix of the family: 32 or 128.
        max: u8,
    },
    /// A multicast, broadcast or unspecified address.
    #[error("no single unit can have this address; broadcasts belong in the Unit/Broadcast Address")]
    NotAUnit,
    /// What follows `:` is no port.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// Neither an address nor a possible DNS name.
    #[error("neither an address nor a DNS name: names have letters, digits, hyphens and dots only")]
    Name,
    /// A name with letters outside ASCII.
    #[error("letters other than a to z can not be looked up; write the name in its xn-- form")]
    NameNotAscii,
    /// A name, or a part of it, that is longer than DNS allows.
    #[error("the name is too long: 253 characters in all, and 63 between two dots, at most")]
    NameTooLong,
    /// The entry holds more addresses than the criteria have room for.
    #[error("holds {count} addresses, and {left} of {ADDRESS_LIMIT} are left; search a smaller range")]
    TooMany {
        /// How many addresses the entry holds.
        count: u128,
        /// How many of [`ADDRESS_LIMIT`] the entries before it leave.
        left: u32,
    },
}

impl Hosts {
    /// How many addresses this is; a name is one. Saturates for the whole of IPv6.
    pub fn count(&self) -> u128 {
        match *self {
            Self::Address(_) | Self::Name(_) => 1,
            Self::Range { first, last } => number(last).saturating_sub(number(first)).saturating_add(1),
        }
    }

    /// The host at `offset`, from 0; `None` after the last.
    pub(super) fn nth(&self, offset: u32) -> Option<Host> {
        if u128::from(offset) >= self.count() {
            return None;
        }
        Some(match self {
            Self::Address(address) => Host::Address(*address),
            Self::Name(name) => Host::Name(name.trim_end_matches('.').to_ascii_lowercase()),
            Self::Range {
                first: IpAddr::V4(first),
                ..
            } => Host::Address(Ipv4Addr::from(u32::from(*first).checked_add(offset)?).into()),
            Self::Range {
                first: IpAddr::V6(first),
                ..
            } => Host::Address(Ipv6Addr::from(u128::from(*first).checked_add(offset.into())?).into()),
        })
    }
}

/// Reads one trimmed entry.
pub(super) fn parse(entry: &str) -> Result<(Hosts, Option<u16>), Reason> {
    if let Some(bracketed) = entry.strip_prefix('[') {
        let (inside, rest) = bracketed.split_once(']').ok_or(Reason::Ipv6Address)?;
        let port = match rest.strip_prefix(':') {
            Some(text) => Some(port(text)?),
            None if rest.is_empty() => None,
            None => return Err(Reason::Ipv6Address),
        };
        if !inside.contains(':') {
            return Err(Reason::Ipv6Address);
        }
        return Ok((hosts(inside)?, port));
    }
    match entry.split_once(':') {
        // With a second colon it is IPv6, and all of it is the address.
        Some((host, text)) if !text.contains(':') => Ok((hosts(host.trim())?, Some(port(text)?))),
        _ => Ok((hosts(entry)?, None)),
    }
}

fn hosts(text: &str) -> Result<Hosts, Reason> {
    if text.contains('%') {
        return Err(Reason::Interface);
    }
    if let Some((network, prefix)) = text.split_once('/') {
        return cidr(address(network.trim())?, prefix.trim());
    }
    if let Some((first, last)) = text.split_once('-') {
        // `10-0-0-1.example.com` is a name; `10.0.0.1-x` is a range gone wrong, and so is `10-20`.
        let first = address(first.trim());
        if first.is_ok() || is_numeric(&text.replace(['-', ' '], "")) {
            return range(first?, last.trim());
        }
    }
    if is_numeric(text) {
        let address = address(text)?;
        return if names_one_unit(address) {
            Ok(Hosts::Address(address))
        } else {
            Err(Reason::NotAUnit)
        };
    }
    name(text)
}

/// Whether this can only be an address: digits and dots are never a DNS name.
fn is_numeric(text: &str) -> bool {
    text.contains(':') || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

fn address(text: &str) -> Result<IpAddr, Reason> {
    if text.contains(':') {
        // An IPv4 address in IPv6 clothes is the same unit, and must not be asked twice.
        text.parse::<Ipv6Addr>()
            .map(|address| address.to_canonical())
            .map_err(|_| Reason::Ipv6Address)
    } else {
        text.parse::<Ipv4Addr>()
            .map(IpAddr::V4)
            .map_err(|_| Reason::Ipv4Address)
    }
}

fn range(first: IpAddr, end: &str) -> Result<Hosts, Reason> {
    let last = match first {
        IpAddr::V4(first) if is_number(end) => {
            let [a, b, c, _] = first.octets();
            Ipv4Addr::new(a, b, c, end.parse().map_err(|_| Reason::RangeEnd)?).into()
        }
        _ => address(end).map_err(|_| Reason::RangeEnd)?,
    };
    if first.is_ipv4() != last.is_ipv4() {
        return Err(Reason::MixedRange);
    }
    if last < first {
        return Err(Reason::ReversedRange);
    }
    whole(first, last)
}

fn cidr(address: IpAddr, prefix: &str) -> Result<Hosts, Reason> {
    let max = if address.is_ipv4() { 32 } else { 128 };
    let length = if is_number(prefix) {
        prefix.parse().ok()
    } else {
        None
    };
    let network = length
        .and_then(|length| IpNet::new(address, length).ok())
        .ok_or(Reason::PrefixLength { max })?;
    match network {
        IpNet::V4(net) if net.prefix_len() < 31 => whole(
            Ipv4Addr::from(u32::from(net.network()) + 1).into(),
            Ipv4Addr::from(u32::from(net.broadcast()) - 1).into(),
        ),
        _ => whole(network.network(), network.broadcast()),
    }
}

/// A range whose ends units can have; one that is too large is refused for its size, which says more.
fn whole(first: IpAddr, last: IpAddr) -> Result<Hosts, Reason> {
    let range = Hosts::Range { first, last };
    if range.count() <= ADDRESS_LIMIT.into() && !(names_one_unit(first) && names_one_unit(last)) {
        return Err(Reason::NotAUnit);
    }
    Ok(range)
}

fn names_one_unit(address: IpAddr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

fn port(text: &str) -> Result<u16, Reason> {
    let number = if is_number(text.trim()) {
        text.trim().parse().ok()
    } else {
        None
    };
    number.filter(|&port| port != 0).ok_or(Reason::Port)
}

fn name(text: &str) -> Result<Hosts, Reason> {
    if !text.is_ascii() {
        let looks_like_a_name = text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'));
        return Err(if looks_like_a_name {
            Reason::NameNotAscii
        } else {
            Reason::Name
        });
    }
    let relative = text.strip_suffix('.').unwrap_or(text);
    let labels = || relative.split('.');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let well_formed = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(allowed)
    };
    // A resolver takes `0x0a000001` and `10.0.0.0x1` for addresses.
    let ends_in_number = labels().next_back().is_some_and(|last| {
        is_number(last)
            || last
                .strip_prefix("0x")
                .or(last.strip_prefix("0X"))
                .is_some_and(is_hexadecimal)
    });
    if !labels().all(well_formed) || ends_in_number {
        return Err(Reason::Name);
    }
    if relative.len() > 253 || labels().any(|label| label.len() > 63) {
        return Err(Reason::NameTooLong);
    }
    Ok(Hosts::Name(text.to_owned()))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}
