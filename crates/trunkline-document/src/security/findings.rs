//! What is allowed and weak: to be pointed out, not refused.

use std::fmt;

use super::{GROUP, INTERFACE, Level, PasswordState, SERVICE, SecuritySettings, Setting, USER, is_on};

/// Something weak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityFinding {
    /// What is weak.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// The kind of entity, such as `Service`.
    pub entity: String,
    /// The entity's name; empty for what exists once.
    pub name: String,
    /// The field; empty where the whole entity is meant.
    pub field: String,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody on the network can make use of it.
    Warning,
    /// It could be better, and there are reasons to leave it.
    Advice,
}

/// What is weak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The unit says that the password is still the one that it was delivered with.
    DefaultPassword,
    /// Somebody just logged in with the password that units are delivered with (documented by the vendor).
    DefaultLogIn,
    /// The account is enabled and the unit says that it has no password.
    NoPassword,
    /// The service can be used without TLS.
    WithoutTls {
        /// Whether it can be used with TLS too.
        tls_too: bool,
    },
    /// The service takes weak ciphers, and stronger levels exist.
    LowLevel,
    /// The unit tells everybody on the network its name, type and version.
    Discovery,
    /// An interface without any protection is open.
    OpenInterface,
    /// Passwords may be short.
    ShortPasswords {
        /// Fewest characters.
        minimum: u64,
    },
    /// Passwords may be of one kind of characters.
    SimplePasswords,
    /// Wrong passwords have no consequence.
    NoLockOut,
    /// An enabled user may do nothing at all.
    NoRights,
}

/// Fewest characters of a password that are not pointed out (the vendor's advice on securing a system).
const ENOUGH: u64 = 8;

impl FindingKind {
    /// A stable name, as in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DefaultPassword => "default_password",
            Self::DefaultLogIn => "default_log_in",
            Self::NoPassword => "no_password",
            Self::WithoutTls { tls_too: true } => "also_without_tls",
            Self::WithoutTls { tls_too: false } => "without_tls",
            Self::LowLevel => "low_level",
            Self::Discovery => "discovery",
            Self::OpenInterface => "open_interface",
            Self::ShortPasswords { .. } => "short_passwords",
            Self::SimplePasswords => "simple_passwords",
            Self::NoLockOut => "no_lock_out",
            Self::NoRights => "no_rights",
        }
    }
}

impl fmt::Display for SecurityFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.kind {
            FindingKind::DefaultPassword => write!(
                f,
                "service user {name:?}: the unit says that its password is still the default; change it"
            ),
            FindingKind::DefaultLogIn => write!(
                f,
                "service user {name:?}: you logged in with the password that units are delivered with; change it"
            ),
            FindingKind::NoPassword => write!(f, "service user {name:?} is enabled and has no password"),
            FindingKind::WithoutTls { tls_too: true } => write!(
                f,
                "service {name:?} can also be used without TLS, where everything but the password can be read on the way"
            ),
            FindingKind::WithoutTls { tls_too: false } => write!(
                f,
                "service {name:?} can be used without TLS only: everything but the password can be read on the way"
            ),
            FindingKind::LowLevel => write!(f, "service {name:?} takes weak ciphers; Secure Medium does not"),
            FindingKind::Discovery => write!(
                f,
                "{} is on: whoever asks on the network learns name, type and version. Off, nobody finds the unit \
                 without its address, this program included",
                self.field
            ),
            FindingKind::OpenInterface => {
                write!(
                    f,
                    "unsecured interface {name:?} is on; close it unless something needs it"
                )
            }
            FindingKind::ShortPasswords { minimum } => {
                write!(
                    f,
                    "passwords may be as short as {minimum}; {ENOUGH} is the least that is advised"
                )
            }
            FindingKind::SimplePasswords => f.write_str(
                "passwords may be of one kind of characters; Medium asks for two kinds, High for three",
            ),
            FindingKind::NoLockOut => {
                f.write_str("wrong passwords have no consequence: anybody may go on guessing")
            }
            FindingKind::NoRights => write!(f, "service user {name:?} is enabled and may do nothing"),
        }
    }
}

impl SecuritySettings {
    /// Everything weak that the document tells, what matters more first. Whether passwords are good ones it does not
    /// tell, since it holds none.
    pub fn findings(&self) -> Vec<SecurityFinding> {
        let mut found = Vec::new();
        self.weak_users(&mut found);
        self.weak_services(&mut found);
        self.weak_policy(&mut found);
        found.sort_by_key(|finding| finding.severity);
        found
    }

    fn weak_users(&self, found: &mut Vec<SecurityFinding>) {
        let says_rights = self.groups().iter().any(|group| group.rights.is_some());
        for user in self.users() {
            let mut add =
                |kind, severity, field| found.push(finding(kind, severity, USER, &user.name, field));
            match user.password {
                PasswordState::Default => {
                    add(FindingKind::DefaultPassword, Severity::Warning, "PasswordSet");
                }
                PasswordState::NotSet if user.enabled => {
                    add(FindingKind::NoPassword, Severity::Warning, "PasswordSet");
                }
                _ => {}
            }
            if says_rights && user.enabled && self.rights_of(&user).is_empty() {
                add(FindingKind::NoRights, Severity::Advice, GROUP);
            }
        }
    }

    fn weak_services(&self, found: &mut Vec<SecurityFinding>) {
        for service in self.services() {
            let (kind, severity) = match Level::of(&service.level) {
                Some(Level::UnsecureOnly) => (FindingKind::WithoutTls { tls_too: false }, Severity::Warning),
                Some(Level::UnsecureAndSecure) => {
                    (FindingKind::WithoutTls { tls_too: true }, Severity::Warning)
                }
                Some(Level::SecureLow) => (FindingKind::LowLevel, Severity::Advice),
                _ => continue,
            };
            found.push(finding(kind, severity, SERVICE, &service.name, "Level"));
        }
        for interface in self
            .interfaces()
            .into_iter()
            .filter(|interface| interface.enabled)
        {
            let kind = FindingKind::OpenInterface;
            found.push(finding(
                kind,
                Severity::Warning,
                INTERFACE,
                &interface.name,
                "Enabled",
            ));
        }
        for setting in [Setting::TcpDiscovery, Setting::UdpDiscovery] {
            if self.setting(setting).is_some_and(|value| is_on(&value)) {
                found.push(single(FindingKind::Discovery, setting));
            }
        }
    }

    fn weak_policy(&self, found: &mut Vec<SecurityFinding>) {
        let number = |setting| self.setting(setting).and_then(|text| text.parse::<u64>().ok());
        if let Some(minimum) = number(Setting::MinimumPasswordLength).filter(|minimum| *minimum < ENOUGH) {
            found.push(single(
                FindingKind::ShortPasswords { minimum },
                Setting::MinimumPasswordLength,
            ));
        }
        if self.setting(Setting::Complexity).as_deref() == Some("Low") {
            found.push(single(FindingKind::SimplePasswords, Setting::Complexity));
        }
        let action = self.setting(Setting::RejectAction);
        let ignored = matches!(action.as_deref(), Some("No Action" | "Log to Audit Trail"));
        if number(Setting::RejectLimit) == Some(0) {
            found.push(single(FindingKind::NoLockOut, Setting::RejectLimit));
        } else if ignored {
            found.push(single(FindingKind::NoLockOut, Setting::RejectAction));
        }
    }
}

fn single(kind: FindingKind, setting: Setting) -> SecurityFinding {
    finding(kind, Severity::Advice, setting.entity(), "", setting.name())
}

fn finding(kind: FindingKind, severity: Severity, entity: &str, name: &str, field: &str) -> SecurityFinding {
    SecurityFinding {
        kind,
        severity,
        entity: entity.to_owned(),
        name: name.to_owned(),
        field: field.to_owned(),
    }
}
