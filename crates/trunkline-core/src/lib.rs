//! What a person can do with IP Office units: find them, log in, receive, send, and keep what was received.
//!
//! This crate knows no user interface and does not print. Long operations report typed progress and stop when they
//! are dropped or their `CancellationToken` fires.

mod access;
pub mod activity;
pub mod api;
pub mod archive;
pub mod atomic;
mod audit;
pub mod certificate;
mod client_certificate;
mod conflict;
pub mod credentials;
pub mod devlink;
pub mod discovery;
pub mod documents;
mod error;
mod fingerprint;
mod link_io;
mod local;
mod log_in_turn;
mod operations;
mod password_change;
mod paths;
#[cfg_attr(unix, path = "platform_unix.rs")]
#[cfg_attr(not(unix), path = "platform_other.rs")]
mod platform;
mod progress;
mod receive;
mod restart;
pub mod security;
mod seen;
mod send;
mod session;
pub mod sessions;
mod spreadsheet;
pub mod store;
mod target;
mod tls;
mod unit_ref;
mod way;
pub mod workbench;

pub use access::{Access, PlainTcp, TlsUse, Trust};
pub use archive::{Archive, ArchiveEntry, ArchiveReason, ArchivedObject, Kept, NewEntry, UnitKey};
pub use atomic::{PendingFile, write_file};
pub use audit::KeptTrail;
pub use client_certificate::{ClientCertificate, ClientCertificateFile};
pub use conflict::{Base, Conflict, Merged, Sides, merge};
pub use credentials::{Credential, CredentialKey, Credentials, Keychain, MemoryCredentials, Place};
pub use error::{Error, ErrorKind, InPart, Result, Step};
pub use fingerprint::{ContentHash, Fingerprint};
pub use local::{Local, Overrides};
pub use operations::{IP500_V2_LIMIT, ReceiveSummary, SendOrder, SendSummary, name};
pub use password_change::KeptPassword;
pub use paths::{DataDir, IDENTIFIER};
pub use progress::{Progress, Report, silent};
pub use receive::{Destination, Received, receive};
pub use restart::{Due, RESTART_LIMIT, Returned, reboot, wait_until_back};
pub use seen::remember_seen;
pub use send::{Committed, Outgoing, send_object};
pub use session::{Connection, Facts, ServiceUser, Session};
pub use store::{
    Method, Notice, Pin, Preferences, ReceivedFile, ReceivedFiles, Site, Store, StoreData, TlsLevel,
};
pub use target::Target;
pub use unit_ref::UnitRef;
pub use way::{Route, Way, WayRef};
pub use workbench::Workbench;

/// Raises the number of files and sockets that this program may have open as far as an ordinary user may. A search does
/// so by itself; whoever opens many sockets in another way calls this first.
pub fn raise_open_files() {
    platform::raise_open_files();
}
