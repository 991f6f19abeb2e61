//! The Manager's side of one DevLink3 connection, without I/O.
//!
//! One request is under way at a time. Feed what arrives to [`Client::handle_bytes`]; after each call to any method send everything
//! from [`Client::poll_transmit`], take every [`Client::poll_event`], and arm a timer for [`Client::poll_timeout`]. After an error
//! there is no further event: the connection is over.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use secrecy::SecretString;

use super::message::{Answer, LONGEST_USER, Request, tag};
use super::{DevLinkError, FileName, auth};
use crate::link::outcome::Refusal;
use crate::link::wire::Tuples;
use crate::link::{LinkError, Outcome, frame};
use crate::printable::printable;

/// Messages that nobody asked for and that are passed over for each request; more are a unit that never answers.
const MOST_UNSOLICITED: u32 = 1024;

/// What a request led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Logged in. Nothing proves that it was the unit that let us in.
    LoggedIn(System),
    /// The whole file.
    File(Bytes),
    /// The unit refused the request that was under way.
    Refused(Refusal),
}

/// What a unit says of itself after a log-in, in its own words, safe to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// Type and software version.
    pub type_and_version: Option<String>,
    /// Variant.
    pub variant: Option<String>,
}

/// What is being waited for.
enum Waiting {
    Challenge(SecretString),
    LogIn,
    File,
}

/// The state machine of one connection.
pub struct Client {
    may_send_password: bool,
    frame_limit: usize,
    patience: Duration,
    last_byte: Instant,
    request_id: u32,
    unsolicited: u32,
    waiting: Option<Waiting>,
    over: Option<DevLinkError>,
    transmit: VecDeque<Bytes>,
    events: VecDeque<Event>,
}

impl fmt::Debug for Client {
    /// Without what is queued: a password may be among it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("request_id", &self.request_id)
            .field("waiting", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A connection that was just opened; `patience` is how long may pass without a byte while an answer is due.
    ///
    /// `may_send_password` says whether the password itself may be sent when the unit asks for it: only inside TLS, and only to a
    /// certificate that is trusted.
    pub fn new(patience: Duration, may_send_password: bool, now: Instant) -> Self {
        Self {
            may_send_password,
            frame_limit: frame::LIMIT_BEFORE_LOG_IN,
            patience,
            last_byte: now,
            request_id: 0,
            unsolicited: 0,
            waiting: None,
            over: None,
            transmit: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Logs in; answered by [`Event::LoggedIn`] or [`Event::Refused`]. One attempt: nothing is tried again by itself.
    ///
    /// # Errors
    /// [`DevLinkError::UserName`]; nothing is sent then.
    pub fn log_in(&mut self, user: &str, password: SecretString, now: Instant) -> Result<(), DevLinkError> {
        let user = auth::user_name(user);
        if user.len() > LONGEST_USER || user.contains('\0') {
            return Err(DevLinkError::UserName);
        }
        let request = Request::LogIn { user };
        self.ask(&request, Waiting::Challenge(password), now);
        Ok(())
    }

    /// Reads a file; answered by [`Event::File`] or [`Event::Refused`]. A file is at most one frame after a log-in, 1 MiB.
    pub fn read_file(&mut self, name: &FileName, now: Instant) {
        self.ask(&Request::ReadFile(name.as_str().to_owned()), Waiting::File, now);
    }

    /// Takes whole frames from the front of `input`, and leaves the rest there for the next call.
    ///
    /// # Errors
    /// Any [`DevLinkError`]: the connection is then over, and every later call says the same again.
    pub fn handle_bytes(&mut self, input: &mut BytesMut, now: Instant) -> Result<(), DevLinkError> {
        if let Some(error) = &self.over {
            return Err(error.clone());
        }
        self.last_byte = now;
        let handled = self.frames(input, now);
        if let Err(error) = &handled {
            self.over = Some(error.clone());
            self.waiting = None;
            self.transmit.clear();
        }
        handled
    }

    /// Bytes were handed to the network: the line is alive.
    pub fn handle_sent(&mut self, now: Instant) {
        self.last_byte = now;
    }

    /// The timer of [`Client::poll_timeout`] went off.
    ///
    /// # Errors
    /// [`LinkError::Stalled`] when an answer is overdue: the connection is then over.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), DevLinkError> {
        match self.poll_timeout() {
            Some(due) if due <= now => {
                let error = DevLinkError::from(LinkError::stalled(self.patience));
                self.waiting = None;
                Err(self.over.insert(error).clone())
            }
            _ => Ok(()),
        }
    }

    /// When to call [`Client::handle_timeout`]; ask again after every other call.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting
            .is_some()
            .then(|| self.last_byte.checked_add(self.patience))
            .flatten()
    }

    /// The next bytes to send.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.transmit.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn ask(&mut self, request: &Request, waiting: Waiting, now: Instant) {
        if self.over.is_some() {
            return;
        }
        self.request_id = self.request_id.wrapping_add(1).max(1);
        self.unsolicited = 0;
        self.last_byte = now;
        self.transmit.push_back(request.encode(self.request_id).freeze());
        self.waiting = Some(waiting);
    }

    fn frames(&mut self, input: &mut BytesMut, now: Instant) -> Result<(), DevLinkError> {
        while let Some(payload) = frame::take(input, self.frame_limit)? {
            let kind = payload.first_chunk().map_or(0, |kind| u32::from_be_bytes(*kind));
            let (request, answer) = Answer::decode(payload)?;
            let belongs = match answer {
                Answer::Unsolicited => {
                    self.unsolicited += 1;
                    self.unsolicited <= MOST_UNSOLICITED
                }
                _ if request != self.request_id => false,
                _ => self.handle_answer(answer, now)?,
            };
            if !belongs {
                return Err(LinkError::Unexpected { kind, request }.into());
            }
        }
        Ok(())
    }

    /// Whether `answer` answers what was asked.
    fn handle_answer(&mut self, answer: Answer, now: Instant) -> Result<bool, DevLinkError> {
        let event = match (self.waiting.take(), answer) {
            (Some(Waiting::Challenge(password)), Answer::Challenge(challenge)) => {
                let response = auth::response(&challenge, &password);
                self.ask(&Request::Response(response), Waiting::LogIn, now);
                return Ok(true);
            }
            (Some(Waiting::Challenge(password)), Answer::PasswordWanted) => {
                if !self.may_send_password {
                    return Err(DevLinkError::PasswordWithheld);
                }
                self.ask(&Request::Password(auth::padded(&password)), Waiting::LogIn, now);
                return Ok(true);
            }
            (Some(Waiting::LogIn), Answer::LoggedIn(Outcome::Done, tuples)) => {
                self.frame_limit = frame::LIMIT_AFTER_LOG_IN;
                Event::LoggedIn(System {
                    type_and_version: words(&tuples, tag::TYPE_AND_VERSION),
                    variant: words(&tuples, tag::VARIANT),
                })
            }
            (Some(Waiting::Challenge(_) | Waiting::LogIn), Answer::LoggedIn(outcome, tuples))
            | (Some(Waiting::File), Answer::NoFile(outcome, tuples))
                if outcome != Outcome::Done =>
            {
                Event::Refused(Refusal::new(outcome, &tuples))
            }
            (Some(Waiting::File), Answer::File(contents)) => Event::File(contents),
            _ => return Ok(false),
        };
        self.events.push_back(event);
        Ok(true)
    }
}

/// The texts of a tuple, which NULs part, as one.
fn words(tuples: &Tuples, tag: u32) -> Option<String> {
    /// Characters that are shown, at most.
    const LONGEST: usize = 256;
    let bytes = tuples.get(tag)?;
    let parts: Vec<_> = bytes
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
        .map(String::from_utf8_lossy)
        .collect();
    let text: String = parts.join(" ").chars().take(LONGEST).collect();
    (!text.is_empty()).then(|| printable(&text))
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
