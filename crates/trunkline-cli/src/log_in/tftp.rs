//! The way to a system before 3.2: its own kind of password, and a warning before that is first sent.

use secrecy::SecretString;
use trunkline_core::tftp::{CLEAR_TEXT, TftpAccess, TftpSession};
use trunkline_core::{Error, ErrorKind, Step};

use super::Approach;
use crate::arguments::PasswordArguments;
use crate::failure::Failure;
use crate::password::{self, SYSTEM_VARIABLE, VARIABLE};
use crate::progress::Shown;

impl Approach<'_> {
    /// The session of a system before 3.2, with the system password that was given, is kept, or is typed.
    pub(super) async fn open_tftp(
        &self,
        access: TftpAccess,
        user: Option<&str>,
        attempt: &PasswordArguments,
    ) -> Result<TftpSession, Failure> {
        let given = self.given_system_password(&access, user, attempt)?;
        self.say_clear_text(&access)?;
        let password = match given {
            Some(password) => password,
            None => self.kept_or_typed(&access).await?,
        };
        self.session(access, password).await
    }

    /// The same with a system password that nobody keeps yet, after it was tried.
    pub(super) async fn open_tftp_anew(
        &self,
        access: TftpAccess,
        user: Option<&str>,
        attempt: &PasswordArguments,
    ) -> Result<(TftpSession, SecretString), Failure> {
        let given = self.given_system_password(&access, user, attempt)?;
        self.say_clear_text(&access)?;
        let password = match given {
            Some(password) => password,
            None if password::can_ask() => password::ask(self.prompt()).await?,
            None => return Err(self.no_system_password(&access)),
        };
        let session = self.session(access, password.clone()).await?;
        let shown = Shown::new(&self.context.output);
        session.try_password(&|p| shown.report(p)).await?;
        Ok((session, password))
    }

    async fn session(&self, access: TftpAccess, password: SecretString) -> Result<TftpSession, Failure> {
        tracing::info!(address = access.address(), "over TFTP");
        Ok(TftpSession::open(access, password, self.context.cancel.clone()).await?)
    }

    #[expect(
        clippy::unused_self,
        reason = "it stands beside what asks the keychain and the terminal"
    )]
    /// What was given for this command. A service user's password opens nothing there, and is not sent to find out.
    fn given_system_password(
        &self,
        access: &TftpAccess,
        user: Option<&str>,
        attempt: &PasswordArguments,
    ) -> Result<Option<SecretString>, Failure> {
        let refuse = |what: &str| {
            let why = format!(
                "a system before 3.2 takes the system password, and {what} belongs to a service user; it was not sent"
            );
            let error = Error::new(ErrorKind::Usage(why))
                .at(Step::LogIn)
                .address(access.address());
            Failure::from(error).hint(format!(
                "Give the system password on standard input (--system-password-stdin) or in {SYSTEM_VARIABLE}, and leave \
                 out {what}."
            ))
        };
        if user.is_some() {
            return Err(refuse("--user"));
        }
        if attempt.password_stdin {
            return Err(refuse("--password-stdin"));
        }
        if attempt.system_password_stdin {
            return password::line_of_stdin().map(Some);
        }
        match password::from_environment(SYSTEM_VARIABLE)? {
            None if password::from_environment(VARIABLE)?.is_some() => Err(refuse(VARIABLE)),
            given => Ok(given),
        }
    }

    async fn kept_or_typed(&self, access: &TftpAccess) -> Result<SecretString, Failure> {
        let unusable = match self.local.kept_system_password(&self.target, access).await {
            Ok(Some(kept)) => return Ok(kept),
            Ok(None) => None,
            Err(error) => Some(Failure::from(error)),
        };
        if password::can_ask() {
            if let Some(failure) = unusable {
                self.context.output.say(&failure.message());
            }
            return password::ask(self.prompt()).await;
        }
        Err(unusable.map_or_else(
            || self.no_system_password(access),
            |failure| {
                failure.hint(format!(
                    "Unlock the keychain, or give the system password on standard input (--system-password-stdin) or in \
                     {SYSTEM_VARIABLE}."
                ))
            },
        ))
    }

    /// Once for each unit, before the first password goes there.
    fn say_clear_text(&self, access: &TftpAccess) -> Result<(), Failure> {
        if !self.local.is_clear_text_known(access)? {
            self.context
                .output
                .warn(&format!("{}: {CLEAR_TEXT}", access.address()));
            self.local.clear_text_is_known(access)?;
        }
        Ok(())
    }

    fn prompt(&self) -> String {
        crate::text::one_line(&format!("System password of {}: ", self.target.name()))
    }

    fn no_system_password(&self, access: &TftpAccess) -> Failure {
        let why = format!("there is no system password for {}", self.target.name());
        let error = Error::new(ErrorKind::NoCredential(why))
            .at(Step::LogIn)
            .address(access.address());
        Failure::from(error).hint(format!(
            "Give it on standard input (--system-password-stdin) or in {SYSTEM_VARIABLE}, or keep it with `trunkline login`."
        ))
    }
}

/// A system password was given where a service user logs in: it opens nothing there.
pub(super) fn refuse_system_password(attempt: &PasswordArguments, name: &str) -> Result<(), Failure> {
    if !attempt.system_password_stdin {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "--system-password-stdin is for systems before 3.2, and a service user logs in to {name}"
    ))
    .hint(format!(
        "Give the service user's password with --password-stdin or in {VARIABLE}."
    )))
}
