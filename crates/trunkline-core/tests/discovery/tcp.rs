//! Units that answer Whois, and what else may listen.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trunkline_core::discovery::{
    DiscoveryEvent, DiscoveryOptions, Report, UnidentifiedKind, collect, discover,
};

use super::units::{self, Then, named, tcp_unit, tcp_unit_at};
use super::{LOCAL, LONG, SHORT, closed_port, criteria, document, found, options};

#[tokio::test]
async fn a_torn_whois_answer_becomes_the_whole_document() {
    let answer = units::whois(&[
        (0x0054_0101, "Zürich, Filiale 2".as_bytes()),
        (0x0054_0102, b"IP 500 V2"),
        (0x0054_0103, b"11.1.2.3 build 23"),
        (0x0054_0104, &[0, 0xE0, 7, 5, 0x91, 0x8F]),
        (0x0054_0105, &[127, 0, 0, 1]),
        (0x0054_0106, &[0xC6, 0x74]),
        (0x0054_0107, &[0, 0, 0, 0x43]),
        (0x0054_0108, b"Preferred"),
        (0x0054_0109, &[1]),
        (0x7777_7777, b"nobody knows this"),
    ]);
    let unit = tcp_unit(Then::Say(answer, 1)).await;
    let entry = unit.place.to_string();
    let report = found(criteria(format!("{entry};127.0.0.300; # a comment"))).await;
    assert_eq!(
        document(&report),
        json!({
            "units": [{
                "name": "Zürich, Filiale 2", "address": "127.0.0.1", "mac": "00:E0:07:05:91:8F", "type": "IP 500 V2",
                "version": "11.1.2.3 build 23", "edition": "Preferred", "state": "read_only", "group": null,
                "services": {
                    "base_port": 50804, "configuration": true, "configuration_tls": true, "security": false,
                    "security_tls": false, "tftp": false, "management_api": false, "devlink3": true
                },
                "found_by": ["tcp"], "round_trip_ms": null, "supported": true, "method": "service",
                "discovery_port": unit.port()
            }],
            "unidentified": [],
            "problems": [{
                "entry": "127.0.0.300", "position": entry.len() + 2,
                "reason": "not an IPv4 address: write four numbers from 0 to 255, without leading zeros"
            }],
            "stats": {"probed": 1, "answered": 1, "elapsed_ms": null}
        })
    );
    let again: Report = serde_json::from_value(serde_json::to_value(&report).unwrap()).unwrap();
    assert_eq!(again.units, report.units);
}

#[tokio::test]
async fn a_unit_that_says_nothing_of_itself_has_nulls_and_no_method() {
    let unit = tcp_unit(Then::Say(units::whois(&[]), 64)).await;
    let report = found(criteria(format!("127.0.0.1:{}", unit.port()))).await;
    let value = document(&report);
    let unit = &value["units"][0];
    for key in [
        "name", "mac", "type", "version", "edition", "state", "group", "method",
    ] {
        assert_eq!(unit.as_object().unwrap().get(key), Some(&Value::Null), "{key}");
    }
    assert!(unit["services"].as_object().unwrap().values().all(Value::is_null));
    assert_eq!(
        (&unit["services"].as_object().unwrap().len(), &unit["supported"]),
        (&8, &json!(false))
    );
}

#[tokio::test]
async fn what_is_open_and_no_unit_is_told_with_what_it_looks_like() {
    let check = async |then: Then, timeout: Duration, expect: &str| {
        let thing = tcp_unit(then).await;
        let report = found(DiscoveryOptions {
            timeout,
            ..criteria(format!("127.0.0.1:{}", thing.port()))
        })
        .await;
        assert_eq!(report.units, []);
        let [entry] = &report.unidentified[..] else {
            panic!("{expect}: {report:?}")
        };
        assert_eq!(
            (entry.address, entry.port),
            (IpAddr::V4(LOCAL), Some(thing.port()))
        );
        assert!(entry.reason.contains(expect), "{expect}: {}", entry.reason);
        assert_eq!((report.stats.probed, report.stats.answered), (1, 1));
        let kind = if expect.contains("TLS") {
            UnidentifiedKind::TlsOnly
        } else {
            UnidentifiedKind::PortOpen
        };
        assert_eq!(entry.kind, kind, "{expect}");
        // A packet may have been lost: where an answer stays out, another connection is tried beside the first.
        let connections = if timeout == SHORT { 2 } else { 1 };
        assert_eq!(thing.times_asked(), connections, "{expect}");
    };
    let close = |bytes: &[u8]| Then::SayAndClose(bytes.to_vec());
    check(
        Then::Say(Vec::new(), 1),
        SHORT,
        "no complete answer came within 200 ms",
    )
    .await;
    check(
        Then::Say(named("A", 1)[..20].to_vec(), 7),
        SHORT,
        "no complete answer",
    )
    .await;
    check(close(&[]), LONG, "closed without an answer").await;
    check(close(&named("A", 1)[..20]), LONG, "cut off after 20 bytes").await;
    check(close(&[0x15, 3, 1, 0, 2, 2, 70]), LONG, "TLS answers there").await;
    check(close(b"HTTP/1.1 400 Bad Request\r\n\r\n"), LONG, "web server").await;
    check(close(b"SSH-2.0-x\r\n"), LONG, "SSH").await;
    check(close(&[0xFF; 5000]), LONG, "does not follow the protocol").await;
    // A frame of 4 MB is announced; the answer to another request; a refusal; a tuple that ends too late.
    check(close(&[0x49, 0xFF, 0x7F, 0xFF]), LONG, "4194303 bytes").await;
    check(
        close(&[0x49, 0, 15, 0x80, 0x54, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0]),
        LONG,
        "does not belong",
    )
    .await;
    check(
        close(&[0x49, 0, 15, 0x80, 0x54, 0, 1, 0, 0, 0, 1, 0x80, 0, 0, 0x43]),
        LONG,
        "result 80000043",
    )
    .await;
    let mut overlong = units::whois(&[(0x0054_0101, b"A")]);
    let length_at = overlong.len() - 2;
    overlong[length_at] = 9;
    check(close(&overlong), LONG, "does not follow the protocol").await;
}

#[tokio::test]
async fn a_refused_connection_is_told_of_an_address_that_was_asked_for_by_itself_and_not_of_a_range() {
    let closed = closed_port();
    let port = closed.local_addr().unwrap().port();
    let report = found(criteria(format!("127.0.0.1-1:{port}"))).await;
    assert_eq!(
        (
            report.unidentified.len(),
            report.stats.probed,
            report.stats.answered
        ),
        (0, 1, 0)
    );
    let single = DiscoveryOptions {
        single: Some(format!("127.0.0.1:{port}")),
        udp: false,
        ..options()
    };
    for options in [single, criteria(format!("127.0.0.1:{port}"))] {
        let report = found(options).await;
        let [refused] = &report.unidentified[..] else {
            panic!("{report:?}")
        };
        assert_eq!(
            (refused.port, refused.kind),
            (Some(port), UnidentifiedKind::Refused)
        );
        assert_eq!(report.no_answer, [], "a refusal is an answer");
    }
}

/// Rows come as units answer: the second unit answers only after the row of the first one was seen.
#[tokio::test]
async fn a_row_comes_while_another_unit_has_not_answered_yet() {
    let quick = tcp_unit(Then::Say(named("Quick", 1), 64)).await;
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let slow = listener.local_addr().unwrap();
    let (seen, was_seen) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        was_seen.await.unwrap();
        stream.write_all(&named("Slow", 2)).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    });
    let events = discover(
        criteria(format!("{};{slow}", quick.place)),
        CancellationToken::new(),
    );
    let mut seen = Some(seen);
    let report = collect(events, |event| {
        if let DiscoveryEvent::Unit { unit, .. } = event
            && let Some(seen) = seen.take()
        {
            assert_eq!(unit.name.as_deref(), Some("Quick"));
            seen.send(()).unwrap();
        }
    })
    .await;
    assert_eq!((report.units.len(), report.stats.answered), (2, 2));
}

#[tokio::test]
async fn two_hundred_units_are_all_found_and_sorted() {
    let mut served = Vec::new();
    let mut entries = Vec::new();
    for number in 0..200_u8 {
        let unit = tcp_unit(Then::Say(named(&format!("unit {number}"), number), 9)).await;
        entries.push(format!("127.0.0.1:{}", unit.port()));
        served.push(unit);
    }
    let options = DiscoveryOptions {
        concurrency: Some(50),
        ..criteria(entries.join("\n"))
    };
    let mut first_at = None;
    let mut seen = 0;
    let events = discover(options, CancellationToken::new());
    let report = collect(events, |event| {
        if matches!(event, DiscoveryEvent::Unit { .. }) {
            seen += 1;
            first_at.get_or_insert(served.iter().filter(|unit| unit.times_asked() > 0).count());
        }
    })
    .await;
    assert_eq!((report.units.len(), seen), (200, 200));
    assert!(
        first_at.unwrap() < 200,
        "the first row comes before the last question"
    );
    assert!(report.units.iter().all(|unit| unit.warnings.is_empty()));
    assert!(
        report
            .units
            .is_sorted_by_key(|unit| (unit.address, unit.discovery_port))
    );
    assert_eq!((report.stats.probed, report.stats.answered), (200, 200));
}

#[tokio::test]
async fn one_unit_at_two_addresses_is_one_row_and_a_copied_mac_is_two() {
    let second = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let one = tcp_unit(Then::Say(named("A", 1), 64)).await;
    let Ok(listener) = TcpListener::bind((second, 0)).await else {
        eprintln!("skipped: this system has no address 127.0.0.2");
        return;
    };
    drop(listener);
    let same = tcp_unit_at(second, Then::Say(named("A", 1), 64)).await;
    let copy = tcp_unit_at(second, Then::Say(named("B", 1), 64)).await;
    let entry = |unit: &units::Served| unit.place.to_string();
    let report = found(criteria(format!("{};{}", entry(&one), entry(&same)))).await;
    assert_eq!(
        (report.units.len(), &report.units[0].other_addresses),
        (1, &vec![second])
    );
    let report = found(criteria(format!("{};{}", entry(&one), entry(&copy)))).await;
    assert_eq!(report.units.len(), 2);
    assert!(
        report
            .units
            .iter()
            .all(|unit| unit.warnings[0].contains("claims the same MAC"))
    );
}

#[tokio::test]
async fn a_name_is_looked_up_asked_and_told_on_the_row() {
    let unit = tcp_unit(Then::Say(named("A", 1), 64)).await;
    let report = found(criteria(format!("LOCALHOST:{}", unit.port()))).await;
    assert_eq!(report.units.len(), 1, "{report:?}");
    assert_eq!(report.problems, []);
    assert_eq!(report.units[0].dns_names, ["localhost"]);
    assert_eq!(
        serde_json::to_value(&report).unwrap()["units"][0]["dns_names"],
        json!(["localhost"])
    );
    // Counted once per address of the name.
    assert!(report.stats.probed >= 1 && report.stats.answered == 1);
}
