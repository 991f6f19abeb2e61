//! The security settings as what they mean (protocol.md, section 6.2, `project`): password policy, ports and discovery,
//! services, rights groups, service users, unsecured interfaces.
//!
//! - [`SecuritySettings`]: what is in the document. What this module does not know stays in it untouched.
//! - [`SecurityEdit`]: a change that a person makes, to be [applied](SecuritySettings::apply).
//! - [`SecuritySettings::problems`]: what a unit would refuse, or would lock everybody out.
//! - [`SecuritySettings::findings`]: what is allowed and weak.
//! - [`changes()`]: what is different between two of them.
//!
//! Passwords are not in the document and not in [`SecuritySettings`]: new ones are put in by
//! [`SecuritySettings::with_new_passwords`], at the moment of sending.

mod changes;
mod edit;
mod findings;
mod passwords;
mod rules;
mod setting;

use std::fmt;

use zeroize::Zeroizing;

use crate::document::{Document, DocumentKind};
use crate::edit::escaped_text;
use crate::entity::Entity;
use crate::insert::{Place, place_for_a_child};
use crate::parse::OpaqueReason;

pub use changes::{SettingChange, changes};
pub use edit::{SecurityEdit, SecurityEditError};
pub use findings::{FindingKind, SecurityFinding, Severity};
pub use passwords::PasswordFault;
pub use rules::{RuleKind, SecurityProblem};
pub use setting::{NoSetting, Setting};

/// The element kinds of the document.
pub(crate) const SERVICE: &str = "Service";
pub(crate) const GROUP: &str = "RightsGroup";
pub(crate) const USER: &str = "ServiceUser";
pub(crate) const INTERFACE: &str = "UnsecuredInterface";
/// The field that carries a new password, in a write only.
pub(crate) const NEW_PASSWORD: &str = "NewPassword";

/// Service users of one unit, at most (documented).
pub const MAX_USERS: usize = 64;
/// Rights groups of one unit, at most (documented).
pub const MAX_GROUPS: usize = 32;
/// Characters of a service user's name or of a password, at most (documented).
pub const MAX_CHARS: usize = 31;

/// The rights that a rights group can give, as the document writes them (`project`; the names of tag `00540202`).
pub const RIGHTS: [&str; 9] = [
    "read_configuration",
    "write_configuration",
    "merge",
    "reboot_immediately",
    "reboot_when_free",
    "reboot_timed",
    "read_security",
    "write_security",
    "read_audit_trail",
];

/// The right that makes a security administrator.
pub const ADMINISTERS: &str = "write_security";

/// The security settings of a unit. Clones are cheap enough to keep one for each step back.
#[derive(Clone, PartialEq, Eq)]
pub struct SecuritySettings {
    document: Document,
}

/// What came is no security settings document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSecuritySettings {
    /// It is a configuration.
    #[error("this is a configuration, not security settings")]
    Configuration,
    /// It was not read as a document.
    #[error("the security settings can not be read: {0}")]
    Opaque(OpaqueReason),
}

/// A service of the unit, and how well it is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name, such as `Configuration`.
    pub name: String,
    /// Its level as written; [`Level::of`] knows what it means.
    pub level: String,
}

/// How well a service is protected, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nobody can use it.
    Disabled,
    /// Without TLS alone.
    UnsecureOnly,
    /// With TLS and without.
    UnsecureAndSecure,
    /// TLS with weak ciphers too.
    SecureLow,
    /// TLS with strong ciphers.
    SecureMedium,
    /// TLS with strong ciphers, and a certificate of the client.
    SecureHigh,
}

/// A group of rights that service users can be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightsGroup {
    /// Its name.
    pub name: String,
    /// What its members may do, in the words of [`RIGHTS`] and any other that the unit knows; `None` where the
    /// document says it in another way.
    pub rights: Option<Vec<String>>,
}

/// An account for administration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUser {
    /// Its name, which is part of what the unit keeps in place of the password: it can not be changed.
    pub name: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// The rights groups that it is in.
    pub groups: Vec<String>,
    /// What the unit says of its password.
    pub password: PasswordState,
}

/// What a unit says of a password that it never tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordState {
    /// Somebody set one; whether it is a good one can not be known.
    Set,
    /// There is none.
    NotSet,
    /// It is still the one that the unit was delivered with.
    Default,
    /// The unit does not say.
    Unknown,
}

/// A way into the unit that has no protection at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsecuredInterface {
    /// Its name, such as `TFTP Server`.
    pub name: String,
    /// Whether it is open.
    pub enabled: bool,
}

impl SecuritySettings {
    /// Takes the object as it came.
    ///
    /// # Errors
    /// [`NotSecuritySettings`].
    pub fn load(bytes: Vec<u8>) -> Result<Self, NotSecuritySettings> {
        let document = Document::load(bytes);
        match document.kind() {
            DocumentKind::Security => Ok(Self { document }),
            DocumentKind::Configuration => Err(NotSecuritySettings::Configuration),
            DocumentKind::Opaque => {
                let reason = document.opaque_reason().cloned();
                Err(NotSecuritySettings::Opaque(
                    reason.unwrap_or(OpaqueReason::NotXml),
                ))
            }
        }
    }

    /// The bytes, without new passwords.
    pub fn as_bytes(&self) -> &[u8] {
        self.document.as_bytes()
    }

    /// The document underneath.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// A single setting as written; `None` where the document has none.
    pub fn setting(&self, setting: Setting) -> Option<String> {
        let entity = self.of_kind(setting.entity()).next()?;
        let path = setting.name().parse().ok()?;
        Some(entity.get(&path)?.reveal().trim().to_owned())
    }

    /// The Services Base TCP Port, where it is a port.
    pub fn base_port(&self) -> Option<u16> {
        self.setting(Setting::ServicesBasePort)?.parse().ok()
    }

    /// The services, in the document's order.
    pub fn services(&self) -> Vec<Service> {
        self.of_kind(SERVICE)
            .map(|entity| Service {
                name: text(&entity, "Name"),
                level: text(&entity, "Level"),
            })
            .collect()
    }

    /// The rights groups, in the document's order.
    pub fn groups(&self) -> Vec<RightsGroup> {
        self.of_kind(GROUP)
            .map(|entity| RightsGroup {
                name: text(&entity, "Name"),
                rights: optional(&entity, "Rights").map(|rights| words(&rights)),
            })
            .collect()
    }

    /// The service users, in the document's order.
    pub fn users(&self) -> Vec<ServiceUser> {
        self.of_kind(USER)
            .map(|entity| ServiceUser {
                name: text(&entity, "Name"),
                enabled: is_on(&text(&entity, "Enabled")),
                groups: groups_of(&entity),
                password: PasswordState::of(optional(&entity, "PasswordSet").as_deref()),
            })
            .collect()
    }

    /// The unsecured interfaces, in the document's order.
    pub fn interfaces(&self) -> Vec<UnsecuredInterface> {
        self.of_kind(INTERFACE)
            .map(|entity| UnsecuredInterface {
                name: text(&entity, "Name"),
                enabled: is_on(&text(&entity, "Enabled")),
            })
            .collect()
    }

    /// What the service user may do: the rights of every group that it is in, each once. Nothing where it is disabled.
    pub fn rights_of(&self, user: &ServiceUser) -> Vec<String> {
        let mut rights = Vec::new();
        for group in self
            .groups()
            .into_iter()
            .filter(|g| user.groups.contains(&g.name))
        {
            for right in group.rights.unwrap_or_default() {
                if user.enabled && !rights.contains(&right) {
                    rights.push(right);
                }
            }
        }
        rights
    }

    /// The enabled service users who may change these settings; `None` where the document does not say what groups
    /// may do.
    pub fn administrators(&self) -> Option<Vec<ServiceUser>> {
        let says_rights = self.groups().iter().any(|group| group.rights.is_some());
        let administers = |user: &ServiceUser| self.rights_of(user).iter().any(|right| right == ADMINISTERS);
        says_rights.then(|| self.users().into_iter().filter(administers).collect())
    }

    /// The document with the new passwords of these service users in it, for a write over TLS. Names that the document
    /// does not have are left out; the bytes are wiped when they are dropped.
    pub fn with_new_passwords<'p>(
        &self,
        password_of: impl Fn(&str) -> Option<&'p str>,
    ) -> Zeroizing<Vec<u8>> {
        let source = self.as_bytes();
        let mut insertions = Vec::new();
        for entity in self.of_kind(USER) {
            let Some(password) = password_of(&text(&entity, "Name")) else {
                continue;
            };
            let element = Zeroizing::new(
                [
                    "<",
                    NEW_PASSWORD,
                    ">",
                    &Zeroizing::new(escaped_text(password)),
                    "</",
                    NEW_PASSWORD,
                    ">",
                ]
                .concat(),
            );
            match place_for_a_child(&entity) {
                Place::Behind { at, .. } | Place::In { at } => insertions.push((at, element)),
                // An entity without a child has no name, so that no password is for it.
                Place::Opened { .. } => {}
            }
        }
        // Made in one piece: growing would leave copies behind.
        let length = source.len() + insertions.iter().map(|(_, e)| e.len()).sum::<usize>();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        let mut from = 0;
        for (at, element) in &insertions {
            bytes.extend_from_slice(&source[from..*at]);
            bytes.extend_from_slice(element.as_bytes());
            from = *at;
        }
        bytes.extend_from_slice(&source[from..]);
        bytes
    }

    /// The service users for whom the document holds a new password: none in what a unit sent, some in what a person
    /// wrote by hand.
    pub fn users_with_new_password(&self) -> Vec<String> {
        self.of_kind(USER)
            .filter(|entity| {
                entity
                    .fields()
                    .iter()
                    .any(|field| field.path.elements().any(|name| name == NEW_PASSWORD))
            })
            .map(|entity| text(&entity, "Name"))
            .collect()
    }

    fn of_kind<'d>(&'d self, kind: &'static str) -> impl Iterator<Item = Entity<'d>> {
        self.document
            .entities()
            .filter(move |entity| entity.kind() == kind)
    }

    /// The first entity of a kind with this name.
    fn named(&self, kind: &'static str, name: &str) -> Option<Entity<'_>> {
        self.of_kind(kind).find(|entity| text(entity, "Name") == name)
    }
}

impl fmt::Debug for SecuritySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecuritySettings").field(&self.document).finish()
    }
}

impl Level {
    /// Every level, from least to most protection.
    pub const ALL: [Self; 6] = [
        Self::Disabled,
        Self::UnsecureOnly,
        Self::UnsecureAndSecure,
        Self::SecureLow,
        Self::SecureMedium,
        Self::SecureHigh,
    ];

    /// As the document writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disabled => "Disabled",
            Self::UnsecureOnly => "Unsecure Only",
            Self::UnsecureAndSecure => "Unsecure + Secure",
            Self::SecureLow => "Secure Low",
            Self::SecureMedium => "Secure Medium",
            Self::SecureHigh => "Secure High",
        }
    }

    /// The level of this name, without regard to case.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.trim();
        Self::ALL
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

impl PasswordState {
    /// A stable name, as in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::NotSet => "not_set",
            Self::Default => "default",
            Self::Unknown => "unknown",
        }
    }

    fn of(written: Option<&str>) -> Self {
        match written.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            Some("true" | "1" | "yes" | "on") => Self::Set,
            Some("false" | "0" | "no" | "off") => Self::NotSet,
            Some("default") => Self::Default,
            _ => Self::Unknown,
        }
    }
}

fn text(entity: &Entity<'_>, field: &str) -> String {
    optional(entity, field).unwrap_or_default()
}

fn optional(entity: &Entity<'_>, field: &str) -> Option<String> {
    let path = field.parse().ok()?;
    Some(entity.get(&path)?.reveal().trim().to_owned())
}

/// The groups that a user is in: one element each.
fn groups_of(entity: &Entity<'_>) -> Vec<String> {
    entity
        .fields()
        .into_iter()
        .filter(|field| !field.path.is_attribute() && field.path.elements().eq([GROUP]))
        .map(|field| field.value.reveal().trim().to_owned())
        .filter(|group| !group.is_empty())
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on")
}

#[cfg(test)]
mod tests;
