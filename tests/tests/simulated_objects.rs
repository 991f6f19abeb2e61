//! Configuration, security settings and audit trail: each by its service and right, and where they are kept.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use trunkline_core::{Overrides, SendOrder, silent};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_tests::computer::{holds, order, plain};
use trunkline_tests::desk::{Desk, code, over_tls};
use trunkline_tests::simulated::{ADMINISTRATOR, PASSWORD, READER};

#[tokio::test]
async fn each_object_has_its_service_and_its_right() {
    let desk = Desk::new("").await;
    let (configuration, security) = (Service::Configuration, Service::Security);
    for (service, user, object, expect) in [
        (configuration, ADMINISTRATOR, Object::Configuration, "ok"),
        (
            configuration,
            ADMINISTRATOR,
            Object::SecuritySettings,
            "wrong_service",
        ),
        (configuration, ADMINISTRATOR, Object::AuditTrail, "ok"),
        (security, ADMINISTRATOR, Object::Configuration, "wrong_service"),
        (security, ADMINISTRATOR, Object::SecuritySettings, "ok"),
        (security, ADMINISTRATOR, Object::AuditTrail, "ok"),
        (configuration, READER, Object::Configuration, "ok"),
        (configuration, READER, Object::AuditTrail, "no_right"),
        (security, READER, Object::SecuritySettings, "no_right"),
    ] {
        for overrides in [over_tls(), plain()] {
            let overrides = Overrides {
                allow_plain: true,
                ..overrides
            };
            let mut session = desk.try_log_in(service, &overrides, user).await.unwrap();
            let received = desk.receive(&mut session, object).await;
            assert_eq!(code(received), expect, "{service:?} {user:?} {object:?}");
            session.close().await;
        }
    }
}

#[tokio::test]
async fn security_settings_come_from_either_port_and_are_kept_nowhere() {
    for (keys, tls_offset, plain_offset) in [("", 9, 8), ("second_security_ports = true", 5, 4)] {
        for (overrides, offset) in [(over_tls(), tls_offset), (plain(), plain_offset)] {
            let desk = Desk::new(keys).await;
            let mut session = desk
                .try_log_in(Service::Security, &overrides, ADMINISTRATOR)
                .await
                .unwrap();
            let base = desk.unit.ports().base.unwrap();
            assert_eq!(session.facts().port, base + offset, "{keys}");
            let (settings, summary) = desk
                .computer
                .local
                .receive_to_memory(&mut session, Object::SecuritySettings, &silent)
                .await
                .unwrap();
            assert!(settings.starts_with(b"<security>") && settings.ends_with(b"</security>\n"));
            assert_eq!(
                (summary.revision.as_str(), summary.bytes),
                ("r1", settings.len() as u64)
            );

            let path = desk.computer.file("security.xml");
            let changed = String::from_utf8(settings)
                .unwrap()
                .replace("<IdleTime>10<", "<IdleTime>11<");
            std::fs::write(&path, &changed).unwrap();
            let order = SendOrder {
                object: Object::SecuritySettings,
                ..order(WriteMode::Merge)
            };
            let sent = desk
                .computer
                .send(&mut session, &desk.target, &path, &order)
                .await
                .unwrap();
            assert_eq!((sent.revision_after.as_str(), sent.backup_sha256), ("r2", None));
            std::fs::remove_file(&path).unwrap();
            for (path, content) in desk.computer.files() {
                assert!(
                    !holds(&content, b"ServiceUser"),
                    "{} holds security settings",
                    path.display()
                );
            }
            let (settings, _) = desk
                .computer
                .local
                .receive_to_memory(&mut session, Object::SecuritySettings, &silent)
                .await
                .unwrap();
            assert_eq!(settings, changed.as_bytes());
        }
    }
}

#[tokio::test]
async fn the_audit_trail_says_who_did_what() {
    let desk = Desk::new("").await;
    let wrong = (READER.0, "falsch");
    desk.try_log_in(Service::Configuration, &plain(), wrong)
        .await
        .unwrap_err();
    let mut session = desk.log_in(&plain(), READER).await;
    desk.receive(&mut session, Object::Configuration).await.unwrap();
    session.close().await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    let (path, _) = desk.changed("User", "FullName", "Neu");
    desk.send(&mut session, &path, WriteMode::Merge).await.unwrap();
    let trail = String::from_utf8(desk.receive(&mut session, Object::AuditTrail).await.unwrap()).unwrap();
    let mut rest = trail.as_str();
    for (user, action) in [
        ("", "log-in\" Result=\"wrong name or password"),
        (READER.0, "log-in"),
        (READER.0, "read object 1 from 0"),
        (ADMINISTRATOR.0, "log-in"),
        (ADMINISTRATOR.0, "wrote object 1, now r419, Merge"),
    ] {
        let entry = format!("User=\"{user}\" Source=\"127.0.0.1\" Action=\"{action}\"");
        let Some((_, after)) = rest.split_once(&entry) else {
            panic!("{entry} is not there, or not in its place:\n{trail}");
        };
        rest = after;
    }
    assert!(!holds(trail.as_bytes(), PASSWORD.as_bytes()));
    let sent = SendOrder {
        object: Object::AuditTrail,
        ..order(WriteMode::Merge)
    };
    let sent = desk.computer.send(&mut session, &desk.target, &path, &sent).await;
    assert_eq!(code(sent), "usage", "it can only be read");
}
