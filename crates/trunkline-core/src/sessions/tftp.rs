//! The log-in to a system before 3.2: there is none, but a system password to be tried. A service user's password never goes
//! there, whatever the unit says of itself.

use std::time::Instant;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Rights, Service};

use super::attempts::{Attempt, Question};
use super::kept::Kept;
use super::{LogInOutcome, LoggedIn, NOBODY, Sessions};
use crate::local::Overrides;
use crate::session::ServiceUser;
use crate::tftp::{TftpAccess, TftpSession};
use crate::unit_ref::UnitRef;
use crate::{ErrorKind, Local, Result, Route, Target};

/// What whoever knows the system password may do: read and write the configuration, and restart at once.
const RIGHTS: Rights = Rights(1 | 2 | 8);

impl Sessions {
    /// Uses the system password that the keychain has, where the unit is a system before 3.2; `None` where it is none, or
    /// can not be asked now.
    pub(super) async fn resume_over_tftp(
        &self,
        local: &Local,
        unit: &UnitRef,
        target: &Target,
        cancel: &CancellationToken,
    ) -> Result<Option<LogInOutcome>> {
        let service = Service::Configuration;
        match local.route(target, service, &Overrides::default(), cancel).await {
            Ok(Route::Tftp(access)) => self
                .with_kept_system_password(local, unit.clone(), target, access, cancel)
                .await
                .map(Some),
            Err(error) if matches!(error.kind(), ErrorKind::Cancelled(_)) => Err(error),
            // What is wrong is said when somebody logs in.
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// Tries the system password, if it is one.
    pub(super) async fn go_over_tftp(
        &self,
        local: &Local,
        attempt: Attempt,
        target: Target,
        access: TftpAccess,
        cancel: CancellationToken,
    ) -> Result<LogInOutcome> {
        if !attempt.system {
            return self
                .with_kept_system_password(local, attempt.unit, &target, access, &cancel)
                .await;
        }
        // Whoever gave it was told in the same dialog that it travels readable.
        local.clear_text_is_known(&access)?;
        let password = attempt.user.password.clone();
        let session = TftpSession::open(access, password, cancel).await?;
        match session.try_password(NOBODY).await {
            Ok(()) => Ok(self.settle_over_tftp(local, attempt, &target, session).await),
            Err(error) if matches!(error.kind(), ErrorKind::WrongSystemPassword) => {
                Ok(LogInOutcome::WrongPassword {
                    attempt: self.keep(attempt, Question::Password),
                    attempts_left: None,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for the system password, unless the keychain has it and a person was told how it travels.
    async fn with_kept_system_password(
        &self,
        local: &Local,
        unit: UnitRef,
        target: &Target,
        access: TftpAccess,
        cancel: &CancellationToken,
    ) -> Result<LogInOutcome> {
        let kept = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
            kept = local.kept_system_password(target, &access) => kept,
        };
        let keychain_problem = match kept {
            Ok(Some(password)) if local.is_clear_text_known(&access)? => {
                let attempt = system_attempt(unit, password);
                return Box::pin(self.go_over_tftp(local, attempt, target.clone(), access, cancel.clone()))
                    .await;
            }
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        Ok(LogInOutcome::PasswordNeeded {
            user: None,
            system: true,
            keychain_problem,
        })
    }

    async fn settle_over_tftp(
        &self,
        local: &Local,
        attempt: Attempt,
        target: &Target,
        session: TftpSession,
    ) -> LogInOutcome {
        let Attempt {
            unit,
            user,
            remember,
            from_keychain,
            ..
        } = attempt;
        let access = session.access().clone();
        let kept = if remember {
            local
                .keep_system_password(target, &access, user.password.clone())
                .await
                .map(drop)
        } else {
            Ok(())
        };
        let facts = LoggedIn {
            user: String::new(),
            method: "tftp",
            fingerprint: None,
            rights: Some(RIGHTS),
            password_expires_days: None,
            largest_object: None,
            remembered: (remember || from_keychain) && kept.is_ok(),
            keychain_problem: kept.err().map(|error| error.to_string()),
        };
        let route = Route::Tftp(access);
        let kept = Kept::new(user, route, session.into(), facts.clone(), target, Instant::now());
        let before = self.kept().insert(unit.key(target), kept);
        if let Some(before) = before {
            before.close().await;
        }
        LogInOutcome::LoggedIn(facts)
    }
}

/// A try with the system password of the keychain.
fn system_attempt(unit: UnitRef, password: SecretString) -> Attempt {
    Attempt {
        unit,
        service: Service::Configuration,
        user: ServiceUser {
            name: String::new(),
            password,
        },
        system: true,
        remember: false,
        from_keychain: true,
        overrides: Overrides::default(),
        new_password: None,
    }
}
