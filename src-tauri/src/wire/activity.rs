//! What was done.

use serde::Serialize;
use specta::Type;
use trunkline_core::activity;

use super::instant;

/// What was done.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "each is the action of that name in trunkline_core::activity"
)]
pub enum ActivityAction {
    LogIn,
    Receive,
    Send,
    Restart,
    SiteAdded,
    SiteChanged,
    SiteRemoved,
    CertificatePinned,
    FileOpened,
    FileSaved,
    PasswordChanged,
    SecurityLogIn,
    SecurityReceived,
    SecuritySent,
    SecurityExported,
    AuditReceived,
}

/// How it ended.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ActivityResult {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// There was nothing to do.
    Unchanged,
}

/// One thing that was done.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ActivityEntry {
    id: String,
    at: String,
    action: ActivityAction,
    unit: String,
    address: String,
    user: String,
    result: ActivityResult,
    detail: String,
}

impl From<activity::ActivityEntry> for ActivityEntry {
    fn from(entry: activity::ActivityEntry) -> Self {
        use activity::{Action, Outcome};
        Self {
            id: entry.id,
            at: instant(Some(entry.at)),
            action: match entry.action {
                Action::LogIn => ActivityAction::LogIn,
                Action::Receive => ActivityAction::Receive,
                Action::Send => ActivityAction::Send,
                Action::Restart => ActivityAction::Restart,
                Action::SiteAdded => ActivityAction::SiteAdded,
                Action::SiteChanged => ActivityAction::SiteChanged,
                Action::SiteRemoved => ActivityAction::SiteRemoved,
                Action::CertificatePinned => ActivityAction::CertificatePinned,
                Action::FileOpened => ActivityAction::FileOpened,
                Action::FileSaved => ActivityAction::FileSaved,
                Action::PasswordChanged => ActivityAction::PasswordChanged,
                Action::SecurityLogIn => ActivityAction::SecurityLogIn,
                Action::SecurityReceived => ActivityAction::SecurityReceived,
                Action::SecuritySent => ActivityAction::SecuritySent,
                Action::SecurityExported => ActivityAction::SecurityExported,
                Action::AuditReceived => ActivityAction::AuditReceived,
            },
            unit: entry.unit,
            address: entry.address,
            user: entry.user,
            result: match entry.result {
                Outcome::Done => ActivityResult::Done,
                Outcome::Failed => ActivityResult::Failed,
                Outcome::Stopped => ActivityResult::Stopped,
                Outcome::Unchanged => ActivityResult::Unchanged,
            },
            detail: entry.detail,
        }
    }
}
