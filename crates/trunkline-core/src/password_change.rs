//! A new password for a service user, at the unit and in the keychain.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::task::spawn_blocking;

use crate::session::Session;
use crate::{Credential, CredentialKey, Error, ErrorKind, Local, Result, Target};

/// What became of the old password in the keychain.
#[derive(Debug)]
pub enum KeptPassword {
    /// It was not kept.
    NotKept,
    /// The new one stands in its place.
    Replaced,
    /// It belongs to a credential of this name, which other sites may use with the old password: it was left alone.
    Shared(String),
    /// The unit has the new password, and the keychain would not take it.
    Failed(Error),
}

impl Local {
    /// Changes the password of the service user who is logged in, and then what the keychain has of it.
    ///
    /// # Errors
    /// As [`Session::change_password`]; then nothing was changed anywhere. What fails after the unit took the new
    /// password is [`KeptPassword::Failed`].
    pub async fn change_password(
        &self,
        session: &mut Session,
        target: &Target,
        user: &str,
        new: SecretString,
    ) -> Result<KeptPassword> {
        session.change_password(new.clone()).await?;
        let base_port = session.access().base_port;
        Ok(self.renew_kept(target, base_port, user, new).await)
    }

    /// Puts a new password that the unit took in the place of what the keychain has of that service user.
    pub(crate) async fn renew_kept(
        &self,
        target: &Target,
        base_port: u16,
        user: &str,
        new: SecretString,
    ) -> KeptPassword {
        if let Some(name) = target.site.as_ref().and_then(|site| site.credential.clone()) {
            return KeptPassword::Shared(name);
        }
        let key = CredentialKey::ServiceUser {
            place: target.place(base_port),
            user: user.to_owned(),
        };
        let credential = Credential {
            user: Some(user.to_owned()),
            password: new,
        };
        let credentials = Arc::clone(&self.credentials);
        let replace = move || -> Result<KeptPassword> {
            if credentials.get(&key)?.is_none() {
                return Ok(KeptPassword::NotKept);
            }
            credentials.set(&key, &credential)?;
            Ok(KeptPassword::Replaced)
        };
        match spawn_blocking(replace).await {
            Ok(Ok(kept)) => kept,
            // Nothing can be kept where there is no keychain.
            Ok(Err(error)) if matches!(error.kind(), ErrorKind::KeychainUnavailable(_)) => {
                KeptPassword::NotKept
            }
            Ok(Err(error)) => KeptPassword::Failed(error),
            Err(_) => KeptPassword::Failed(ErrorKind::Cancelled("").into()),
        }
    }
}
