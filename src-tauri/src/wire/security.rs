//! Security settings on screen. A new password goes in, and none comes out.

use serde::Serialize;
use specta::Type;
use trunkline_core::security::{
    Consequence, FieldType, FindingKind, Level, PasswordState, RIGHTS, SecurityFinding, SecurityProblem,
    SecuritySettings, Setting, SettingChange, Severity,
};
use trunkline_core::workbench;

use super::sites::Target;
use super::{Amount, instant};

/// Everything that is shown of the security settings of one unit.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SecurityView {
    id: String,
    target: Target,
    name: String,
    address: String,
    /// Who is logged in.
    user: String,
    /// Whether they came over TLS: new passwords go no other way.
    tls: bool,
    revision: String,
    received_at: String,
    settings: Vec<SecuritySetting>,
    services: Vec<SecurityService>,
    /// The levels, from least to most protection.
    levels: Vec<String>,
    groups: Vec<SecurityGroup>,
    /// The rights that a group can give.
    rights: Vec<String>,
    users: Vec<SecurityUser>,
    interfaces: Vec<SecurityInterface>,
    findings: Vec<Finding>,
    problems: Vec<SettingProblem>,
    changes: Vec<SecurityChange>,
    consequences: Vec<SecurityConsequence>,
    can_undo: bool,
    can_redo: bool,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SettingKind {
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Number,
    /// One of several.
    Choice,
    /// Anything.
    Text,
}

/// A setting of the policy or the system.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SecuritySetting {
    /// `General` or `System`.
    entity: String,
    name: String,
    kind: SettingKind,
    value: String,
    original: String,
    min: Amount,
    max: Amount,
    choices: Vec<String>,
    /// Whether the unit has it at all.
    present: bool,
}

/// A service and its level.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SecurityService {
    name: String,
    level: String,
    original: String,
}

/// A rights group.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SecurityGroup {
    name: String,
    rights: Vec<String>,
    /// Whether the unit says what its members may do.
    says_rights: bool,
    added: bool,
    changed: bool,
}

/// What a unit says of a password that it never tells.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is the state of that name in trunkline_document")]
pub enum SecurityPassword {
    Set,
    NotSet,
    Default,
    Unknown,
}

/// A service user.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own in the list"
)]
pub struct SecurityUser {
    name: String,
    enabled: bool,
    groups: Vec<String>,
    rights: Vec<String>,
    password: SecurityPassword,
    /// A new password waits to be sent.
    new_password: bool,
    added: bool,
    changed: bool,
}

/// An unsecured interface.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SecurityInterface {
    name: String,
    enabled: bool,
    original: bool,
}

/// Something weak.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Finding {
    code: String,
    /// Somebody on the network can make use of it.
    warning: bool,
    entity: String,
    name: String,
    field: String,
    /// A number that belongs to it, else -1.
    number: Amount,
}

/// A rule that is broken.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SettingProblem {
    code: String,
    entity: String,
    name: String,
    field: String,
    message: String,
    /// Whether it was broken here: then nothing can be sent.
    mine: bool,
}

/// One value that differs.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SecurityChange {
    entity: String,
    name: String,
    /// Empty where the whole entity came or went.
    field: String,
    before: String,
    after: String,
    added: bool,
    removed: bool,
}

/// What changes bring with them.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SecurityConsequence {
    code: String,
    /// Whom or what it is about.
    subject: String,
    from: u16,
    to: u16,
}

impl From<workbench::SecurityView> for SecurityView {
    fn from(view: workbench::SecurityView) -> Self {
        let (now, base) = (&view.settings, &view.base);
        Self {
            settings: Setting::ALL
                .into_iter()
                .map(|setting| one(setting, now, base))
                .collect(),
            services: services(now, base),
            levels: Level::ALL.map(|level| level.name().to_owned()).into(),
            groups: groups(now, base),
            rights: rights(now),
            users: users(&view),
            interfaces: interfaces(now, base),
            findings: view.findings.into_iter().map(Into::into).collect(),
            problems: view
                .problems
                .into_iter()
                .map(|problem| {
                    let mine = view.review.broken.contains(&problem);
                    SettingProblem::new(problem, mine)
                })
                .collect(),
            changes: view.review.changes.into_iter().map(Into::into).collect(),
            consequences: view.review.consequences.into_iter().map(Into::into).collect(),
            id: view.info.id,
            target: view.info.unit.into(),
            name: view.info.name,
            address: view.info.address,
            user: view.user,
            tls: view.info.tls,
            revision: view.revision,
            received_at: instant(Some(view.info.received_at)),
            can_undo: view.can_undo,
            can_redo: view.can_redo,
        }
    }
}

fn one(setting: Setting, now: &SecuritySettings, base: &SecuritySettings) -> SecuritySetting {
    let known = setting.field_type();
    let (mut kind, mut min, mut max, mut choices) =
        (SettingKind::Text, Amount::UNKNOWN, Amount::UNKNOWN, Vec::new());
    match known {
        Some(FieldType::Switch) => kind = SettingKind::Switch,
        Some(FieldType::Number {
            min: least,
            max: most,
            ..
        }) => {
            (kind, min, max) = (SettingKind::Number, least.into(), most.into());
        }
        Some(FieldType::Choice(all)) => {
            kind = SettingKind::Choice;
            choices = all.iter().map(|choice| choice.value.to_owned()).collect();
        }
        Some(FieldType::Text { .. }) | None => {}
    }
    let value = |settings: &SecuritySettings| {
        let text = settings.setting(setting).unwrap_or_default();
        // Units may write a switch in other words.
        match known
            .filter(|known| matches!(known, FieldType::Switch))
            .and_then(|known| known.in_words(&text))
        {
            Some(word) => (word == "on").to_string(),
            None => text,
        }
    };
    SecuritySetting {
        entity: setting.entity().to_owned(),
        name: setting.name().to_owned(),
        kind,
        value: value(now),
        original: value(base),
        min,
        max,
        choices,
        present: now.setting(setting).is_some(),
    }
}

fn services(now: &SecuritySettings, base: &SecuritySettings) -> Vec<SecurityService> {
    let before = base.services();
    now.services()
        .into_iter()
        .map(|service| SecurityService {
            original: before
                .iter()
                .find(|other| other.name == service.name)
                .map_or_else(String::new, |other| other.level.clone()),
            name: service.name,
            level: service.level,
        })
        .collect()
}

fn groups(now: &SecuritySettings, base: &SecuritySettings) -> Vec<SecurityGroup> {
    let before = base.groups();
    now.groups()
        .into_iter()
        .map(|group| {
            let known = before.iter().find(|other| other.name == group.name);
            SecurityGroup {
                added: known.is_none(),
                changed: known.is_some_and(|known| *known != group),
                says_rights: group.rights.is_some(),
                rights: group.rights.unwrap_or_default(),
                name: group.name,
            }
        })
        .collect()
}

/// Those that this program knows, and those that the unit knows besides.
fn rights(now: &SecuritySettings) -> Vec<String> {
    let mut rights: Vec<String> = RIGHTS.map(str::to_owned).into();
    for right in now
        .groups()
        .into_iter()
        .flat_map(|group| group.rights.unwrap_or_default())
    {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

fn users(view: &workbench::SecurityView) -> Vec<SecurityUser> {
    let before = view.base.users();
    let user = |user: trunkline_core::security::SettingsUser| {
        let known = before.iter().find(|other| other.name == user.name);
        let new_password = view.new_passwords.contains(&user.name);
        SecurityUser {
            added: known.is_none(),
            changed: new_password || known.is_some_and(|known| *known != user),
            rights: view.settings.rights_of(&user),
            new_password,
            password: match user.password {
                PasswordState::Set => SecurityPassword::Set,
                PasswordState::NotSet => SecurityPassword::NotSet,
                PasswordState::Default => SecurityPassword::Default,
                PasswordState::Unknown => SecurityPassword::Unknown,
            },
            name: user.name,
            enabled: user.enabled,
            groups: user.groups,
        }
    };
    view.settings.users().into_iter().map(user).collect()
}

fn interfaces(now: &SecuritySettings, base: &SecuritySettings) -> Vec<SecurityInterface> {
    let before = base.interfaces();
    now.interfaces()
        .into_iter()
        .map(|known| SecurityInterface {
            original: before
                .iter()
                .any(|other| other.name == known.name && other.enabled),
            name: known.name,
            enabled: known.enabled,
        })
        .collect()
}

impl From<SecurityFinding> for Finding {
    fn from(finding: SecurityFinding) -> Self {
        let number = match finding.kind {
            FindingKind::ShortPasswords { minimum } => Some(minimum),
            _ => None,
        };
        Self {
            code: finding.kind.code().to_owned(),
            warning: finding.severity == Severity::Warning,
            entity: finding.entity,
            name: finding.name,
            field: finding.field,
            number: number.into(),
        }
    }
}

impl SettingProblem {
    fn new(problem: SecurityProblem, mine: bool) -> Self {
        Self {
            code: problem.kind.code().to_owned(),
            message: problem.to_string(),
            entity: problem.entity,
            name: problem.name,
            field: problem.field,
            mine,
        }
    }
}

impl From<SettingChange> for SecurityChange {
    fn from(change: SettingChange) -> Self {
        Self {
            added: change.before.is_none(),
            removed: change.after.is_none(),
            entity: change.kind,
            name: change.name,
            field: change.field,
            before: change.before.unwrap_or_default(),
            after: change.after.unwrap_or_default(),
        }
    }
}

impl From<Consequence> for SecurityConsequence {
    fn from(consequence: Consequence) -> Self {
        let code = consequence.code().to_owned();
        let (subject, from, to) = match consequence {
            Consequence::OwnAccess { user } | Consequence::OwnPassword { user } => (user, 0, 0),
            Consequence::PortMoves { from, to } => (String::new(), from, to),
            Consequence::DiscoveryOff { setting } => (setting, 0, 0),
            Consequence::NoTls { service } | Consequence::ServiceOff { service } => (service, 0, 0),
        };
        Self {
            code,
            subject,
            from,
            to,
        }
    }
}
