//! Units that answer who_is over TFTP, alone and beside Whois.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::net::UdpSocket;
use trunkline_core::discovery::{DiscoveryOptions, Means, Method, SavedSite, UnidentifiedKind};

use super::units::{Then, data_block, named, tcp_unit, udp_responder, udp_unit};
use super::{LOCAL, SHORT, WHO_IS, found, options};

#[tokio::test]
async fn a_single_address_is_asked_by_udp_and_tcp_and_contradictions_are_warnings() {
    let check = async |whois: Vec<u8>, warnings: &[&str]| {
        let by_udp = udp_unit(LOCAL, WHO_IS).await;
        let by_tcp = tcp_unit(Then::Say(whois, 3)).await;
        let single = Some(by_tcp.place.to_string());
        let report = found(DiscoveryOptions {
            single,
            tftp_port: by_udp.port(),
            ..options()
        })
        .await;
        let [unit] = &report.units[..] else {
            panic!("{report:?}")
        };
        assert_eq!(unit.found_by, [Means::Udp, Means::Tcp]);
        assert_eq!(unit.warnings.len(), warnings.len(), "{:?}", unit.warnings);
        for (warning, expect) in unit.warnings.iter().zip(warnings) {
            assert!(warning.contains(expect), "{warning}");
        }
        assert_eq!((report.stats.probed, report.stats.answered), (1, 1));
        assert_eq!(by_udp.times_asked(), 1, "who answered is not asked again");
        unit.name.clone().unwrap()
    };
    assert_eq!(check(named("A", 1), &[]).await, "A");
    assert_eq!(
        check(named("B", 1), &["by UDP its name is \"A\", by TCP \"B\""]).await,
        "B"
    );
    assert_eq!(check(named("B", 2), &["MAC address", "name"]).await, "B");
}

#[tokio::test]
async fn saved_sites_are_found_with_their_group_and_old_systems_with_their_method() {
    let answer =
        "MAC \"00E007000003\", TYPE \"IP 403\", P3 \"0\", P4 \"1\", VERSION \"3.1(48)\", NAME \"Old\"";
    let old = udp_unit(LOCAL, answer).await;
    let site = SavedSite {
        name: "Old one".into(),
        group: Some("North".into()),
        host: "127.0.0.1".into(),
        tftp_port: Some(old.port()),
        ..SavedSite::default()
    };
    let report = found(DiscoveryOptions {
        sites: vec![site],
        tcp: false,
        ..options()
    })
    .await;
    let [unit] = &report.units[..] else {
        panic!("{report:?}")
    };
    assert_eq!(unit.found_by, [Means::Udp, Means::Saved]);
    assert_eq!(
        (unit.group.as_deref(), unit.site.as_deref()),
        (Some("North"), Some("Old one"))
    );
    assert_eq!((unit.method, unit.supported), (Some(Method::Tftp), false));
    assert_eq!((report.stats.probed, report.stats.answered), (1, 1));
}

/// On Windows each address where nobody listens comes back as an error of the one socket that asks them all.
#[tokio::test]
async fn hundreds_of_sites_where_nobody_listens_do_not_hide_the_one_that_answers() {
    let unit = udp_unit(LOCAL, WHO_IS).await;
    let site = |last: u8| SavedSite {
        name: format!("Site {last}"),
        host: Ipv4Addr::new(127, 0, 0, last).to_string(),
        tftp_port: Some(unit.port()),
        ..SavedSite::default()
    };
    let report = found(DiscoveryOptions {
        sites: (2..=250).chain([1]).map(site).collect(),
        tcp: false,
        timeout: SHORT,
        ..options()
    })
    .await;
    let names: Vec<_> = report.units.iter().map(|unit| unit.site.as_deref()).collect();
    assert_eq!(names, [Some("Site 1")], "{report:?}");
}

#[tokio::test]
async fn several_units_answer_one_broadcast_each_from_a_port_of_its_own() {
    // Loopback has a broadcast address on Linux; elsewhere the namespace tests do this.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let answers: Vec<_> = (0..3_u8)
        .map(|n| WHO_IS.replace("000001", &format!("00000{n}")).replace('A', "B"))
        .collect();
    let unit = tokio::spawn(async move {
        let mut buffer = [0; 600];
        let mut transfers = Vec::new();
        while let Ok((_, from)) = socket.recv_from(&mut buffer).await {
            for answer in &answers {
                let transfer = UdpSocket::bind((LOCAL, 0)).await.unwrap();
                // Twice: a lost acknowledgement makes a unit repeat itself.
                for _ in 0..2 {
                    transfer
                        .send_to(&data_block(answer.as_bytes()), from)
                        .await
                        .unwrap();
                }
                transfers.push(transfer);
            }
        }
    });
    let broadcast = vec![Ipv4Addr::new(127, 255, 255, 255)];
    let report = found(DiscoveryOptions {
        broadcast,
        tftp_port: port,
        timeout: SHORT,
        tcp: false,
        ..options()
    })
    .await;
    unit.abort();
    if !cfg!(target_os = "linux") {
        return;
    }
    assert_eq!(report.notices, [""; 0]);
    let macs: Vec<_> = report
        .units
        .iter()
        .map(|unit| unit.mac.as_deref().unwrap())
        .collect();
    assert_eq!(
        macs,
        ["00:E0:07:00:00:00", "00:E0:07:00:00:01", "00:E0:07:00:00:02"]
    );
    assert_eq!(report.stats.probed, 1);
}

#[tokio::test]
async fn what_answers_by_udp_and_is_no_unit_is_told_once() {
    let check = async |datagram: Vec<u8>, timeout: Duration, expect: &str| {
        let thing = udp_responder(LOCAL, datagram).await;
        let single = Some("127.0.0.1".to_owned());
        let options = DiscoveryOptions {
            single,
            tftp_port: thing.port(),
            tcp: false,
            timeout,
            ..options()
        };
        let report = found(options).await;
        assert_eq!(report.units, []);
        let [entry] = &report.unidentified[..] else {
            panic!("{expect}: {report:?}")
        };
        assert_eq!(
            (entry.address, entry.port),
            (IpAddr::V4(LOCAL), Some(thing.port()))
        );
        assert!(entry.reason.contains(expect), "{expect}: {}", entry.reason);
        assert_eq!(entry.kind, UnidentifiedKind::OtherTftp, "{expect}");
    };
    check(data_block(b"hello, world"), SHORT, "not as a unit does").await;
    check(data_block(&[b'A'; 1800]), SHORT, "not with TFTP").await;
    check(data_block(&vec![b'A'; 60_000]), SHORT, "not with TFTP").await;
    check(b"garbage".to_vec(), SHORT, "not with TFTP").await;
    check(
        b"\0\x05\0\x01no such file\0".to_vec(),
        SHORT,
        "refuses to say who it is",
    )
    .await;
}
