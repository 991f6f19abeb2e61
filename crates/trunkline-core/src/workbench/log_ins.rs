//! Logging in and out, with the record of it.

use secrecy::SecretString;
use trunkline_protocol::link::Service;

use super::Workbench;
use super::running::Work;
use crate::activity::{Action, Outcome};
use crate::credentials::CredentialKey;
use crate::sessions::{LogInAnswer, LogInOutcome, LogInRequest};
use crate::tftp::system_password_key;
use crate::unit_ref::UnitRef;
use crate::{ErrorKind, KeptPassword, Result, Target};

impl Workbench {
    /// Uses the log-in that is kept, else the keychain.
    ///
    /// # Errors
    /// That the unit can not be reached or is not what it was, and what it refuses beyond the questions.
    pub async fn resume_log_in(
        &self,
        operation: &str,
        unit: &UnitRef,
        service: Service,
    ) -> Result<LogInOutcome> {
        let started = self.running.start(operation, Work::Asking)?;
        let target = self.target(unit)?;
        let key = unit.key_of(&target, service);
        let kept = self.sessions.logged_in(&key, &target).is_some();
        let last_user = self.activity.last_user(&target.host, action(service));
        let pinned = self.pin_of(&target);
        let outcome = self
            .sessions
            .resume(&self.local, unit, service, last_user, started.token())
            .await;
        if started.token().is_cancelled() {
            self.keychain.skip();
        }
        if !kept {
            self.note_log_in(&target, service, pinned, &outcome);
        }
        outcome
    }

    /// Logs in.
    ///
    /// # Errors
    /// As [`Workbench::resume_log_in`].
    pub async fn log_in(&self, operation: &str, request: LogInRequest) -> Result<LogInOutcome> {
        let started = self.running.start(operation, Work::Asking)?;
        let target = self.target(&request.unit)?;
        let pinned = self.pin_of(&target);
        let service = request.service;
        let outcome = self.sessions.log_in(&self.local, request, started.token()).await;
        self.note_log_in(&target, service, pinned, &outcome);
        outcome
    }

    /// Goes on with a log-in that asked something.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it is over, and as [`Workbench::resume_log_in`].
    pub async fn answer_log_in(
        &self,
        operation: &str,
        attempt: &str,
        answer: LogInAnswer,
    ) -> Result<LogInOutcome> {
        let started = self.running.start(operation, Work::Asking)?;
        let target = self
            .sessions
            .unit_of(attempt)
            .map(|(unit, service)| self.target(&unit).map(|target| (target, service)))
            .transpose()?;
        let pinned = target.as_ref().and_then(|(target, _)| self.pin_of(target));
        let outcome = self
            .sessions
            .answer(&self.local, attempt, answer, started.token())
            .await;
        if let Some((target, service)) = target {
            self.note_log_in(&target, service, pinned, &outcome);
        }
        outcome
    }

    /// Changes the password of the service user who is logged in to the unit, and what the keychain has of it.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is logged in, [`ErrorKind::TlsRequired`], and what the unit refuses; then
    /// nothing was changed.
    pub async fn change_password(
        &self,
        operation: &str,
        unit: &UnitRef,
        new: SecretString,
    ) -> Result<KeptPassword> {
        let started = self.running.start(operation, Work::Asking)?;
        let target = self.target(unit)?;
        let user = self.user_of(unit, &target);
        let changed = async {
            let mut borrowed = self
                .borrow(unit, &target, started.token(), &crate::silent)
                .await?;
            let session = borrowed.session()?;
            let changed = self.local.change_password(session, &target, &user, new.clone());
            let kept = changed.await?;
            self.sessions.set_password(&unit.key(&target), new);
            self.sessions.give_back(borrowed).await;
            Ok(kept)
        }
        .await;
        let done = (Outcome::Done, "");
        self.note(Action::PasswordChanged, &target, &user, &changed, done);
        changed
    }

    /// Goes on without the keychain, where somebody waits for it now.
    pub fn skip_keychain(&self) {
        self.keychain.skip();
    }

    /// Ends the log-in and takes the password out of the keychain.
    ///
    /// # Errors
    /// The keychain's, and [`ErrorKind::Usage`] for a password that other sites share.
    pub async fn forget_log_in(&self, unit: &UnitRef) -> Result<()> {
        let target = self.target(unit)?;
        let key = unit.key(&target);
        let user = self.sessions.logged_in(&key, &target).map(|facts| facts.user);
        self.end_log_ins(unit, &target).await;
        let system_password = system_password_key(&target, self.base_port(&target)?);
        if user.as_deref() == Some("") || self.keychain.knows(&system_password) {
            self.with_credentials(move |credentials| credentials.delete(&system_password))
                .await?;
            return Ok(());
        }
        if let Some(shared) = target.site.as_ref().and_then(|site| site.credential.as_ref()) {
            let message =
                format!("this site uses the credential {shared:?}, which others may share; it stays");
            return Err(ErrorKind::Usage(message).into());
        }
        let site_user = target.site.as_ref().and_then(|site| site.user.clone());
        let user = user
            .or(site_user)
            .or_else(|| self.activity.last_user(&target.host, Action::LogIn));
        let administrator = self.activity.last_user(&target.host, Action::SecurityLogIn);
        for user in user.into_iter().chain(administrator) {
            let key = CredentialKey::ServiceUser {
                place: target.place(self.base_port(&target)?),
                user,
            };
            self.with_credentials(move |credentials| credentials.delete(&key))
                .await?;
        }
        Ok(())
    }

    /// Ends the log-ins to every service of a unit.
    pub(super) async fn end_log_ins(&self, unit: &UnitRef, target: &Target) {
        for service in [Service::Configuration, Service::Security] {
            self.sessions.end(&unit.key_of(target, service)).await;
        }
    }

    /// Does something in the keychain, where it may wait for a person.
    pub(super) async fn with_credentials<R: Send + 'static>(
        &self,
        action: impl FnOnce(&dyn crate::Credentials) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        let credentials = std::sync::Arc::clone(&self.local.credentials);
        tokio::task::spawn_blocking(move || action(&*credentials))
            .await
            .map_err(|_| crate::Error::new(ErrorKind::Cancelled("")))?
    }

    /// The Services Base TCP Port as far as it is known without asking the unit.
    pub(super) fn base_port(&self, target: &Target) -> Result<u16> {
        let preferred = self.local.store.read()?.preferences.services_base_port;
        Ok(target.base_port.unwrap_or(preferred))
    }

    fn note_log_in(
        &self,
        target: &Target,
        service: Service,
        pinned: Option<crate::Fingerprint>,
        outcome: &Result<LogInOutcome>,
    ) {
        let (user, result, detail) = match outcome {
            Ok(LogInOutcome::LoggedIn(facts)) => {
                if let Some(fingerprint) = self.pin_of(target).filter(|now| Some(*now) != pinned) {
                    let detail = fingerprint.to_string();
                    let done = (Outcome::Done, detail.as_str());
                    self.note(Action::CertificatePinned, target, &facts.user, &Ok(()), done);
                }
                (facts.user.as_str(), Outcome::Done, "")
            }
            Ok(LogInOutcome::WrongPassword { .. }) => ("", Outcome::Failed, "wrong user name or password"),
            Ok(LogInOutcome::Locked { .. }) => {
                ("", Outcome::Failed, "the account is locked for this computer")
            }
            Ok(LogInOutcome::RetryLater { .. }) => {
                ("", Outcome::Failed, "the unit is busy and asks to be tried later")
            }
            Ok(LogInOutcome::Disabled { .. }) => ("", Outcome::Failed, "the service user is disabled"),
            // A question is no result yet.
            Ok(_) => return,
            // Nobody tried to log in.
            Err(error) if matches!(error.kind(), ErrorKind::Usage(_) | ErrorKind::NotFound(_)) => return,
            Err(_) => ("", Outcome::Failed, ""),
        };
        self.note(action(service), target, user, outcome, (result, detail));
    }
}

fn action(service: Service) -> Action {
    match service {
        Service::Configuration => Action::LogIn,
        Service::Security => Action::SecurityLogIn,
    }
}
