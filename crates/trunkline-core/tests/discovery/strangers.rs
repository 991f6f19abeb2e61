//! Answers from many addresses of one machine. Linux gives a test every address below 127.0.0.0/8; elsewhere the
//! namespace tests have strangers.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use trunkline_core::discovery::{DiscoveryEvent, DiscoveryOptions, Means, collect, discover};

use super::hostile::{answer, request, single_by_udp};
use super::{LOCAL, LONG, found, options};

#[tokio::test]
async fn who_was_not_asked_is_not_heard() {
    let socket = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let unit = tokio::spawn(async move {
        let from = request(&socket).await;
        let stranger = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).await.unwrap();
        stranger.send_to(&answer(2), from).await.unwrap();
        let mut refusal = [0; 600];
        let (length, _) = stranger.recv_from(&mut refusal).await.unwrap();
        // The right unit is not disturbed; its answer comes from a port that was not asked, as it must.
        let transfer = UdpSocket::bind((LOCAL, 0)).await.unwrap();
        transfer.send_to(&answer(1), from).await.unwrap();
        refusal[..length].to_vec()
    });
    let report = found(single_by_udp(port)).await;
    assert_eq!(
        unit.await.unwrap()[..4],
        [0, 5, 0, 5],
        "ERROR 5, unknown transfer"
    );
    let addresses: Vec<_> = report.units.iter().map(|unit| unit.address).collect();
    assert_eq!(addresses, [IpAddr::V4(LOCAL)]);
    assert_eq!((report.unidentified.len(), report.stats.answered), (0, 1));
}

/// Answers a broadcast from ever more addresses, each time after the one before was acknowledged, until it is aborted.
async fn flood(socket: UdpSocket) {
    let from = request(&socket).await;
    for number in 1..=0x00FF_FFFE_u32 {
        let [_, b, c, d] = number.to_be_bytes();
        let transfer = UdpSocket::bind((Ipv4Addr::new(127, b, c, d), 0)).await.unwrap();
        let mut acknowledged = [0; 600];
        loop {
            transfer.send_to(&answer(number), from).await.ok();
            let waited =
                tokio::time::timeout(Duration::from_millis(200), transfer.recv_from(&mut acknowledged));
            if waited.await.is_ok() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn tens_of_thousands_of_answers_are_rows_and_a_cancel_among_them_is_heard() {
    const ANSWERS: usize = 20_000;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    let options = DiscoveryOptions {
        broadcast: vec![Ipv4Addr::new(127, 255, 255, 255)],
        tftp_port: socket.local_addr().unwrap().port(),
        tcp: false,
        timeout: LONG * 20,
        ..options()
    };
    let flooding = tokio::spawn(flood(socket));
    let cancel = CancellationToken::new();
    let events = discover(options, cancel.clone());
    let mut rows = 0;
    let collected = collect(events, |event| {
        rows += usize::from(matches!(event, DiscoveryEvent::Unit { .. }));
        if rows == ANSWERS {
            cancel.cancel();
        }
    });
    let report = tokio::time::timeout(LONG * 10, collected).await.unwrap();
    assert!(
        !flooding.is_finished(),
        "the answers go on in the middle of the cancel"
    );
    flooding.abort();
    assert!(report.cancelled);
    assert!(report.units.len() >= ANSWERS, "{} rows", report.units.len());
    assert!(
        report
            .units
            .iter()
            .all(|unit| unit.found_by == [Means::Udp] && unit.warnings.is_empty())
    );
    assert_eq!(report.stats.answered, report.units.len());
}
