//! Receiving, comparing, sending and restarting.

use tauri::ipc::Channel;

use super::{Managed, to_window};
use crate::failure::Answer;
use crate::wire::documents::{DocumentInfo, UnitComparison};
use crate::wire::sites::Target;
use crate::wire::transfers::{
    Progress, RebootResult, RestartOptions, SendOptions, SendResult, WatchEvent, whole_seconds,
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
    let request = options.try_into()?;
    Ok(shell
        .bench
        .send(&operation, &document, request, &to_window(on_progress))
        .await?
        .into())
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

/// Stays with a unit that restarts; answers the seconds until it was back.
#[tauri::command]
#[specta::specta]
pub async fn watch_until_back(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    on_event: Channel<WatchEvent>,
) -> Answer<u32> {
    let seen = |state, elapsed| drop(on_event.send(WatchEvent::new(state, elapsed)));
    Ok(whole_seconds(
        shell
            .bench
            .watch_until_back(&operation, &target.into(), seen)
            .await?
            .elapsed,
    ))
}
