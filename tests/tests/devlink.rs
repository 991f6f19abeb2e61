//! DevLink3 of the core against a unit that this project's code did not write, and against a virtual one.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_core::devlink::{DevLinkConnection, DevLinkPorts, DevLinkSession};
use trunkline_core::{Error, Fingerprint, Overrides, ServiceUser, TlsUse, Trust, silent};
use trunkline_protocol::link::Service;
use trunkline_tests::computer::{Computer, holds, plain};
use trunkline_tests::desk::{Desk, code, over_tls};
use trunkline_tests::foreign_devlink::{CONTENTS, FILE, ForeignDevLink, Mood, PASSWORD, USER};
use trunkline_tests::simulated::{ADMINISTRATOR, FORMER, NEWCOMER};

/// A short patience, for units that say nothing.
const IMPATIENT: Duration = Duration::from_millis(300);

async fn log_in(
    computer: &Computer,
    target: &str,
    ports: DevLinkPorts,
    overrides: &Overrides,
    (name, password): (&str, &str),
) -> Result<DevLinkSession, Error> {
    let local = &computer.local;
    let access = local
        .devlink_access(&computer.target(target), ports, overrides)
        .await?;
    let access = access.with_patience(computer.patience);
    let connection = DevLinkConnection::open(access, CancellationToken::new(), &silent).await?;
    let user = ServiceUser {
        name: name.into(),
        password: password.into(),
    };
    local.log_in_devlink(connection, user, overrides, &silent).await
}

async fn read(computer: &Computer, unit: &ForeignDevLink, overrides: &Overrides) -> Result<Vec<u8>, Error> {
    let ports = DevLinkPorts {
        tls: unit.tls,
        plain: unit.plain,
    };
    let user = (USER, PASSWORD);
    let mut session = log_in(computer, "127.0.0.1:9", ports, overrides, user).await?;
    let contents = session.read_file(&FILE.parse().unwrap(), &silent).await?;
    session.close().await;
    Ok(contents.to_vec())
}

fn trusting(unit: &ForeignDevLink) -> Overrides {
    Overrides {
        fingerprint: Some(Fingerprint::from_bytes(unit.fingerprint)),
        ..over_tls()
    }
}

fn pin(computer: &Computer, port: u16, fingerprint: [u8; 32]) {
    let pinned = Fingerprint::from_bytes(fingerprint);
    computer
        .local
        .store
        .update(|data| {
            data.set_pin("127.0.0.1", port, pinned);
            Ok(())
        })
        .unwrap();
}

fn pins(computer: &Computer) -> Vec<String> {
    let data = computer.local.store.read().unwrap();
    data.pins().map(|(key, _)| key.to_owned()).collect()
}

#[tokio::test]
async fn a_file_is_read_over_tls_and_over_plain_tcp_with_the_same_bytes() {
    for mood in [Mood::Hash, Mood::Odd] {
        for overrides in [over_tls(), plain()] {
            let (computer, unit) = (Computer::default(), ForeignDevLink::start(mood));
            assert_eq!(
                read(&computer, &unit, &overrides).await.unwrap(),
                CONTENTS,
                "{mood:?}"
            );
            // Log-in by name, SHA-1 of challenge and 16 bytes of password, file by name.
            let mut heard =
                b"\x49\x00\x15\x00\x30\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01J\xc3\xbcrg\0".to_vec();
            heard.extend(b"\x49\x00\x27\x00\x30\x00\x01\x00\x00\x00\x02\x00\x00\x00\x50\x00\x00\x00\x14");
            heard.extend(unit.seen().heard[heard.len()..heard.len() + 20].to_vec());
            heard.extend(b"\x49\x00\x20\x00\x30\x00\x41\x00\x00\x00\x03\x00\x13nasystem/hunt_list\0");
            assert_eq!(unit.seen().heard, heard, "{mood:?}");
            assert_eq!(unit.seen().connections, 1);
        }
    }
}

#[tokio::test]
async fn every_refusal_and_every_breach_has_its_own_code() {
    for (mood, expect, connections) in [
        (Mood::RefuseName(0x8000_0041), "authentication_failed", 1),
        (Mood::RefuseName(0x8000_0042), "too_many_connections", 1),
        (Mood::RefuseName(0x8000_0043), "retry_later", 1),
        (Mood::RefuseName(0x8000_0044), "licence_missing", 1),
        (Mood::RefuseName(0x8000_0099), "refused", 1),
        (Mood::RefuseAnswer(2), "authentication_failed", 1),
        (Mood::RefuseFile(0x8000_0071), "not_found", 1),
        (Mood::RefuseFile(0x8000_0051), "no_right", 1),
        (Mood::RefuseFile(0x8000_0063), "unsupported", 1),
        (Mood::NoChallenge, "protocol_error", 1),
        (Mood::HugeFrame, "protocol_error", 1),
        (Mood::Noise, "protocol_error", 1),
        (Mood::WrongId, "protocol_error", 1),
        (Mood::Silent, "connection_lost", 1),
        // A file may be asked for again, on as many connections as the tries allow.
        (Mood::CutFile(1), "ok", 2),
        (Mood::CutFile(9), "connection_lost", 3),
        (Mood::HalfFile, "connection_lost", 3),
        (Mood::SilentFile, "connection_lost", 3),
    ] {
        for overrides in [over_tls(), plain()] {
            let (mut computer, unit) = (Computer::default(), ForeignDevLink::start(mood));
            if matches!(mood, Mood::Silent | Mood::SilentFile) {
                computer.patience = IMPATIENT;
            }
            let outcome = read(&computer, &unit, &overrides).await;
            if let Err(error) = &outcome {
                let said = error.to_string();
                assert!(said.starts_with("127.0.0.1:"), "{mood:?}: {said}");
            }
            assert_eq!(code(outcome), expect, "{mood:?}");
            assert_eq!(unit.seen().connections, connections, "{mood:?}");
        }
    }
}

#[tokio::test]
async fn the_password_itself_goes_only_to_a_certificate_that_somebody_accepted() {
    for (overrides, expect) in [
        (over_tls(), "nobody has accepted this certificate yet"),
        (plain(), "this connection is not encrypted"),
        (
            Overrides {
                tls: Some(TlsUse::AnyCertificate),
                ..over_tls()
            },
            "with --tls none nobody knows who gets it",
        ),
    ] {
        for mood in [Mood::Password, Mood::HashThenPassword] {
            let (computer, unit) = (Computer::default(), ForeignDevLink::start(mood));
            let error = read(&computer, &unit, &overrides).await.unwrap_err();
            assert_eq!(error.code(), "password_withheld", "{mood:?} {error}");
            assert!(error.to_string().ends_with(expect), "{mood:?} {error}");
            assert!(!holds(&unit.seen().heard, &PASSWORD.as_bytes()[..6]), "{mood:?}");
            assert_eq!(pins(&computer), [""; 0]);
        }
    }

    for mood in [Mood::Password, Mood::HashThenPassword] {
        let (computer, unit) = (Computer::default(), ForeignDevLink::start(mood));
        assert_eq!(read(&computer, &unit, &trusting(&unit)).await.unwrap(), CONTENTS);
        assert!(holds(&unit.seen().heard, PASSWORD.as_bytes()));
    }
}

#[tokio::test]
async fn a_log_in_alone_pins_nothing_and_an_accepted_certificate_is_pinned() {
    let (computer, unit) = (Computer::default(), ForeignDevLink::start(Mood::Hash));
    read(&computer, &unit, &over_tls()).await.unwrap();
    assert_eq!(pins(&computer), [""; 0]);
    read(&computer, &unit, &trusting(&unit)).await.unwrap();
    assert_eq!(pins(&computer), [format!("127.0.0.1:{}", unit.tls)]);
    read(&computer, &unit, &over_tls()).await.unwrap();

    // Plain TCP to a unit that can do TLS needs more than the site's consent; `--tls off` is that.
    read(&computer, &unit, &plain()).await.unwrap();
    let other = ForeignDevLink::start(Mood::Hash);
    pin(&computer, other.tls, unit.fingerprint);
    let error = read(&computer, &other, &over_tls()).await.unwrap_err();
    assert_eq!(error.code(), "certificate_changed");
    assert_eq!(other.seen().heard, b"", "nothing was said to it");
}

#[tokio::test]
async fn what_the_unit_s_services_showed_counts_here_too() {
    // The target's services are at 9 and the ports after it.
    let (computer, unit) = (Computer::default(), ForeignDevLink::start(Mood::Password));
    pin(&computer, 10, unit.fingerprint);
    assert_eq!(read(&computer, &unit, &over_tls()).await.unwrap(), CONTENTS);

    let computer = Computer::default();
    pin(&computer, 10, [7; 32]);
    let error = read(&computer, &unit, &over_tls()).await.unwrap_err();
    assert_eq!(error.code(), "certificate_changed");
}

#[tokio::test]
async fn a_virtual_unit_counts_wrong_passwords_and_the_last_attempt_is_kept() {
    let desk = Desk::new("").await;
    let ports = DevLinkPorts {
        tls: desk.unit.ports().devlink3_tls.unwrap(),
        plain: desk.unit.ports().devlink3.unwrap(),
    };
    let attempt = async |user: (&str, &str), overrides: Overrides| {
        log_in(&desk.computer, &desk.target, ports, &overrides, user).await
    };
    let wrong = (ADMINISTRATOR.0, "falsch");
    for left in ["2 attempts are left", "1 attempt is left"] {
        let error = attempt(wrong, over_tls()).await.unwrap_err();
        assert_eq!(error.code(), "authentication_failed");
        assert!(error.to_string().contains(left), "{error}");
    }
    assert_eq!(code(attempt(ADMINISTRATOR, over_tls()).await), "last_attempt");
    assert_eq!(desk.unit.log_in_attempts(), 2);
    let take = Overrides {
        use_last_attempt: true,
        ..over_tls()
    };
    assert_eq!(code(attempt(wrong, take.clone()).await), "authentication_failed");
    assert_eq!(code(attempt(ADMINISTRATOR, take.clone()).await), "locked");
    desk.simulator.clock().advance(Duration::from_mins(2));
    let session = attempt(ADMINISTRATOR, take).await.unwrap();
    assert_eq!(
        session.system().type_and_version.as_deref(),
        Some("IP 500 V2 11.1.2.3 build 23")
    );
    assert_eq!(session.facts().trust, Trust::FirstUse);
    assert_eq!(code(attempt(FORMER, over_tls()).await), "account_disabled");
    assert_eq!(
        code(attempt(NEWCOMER, over_tls()).await),
        "password_change_required"
    );
}

#[tokio::test]
async fn after_a_log_in_to_the_service_a_virtual_unit_is_known_here() {
    let desk = Desk::new("devlink3 = { challenge = 'password' }").await;
    let ports = DevLinkPorts {
        tls: desk.unit.ports().devlink3_tls.unwrap(),
        plain: desk.unit.ports().devlink3.unwrap(),
    };
    let attempt = async || log_in(&desk.computer, &desk.target, ports, &over_tls(), ADMINISTRATOR).await;
    assert_eq!(code(attempt().await), "password_withheld");
    let service = desk
        .try_log_in(Service::Configuration, &over_tls(), ADMINISTRATOR)
        .await
        .unwrap();
    service.close().await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(attempt().await.unwrap());
    }
    assert_eq!(code(attempt().await), "too_many_connections");
    let users = sessions[0]
        .read_file(&"nasystem/user_list8".parse().unwrap(), &silent)
        .await
        .unwrap();
    assert!(users.starts_with(b"Extn200,200,Ada Meier,"), "{users:?}");
}
