//! Every fault does what it says.

mod common;

use std::time::{Duration, Instant};

use common::{MERGE, Object, Raw, Write, ZEROS, options, sha256, soon, to_hex, unit, unit_with};
use tokio::net::UdpSocket;
use trunkline_protocol::link::auth::Service;
use trunkline_simulator::{Options, Simulator, Unit};

async fn faulty(fault: &str) -> (Simulator, Unit) {
    unit(&format!("size = 100000\nfaults = ['{fault}']")).await
}

async fn logged_in(unit: &Unit) -> Raw {
    let mut raw = Raw::configuration(unit).await;
    raw.log_in("Administrator").await;
    raw
}

async fn received(unit: &Unit) -> Object {
    logged_in(unit).await.read(1, 0, ZEROS).await
}

#[tokio::test]
async fn cut_read_closes_at_its_byte_and_only_as_often_as_it_should() {
    let (_simulator, unit) = faulty("cut-read:40000:1").await;
    let whole = unit.configuration().unwrap();
    let cut = received(&unit).await;
    assert_eq!(
        (cut.length, cut.bytes(), cut.end),
        (100_000, whole[..40_000].to_vec(), None)
    );
    let rest = logged_in(&unit).await.read(1, 40_000, &cut.sha256).await;
    assert_eq!(rest.bytes(), whole[40_000..]);
    assert_eq!(rest.end, Some(sha256(&whole)));
}

#[tokio::test]
async fn stall_goes_silent_at_its_byte() {
    let (_simulator, unit) = faulty("stall:40000").await;
    let mut raw = logged_in(&unit).await;
    raw.send(&format!("00540011 00000009 01 0000000000000000 {ZEROS}"))
        .await;
    let mut bytes = 0;
    assert!(raw.receive().await.starts_with("805400110000000900000000"));
    while bytes < 40_000 {
        bytes += raw.receive().await.len() / 2 - 16;
    }
    assert_eq!(bytes, 40_000);
    let other = async { drop(logged_in(&unit).await) };
    assert!(raw.is_silent(other).await);
}

#[tokio::test]
async fn lies_about_the_length_leave_the_data_as_it_is() {
    for (lie, length) in [("long", 101_000), ("short", 99_999), ("huge", 1 << 40)] {
        let (_simulator, unit) = faulty(&format!("lie-length:{lie}")).await;
        let object = received(&unit).await;
        assert_eq!((object.length, object.bytes().len()), (length, 100_000), "{lie}");
    }
}

#[tokio::test]
async fn gaps_repetitions_overruns_and_early_ends() {
    let check = async |fault: &str, length: usize, continues: bool| {
        let (_simulator, unit) = faulty(fault).await;
        let object = received(&unit).await;
        assert_eq!(
            (object.length, object.bytes().len()),
            (100_000, length),
            "{fault}"
        );
        assert_eq!(object.continues_from(0), continues, "{fault}");
        assert!(object.end.is_some(), "{fault}");
    };
    check("gap", 100_000 - 512, false).await;
    check("repeat", 100_000 + 512, false).await;
    check("overrun", 100_032, true).await;
    check("short", 49_664, true).await;
}

#[tokio::test]
async fn a_small_object_suffers_the_same() {
    for (fault, length) in [("gap", 0), ("repeat", 40), ("short", 0), ("overrun", 52)] {
        let (_simulator, unit) = unit(&format!("size = 20\nfaults = ['{fault}']")).await;
        assert_eq!(received(&unit).await.bytes().len(), length, "{fault}");
    }
}

#[tokio::test]
async fn wrong_hash_is_announced_and_confirmed() {
    let (_simulator, unit) = faulty("wrong-hash").await;
    let object = received(&unit).await;
    assert_ne!(object.sha256, sha256(&object.bytes()));
    assert_eq!(object.end, Some(object.sha256));
}

#[tokio::test]
async fn cut_write_and_cut_before_commit_store_nothing() {
    for fault in ["cut-write:5", "cut-before-commit"] {
        let (_simulator, unit) = faulty(fault).await;
        let before = unit.configuration().unwrap();
        let mut raw = logged_in(&unit).await;
        assert_eq!(raw.announce(&MERGE, b"<data/>").await, "00000000");
        raw.send(&format!(
            "00540022 0000000b 0000000000000000 {}",
            to_hex(b"<data/>")
        ))
        .await;
        if fault == "cut-before-commit" {
            raw.send(&format!("00540023 0000000c {}", sha256(b"<data/>")))
                .await;
        }
        assert!(raw.is_closed().await, "{fault}");
        assert_eq!(
            (unit.configuration().unwrap(), unit.revision()),
            (before, "r418".into())
        );
    }
}

#[tokio::test]
async fn cut_before_commit_answer_stores_everything() {
    let (_simulator, unit) = faulty("cut-before-commit-answer").await;
    let mut raw = logged_in(&unit).await;
    assert_eq!(
        raw.announce(
            &Write {
                base: "r418",
                ..MERGE
            },
            b"<data/>"
        )
        .await,
        "00000000"
    );
    raw.send(&format!(
        "00540022 0000000b 0000000000000000 {}",
        to_hex(b"<data/>")
    ))
    .await;
    raw.send(&format!("00540023 0000000c {}", sha256(b"<data/>")))
        .await;
    assert!(raw.is_closed().await);
    assert_eq!(
        (unit.configuration().unwrap(), unit.revision()),
        ("<data/>".into(), "r419".into())
    );
    assert!(
        logged_in(&unit)
            .await
            .ask("00540071 00000003 01")
            .await
            .ends_with("000472343139")
    );
}

#[tokio::test]
async fn delay_comes_before_each_answer() {
    let (_simulator, unit) = faulty("delay:60").await;
    let mut raw = Raw::discovery(&unit).await;
    for _ in 0..2 {
        let asked = Instant::now();
        raw.ask("00540001 00000007 01").await;
        assert!(asked.elapsed() >= Duration::from_millis(60));
    }
}

#[tokio::test]
async fn garbage_and_oversized_headers_are_no_frames() {
    for (fault, expect) in [("garbage", &b"HTTP"[..]), ("frame-4mb", b"\x49\xff\x7f\xff")] {
        let (_simulator, unit) = faulty(fault).await;
        let mut raw = Raw::configuration(&unit).await;
        raw.send("00300001 00000001 00000003").await;
        assert_eq!(&raw.bytes(4).await[..4], expect, "{fault}");
        let mut discovery = Raw::discovery(&unit).await;
        assert!(
            discovery
                .ask("00540001 00000007 01")
                .await
                .starts_with("80540001"),
            "discovery is spared"
        );
    }
    let (_simulator, unit) = faulty("discovery-garbage").await;
    let mut raw = Raw::discovery(&unit).await;
    raw.send("00540001 00000007 01").await;
    assert_eq!(raw.bytes(4).await[..4], *b"HTTP");
    logged_in(&unit).await;
}

#[tokio::test]
async fn silence_is_accepted_and_never_answered() {
    let (_simulator, unit) = faulty("silent").await;
    let mut raw = Raw::configuration(&unit).await;
    raw.send("00540001 00000007 01").await;
    let other = async {
        let answer = Raw::discovery(&unit).await.ask("00540001 00000007 01").await;
        assert!(answer.starts_with("80540001"));
    };
    assert!(raw.is_silent(other).await);

    let (_simulator, unit) = faulty("discovery-silent").await;
    let mut raw = Raw::discovery(&unit).await;
    raw.send("00540001 00000007 01").await;
    let other = async { drop(logged_in(&unit).await) };
    assert!(raw.is_silent(other).await);
}

#[tokio::test]
async fn torn_frames_arrive_whole_in_the_end() {
    let (_simulator, unit) = faulty("torn").await;
    assert_eq!(received(&unit).await.bytes(), unit.configuration().unwrap());
    let mut tls = Raw::configuration_tls(&unit).await;
    tls.log_in("Administrator").await;
}

#[tokio::test]
async fn long_headers_are_the_long_form_of_short_frames() {
    let (_simulator, unit) = faulty("long-headers").await;
    let mut raw = Raw::discovery(&unit).await;
    raw.send("002a0001 00000001 00000000").await;
    assert_eq!(
        to_hex(&raw.frame().await),
        "49800014802a0001000000010000000000000000"
    );
    assert_eq!(received(&unit).await.bytes(), unit.configuration().unwrap());
}

#[tokio::test]
async fn unknown_tags_and_messages_stand_beside_the_right_ones() {
    let (_simulator, unit) = faulty("unknown-tags").await;
    let mut raw = Raw::discovery(&unit).await;
    let unasked = raw.ask("00540001 00000007 01").await;
    assert!(unasked.starts_with("1054007f00"), "{unasked}");
    let answer = raw.receive().await;
    assert!(answer.starts_with("805400010000000700000000"), "{answer}");
    assert!(answer.contains("00547fff0010000102"), "{answer}");
}

#[tokio::test]
async fn refuse_tls_closes_before_the_handshake_and_spares_plain_tcp() {
    let (_simulator, unit) = faulty("refuse-tls").await;
    let port = unit.ports().configuration_tls;
    assert!(Raw::over_tls(&unit, port, Service::Configuration).await.is_err());
    logged_in(&unit).await;
}

#[tokio::test]
async fn loss_loses_packets() {
    let ask = async |unit: &Unit, patience: Duration| {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = (unit.address(), unit.ports().tftp.unwrap());
        socket
            .send_to(b"\x00\x01nasystem/who_is\0octet\0", to)
            .await
            .unwrap();
        let mut buffer = [0; 600];
        tokio::time::timeout(patience, socket.recv_from(&mut buffer))
            .await
            .is_ok()
    };
    let (_simulator, unit) = faulty("loss:100").await;
    let shortly = Duration::from_millis(200);
    assert!(!ask(&unit, shortly).await);
    unit.set_faults(&["loss:0".parse().unwrap()]);
    assert!(ask(&unit, Duration::from_secs(20)).await);
    // Each request has an even chance to be lost: of 20, neither all are nor none.
    unit.set_faults(&["loss:50".parse().unwrap()]);
    let answered = async {
        let mut answered = 0;
        for _ in 0..20 {
            answered += u32::from(ask(&unit, shortly).await);
        }
        answered
    };
    assert!((1..20).contains(&answered.await));
}

#[tokio::test]
async fn faults_can_be_given_to_all_units_and_taken_away() {
    let options = Options {
        faults: vec!["discovery-garbage".parse().unwrap()],
        ..options()
    };
    let (_simulator, unit) = unit_with("", options).await;
    let mut raw = Raw::discovery(&unit).await;
    raw.send("00540001 00000007 01").await;
    assert_eq!(soon(raw.bytes(4)).await[..4], *b"HTTP");
    unit.set_faults(&[]);
    assert!(
        Raw::discovery(&unit)
            .await
            .ask("00540001 00000007 01")
            .await
            .starts_with("80540001")
    );
}
