//! What is done with security settings: changes on their way in, and how a send ended.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::security::{Level, SecurityEdit as Edit, SettingChange};
use trunkline_core::workbench::{self, TheirsView};

use super::Amount;
use super::security::{SecurityChange, SecurityView};

/// A change that somebody makes.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "each is the edit of that name in trunkline_document")]
pub enum SecurityEdit {
    Set { name: String, value: String },
    Level { service: String, level: String },
    Interface { name: String, enabled: bool },
    AddUser { user: String, groups: Vec<String> },
    RemoveUser { user: String },
    EnableUser { user: String, enabled: bool },
    UserGroups { user: String, groups: Vec<String> },
    AddGroup { group: String, rights: Vec<String> },
    RemoveGroup { group: String },
    GroupRights { group: String, rights: Vec<String> },
}

/// How a send ended.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SecuritySendResult {
    view: SecurityView,
    unchanged: bool,
    revision_after: String,
    restart_in_s: Amount,
    /// The port that the services moved to; 0 where they did not.
    moved_to: u16,
    /// Whether the unit was seen there.
    followed: bool,
    /// Whether the saved site has the new port.
    site_changed: bool,
    /// Service users whose old password is still in the keychain.
    old_in_keychain: Vec<String>,
}

/// What somebody else changed meanwhile.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SecurityTheirs {
    revision: String,
    changes: Vec<SecurityChange>,
    collisions: Vec<SecurityChange>,
}

/// The changes on top of what somebody else left.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SecurityRebased {
    /// As it is now.
    pub view: SecurityView,
    /// Why some of the changes could not be made there.
    pub dropped: Vec<String>,
}

impl TryFrom<SecurityEdit> for Edit {
    type Error = trunkline_core::Error;

    fn try_from(edit: SecurityEdit) -> trunkline_core::Result<Self> {
        let usage = |text: String| trunkline_core::ErrorKind::Usage(text);
        Ok(match edit {
            SecurityEdit::Set { name, value } => Self::Set {
                setting: name
                    .parse()
                    .map_err(|error: trunkline_core::security::NoSetting| usage(error.to_string()))?,
                value,
            },
            SecurityEdit::Level { service, level } => Self::ServiceLevel {
                level: Level::of(&level).ok_or_else(|| usage(format!("there is no level {level:?}")))?,
                service,
            },
            SecurityEdit::Interface { name, enabled } => Self::Interface {
                interface: name,
                enabled,
            },
            SecurityEdit::AddUser { user, groups } => Self::AddUser { user, groups },
            SecurityEdit::RemoveUser { user } => Self::RemoveUser { user },
            SecurityEdit::EnableUser { user, enabled } => Self::EnableUser { user, enabled },
            SecurityEdit::UserGroups { user, groups } => Self::UserGroups { user, groups },
            SecurityEdit::AddGroup { group, rights } => Self::AddGroup { group, rights },
            SecurityEdit::RemoveGroup { group } => Self::RemoveGroup { group },
            SecurityEdit::GroupRights { group, rights } => Self::GroupRights { group, rights },
        })
    }
}

impl From<workbench::SecuritySendResult> for SecuritySendResult {
    fn from(result: workbench::SecuritySendResult) -> Self {
        let workbench::SecuritySendResult { sent, view } = result;
        Self {
            view: view.into(),
            unchanged: sent.summary.unchanged,
            revision_after: sent.summary.revision_after,
            restart_in_s: sent.summary.restart_in_s.into(),
            moved_to: sent.moved.map_or(0, |moved| moved.to),
            followed: sent.moved.is_some_and(|moved| moved.followed),
            site_changed: sent.moved.is_some_and(|moved| moved.site_changed),
            old_in_keychain: sent.old_in_keychain.into_iter().map(|old| old.user).collect(),
        }
    }
}

impl From<TheirsView> for SecurityTheirs {
    fn from(theirs: TheirsView) -> Self {
        let all = |changes: Vec<SettingChange>| changes.into_iter().map(Into::into).collect();
        Self {
            revision: theirs.revision,
            changes: all(theirs.changes),
            collisions: all(theirs.collisions),
        }
    }
}
