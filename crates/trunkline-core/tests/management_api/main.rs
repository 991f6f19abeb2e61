//! The Management API's client against a peer that was written by hand: the bytes that it sends, and what it makes of
//! everything that may come back.

#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is made of"
)]

mod bytes;
mod hostile;
mod peer;
mod refusals;
mod trust;
mod writing;

use std::sync::Mutex;
use std::time::Duration;

use peer::Peer;
use tokio_util::sync::CancellationToken;
use trunkline_core::api::{ApiAccess, ApiConnection, ApiSession, Snapshot};
use trunkline_core::{Error, Result, ServiceUser, Step, TlsUse, silent};
use trunkline_document::{Document, FieldPath};

const USER: &str = "Administrator";
const PASSWORD: &str = "Grüße-42";

fn access(peer: &Peer) -> ApiAccess {
    ApiAccess {
        host: "127.0.0.1".into(),
        ports: vec![peer.port],
        node: None,
        tls: TlsUse::Pin,
        fingerprint: Some(peer.fingerprint),
        client_certificate: None,
        pins: Vec::new(),
        connect_timeout: Duration::from_secs(10),
        patience: Duration::from_secs(10),
        tries: 3,
    }
}

fn user() -> ServiceUser {
    ServiceUser {
        name: USER.into(),
        password: PASSWORD.into(),
    }
}

async fn log_in_to(access: ApiAccess) -> Result<ApiSession> {
    let connection = ApiConnection::open(access, CancellationToken::new(), &silent).await?;
    connection.log_in(user(), &silent).await
}

async fn log_in(peer: &Peer) -> ApiSession {
    log_in_to(access(peer)).await.unwrap()
}

async fn read(session: &mut ApiSession) -> Result<Snapshot> {
    session.read(Step::Receive, &silent).await
}

/// The snapshot's document with one value of one user changed.
fn changed(snapshot: &Snapshot, guid: &str, field: &str, value: &str) -> Document {
    let mut document = snapshot.document().clone();
    let position = document.find("User", guid).unwrap().position();
    document
        .set(position, &field.parse::<FieldPath>().unwrap(), value)
        .unwrap();
    document
}

/// Nothing that a person or a program gets to see of an error holds a secret.
#[track_caller]
fn says_no_secret(error: &Error) {
    for text in [error.to_string(), format!("{error:?}")] {
        for secret in [PASSWORD, "geheim", "0123ABCD", "tok/en"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

/// Lets a script do something the first time only.
struct Once(Mutex<bool>);

impl Once {
    fn new() -> Self {
        Self(Mutex::new(true))
    }

    fn now(&self) -> bool {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
