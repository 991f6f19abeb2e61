//! What a person can do with IP Office units: find them, log in, receive, send, and keep what was received.
//!
//! This crate knows no user interface and does not print. Long operations report typed progress and stop when they
//! are dropped or their `CancellationToken` fires.

pub mod archive;
pub mod atomic;
pub mod credentials;
mod error;
mod fingerprint;
mod paths;
#[cfg_attr(unix, path = "platform_unix.rs")]
#[cfg_attr(not(unix), path = "platform_other.rs")]
mod platform;
pub mod store;

pub use archive::{Archive, ArchiveEntry, ArchiveReason, ArchivedObject, Kept, Received, UnitKey};
pub use atomic::{PendingFile, write_file};
pub use credentials::{Credential, CredentialKey, Credentials, Keychain, MemoryCredentials, Place};
pub use error::{Error, ErrorKind, Result, Step};
pub use fingerprint::{ContentHash, Fingerprint};
pub use paths::{DataDir, IDENTIFIER};
pub use store::{Method, Notice, Pin, Preferences, ReceivedFile, ReceivedFiles, Site, Store, StoreData, TlsLevel};
