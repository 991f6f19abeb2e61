//! A computer of its own beside a virtual unit of its own.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use trunkline_core::{Error, Overrides, Session};
use trunkline_document::{Document, FieldPath};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_simulator::{Simulator, Unit};

use crate::computer::{Computer, order};
use crate::simulated;

/// A computer and a unit.
#[derive(Debug)]
pub struct Desk {
    /// The computer.
    pub computer: Computer,
    /// The unit.
    pub unit: Unit,
    /// How the unit is named.
    pub target: String,
    /// What the unit runs in.
    pub simulator: Simulator,
}

impl Desk {
    /// Starts a unit with these keys in its TOML.
    pub async fn new(keys: &str) -> Self {
        let (simulator, unit) = simulated::unit(keys).await;
        Self {
            computer: Computer::default(),
            target: simulated::target(&unit),
            unit,
            simulator,
        }
    }

    /// Logs in to a service.
    pub async fn try_log_in(
        &self,
        service: Service,
        overrides: &Overrides,
        user: (&str, &str),
    ) -> Result<Session, Error> {
        let cancel = CancellationToken::new();
        self.computer
            .log_in(&self.target, service, overrides, user, &cancel)
            .await
    }

    /// Logs in to the configuration service, which must work.
    pub async fn log_in(&self, overrides: &Overrides, user: (&str, &str)) -> Session {
        self.try_log_in(Service::Configuration, overrides, user)
            .await
            .unwrap()
    }

    /// Receives an object by way of a file.
    pub async fn receive(&self, session: &mut Session, object: Object) -> Result<Vec<u8>, Error> {
        let path = self.computer.file("received");
        self.computer
            .receive(session, &self.target, object, &path)
            .await?;
        Ok(std::fs::read(path).unwrap())
    }

    /// Sends a file; returns the new revision.
    pub async fn send(&self, session: &mut Session, path: &Path, mode: WriteMode) -> Result<String, Error> {
        let sent = self
            .computer
            .send(session, &self.target, path, &order(mode))
            .await?;
        Ok(sent.revision_after)
    }

    /// A file with the unit's configuration in which one entity's value is another.
    pub fn changed(&self, kind: &str, field: &str, value: &str) -> (PathBuf, Vec<u8>) {
        let mut document = Document::load(self.configuration());
        let (position, _) = document
            .entities()
            .enumerate()
            .find(|(_, entity)| entity.kind() == kind)
            .unwrap();
        assert!(
            document
                .set(position, &field.parse::<FieldPath>().unwrap(), value)
                .unwrap()
        );
        let path = self.computer.file("new.xml");
        std::fs::write(&path, document.as_bytes()).unwrap();
        (path, document.into_bytes())
    }

    /// What the unit holds.
    pub fn configuration(&self) -> Vec<u8> {
        self.unit.configuration().unwrap().to_vec()
    }

    /// Nothing but this is in the unit, at this revision.
    pub fn assert_holds(&self, content: &[u8], revision: &str, when: &str) {
        assert!(
            self.unit.configuration().unwrap() == content,
            "{when}: the unit holds something else"
        );
        assert_eq!(self.unit.revision(), revision, "{when}");
    }
}

/// As the program does it unless told otherwise.
pub fn over_tls() -> Overrides {
    Overrides::default()
}

/// The code of an error, or `ok`.
pub fn code<T>(result: Result<T, Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}
