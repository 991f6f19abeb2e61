//! What a unit would refuse, or what would lock everybody out.

use std::collections::BTreeMap;
use std::fmt;

use super::edit::called;
use super::{
    GROUP, INTERFACE, Level, MAX_CHARS, MAX_GROUPS, MAX_USERS, PasswordFault, PasswordState, SERVICE,
    SecuritySettings, Setting, USER,
};

/// The service that these settings are changed by.
const ADMINISTRATION: &str = "Security Administration";

/// Something that must be put right before these settings are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityProblem {
    /// What is wrong.
    pub kind: RuleKind,
    /// The kind of entity, such as `ServiceUser`.
    pub entity: String,
    /// The entity's name; empty for what exists once.
    pub name: String,
    /// The field; empty where the whole entity, or all of them, is meant.
    pub field: String,
}

/// A rule that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// A setting has a value that units do not take.
    Value {
        /// What stands there.
        value: String,
        /// What it may be.
        wanted: String,
    },
    /// A name is too short or too long.
    NameLength {
        /// Fewest characters.
        minimum: usize,
    },
    /// A name has control characters or spaces at its ends.
    NameCharacters,
    /// Two of a kind have the same name.
    Double,
    /// There are more of a kind than units take.
    TooMany {
        /// Most of them.
        maximum: usize,
    },
    /// A user is in a rights group that does not exist.
    NoGroup {
        /// The group's name.
        group: String,
    },
    /// Nobody could change these settings any more.
    NoAdministrator,
    /// The service by which these settings are changed would be off.
    AdministrationOff,
    /// A user may log in and has no password.
    PasswordMissing,
    /// A new password does not obey the policy.
    Password(PasswordFault),
    /// There is a new password for a user that does not exist.
    PasswordForNobody,
}

impl RuleKind {
    /// A stable name, as in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Value { .. } => "value",
            Self::NameLength { .. } => "name_length",
            Self::NameCharacters => "name_characters",
            Self::Double => "double",
            Self::TooMany { .. } => "too_many",
            Self::NoGroup { .. } => "no_group",
            Self::NoAdministrator => "no_administrator",
            Self::AdministrationOff => "administration_off",
            Self::PasswordMissing => "password_missing",
            Self::Password(PasswordFault::TooShort { .. }) => "password_too_short",
            Self::Password(PasswordFault::TooLong) => "password_too_long",
            Self::Password(PasswordFault::ControlCharacter) => "password_control_character",
            Self::Password(PasswordFault::HoldsName) => "password_holds_name",
            Self::Password(PasswordFault::TooFewKinds { .. }) => "password_too_few_kinds",
            Self::Password(PasswordFault::Repeats) => "password_repeats",
            Self::PasswordForNobody => "password_for_nobody",
        }
    }
}

impl fmt::Display for SecurityProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.entity, &*self.name) {
            ("General", _) => f.write_str("password policy: ")?,
            ("System", _) => f.write_str("system: ")?,
            (entity, "") => write!(f, "{}s: ", called(entity))?,
            (entity, name) => write!(f, "{} {name:?}: ", called(entity))?,
        }
        match &self.kind {
            RuleKind::Value { value, wanted } => {
                write!(f, "{} is {value:?} and should be {wanted}", self.field)
            }
            RuleKind::NameLength { minimum } => write!(f, "a name has {minimum} to {MAX_CHARS} characters"),
            RuleKind::NameCharacters => f.write_str("the name has spaces at an end, or control characters"),
            RuleKind::Double => {
                f.write_str("there is another of the same name; rename or remove one of them")
            }
            RuleKind::TooMany { maximum } => write!(f, "units take {maximum} at most"),
            RuleKind::NoGroup { group } => write!(f, "there is no rights group {group:?} to be in"),
            RuleKind::NoAdministrator => f.write_str(
                "no enabled service user would be left who may change security settings; keep one",
            ),
            RuleKind::AdministrationOff => {
                f.write_str("these settings could not be changed any more, by anybody; keep it on")
            }
            RuleKind::PasswordMissing => {
                f.write_str("it may log in and has no password; give it one, or disable it")
            }
            RuleKind::Password(fault) => write!(f, "the new password {fault}"),
            RuleKind::PasswordForNobody => {
                f.write_str("there is a new password for it, and it does not exist")
            }
        }
    }
}

impl SecuritySettings {
    /// Everything that breaks a rule. `new_passwords` are those that will be sent with it, by service user.
    pub fn problems(&self, new_passwords: &[(&str, &str)]) -> Vec<SecurityProblem> {
        let mut found = Vec::new();
        self.values(&mut found);
        self.names(&mut found);
        self.memberships(&mut found);
        self.passwords(new_passwords, &mut found);
        found
    }

    fn values(&self, found: &mut Vec<SecurityProblem>) {
        for setting in Setting::ALL {
            let value = self.setting(setting).filter(|value| !value.is_empty());
            if let Some(value) = value.filter(|value| !setting.takes(&as_written(setting, value))) {
                let wanted = setting.wanted();
                found.push(problem(
                    RuleKind::Value { value, wanted },
                    setting.entity(),
                    "",
                    setting.name(),
                ));
            }
        }
        for service in self.services() {
            let level = Level::of(&service.level);
            if level.is_none() {
                let wanted = format!("one of {}", Level::ALL.map(Level::name).join(", "));
                let value = service.level.clone();
                found.push(problem(
                    RuleKind::Value { value, wanted },
                    SERVICE,
                    &service.name,
                    "Level",
                ));
            }
            if service.name == ADMINISTRATION && level == Some(Level::Disabled) {
                found.push(problem(
                    RuleKind::AdministrationOff,
                    SERVICE,
                    ADMINISTRATION,
                    "Level",
                ));
            }
        }
    }

    fn names(&self, found: &mut Vec<SecurityProblem>) {
        let policy = self
            .setting(Setting::MinimumNameLength)
            .and_then(|text| text.parse().ok());
        let minimum = policy.unwrap_or(1).clamp(1, MAX_CHARS);
        let of = |kind, names: Vec<String>, minimum, maximum| (kind, names, minimum, maximum);
        let kinds = [
            of(
                USER,
                self.users().into_iter().map(|user| user.name).collect(),
                minimum,
                MAX_USERS,
            ),
            of(
                GROUP,
                self.groups().into_iter().map(|group| group.name).collect(),
                1,
                MAX_GROUPS,
            ),
            of(
                SERVICE,
                self.services().into_iter().map(|service| service.name).collect(),
                0,
                usize::MAX,
            ),
            of(
                INTERFACE,
                self.interfaces().into_iter().map(|i| i.name).collect(),
                0,
                usize::MAX,
            ),
        ];
        for (kind, names, minimum, maximum) in kinds {
            if names.len() > maximum {
                found.push(problem(RuleKind::TooMany { maximum }, kind, "", ""));
            }
            let mut seen = BTreeMap::new();
            for name in names {
                let chars = name.chars().count();
                if minimum > 0 && !(minimum..=MAX_CHARS).contains(&chars) {
                    found.push(problem(RuleKind::NameLength { minimum }, kind, &name, "Name"));
                }
                if name.chars().any(char::is_control) {
                    found.push(problem(RuleKind::NameCharacters, kind, &name, "Name"));
                }
                let count = seen.entry(name.clone()).or_insert(0_usize);
                *count += 1;
                if *count == 2 {
                    found.push(problem(RuleKind::Double, kind, &name, "Name"));
                }
            }
        }
    }

    fn memberships(&self, found: &mut Vec<SecurityProblem>) {
        let groups: Vec<_> = self.groups().into_iter().map(|group| group.name).collect();
        for user in self.users() {
            for group in user.groups.iter().filter(|group| !groups.contains(group)) {
                let group = group.clone();
                found.push(problem(RuleKind::NoGroup { group }, USER, &user.name, GROUP));
            }
        }
        if self.administrators().is_some_and(|left| left.is_empty()) {
            found.push(problem(RuleKind::NoAdministrator, USER, "", ""));
        }
    }

    fn passwords(&self, new: &[(&str, &str)], found: &mut Vec<SecurityProblem>) {
        let users = self.users();
        let mut wrong = |kind, user: &str| found.push(problem(kind, USER, user, super::NEW_PASSWORD));
        for (user, password) in new {
            if users.iter().all(|known| known.name != *user) {
                wrong(RuleKind::PasswordForNobody, user);
            }
            for fault in self.password_faults(user, password) {
                wrong(RuleKind::Password(fault), user);
            }
        }
        for user in &users {
            let has_none = user.enabled && user.password == PasswordState::NotSet;
            if has_none && new.iter().all(|(name, _)| *name != user.name) {
                wrong(RuleKind::PasswordMissing, &user.name);
            }
        }
    }
}

/// Units may write a switch in other words than this program does.
fn as_written(setting: Setting, value: &str) -> String {
    let words = setting.field_type().and_then(|known| known.in_words(value));
    match (setting.field_type(), words) {
        (Some(crate::FieldType::Switch), Some(words)) => (words == "on").to_string(),
        _ => value.to_owned(),
    }
}

fn problem(kind: RuleKind, entity: &str, name: &str, field: &str) -> SecurityProblem {
    SecurityProblem {
        kind,
        entity: entity.to_owned(),
        name: name.to_owned(),
        field: field.to_owned(),
    }
}
