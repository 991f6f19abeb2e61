//! Nothing secret is kept or said: passwords and proofs are in no log at any level, no file and no error.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::LevelFilter;
use trunkline_core::{Error, Overrides, SendOrder};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_tests::computer::{Computer, holds, order, plain};
use trunkline_tests::desk::{Desk, over_tls};
use trunkline_tests::foreign::{self, Foreign, Mood};
use trunkline_tests::simulated::{ADMINISTRATOR, NEWCOMER};

const WRONG: &str = "Falsch-17-für-immer";
const NEW: &str = "Zweites-Mal-8-ß";
/// A new password within security settings.
const SET: &str = "Drittes-Mal-9-ø";

/// Where every log line of this process goes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that may hold a secret by accident: logs, what errors say, and what types show of themselves.
#[derive(Default)]
struct Said {
    log: Lines,
    text: String,
}

impl Said {
    fn error(&mut self, error: &Error) {
        let address = error.address_text();
        writeln!(
            self.text,
            "{error} {error:?} {error:#?} {} {} {address:?} {:?}",
            error.code(),
            error.hint(),
            error.kind()
        )
        .unwrap();
    }

    fn debug(&mut self, value: &impl std::fmt::Debug) {
        writeln!(self.text, "{value:?} {value:#?}").unwrap();
    }

    /// Panics where `secret` was said or kept, as it is or in digits.
    fn assert_without(&self, secret: &[u8], computer: &Computer) {
        let log = self.log.0.lock().unwrap().clone();
        let hex = secret.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        let list = format!("{secret:?}");
        let forms = [
            secret.to_vec(),
            hex.to_uppercase().into_bytes(),
            hex.into_bytes(),
            list.trim_matches(['[', ']']).as_bytes().to_vec(),
        ];
        for form in forms {
            let shown = String::from_utf8_lossy(&form).into_owned();
            assert!(!holds(&log, &form), "{shown} is in the log");
            assert!(
                !holds(self.text.as_bytes(), &form),
                "{shown} is in an error or in what a type shows"
            );
            let files = computer.files();
            assert!(!files.is_empty(), "there are files to look into");
            for (path, content) in files {
                assert!(!holds(&content, &form), "{shown} is in {}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn passwords_and_proofs_are_in_no_log_no_file_and_no_error() {
    let mut said = Said::default();
    let log = said.log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || log.clone())
        .init();
    against_a_foreign_unit(&mut said, plain()).await;
    against_a_foreign_unit(&mut said, Overrides::default()).await;
    against_a_simulated_unit(&mut said).await;
}

/// A unit that keeps every byte that it hears: so the proofs are known.
async fn against_a_foreign_unit(said: &mut Said, overrides: Overrides) {
    let computer = Computer::default();
    let unit = Foreign::start(b"<data/>", Mood::Honest);
    let target = unit.target();
    let cancel = CancellationToken::new();
    let log_in = async |password| {
        let user = (foreign::USER, password);
        computer
            .log_in(&target, Service::Configuration, &overrides, user, &cancel)
            .await
    };
    said.error(&log_in(WRONG).await.unwrap_err());
    let mut session = log_in(foreign::PASSWORD).await.unwrap();
    let path = computer.file("unit.xml");
    computer
        .receive(&mut session, &target, Object::Configuration, &path)
        .await
        .unwrap();
    std::fs::write(&path, b"<data><!-- new --></data>").unwrap();
    let sent = computer
        .send(&mut session, &target, &path, &order(WriteMode::Merge))
        .await
        .unwrap();
    said.debug(&session);
    said.debug(&sent);
    said.debug(session.access());
    said.debug(session.log_in_facts());
    said.debug(&computer.local);
    session.close().await;

    let heard = unit.unit().heard.clone();
    let proofs: Vec<&[u8]> = heard
        .windows(72)
        .filter(|window| window[..6] == [0, 0, 0, 0x53, 0, 32] && window[38..40] == [0, 32])
        .map(|window| &window[40..])
        .collect();
    assert_eq!(proofs.len(), 2, "a wrong one and a right one");
    for proof in proofs {
        said.assert_without(proof, &computer);
    }
    for password in [WRONG, foreign::PASSWORD] {
        said.assert_without(password.as_bytes(), &computer);
        assert!(!holds(&heard, password.as_bytes()), "{password} is on the wire");
    }
}

/// A unit that logs too, with passwords that change.
async fn against_a_simulated_unit(said: &mut Said) {
    let desk = Desk::new("").await;
    for overrides in [plain(), over_tls()] {
        let wrong = (ADMINISTRATOR.0, WRONG);
        said.error(
            &desk
                .try_log_in(Service::Configuration, &overrides, wrong)
                .await
                .unwrap_err(),
        );
        let mut session = desk.log_in(&overrides, NEWCOMER).await;
        said.error(
            &desk
                .receive(&mut session, Object::Configuration)
                .await
                .unwrap_err(),
        );
        if overrides.tls.is_some() {
            said.error(&session.change_password(NEW.into()).await.unwrap_err());
        } else {
            session.change_password(NEW.into()).await.unwrap();
            desk.receive(&mut session, Object::Configuration).await.unwrap();
        }
        said.debug(&session);
        session.close().await;
    }
    set_a_password(&desk, said).await;
    let log = said.log.0.lock().unwrap().clone();
    assert!(
        holds(&log, b"connection closed"),
        "the log is not empty: the search finds what is there"
    );
    for secret in [WRONG, ADMINISTRATOR.1, NEWCOMER.1, NEW, SET] {
        said.assert_without(secret.as_bytes(), &desk.computer);
    }
    assert!(
        said.text.contains(&desk.target),
        "errors were looked at: they name the unit"
    );
}

/// Security settings with a new password in them: refused in plain, taken over TLS, kept by nobody.
async fn set_a_password(desk: &Desk, said: &mut Said) {
    for overrides in [plain(), over_tls()] {
        let mut session = desk
            .try_log_in(Service::Security, &overrides, ADMINISTRATOR)
            .await
            .unwrap();
        let object = Object::SecuritySettings;
        let silent = &trunkline_core::silent;
        let (settings, _) = desk
            .computer
            .local
            .receive_to_memory(&mut session, object, silent)
            .await
            .unwrap();
        let with_password = format!("<Name>Leser</Name>\n    <NewPassword>{SET}</NewPassword>");
        let changed = String::from_utf8(settings)
            .unwrap()
            .replace("<Name>Leser</Name>", &with_password);
        assert!(changed.contains(SET));
        let path = desk.computer.file("security.xml");
        std::fs::write(&path, changed).unwrap();
        let order = SendOrder {
            object,
            ..order(WriteMode::Merge)
        };
        let sent = desk
            .computer
            .send(&mut session, &desk.target, &path, &order)
            .await;
        std::fs::remove_file(&path).unwrap();
        match sent {
            Ok(_) => assert!(overrides.tls.is_none(), "in plain it must be refused"),
            Err(error) => {
                assert_eq!(error.code(), "tls_required");
                said.error(&error);
            }
        }
        session.close().await;
    }
    let session = desk.log_in(&over_tls(), ("Leser", SET)).await;
    session.close().await;
}
