//! Audit trails.

use tauri::ipc::Channel;

use super::{Managed, to_window};
use crate::failure::Answer;
use crate::wire::audit::AuditTrail;
use crate::wire::sites::Target;
use crate::wire::transfers::Progress;

/// Receives a unit's audit trail and keeps it in the archive.
#[tauri::command]
#[specta::specta]
pub async fn receive_audit(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    on_progress: Channel<Progress>,
) -> Answer<AuditTrail> {
    Ok(shell
        .bench
        .receive_audit(&operation, &target.into(), &to_window(on_progress))
        .await?
        .into())
}

/// An audit trail that was received before, by its SHA-256, or the latest where that is empty; `null` where there is none.
#[tauri::command]
#[specta::specta]
pub async fn kept_audit(shell: Managed<'_>, target: Target, sha256: String) -> Answer<Option<AuditTrail>> {
    Ok(shell
        .bench
        .kept_audit(&target.into(), &sha256)
        .await?
        .map(Into::into))
}
