//! The configuration of systems before 3.2, over TFTP (protocol.md 3).
//!
//! - [`TftpAccess`]: where such a system is, and by which file names it is configured.
//! - [`TftpSession`]: the system password for it. There is no connection and no log-in: each file is asked for with the
//!   password in its name, which anybody on the way can read.
//! - `restart`: waiting until it is back; `files`: between a transfer and a disk.
//! - `wire`: one transfer over one socket, on a thread of its own.
//! - `local`: together with what this computer keeps.

mod access;
mod files;
mod local;
mod restart;
mod session;
mod wire;

pub use access::TftpAccess;
pub(crate) use access::access;
pub use files::read_text_file;
pub use local::{CLEAR_TEXT, system_password_key};
pub use session::TftpSession;

#[cfg(test)]
mod tests;
