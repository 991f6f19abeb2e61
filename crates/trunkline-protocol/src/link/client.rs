//! The Manager's side of one connection, without I/O.
//!
//! One request is under way at a time. Feed what arrives to [`Client::handle_bytes`]; after each call to any method
//! send everything from [`Client::poll_transmit`], take every [`Client::poll_event`], and arm a timer for
//! [`Client::poll_timeout`].

use std::collections::VecDeque;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use secrecy::SecretString;

use super::answer;
use super::auth::{self, Challenge, Proofs};
use super::inbound::Inbound;
use super::message::{Answer, Failure, MAX_DATA, Request, Write, data_head};
use super::object::{MAX_OBJECT, Object, Restart, Rights, Stat, WriteMode};
use super::outcome::{Outcome, Refusal, tag};
use super::whois::Whois;
use super::wire::Tuples;
use super::{LinkError, frame};

/// What a request led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The bytes of a test came back.
    Tested,
    /// Who the unit is.
    Whois(Whois),
    /// The unit's challenge, within its bounds: answer it with [`Client::prove`].
    Challenge(Challenge),
    /// Logged in, and the unit proved that it knows the password too.
    LoggedIn(LogIn),
    /// An object begins to arrive.
    ReadStarted(Stat),
    /// The next bytes of it, in order, without gaps.
    Data(Bytes),
    /// It is complete, and its hash is right.
    ReadDone,
    /// The unit takes a new object: send it with [`Client::data`], then [`Client::commit`].
    WriteAccepted,
    /// The new object took effect.
    Committed {
        /// The revision that the unit holds now.
        revision: String,
        /// Seconds until it restarts; `None` for no restart.
        restart_s: Option<u32>,
    },
    /// The unit will restart.
    Rebooting {
        /// Seconds until it does, where it said so.
        restart_s: Option<u32>,
    },
    /// The password was changed.
    PasswordChanged,
    /// What the unit holds.
    Stat(Stat),
    /// The unit refused the request that was under way; the connection stands.
    Refused(Refusal),
}

/// What a log-in brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogIn {
    /// The password must be changed before anything else is allowed.
    pub must_change_password: bool,
    /// What the service user may do, where the unit said so.
    pub rights: Option<Rights>,
    /// Days until the password expires.
    pub password_expires_days: Option<u16>,
    /// When this service user logged in last, in the unit's words.
    pub last_login: Option<String>,
    /// The revision that the unit holds.
    pub revision: Option<String>,
    /// The largest object that the unit takes, in bytes.
    pub largest_object: Option<u64>,
}

/// What is being waited for.
#[derive(Debug)]
enum Waiting {
    Test(Bytes),
    Whois,
    Challenge,
    Proof([u8; 32]),
    ReadStart(Inbound),
    ReadData(Inbound),
    Write,
    Commit,
    Reboot,
    ChangePassword,
    Stat,
}

/// The state machine of one connection.
pub struct Client {
    iterations: RangeInclusive<u32>,
    object_limit: u64,
    frame_limit: usize,
    patience: Duration,
    last_byte: Instant,
    request_id: u32,
    write_id: u32,
    waiting: Option<Waiting>,
    cut: Option<Inbound>,
    transmit: VecDeque<Bytes>,
    events: VecDeque<Event>,
}

impl fmt::Debug for Client {
    /// Without what is queued: a new password or somebody's configuration may be among it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("request_id", &self.request_id)
            .field("waiting", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A connection that was just opened; `patience` is how long may pass without a byte while an answer is due.
    pub fn new(patience: Duration, now: Instant) -> Self {
        Self {
            iterations: auth::ITERATIONS,
            object_limit: MAX_OBJECT,
            frame_limit: frame::LIMIT_BEFORE_LOG_IN,
            patience,
            last_byte: now,
            request_id: 0,
            write_id: 0,
            waiting: None,
            cut: None,
            transmit: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Accepts other iteration counts, so that tests need not burn time; the shipped bounds are [`auth::ITERATIONS`].
    #[must_use]
    pub fn with_iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// Accepts objects of at most `bytes`.
    #[must_use]
    pub fn with_object_limit(mut self, bytes: u64) -> Self {
        self.object_limit = bytes.min(MAX_OBJECT);
        self
    }

    /// Asks for these bytes back (at most 1,000); answered by [`Event::Tested`].
    pub fn test(&mut self, bytes: Bytes, now: Instant) {
        self.ask(&Request::Test(bytes.clone()), Waiting::Test(bytes), now);
    }

    /// Asks who the unit is; answered by [`Event::Whois`].
    pub fn whois(&mut self, now: Instant) {
        self.ask(&Request::Whois, Waiting::Whois, now);
    }

    /// Starts a log-in; answered by [`Event::Challenge`] or [`Event::Refused`].
    pub fn request_challenge(&mut self, application: &str, now: Instant) {
        self.ask(
            &Request::RequestChallenge(application.to_owned()),
            Waiting::Challenge,
            now,
        );
    }

    /// Answers a challenge; answered by [`Event::LoggedIn`] or [`Event::Refused`].
    pub fn prove(&mut self, client_nonce: Bytes, proofs: &Proofs, now: Instant) {
        let request = Request::Prove {
            client_nonce,
            proof: proofs.client,
        };
        self.ask(&request, Waiting::Proof(proofs.unit), now);
    }

    /// Receives an object, from where `inbound` stands; [`Event::ReadStarted`], [`Event::Data`]…, [`Event::ReadDone`].
    pub fn read(&mut self, object: Object, inbound: Inbound, now: Instant) {
        let request = Request::Read {
            object,
            offset: inbound.received(),
            resumed: inbound.resumed(),
        };
        self.ask(&request, Waiting::ReadStart(inbound), now);
    }

    /// What was received before the connection was lost, to resume from on the next one.
    ///
    /// Take every [`Client::poll_event`] first: data that is still queued counts as received, and is never sent again.
    pub fn take_inbound(&mut self) -> Option<Inbound> {
        match self.waiting.take() {
            Some(Waiting::ReadStart(inbound) | Waiting::ReadData(inbound)) => Some(inbound),
            other => {
                self.waiting = other;
                self.cut.take()
            }
        }
    }

    /// Announces a new object; answered by [`Event::WriteAccepted`] or [`Event::Refused`].
    pub fn write(&mut self, object: Object, mode: WriteMode, stat: &Stat, now: Instant) {
        let (mode, minutes, flags) = mode.to_wire();
        let request = Request::Write(Write {
            object,
            mode,
            minutes,
            flags,
            length: stat.length,
            sha256: stat.sha256,
            base_revision: stat.revision.clone(),
        });
        self.ask(&request, Waiting::Write, now);
        self.write_id = self.request_id;
    }

    /// Sends the next part of the object; there is no answer. `bytes` are not copied; what is more than the largest
    /// frame holds goes out in several.
    pub fn data(&mut self, mut offset: u64, mut bytes: Bytes, now: Instant) {
        self.last_byte = now;
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(MAX_DATA));
            self.transmit
                .push_back(data_head(self.write_id, offset, part.len()).freeze());
            offset += part.len() as u64;
            self.transmit.push_back(part);
        }
    }

    /// Lets what was sent take effect; answered by [`Event::Committed`] or [`Event::Refused`].
    pub fn commit(&mut self, sha256: [u8; 32], now: Instant) {
        self.ask(&Request::Commit { sha256 }, Waiting::Commit, now);
    }

    /// Restarts the unit; answered by [`Event::Rebooting`] or [`Event::Refused`].
    pub fn reboot(&mut self, restart: Restart, now: Instant) {
        let (mode, minutes, flags) = WriteMode::Restart(restart).to_wire();
        self.ask(&Request::Reboot { mode, minutes, flags }, Waiting::Reboot, now);
    }

    /// Changes the password of whoever is logged in; answered by [`Event::PasswordChanged`] or [`Event::Refused`].
    /// The caller makes sure that the connection is TLS.
    pub fn change_password(&mut self, password: SecretString, now: Instant) {
        self.ask(&Request::ChangePassword(password), Waiting::ChangePassword, now);
    }

    /// Asks what the unit holds; answered by [`Event::Stat`] or [`Event::Refused`].
    pub fn stat(&mut self, object: Object, now: Instant) {
        self.ask(&Request::Stat(object), Waiting::Stat, now);
    }

    /// Says good-bye; the unit closes.
    pub fn log_off(&mut self) {
        self.request_id = self.request_id.wrapping_add(1).max(1);
        self.transmit
            .push_back(Request::LogOff.encode(self.request_id).freeze());
        self.waiting = None;
    }

    /// Takes whole frames from the front of `input`, and leaves the rest there for the next call.
    ///
    /// # Errors
    /// Any [`LinkError`]: the connection is then over.
    pub fn handle_bytes(&mut self, input: &mut BytesMut, now: Instant) -> Result<(), LinkError> {
        self.last_byte = now;
        while let Some(payload) = frame::take(input, self.frame_limit)? {
            let kind = payload.first_chunk().map_or(0, |kind| u32::from_be_bytes(*kind));
            let (request, answer) = Answer::decode(payload)?;
            let belongs = match answer {
                Answer::Unsolicited => true,
                _ if request != self.request_id => false,
                _ => self.handle_answer(answer)?,
            };
            if !belongs {
                return Err(LinkError::Unexpected { kind, request });
            }
        }
        Ok(())
    }

    /// The connection is over, and `input` is what [`Client::handle_bytes`] left of it: the part of a torn frame that
    /// arrived. The bytes of an object in it count like all others, so that a resumed read goes on at the very byte;
    /// take [`Client::poll_event`] once more. What does not continue the object counts for nothing.
    pub fn handle_cut(&mut self, input: &mut BytesMut) {
        let Some(Waiting::ReadData(inbound)) = &mut self.waiting else {
            return;
        };
        let torn = frame::take_torn(input, self.frame_limit)
            .and_then(|(payload, whole)| answer::torn_data(payload, whole, self.request_id));
        if let Some((offset, bytes, whole)) = torn
            && inbound.fits(offset, whole)
            && inbound.data(offset, &bytes).is_ok()
        {
            self.events.push_back(Event::Data(bytes));
        }
    }

    /// Bytes were handed to the network: the line is alive.
    pub fn handle_sent(&mut self, now: Instant) {
        self.last_byte = now;
    }

    /// The timer of [`Client::poll_timeout`] went off.
    ///
    /// # Errors
    /// [`LinkError::Stalled`] when an answer is overdue.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), LinkError> {
        match self.poll_timeout() {
            Some(due) if due <= now => Err(LinkError::stalled(self.patience)),
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
        self.request_id = self.request_id.wrapping_add(1).max(1);
        self.last_byte = now;
        self.transmit.push_back(request.encode(self.request_id).freeze());
        self.waiting = Some(waiting);
    }

    /// Whether `answer` answers what was asked.
    fn handle_answer(&mut self, answer: Answer) -> Result<bool, LinkError> {
        let event = match (self.waiting.take(), answer) {
            (Some(Waiting::Test(sent)), Answer::Test(Outcome::Done, bytes)) if sent == bytes => Event::Tested,
            (Some(Waiting::Test(_)), Answer::Test(Outcome::Done, _)) => {
                return Err(LinkError::Damaged("the test bytes came back changed".into()));
            }
            (Some(Waiting::Test(_)), Answer::Test(outcome, _)) => refused(outcome, &Tuples::default()),
            (Some(Waiting::Whois), Answer::Whois(Outcome::Done, tuples)) => {
                Event::Whois(Whois::from_tuples(&tuples))
            }
            (Some(Waiting::Challenge), Answer::Challenge(challenge)) => {
                challenge.check(&self.iterations)?;
                Event::Challenge(challenge)
            }
            (Some(Waiting::Proof(expected)), Answer::LoggedIn(outcome, tuples)) => {
                self.logged_in(&expected, outcome, &tuples)?
            }
            (Some(Waiting::ReadStart(mut inbound)), Answer::Read(Ok(stat))) => {
                if let Err(error) = inbound.announce(stat.clone(), self.object_limit) {
                    self.cut = Some(inbound);
                    return Err(error);
                }
                self.waiting = Some(Waiting::ReadData(inbound));
                Event::ReadStarted(stat)
            }
            (Some(Waiting::ReadData(mut inbound)), Answer::Data { offset, bytes }) => {
                inbound.data(offset, &bytes)?;
                self.waiting = Some(Waiting::ReadData(inbound));
                Event::Data(bytes)
            }
            (Some(Waiting::ReadData(mut inbound)), Answer::End { sha256 }) => {
                inbound.end(&sha256)?;
                Event::ReadDone
            }
            (Some(Waiting::Write), Answer::Write(Outcome::Done, _)) => Event::WriteAccepted,
            (Some(Waiting::Commit), Answer::Commit(Ok((revision, restart_s)))) => {
                Event::Committed { revision, restart_s }
            }
            (Some(Waiting::Reboot), Answer::Reboot(Ok(restart_s))) => Event::Rebooting { restart_s },
            (Some(Waiting::ChangePassword), Answer::ChangePassword(Outcome::Done, _)) => {
                Event::PasswordChanged
            }
            (Some(Waiting::Stat), Answer::Stat(Ok(stat))) => Event::Stat(stat),

            (Some(Waiting::Whois), Answer::Whois(outcome, tuples))
            | (Some(Waiting::Challenge), Answer::LoggedIn(outcome, tuples))
            | (Some(Waiting::ReadStart(_)), Answer::Read(Err(Failure(outcome, tuples))))
            | (Some(Waiting::Write), Answer::Write(outcome, tuples))
            | (Some(Waiting::Commit), Answer::Commit(Err(Failure(outcome, tuples))))
            | (Some(Waiting::Reboot), Answer::Reboot(Err(Failure(outcome, tuples))))
            | (Some(Waiting::ChangePassword), Answer::ChangePassword(outcome, tuples))
            | (Some(Waiting::Stat), Answer::Stat(Err(Failure(outcome, tuples))))
                if outcome != Outcome::Done =>
            {
                refused(outcome, &tuples)
            }
            _ => return Ok(false),
        };
        self.events.push_back(event);
        Ok(true)
    }

    /// Only a log-in whose unit proof is right is one; `80000045` and success carry it.
    fn logged_in(
        &mut self,
        expected: &[u8; 32],
        outcome: Outcome,
        tuples: &Tuples,
    ) -> Result<Event, LinkError> {
        if !matches!(outcome, Outcome::Done | Outcome::PasswordChangeRequired) {
            return Ok(refused(outcome, tuples));
        }
        if !tuples
            .array(tag::UNIT_PROOF)
            .is_some_and(|proof| auth::same_proof(&proof, expected))
        {
            return Err(LinkError::Impostor);
        }
        self.frame_limit = frame::LIMIT_AFTER_LOG_IN;
        Ok(Event::LoggedIn(LogIn {
            must_change_password: outcome == Outcome::PasswordChangeRequired,
            rights: tuples.u32(tag::RIGHTS).map(Rights),
            password_expires_days: tuples.u16(tag::PASSWORD_EXPIRES),
            last_login: tuples.text(tag::LAST_LOGIN),
            revision: tuples.text(tag::REVISION),
            largest_object: tuples.u64(tag::LARGEST_OBJECT),
        }))
    }
}

fn refused(outcome: Outcome, tuples: &Tuples) -> Event {
    Event::Refused(Refusal::new(outcome, tuples))
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
