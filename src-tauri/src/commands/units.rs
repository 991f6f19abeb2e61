//! Finding units.

use tauri::ipc::Channel;
use trunkline_core::workbench;

use super::Managed;
use crate::failure::Answer;
use crate::wire::units::{CriteriaCheck, DiscoveryEvent, DiscoveryOptions, DiscoverySummary, Network};

/// Searches, and reports each unit as it answers.
#[tauri::command]
#[specta::specta]
pub async fn discover(
    shell: Managed<'_>,
    operation: String,
    options: DiscoveryOptions,
    on_event: Channel<DiscoveryEvent>,
) -> Answer<DiscoverySummary> {
    let found = |found| {
        if let Some(event) = DiscoveryEvent::of(found) {
            drop(on_event.send(event));
        }
    };
    let request = workbench::SearchRequest {
        address: options.address,
        ..workbench::SearchRequest::default()
    };
    Ok(shell.bench.discover(&operation, &request, found).await?.into())
}

/// Stops a piece of work.
#[tauri::command]
#[specta::specta]
pub async fn cancel(shell: Managed<'_>, operation: String) -> Answer<()> {
    shell.bench.cancel(&operation);
    Ok(())
}

/// The networks that a search goes out to.
#[tauri::command]
#[specta::specta]
pub async fn networks() -> Answer<Vec<Network>> {
    let searched = workbench::networks()?
        .into_iter()
        .filter(|network| !network.link_local);
    Ok(searched.map(Into::into).collect())
}

/// Reads IP Search Criteria without asking anybody.
#[tauri::command]
#[specta::specta]
pub async fn check_criteria(text: String) -> Answer<CriteriaCheck> {
    Ok(workbench::check_criteria(&text).into())
}
