//! Answers as values (protocol.md 4.2 and 4.4).

use bytes::{BufMut, Bytes, BytesMut};

use super::LinkError;
use super::auth::Challenge;
use super::message::{CHALLENGE_METHOD, MAX_TEST, framed, kind, text};
use super::object::Stat;
use super::outcome::Outcome;
use super::wire::{Fields, Tuples, put_short};

/// "No restart" in answers that announce one.
const NO_RESTART: u32 = u32::MAX;
/// Type, request id and offset stand before the bytes of an object.
const DATA_HEAD: usize = 4 + 4 + 8;

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

/// The offset, the bytes and the whole length of the data in the first part of a frame's payload that would have been
/// `whole` bytes long; `None` where it is no data of this request, or has none yet.
pub(super) fn torn_data(payload: Bytes, whole: usize, request: u32) -> Option<(u64, Bytes, u64)> {
    let mut fields = Fields::new(payload);
    let kind = fields.u32("a message type").ok()?;
    let id = fields.u32("a request id").ok()?;
    let offset = fields.u64("an offset").ok()?;
    let bytes = fields.rest();
    let whole = whole.checked_sub(DATA_HEAD)?;
    (kind == kind::READ_DATA && id == request && !bytes.is_empty()).then_some((offset, bytes, whole as u64))
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
