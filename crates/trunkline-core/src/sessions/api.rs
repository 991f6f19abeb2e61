//! A log-in to the Management API: the certificate first, and the password only then.

use tokio_util::sync::CancellationToken;

use super::attempts::{Attempt, Question};
use super::log_in::look;
use super::{LogInOutcome, NOBODY, Sessions};
use crate::api::{ApiAccess, ApiConnection};
use crate::{Error, Local, Result, Target};

impl Sessions {
    /// Goes on with a log-in to a unit that is reached over the Management API.
    pub(super) async fn go_over_api(
        &self,
        local: &Local,
        attempt: Attempt,
        target: Target,
        access: ApiAccess,
        cancel: CancellationToken,
    ) -> Result<LogInOutcome> {
        let limit = access.connect_timeout;
        let connection = match ApiConnection::open(access.clone(), cancel.clone(), NOBODY).await {
            Ok(connection) => connection,
            Err(error) => {
                let port = port_of(&error).unwrap_or(access.port());
                let place = (access.host.as_str(), port, limit);
                return self.ask_about_certificate(local, attempt, place, error).await;
            }
        };
        let facts = *connection.facts();
        // At every level: the password itself goes there.
        if connection.needs_consent()
            && let Some(fingerprint) = facts.fingerprint
        {
            drop(connection);
            let certificate = look(&access.host, facts.port, limit, fingerprint).await;
            let attempt = self.keep(attempt, Question::Certificate(fingerprint));
            return Ok(LogInOutcome::FirstCertificate { attempt, certificate });
        }
        let user = attempt.user.clone();
        match local
            .log_in_to_api(connection, user, &attempt.overrides, &cancel, NOBODY)
            .await
        {
            Ok(session) => Ok(self.settle(local, attempt, target, session.into()).await),
            Err(error) => self.ask_after(attempt, error),
        }
    }
}

/// The port that an error is about: there are two to choose from.
fn port_of(error: &Error) -> Option<u16> {
    error.address_text()?.rsplit_once(':')?.1.parse().ok()
}
