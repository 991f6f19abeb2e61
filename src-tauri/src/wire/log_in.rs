//! Logging in. The only place where a password crosses, and only inwards.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::certificate;
use trunkline_core::sessions::{self, LoggedIn};
use trunkline_core::{KeptPassword, Result, ServiceUser};

use super::sites::Target;
use super::{Amount, instant};

/// A password on its way in. It does not print itself, and is wiped when it was taken over.
#[derive(Deserialize, Type)]
#[serde(transparent)]
#[specta(transparent)]
pub struct Password(#[specta(type = String)] SecretString);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl From<Password> for SecretString {
    fn from(password: Password) -> Self {
        password.0
    }
}

/// What became of the old password in the keychain.
#[derive(Debug, Clone, Serialize, Type)]
pub struct PasswordChanged {
    /// Why the keychain does not have the new one although it had the old one; empty without trouble.
    problem: String,
}

impl From<KeptPassword> for PasswordChanged {
    fn from(kept: KeptPassword) -> Self {
        let problem = match kept {
            KeptPassword::NotKept | KeptPassword::Replaced => String::new(),
            KeptPassword::Shared(name) => {
                format!("it belongs to the credential {name:?}, which other sites may use with the old one")
            }
            KeptPassword::Failed(error) => error.to_string(),
        };
        Self { problem }
    }
}

/// The services of a unit that have log-ins of their own.
#[derive(Debug, Clone, Copy, Default, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// Those who receive and send configurations.
    #[default]
    Configuration,
    /// Security administrators.
    Security,
}

impl From<Service> for sessions::Service {
    fn from(service: Service) -> Self {
        match service {
            Service::Configuration => Self::Configuration,
            Service::Security => Self::Security,
        }
    }
}

/// Who wants to log in where.
#[derive(Debug, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LogInRequest {
    target: Target,
    /// Which service; the configuration's where it is left out.
    #[serde(default)]
    service: Service,
    /// The log-in that this is another try of; empty for a new one.
    after: String,
    user: String,
    password: Password,
    /// It is the system password of a system before 3.2.
    system: bool,
    remember: bool,
}

impl From<LogInRequest> for sessions::LogInRequest {
    fn from(request: LogInRequest) -> Self {
        let LogInRequest {
            target,
            service,
            after,
            user,
            password,
            system,
            remember,
        } = request;
        Self {
            unit: target.into(),
            service: service.into(),
            after,
            user: ServiceUser {
                name: user,
                password: password.0,
            },
            system,
            remember,
        }
    }
}

/// What continues a log-in that stopped for a question.
#[derive(Debug, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LogInAnswer {
    /// This certificate is the unit's.
    AcceptCertificate {
        /// As it was shown.
        fingerprint: String,
    },
    /// Risk the last attempt.
    UseLastAttempt,
    /// Fewer iterations will do.
    AcceptWeakerLogIn,
    /// Plain TCP will do.
    AllowPlain,
    /// Change the password.
    NewPassword {
        /// To this one.
        password: Password,
    },
    /// Give up.
    Stop,
}

impl TryFrom<LogInAnswer> for sessions::LogInAnswer {
    type Error = trunkline_core::Error;

    fn try_from(answer: LogInAnswer) -> Result<Self> {
        Ok(match answer {
            LogInAnswer::AcceptCertificate { fingerprint } => Self::AcceptCertificate(fingerprint.parse()?),
            LogInAnswer::UseLastAttempt => Self::UseLastAttempt,
            LogInAnswer::AcceptWeakerLogIn => Self::AcceptWeakerLogIn,
            LogInAnswer::AllowPlain => Self::AllowPlain,
            LogInAnswer::NewPassword { password } => Self::NewPassword(password.0),
            LogInAnswer::Stop => Self::Stop,
        })
    }
}

/// A certificate as a person compares it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    fingerprint: String,
    subject: String,
    valid_from: String,
    valid_until: String,
}

impl From<certificate::Certificate> for Certificate {
    fn from(certificate: certificate::Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint.to_string(),
            subject: certificate.subject,
            valid_from: instant(certificate.valid_from),
            valid_until: instant(certificate.valid_until),
        }
    }
}

/// Why a computer does not trust a certificate that somebody may still accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is that of trunkline_core's certificate")]
pub enum CertificateTrouble {
    Expired,
    NotYetValid,
    WrongName,
    UnknownSigner,
    BadSignature,
    Other,
}

impl From<certificate::CertificateTrouble> for CertificateTrouble {
    fn from(trouble: certificate::CertificateTrouble) -> Self {
        use certificate::CertificateTrouble as Core;
        match trouble {
            Core::Expired => Self::Expired,
            Core::NotYetValid => Self::NotYetValid,
            Core::WrongName => Self::WrongName,
            Core::UnknownSigner => Self::UnknownSigner,
            Core::BadSignature => Self::BadSignature,
            _ => Self::Other,
        }
    }
}

/// What a service user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "each is the right of that name in docs/protocol.md 4.3"
)]
pub enum Right {
    ReadConfiguration,
    WriteConfiguration,
    Merge,
    RebootImmediately,
    RebootWhenFree,
    RebootTimed,
    ReadSecurity,
    WriteSecurity,
    ReadAuditTrail,
}

const RIGHTS: [Right; 9] = [
    Right::ReadConfiguration,
    Right::WriteConfiguration,
    Right::Merge,
    Right::RebootImmediately,
    Right::RebootWhenFree,
    Right::RebootTimed,
    Right::ReadSecurity,
    Right::WriteSecurity,
    Right::ReadAuditTrail,
];

/// Who is logged in.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    user: String,
    /// Over the Management API, with its limits.
    api: bool,
    tls: bool,
    fingerprint: String,
    rights: Vec<Right>,
    password_expires_days: i32,
    remembered: bool,
    keychain_problem: String,
}

impl From<LoggedIn> for Session {
    fn from(facts: LoggedIn) -> Self {
        Self {
            user: facts.user,
            api: facts.method == "api",
            tls: facts.fingerprint.is_some(),
            fingerprint: facts
                .fingerprint
                .map(|fingerprint| fingerprint.to_string())
                .unwrap_or_default(),
            // Bit n of the unit's word is right n. A unit that says nothing decides at each action by itself.
            rights: (0_u32..)
                .zip(RIGHTS)
                .filter(|(bit, _)| facts.rights.is_none_or(|rights| rights.has(1 << bit)))
                .map(|(_, right)| right)
                .collect(),
            password_expires_days: facts.password_expires_days.map_or(-1, i32::from),
            remembered: facts.remembered,
            keychain_problem: facts.keychain_problem.unwrap_or_default(),
        }
    }
}

/// What a log-in came to.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(
    missing_docs,
    reason = "the fields are those of trunkline_core::sessions::LogInOutcome"
)]
pub enum LogInOutcome {
    /// It worked.
    LoggedIn { session: Session },
    /// Nobody knows a password; `system`: it is the system password that is needed; `keychain_problem`: why one that may
    /// be there could not be read.
    PasswordNeeded {
        user: String,
        system: bool,
        keychain_problem: String,
    },
    /// A certificate that nobody has seen.
    FirstCertificate {
        attempt: String,
        certificate: Certificate,
    },
    /// Not the pinned certificate.
    ChangedCertificate {
        attempt: String,
        pinned: String,
        pinned_on: String,
        certificate: Certificate,
    },
    /// The computer does not trust it.
    RefusedCertificate {
        attempt: String,
        trouble: CertificateTrouble,
        certificate: Certificate,
    },
    /// No TLS here.
    PlainOnly { attempt: String },
    /// The unit asks for fewer PBKDF2 iterations than before.
    WeakerLogIn {
        attempt: String,
        offered: u32,
        remembered: u32,
    },
    /// One more failure locks the account.
    LastAttempt { attempt: String },
    /// The password must be changed first.
    MustChange { attempt: String, problem: String },
    /// Wrong name or password; negative where the unit did not say how many attempts are left.
    WrongPassword { attempt: String, attempts_left: i32 },
    /// Locked; negative where the unit did not say for how long.
    Locked { attempt: String, retry_after_s: Amount },
    /// Not now; negative where the unit did not say for how long.
    RetryLater { attempt: String, retry_after_s: Amount },
    /// Disabled.
    Disabled { attempt: String },
}

impl From<sessions::LogInOutcome> for LogInOutcome {
    fn from(outcome: sessions::LogInOutcome) -> Self {
        use sessions::LogInOutcome as Core;
        match outcome {
            Core::LoggedIn(facts) => Self::LoggedIn {
                session: facts.into(),
            },
            Core::PasswordNeeded {
                user,
                system,
                keychain_problem,
            } => Self::PasswordNeeded {
                user: user.unwrap_or_default(),
                system,
                keychain_problem: keychain_problem.unwrap_or_default(),
            },
            Core::FirstCertificate { attempt, certificate } => Self::FirstCertificate {
                attempt,
                certificate: certificate.into(),
            },
            Core::ChangedCertificate {
                attempt,
                pinned,
                pinned_on,
                certificate,
            } => Self::ChangedCertificate {
                attempt,
                pinned: pinned.to_string(),
                pinned_on: instant(pinned_on),
                certificate: certificate.into(),
            },
            Core::RefusedCertificate {
                attempt,
                trouble,
                certificate,
            } => Self::RefusedCertificate {
                attempt,
                trouble: trouble.into(),
                certificate: certificate.into(),
            },
            Core::PlainOnly { attempt } => Self::PlainOnly { attempt },
            Core::LastAttempt { attempt } => Self::LastAttempt { attempt },
            Core::MustChange { attempt, problem } => Self::MustChange { attempt, problem },
            Core::WeakerLogIn {
                attempt,
                offered,
                remembered,
            } => Self::WeakerLogIn {
                attempt,
                offered,
                remembered,
            },
            Core::WrongPassword {
                attempt,
                attempts_left,
            } => Self::WrongPassword {
                attempt,
                attempts_left: attempts_left.map_or(-1, i32::from),
            },
            Core::Locked {
                attempt,
                retry_after_s,
            } => Self::Locked {
                attempt,
                retry_after_s: retry_after_s.into(),
            },
            Core::RetryLater {
                attempt,
                retry_after_s,
            } => Self::RetryLater {
                attempt,
                retry_after_s: retry_after_s.into(),
            },
            Core::Disabled { attempt } => Self::Disabled { attempt },
        }
    }
}
