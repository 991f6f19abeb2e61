//! Requests and answers as values (protocol.md 4.2 and 4.4). The unit's side uses the same types the other way round.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use secrecy::{ExposeSecret, SecretString};

use super::auth::Challenge;
use super::object::{Object, Stat};
use super::outcome::Outcome;
use super::wire::{Fields, Tuples, put_short};
use super::{LinkError, frame};

mod kind {
    pub(super) const TEST: u32 = 0x002A_0001;
    pub(super) const WHOIS: u32 = 0x0054_0001;
    pub(super) const AUTHENTICATE: u32 = 0x0030_0001;
    pub(super) const READ: u32 = 0x0054_0011;
    pub(super) const READ_DATA: u32 = 0x1054_0012;
    pub(super) const READ_END: u32 = 0x1054_0013;
    pub(super) const WRITE: u32 = 0x0054_0021;
    pub(super) const WRITE_DATA: u32 = 0x0054_0022;
    pub(super) const COMMIT: u32 = 0x0054_0023;
    pub(super) const REBOOT: u32 = 0x0054_0031;
    pub(super) const CHANGE_PASSWORD: u32 = 0x0054_0051;
    pub(super) const LOG_OFF: u32 = 0x0054_0061;
    pub(super) const STAT: u32 = 0x0054_0071;
    pub(super) const ANSWER: u32 = 0x8000_0000;
    pub(super) const UNSOLICITED: u32 = 0x1000_0000;
    pub(super) const FIRST_DIGIT: u32 = 0xF000_0000;
}

/// The log-in method of Unit Link, in step 1 and 2.
const CHALLENGE_METHOD: u32 = 3;
/// The log-in method of Unit Link, in step 3.
const PROOF_METHOD: u32 = 0x53;
const APPLICATION_NAME: u32 = 0x007E_0001;
const WHOIS_VERSION: u8 = 1;
const MAX_TEST: u32 = 1000;
/// "No restart" in answers that announce one.
const NO_RESTART: u32 = u32::MAX;

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

/// What the unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The bytes of a test.
    Test(Outcome, Bytes),
    /// Who the unit is.
    Whois(Outcome, Tuples),
    /// Log-in, step 2.
    Challenge(Challenge),
    /// Log-in, step 4.
    LoggedIn(Outcome, Tuples),
    /// The head of an object that is received, or why not.
    Read(Result<Stat, Failure>),
    /// Part of an object.
    Data {
        /// Where it belongs.
        offset: u64,
        /// The bytes.
        bytes: Bytes,
    },
    /// The object is complete.
    End {
        /// SHA-256 of the whole object.
        sha256: [u8; 32],
    },
    /// Whether a new object may be sent.
    Write(Outcome, Tuples),
    /// The new revision and the seconds until a restart, or why nothing changed.
    Commit(Result<(String, Option<u32>), Failure>),
    /// Seconds until the restart, or why there is none.
    Reboot(Result<Option<u32>, Failure>),
    /// Whether the password was changed.
    ChangePassword(Outcome, Tuples),
    /// What the unit holds.
    Stat(Result<Stat, Failure>),
    /// A message that nobody asked for and this program does not know.
    Unsolicited,
}

/// A result with bit 31 set and its tuples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub Outcome, pub Tuples);

impl Answer {
    /// Reads an answer from a frame's payload, with its request id.
    ///
    /// # Errors
    /// [`LinkError::Truncated`], [`LinkError::Invalid`], or [`LinkError::Unexpected`] for a type that no unit sends.
    pub fn decode(payload: Bytes) -> Result<(u32, Self), LinkError> {
        let mut fields = Fields::new(payload);
        let kind = fields.u32("a message type")?;
        let id = fields.u32("a request id")?;
        let plain = |mut fields: Fields| -> Result<(Outcome, Tuples), LinkError> {
            Ok(match failure_or_rest(&mut fields)? {
                Some(Failure(outcome, tuples)) => (outcome, tuples),
                None => (Outcome::Done, fields.tuples()?),
            })
        };
        let answer = match kind {
            kind::READ_DATA => Self::Data {
                offset: fields.u64("an offset")?,
                bytes: fields.rest(),
            },
            kind::READ_END => Self::End {
                sha256: fields.hash("a hash")?,
            },
            _ if kind & kind::FIRST_DIGIT == kind::UNSOLICITED => Self::Unsolicited,
            _ if kind & kind::ANSWER == 0 => return Err(LinkError::Unexpected { kind, request: id }),
            _ => match kind & !kind::ANSWER {
                kind::TEST => match failure_or_rest(&mut fields)? {
                    Some(Failure(outcome, _)) => Self::Test(outcome, Bytes::new()),
                    None => Self::Test(Outcome::Done, fields.long_bytes(MAX_TEST, "a test")?),
                },
                kind::WHOIS => plain(fields).map(|(outcome, tuples)| Self::Whois(outcome, tuples))?,
                kind::AUTHENTICATE => logged_in(fields)?,
                kind::READ => Self::Read(stat(fields)?),
                kind::WRITE => plain(fields).map(|(outcome, tuples)| Self::Write(outcome, tuples))?,
                kind::COMMIT => Self::Commit(match failure_or_rest(&mut fields)? {
                    Some(failure) => Err(failure),
                    None => Ok((text(&fields.short_bytes("a revision")?)?, restart(&mut fields)?)),
                }),
                kind::REBOOT => Self::Reboot(match failure_or_rest(&mut fields)? {
                    Some(failure) => Err(failure),
                    None => Ok(restart(&mut fields)?),
                }),
                kind::CHANGE_PASSWORD => {
                    plain(fields).map(|(outcome, tuples)| Self::ChangePassword(outcome, tuples))?
                }
                kind::STAT => Self::Stat(stat(fields)?),
                _ => return Err(LinkError::Unexpected { kind, request: id }),
            },
        };
        Ok((id, answer))
    }

    /// The frame for this answer, as a unit sends it.
    pub fn encode(&self, request_id: u32) -> BytesMut {
        let mut out = BytesMut::new();
        let plain = |out: &mut BytesMut, outcome: Outcome, tuples: &Tuples| {
            out.put_u32(outcome.number());
            tuples.encode(out);
        };
        let stat = |out: &mut BytesMut, stat: &Result<Stat, Failure>| match stat {
            Err(Failure(outcome, tuples)) => plain(out, *outcome, tuples),
            Ok(stat) => {
                out.put_u32(0);
                out.put_u64(stat.length);
                out.put_slice(&stat.sha256);
                put_short(out, stat.revision.as_bytes());
            }
        };
        let answer = |kind| kind | kind::ANSWER;
        let kind = match self {
            Self::Test(outcome, bytes) => {
                out.put_u32(outcome.number());
                if *outcome == Outcome::Done {
                    out.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                    out.put_slice(bytes);
                }
                answer(kind::TEST)
            }
            Self::Whois(outcome, tuples) => {
                plain(&mut out, *outcome, tuples);
                answer(kind::WHOIS)
            }
            Self::Challenge(challenge) => {
                out.put_u32(CHALLENGE_METHOD);
                out.put_u32(challenge.iterations);
                put_short(&mut out, &challenge.salt);
                put_short(&mut out, &challenge.unit_nonce);
                answer(kind::AUTHENTICATE)
            }
            Self::LoggedIn(outcome, tuples) => {
                plain(&mut out, *outcome, tuples);
                answer(kind::AUTHENTICATE)
            }
            Self::Read(read) => {
                stat(&mut out, read);
                answer(kind::READ)
            }
            Self::Data { offset, bytes } => {
                out.put_u64(*offset);
                out.put_slice(bytes);
                kind::READ_DATA
            }
            Self::End { sha256 } => {
                out.put_slice(sha256);
                kind::READ_END
            }
            Self::Write(outcome, tuples) => {
                plain(&mut out, *outcome, tuples);
                answer(kind::WRITE)
            }
            Self::Commit(commit) => {
                match commit {
                    Err(Failure(outcome, tuples)) => plain(&mut out, *outcome, tuples),
                    Ok((revision, restart_s)) => {
                        out.put_u32(0);
                        put_short(&mut out, revision.as_bytes());
                        out.put_u32(restart_s.unwrap_or(NO_RESTART));
                    }
                }
                answer(kind::COMMIT)
            }
            Self::Reboot(reboot) => {
                match reboot {
                    Err(Failure(outcome, tuples)) => plain(&mut out, *outcome, tuples),
                    Ok(restart_s) => {
                        out.put_u32(0);
                        out.put_u32(restart_s.unwrap_or(NO_RESTART));
                    }
                }
                answer(kind::REBOOT)
            }
            Self::ChangePassword(outcome, tuples) => {
                plain(&mut out, *outcome, tuples);
                answer(kind::CHANGE_PASSWORD)
            }
            Self::Stat(held) => {
                stat(&mut out, held);
                answer(kind::STAT)
            }
            Self::Unsolicited => kind::UNSOLICITED,
        };
        framed(kind, request_id, &out)
    }
}

fn framed(kind: u32, request_id: u32, body: &[u8]) -> BytesMut {
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

fn text(bytes: &[u8]) -> Result<String, LinkError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| LinkError::Invalid("a text is not UTF-8"))
}

/// A result with bit 31 set is followed by tuples at most; any other leaves `fields` at what follows it.
fn failure_or_rest(fields: &mut Fields) -> Result<Option<Failure>, LinkError> {
    let outcome = Outcome::from_number(fields.u32("a result")?);
    if outcome == Outcome::Done {
        return Ok(None);
    }
    let rest = std::mem::replace(fields, Fields::new(Bytes::new()));
    Ok(Some(Failure(outcome, rest.tuples_as_far_as_understood())))
}

fn logged_in(mut fields: Fields) -> Result<Answer, LinkError> {
    let number = fields.u32("a log-in answer")?;
    Ok(match Outcome::from_number(number) {
        Outcome::Done if number == CHALLENGE_METHOD => Answer::Challenge(Challenge {
            iterations: fields.u32("iterations")?,
            salt: fields.short_bytes("a salt")?,
            unit_nonce: fields.short_bytes("a nonce")?,
        }),
        Outcome::Done if number == 0 => Answer::LoggedIn(Outcome::Done, fields.tuples()?),
        Outcome::Done => return Err(LinkError::Invalid("the unit wants another log-in method")),
        // Its tuples carry the unit proof here, so they are read like those of any other refusal.
        outcome => Answer::LoggedIn(outcome, fields.tuples_as_far_as_understood()),
    })
}

fn stat(mut fields: Fields) -> Result<Result<Stat, Failure>, LinkError> {
    if let Some(failure) = failure_or_rest(&mut fields)? {
        return Ok(Err(failure));
    }
    Ok(Ok(Stat {
        length: fields.u64("a length")?,
        sha256: fields.hash("a hash")?,
        revision: text(&fields.short_bytes("a revision")?)?,
    }))
}

fn restart(fields: &mut Fields) -> Result<Option<u32>, LinkError> {
    Ok(Some(fields.u32("the time until a restart")?).filter(|s| *s != NO_RESTART))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
