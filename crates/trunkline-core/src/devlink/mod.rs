//! Reading a unit's text files over DevLink3 (docs/protocol.md section 8).
//!
//! Nothing in DevLink3 proves who the unit is, but for its certificate: what is read is shown and decides nothing, no certificate is
//! pinned by a log-in alone, and the password itself is sent only to a certificate that is pinned, verified, or named by the user.

mod access;
mod session;

pub use access::{DevLinkAccess, DevLinkPorts};
pub use session::{DevLinkConnection, DevLinkSession};

pub use trunkline_protocol::devlink::{FileName, FileNameError, System};
