//! Requests as values, and what requests and answers share (protocol.md 4.2 and 4.4). The unit's side uses the same types the other way
//! round.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use secrecy::{ExposeSecret, SecretString};

use super::object::Object;
use super::wire::{Fields, Tuples, put_short};
use super::{LinkError, frame};

pub use super::answer::{Answer, Failure};

pub(super) mod kind {
    pub(in super::super) const TEST: u32 = 0x002A_0001;
    pub(in super::super) const WHOIS: u32 = 0x0054_0001;
    pub(in super::super) const AUTHENTICATE: u32 = 0x0030_0001;
    pub(in super::super) const READ: u32 = 0x0054_0011;
    pub(in super::super) const READ_DATA: u32 = 0x1054_0012;
    pub(in super::super) const READ_END: u32 = 0x1054_0013;
    pub(in super::super) const WRITE: u32 = 0x0054_0021;
    pub(in super::super) const WRITE_DATA: u32 = 0x0054_0022;
    pub(in super::super) const COMMIT: u32 = 0x0054_0023;
    pub(in super::super) const REBOOT: u32 = 0x0054_0031;
    pub(in super::super) const CHANGE_PASSWORD: u32 = 0x0054_0051;
    pub(in super::super) const LOG_OFF: u32 = 0x0054_0061;
    pub(in super::super) const STAT: u32 = 0x0054_0071;
    pub(in super::super) const ANSWER: u32 = 0x8000_0000;
    pub(in super::super) const UNSOLICITED: u32 = 0x1000_0000;
    pub(in super::super) const FIRST_DIGIT: u32 = 0xF000_0000;
}

/// The log-in method of Unit Link, in step 1 and 2.
pub(super) const CHALLENGE_METHOD: u32 = 3;
/// The log-in method of Unit Link, in step 3.
const PROOF_METHOD: u32 = 0x53;
const APPLICATION_NAME: u32 = 0x007E_0001;
const WHOIS_VERSION: u8 = 1;
pub(super) const MAX_TEST: u32 = 1000;

/// What the client says.
#[derive(Clone)]
pub enum Request {
    /// Send these bytes back (at most 1,000).
    Test(Bytes),
    /// Who are you?
    Whois,
    /// Log-in, step 1, with the name of the program.
    RequestChallenge(String),
    /// Log-in, step 3.
    Prove {
        /// 32 bytes from the system's random source.
        client_nonce: Bytes,
        /// The client proof.
        proof: [u8; 32],
    },
    /// Send an object from `offset` on.
    Read {
        /// Which object.
        object: Object,
        /// The first byte that is wanted.
        offset: u64,
        /// SHA-256 of the object whose first part is here already; zeros at offset 0.
        resumed: [u8; 32],
    },
    /// Take a new object; it takes effect at the commit.
    Write(Write),
    /// Part of the object that is being written; not answered.
    Data {
        /// Where it belongs.
        offset: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// All is there: let it take effect.
    Commit {
        /// SHA-256 of the whole object.
        sha256: [u8; 32],
    },
    /// Restart; mode, minutes and flags as [`super::WriteMode::to_wire`] gives them.
    Reboot {
        /// 2 immediately, 3 when free, 4 timed.
        mode: u8,
        /// Minutes after midnight by the unit's clock.
        minutes: u16,
        /// Bit 0 bars incoming calls, bit 1 outgoing ones.
        flags: u8,
    },
    /// A new password for the service user who is logged in; over TLS only.
    ChangePassword(SecretString),
    /// The client is done; the unit closes.
    LogOff,
    /// What do you hold now?
    Stat(Object),
}

/// The head of an object that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which object.
    pub object: Object,
    /// 1 merge, 2 immediately, 3 when free, 4 timed.
    pub mode: u8,
    /// Minutes after midnight by the unit's clock.
    pub minutes: u16,
    /// Bit 0 bars incoming calls, bit 1 outgoing ones.
    pub flags: u8,
    /// Bytes of the whole object.
    pub length: u64,
    /// SHA-256 of the whole object.
    pub sha256: [u8; 32],
    /// The revision that the changes are based on; empty overwrites whatever is there.
    pub base_revision: String,
}

impl fmt::Debug for Request {
    /// Shows which request it is, never what it carries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({:08X})", self.kind())
    }
}

impl Request {
    fn kind(&self) -> u32 {
        match self {
            Self::Test(_) => kind::TEST,
            Self::Whois => kind::WHOIS,
            Self::RequestChallenge(_) | Self::Prove { .. } => kind::AUTHENTICATE,
            Self::Read { .. } => kind::READ,
            Self::Write(_) => kind::WRITE,
            Self::Data { .. } => kind::WRITE_DATA,
            Self::Commit { .. } => kind::COMMIT,
            Self::Reboot { .. } => kind::REBOOT,
            Self::ChangePassword(_) => kind::CHANGE_PASSWORD,
            Self::LogOff => kind::LOG_OFF,
            Self::Stat(_) => kind::STAT,
        }
    }

    /// The frame for this request.
    pub fn encode(&self, request_id: u32) -> BytesMut {
        let mut out = BytesMut::new();
        match self {
            Self::Test(bytes) => {
                out.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                out.put_slice(bytes);
            }
            Self::Whois => out.put_u8(WHOIS_VERSION),
            Self::RequestChallenge(application) => {
                out.put_u32(CHALLENGE_METHOD);
                let mut tuples = Tuples::default();
                tuples.push(APPLICATION_NAME, format!("{application}\0"));
                tuples.encode(&mut out);
            }
            Self::Prove { client_nonce, proof } => {
                out.put_u32(PROOF_METHOD);
                put_short(&mut out, client_nonce);
                put_short(&mut out, proof);
            }
            Self::Read {
                object,
                offset,
                resumed,
            } => {
                out.put_u8(object.number());
                out.put_u64(*offset);
                out.put_slice(resumed);
            }
            Self::Write(write) => {
                out.put_u8(write.object.number());
                out.put_u8(write.mode);
                out.put_u16(write.minutes);
                out.put_u8(write.flags);
                out.put_u64(write.length);
                out.put_slice(&write.sha256);
                put_short(&mut out, write.base_revision.as_bytes());
            }
            Self::Data { offset, bytes } => {
                out.put_u64(*offset);
                out.put_slice(bytes);
            }
            Self::Commit { sha256 } => out.put_slice(sha256),
            Self::Reboot { mode, minutes, flags } => {
                out.put_u8(*mode);
                out.put_u16(*minutes);
                out.put_u8(*flags);
            }
            Self::ChangePassword(password) => put_short(&mut out, password.expose_secret().as_bytes()),
            Self::LogOff => {}
            Self::Stat(object) => out.put_u8(object.number()),
        }
        framed(self.kind(), request_id, &out)
    }

    /// Reads a request from a frame's payload, with its request id.
    ///
    /// # Errors
    /// [`LinkError::Truncated`], [`LinkError::Invalid`], or [`LinkError::Unexpected`] for a type that no client sends.
    pub fn decode(payload: Bytes) -> Result<(u32, Self), LinkError> {
        let mut fields = Fields::new(payload);
        let kind = fields.u32("a message type")?;
        let id = fields.u32("a request id")?;
        if id == 0 {
            return Err(LinkError::Invalid("the request id is 0"));
        }
        let request = match kind {
            kind::TEST => Self::Test(fields.long_bytes(MAX_TEST, "a test")?),
            kind::WHOIS => {
                fields.u8("a whois")?;
                Self::Whois
            }
            kind::AUTHENTICATE => match fields.u32("a log-in")? {
                CHALLENGE_METHOD => {
                    Self::RequestChallenge(fields.tuples()?.text(APPLICATION_NAME).unwrap_or_default())
                }
                PROOF_METHOD => {
                    let client_nonce = fields.short_bytes("a nonce")?;
                    let proof = fields.short_bytes("a proof")?;
                    let proof = proof
                        .as_ref()
                        .try_into()
                        .map_err(|_| LinkError::Invalid("a proof is not 32 bytes"))?;
                    Self::Prove { client_nonce, proof }
                }
                _ => return Err(LinkError::Invalid("the log-in method is unknown")),
            },
            kind::READ => Self::Read {
                object: object(&mut fields)?,
                offset: fields.u64("an offset")?,
                resumed: fields.hash("a hash")?,
            },
            kind::WRITE => Self::Write(Write {
                object: object(&mut fields)?,
                mode: fields.u8("a mode")?,
                minutes: fields.u16("a time")?,
                flags: fields.u8("flags")?,
                length: fields.u64("a length")?,
                sha256: fields.hash("a hash")?,
                base_revision: text(&fields.short_bytes("a revision")?)?,
            }),
            kind::WRITE_DATA => Self::Data {
                offset: fields.u64("an offset")?,
                bytes: fields.rest(),
            },
            kind::COMMIT => Self::Commit {
                sha256: fields.hash("a hash")?,
            },
            kind::REBOOT => Self::Reboot {
                mode: fields.u8("a mode")?,
                minutes: fields.u16("a time")?,
                flags: fields.u8("flags")?,
            },
            kind::CHANGE_PASSWORD => Self::ChangePassword(text(&fields.short_bytes("a password")?)?.into()),
            kind::LOG_OFF => Self::LogOff,
            kind::STAT => Self::Stat(object(&mut fields)?),
            _ => return Err(LinkError::Unexpected { kind, request: id }),
        };
        Ok((id, request))
    }
}

pub(crate) fn framed(kind: u32, request_id: u32, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::with_capacity(body.len() + 12);
    frame::put_header(&mut out, body.len() + 8);
    out.put_u32(kind);
    out.put_u32(request_id);
    out.put_slice(body);
    out
}

/// The most data that one frame holds after a log-in: its header, type, request id and offset take the rest.
pub const MAX_DATA: usize = frame::LIMIT_AFTER_LOG_IN - 20;

/// The head of a data frame whose `length` bytes (at most [`MAX_DATA`]) follow it, so that they need not be copied.
pub fn data_head(request_id: u32, offset: u64, length: usize) -> BytesMut {
    let mut out = BytesMut::with_capacity(20);
    frame::put_header(&mut out, length + 16);
    out.put_u32(kind::WRITE_DATA);
    out.put_u32(request_id);
    out.put_u64(offset);
    out
}

fn object(fields: &mut Fields) -> Result<Object, LinkError> {
    Object::from_number(fields.u8("an object")?).ok_or(LinkError::Invalid("the object is unknown"))
}

pub(super) fn text(bytes: &[u8]) -> Result<String, LinkError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| LinkError::Invalid("a text is not UTF-8"))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
