//! Log-in in literal bytes, and what is refused before and after it.

mod common;

use std::time::Duration;

use common::{PASSWORD, Raw, ZEROS, hex, options, unit, unit_with};
use trunkline_protocol::link::auth::{Channel, Service};
use trunkline_simulator::{FaultKind, Options};

const FAILED_TWO_LEFT: &str = "8000004100540206000200 02";
const FAILED_ONE_LEFT: &str = "8000004100540206000200 01";
const FAILED_NONE_LEFT: &str = "8000004100540206000200 00 00540205 0004 0000003c";
const LOCKED_FOR_A_MINUTE: &str = "80000042 00540205 0004 0000003c";

#[track_caller]
fn check(answer: &str, expect: &str) {
    assert_eq!(answer, expect.replace(' ', ""));
}

#[tokio::test]
async fn a_log_in_brings_proof_rights_expiry_revision_and_size() {
    let (_simulator, unit) = unit("max_size = 2097152").await;
    let mut raw = Raw::configuration(&unit).await;
    let challenge = raw.request_challenge().await;
    // Three iterations, 16 bytes of salt, 32 of nonce.
    assert!(
        challenge.starts_with("803000010000000100000003000000030010"),
        "{challenge}"
    );
    assert_eq!((&challenge[68..72], challenge.len()), ("0020", 72 + 64));
    let (message, unit_proof) = raw.proof(&challenge, "Administrator", PASSWORD);
    let expect = format!(
        "80300001 00000002 00000000 00540201 0020 {unit_proof} 00540202 0004 000001ff 00540203 0002 003c \
         00540301 0004 72343138 00540302 0008 0000000000200000"
    );
    check(&raw.ask(&message).await, &expect);
    assert_eq!(unit.log_in_attempts(), 1);
    let mut second = Raw::configuration_tls(&unit).await;
    let answer = second.try_log_in("Administrator", PASSWORD).await;
    assert!(
        answer.contains("005402040014"),
        "the last log-in, 20 characters: {answer}"
    );
}

#[tokio::test]
async fn an_iteration_count_is_what_the_file_says() {
    let (_simulator, unit) = unit_with(
        "iterations = 60000",
        Options {
            iterations: None,
            ..options()
        },
    )
    .await;
    let mut raw = Raw::configuration(&unit).await;
    let challenge = raw.request_challenge().await;
    assert_eq!(&challenge[24..32], "0000ea60");
    let (message, _) = raw.proof(&challenge, "Auditor", PASSWORD);
    assert!(raw.ask(&message).await.starts_with("803000010000000200000000"));
}

#[tokio::test]
async fn three_failures_lock_the_service_for_a_minute_and_nothing_else() {
    let (simulator, unit) = unit("").await;
    for expect in [FAILED_TWO_LEFT, FAILED_ONE_LEFT, FAILED_NONE_LEFT] {
        let mut raw = Raw::configuration(&unit).await;
        check(&raw.try_log_in("Administrator", "wrong").await, expect);
    }
    let mut raw = Raw::configuration(&unit).await;
    check(
        &raw.request_challenge().await,
        &format!("80300001 00000001 {LOCKED_FOR_A_MINUTE}"),
    );
    Raw::security(&unit).await.log_in("Administrator").await;
    simulator.clock().advance(Duration::from_mins(1));
    raw.log_in("Administrator").await;
    assert_eq!(unit.log_in_attempts(), 5);
}

#[tokio::test]
async fn a_challenge_from_before_the_lock_is_worth_nothing_during_it() {
    let (_simulator, unit) = unit("").await;
    let mut early = Raw::configuration(&unit).await;
    let challenge = early.request_challenge().await;
    let (message, _) = early.proof(&challenge, "Administrator", PASSWORD);
    for _ in 0..3 {
        Raw::configuration(&unit)
            .await
            .try_log_in("Administrator", "wrong")
            .await;
    }
    check(
        &early.ask(&message).await,
        &format!("80300001 00000002 {LOCKED_FOR_A_MINUTE}"),
    );
    unit.unlock();
    early.log_in("Administrator").await;
}

#[tokio::test]
async fn failures_are_forgotten_after_ten_minutes_and_after_a_success() {
    let (simulator, unit) = unit("").await;
    let mut raw = Raw::configuration(&unit).await;
    check(&raw.try_log_in("Nobody", PASSWORD).await, FAILED_TWO_LEFT);
    check(&raw.try_log_in("administrator", PASSWORD).await, FAILED_ONE_LEFT);
    simulator.clock().advance(Duration::from_mins(10));
    check(&raw.try_log_in("Administrator", "").await, FAILED_TWO_LEFT);
    raw.log_in("Administrator").await;
    check(&raw.try_log_in("Administrator", "wrong").await, FAILED_TWO_LEFT);
}

#[tokio::test]
async fn a_nonce_serves_one_attempt_on_its_own_connection() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::configuration(&unit).await;
    let challenge = raw.request_challenge().await;
    let (message, _) = raw.proof(&challenge, "Administrator", PASSWORD);
    assert!(raw.ask(&message).await.starts_with("803000010000000200000000"));
    check(
        &raw.ask(&message).await,
        &format!("80300001 00000002 {FAILED_TWO_LEFT}"),
    );
    let mut other = Raw::configuration(&unit).await;
    other.request_challenge().await;
    check(
        &other.ask(&message).await,
        &format!("80300001 00000002 {FAILED_ONE_LEFT}"),
    );
    // Without any challenge it is a failure too.
    let mut none = Raw::configuration(&unit).await;
    check(
        &none.ask(&message).await,
        &format!("80300001 00000002 {FAILED_NONE_LEFT}"),
    );
}

#[tokio::test]
async fn a_proof_for_another_channel_is_worth_nothing() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::configuration_tls(&unit).await;
    assert_eq!(raw.fingerprint(), unit.fingerprint());
    raw.log_in("Administrator").await;
    raw.pretend(Channel {
        service: Service::Configuration,
        certificate: None,
    });
    check(&raw.try_log_in("Administrator", PASSWORD).await, FAILED_TWO_LEFT);
    raw.pretend(Channel {
        service: Service::Security,
        certificate: unit.fingerprint(),
    });
    check(&raw.try_log_in("Administrator", PASSWORD).await, FAILED_ONE_LEFT);
}

#[tokio::test]
async fn a_disabled_account_is_named_only_to_who_knows_its_password() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::configuration(&unit).await;
    check(&raw.try_log_in("Former", "wrong").await, FAILED_TWO_LEFT);
    check(&raw.try_log_in("Former", PASSWORD).await, "80000046");
    assert_eq!(
        raw.ask("00540071 00000003 01").await,
        "805400710000000380000051",
        "nobody is logged in"
    );
}

#[tokio::test]
async fn a_password_that_must_be_changed_allows_that_and_nothing_else() {
    let (_simulator, unit) = unit("").await;
    let mut plain = Raw::configuration(&unit).await;
    let challenge = plain.request_challenge().await;
    let (message, unit_proof) = plain.proof(&challenge, "Newcomer", PASSWORD);
    let expect = format!("80300001 00000002 80000045 00540201 0020 {unit_proof}");
    check(&plain.ask(&message).await, &expect);
    check(
        &plain.ask("00540071 00000003 01").await,
        "80540071 00000003 80000045",
    );
    check(
        &plain
            .ask(&format!("00540011 00000003 01 0000000000000000 {ZEROS}"))
            .await,
        "80540011 00000003 80000045",
    );
    let change = "00540051 00000004 0008 6e65772d34322121";
    check(&plain.ask(change).await, "80540051 00000004 80000052");

    let mut raw = Raw::configuration_tls(&unit).await;
    assert!(raw.try_log_in("Newcomer", PASSWORD).await.starts_with("80000045"));
    check(
        &raw.ask("00540051 00000004 0000").await,
        "80540051 00000004 80000066",
    );
    check(&raw.ask(change).await, "80540051 00000004 00000000");
    assert!(
        raw.ask("00540071 00000003 01")
            .await
            .starts_with("805400710000000300000000")
    );

    let mut again = Raw::configuration(&unit).await;
    check(&again.try_log_in("Newcomer", PASSWORD).await, FAILED_TWO_LEFT);
    assert!(
        again
            .try_log_in("Newcomer", "new-42!!")
            .await
            .starts_with("00000000")
    );
}

#[tokio::test]
async fn strangers_are_refused() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::configuration(&unit).await;
    check(
        &raw.ask("002a0001 00000001 00000001 ff").await,
        "802a0001 00000001 00000000 00000001 ff",
    );
    for (request, kind) in [
        (
            format!("00540011 00000002 01 0000000000000000 {ZEROS}"),
            "80540011",
        ),
        (
            format!("00540021 00000002 01 01 0000 00 0000000000000001 {ZEROS} 0000"),
            "80540021",
        ),
        (format!("00540023 00000002 {ZEROS}"), "80540023"),
        ("00540031 00000002 02 0000 00".into(), "80540031"),
        ("00540051 00000002 0001 61".into(), "80540051"),
        ("00540071 00000002 01".into(), "80540071"),
    ] {
        check(&raw.ask(&request).await, &format!("{kind} 00000002 80000051"));
    }
    raw.send("00540022 00000002 0000000000000000 00").await;
    assert!(raw.is_closed().await, "data has no answer");
}

#[tokio::test]
async fn frames_may_be_large_after_a_log_in_only() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    // A frame of 65,537 bytes: data that nobody asked for, which has no answer.
    let mut frame = hex("49820001 00540022 00000005 0000000000000000");
    frame.resize(65_537, 0);
    raw.send_bytes(&frame).await;
    assert_eq!(
        raw.ask("002a0001 00000001 00000000").await,
        "802a0001000000010000000000000000"
    );
    raw.send_bytes(&hex("49a00001")).await;
    assert!(raw.is_closed().await, "a header of 1,048,577 bytes");
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    raw.request_challenge().await;
    raw.send_bytes(&hex("49820001")).await;
    assert!(
        raw.is_closed().await,
        "who asks for a challenge is a stranger again"
    );
}

#[tokio::test]
async fn the_impostors_and_the_burners_of_time() {
    let (_simulator, unit) = unit("").await;
    unit.set_faults(&[FaultKind::WrongProof.into()]);
    let mut raw = Raw::configuration(&unit).await;
    let challenge = raw.request_challenge().await;
    let (message, unit_proof) = raw.proof(&challenge, "Administrator", PASSWORD);
    let answer = raw.ask(&message).await;
    assert!(
        answer.starts_with("803000010000000200000000005402010020"),
        "{answer}"
    );
    assert_ne!(&answer[36..100], unit_proof);

    unit.set_faults(&[FaultKind::NoProof.into()]);
    let answer = Raw::configuration(&unit)
        .await
        .try_log_in("Administrator", PASSWORD)
        .await;
    assert!(answer.starts_with("0000000000540202"), "{answer}");

    unit.set_faults(&["iterations:4000000000".parse().unwrap()]);
    let challenge = Raw::configuration(&unit).await.request_challenge().await;
    assert_eq!(&challenge[24..32], "ee6b2800");
}

#[tokio::test]
async fn a_new_certificate_is_another_one() {
    let (_simulator, unit) = unit("").await;
    let before = Raw::configuration_tls(&unit).await.fingerprint();
    unit.replace_certificate().unwrap();
    let after = Raw::security_tls(&unit).await.fingerprint();
    assert_ne!(before, after);
    assert_eq!(after, unit.fingerprint());
}
