//! DevLink3 in literal bytes, from docs/protocol.md section 8: both challenges, what is refused, and the files.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, though not every function is one"
)]

mod common;

use std::time::Duration;

use common::{PASSWORD, Raw, hex, to_hex, unit};
use trunkline_protocol::devlink::auth::response;

const NAME: &str = "00300001 00000001 00000001 41646d696e6973747261746f7200";

/// The answer to a challenge, as a message.
fn answer(challenge: &str, password: &str) -> String {
    let bytes = hex(challenge
        .strip_prefix("80300001000000010000000200000010")
        .unwrap());
    let response = response(&bytes.try_into().unwrap(), &password.into());
    format!("00300001 00000002 00000050 00000014 {}", to_hex(&response))
}

/// A log-in by hash; returns the answer after type and request id.
async fn try_log_in(raw: &mut Raw, password: &str) -> String {
    let challenge = raw.ask(NAME).await;
    let answer = raw.ask(&answer(&challenge, password)).await;
    answer.strip_prefix("8030000100000002").unwrap().to_owned()
}

async fn logged_in(raw: &mut Raw) {
    let answer = try_log_in(raw, PASSWORD).await;
    assert!(answer.starts_with("00000000007d0001"), "{answer}");
}

fn read(name: &str) -> String {
    let name = format!("{name}\0");
    format!("00300041 00000003 {:04x} {}", name.len(), to_hex(name.as_bytes()))
}

/// What a file holds, or the result with which it is refused.
async fn file(raw: &mut Raw, name: &str) -> Result<Vec<u8>, String> {
    let answer = raw.ask(&read(name)).await;
    let rest = answer.strip_prefix("8030004100000003").unwrap();
    match rest.strip_prefix("00000000") {
        Some(contents) => Ok(hex(contents)),
        None => Err(rest.to_owned()),
    }
}

#[tokio::test]
async fn a_hashed_log_in_brings_type_and_version_over_tls_and_without() {
    let (_simulator, unit) = unit("edition = 'Preferred Edition'").await;
    let mut raws = [Raw::devlink3(&unit).await, Raw::devlink3_tls(&unit).await];
    for raw in &mut raws {
        let answer = try_log_in(raw, PASSWORD).await;
        let expect = "00000000 \
            007d0001 001c 4950203530302056320031312e312e322e33206275696c6420323300 \
            007d0002 0012 5072656665727265642045646974696f6e00";
        assert_eq!(answer, expect.replace(' ', ""));
    }
    assert_eq!(unit.log_in_attempts(), 2);
    assert!(unit.audit_trail().contains("DevLink3 log-in"));
}

#[tokio::test]
async fn the_password_itself_is_asked_for_inside_tls_only() {
    let (_simulator, unit) = unit("devlink3 = { challenge = 'password' }").await;
    let mut raw = Raw::devlink3_tls(&unit).await;
    assert_eq!(raw.ask(NAME).await, "803000010000000100000001");
    let password = format!("{:0<64}", to_hex(PASSWORD.as_bytes()));
    let answer = raw
        .ask(&format!("00300001 00000002 00000051 00000020 {password}"))
        .await;
    assert!(answer.starts_with("803000010000000200000000"), "{answer}");

    logged_in(&mut Raw::devlink3(&unit).await).await;
}

#[tokio::test]
async fn failures_are_counted_and_lock() {
    let (simulator, unit) = unit("").await;
    let mut raw = Raw::devlink3(&unit).await;
    let failed = "80000041 00540206 0002";
    for left in ["0002", "0001", "0000 00540205 0004 0000003c"] {
        let answer = try_log_in(&mut raw, "wrong").await;
        assert_eq!(answer, format!("{failed} {left}").replace(' ', ""));
    }
    let locked = "803000010000000180000042005402050004";
    assert_eq!(raw.ask(NAME).await, format!("{locked}0000003c"));
    assert!(raw.is_closed().await);
    // The service counts for itself.
    Raw::configuration(&unit).await.log_in("Administrator").await;
    simulator.clock().advance(Duration::from_mins(1));
    logged_in(&mut Raw::devlink3(&unit).await).await;
}

#[tokio::test]
async fn who_may_not_log_in_is_told_after_the_proof() {
    let (_simulator, unit) = unit("").await;
    for (name, expect) in [
        ("Newcomer", "80000045"),
        ("Former", "80000046"),
        ("Nobody", "80000041 00540206 0002 0002"),
    ] {
        let mut raw = Raw::devlink3(&unit).await;
        let name = to_hex(format!("{name}\0").as_bytes());
        let challenge = raw.ask(&format!("00300001 00000001 00000001 {name}")).await;
        let answer = raw.ask(&answer(&challenge, PASSWORD)).await;
        assert_eq!(answer, format!("8030000100000002{expect}").replace(' ', ""));
    }
}

#[tokio::test]
async fn an_answer_without_a_challenge_or_a_second_time_is_no_log_in() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::devlink3(&unit).await;
    let zeros = "00".repeat(20);
    let unasked = raw
        .ask(&format!("00300001 00000002 00000050 00000014 {zeros}"))
        .await;
    assert_eq!(unasked, "803000010000000280000041");
    assert!(raw.is_closed().await);
    assert_eq!(unit.log_in_attempts(), 0);

    let mut raw = Raw::devlink3(&unit).await;
    let challenge = raw.ask(NAME).await;
    let right = answer(&challenge, PASSWORD);
    assert!(raw.ask(&right).await.starts_with("803000010000000200000000"));
    assert_eq!(
        raw.ask(&right).await,
        "803000010000000280000041",
        "a challenge serves once"
    );
}

#[tokio::test]
async fn three_connections_have_a_place_and_the_fourth_when_one_leaves() {
    let (_simulator, unit) = unit("").await;
    let mut three = Vec::new();
    for _ in 0..3 {
        let mut raw = Raw::devlink3_tls(&unit).await;
        logged_in(&mut raw).await;
        three.push(raw);
    }
    let mut fourth = Raw::devlink3(&unit).await;
    assert_eq!(fourth.ask(NAME).await, "803000010000000180000042");
    assert!(fourth.is_closed().await);
    three.pop();
    // The unit notices that a client left when it next looks at that connection.
    loop {
        let mut fourth = Raw::devlink3(&unit).await;
        if fourth.ask(NAME).await != "803000010000000180000042" {
            break;
        }
    }
}

#[tokio::test]
async fn without_a_licence_nobody_is_asked_for_a_password() {
    let (_simulator, unit) = unit("devlink3 = { licence = false }").await;
    let mut raw = Raw::devlink3_tls(&unit).await;
    assert_eq!(raw.ask(NAME).await, "803000010000000180000044");
    assert!(raw.is_closed().await);
}

#[tokio::test]
async fn a_unit_offers_it_or_not_and_whois_says_so() {
    for (keys, offered) in [
        ("", true),
        ("tls = false", true),
        ("devlink3 = { offered = false }", false),
        ("version = '3.1.56'\ndiscovery = true", false),
    ] {
        let (_simulator, unit) = unit(keys).await;
        let ports = unit.ports();
        assert_eq!(ports.devlink3.is_some(), offered, "{keys}");
        assert_eq!(
            ports.devlink3_tls.is_some(),
            offered && !keys.contains("tls"),
            "{keys}"
        );
        let whois = Raw::discovery(&unit).await.ask("00540001 00000001 01").await;
        let at = whois.find("005401070004").unwrap() + 12;
        let capabilities = u32::from_str_radix(&whois[at..at + 8], 16).unwrap();
        assert_eq!(capabilities & 64 != 0, offered, "{keys}");
    }
}

#[tokio::test]
async fn the_files_are_made_from_what_the_unit_holds() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::devlink3(&unit).await;
    assert_eq!(
        file(&mut raw, "nasystem/who_is").await,
        Err("80000051".into()),
        "before the log-in"
    );
    logged_in(&mut raw).await;
    let who_is = file(&mut raw, "nasystem/who_is").await.unwrap();
    assert!(who_is.starts_with(b"MAC \"00E00740") && who_is.ends_with(b"NAME \"Z\xfcrich, Filiale 2\"\r\n"));
    let users = file(&mut raw, "nasystem/user_list8").await.unwrap();
    assert!(
        users.starts_with(b"Extn200,200,Ada Meier,1,9,0,,Extn200@example.com\r\nExtn201,201,"),
        "{}",
        users.escape_ascii()
    );
    let directory = file(&mut raw, "nasystem/dir_list").await.unwrap();
    assert_eq!(
        directory,
        b"\"Taxi, day and night\",0445550001\r\nM\xe9t\xe9o,162\r\n?\xf3d? office,0048425550002\r\n"
    );
    let groups = file(&mut raw, "nasystem/hunt_list").await.unwrap();
    assert!(
        groups.starts_with(b"Group 1,900,,0,1,,,0\r\n"),
        "{}",
        groups.escape_ascii()
    );
    let licences = file(&mut raw, "nasystem/licence_list").await.unwrap();
    assert!(
        licences.ends_with(b"CTI Link Pro,1,2,Never\r\n"),
        "{}",
        licences.escape_ascii()
    );
    let extensions = file(&mut raw, "nasystem/extn_list").await.unwrap();
    assert!(
        extensions.starts_with(b"200,8000,H323\r\n"),
        "{}",
        extensions.escape_ascii()
    );
    for missing in ["nasystem/rconfig", "nasystem/../user_list8", "who_is", ""] {
        assert_eq!(file(&mut raw, missing).await, Err("80000071".into()), "{missing}");
    }

    unit.change_configuration(
        &b"<data><ws_object><User GUID=\"1\"><Name>Neu</Name></User></ws_object></data>"[..],
    );
    assert_eq!(
        file(&mut raw, "nasystem/user_list8").await.unwrap(),
        b"Neu,,,,0,0,,\r\n"
    );
    unit.change_configuration(&b"\xff\xfe no document"[..]);
    assert_eq!(file(&mut raw, "nasystem/user_list8").await.unwrap(), b"");
}

#[tokio::test]
async fn a_file_that_fits_no_frame_is_refused() {
    let (_simulator, unit) = unit("").await;
    let user =
        "<ws_object><User><FullName>0123456789012345678901234567890123456789</FullName></User></ws_object>";
    unit.change_configuration(format!("<data>{}</data>", user.repeat(21_000)));
    let mut raw = Raw::devlink3(&unit).await;
    logged_in(&mut raw).await;
    assert_eq!(
        file(&mut raw, "nasystem/user_list8").await,
        Err("80000063".into())
    );
}
