//! The Management API (protocol.md 7): a configuration, one collection at a time, over HTTPS.
//!
//! [`ApiConnection`] is the moment before the log-in, at which a certificate that nobody knows must be accepted: the
//! password itself goes to whoever shows it. [`ApiSession::read`] makes one document of all collections, and
//! [`ApiSession::write`] writes back the entities that changed, whole, one request each. That is the method's limit: it
//! is not all or nothing, the unit keeps no revision, and a part of the configuration is not in it.
//!
//! HTTP is hyper's, on this crate's own TLS: the connection on which the certificate was looked at is the one on which
//! the password goes, and there is no proxy, no redirect and no other host.

mod access;
mod collections;
mod cookies;
mod http;
mod local;
mod objects;
mod plan;
mod read;
mod reply;
mod session;
mod write;

pub use access::ApiAccess;
pub(crate) use local::access;
pub(crate) use objects::Remarks;
pub use read::Snapshot;
pub use session::{ApiConnection, ApiSession};
pub use write::Written;
