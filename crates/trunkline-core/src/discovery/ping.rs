//! The ping beside a search for one address (protocol.md 2.4): a finding, never a condition.

use std::net::IpAddr;
use std::time::Duration;

use surge_ping::{Client, Config, ICMP, IcmpPacket, PingIdentifier, PingSequence};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Echo {
    /// The address answered.
    Answered,
    /// It did not.
    Silent,
    /// This program can not ping here, for this reason.
    NotPossible(String),
}

/// Sends up to `attempts` echo requests and waits `limit` for each.
pub(super) async fn ping(address: IpAddr, limit: Duration, attempts: u32) -> Echo {
    let kind = if address.is_ipv4() { ICMP::V4 } else { ICMP::V6 };
    // The library asks for the socket that needs no privilege first, and for a raw one after it.
    let client = match Client::new(&Config::builder().kind(kind).build()) {
        Ok(client) => client,
        Err(error) => return Echo::NotPossible(in_one_line(&error.to_string())),
    };
    let identifier = PingIdentifier(
        std::process::id()
            .to_le_bytes()
            .first_chunk()
            .map_or(1, |b| u16::from_le_bytes(*b)),
    );
    let mut pinger = client.pinger(address, identifier).await;
    pinger.timeout(limit);
    for number in 0..attempts.clamp(1, 16) {
        let sequence = PingSequence(u16::try_from(number).unwrap_or(u16::MAX));
        match pinger.ping(sequence, b"trunkline").await {
            Ok((packet, _)) if is_reply(&packet) => return Echo::Answered,
            Err(surge_ping::SurgeError::IOError(error))
                if error.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                return Echo::NotPossible(in_one_line(&error.to_string()));
            }
            // What a router says of it is no answer of the address.
            Ok(_) | Err(_) => {}
        }
    }
    Echo::Silent
}

/// Whether this is an echo reply (RFC 792; RFC 4443, section 4.2). The library hands out too what routers say of the
/// request, such as that the address can not be reached.
fn is_reply(packet: &IcmpPacket) -> bool {
    match packet {
        IcmpPacket::V4(packet) => packet.get_icmp_type().0 == 0,
        IcmpPacket::V6(packet) => packet.get_icmpv6_type().0 == 129,
    }
}

fn in_one_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(':')
        .to_owned()
}
