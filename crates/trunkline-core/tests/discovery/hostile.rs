//! What networks and whoever is on them do to a search: loss, repetition, forgery, floods.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use trunkline_core::discovery::{DiscoveryOptions, Means, Report};

use super::units::{Then, data_block, named, tcp_unit_at};
use super::{LOCAL, WHO_IS, criteria, found, options};

/// Long enough that the second of three questions, after a third of it, is answered on a slow machine too.
const REPEATED: Duration = Duration::from_secs(6);

/// The block in which a unit tells the rest of its MAC.
pub(super) fn answer(number: u32) -> Vec<u8> {
    let [_, b, c, d] = number.to_be_bytes();
    let mac = format!("{b:02X}{c:02X}{d:02X}");
    data_block(
        WHO_IS
            .replace("000001", &mac)
            .replace("\"A\"", &format!("\"unit {number}\""))
            .as_bytes(),
    )
}

/// The next request and who sent it.
pub(super) async fn request(socket: &UdpSocket) -> SocketAddr {
    let mut buffer = [0; 600];
    loop {
        if let Ok((length, from)) = socket.recv_from(&mut buffer).await
            && buffer[..length].starts_with(b"\0\x01nasystem/who_is\0octet\0")
        {
            return from;
        }
    }
}

pub(super) fn single_by_udp(port: u16) -> DiscoveryOptions {
    DiscoveryOptions {
        single: Some(LOCAL.to_string()),
        tftp_port: port,
        tcp: false,
        timeout: REPEATED,
        ..options()
    }
}

#[tokio::test]
async fn a_lost_question_is_asked_again_and_a_repeated_answer_is_one_row() {
    let socket = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let unit = tokio::spawn(async move {
        let lost = request(&socket).await;
        let from = request(&socket).await;
        assert_eq!(lost, from, "the same search");
        let transfer = UdpSocket::bind((LOCAL, 0)).await.unwrap();
        for _ in 0..3 {
            transfer.send_to(&answer(1), from).await.unwrap();
        }
        transfer
    });
    let report = found(single_by_udp(port)).await;
    let transfer = unit.await.unwrap();
    let [unit] = &report.units[..] else {
        panic!("{report:?}")
    };
    assert_eq!((unit.name.as_deref(), unit.warnings.len()), (Some("unit 1"), 0));
    assert_eq!((report.stats.probed, report.stats.answered), (1, 1));
    let mut acknowledgement = [0; 600];
    let (length, _) = transfer.recv_from(&mut acknowledgement).await.unwrap();
    assert_eq!(acknowledgement[..length], [0, 4, 0, 1]);
}

#[tokio::test]
async fn a_datagram_of_the_largest_size_is_no_unit() {
    let socket = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let thing = tokio::spawn(async move {
        let from = request(&socket).await;
        // What the system does not send (macOS has a lower limit) is sent shorter.
        for length in [65_507, 9_000] {
            if socket.send_to(&vec![0; length], from).await.is_ok() {
                break;
            }
        }
        request(&socket).await;
    });
    let report = found(DiscoveryOptions {
        timeout: super::SHORT,
        ..single_by_udp(port)
    })
    .await;
    thing.abort();
    assert_eq!(report.units, []);
    let [entry] = &report.unidentified[..] else {
        panic!("{report:?}")
    };
    assert!(entry.reason.contains("not with TFTP"), "{}", entry.reason);
}

#[tokio::test]
async fn units_with_ipv6_addresses_are_asked_by_tcp() {
    let local = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let Ok(listener) = TcpListener::bind((local, 0)).await else {
        eprintln!("skipped: this system has no IPv6");
        return;
    };
    drop(listener);
    let unit = tcp_unit_at(local, Then::Say(named("Six", 6), 5)).await;
    let check = |report: Report| {
        let [row] = &report.units[..] else {
            panic!("{report:?}")
        };
        assert_eq!((row.address, row.name.as_deref()), (local, Some("Six")));
        assert_eq!(
            (row.discovery_port, &row.found_by[..]),
            (Some(unit.port()), &[Means::Tcp][..])
        );
        assert_eq!((report.stats.probed, report.stats.answered), (1, 1));
    };
    check(found(criteria(format!("[::1]:{}", unit.port()))).await);
    let single = DiscoveryOptions {
        single: Some(format!("[::1]:{}", unit.port())),
        udp: false,
        ..options()
    };
    check(found(single).await);
}
