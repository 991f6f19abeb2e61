//! The unit's side of DevLink3 (docs/protocol.md section 8): a log-in by name, and text files.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task::spawn_blocking;
use trunkline_protocol::devlink::auth::{CHALLENGE, user_name};
use trunkline_protocol::devlink::message::tag::{TYPE_AND_VERSION, VARIANT};
use trunkline_protocol::devlink::{Answer, LICENCE_MISSING, NO_SUCH_FILE, Request};
use trunkline_protocol::link::outcome::tag::{ATTEMPTS_LEFT, RETRY_AFTER};
use trunkline_protocol::link::wire::Tuples;
use trunkline_protocol::link::{Outcome, frame};

use super::line::{Line, Stream};
use super::{Closed, is_starting, tuple};
use crate::audit;
use crate::fault::FaultKind;
use crate::lockout::Door;
use crate::nasystem;
use crate::site::DevLink3Challenge;
use crate::unit::Inner;
use crate::users::{User, random};

/// The largest file that fits one frame: its header, type, request id and result take the rest.
const LARGEST_FILE: usize = frame::LIMIT_AFTER_LOG_IN - 16;

/// Talks to one client until it goes.
pub(super) async fn talk<S: Stream>(
    unit: &Arc<Inner>,
    line: Line<S>,
    tls: bool,
    peer: IpAddr,
) -> Result<(), Closed> {
    // One connection too many is told when it logs in, and closed.
    let place = unit.devlink3.try_acquire();
    let mut talk = Talk {
        unit,
        line,
        tls,
        peer,
        has_place: place.is_ok(),
        phase: Phase::Stranger,
    };
    loop {
        let payload = talk.line.payload().await?;
        let faults = &mut talk.line.faults;
        if faults.is(FaultKind::Silent) {
            return std::future::pending().await;
        }
        if faults.is(FaultKind::Garbage) {
            return talk.line.garbage().await;
        }
        if faults.is(FaultKind::Frame4Mb) {
            return talk.line.oversized_header().await;
        }
        let (id, request) = Request::decode(payload)?;
        let (answer, stays) = talk.request(request).await?;
        talk.answer(id, &answer).await?;
        if !stays {
            return talk.line.close().await;
        }
    }
}

/// Who is on the line.
enum Phase {
    Stranger,
    /// Somebody who gave a name and has yet to answer this.
    Named(String, Asked),
    LoggedIn(String),
}

enum Asked {
    Hash([u8; CHALLENGE]),
    Password,
}

struct Talk<'u, S> {
    unit: &'u Arc<Inner>,
    line: Line<S>,
    tls: bool,
    peer: IpAddr,
    has_place: bool,
    phase: Phase,
}

impl<S: Stream> Talk<'_, S> {
    /// Sends an answer, late and among messages that nobody asked for where a fault says so.
    async fn answer(&mut self, id: u32, answer: &Answer) -> Result<(), Closed> {
        self.line.delay().await;
        if self.line.faults.is(FaultKind::UnknownTags) {
            self.line.frame(Answer::Unsolicited.encode(7)).await?;
        }
        self.line.frame(answer.encode(id)).await
    }

    /// The answer, and whether the connection stays open after it.
    async fn request(&mut self, request: Request) -> io::Result<(Answer, bool)> {
        let refused = |outcome| Answer::LoggedIn(outcome, Tuples::default());
        let phase = std::mem::replace(&mut self.phase, Phase::Stranger);
        match (request, phase) {
            (Request::LogIn { user }, _) => self.named(&user),
            (Request::Response(response), Phase::Named(name, Asked::Hash(challenge))) => {
                let answer = self.attempt(name, |user| user.devlink.is_answer(&challenge, &response));
                Ok((answer, true))
            }
            (Request::Password(password), Phase::Named(name, Asked::Password)) => {
                let answer = self.attempt(name, |user| user.devlink.is_password(&*password));
                Ok((answer, true))
            }
            (Request::Response(_) | Request::Password(_), _) => {
                Ok((refused(Outcome::AuthenticationFailed), false))
            }
            (Request::ReadFile(file), Phase::LoggedIn(name)) => {
                self.phase = Phase::LoggedIn(name);
                Ok((self.file(file).await?, true))
            }
            (Request::ReadFile(_), phase) => {
                self.phase = phase;
                Ok((Answer::NoFile(Outcome::NoRight, Tuples::default()), true))
            }
        }
    }

    /// Step 2: what a name is answered with, whether anybody has it or not.
    fn named(&mut self, user: &str) -> io::Result<(Answer, bool)> {
        self.line.logged_in(false);
        let refused = |outcome, tuples| Ok((Answer::LoggedIn(outcome, tuples), false));
        if is_starting(self.unit) {
            return refused(Outcome::RetryLater, tuple(RETRY_AFTER, 1));
        }
        if !self.unit.spec.devlink3.licence {
            return refused(Outcome::Other(LICENCE_MISSING), Tuples::default());
        }
        if !self.has_place {
            return refused(Outcome::Locked, Tuples::default());
        }
        let now = self.unit.clock.now();
        let locked = self
            .unit
            .changing()
            .lockout
            .locked_for_s(self.peer, Door::DevLink3, now);
        if let Some(seconds) = locked {
            return refused(Outcome::Locked, tuple(RETRY_AFTER, seconds));
        }
        let (asked, answer) = match self.unit.spec.devlink3.challenge {
            DevLink3Challenge::Password if self.tls => (Asked::Password, Answer::PasswordWanted),
            DevLink3Challenge::Hash | DevLink3Challenge::Password => {
                let challenge = random()?;
                (Asked::Hash(challenge), Answer::Challenge(challenge))
            }
        };
        self.phase = Phase::Named(user_name(user), asked);
        Ok((answer, true))
    }

    /// Step 4.
    fn attempt(&mut self, name: String, is_right: impl Fn(&User) -> bool) -> Answer {
        self.unit.log_ins.fetch_add(1, Ordering::SeqCst);
        let now = self.unit.clock.now();
        let mut state = self.unit.changing();
        let state = &mut *state;
        let user = state.users.iter().find(|user| user_name(&user.name) == name);
        let Some(user) = user.filter(|user| is_right(user)) else {
            let failed = state.lockout.failed(self.peer, Door::DevLink3, now);
            state
                .audit
                .record("", self.peer, "DevLink3 log-in", "wrong name or password");
            let mut tuples = Tuples::default();
            tuples.push(ATTEMPTS_LEFT, failed.attempts_left.to_be_bytes().to_vec());
            if let Some(seconds) = failed.locked_for_s {
                tuples.push(RETRY_AFTER, seconds.to_be_bytes().to_vec());
            }
            return Answer::LoggedIn(Outcome::AuthenticationFailed, tuples);
        };
        let refusal = if !user.enabled {
            Some(Outcome::AccountDisabled)
        } else if user.must_change_password {
            Some(Outcome::PasswordChangeRequired)
        } else {
            None
        };
        if let Some(outcome) = refusal {
            return Answer::LoggedIn(outcome, Tuples::default());
        }
        state.lockout.succeeded(self.peer, Door::DevLink3);
        state
            .audit
            .record(&name, self.peer, "DevLink3 log-in", audit::DONE);
        self.phase = Phase::LoggedIn(name);
        self.line.logged_in(true);
        let spec = &self.unit.spec;
        let mut tuples = Tuples::default();
        tuples.push(
            TYPE_AND_VERSION,
            format!("{}\0{}\0", spec.unit_type, spec.version),
        );
        if let Some(edition) = &spec.edition {
            tuples.push(VARIANT, format!("{edition}\0"));
        }
        Answer::LoggedIn(Outcome::Done, tuples)
    }

    async fn file(&mut self, name: String) -> io::Result<Answer> {
        if let Phase::LoggedIn(user) = &self.phase {
            let action = format!("read {}", name.escape_debug());
            self.unit
                .changing()
                .audit
                .record(user, self.peer, action, audit::DONE);
        }
        let unit = Arc::clone(self.unit);
        // The files are made from the configuration, which takes a while.
        let file = spawn_blocking(move || nasystem::file(&unit, &name)).await;
        Ok(match file.map_err(io::Error::other)?? {
            Some(contents) if contents.len() <= LARGEST_FILE => Answer::File(contents.into()),
            Some(_) => Answer::NoFile(Outcome::TooLarge, Tuples::default()),
            None => Answer::NoFile(Outcome::Other(NO_SUCH_FILE), Tuples::default()),
        })
    }
}
