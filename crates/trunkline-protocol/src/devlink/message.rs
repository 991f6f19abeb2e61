//! Requests and answers as values (docs/protocol.md section 8, documented). The unit's side uses the same types the other way round.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use zeroize::Zeroizing;

use super::auth::{CHALLENGE, PASSWORD, RESPONSE};
use super::file_name::LONGEST;
use crate::link::message::framed;
use crate::link::wire::{Fields, Tuples};
use crate::link::{LinkError, Outcome};

mod kind {
    pub(super) const AUTHENTICATE: u32 = 0x0030_0001;
    pub(super) const READ_FILE: u32 = 0x0030_0041;
    pub(super) const ANSWER: u32 = 0x8000_0000;
    pub(super) const UNSOLICITED: u32 = 0x1000_0000;
    pub(super) const FIRST_DIGIT: u32 = 0xF000_0000;
}

/// Tags that accompany a result; those of Unit Link are understood too.
pub mod tag {
    /// Type and version of the unit, texts that NULs part.
    pub const TYPE_AND_VERSION: u32 = 0x007D_0001;
    /// Variant of the unit.
    pub const VARIANT: u32 = 0x007D_0002;
}

/// What stands first in the client's steps of a log-in.
mod step {
    pub(super) const NAME: u32 = 1;
    pub(super) const RESPONSE: u32 = 0x50;
    pub(super) const PASSWORD: u32 = 0x51;
}

/// What stands first in the unit's challenge.
mod wanted {
    pub(super) const PASSWORD: u32 = 1;
    pub(super) const RESPONSE: u32 = 2;
}

const FAILED: u32 = 0x8000_0000;
/// Bytes of a user name, at most.
pub(super) const LONGEST_USER: usize = 255;

/// What the client says.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// Log-in, step 1: who it is. At most 255 bytes, without a NUL.
    LogIn {
        /// The service user's name.
        user: String,
    },
    /// Log-in, step 3, where the unit sent a challenge: [`super::auth::response`].
    Response([u8; RESPONSE]),
    /// Log-in, step 3, where the unit asked for the password itself: [`super::auth::padded`]. Over TLS only.
    Password(Zeroizing<[u8; PASSWORD]>),
    /// Send this file.
    ReadFile(String),
}

impl fmt::Debug for Request {
    /// Shows which request it is, never what it carries.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LogIn { .. } => "Request(LogIn)",
            Self::Response(_) => "Request(Response)",
            Self::Password(_) => "Request(Password)",
            Self::ReadFile(_) => "Request(ReadFile)",
        })
    }
}

impl Request {
    /// The frame for this request.
    pub fn encode(&self, request_id: u32) -> BytesMut {
        // A log-in carries a secret: the body is wiped once it was copied into its frame, which is sent and dropped.
        let mut out = Zeroizing::new(Vec::new());
        let kind = match self {
            Self::LogIn { user } => {
                out.put_u32(step::NAME);
                put_text(&mut out, user);
                kind::AUTHENTICATE
            }
            Self::Response(response) => {
                out.put_u32(step::RESPONSE);
                out.put_u32(length(response));
                out.put_slice(response);
                kind::AUTHENTICATE
            }
            Self::Password(password) => {
                out.put_u32(step::PASSWORD);
                out.put_u32(length(&**password));
                out.put_slice(&**password);
                kind::AUTHENTICATE
            }
            Self::ReadFile(name) => {
                let mut text = Vec::new();
                put_text(&mut text, name);
                // The length counts the NUL.
                out.put_u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
                out.put_slice(&text);
                kind::READ_FILE
            }
        };
        framed(kind, request_id, &out)
    }

    /// Reads a request from a frame's payload, with its request id.
    ///
    /// # Errors
    /// [`LinkError::Truncated`], [`LinkError::Invalid`], or [`LinkError::Unexpected`] for a type that is not answered here.
    pub fn decode(payload: Bytes) -> Result<(u32, Self), LinkError> {
        let mut fields = Fields::new(payload);
        let kind = fields.u32("a message type")?;
        let id = fields.u32("a request id")?;
        if id == 0 {
            return Err(LinkError::Invalid("the request id is 0"));
        }
        let request = match kind {
            kind::AUTHENTICATE => match fields.u32("a log-in")? {
                step::NAME => Self::LogIn {
                    user: text(&fields.rest(), LONGEST_USER)?,
                },
                step::RESPONSE => Self::Response(counted(&mut fields)?),
                step::PASSWORD => Self::Password(Zeroizing::new(counted(&mut fields)?)),
                _ => return Err(LinkError::Invalid("the log-in method is unknown")),
            },
            kind::READ_FILE => {
                let name = fields.short_bytes("a file name")?;
                // Whether the length counts the NUL is not plain from what is published: both are understood.
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                if end > LONGEST {
                    return Err(LinkError::Invalid("a file name is too long"));
                }
                Self::ReadFile(utf8(&name[..end])?)
            }
            _ => return Err(LinkError::Unexpected { kind, request: id }),
        };
        Ok((id, request))
    }
}

/// What the unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Log-in, step 2: hash the password with this.
    Challenge([u8; CHALLENGE]),
    /// Log-in, step 2: send the password itself.
    PasswordWanted,
    /// Log-in, step 4, or a refusal at any step.
    LoggedIn(Outcome, Tuples),
    /// The whole file.
    File(Bytes),
    /// Why there is no file.
    NoFile(Outcome, Tuples),
    /// A message that nobody asked for, such as an event.
    Unsolicited,
}

impl Answer {
    /// The frame for this answer.
    pub fn encode(&self, request_id: u32) -> BytesMut {
        let mut out = BytesMut::new();
        let kind = match self {
            Self::Challenge(challenge) => {
                out.put_u32(wanted::RESPONSE);
                out.put_u32(length(challenge));
                out.put_slice(challenge);
                kind::ANSWER | kind::AUTHENTICATE
            }
            Self::PasswordWanted => {
                out.put_u32(wanted::PASSWORD);
                kind::ANSWER | kind::AUTHENTICATE
            }
            Self::LoggedIn(outcome, tuples) => {
                out.put_u32(outcome.number());
                tuples.encode(&mut out);
                kind::ANSWER | kind::AUTHENTICATE
            }
            Self::File(contents) => {
                out.put_u32(Outcome::Done.number());
                out.put_slice(contents);
                kind::ANSWER | kind::READ_FILE
            }
            Self::NoFile(outcome, tuples) => {
                out.put_u32(outcome.number());
                tuples.encode(&mut out);
                kind::ANSWER | kind::READ_FILE
            }
            Self::Unsolicited => kind::UNSOLICITED | kind::AUTHENTICATE,
        };
        framed(kind, request_id, &out)
    }

    /// Reads an answer from a frame's payload, with its request id. What follows a result is a help, and is read as far as it can be
    /// understood.
    ///
    /// # Errors
    /// [`LinkError::Truncated`], [`LinkError::Invalid`], or [`LinkError::Unexpected`] for a type that answers nothing here.
    pub fn decode(payload: Bytes) -> Result<(u32, Self), LinkError> {
        let mut fields = Fields::new(payload);
        let kind = fields.u32("a message type")?;
        let id = fields.u32("a request id")?;
        if kind & kind::FIRST_DIGIT == kind::UNSOLICITED {
            return Ok((id, Self::Unsolicited));
        }
        let answer = match kind & !kind::ANSWER {
            kind::AUTHENTICATE if kind & kind::ANSWER != 0 => match fields.u32("a result")? {
                wanted::RESPONSE => Self::Challenge(counted(&mut fields)?),
                wanted::PASSWORD => Self::PasswordWanted,
                result @ (0 | FAILED..) => {
                    Self::LoggedIn(Outcome::from_number(result), fields.tuples_as_far_as_understood())
                }
                _ => return Err(LinkError::Invalid("the log-in asks for something unknown")),
            },
            kind::READ_FILE if kind & kind::ANSWER != 0 => match fields.u32("a result")? {
                0 => Self::File(fields.rest()),
                result @ FAILED.. => {
                    Self::NoFile(Outcome::from_number(result), fields.tuples_as_far_as_understood())
                }
                _ => return Err(LinkError::Invalid("the result of a file is unknown")),
            },
            _ => return Err(LinkError::Unexpected { kind, request: id }),
        };
        Ok((id, answer))
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// A text and a NUL; what would follow a NUL inside is left out, so that nothing can be put behind the name.
fn put_text(out: &mut Vec<u8>, text: &str) {
    out.put_slice(text.split('\0').next().unwrap_or_default().as_bytes());
    out.put_u8(0);
}

/// A `u32` that must be `N`, and as many bytes.
fn counted<const N: usize>(fields: &mut Fields) -> Result<[u8; N], LinkError> {
    let most = u32::try_from(N).unwrap_or(u32::MAX);
    let bytes = fields.long_bytes(most, "a log-in")?;
    bytes
        .as_ref()
        .try_into()
        .map_err(|_| LinkError::Invalid("a part of the log-in has another length than it must have"))
}

/// The text before the NUL, which must be there.
fn text(bytes: &[u8], longest: usize) -> Result<String, LinkError> {
    let Some(end) = bytes.iter().take(longest + 1).position(|byte| *byte == 0) else {
        return Err(LinkError::Invalid("a text is too long, or has no end"));
    };
    utf8(&bytes[..end])
}

fn utf8(bytes: &[u8]) -> Result<String, LinkError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| LinkError::Invalid("a text is not UTF-8"))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
