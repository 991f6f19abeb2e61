//! Credentials that end with the process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Credential, CredentialKey, Credentials};
use crate::error::Result;

/// Credentials in memory: for tests, and where a person wants nothing kept.
#[derive(Default)]
pub struct MemoryCredentials {
    kept: Mutex<HashMap<CredentialKey, Credential>>,
}

impl MemoryCredentials {
    fn kept(&self) -> MutexGuard<'_, HashMap<CredentialKey, Credential>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Credentials for MemoryCredentials {
    fn get(&self, key: &CredentialKey) -> Result<Option<Credential>> {
        Ok(self.kept().get(key).cloned())
    }

    fn set(&self, key: &CredentialKey, credential: &Credential) -> Result<()> {
        // Encoded and decoded as in the keychain, so that both refuse the same and give back the same.
        let credential = key.decode(&key.encode(credential)?)?;
        self.kept().insert(key.clone(), credential);
        Ok(())
    }

    fn delete(&self, key: &CredentialKey) -> Result<bool> {
        Ok(self.kept().remove(key).is_some())
    }
}

impl fmt::Debug for MemoryCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryCredentials({} kept)", self.kept().len())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::credentials::Place;

    #[test]
    fn what_is_kept_comes_back_until_it_is_deleted() {
        let credentials = MemoryCredentials::default();
        let key = |site: &str| CredentialKey::ServiceUser {
            place: Place::Site(site.into()),
            user: "Admin".into(),
        };
        let password = |site| {
            credentials
                .get(&key(site))
                .unwrap()
                .map(|c| c.password.expose_secret().to_owned())
        };
        assert_eq!(password("Bern"), None);
        credentials
            .set(
                &key("Bern"),
                &Credential {
                    user: None,
                    password: "one".into(),
                },
            )
            .unwrap();
        credentials
            .set(
                &key("Bern"),
                &Credential {
                    user: None,
                    password: "two".into(),
                },
            )
            .unwrap();
        assert_eq!(password("Bern").as_deref(), Some("two"));
        assert_eq!(
            credentials.get(&key("Bern")).unwrap().unwrap().user.as_deref(),
            Some("Admin")
        );

        assert!(credentials.rename(&key("Bern"), &key("Bern")).unwrap());
        assert!(credentials.rename(&key("Bern"), &key("Basel")).unwrap());
        assert_eq!(
            (password("Bern"), password("Basel").as_deref()),
            (None, Some("two"))
        );
        assert!(!credentials.rename(&key("Bern"), &key("Genf")).unwrap());

        assert!(credentials.delete(&key("Basel")).unwrap());
        assert!(!credentials.delete(&key("Basel")).unwrap());
    }
}
