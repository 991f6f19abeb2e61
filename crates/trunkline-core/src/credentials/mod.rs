//! Passwords, where the operating system keeps them.

mod keychain;
mod memory;
mod patient;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

pub use keychain::Keychain;
pub use memory::MemoryCredentials;
pub(crate) use patient::PatientKeychain;

use crate::error::{Error, ErrorKind, Result, Step};

/// Somewhere to keep passwords. Everything here blocks, and may wait for a person who is asked to unlock the keychain:
/// call it from `spawn_blocking`.
pub trait Credentials: Send + Sync + fmt::Debug {
    /// The credential that is kept under this key.
    ///
    /// # Errors
    /// `keychain_locked` where nobody unlocked it; `keychain_unavailable` where there is none, or it failed.
    fn get(&self, key: &CredentialKey) -> Result<Option<Credential>>;

    /// Keeps a credential, in the place of the one before.
    ///
    /// # Errors
    /// As [`Credentials::get`]; `usage` where it is too long for the keychain, or a shared one has no user.
    fn set(&self, key: &CredentialKey, credential: &Credential) -> Result<()>;

    /// Forgets a credential; says whether there was one.
    ///
    /// # Errors
    /// As [`Credentials::get`].
    fn delete(&self, key: &CredentialKey) -> Result<bool>;

    /// Moves a credential, as the name of a site or its user changes; says whether there was one.
    ///
    /// # Errors
    /// As [`Credentials::set`]; the old one is deleted only after the new one is kept.
    fn rename(&self, from: &CredentialKey, to: &CredentialKey) -> Result<bool> {
        if from == to {
            return Ok(self.get(from)?.is_some());
        }
        let Some(credential) = self.get(from)? else {
            return Ok(false);
        };
        self.set(to, &credential)?;
        self.delete(from)
    }
}

/// What a credential is for. Its [`fmt::Display`] form is the account name that a person sees in the keychain, such as
/// `Administrator @ Zürich, Filiale 2 (service user)`; two keys never have the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CredentialKey {
    /// A service user of one unit.
    ServiceUser {
        /// The unit.
        place: Place,
        /// The service user's name.
        user: String,
    },
    /// The system password of a system before 3.2 (protocol.md 3). Never taken for a service user's.
    SystemPassword {
        /// The unit.
        place: Place,
    },
    /// What opens the file of a client certificate.
    ClientCertificate {
        /// The file, by its whole path.
        file: String,
    },
    /// A service user that several sites share, under a name that a person chose.
    Shared {
        /// The name of the credential.
        name: String,
    },
}

/// The unit that a credential is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A saved site, by its name.
    Site(String),
    /// A unit that is not saved, as [`crate::store::unit_key`] writes it.
    Unit(String),
}

/// A name and its password.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The service user's name; `None` with a system password.
    pub user: Option<String>,
    /// The password.
    pub password: SecretString,
}

impl fmt::Display for CredentialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // An @ in the user's name would otherwise make two keys look the same.
            Self::ServiceUser { place, user } => {
                let user = user.replace('\\', "\\\\").replace('@', "\\@");
                write!(f, "{user} @ {} (service user{})", place.name(), place.kind())
            }
            Self::SystemPassword { place } => write!(f, "{} (system password{})", place.name(), place.kind()),
            Self::ClientCertificate { file } => write!(f, "{file} (client certificate)"),
            Self::Shared { name } => write!(f, "{name} (shared credential)"),
        }
    }
}

impl Place {
    fn name(&self) -> &str {
        match self {
            Self::Site(name) | Self::Unit(name) => name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Site(_) => "",
            Self::Unit(_) => ", unit that is not saved",
        }
    }
}

impl CredentialKey {
    /// What the keychain keeps: the password itself, so that a person can read it there; with a shared credential the
    /// user's name in a line above it.
    fn encode(&self, credential: &Credential) -> Result<Zeroizing<String>> {
        let password = credential.password.expose_secret();
        if !matches!(self, Self::Shared { .. }) {
            return Ok(Zeroizing::new(password.to_owned()));
        }
        let user = credential.user.as_deref().unwrap_or_default();
        if user.is_empty() || user.contains('\n') {
            let message = "a shared credential needs the service user's name, in one line";
            return Err(Error::new(ErrorKind::Usage(message.into())).at(Step::Keychain));
        }
        // Made in one piece: growing would leave copies of the password behind.
        let mut secret = Zeroizing::new(String::with_capacity(user.len() + 1 + password.len()));
        secret.push_str(user);
        secret.push('\n');
        secret.push_str(password);
        Ok(secret)
    }

    fn decode(&self, secret: &Zeroizing<String>) -> Result<Credential> {
        Ok(match self {
            Self::ServiceUser { user, .. } => Credential {
                user: Some(user.clone()),
                password: secret.as_str().into(),
            },
            Self::SystemPassword { .. } | Self::ClientCertificate { .. } => Credential {
                user: None,
                password: secret.as_str().into(),
            },
            Self::Shared { name } => {
                let (user, password) = secret.split_once('\n').ok_or_else(|| {
                    let message = format!("what it keeps as {name:?} was not written by Trunkline");
                    Error::new(ErrorKind::KeychainUnavailable(message)).at(Step::Keychain)
                })?;
                Credential {
                    user: Some(user.to_owned()),
                    password: password.into(),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn user(place: Place, user: &str) -> CredentialKey {
        CredentialKey::ServiceUser {
            place,
            user: user.into(),
        }
    }

    fn site(name: &str) -> Place {
        Place::Site(name.into())
    }

    #[test]
    fn account_names_are_those_that_a_person_recognises() {
        for (key, expect) in [
            (
                user(site("Zürich, Filiale 2"), "Administrator"),
                "Administrator @ Zürich, Filiale 2 (service user)",
            ),
            (
                user(Place::Unit("10.0.0.1:50805".into()), "Administrator"),
                "Administrator @ 10.0.0.1:50805 (service user, unit that is not saved)",
            ),
            (
                CredentialKey::SystemPassword { place: site("Bern") },
                "Bern (system password)",
            ),
            (
                CredentialKey::Shared {
                    name: "All branches".into(),
                },
                "All branches (shared credential)",
            ),
        ] {
            assert_eq!(key.to_string(), expect);
        }
    }

    #[test]
    fn no_two_keys_look_the_same() {
        let keys = [
            user(site("b @ c"), "a"),
            user(site("c"), "a @ b"),
            user(site("c"), "a \\@ b"),
            user(site("c"), "a \\\\@ b"),
            user(Place::Unit("c".into()), "a"),
            user(site("c"), "a"),
            CredentialKey::SystemPassword { place: site("a @ c") },
            CredentialKey::Shared { name: "a @ c".into() },
        ];
        let accounts: HashSet<_> = keys.iter().map(ToString::to_string).collect();
        assert_eq!(accounts.len(), keys.len());
    }

    #[test]
    fn a_shared_credential_keeps_its_user_above_the_password() {
        let key = CredentialKey::Shared { name: "All".into() };
        let credential = Credential {
            user: Some("Administrator".into()),
            password: "Grüße\n42".into(),
        };
        let secret = key.encode(&credential).unwrap();
        assert_eq!(secret.as_str(), "Administrator\nGrüße\n42");
        let read = key.decode(&secret).unwrap();
        assert_eq!(
            (read.user.as_deref(), read.password.expose_secret()),
            (Some("Administrator"), "Grüße\n42")
        );

        let alone = Zeroizing::new("only a password".to_owned());
        let error = key.decode(&alone).unwrap_err();
        assert!(
            error.code() == "keychain_unavailable" && !error.to_string().contains("only a"),
            "{error}"
        );
        for user in [None, Some(String::new()), Some("a\nb".into())] {
            let credential = Credential {
                user,
                password: "p".into(),
            };
            assert_eq!(key.encode(&credential).unwrap_err().code(), "usage");
        }
    }

    #[test]
    fn a_password_is_kept_as_it_is_and_never_shown() {
        let key = user(site("Bern"), "Administrator");
        let credential = Credential {
            user: Some("Administrator".into()),
            password: "Grüße-42".into(),
        };
        assert_eq!(key.encode(&credential).unwrap().as_str(), "Grüße-42");
        assert!(!format!("{credential:?} {key:?}").contains("42"));
    }
}
