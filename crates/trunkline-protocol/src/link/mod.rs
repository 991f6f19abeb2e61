//! Unit Link: frames, messages, log-in and the client's state machine (protocol.md section 4).
//!
//! **Provenance: project**, on the frame that is *documented* for DevLink3. It works with the virtual unit and with
//! whatever else follows docs/protocol.md; never call it compatible with anything that nobody has tried.
//!
//! - [`frame`]: where a frame ends, and how large one may be.
//! - [`message`] and [`answer`]: requests and answers as values; the unit's side uses the same types the other way round.
//! - [`auth`]: the log-in's arithmetic.
//! - [`inbound`]: what is checked while an object arrives.
//! - [`client`]: the Manager's side of one connection as a state machine without I/O.

pub mod answer;
pub mod auth;
pub mod client;
pub mod frame;
pub mod inbound;
pub mod message;
pub mod object;
pub mod outcome;
pub mod whois;
pub mod wire;

#[cfg(test)]
pub(crate) mod test_bytes;

pub use auth::{Challenge, Channel, Keys, Service};
pub use client::{Client, Event, LogIn};
pub use inbound::Inbound;
pub use message::{Answer, Request};
pub use object::{MAX_OBJECT, Object, Restart, Rights, Stat, WriteMode};
pub use outcome::{Outcome, Refusal};
pub use whois::{Capabilities, UnitState, Whois};

/// Why a connection can not go on. After one of these nothing more may be read from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The first byte of a frame is not 0x49.
    #[error("a frame starts with {0:02x} instead of 49")]
    NotAFrame(u8),
    /// A header announces more than is accepted at this point; nothing of it was read.
    #[error("a frame of {announced} bytes is announced, {limit} are accepted at this point")]
    FrameTooLarge {
        /// Bytes of the whole frame, from its header.
        announced: usize,
        /// The largest frame accepted before or after log-in.
        limit: usize,
    },
    /// A frame or a field ends before it should.
    #[error("{0} is cut short")]
    Truncated(&'static str),
    /// A field holds a value that it may not hold.
    #[error("{0}")]
    Invalid(&'static str),
    /// A message that does not answer what was asked.
    #[error("message {kind:08X} with request id {request} does not belong here")]
    Unexpected {
        /// The message type.
        kind: u32,
        /// Its request id.
        request: u32,
    },
    /// The log-in's challenge is outside the bounds of protocol.md 4.4.
    #[error("the log-in challenge has {what} {value}, which is outside {min} to {max}")]
    ChallengeOutOfBounds {
        /// Which field.
        what: &'static str,
        /// What the unit sent.
        value: u64,
        /// The smallest accepted value.
        min: u64,
        /// The largest accepted value.
        max: u64,
    },
    /// The unit proof is wrong or missing: whoever answered does not know the password.
    #[error("the unit's proof is wrong")]
    Impostor,
    /// The object announced is larger than anything that is received.
    #[error("an object of {announced} bytes is announced, {limit} are accepted")]
    ObjectTooLarge {
        /// Bytes that the unit announced.
        announced: u64,
        /// The largest object accepted.
        limit: u64,
    },
    /// A resumed object is not the one whose first part is here.
    #[error("the object changed since its first part was received")]
    ObjectChanged,
    /// Data that does not continue where the last data ended, is too long, too short, or has the wrong hash.
    #[error("{0}")]
    Damaged(String),
    /// No byte moved for too long.
    #[error("no byte for {0} s")]
    Stalled(u64),
}

impl LinkError {
    /// No byte moved for this long; people read whole seconds.
    pub fn stalled(patience: std::time::Duration) -> Self {
        Self::Stalled(u64::try_from(patience.as_millis().div_ceil(1000)).unwrap_or(u64::MAX))
    }
}
