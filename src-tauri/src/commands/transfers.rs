//! Receiving, comparing, sending, what comes in between, and restarting.

use tauri::ipc::Channel;
use trunkline_core::workbench::{SendRequest, Watching};

use super::{Managed, to_window};
use crate::failure::Answer;
use crate::wire::conflict::Conflict;
use crate::wire::documents::{DocumentInfo, UnitComparison};
use crate::wire::sites::Target;
use crate::wire::transfers::{
    Progress, RebootResult, RestartOptions, SendOptions, SendResult, WatchEvent, WatchResult,
};

/// Receives a unit's configuration and opens it.
#[tauri::command]
#[specta::specta]
pub async fn receive(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    on_progress: Channel<Progress>,
) -> Answer<DocumentInfo> {
    Ok(shell
        .bench
        .receive(&operation, &target.into(), &to_window(on_progress))
        .await?
        .into())
}

/// Puts a document beside what the unit holds now.
#[tauri::command]
#[specta::specta]
pub async fn compare_with_unit(
    shell: Managed<'_>,
    operation: String,
    document: String,
    on_progress: Channel<Progress>,
) -> Answer<UnitComparison> {
    Ok(shell
        .bench
        .compare_with_unit(&operation, &document, &to_window(on_progress))
        .await?
        .into())
}

/// Keeps a verified copy of what the unit has, then sends.
#[tauri::command]
#[specta::specta]
pub async fn send(
    shell: Managed<'_>,
    operation: String,
    document: String,
    options: SendOptions,
    on_progress: Channel<Progress>,
) -> Answer<SendResult> {
    let request: SendRequest = options.try_into()?;
    let mode = request.mode;
    let report = to_window(on_progress);
    let sent = shell.bench.send(&operation, &document, request, &report).await?;
    Ok(SendResult::new(mode, sent))
}

/// Restarts a unit.
#[tauri::command]
#[specta::specta]
pub async fn reboot(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    options: RestartOptions,
) -> Answer<RebootResult> {
    Ok(shell
        .bench
        .reboot(&operation, &target.into(), options.try_into()?)
        .await?
        .into())
}

/// Stays with a unit that restarts until it is back, or only calls hold it up.
#[tauri::command]
#[specta::specta]
pub async fn watch_until_back(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    on_event: Channel<WatchEvent>,
) -> Answer<WatchResult> {
    let seen = |watching: Watching| drop(on_event.send(watching.into()));
    Ok(shell
        .bench
        .watch_until_back(&operation, &target.into(), seen)
        .await?
        .into())
}

/// What I changed, what was changed on the unit meanwhile, and what collides.
#[tauri::command]
#[specta::specta]
pub async fn look_at_conflict(
    shell: Managed<'_>,
    operation: String,
    document: String,
    on_progress: Channel<Progress>,
) -> Answer<Conflict> {
    Ok(shell
        .bench
        .look_at_conflict(&operation, &document, &to_window(on_progress))
        .await?
        .into())
}

/// Puts the changes of a document on top of what the unit holds now; nothing is sent.
#[tauri::command]
#[specta::specta]
pub async fn rebase(
    shell: Managed<'_>,
    operation: String,
    document: String,
    on_progress: Channel<Progress>,
) -> Answer<DocumentInfo> {
    Ok(shell
        .bench
        .rebase(&operation, &document, &to_window(on_progress))
        .await?
        .into())
}
