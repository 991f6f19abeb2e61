//! The core against a unit that this project's code did not write (see `foreign.rs`): what works, and what is refused.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_core::{
    Connection, DataDir, Error, Local, MemoryCredentials, Outgoing, Overrides, SendOrder, SendSummary,
    ServiceUser, Session, Target, TlsUse, Trust, silent,
};
use trunkline_protocol::link::{Object, Restart, Service, WriteMode};
use trunkline_tests::foreign::{Foreign, Mood, PASSWORD, USER};

/// A computer with an empty data folder.
struct Computer {
    local: Local,
    folder: TempDir,
    patience: Duration,
}

impl Computer {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let data = DataDir::at(folder.path().join("data"));
        data.create().unwrap();
        let local = Local::open(&data, Arc::new(MemoryCredentials::default())).unwrap();
        // Long enough for the slowest machine: only a unit that says nothing is waited for in full.
        let patience = Duration::from_secs(30);
        Self {
            local,
            folder,
            patience,
        }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    async fn log_in(&self, unit: &Foreign, overrides: &Overrides, password: &str) -> Result<Session, Error> {
        let target = self.target(unit);
        let cancel = CancellationToken::new();
        let mut access = self
            .local
            .access(&target, Service::Configuration, overrides, &cancel)
            .await?;
        access.patience = self.patience;
        let connection = Connection::open(access, cancel.clone(), &silent).await?;
        let user = ServiceUser {
            name: USER.into(),
            password: password.into(),
        };
        self.local
            .log_in(connection, user, overrides, cancel, &silent)
            .await
    }

    fn target(&self, unit: &Foreign) -> Target {
        Target::parse(&unit.target(), &self.local.store.read().unwrap()).unwrap()
    }

    async fn receive(&self, unit: &Foreign, overrides: &Overrides, path: &Path) -> Result<bool, Error> {
        let mut session = self.log_in(unit, overrides, PASSWORD).await?;
        let target = self.target(unit);
        let object = Object::Configuration;
        let summary = self
            .local
            .receive_to_file(&mut session, &target, object, path, &silent)
            .await?;
        session.close().await;
        Ok(summary.resumed)
    }

    async fn send(&self, unit: &Foreign, path: &Path, mode: WriteMode) -> Result<SendSummary, Error> {
        let mut session = self.log_in(unit, &plain(), PASSWORD).await?;
        let outgoing = Outgoing::file(path).await?;
        let order = SendOrder {
            object: Object::Configuration,
            mode,
            base: None,
            force: false,
        };
        self.local
            .send(
                &mut session,
                &self.target(unit),
                &outgoing,
                Some(path),
                &order,
                &silent,
            )
            .await
    }
}

fn plain() -> Overrides {
    Overrides {
        tls: Some(TlsUse::Off),
        ..Overrides::default()
    }
}

/// About 300 kB that no compression or padding could confuse with anything else.
fn configuration() -> Vec<u8> {
    let users = (0..3000).map(|n| {
        format!("<ws_object><User GUID=\"{n:032X}\"><Name>User{n}</Name></User></ws_object>\n").into_bytes()
    });
    [b"<data>\n".to_vec()]
        .into_iter()
        .chain(users)
        .chain([b"</data>\n".to_vec()])
        .flatten()
        .collect()
}

#[tokio::test]
async fn receive_edit_send_and_receive_again_over_tls_and_over_plain_tcp() {
    for (mood, overrides) in [
        (Mood::Honest, Overrides::default()),
        (Mood::Honest, plain()),
        (Mood::Odd, Overrides::default()),
        (Mood::Odd, plain()),
    ] {
        let unit = Foreign::start(&configuration(), mood);
        let computer = Computer::new();
        let path = computer.file("unit.xml");
        computer.receive(&unit, &overrides, &path).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), configuration());

        let changed = String::from_utf8(configuration())
            .unwrap()
            .replace(">User7<", ">Empfang<");
        std::fs::write(&path, &changed).unwrap();
        let mut session = computer.log_in(&unit, &overrides, PASSWORD).await.unwrap();
        let outgoing = Outgoing::file(&path).await.unwrap();
        let order = SendOrder {
            object: Object::Configuration,
            mode: WriteMode::Merge,
            base: None,
            force: false,
        };
        let target = computer.target(&unit);
        let sent = computer
            .local
            .send(&mut session, &target, &outgoing, Some(&path), &order, &silent)
            .await
            .unwrap();
        assert_eq!(
            (sent.revision_before.as_str(), sent.revision_after.as_str()),
            ("r418", "r419")
        );
        assert_eq!(sent.restart_in_s, None, "a merge restarts nothing");
        assert_eq!(unit.unit().configuration, changed.as_bytes());
        let copy = computer
            .local
            .archive
            .read_verified(&sent.backup_sha256.unwrap())
            .unwrap();
        assert_eq!(copy, configuration(), "what the unit had is kept");

        let again = computer.file("again.xml");
        computer.receive(&unit, &overrides, &again).await.unwrap();
        assert_eq!(std::fs::read(&again).unwrap(), changed.as_bytes());
    }
}

#[tokio::test]
async fn neither_name_nor_password_is_ever_on_the_wire_and_one_wrong_password_is_one_attempt() {
    let unit = Foreign::start(b"<data/>", Mood::Honest);
    let computer = Computer::new();
    let error = computer.log_in(&unit, &plain(), "Falsch-17").await.unwrap_err();
    assert_eq!(error.code(), "authentication_failed");
    assert!(error.to_string().contains("2 attempts are left"), "{error}");
    assert_eq!(unit.unit().proofs, 1);
    computer
        .log_in(&unit, &plain(), PASSWORD)
        .await
        .unwrap()
        .close()
        .await;
    computer
        .log_in(&unit, &Overrides::default(), PASSWORD)
        .await
        .unwrap()
        .close()
        .await;
    let heard = unit.unit().heard.clone();
    for secret in [USER, PASSWORD, "Falsch-17", "Grüße"] {
        assert!(
            !heard
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "{secret} is on the wire"
        );
    }
}

#[tokio::test]
async fn the_last_attempt_before_a_lock_is_not_used_up() {
    let unit = Foreign::start(b"<data/>", Mood::Honest);
    let computer = Computer::new();
    for left in ["2 attempts are left", "1 attempt is left"] {
        let error = computer.log_in(&unit, &plain(), "wrong").await.unwrap_err();
        assert!(error.to_string().contains(left), "{error}");
    }
    let error = computer.log_in(&unit, &plain(), PASSWORD).await.unwrap_err();
    assert_eq!((error.code(), unit.unit().proofs), ("last_attempt", 2));
    let risk = Overrides {
        use_last_attempt: true,
        ..plain()
    };
    computer
        .log_in(&unit, &risk, PASSWORD)
        .await
        .unwrap()
        .close()
        .await;
    computer
        .log_in(&unit, &plain(), PASSWORD)
        .await
        .unwrap()
        .close()
        .await;
}

#[tokio::test]
async fn a_unit_that_lies_is_found_out_and_leaves_no_file() {
    for (mood, code) in [
        (Mood::WrongProof, "impostor"),
        (Mood::NoProof, "impostor"),
        (Mood::Burn, "protocol_error"),
        (Mood::HugeFrame, "protocol_error"),
        (Mood::Noise, "protocol_error"),
        (Mood::HugeObject, "protocol_error"),
        (Mood::Gap, "damaged_data"),
        (Mood::Repeat, "damaged_data"),
        (Mood::Overrun, "damaged_data"),
        (Mood::Short, "damaged_data"),
        (Mood::WrongHash, "damaged_data"),
    ] {
        let unit = Foreign::start(&configuration(), mood);
        let computer = Computer::new();
        let path = computer.file("unit.xml");
        let error = computer.receive(&unit, &plain(), &path).await.unwrap_err();
        assert_eq!(error.code(), code, "{mood:?}: {error}");
        assert!(error.to_string().starts_with(&unit.target()), "{error}");
        let left: Vec<_> = std::fs::read_dir(computer.folder.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(left, ["data"], "{mood:?} left something behind");
        assert_eq!(
            computer
                .local
                .archive
                .list(&computer.target(&unit).archive_key(unit.base_port))
                .unwrap(),
            []
        );
    }
}

#[tokio::test]
async fn an_impostor_s_certificate_is_not_pinned() {
    let unit = Foreign::start(b"<data/>", Mood::WrongProof);
    let computer = Computer::new();
    let error = computer
        .log_in(&unit, &Overrides::default(), PASSWORD)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "impostor");
    assert_eq!(computer.local.store.read().unwrap().pins().count(), 0);
}

#[tokio::test]
async fn a_certificate_is_pinned_on_first_use_and_a_changed_one_stops() {
    let unit = Foreign::start(b"<data/>", Mood::Honest);
    let computer = Computer::new();
    let session = computer
        .log_in(&unit, &Overrides::default(), PASSWORD)
        .await
        .unwrap();
    assert_eq!(session.facts().trust, Trust::FirstUse);
    assert_eq!(session.facts().fingerprint.unwrap().bytes(), &unit.fingerprint);
    let session = computer
        .log_in(&unit, &Overrides::default(), PASSWORD)
        .await
        .unwrap();
    assert_eq!(session.facts().trust, Trust::Pinned);

    let other = Foreign::start(b"<data/>", Mood::Honest);
    let pin = trunkline_core::Fingerprint::from_bytes(unit.fingerprint);
    let port = other.base_port + 1;
    computer
        .local
        .store
        .update(|data| {
            data.set_pin("127.0.0.1", port, pin);
            Ok(())
        })
        .unwrap();
    let error = computer
        .log_in(&other, &Overrides::default(), PASSWORD)
        .await
        .unwrap_err();
    assert_eq!((error.code(), other.unit().proofs), ("certificate_changed", 0));
    let error = computer
        .log_in(
            &other,
            &Overrides {
                allow_plain: true,
                ..Overrides::default()
            },
            PASSWORD,
        )
        .await;
    assert_eq!(
        error.unwrap_err().code(),
        "certificate_changed",
        "a changed certificate never falls back to plain TCP"
    );
    let accepted = trunkline_core::Fingerprint::from_bytes(other.fingerprint);
    let accept = Overrides {
        fingerprint: Some(accepted),
        ..Overrides::default()
    };
    computer.log_in(&other, &accept, PASSWORD).await.unwrap();
    assert_eq!(
        computer
            .local
            .store
            .read()
            .unwrap()
            .pin("127.0.0.1", port)
            .unwrap()
            .sha256,
        accepted
    );
}

#[tokio::test]
async fn a_cut_receive_goes_on_where_it_stopped() {
    let unit = Foreign::start(&configuration(), Mood::CutReadOnce(100_000));
    let computer = Computer::new();
    let path = computer.file("unit.xml");
    assert!(
        computer.receive(&unit, &plain(), &path).await.unwrap(),
        "it says that it resumed"
    );
    assert_eq!(std::fs::read(&path).unwrap(), configuration());
    assert_eq!(unit.unit().connections, 2);
}

#[tokio::test]
async fn an_object_that_changes_during_a_cut_is_received_from_the_start() {
    let unit = Foreign::start(&configuration(), Mood::ChangeWhileCut(100_000));
    let computer = Computer::new();
    let path = computer.file("unit.xml");
    computer.receive(&unit, &plain(), &path).await.unwrap();
    assert_eq!(
        std::fs::read(&path).unwrap(),
        [&configuration()[..], b"\n"].concat()
    );
}

#[tokio::test]
async fn a_receive_that_is_always_cut_ends_after_its_tries_and_says_how_far_it_got() {
    let unit = Foreign::start(&configuration(), Mood::CutReadAlways(40_000));
    let computer = Computer::new();
    let path = computer.file("unit.xml");
    let overrides = Overrides {
        tries: Some(2),
        ..plain()
    };
    let error = computer.receive(&unit, &overrides, &path).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert!(error.to_string().contains("after 40000 of "), "{error}");
    assert_eq!(unit.unit().connections, 2);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_unit_that_falls_silent_is_given_up() {
    let unit = Foreign::start(&configuration(), Mood::Silent);
    let mut computer = Computer::new();
    computer.patience = Duration::from_millis(700);
    let overrides = Overrides {
        tries: Some(1),
        ..plain()
    };
    let error = computer
        .receive(&unit, &overrides, &computer.file("unit.xml"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert!(error.to_string().contains("nothing moved"), "{error}");
}

#[tokio::test]
async fn a_cut_send_leaves_the_old_configuration_and_says_so() {
    let unit = Foreign::start(&configuration(), Mood::CutWriteAlways(50_000));
    let computer = Computer::new();
    let path = computer.file("new.xml");
    std::fs::write(&path, [&configuration()[..], b"<!-- new -->"].concat()).unwrap();
    let error = computer.send(&unit, &path, WriteMode::Merge).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert!(
        error.to_string().contains("the unit still has what it had"),
        "{error}"
    );
    let unit = unit.unit();
    assert_eq!((&unit.configuration, unit.revision), (&configuration(), 418));
    assert_eq!(
        unit.connections, 3,
        "three connections in all, the last one to ask"
    );
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_is_found_out() {
    let unit = Foreign::start(&configuration(), Mood::CutCommitAnswerOnce);
    let computer = Computer::new();
    let path = computer.file("new.xml");
    let new = [&configuration()[..], b"<!-- new -->"].concat();
    std::fs::write(&path, &new).unwrap();
    let sent = computer.send(&unit, &path, WriteMode::Merge).await.unwrap();
    assert_eq!(sent.revision_after, "r419");
    let unit = unit.unit();
    assert_eq!(unit.configuration, new);
    assert_eq!(
        (unit.connections, unit.revision),
        (2, 419),
        "asked, and not sent twice"
    );
}

#[tokio::test]
async fn somebody_else_s_changes_are_not_overwritten_by_accident() {
    let unit = Foreign::start(&configuration(), Mood::Honest);
    let computer = Computer::new();
    let path = computer.file("unit.xml");
    computer.receive(&unit, &plain(), &path).await.unwrap();
    std::fs::write(&path, [&configuration()[..], b"<!-- mine -->"].concat()).unwrap();
    let theirs = [&configuration()[..], b"<!-- theirs -->"].concat();
    {
        let mut unit = unit.unit();
        unit.configuration.clone_from(&theirs);
        unit.revision += 1;
    }
    let error = computer.send(&unit, &path, WriteMode::Merge).await.unwrap_err();
    assert_eq!(error.code(), "conflict");
    assert!(error.to_string().contains("r419"), "{error}");
    assert_eq!(unit.unit().configuration, theirs);
}

#[tokio::test]
async fn what_the_unit_has_already_is_not_sent_and_a_restart_is_announced() {
    let unit = Foreign::start(&configuration(), Mood::Honest);
    let computer = Computer::new();
    let path = computer.file("unit.xml");
    std::fs::write(&path, configuration()).unwrap();
    let sent = computer.send(&unit, &path, WriteMode::Merge).await.unwrap();
    assert!(sent.unchanged);
    assert_eq!(unit.unit().revision, 418);

    std::fs::write(&path, [&configuration()[..], b"\n"].concat()).unwrap();
    let sent = computer
        .send(&unit, &path, WriteMode::Restart(Restart::Immediately))
        .await
        .unwrap();
    assert_eq!(
        (sent.restart_in_s, sent.revision_after.as_str()),
        (Some(2), "r419")
    );

    let mut session = computer.log_in(&unit, &plain(), PASSWORD).await.unwrap();
    let when_free = Restart::WhenFree {
        bar_incoming: true,
        bar_outgoing: false,
    };
    assert_eq!(
        trunkline_core::reboot(&mut session, when_free).await.unwrap(),
        Some(2)
    );
    let heard = unit.unit().heard.clone();
    assert!(
        heard.windows(8).any(|w| w == [0, 0x54, 0, 0x31, 0, 0, 0, 3]),
        "reboot is the third request"
    );
}
