//! Log-in, and what counts its failures (protocol.md 4.4).

use std::sync::atomic::Ordering;

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;
use trunkline_protocol::link::auth::Challenge;
use trunkline_protocol::link::outcome::tag;
use trunkline_protocol::link::wire::Tuples;
use trunkline_protocol::link::{Answer, Channel, Object, Outcome, Service};

use super::{Closed, Phase, Session, is_starting, later, line, tuple};
use crate::audit;
use crate::fault::FaultKind;
use crate::users::{self, DevLinkKey, User};

const NONCE: usize = 32;

impl<S: line::Stream> Session<'_, S> {
    /// Step 2. Whoever asks for a challenge is a stranger again.
    pub(super) async fn challenge(&mut self, id: u32, channel: Channel) -> Result<(), Closed> {
        self.phase = Phase::Stranger;
        self.upload = None;
        self.line.logged_in(false);
        if is_starting(self.unit) {
            return self.answer(id, later()).await;
        }
        if let Some(locked) = self.locked(channel.service) {
            return self.answer(id, locked).await;
        }
        let asked = self.line.faults.happens(|kind| match kind {
            FaultKind::Iterations(iterations) => Some(iterations),
            _ => None,
        });
        let challenge = Challenge {
            iterations: asked.unwrap_or(self.unit.spec.iterations),
            salt: self.unit.salt.clone(),
            unit_nonce: users::random::<NONCE>()?.to_vec().into(),
        };
        self.challenge = Some(challenge.clone());
        self.answer(id, Answer::Challenge(challenge)).await
    }

    /// Step 4. Without a challenge of its own a proof is a failed attempt.
    pub(super) async fn prove(
        &mut self,
        id: u32,
        channel: Channel,
        client_nonce: &Bytes,
        proof: &[u8; 32],
    ) -> Result<(), Closed> {
        self.unit.log_ins.fetch_add(1, Ordering::SeqCst);
        let challenge = self.challenge.take();
        if let Some(locked) = self.locked(channel.service) {
            return self.answer(id, locked).await;
        }
        let found = {
            let state = self.unit.changing();
            challenge
                .and_then(|challenge| users::verify(&state.users, &channel, &challenge, client_nonce, proof))
        };
        let answer = match found {
            None => self.failed(channel.service),
            Some((user, unit_proof)) => self.known(user, unit_proof, channel.service),
        };
        self.line.logged_in(!matches!(self.phase, Phase::Stranger));
        self.answer(id, answer).await
    }

    fn locked(&self, service: Service) -> Option<Answer> {
        let now = self.unit.clock.now();
        let seconds = self
            .unit
            .changing()
            .lockout
            .locked_for_s(self.peer, service, now)?;
        Some(Answer::LoggedIn(
            Outcome::Locked,
            tuple(tag::RETRY_AFTER, seconds),
        ))
    }

    fn failed(&mut self, service: Service) -> Answer {
        let now = self.unit.clock.now();
        let mut state = self.unit.changing();
        let failed = state.lockout.failed(self.peer, service, now);
        state
            .audit
            .record("", self.peer, "log-in", "wrong name or password");
        let mut tuples = Tuples::default();
        tuples.push(tag::ATTEMPTS_LEFT, failed.attempts_left.to_be_bytes().to_vec());
        if let Some(seconds) = failed.locked_for_s {
            tuples.push(tag::RETRY_AFTER, seconds.to_be_bytes().to_vec());
        }
        Answer::LoggedIn(Outcome::AuthenticationFailed, tuples)
    }

    /// The proof was right; whether that helps depends on the account.
    fn known(&mut self, number: usize, unit_proof: [u8; 32], service: Service) -> Answer {
        let object = match service {
            Service::Configuration => Object::Configuration,
            Service::Security => Object::SecuritySettings,
        };
        let (revision, max_size) = (self.unit.revision(object), self.unit.max_size());
        let mut tuples = self.proof(unit_proof);
        let mut state = self.unit.changing();
        let state = &mut *state;
        let Some(user) = state.users.get_mut(number) else {
            return Answer::LoggedIn(Outcome::AuthenticationFailed, Tuples::default());
        };
        if !user.enabled {
            state
                .audit
                .record(&user.name, self.peer, "log-in", "the account is disabled");
            return Answer::LoggedIn(Outcome::AccountDisabled, Tuples::default());
        }
        state.lockout.succeeded(self.peer, service);
        if user.must_change_password {
            state
                .audit
                .record(&user.name, self.peer, "log-in", "the password must be changed");
            self.phase = Phase::MustChange(number);
            return Answer::LoggedIn(Outcome::PasswordChangeRequired, tuples);
        }
        state.audit.record(&user.name, self.peer, "log-in", audit::DONE);
        describe(user, &revision, max_size, &mut tuples);
        user.last_log_in = Some(audit::now());
        self.phase = Phase::LoggedIn(number);
        Answer::LoggedIn(Outcome::Done, tuples)
    }

    fn proof(&mut self, mut unit_proof: [u8; 32]) -> Tuples {
        let mut tuples = Tuples::default();
        if self.line.faults.is(FaultKind::NoProof) {
            return tuples;
        }
        if self.line.faults.is(FaultKind::WrongProof) {
            unit_proof[31] ^= 1;
        }
        tuples.push(tag::UNIT_PROOF, unit_proof.to_vec());
        tuples
    }

    /// A new password; on success whoever had to change it is logged in.
    pub(super) async fn change_password(
        &mut self,
        id: u32,
        number: usize,
        password: SecretString,
        channel: Channel,
    ) -> Result<(), Closed> {
        if channel.certificate.is_none() {
            let answer = Answer::ChangePassword(Outcome::TlsRequired, Tuples::default());
            return self.answer(id, answer).await;
        }
        if password.expose_secret().is_empty() {
            let answer = Answer::ChangePassword(Outcome::InvalidDocument, Tuples::default());
            return self.answer(id, answer).await;
        }
        let (_, name) = self.user();
        let (salt, iterations) = (self.unit.salt.clone(), self.unit.spec.iterations);
        let devlink = DevLinkKey::new(&password);
        let derived = spawn_blocking(move || users::derive(&name, &password, &salt, iterations)).await;
        let verifier = derived.map_err(std::io::Error::other)?;
        {
            let mut state = self.unit.changing();
            if let Some(user) = state.users.get_mut(number) {
                user.verifier = verifier;
                user.devlink = devlink;
                user.must_change_password = false;
            }
        }
        self.record("password changed", audit::DONE);
        self.phase = Phase::LoggedIn(number);
        self.answer(id, Answer::ChangePassword(Outcome::Done, Tuples::default()))
            .await
    }
}

/// What a successful log-in says of the user and of the object behind the service.
fn describe(user: &User, revision: &str, max_size: u64, tuples: &mut Tuples) {
    tuples.push(tag::RIGHTS, user.rights.0.to_be_bytes().to_vec());
    if let Some(days) = user.expires_in_days {
        tuples.push(tag::PASSWORD_EXPIRES, days.to_be_bytes().to_vec());
    }
    if let Some(last) = &user.last_log_in {
        tuples.push(tag::LAST_LOGIN, last.clone());
    }
    tuples.push(tag::REVISION, revision.to_owned());
    tuples.push(tag::LARGEST_OBJECT, max_size.to_be_bytes().to_vec());
}
