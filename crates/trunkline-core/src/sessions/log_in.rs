//! A log-in from the first word to the session, with a stop at each question.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::Service;

use super::attempts::{Attempt, Question};
use super::kept::Kept;
use super::{LogInOutcome, LoggedIn, NOBODY, Sessions};
use crate::access::Trust;
use crate::certificate::{self, Certificate};
use crate::credentials::{Credential, CredentialKey};
use crate::local::Overrides;
use crate::session::{Connection, ServiceUser, Session};
use crate::unit_ref::UnitRef;
use crate::{Access, Error, ErrorKind, Fingerprint, Local, Result, Route, Step, Target, Way};

/// Who wants to log in where.
#[derive(Debug, Clone)]
pub struct LogInRequest {
    /// The unit.
    pub unit: UnitRef,
    /// Which of its services: each has its own log-in.
    pub service: Service,
    /// The log-in that this is another try of: what was accepted there is not asked again. Empty for a new one; one that
    /// waited too long is a new one too.
    pub after: String,
    /// Name and password.
    pub user: ServiceUser,
    /// Whether it is the system password of a system before 3.2, which has no name.
    pub system: bool,
    /// Whether the keychain is to keep the password once it worked.
    pub remember: bool,
}

/// What continues a log-in that asked something.
#[derive(Debug, Clone)]
pub enum LogInAnswer {
    /// This certificate is the unit's.
    AcceptCertificate(Fingerprint),
    /// Risk the last attempt.
    UseLastAttempt,
    /// Fewer PBKDF2 iterations than before will do.
    AcceptWeakerLogIn,
    /// Plain TCP will do for this session.
    AllowPlain,
    /// Change the password to this one.
    NewPassword(SecretString),
    /// Give up.
    Stop,
}

impl Sessions {
    /// Uses the log-in that is kept, else the keychain. A keychain that can not be used now is told: the person
    /// can still type the password.
    ///
    /// # Errors
    /// That the unit can not be reached, or what it refuses beyond the questions of [`LogInOutcome`].
    pub(crate) async fn resume(
        &self,
        local: &Local,
        unit: &UnitRef,
        service: Service,
        last_user: Option<String>,
        cancel: CancellationToken,
    ) -> Result<LogInOutcome> {
        let target = unit.resolve(&*local.store.read()?)?;
        if let Some(facts) = self.logged_in(&unit.key_of(&target, service), &target) {
            return Ok(LogInOutcome::LoggedIn(facts));
        }
        // Who receives and sends configurations need not be a security administrator.
        let site = target.site.as_ref().filter(|_| service == Service::Configuration);
        let site_user = site.and_then(|site| site.user.clone());
        let user = site_user.or(last_user);
        let base_port = match target.base_port {
            Some(port) => port,
            None => local.store.read()?.preferences.services_base_port,
        };
        let kept = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
            kept = local.kept_user(&target, base_port, user.as_deref()) => kept,
        };
        let (kept, keychain_problem) = match kept {
            Ok(kept) => (kept, None),
            Err(error) if matches!(error.kind(), ErrorKind::NoCredential(_)) => (None, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let Some(kept) = kept else {
            match service {
                Service::Configuration => {
                    if let Some(outcome) = self.resume_over_tftp(local, unit, &target, &cancel).await? {
                        return Ok(outcome);
                    }
                }
                // Where there are no security settings nobody is asked for a password.
                Service::Security => {
                    local
                        .security_access(&target, &Overrides::default(), &cancel)
                        .await?;
                }
            }
            return Ok(LogInOutcome::PasswordNeeded {
                user,
                system: false,
                keychain_problem,
            });
        };
        let attempt = Attempt {
            unit: unit.clone(),
            service,
            user: kept,
            system: false,
            remember: false,
            from_keychain: true,
            overrides: Overrides::default(),
            new_password: None,
        };
        self.go(local, attempt, cancel).await
    }

    /// Logs in.
    ///
    /// # Errors
    /// As [`Sessions::resume`].
    pub(crate) async fn log_in(
        &self,
        local: &Local,
        request: LogInRequest,
        cancel: CancellationToken,
    ) -> Result<LogInOutcome> {
        let LogInRequest {
            unit,
            service,
            after,
            user,
            system,
            remember,
        } = request;
        let overrides = self.accepted_before(&after, &unit, service);
        let attempt = Attempt {
            unit,
            service,
            user,
            system,
            remember,
            from_keychain: false,
            overrides,
            new_password: None,
        };
        self.go(local, attempt, cancel).await
    }

    /// What was accepted in the log-in that this is another try of. The last attempt is asked for each time.
    fn accepted_before(&self, attempt: &str, unit: &UnitRef, service: Service) -> Overrides {
        let before = self.attempts().take(attempt, Instant::now()).ok();
        let before = before.filter(|(attempt, question)| {
            *question == Question::Password && attempt.unit == *unit && attempt.service == service
        });
        before.map_or_else(Overrides::default, |(attempt, _)| Overrides {
            use_last_attempt: false,
            ..attempt.overrides
        })
    }

    /// Goes on with a log-in that asked something.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it is over, [`ErrorKind::Usage`] for an answer to another question, and as
    /// [`Sessions::resume`].
    pub(crate) async fn answer(
        &self,
        local: &Local,
        attempt: &str,
        answer: LogInAnswer,
        cancel: CancellationToken,
    ) -> Result<LogInOutcome> {
        let (mut attempt, question) = self.attempts().take(attempt, Instant::now())?;
        match (answer, question) {
            (LogInAnswer::Stop, _) => {
                let user = Some(attempt.user.name);
                return Ok(LogInOutcome::PasswordNeeded {
                    user,
                    system: attempt.system,
                    keychain_problem: None,
                });
            }
            (LogInAnswer::AcceptCertificate(accepted), Question::Certificate(shown)) if accepted == shown => {
                attempt.overrides.fingerprint = Some(accepted);
            }
            (LogInAnswer::UseLastAttempt, Question::LastAttempt) => attempt.overrides.use_last_attempt = true,
            (LogInAnswer::AcceptWeakerLogIn, Question::Weaker) => {
                attempt.overrides.accept_weaker_log_in = true;
            }
            (LogInAnswer::AllowPlain, Question::Plain) => attempt.overrides.allow_plain = true,
            (LogInAnswer::NewPassword(password), Question::MustChange) => {
                attempt.new_password = Some(password);
            }
            _ => return Err(ErrorKind::Usage("this answers another question; log in again".into()).into()),
        }
        self.go(local, attempt, cancel).await
    }

    async fn go(
        &self,
        local: &Local,
        mut attempt: Attempt,
        cancel: CancellationToken,
    ) -> Result<LogInOutcome> {
        let target = attempt.unit.resolve(&*local.store.read()?)?;
        let (service, overrides) = (attempt.service, &attempt.overrides);
        let access = match service {
            Service::Configuration => match local.route(&target, service, overrides, &cancel).await? {
                Route::Tftp(access) => {
                    return self.go_over_tftp(local, attempt, target, access, cancel).await;
                }
                // A system password is for nothing else.
                Route::Api(access) if !attempt.system => {
                    return self.go_over_api(local, attempt, target, access, cancel).await;
                }
                route => route.service()?,
            },
            Service::Security => local.security_access(&target, overrides, &cancel).await?,
        };
        if attempt.system {
            // It was a system before 3.2 when it was asked for, and is none now: a system password is for nothing else.
            return Ok(LogInOutcome::PasswordNeeded {
                user: None,
                system: false,
                keychain_problem: None,
            });
        }
        let opened = match service {
            Service::Configuration => Connection::open(access.clone(), cancel.clone(), NOBODY).await,
            Service::Security => {
                let (access, cancel) = (access.clone(), cancel.clone());
                local
                    .open_security(&target, access, overrides, cancel, NOBODY)
                    .await
            }
        };
        let connection = match opened {
            Ok(connection) => connection,
            Err(error) => return self.ask_before(local, attempt, &access, error).await,
        };
        if connection.facts().trust == Trust::FirstUse
            && let Some(fingerprint) = connection.facts().fingerprint
        {
            let port = connection.facts().port;
            connection.close().await;
            let certificate = look(&access.host, port, access.connect_timeout, fingerprint).await;
            let attempt = self.keep(attempt, Question::Certificate(fingerprint));
            return Ok(LogInOutcome::FirstCertificate { attempt, certificate });
        }
        let user = attempt.user.clone();
        let mut session = match local
            .log_in(connection, user, &attempt.overrides, cancel, NOBODY)
            .await
        {
            Ok(session) => session,
            Err(error) => return self.ask_after(attempt, error),
        };
        if session.log_in_facts().must_change_password {
            let problem = match attempt.new_password.take() {
                None => String::new(),
                Some(password) => match session.change_password(password.clone()).await {
                    Ok(()) => {
                        attempt.user.password = password;
                        // The keychain would otherwise go on with the old one.
                        attempt.remember |= attempt.from_keychain;
                        return Ok(self.settle(local, attempt, target, session.into()).await);
                    }
                    Err(error) if crate::session::is_cut(&error) => return Err(error),
                    Err(error) => error.kind().to_string(),
                },
            };
            session.close().await;
            let attempt = self.keep(attempt, Question::MustChange);
            return Ok(LogInOutcome::MustChange { attempt, problem });
        }
        Ok(self.settle(local, attempt, target, session.into()).await)
    }

    /// What a connection that did not come about means.
    async fn ask_before(
        &self,
        local: &Local,
        attempt: Attempt,
        access: &Access,
        error: Error,
    ) -> Result<LogInOutcome> {
        match error.kind() {
            ErrorKind::TlsNotAvailable(_) if !attempt.overrides.allow_plain => Ok(LogInOutcome::PlainOnly {
                attempt: self.keep(attempt, Question::Plain),
            }),
            // A site that allows plain TCP does not cover a unit whose certificate is pinned; that is found out before
            // TLS, where a certificate that is not accepted has its own step.
            ErrorKind::CertificateRefused(_)
                if !attempt.overrides.allow_plain && error.step() == Some(Step::Connect) =>
            {
                Ok(LogInOutcome::PlainOnly {
                    attempt: self.keep(attempt, Question::Plain),
                })
            }
            _ => {
                let port = access.tls_ports().first().copied().unwrap_or(access.base_port);
                let place = (access.host.as_str(), port, access.connect_timeout);
                self.ask_about_certificate(local, attempt, place, error).await
            }
        }
    }

    /// What a certificate that was not accepted means, at this host and port; looking at it takes so long at most.
    pub(super) async fn ask_about_certificate(
        &self,
        local: &Local,
        attempt: Attempt,
        (host, port, limit): (&str, u16, Duration),
        error: Error,
    ) -> Result<LogInOutcome> {
        match error.kind() {
            ErrorKind::CertificateChanged { pinned, presented } => {
                let (pinned, presented) = (pinned.parse()?, presented.parse()?);
                let pinned_on = local.store.read()?.pin(host, port).map(|pin| pin.since);
                let certificate = look(host, port, limit, presented).await;
                let attempt = self.keep(attempt, Question::Certificate(presented));
                Ok(LogInOutcome::ChangedCertificate {
                    attempt,
                    pinned,
                    pinned_on,
                    certificate,
                })
            }
            ErrorKind::CertificateRefused(trouble)
                if trouble.may_be_accepted() && error.step() == Some(Step::Tls) =>
            {
                let trouble = trouble.clone();
                // Without the certificate itself there is nothing that somebody could compare.
                let Ok(certificate) = certificate::look(host, port, limit).await else {
                    return Err(error);
                };
                let attempt = self.keep(attempt, Question::Certificate(certificate.fingerprint));
                Ok(LogInOutcome::RefusedCertificate {
                    attempt,
                    trouble,
                    certificate,
                })
            }
            _ => Err(error),
        }
    }

    /// What a log-in that was refused means.
    pub(super) fn ask_after(&self, attempt: Attempt, error: Error) -> Result<LogInOutcome> {
        match *error.kind() {
            ErrorKind::LastAttempt => Ok(LogInOutcome::LastAttempt {
                attempt: self.keep(attempt, Question::LastAttempt),
            }),
            ErrorKind::WeakerLogIn { offered, remembered } => Ok(LogInOutcome::WeakerLogIn {
                attempt: self.keep(attempt, Question::Weaker),
                offered,
                remembered,
            }),
            ErrorKind::AuthenticationFailed { attempts_left } => Ok(LogInOutcome::WrongPassword {
                attempt: self.keep(attempt, Question::Password),
                attempts_left,
            }),
            ErrorKind::Locked { retry_after_s } => Ok(LogInOutcome::Locked {
                attempt: self.keep(attempt, Question::Password),
                retry_after_s,
            }),
            ErrorKind::RetryLater { retry_after_s } => Ok(LogInOutcome::RetryLater {
                attempt: self.keep(attempt, Question::Password),
                retry_after_s,
            }),
            ErrorKind::AccountDisabled => Ok(LogInOutcome::Disabled {
                attempt: self.keep(attempt, Question::Password),
            }),
            _ => Err(error),
        }
    }

    pub(super) fn keep(&self, attempt: Attempt, question: Question) -> String {
        self.attempts().keep(attempt, question, Instant::now())
    }

    /// The log-in worked: it is kept, and so is the password where that was asked for.
    pub(super) async fn settle(
        &self,
        local: &Local,
        attempt: Attempt,
        target: Target,
        mut way: Way,
    ) -> LogInOutcome {
        let Attempt {
            unit,
            service,
            user,
            remember,
            from_keychain,
            ..
        } = attempt;
        let kept = if remember {
            remember_user(local, &target, service, way.as_mut().key_port(), &user).await
        } else {
            Ok(())
        };
        let said = way.session().map(Session::log_in_facts);
        let facts = LoggedIn {
            user: user.name.clone(),
            method: way.method(),
            fingerprint: way.tls().and_then(|(facts, _)| facts.fingerprint),
            rights: said.and_then(|said| said.rights),
            password_expires_days: said.and_then(|said| said.password_expires_days),
            largest_object: said.and_then(|said| said.largest_object),
            remembered: (remember || from_keychain) && kept.is_ok(),
            keychain_problem: kept.err().map(|error| error.to_string()),
        };
        let route = way.route();
        let kept = Kept::new(user, route, way, facts.clone(), &target, Instant::now());
        let before = self.kept().insert(unit.key_of(&target, service), kept);
        if let Some(before) = before {
            before.close().await;
        }
        LogInOutcome::LoggedIn(facts)
    }
}

/// The certificate in a person's words. It is looked at once more, since the connection keeps only its fingerprint;
/// what can not be seen, or is another one by now, is left out.
pub(super) async fn look(host: &str, port: u16, limit: Duration, fingerprint: Fingerprint) -> Certificate {
    let seen = certificate::look(host, port, limit).await.ok();
    seen.filter(|seen| seen.fingerprint == fingerprint)
        .unwrap_or_else(|| Certificate::unread(fingerprint))
}

/// Puts the password into the keychain, and the name to the site, so that it is found there again.
async fn remember_user(
    local: &Local,
    target: &Target,
    service: Service,
    key_port: u16,
    user: &ServiceUser,
) -> Result<()> {
    if let Some(shared) = target.site.as_ref().and_then(|site| site.credential.as_ref()) {
        let message = format!("this site uses the shared credential {shared:?}, which stays as it is");
        return Err(ErrorKind::Usage(message).into());
    }
    let place = target.place(key_port);
    let key = CredentialKey::ServiceUser {
        place,
        user: user.name.clone(),
    };
    let credential = Credential {
        user: Some(user.name.clone()),
        password: user.password.clone(),
    };
    let credentials = Arc::clone(&local.credentials);
    tokio::task::spawn_blocking(move || credentials.set(&key, &credential))
        .await
        .map_err(|_| Error::new(ErrorKind::Cancelled("")))??;
    if let Some(site) = &target.site
        && service == Service::Configuration
    {
        local.store.update(|data| {
            data.edit_site(&site.name, |site| site.user = Some(user.name.clone()))?;
            Ok(())
        })?;
    }
    Ok(())
}
