//! DevLink3, as far as it is needed to read text files off a unit (docs/protocol.md section 8).
//!
//! **Provenance: documented**; the tuple that says how many attempts are left, and the names of files, are not. The frame is that of
//! [`crate::link::frame`].
//!
//! There is no proof of the unit in it: whoever answers may be anybody, but for the certificate. What is read this way is to be
//! shown, and decides nothing.
//!
//! - [`auth`]: what answers a challenge.
//! - [`message`]: requests and answers as values; the unit's side uses the same types the other way round.
//! - [`client`]: the Manager's side of one connection as a state machine without I/O.
//! - [`file_name`]: which files are asked for.

pub mod auth;
pub mod client;
pub mod file_name;
pub mod message;

use crate::link::LinkError;

pub use client::{Client, Event, System};
pub use file_name::{FileName, FileNameError};
pub use message::{Answer, Request};

/// Connections that a unit takes at the same time.
pub const MAX_CONNECTIONS: usize = 3;
/// The result that says that the unit has no CTI licence, without which there is no DevLink3.
pub const LICENCE_MISSING: u32 = 0x8000_0044;
/// The result that says that the unit has no file of that name, or does not give it out. Provenance: project.
pub const NO_SUCH_FILE: u32 = 0x8000_0071;

/// Why a connection can not go on. After one of these nothing more may be read from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DevLinkError {
    /// A frame or a field is not what it should be, or an answer is overdue.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The unit asks for the password itself where that must not be sent; it was not.
    #[error("the unit asks for the password itself, which is not sent on this connection")]
    PasswordWithheld,
    /// The user name can not be sent: it is longer than 255 bytes, or holds a NUL.
    #[error("the user name can not be sent: it has more than 255 bytes, or a NUL in it")]
    UserName,
}
