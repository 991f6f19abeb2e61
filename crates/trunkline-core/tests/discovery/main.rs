//! Discovery against units of scripted bytes on loopback.

#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is made of"
)]

mod further;
mod hostile;
mod one_unit;
#[cfg(target_os = "linux")]
mod strangers;
mod tcp;
mod udp;
mod units;

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use trunkline_core::discovery::{DiscoveryEvent, DiscoveryOptions, Report, collect, discover};
use units::{Then, named, tcp_unit};

const LOCAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Long where an answer is sure to come, so that a slow machine never makes a test fail.
const LONG: Duration = Duration::from_secs(30);

/// Short where a test waits until nothing came.
const SHORT: Duration = Duration::from_millis(200);

/// What a unit says by UDP: the same as `units::named("A", 1)` by TCP.
const WHO_IS: &str = "MAC \"00E007000001\", TYPE \"IP 500 V2\", P3 \"0\", P4 \"1\", VERSION \"11.1.2.3 build 23\", \
                      NAME \"A\"";

fn options() -> DiscoveryOptions {
    DiscoveryOptions {
        ping: false,
        timeout: LONG,
        ..DiscoveryOptions::default()
    }
}

/// A port that nothing listens on, and that nobody else gets while this lives.
fn closed_port() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((LOCAL, 0).into()).unwrap();
    socket
}

fn criteria(text: impl Into<String>) -> DiscoveryOptions {
    DiscoveryOptions {
        criteria: vec![text.into()],
        ..options()
    }
}

async fn found(options: DiscoveryOptions) -> Report {
    collect(discover(options, CancellationToken::new()), |_| ()).await
}

/// The document without what differs each time.
fn document(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap();
    for unit in value["units"].as_array_mut().unwrap() {
        assert!(unit["round_trip_ms"].take().as_f64().unwrap() >= 0.0);
    }
    assert!(value["stats"]["elapsed_ms"].take().is_u64());
    value
}

#[tokio::test]
async fn a_cancel_ends_a_search_at_once_and_keeps_what_was_found() {
    let unit = tcp_unit(Then::Say(named("A", 1), 64)).await;
    let silent = tcp_unit(Then::Say(Vec::new(), 1)).await;
    let cancel = CancellationToken::new();
    let events = discover(
        criteria(format!("{};{}", unit.place, silent.place)),
        cancel.clone(),
    );
    let report = collect(events, |event| {
        if matches!(event, DiscoveryEvent::Unit { .. }) {
            cancel.cancel();
        }
    })
    .await;
    assert_eq!((report.units.len(), report.cancelled), (1, true));
    // The silent one was not waited for: neither asked to the end, nor told as silent.
    assert_eq!((report.stats.probed, report.stats.answered), (1, 1));
    assert_eq!((report.unidentified.len(), report.no_answer.len()), (0, 0));
}

#[tokio::test]
async fn nothing_follows_a_cancel_but_the_end() {
    let unit = tcp_unit(Then::Say(named("A", 1), 64)).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let mut events = discover(criteria(unit.place.to_string()), cancel);
    assert!(matches!(
        events.recv().await,
        Some(DiscoveryEvent::Finished { cancelled: true, .. })
    ));
    assert_eq!(events.recv().await, None);
    assert_eq!(unit.times_asked(), 0, "nobody is asked after it");
}

#[tokio::test]
async fn a_dropped_receiver_stops_everything() {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let events = discover(
        criteria(listener.local_addr().unwrap().to_string()),
        CancellationToken::new(),
    );
    let (mut stream, _) = listener.accept().await.unwrap();
    drop(events);
    // The question may have been written; what follows is the end of the connection, long before its limit.
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(
        LONG / 2,
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest),
    )
    .await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn nothing_to_ask_ends_at_once() {
    let report = found(options()).await;
    assert_eq!(
        (report.units.len(), report.stats.probed, report.cancelled),
        (0, 0, false)
    );
    let report = found(criteria("10.0.0.300; nonsense!")).await;
    assert_eq!((report.problems.len(), report.stats.probed), (2, 0));
}
