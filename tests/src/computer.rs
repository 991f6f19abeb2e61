//! A computer of its own for a test: an empty data folder, a keychain in memory, and the core's operations on them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_core::{
    Connection, DataDir, Error, Local, MemoryCredentials, Outgoing, Overrides, ReceiveSummary, SendOrder,
    SendSummary, ServiceUser, Session, Target, TlsUse, silent,
};
use trunkline_protocol::link::{Object, Service, WriteMode};

/// What a test waits for a byte, unless it says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An empty computer.
#[derive(Debug)]
pub struct Computer {
    /// Store, archive and keychain.
    pub local: Local,
    /// How long it waits for a byte.
    pub patience: Duration,
    /// Takes any number of PBKDF2 iterations, and hardly pauses before it connects again.
    pub in_a_hurry: bool,
    folder: TempDir,
}

impl Default for Computer {
    fn default() -> Self {
        let folder = TempDir::new().unwrap();
        let data = DataDir::at(folder.path().join("data"));
        data.create().unwrap();
        Self {
            local: Local::open(&data, Arc::new(MemoryCredentials::default())).unwrap(),
            patience: PATIENCE,
            in_a_hurry: false,
            folder,
        }
    }
}

impl Computer {
    /// A file of the user's, beside the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a person would write to reach this unit.
    pub fn target(&self, text: &str) -> Target {
        Target::parse(text, &self.local.store.read().unwrap()).unwrap()
    }

    /// Logs in to a service.
    pub async fn log_in(
        &self,
        target: &str,
        service: Service,
        overrides: &Overrides,
        (name, password): (&str, &str),
        cancel: &CancellationToken,
    ) -> Result<Session, Error> {
        let mut access = self
            .local
            .access(&self.target(target), service, overrides, cancel)
            .await?;
        access.patience = self.patience;
        if self.in_a_hurry {
            (access.iterations, access.first_pause) = (1..=u32::MAX, Duration::from_millis(1));
        }
        let connection = Connection::open(access, cancel.clone(), &silent).await?;
        let user = ServiceUser {
            name: name.into(),
            password: password.into(),
        };
        self.local
            .log_in(connection, user, overrides, cancel.clone(), &silent)
            .await
    }

    /// Receives an object into a file.
    pub async fn receive(
        &self,
        session: &mut Session,
        target: &str,
        object: Object,
        path: &Path,
    ) -> Result<ReceiveSummary, Error> {
        self.local
            .receive_to_file(session, &self.target(target), object, path, &silent)
            .await
    }

    /// Sends a file, as `trunkline send` does it.
    pub async fn send(
        &self,
        session: &mut Session,
        target: &str,
        path: &Path,
        order: &SendOrder,
    ) -> Result<SendSummary, Error> {
        let outgoing = Outgoing::file(path).await?;
        self.local
            .send(
                session,
                &self.target(target),
                &outgoing,
                Some(path),
                order,
                &silent,
            )
            .await
    }

    /// Every file that the program or the user keeps here, with what is in it.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut files, mut folders) = (Vec::new(), vec![self.folder.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let content = fs::read(&path).unwrap();
                    files.push((path, content));
                }
            }
        }
        files
    }
}

/// Plain TCP, asked for by name.
pub fn plain() -> Overrides {
    Overrides {
        tls: Some(TlsUse::Off),
        ..Overrides::default()
    }
}

/// The configuration, based on what is known of the file.
pub fn order(mode: WriteMode) -> SendOrder {
    SendOrder {
        object: Object::Configuration,
        mode,
        base: None,
        force: false,
    }
}

/// Whether `part` is somewhere in `whole`.
pub fn holds(whole: &[u8], part: &[u8]) -> bool {
    assert!(!part.is_empty(), "nothing is everywhere");
    whole.windows(part.len()).any(|window| window == part)
}
