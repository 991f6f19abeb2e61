//! The core against the simulator over loopback: the main job, every refusal, and restarts.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use trunkline_core::{
    Due, ErrorKind, Outgoing, Overrides, Progress, SendOrder, Session, Trust, reboot, send_object, silent,
    wait_until_back,
};
use trunkline_protocol::link::{Object, Restart, Service, Stat, WriteMode};
use trunkline_tests::computer::{holds, order, plain};
use trunkline_tests::desk::{Desk, code, over_tls};
use trunkline_tests::simulated::{ADMINISTRATOR, FORMER, NEWCOMER, READER};

#[tokio::test]
async fn receive_change_send_and_receive_again_over_tls_and_over_plain_tcp() {
    for (overrides, trust) in [(over_tls(), Trust::FirstUse), (plain(), Trust::Plain)] {
        let desk = Desk::new("").await;
        let path = desk.computer.file("unit.xml");
        let mut session = desk.log_in(&overrides, ADMINISTRATOR).await;
        assert_eq!(session.facts().trust, trust);
        assert_eq!(
            session.facts().fingerprint.map(|seen| *seen.bytes()),
            desk.unit.fingerprint().filter(|_| trust == Trust::FirstUse)
        );
        let received = desk
            .computer
            .receive(&mut session, &desk.target, Object::Configuration, &path)
            .await
            .unwrap();
        let before = std::fs::read(&path).unwrap();
        assert_eq!((received.revision.as_str(), before.len()), ("r418", 200_000));
        desk.assert_holds(&before, "r418", "before");

        let (new, after) = desk.changed("User", "FullName", "Empfang, Fräulein Müller");
        std::fs::rename(new, &path).unwrap();
        let sent = desk
            .computer
            .send(&mut session, &desk.target, &path, &order(WriteMode::Merge))
            .await
            .unwrap();
        assert_eq!(
            (
                sent.revision_before.as_str(),
                sent.revision_after.as_str(),
                sent.restart_in_s
            ),
            ("r418", "r419", None)
        );
        desk.assert_holds(&after, "r419", "after");
        let copy = sent.backup_sha256.unwrap();
        assert_eq!(desk.computer.local.archive.read_verified(&copy).unwrap(), before);
        session.close().await;

        let mut session = desk.log_in(&overrides, ADMINISTRATOR).await;
        assert_eq!(
            desk.receive(&mut session, Object::Configuration).await.unwrap(),
            after
        );
        assert_eq!(desk.unit.log_in_attempts(), 2, "one for each log-in");
    }
}

#[tokio::test]
async fn wrong_passwords_are_counted_down_and_a_lock_says_how_long_it_lasts() {
    let desk = Desk::new("").await;
    let risk = Overrides {
        use_last_attempt: true,
        ..over_tls()
    };
    let wrong = async |overrides: &Overrides| {
        let user = (ADMINISTRATOR.0, "falsch");
        let error = desk
            .try_log_in(Service::Configuration, overrides, user)
            .await
            .unwrap_err();
        (error.to_string(), desk.unit.log_in_attempts())
    };
    let place = format!("{}: logging in: ", desk.target);
    let expect = async |overrides: &Overrides, words: &str, attempts| {
        let (said, made) = wrong(overrides).await;
        assert_eq!(
            (said.strip_prefix(&place), made),
            (Some(words), attempts),
            "{said}"
        );
    };
    let name = "wrong user name or password";
    let locks = "before the unit locks the account";
    expect(&over_tls(), &format!("{name}; 2 attempts are left {locks}"), 1).await;
    expect(&over_tls(), &format!("{name}; 1 attempt is left {locks}"), 2).await;
    let kept = "only one log-in attempt is left before the unit locks the account, and it was not used";
    expect(&over_tls(), kept, 2).await;
    let none = format!("{name}; no attempt is left, the account is locked for this computer");
    expect(&risk, &none, 3).await;
    let locked = "the account is locked for this computer; it listens again in 60 s";
    expect(&over_tls(), locked, 3).await;

    desk.simulator.clock().advance(Duration::from_secs(61));
    let session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    assert_eq!(desk.computer.local.store.read().unwrap().pins().count(), 1);
    session.close().await;
}

#[tokio::test]
async fn a_disabled_user_is_refused() {
    let desk = Desk::new("").await;
    let refused = desk.try_log_in(Service::Configuration, &over_tls(), FORMER).await;
    assert_eq!(code(refused), "account_disabled");
}

#[tokio::test]
async fn a_password_that_must_be_changed_is_changed_over_tls_and_nothing_else_goes_before() {
    const NEW: &str = "Zweites-Mal-8-ß";
    let desk = Desk::new("").await;
    let mut session = desk.log_in(&plain(), NEWCOMER).await;
    assert_eq!(
        code(desk.receive(&mut session, Object::Configuration).await),
        "password_change_required"
    );
    assert_eq!(code(session.change_password(NEW.into()).await), "tls_required");

    let mut session = desk.log_in(&over_tls(), NEWCOMER).await;
    assert!(session.log_in_facts().must_change_password);
    assert_eq!(code(session.usable()), "password_change_required");
    let (path, _) = desk.changed("User", "FullName", "Neu");
    assert_eq!(
        code(desk.send(&mut session, &path, WriteMode::Merge).await),
        "password_change_required"
    );
    session.change_password(NEW.into()).await.unwrap();
    let received = desk.receive(&mut session, Object::Configuration).await.unwrap();
    assert_eq!(received, desk.configuration());

    let mut session = desk.log_in(&over_tls(), (NEWCOMER.0, NEW)).await;
    assert!(!session.log_in_facts().must_change_password);
    desk.receive(&mut session, Object::Configuration).await.unwrap();
    let old = desk
        .try_log_in(Service::Configuration, &over_tls(), NEWCOMER)
        .await;
    assert_eq!(code(old), "authentication_failed");
    for (path, content) in desk.computer.files() {
        assert!(!holds(&content, NEW.as_bytes()), "{}", path.display());
    }
}

#[tokio::test]
async fn a_send_that_the_unit_refuses_says_why_and_changes_nothing() {
    let merge = WriteMode::Merge;
    let restart = WriteMode::Restart(Restart::Immediately);
    for (keys, user, field, mode, expect) in [
        ("", READER, ("User", "FullName"), merge, "no_right"),
        (
            "state = 'read_only'",
            ADMINISTRATOR,
            ("User", "FullName"),
            merge,
            "no_right",
        ),
        (
            "state = 'read_only'",
            ADMINISTRATOR,
            ("User", "FullName"),
            restart,
            "no_right",
        ),
        (
            "refuse_writes = 'retry_later'",
            ADMINISTRATOR,
            ("User", "FullName"),
            merge,
            "retry_later",
        ),
        (
            "max_size = 199000",
            ADMINISTRATOR,
            ("User", "FullName"),
            merge,
            "too_large",
        ),
        (
            "merge_needs_reboot = ['System/LANs']",
            ADMINISTRATOR,
            ("System", "LANs/LAN[id=LAN1]/IPMask"),
            merge,
            "needs_reboot",
        ),
        (
            "merge_needs_reboot = ['System/LANs']",
            ADMINISTRATOR,
            ("User", "FullName"),
            merge,
            "ok",
        ),
    ] {
        for overrides in [over_tls(), plain()] {
            let desk = Desk::new(keys).await;
            let before = desk.configuration();
            let mut session = desk.log_in(&overrides, user).await;
            let (path, after) = desk.changed(field.0, field.1, "255.255.0.0");
            let sent = desk.send(&mut session, &path, mode).await;
            let when = format!("{keys}, {user:?}, {mode:?}");
            if let Err(error) = &sent {
                let said = error.to_string();
                // Whether a merge is possible is known once the unit has seen all of it.
                let step = if expect == "needs_reboot" {
                    "committing what was sent"
                } else {
                    "sending"
                };
                assert!(
                    said.starts_with(&format!("{}: {step}: ", desk.target)),
                    "{when}: {said}"
                );
            }
            assert_eq!(code(sent), expect, "{when}");
            if expect == "ok" {
                desk.assert_holds(&after, "r419", &when);
            } else {
                desk.assert_holds(&before, "r418", &when);
                assert_eq!(desk.unit.restarts(), 0, "{when}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_a_document_is_refused_by_the_unit() {
    let desk = Desk::new("").await;
    let before = desk.configuration();
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    let path = desk.computer.file("new.xml");
    for content in [
        "",
        "no document",
        "<data>",
        "<security></security>",
        "<data></data><data></data>",
    ] {
        std::fs::write(&path, content).unwrap();
        let sent = desk.send(&mut session, &path, WriteMode::Merge).await;
        assert_eq!(code(sent), "invalid_document", "{content:?}");
        desk.assert_holds(&before, "r418", content);
    }
}

#[tokio::test]
async fn the_unit_s_own_word_counts_where_the_program_had_no_reason_to_refuse() {
    let desk = Desk::new("max_size = 199000").await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    let held = session.stat(Object::Configuration).await.unwrap();
    let try_to_send = async |session: &mut _, bytes: Vec<u8>, before: &Stat| {
        let outgoing = Outgoing::memory(Bytes::from(bytes));
        send_object(
            session,
            Object::Configuration,
            WriteMode::Merge,
            before,
            &outgoing,
            &silent,
        )
        .await
    };
    let error = try_to_send(&mut session, vec![b' '; 200_001], &held)
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::TooLarge { limit: Some(199_000) }),
        "{error}"
    );

    let theirs = b"<data><!-- theirs --></data>";
    desk.unit.change_configuration(&theirs[..]);
    let error = try_to_send(&mut session, b"<data><!-- mine --></data>".to_vec(), &held)
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Conflict { unit_revision: Some(r) } if r == "r419"),
        "{error}"
    );
    desk.assert_holds(theirs, "r419", "after a conflict");
}

#[tokio::test]
async fn another_base_revision_is_a_conflict_unless_it_is_forced() {
    let desk = Desk::new("").await;
    let before = desk.configuration();
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    let (path, after) = desk.changed("User", "FullName", "Neu");
    let stale = SendOrder {
        base: Some("r417".into()),
        ..order(WriteMode::Merge)
    };
    let sent = desk
        .computer
        .send(&mut session, &desk.target, &path, &stale)
        .await;
    assert_eq!(code(sent), "conflict");
    desk.assert_holds(&before, "r418", "refused");
    let forced = SendOrder { force: true, ..stale };
    desk.computer
        .send(&mut session, &desk.target, &path, &forced)
        .await
        .unwrap();
    desk.assert_holds(&after, "r419", "forced");
}

#[tokio::test]
async fn a_unit_restarts_with_the_new_configuration_and_the_session_goes_on() {
    for overrides in [over_tls(), plain()] {
        let desk = Desk::new("merge_needs_reboot = ['System']").await;
        let mut session = desk.log_in(&overrides, ADMINISTRATOR).await;
        let (path, after) = desk.changed("System", "Locale", "deu");
        let mode = WriteMode::Restart(Restart::Immediately);
        let sent = desk
            .computer
            .send(&mut session, &desk.target, &path, &order(mode))
            .await
            .unwrap();
        assert_eq!(
            (sent.revision_after.as_str(), sent.restart_in_s),
            ("r419", Some(0))
        );
        wait(&desk, &mut session, Restart::Immediately, sent.restart_in_s).await;
        assert_eq!(desk.unit.restarts(), 1);
        desk.assert_holds(&after, "r419", "after the restart");
        assert_eq!(
            desk.receive(&mut session, Object::Configuration).await.unwrap(),
            after
        );
    }
}

#[tokio::test]
async fn a_unit_restarts_at_once_when_free_and_at_a_time() {
    let desk = Desk::new("when_free_seconds = 1\ntimed_seconds = 1").await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    let (bar_incoming, bar_outgoing) = (true, false);
    for (number, (restart, seconds)) in [
        (Restart::Immediately, 0),
        (
            Restart::WhenFree {
                bar_incoming,
                bar_outgoing,
            },
            1,
        ),
        (
            Restart::Timed {
                minutes: 1439,
                bar_incoming,
                bar_outgoing,
            },
            1,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let announced = reboot(&mut session, restart).await.unwrap();
        assert_eq!(announced, Some(seconds), "{restart:?}");
        wait(&desk, &mut session, restart, announced).await;
        assert_eq!(desk.unit.restarts(), number as u64 + 1, "{restart:?}");
        let trail = desk.unit.audit_trail();
        assert!(trail.contains(&format!("restart {restart:?}")), "{trail}");
    }
    let mut reader = desk.log_in(&over_tls(), READER).await;
    assert_eq!(code(reboot(&mut reader, Restart::Immediately).await), "no_right");
}

/// Waits until the unit is back, and sees that it went.
async fn wait(desk: &Desk, session: &mut Session, restart: Restart, restart_s: Option<u32>) {
    let seen = Mutex::new(Vec::new());
    let report = |progress| seen.lock().unwrap().push(progress);
    let due = Due::of(restart, restart_s);
    let returned = wait_until_back(session, due, Duration::from_secs(20), &report)
        .await
        .unwrap();
    assert!(returned.went, "it must be seen to go");
    assert_eq!(returned.revision, Some(desk.unit.revision()));
    let seconds = restart_s.unwrap();
    let mut seen = seen.into_inner().unwrap();
    // Whether somebody looks in the short time in which it is starting is up to the machine.
    seen.retain(|progress| *progress != Progress::Starting);
    seen.dedup();
    assert_eq!(
        seen,
        [
            Progress::RestartingIn { seconds },
            Progress::WaitingUntilGone,
            Progress::WaitingUntilBack,
            Progress::Back
        ]
    );
}
