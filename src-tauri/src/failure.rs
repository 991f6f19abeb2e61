//! An error as the window gets it.

use serde::Serialize;
use specta::Type;
use trunkline_core::{Error, ErrorKind};

/// What went wrong, and what to do next. `code` is stable, and is what the window switches on.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Failure {
    code: String,
    message: String,
    hint: String,
    parts: Box<Parts>,
}

/// Where a send stopped in the middle: what the unit has, may have, and does not have. Empty for every other failure.
#[derive(Debug, Clone, Default, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    written: Vec<String>,
    unknown: Vec<String>,
    not_written: Vec<String>,
    /// The unit says that it must restart before something takes effect.
    restart_needed: bool,
    /// Why it stopped; empty for every other failure.
    why: String,
}

impl Parts {
    fn of(error: &Error) -> Self {
        let ErrorKind::DoneInPart(part) = error.kind() else {
            return Self::default();
        };
        Self {
            written: part.written.clone(),
            unknown: part.unknown.clone(),
            not_written: part.not_written.clone(),
            restart_needed: part.restart_needed,
            why: part.why.to_string(),
        }
    }
}

/// What a command answers.
pub type Answer<T> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: in_the_window(&error).to_owned(),
            parts: Box::new(Parts::of(&error)),
        }
    }
}

impl Failure {
    /// What the desktop could not do, in its own words.
    #[expect(clippy::needless_pass_by_value, reason = "so that it can stand in `map_err`")]
    pub fn of_desktop(what: impl ToString) -> Self {
        Error::new(ErrorKind::Unsupported(what.to_string())).into()
    }
}

/// The core's hints name switches of the command line, which a window does not have.
fn in_the_window(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::TlsNotAvailable(_) => {
            "Allow plain TCP for this unit if you accept that everything but the password travels readable."
        }
        ErrorKind::LastAttempt => "Make sure of the password, or wait until the unit forgets the failures.",
        ErrorKind::TlsRequired => "Choose another TLS level for this site.",
        ErrorKind::DoneInPart(_) => {
            "Send again: what is written is left alone. What the unit had before is in the archive."
        }
        ErrorKind::Conflict { .. } | ErrorKind::EntityConflict { .. } => {
            "Receive again, compare, and make your changes on top; sending all the same overwrites what the other person did."
        }
        ErrorKind::LicenceMissing => "Without a CTI Link Pro licence the unit gives its lists to nobody.",
        ErrorKind::PasswordWithheld(_) => {
            "Log in to the unit first, and pin its certificate: the password itself goes to nothing less."
        }
        ErrorKind::ClientCertificate(_) => {
            "Choose a file with a certificate that the unit trusts and its key (PEM or PKCS#12) for this site."
        }
        ErrorKind::InvalidDocument => "The unit still has what it had. Look at the list of problems.",
        ErrorKind::CertificateChanged { .. } => {
            "If the unit was replaced or reset, compare the new fingerprint with the unit's own before you accept it. Otherwise somebody may be in between."
        }
        ErrorKind::WeakerLogIn { .. } => {
            "If the unit was replaced or reset, log in to it again and accept the weaker log-in. Otherwise somebody may be in between."
        }
        ErrorKind::KeychainUnavailable(_) | ErrorKind::KeychainLocked => {
            "Unlock the keychain, or type the password when it is asked for."
        }
        _ => error.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_the_code_of_the_core_and_no_switches() {
        let check = |kind: ErrorKind, code: &str| {
            let failure = Failure::from(Error::new(kind));
            assert_eq!(failure.code, code);
            assert!(!failure.hint.contains("--"), "{failure:?}");
        };
        check(ErrorKind::TlsNotAvailable("x".into()), "tls_not_available");
        check(ErrorKind::LastAttempt, "last_attempt");
        check(ErrorKind::TlsRequired, "tls_required");
        check(ErrorKind::Conflict { unit_revision: None }, "conflict");
        check(ErrorKind::InvalidDocument, "invalid_document");
        check(
            ErrorKind::CertificateChanged {
                pinned: "a".into(),
                presented: "b".into(),
            },
            "certificate_changed",
        );
        check(ErrorKind::KeychainUnavailable("x".into()), "keychain_unavailable");
        check(ErrorKind::NoRight, "no_right");
        check(ErrorKind::LicenceMissing, "licence_missing");
        check(ErrorKind::PasswordWithheld("x"), "password_withheld");
        check(ErrorKind::ClientCertificate("x".into()), "client_certificate");
        check(ErrorKind::CertificateRefused("x".into()), "certificate_refused");
        check(
            ErrorKind::WeakerLogIn {
                offered: 1,
                remembered: 2,
            },
            "weaker_log_in",
        );
    }
}
