//! The way into a Management API: the certificate first, and the password only then.

use trunkline_core::api::{ApiAccess, ApiConnection, ApiSession};
use trunkline_core::{Error, ErrorKind, Overrides, ServiceUser, Step, Trust};

use super::Approach;
use crate::arguments::{LogInArguments, PasswordArguments};
use crate::failure::Failure;
use crate::password;
use crate::progress::Shown;

impl Approach<'_> {
    /// Logs in to the Management API.
    pub(super) async fn log_in_to_api(
        &self,
        access: ApiAccess,
        who: &LogInArguments,
    ) -> Result<ApiSession, Failure> {
        let connection = self.reach_api(access).await?;
        let user = self.user(self.api_key_port(&connection), who).await?;
        self.enter_api(connection, user).await
    }

    /// The same with a password that nobody keeps yet.
    pub(super) async fn log_in_to_api_anew(
        &self,
        access: ApiAccess,
        user: &str,
        attempt: &PasswordArguments,
    ) -> Result<(ApiSession, ServiceUser), Failure> {
        let connection = self.reach_api(access).await?;
        let user = self.user_anew(user, attempt).await?;
        Ok((self.enter_api(connection, user.clone()).await?, user))
    }

    /// Opens a connection to the Management API. The password itself goes there, so that a certificate which nobody
    /// knows needs a yes, or to be named; without somebody to ask it is the end.
    async fn reach_api(&self, access: ApiAccess) -> Result<ApiConnection, Failure> {
        let shown = Shown::new(&self.context.output);
        let cancel = self.context.cancel.clone();
        let opened = ApiConnection::open(access, cancel, &|p| shown.report(p)).await;
        drop(shown);
        let connection = opened.map_err(with_hint)?;
        tracing::info!(facts = ?connection.facts(), "connected to the Management API");
        if connection.needs_consent() {
            self.ask_for_consent(connection).await
        } else {
            Ok(connection)
        }
    }

    async fn ask_for_consent(&self, mut connection: ApiConnection) -> Result<ApiConnection, Failure> {
        let address = connection.access().address();
        let facts = connection.facts();
        let fingerprint = facts.fingerprint.map(|f| f.to_string()).unwrap_or_default();
        let refuse = |why: String| {
            let refused = ErrorKind::CertificateRefused(why.into());
            Failure::from(Error::new(refused).at(Step::Tls).address(&address))
        };
        if !password::can_ask() {
            let why = format!(
                "nobody knows it, and the password would go to whoever shows it; its SHA-256 is {fingerprint}"
            );
            return Err(refuse(why).hint(
                "Compare that with the unit's own and give it with --fingerprint, or do this once on a terminal.",
            ));
        }
        let (what, question) = if facts.trust == Trust::FirstUse {
            (
                "first use of this certificate",
                "Trust it from now on, and send the password there?",
            )
        } else {
            (
                "any certificate would do (--tls none)",
                "Send the password to whoever has it, this once?",
            )
        };
        self.context.output.warn(&format!(
            "{address}: {what}, SHA-256 {fingerprint}\nThe Management API takes the password itself. Compare the \
             fingerprint with the unit's own before you go on."
        ));
        if !password::confirm(question).await? {
            return Err(refuse("you declined it".into()));
        }
        connection.accept_certificate();
        Ok(connection)
    }

    /// Logs in. Whether the last attempt before a lock is worth it is a person's decision.
    async fn enter_api(&self, connection: ApiConnection, user: ServiceUser) -> Result<ApiSession, Failure> {
        let access = connection.access().clone();
        let failure = match self
            .try_to_enter_api(connection, user.clone(), &self.overrides)
            .await
        {
            Err(failure) if failure.error().code() == "last_attempt" && password::can_ask() => failure,
            decided => return decided,
        };
        self.context.output.warn(&failure.message());
        if !password::confirm("Use it all the same?").await? {
            return Err(failure);
        }
        let overrides = Overrides {
            use_last_attempt: true,
            ..self.overrides.clone()
        };
        let connection = self.reach_api(access).await?;
        self.try_to_enter_api(connection, user, &overrides).await
    }

    async fn try_to_enter_api(
        &self,
        connection: ApiConnection,
        user: ServiceUser,
        overrides: &Overrides,
    ) -> Result<ApiSession, Failure> {
        let shown = Shown::new(&self.context.output);
        let cancel = &self.context.cancel;
        let session = self
            .local
            .log_in_to_api(connection, user, overrides, cancel, &|p| shown.report(p))
            .await;
        Ok(session?)
    }

    /// The port by which the keychain knows a unit that is no saved site.
    fn api_key_port(&self, connection: &ApiConnection) -> u16 {
        self.target.base_port.unwrap_or(connection.access().port())
    }
}

/// The ports and the TLS of the Management API are others than the service's.
fn with_hint(error: Error) -> Failure {
    match error.code() {
        "not_reachable" => Failure::from(error).hint(
            "Check the address, that routers and firewalls between let TCP 7070 (8443 on IP500 V2) through, and whether \
             the unit has a Management API; --api-port names another port.",
        ),
        "tls_not_available" => Failure::from(error).hint("The Management API is spoken over TLS only."),
        _ => error.into(),
    }
}
