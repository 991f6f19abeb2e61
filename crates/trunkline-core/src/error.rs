//! The one error of this crate: what happened, to which address, in which step, and what to do next.
// Length: one table, in which each kind has its sentence, its code and its hint.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::certificate::CertificateTrouble;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error as people and programs see it.
///
/// [`Error::code`] is stable and is what a program switches on; the [`fmt::Display`] form is a sentence for people.
/// Neither ever holds a secret.
#[derive(Debug)]
pub struct Error {
    kind: Box<ErrorKind>,
    address: Option<String>,
    step: Option<Step>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something that was asked for can not be understood or does not fit together.
    #[error("{0}")]
    Usage(String),
    /// A site, file, revision or preference that is named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Nothing answered at the address.
    #[error("the unit can not be reached: {0}")]
    NotReachable(String),
    /// Nothing answered over TFTP.
    #[error("the unit can not be reached: {0}")]
    NoTftpAnswer(String),
    /// TLS was asked for, and the unit does not offer it on this port.
    #[error("the unit does not offer TLS here: {0}")]
    TlsNotAvailable(String),
    /// The connection ended before the work did, for good.
    #[error("the connection was lost: {0}")]
    ConnectionLost(String),
    /// A send's last answer was lost and the unit could not be asked how it ended.
    #[error("the connection was lost and it is not known whether the unit took the new {0}")]
    OutcomeUnknown(String),
    /// Result 80000041.
    #[error("wrong user name or password{}", say_attempts(*.attempts_left))]
    AuthenticationFailed {
        /// How many attempts the unit still allows before it locks, where it said so.
        attempts_left: Option<u16>,
    },
    /// TFTP's ERROR 2 to a file name that holds the system password.
    #[error("wrong system password")]
    WrongSystemPassword,
    /// One more wrong password would lock the account, and nobody allowed that risk.
    #[error("only one log-in attempt is left before the unit locks the account, and it was not used")]
    LastAttempt,
    /// Result 80000042.
    #[error("the account is locked for this computer{}", say_retry(*.retry_after_s))]
    Locked {
        /// Seconds until the unit listens again, where it said so.
        retry_after_s: Option<u32>,
    },
    /// Result 80000042 of DevLink3, without a time to wait.
    #[error("the unit takes no further DevLink3 log-in now: it takes three connections at a time")]
    TooManyConnections,
    /// Result 80000044.
    #[error("the unit has no CTI licence, and without one it does not offer DevLink3")]
    LicenceMissing,
    /// The password itself was asked for, and was not sent: why that may not be.
    #[error("the unit asks for the password itself, and it was not sent: {0}")]
    PasswordWithheld(&'static str),
    /// Result 80000043.
    #[error("the unit is busy and asks to be tried later{}", say_retry(*.retry_after_s))]
    RetryLater {
        /// Seconds to wait, where the unit said so.
        retry_after_s: Option<u32>,
    },
    /// Result 80000045.
    #[error("the password must be changed before this service user may do anything else")]
    PasswordChangeRequired,
    /// Result 80000046.
    #[error("the service user is disabled")]
    AccountDisabled,
    /// Result 80000051.
    #[error("the service user has no right to do this")]
    NoRight,
    /// Result 80000052.
    #[error("the unit allows this only over TLS")]
    TlsRequired,
    /// Result 80000053.
    #[error("the unit does not offer this on this service")]
    WrongService,
    /// Result 80000061: what is being received is no longer what it was at the start.
    #[error("what the unit holds changed while it was being received")]
    ObjectChanged,
    /// Result 80000062: somebody else changed the unit.
    #[error("the unit was changed by somebody else{}", say_revision(.unit_revision.as_deref()))]
    Conflict {
        /// The revision that the unit holds now, where it is known.
        unit_revision: Option<String>,
    },
    /// Somebody else changed entities that are about to be changed (Management API).
    #[error("somebody else changed {entities} meanwhile; the unit holds revision {unit_revision} now")]
    EntityConflict {
        /// The revision that the unit holds now.
        unit_revision: String,
        /// The entities that both changed, without their secrets.
        entities: String,
    },
    /// Some of several changes are in the unit, some are not (Management API).
    #[error("{0}")]
    DoneInPart(Box<InPart>),
    /// After a send the unit holds neither what it had nor what was sent (TFTP, where it is read back).
    #[error(
        "the unit does not hold what was sent; it holds revision {unit_revision} now, and was not restarted"
    )]
    NotAsSent {
        /// What it holds now.
        unit_revision: String,
    },
    /// The unit has the new configuration, and could not be told to restart (TFTP, where that is a step of its own).
    #[error("the unit has the new configuration, read back and verified, and was not restarted: {}", .0.kind)]
    NotRestarted(Box<Error>),
    /// Result 80000063.
    #[error("it is too large for the unit{}", say_limit(*.limit))]
    TooLarge {
        /// The largest object in bytes that the unit takes, where it is known.
        limit: Option<u64>,
    },
    /// Result 80000064.
    #[error("these changes need a restart; the unit can not merge them")]
    NeedsReboot,
    /// Result 80000065: what arrived at the unit was not what was sent; nothing was stored.
    #[error("what arrived at the unit was damaged on the way; it stored nothing")]
    HashMismatch,
    /// Result 80000066.
    #[error("the unit says that this is not a valid document; it stored nothing")]
    InvalidDocument,
    /// The unit refused in words of its own, here without secrets (Management API).
    #[error("the unit refused{}{}", after(" with ", code), after(": ", text))]
    UnitRefused {
        /// Such as `461:SessionTimeout`; may be empty.
        code: String,
        /// What else it said; may be empty.
        text: String,
    },
    /// The unit refused with any other ERROR of TFTP.
    #[error("the unit refused (TFTP error {code}{})", after(": ", text))]
    TftpRefused {
        /// Its number (RFC 1350).
        code: u16,
        /// Its words, safe to show; may be empty.
        text: String,
    },
    /// The unit does not have a part of an interface, or does not allow this there (Management API).
    #[error("{0}")]
    NotOffered(&'static str),
    /// Any other result with bit 31 set.
    #[error("the unit refused, with result {0:08X}")]
    Refused(u32),
    /// The unit could not prove that it knows the password.
    #[error("this is not the unit that it claims to be: its proof is wrong")]
    Impostor,
    /// The unit's certificate is not the pinned one.
    #[error("the unit's certificate changed: {presented} was presented, {pinned} was expected")]
    CertificateChanged {
        /// The fingerprint that was expected, as in [`crate::Fingerprint`]'s display form.
        pinned: String,
        /// The fingerprint that was presented.
        presented: String,
    },
    /// The certificate does not satisfy the level that was asked for, or was declined.
    #[error("the unit's certificate was not accepted: {0}")]
    CertificateRefused(CertificateTrouble),
    /// The unit lets nobody in without a certificate of their own, or does not accept the one it was shown; or the
    /// file that should hold it does not.
    #[error("the client certificate: {0}")]
    ClientCertificate(String),
    /// Fewer PBKDF2 iterations than this unit asked for before: a sign of somebody in between.
    #[error("the unit asks for a weaker log-in than before ({offered} iterations, {remembered} before)")]
    WeakerLogIn {
        /// What the unit asks for now.
        offered: u32,
        /// What it asked for when a log-in last worked.
        remembered: u32,
    },
    /// The unit said something that protocol.md does not allow.
    #[error("the unit broke the protocol: {0}")]
    Protocol(String),
    /// The data that arrived is not what the unit announced.
    #[error("the unit sent damaged data: {0}")]
    Damaged(String),
    /// No user name or password is known and none can be asked for.
    #[error("{0}")]
    NoCredential(String),
    /// The keychain exists but is locked.
    #[error("the keychain is locked")]
    KeychainLocked,
    /// There is no keychain, or it failed.
    #[error("the keychain can not be used: {0}")]
    KeychainUnavailable(String),
    /// A file could not be read or written.
    #[error("{}: {what}", .path.display())]
    Storage {
        /// The file or folder.
        path: PathBuf,
        /// What failed, in the operating system's words.
        what: String,
    },
    /// This program can not do this with this unit.
    #[error("{0}")]
    Unsupported(String),
    /// Somebody stopped it.
    #[error("stopped{}", if .0.is_empty() { String::new() } else { format!("; {}", .0) })]
    Cancelled(&'static str),
}

/// What became of several changes that are written one after the other.
///
/// Its text says all of it: each change is in exactly one of the lists.
#[derive(Debug)]
pub struct InPart {
    /// Why it went no further.
    pub why: Error,
    /// What the unit has: `changed User 201 Sales1`.
    pub written: Vec<String>,
    /// What the unit may have: the answer was lost, and it could not be asked.
    pub unknown: Vec<String>,
    /// What the unit does not have.
    pub not_written: Vec<String>,
    /// Whether the unit says that it must restart before something takes effect.
    pub restart_needed: bool,
}

impl fmt::Display for InPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "done in part: {}", self.why.kind)?;
        for (what, changes) in [
            ("written", &self.written),
            ("not known", &self.unknown),
            ("not written", &self.not_written),
        ] {
            if !changes.is_empty() {
                write!(f, "; {what}: {}", changes.join(", "))?;
            }
        }
        Ok(())
    }
}

/// The step in which something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Turning a name into an address.
    Resolve,
    /// Asking who a unit is.
    Discover,
    /// Opening the TCP connection.
    Connect,
    /// The TLS handshake and the certificate.
    Tls,
    /// Logging in.
    LogIn,
    /// Receiving an object.
    Receive,
    /// Receiving the copy of what a unit has before something is sent to it.
    Backup,
    /// Sending an object.
    Send,
    /// The moment at which a sent object takes effect.
    Commit,
    /// Restarting, and waiting for the unit's return.
    Reboot,
    /// Reading or writing the keychain.
    Keychain,
    /// Reading or writing this program's own files.
    Store,
}

impl Step {
    /// The stable name of the step, as in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Discover => "discover",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::LogIn => "log_in",
            Self::Receive => "receive",
            Self::Backup => "backup",
            Self::Send => "send",
            Self::Commit => "commit",
            Self::Reboot => "reboot",
            Self::Keychain => "keychain",
            Self::Store => "store",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "looking up the name",
            Self::Discover => "asking who the unit is",
            Self::Connect => "connecting",
            Self::Tls => "starting TLS",
            Self::LogIn => "logging in",
            Self::Receive => "receiving",
            Self::Backup => "copying what the unit has",
            Self::Send => "sending",
            Self::Commit => "committing what was sent",
            Self::Reboot => "restarting",
            Self::Keychain => "using the keychain",
            Self::Store => "using this program's files",
        })
    }
}

impl Error {
    /// An error that is not yet about an address or a step.
    pub fn new(kind: ErrorKind) -> Self {
        Self {
            kind: Box::new(kind),
            address: None,
            step: None,
        }
    }

    /// A file that could not be read or written.
    pub fn storage(path: &Path, error: &impl fmt::Display) -> Self {
        Self::new(ErrorKind::Storage {
            path: path.to_owned(),
            what: error.to_string(),
        })
        .at(Step::Store)
    }

    /// Says in which step it happened, unless that is known already.
    #[must_use]
    pub fn at(mut self, step: Step) -> Self {
        self.step.get_or_insert(step);
        self
    }

    /// Says to which address it happened, unless that is known already.
    #[must_use]
    pub fn address(mut self, address: impl fmt::Display) -> Self {
        self.address.get_or_insert_with(|| address.to_string());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The address that it happened to.
    pub fn address_text(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The step in which it happened.
    pub fn step(&self) -> Option<Step> {
        self.step
    }

    /// The stable name of this error.
    pub fn code(&self) -> &'static str {
        match &*self.kind {
            ErrorKind::Usage(_) => "usage",
            ErrorKind::NotFound(_) => "not_found",
            ErrorKind::NotReachable(_) | ErrorKind::NoTftpAnswer(_) => "not_reachable",
            ErrorKind::TlsNotAvailable(_) => "tls_not_available",
            ErrorKind::ConnectionLost(_) => "connection_lost",
            ErrorKind::OutcomeUnknown(_) => "outcome_unknown",
            ErrorKind::AuthenticationFailed { .. } | ErrorKind::WrongSystemPassword => {
                "authentication_failed"
            }
            ErrorKind::LastAttempt => "last_attempt",
            ErrorKind::Locked { .. } => "locked",
            ErrorKind::RetryLater { .. } => "retry_later",
            ErrorKind::PasswordChangeRequired => "password_change_required",
            ErrorKind::AccountDisabled => "account_disabled",
            ErrorKind::NoRight => "no_right",
            ErrorKind::TlsRequired => "tls_required",
            ErrorKind::WrongService => "wrong_service",
            ErrorKind::ObjectChanged => "object_changed",
            ErrorKind::Conflict { .. } | ErrorKind::EntityConflict { .. } => "conflict",
            ErrorKind::DoneInPart(_) | ErrorKind::NotRestarted(_) => "done_in_part",
            ErrorKind::TooLarge { .. } => "too_large",
            ErrorKind::NeedsReboot => "needs_reboot",
            ErrorKind::HashMismatch | ErrorKind::NotAsSent { .. } => "hash_mismatch",
            ErrorKind::InvalidDocument => "invalid_document",
            ErrorKind::UnitRefused { .. } | ErrorKind::TftpRefused { .. } => "unit_refused",
            ErrorKind::NotOffered(_) => "not_offered",
            ErrorKind::Refused(_) => "refused",
            ErrorKind::Impostor => "impostor",
            ErrorKind::CertificateChanged { .. } => "certificate_changed",
            ErrorKind::CertificateRefused(_) => "certificate_refused",
            ErrorKind::ClientCertificate(_) => "client_certificate",
            ErrorKind::WeakerLogIn { .. } => "weaker_log_in",
            ErrorKind::TooManyConnections => "too_many_connections",
            ErrorKind::LicenceMissing => "licence_missing",
            ErrorKind::PasswordWithheld(_) => "password_withheld",
            ErrorKind::Protocol(_) => "protocol_error",
            ErrorKind::Damaged(_) => "damaged_data",
            ErrorKind::NoCredential(_) => "no_credential",
            ErrorKind::KeychainLocked => "keychain_locked",
            ErrorKind::KeychainUnavailable(_) => "keychain_unavailable",
            ErrorKind::Storage { .. } => "storage",
            ErrorKind::Unsupported(_) => "unsupported",
            ErrorKind::Cancelled(_) => "cancelled",
        }
    }

    /// What to do next, in one sentence; empty where there is nothing useful to say.
    #[expect(clippy::too_many_lines, reason = "one sentence for each kind")]
    pub fn hint(&self) -> &'static str {
        match &*self.kind {
            ErrorKind::Usage(_)
            | ErrorKind::NotFound(_)
            | ErrorKind::NoCredential(_)
            | ErrorKind::Cancelled(_)
            | ErrorKind::Unsupported(_) => "",
            ErrorKind::NotReachable(_) => {
                "Check the address and the route, and that routers and firewalls between let TCP 50802 and the \
                 Services Base TCP Port (50804, with TLS 50805) through."
            }
            ErrorKind::NoTftpAnswer(_) => {
                "Check the address and the route, and that routers and firewalls between let UDP 69 through to the unit, \
                 and its answers back, which come from other ports (--tftp-port names another port)."
            }
            ErrorKind::WrongSystemPassword => {
                "Check the system password; upper and lower case count. It is no service user's password."
            }
            ErrorKind::TlsNotAvailable(_) => {
                "If you accept that everything but the password travels readable, allow plain TCP for this unit \
                 (--allow-plain)."
            }
            ErrorKind::ConnectionLost(_) => {
                "Try again; if it happens at the same place, look at the line to the site."
            }
            ErrorKind::OutcomeUnknown(_) => "Receive from the unit and compare before you send again.",
            ErrorKind::AuthenticationFailed { .. } => {
                "Check the name and the password; upper and lower case count."
            }
            ErrorKind::LastAttempt => {
                "Make sure of the password, or wait until the unit forgets the failures; --use-last-attempt takes \
                 the risk."
            }
            ErrorKind::Locked { .. } => "Wait until the time is over; every further attempt may lengthen it.",
            ErrorKind::RetryLater { .. } => "Wait and try again.",
            ErrorKind::PasswordChangeRequired => "Change the password over TLS first (`trunkline password`).",
            ErrorKind::AccountDisabled => "A security administrator can enable it in the security settings.",
            ErrorKind::NoRight => {
                "A security administrator can add the right to one of the user's rights groups."
            }
            ErrorKind::TlsRequired => "Connect with TLS (leave out --tls off).",
            ErrorKind::WrongService => {
                "Configuration and security settings have a service each; check the port that you connect to."
            }
            ErrorKind::ObjectChanged => "Receive it again from the start.",
            ErrorKind::DoneInPart(_) => {
                "Send the same file again: what is written is left alone. What the unit had before is in the archive."
            }
            ErrorKind::NotAsSent { .. } => {
                "Receive from the unit and compare before you send again; what it had before is in the archive."
            }
            ErrorKind::NotRestarted(_) => {
                "Restart it (`trunkline reboot`); what it had before is in the archive."
            }
            ErrorKind::TftpRefused { code: 1, .. } => {
                "Compare the TFTP file names in the preferences (tftp_read_name, tftp_write_name, tftp_reboot_name) with \
                 those that this system takes."
            }
            ErrorKind::TftpRefused { .. } => "The unit still has what it had; look at the unit itself.",
            ErrorKind::UnitRefused { .. } => {
                "Correct what the unit names. The service user needs the rights group of the Management API."
            }
            ErrorKind::NotOffered(_) => {
                "Check the port (7070, or 8443 on IP500 V2). A single IP500 V2 has the Management API only behind an \
                 application server."
            }
            ErrorKind::Conflict { .. } | ErrorKind::EntityConflict { .. } => {
                "Receive again, compare, and make your changes on top; --force overwrites what the other person did."
            }
            ErrorKind::TooLarge { .. } => "Remove what is no longer needed, or use a larger unit.",
            ErrorKind::NeedsReboot => "Send with a restart: when free, at a time, or immediately.",
            ErrorKind::HashMismatch => "Send it again; the unit still has what it had.",
            ErrorKind::InvalidDocument => {
                "The unit still has what it had. Look into the file with `trunkline show`."
            }
            ErrorKind::Refused(_) => "Keep the number of the result for whoever looks into it.",
            ErrorKind::Impostor => "Do not log in here. Check the address, and who else is on this network.",
            ErrorKind::CertificateChanged { .. } => {
                "If the unit was replaced or reset, compare the new fingerprint with the unit's own, then accept it \
                 (--fingerprint). Otherwise somebody may be in between."
            }
            ErrorKind::CertificateRefused(CertificateTrouble::Version1) => {
                "Let the unit make a new certificate, or give it one, in its security settings."
            }
            ErrorKind::CertificateRefused(CertificateTrouble::OldTls) => {
                "Update the unit's software. Without that only plain TCP is left, where that may be."
            }
            ErrorKind::CertificateRefused(_) => {
                "Compare the fingerprint with the unit's own before you accept it."
            }
            ErrorKind::ClientCertificate(_) => {
                "Name a file with a certificate that the unit trusts and its key (PEM or PKCS#12): \
                 --client-certificate, or the site's own."
            }
            ErrorKind::TooManyConnections => {
                "Close another program that uses DevLink3, or wait a minute: many wrong passwords have the same effect."
            }
            ErrorKind::LicenceMissing => {
                "Read the file over TFTP where the unit allows that (--via tftp), or add a CTI Link Pro licence."
            }
            ErrorKind::PasswordWithheld(_) => {
                "Compare the unit's certificate with what the unit itself shows, and give its fingerprint \
                 (--fingerprint)."
            }
            ErrorKind::WeakerLogIn { .. } => {
                "If the unit was replaced or reset, allow it once (--accept-weaker-log-in). Otherwise somebody may be \
                 in between."
            }
            ErrorKind::Protocol(_) => "Check that this is a unit's service port; nothing was changed by it.",
            ErrorKind::Damaged(_) => {
                "Nothing was kept. Try again; if it stays, the unit or the line is at fault."
            }
            ErrorKind::KeychainLocked => "Unlock the keychain, or give the password another way.",
            ErrorKind::KeychainUnavailable(_) => {
                "Give the password on standard input (--password-stdin) or in TRUNKLINE_PASSWORD."
            }
            ErrorKind::Storage { .. } => {
                "Check that the folder exists, that you may write there, and the free space."
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = &self.address {
            write!(f, "{address}: ")?;
        }
        if let Some(step) = self
            .step
            .filter(|_| !matches!(*self.kind, ErrorKind::Cancelled(_)))
        {
            write!(f, "{step}: ")?;
        }
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

fn after(before: &str, text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{before}{text}")
    }
}

fn say_attempts(left: Option<u16>) -> String {
    match left {
        None => String::new(),
        Some(0) => "; no attempt is left, the account is locked for this computer".into(),
        Some(1) => "; 1 attempt is left before the unit locks the account".into(),
        Some(n) => format!("; {n} attempts are left before the unit locks the account"),
    }
}

fn say_retry(seconds: Option<u32>) -> String {
    seconds
        .map(|s| format!("; it listens again in {s} s"))
        .unwrap_or_default()
}

fn say_revision(revision: Option<&str>) -> String {
    revision
        .map(|r| format!("; it holds revision {r} now"))
        .unwrap_or_default()
}

fn say_limit(limit: Option<u64>) -> String {
    limit
        .map(|l| format!("; it takes {l} bytes at most"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_address_the_step_and_what_happened() {
        let error = Error::new(ErrorKind::AuthenticationFailed {
            attempts_left: Some(2),
        })
        .at(Step::LogIn)
        .address("10.0.0.1");
        assert_eq!(
            error.to_string(),
            "10.0.0.1: logging in: wrong user name or password; 2 attempts are left before the unit locks the account"
        );
        assert_eq!(error.code(), "authentication_failed");
    }

    #[test]
    fn the_first_step_and_address_stay() {
        let error = Error::new(ErrorKind::NoRight)
            .at(Step::Backup)
            .at(Step::Send)
            .address("a")
            .address("b");
        assert_eq!(
            (error.step(), error.address_text()),
            (Some(Step::Backup), Some("a"))
        );
    }
}
