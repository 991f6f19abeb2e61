//! The operating system's keychain: Secret Service, Keychain Services or Credential Manager.

use std::collections::HashMap;

use keyring_core::{Entry, Error as KeyringError};
use zeroize::Zeroizing;

use super::{Credential, CredentialKey, Credentials};
use crate::error::{Error, ErrorKind, Result, Step};

/// The keychain of the person who runs this program. Every entry has the service name `Trunkline`.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Keychain;

const SERVICE: &str = "Trunkline";

impl Keychain {
    /// The keychain. Nothing is asked of it before the first call.
    pub fn new() -> Self {
        Self
    }

    fn entry(key: &CredentialKey) -> Result<Entry> {
        // Connects once for this process; an error stays the answer until it ends.
        keyring::Entry::store_status().as_ref().map_err(explain)?;
        let account = key.to_string();
        let label = format!("{SERVICE}: {account}");
        // Only the Secret Service shows a label of its own; the other keychains refuse the word.
        match Entry::new_with_modifiers(SERVICE, &account, &HashMap::from([("label", label.as_str())])) {
            Err(KeyringError::Invalid(what, _)) if what == "label" => Entry::new(SERVICE, &account),
            entry => entry,
        }
        .map_err(|error| explain(&error))
    }
}

impl Credentials for Keychain {
    fn get(&self, key: &CredentialKey) -> Result<Option<Credential>> {
        match Self::entry(key)?.get_password().map(Zeroizing::new) {
            Ok(secret) => key.decode(&secret).map(Some),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(explain(&error)),
        }
    }

    fn set(&self, key: &CredentialKey, credential: &Credential) -> Result<()> {
        let secret = key.encode(credential)?;
        Self::entry(key)?
            .set_password(&secret)
            .map_err(|error| explain(&error))
    }

    fn delete(&self, key: &CredentialKey) -> Result<bool> {
        match Self::entry(key)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(KeyringError::NoEntry) => Ok(false),
            Err(error) => Err(explain(&error)),
        }
    }
}

/// Never passes on what the library holds of a secret (`BadEncoding`, `BadDataFormat`).
fn explain(error: &KeyringError) -> Error {
    let unavailable = |why: &str| ErrorKind::KeychainUnavailable(why.to_owned());
    let kind = match error {
        // The Secret Service's answer where no keyring was ever made: then there is nothing to unlock.
        KeyringError::NoStorageAccess(cause) if cause.to_string().contains("result not returned") => {
            unavailable("this user has no default keyring yet; make one with the desktop's password program")
        }
        KeyringError::NoStorageAccess(_) => ErrorKind::KeychainLocked,
        KeyringError::PlatformFailure(cause) => {
            unavailable(&without_provider(&cause.to_string()).unwrap_or_else(|| cause.to_string()))
        }
        KeyringError::NoDefaultStore | KeyringError::NotSupportedByStore(_) => {
            unavailable("this system has no keychain that Trunkline knows")
        }
        KeyringError::Ambiguous(_) => {
            unavailable("it holds this credential more than once; delete one of them there")
        }
        KeyringError::TooLong(what, max) => {
            ErrorKind::Usage(format!("the keychain takes {max} bytes at most as {what}"))
        }
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) | KeyringError::BadStoreFormat(_) => {
            unavailable("what it keeps under this name was not written by Trunkline")
        }
        _ => unavailable("it refused the request"),
    };
    Error::new(kind).at(Step::Keychain)
}

/// What D-Bus says where nobody offers `org.freedesktop.secrets`, or where there is no session bus at all.
fn without_provider(cause: &str) -> Option<String> {
    let marks = [
        "no secret service provider",
        "ServiceUnknown",
        "NameHasNoOwner",
        "not provided by any",
    ];
    let connection = ["No such file", "Connection refused", "address", "I/O error"];
    if marks.iter().any(|mark| cause.contains(mark)) || connection.iter().any(|mark| cause.contains(mark)) {
        return Some(
            "no Secret Service answers in this session; one comes with GNOME Keyring, KWallet or KeePassXC, and it \
             needs a D-Bus session"
                .into(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(text: &str) -> Box<dyn std::error::Error + Send + Sync> {
        text.into()
    }

    #[test]
    fn each_failure_has_its_code_and_no_secret() {
        for (error, code, words) in [
            (
                KeyringError::NoStorageAccess(boxed("SS Error: object locked")),
                "keychain_locked",
                "locked",
            ),
            (
                KeyringError::NoStorageAccess(boxed("SS error: prompt dismissed")),
                "keychain_locked",
                "locked",
            ),
            (
                KeyringError::NoStorageAccess(boxed("SS error: result not returned from SS API")),
                "keychain_unavailable",
                "no default keyring",
            ),
            (
                KeyringError::PlatformFailure(boxed("no secret service provider or dbus session found")),
                "keychain_unavailable",
                "no Secret Service answers",
            ),
            (
                KeyringError::PlatformFailure(boxed("The disk is on fire")),
                "keychain_unavailable",
                "on fire",
            ),
            (
                KeyringError::BadEncoding(b"hunter2".to_vec()),
                "keychain_unavailable",
                "not written by Trunkline",
            ),
            (
                KeyringError::TooLong("secret".into(), 2560),
                "usage",
                "2560 bytes",
            ),
            (
                KeyringError::NoDefaultStore,
                "keychain_unavailable",
                "no keychain",
            ),
        ] {
            let said = explain(&error);
            assert!(
                said.code() == code && said.to_string().contains(words),
                "{error:?}: {said}"
            );
            assert!(said.step() == Some(Step::Keychain) && !format!("{said} {said:?}").contains("hunter2"));
        }
    }
}
