//! The core against units that do something wrong on request, and against its own user who stops it: what it says, and
//! that the unit afterwards holds exactly the old or exactly the new configuration.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trunkline_core::{Outgoing, Overrides, Progress, TlsUse};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_simulator::FAULTS;
use trunkline_tests::computer::{order, plain};
use trunkline_tests::desk::{Desk, code, over_tls};
use trunkline_tests::simulated::{ADMINISTRATOR, ALONE};

/// A fault, what a receive comes to, what a send comes to, and whether the unit then holds what was sent.
type Row = (&'static str, &'static str, &'static str, bool);

/// Every fault of sessions, each with three connections at most, one of which is kept to ask how a send ended.
const ROWS: &[Row] = &[
    ("cut-read:0", "connection_lost", "connection_lost", false),
    ("cut-read:40000", "connection_lost", "connection_lost", false),
    ("cut-read:40000:1", "ok", "ok", true),
    ("cut-write:0", "ok", "connection_lost", false),
    ("cut-write:70000", "ok", "connection_lost", false),
    ("cut-write:70000:1", "ok", "ok", true),
    ("cut-before-commit", "ok", "connection_lost", false),
    ("cut-before-commit:1", "ok", "ok", true),
    ("cut-before-commit-answer", "ok", "ok", true),
    ("delay:30", "ok", "ok", true),
    ("lie-length:long", "damaged_data", "damaged_data", false),
    ("lie-length:short", "damaged_data", "damaged_data", false),
    ("lie-length:huge", "protocol_error", "protocol_error", false),
    ("gap", "damaged_data", "damaged_data", false),
    ("repeat", "damaged_data", "damaged_data", false),
    ("overrun", "damaged_data", "damaged_data", false),
    ("short", "damaged_data", "damaged_data", false),
    ("wrong-hash", "damaged_data", "damaged_data", false),
    ("wrong-proof", "impostor", "impostor", false),
    ("no-proof", "impostor", "impostor", false),
    ("iterations:4000000000", "protocol_error", "protocol_error", false),
    ("iterations:49999", "protocol_error", "protocol_error", false),
    ("stall:40000", "connection_lost", "connection_lost", false),
    ("stall:40000:1", "ok", "ok", true),
    ("garbage", "protocol_error", "protocol_error", false),
    ("frame-4mb", "protocol_error", "protocol_error", false),
    ("torn", "ok", "ok", true),
    ("long-headers", "ok", "ok", true),
    ("unknown-tags", "ok", "ok", true),
    ("silent", "connection_lost", "connection_lost", false),
];

/// Faults of discovery, which core's own tests meet, of TLS alone, of the Management API, which `cli_management_api` and
/// the simulator's own tests meet, and of TFTP, which `cli_tftp` meets.
const ELSEWHERE: &[&str] = &[
    "loss",
    "refuse-tls",
    "discovery-silent",
    "discovery-garbage",
    "api-session-timeout",
    "api-busy",
    "api-status",
    "api-refuse-after",
    "api-json",
    "api-cut",
    "api-cut-answer",
    "tftp-twice",
    "tftp-stranger",
];

#[test]
fn no_fault_is_forgotten() {
    let name = |text: &'static str| text.split_once(':').map_or(text, |(name, _)| name);
    for fault in FAULTS {
        let fault = name(fault.form);
        let in_table = ROWS.iter().any(|row| name(row.0) == fault);
        assert!(in_table != ELSEWHERE.contains(&fault), "{fault}");
    }
}

#[tokio::test]
async fn every_fault_over_plain_tcp_leaves_the_old_or_the_new_configuration_and_says_which() {
    check_all(plain()).await;
}

#[tokio::test]
async fn every_fault_over_tls_leaves_the_old_or_the_new_configuration_and_says_which() {
    check_all(over_tls()).await;
}

/// A few at a time: most of the time each waits for a pause or a patience to end.
async fn check_all(overrides: Overrides) {
    let mut running = JoinSet::new();
    for row in ROWS {
        if running.len() == 5 {
            running.join_next().await.unwrap().unwrap();
        }
        running.spawn(check(row, overrides.clone()));
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

async fn check(row: &'static Row, overrides: Overrides) {
    let &(fault, receive, after_send, is_new) = row;
    let overrides = Overrides {
        tries: Some(3),
        ..overrides
    };
    let mut desk = Desk::new(ALONE).await;
    if fault.starts_with("stall") || fault == "silent" {
        desk.computer.patience = Duration::from_millis(1200);
    }
    let before = desk.configuration();
    let (path, after) = desk.changed("User", "FullName", "Neu");

    let faults = [fault.parse().unwrap()];
    desk.unit.set_faults(&faults);
    let received = attempt_to_receive(&desk, &overrides).await;
    assert_eq!(code(received), receive, "{fault}: receive");
    assert_eq!(
        desk.computer.file("received").exists(),
        receive == "ok",
        "{fault}: a file is there as a whole or not at all"
    );

    // The faults of before count their connections; these begin anew.
    desk.unit.set_faults(&faults);
    let sent = attempt_to_send(&desk, &overrides, &path).await;
    if let Err(error) = &sent {
        let said = error.to_string();
        assert!(said.starts_with(&desk.target), "{fault}: {said}");
        let is_write_fault = receive == "ok";
        assert_eq!(
            is_write_fault,
            said.contains("the unit still has what it had"),
            "{fault}: {said}"
        );
    }
    assert_eq!(code(sent), after_send, "{fault}: send");
    if is_new {
        desk.assert_holds(&after, "r419", fault);
    } else {
        desk.assert_holds(&before, "r418", fault);
    }
    if after_send != "ok" {
        desk.unit.set_faults(&[]);
        let retried = attempt_to_send(&desk, &overrides, &path).await;
        assert_eq!(code(retried), "ok", "{fault}: once the unit is well again");
        desk.assert_holds(&after, "r419", fault);
    }
}

async fn attempt_to_receive(desk: &Desk, overrides: &Overrides) -> Result<(), trunkline_core::Error> {
    let mut session = desk
        .try_log_in(Service::Configuration, overrides, ADMINISTRATOR)
        .await?;
    let received = desk.receive(&mut session, Object::Configuration).await?;
    assert!(
        received == desk.configuration(),
        "what arrived is what the unit holds"
    );
    Ok(())
}

async fn attempt_to_send(
    desk: &Desk,
    overrides: &Overrides,
    path: &std::path::Path,
) -> Result<(), trunkline_core::Error> {
    let mut session = desk
        .try_log_in(Service::Configuration, overrides, ADMINISTRATOR)
        .await?;
    let revision = desk.send(&mut session, path, WriteMode::Merge).await?;
    assert_eq!(revision, "r419");
    Ok(())
}

#[tokio::test]
async fn a_unit_without_tls_is_reached_over_plain_tcp_only_where_that_was_allowed() {
    let desk = Desk::new(&format!("faults = ['refuse-tls']\n{ALONE}")).await;
    for (overrides, expect) in [
        (over_tls(), "tls_not_available"),
        (
            Overrides {
                allow_plain: true,
                ..over_tls()
            },
            "ok",
        ),
        (
            Overrides {
                tls: Some(TlsUse::AnyCertificate),
                ..over_tls()
            },
            "tls_not_available",
        ),
    ] {
        let before = desk.unit.log_in_attempts();
        let received = attempt_to_receive(&desk, &overrides).await;
        assert_eq!(code(received), expect, "{overrides:?}");
        assert_eq!(
            desk.unit.log_in_attempts() - before,
            u64::from(expect == "ok"),
            "{overrides:?}"
        );
    }
}

/// When somebody stops it.
type Stop = fn(Progress) -> bool;

#[tokio::test]
async fn a_send_that_is_stopped_before_its_commit_changes_nothing() {
    let stops: [(&str, Stop); 6] = [
        ("at the start of the copy", |p| {
            matches!(p, Progress::BackingUp { done: 0, .. })
        }),
        (
            "in the copy",
            |p| matches!(p, Progress::BackingUp { done, total } if done > total / 2),
        ),
        ("at the start", |p| matches!(p, Progress::Sending { done: 0, .. })),
        (
            "on the way",
            |p| matches!(p, Progress::Sending { done, total } if done > total / 2),
        ),
        (
            "at the end",
            |p| matches!(p, Progress::Sending { done, total } if done == total),
        ),
        ("at the commit", |p| matches!(p, Progress::Committing)),
    ];
    for (when, stop) in stops {
        for overrides in [over_tls(), plain()] {
            let desk = Desk::new(ALONE).await;
            let before = desk.configuration();
            let cancel = CancellationToken::new();
            let mut session = desk
                .computer
                .log_in(
                    &desk.target,
                    Service::Configuration,
                    &overrides,
                    ADMINISTRATOR,
                    &cancel,
                )
                .await
                .unwrap();
            let (path, _) = desk.changed("User", "FullName", "Neu");
            let outgoing = Outgoing::file(&path).await.unwrap();
            let report = |progress| {
                if stop(progress) {
                    cancel.cancel();
                }
            };
            let target = desk.computer.target(&desk.target);
            let error = desk
                .computer
                .local
                .send(
                    &mut session,
                    &target,
                    &outgoing,
                    Some(&path),
                    &order(WriteMode::Merge),
                    &report,
                )
                .await
                .unwrap_err();
            assert!(cancel.is_cancelled(), "{when}: nobody stopped it");
            assert_eq!(error.code(), "cancelled", "{when}: {error}");
            let said = error.to_string();
            if !when.ends_with("copy") {
                assert!(
                    said.ends_with("nothing was changed, the unit still has what it had"),
                    "{when}: {said}"
                );
            }
            desk.assert_holds(&before, "r418", when);
        }
    }
}

#[tokio::test]
async fn a_receive_that_is_stopped_leaves_no_file() {
    let desk = Desk::new(ALONE).await;
    let cancel = CancellationToken::new();
    let mut session = desk
        .computer
        .log_in(
            &desk.target,
            Service::Configuration,
            &over_tls(),
            ADMINISTRATOR,
            &cancel,
        )
        .await
        .unwrap();
    let report = |progress| {
        if matches!(progress, Progress::Receiving { done, total } if done > total / 2) {
            cancel.cancel();
        }
    };
    let files_before = desk.computer.files().len();
    let target = desk.computer.target(&desk.target);
    let path = desk.computer.file("unit.xml");
    let received = desk
        .computer
        .local
        .receive_to_file(&mut session, &target, Object::Configuration, &path, &report)
        .await;
    assert_eq!(code(received), "cancelled");
    assert_eq!(
        desk.computer.files().len(),
        files_before,
        "nothing is left, in part or whole"
    );
}
