//! Finding units.

use tauri::ipc::Channel;
use trunkline_core::workbench;

use super::Managed;
use crate::failure::Answer;
use crate::wire::units::{
    CriteriaCheck, DiscoveryEvent, DiscoveryOptions, DiscoverySummary, NameLookUp, Network,
};

/// Searches, and reports each unit as it answers.
#[tauri::command]
#[specta::specta]
pub async fn discover(
    shell: Managed<'_>,
    operation: String,
    options: DiscoveryOptions,
    on_event: Channel<DiscoveryEvent>,
) -> Answer<DiscoverySummary> {
    let found = |found| drop(on_event.send(DiscoveryEvent::from(found)));
    let request = options.request()?;
    Ok(shell.bench.discover(&operation, &request, found).await?.into())
}

/// Stops a piece of work.
#[tauri::command]
#[specta::specta]
pub async fn cancel(shell: Managed<'_>, operation: String) -> Answer<()> {
    shell.bench.cancel(&operation);
    Ok(())
}

/// The networks that a search goes out to, and those that it goes out to on request.
#[tauri::command]
#[specta::specta]
pub async fn networks() -> Answer<Vec<Network>> {
    Ok(workbench::networks()?.into_iter().map(Into::into).collect())
}

/// Reads IP Search Criteria without asking anybody.
#[tauri::command]
#[specta::specta]
pub async fn check_criteria(text: String) -> Answer<CriteriaCheck> {
    Ok(workbench::check_criteria(&text).into())
}

/// The IP Search Criteria with the range of a subnet behind them.
#[tauri::command]
#[specta::specta]
pub async fn add_subnet(text: String, subnet: String) -> Answer<String> {
    Ok(workbench::criteria_with_subnet(&text, &subnet)?)
}

/// Looks up the DNS names among the IP Search Criteria.
#[tauri::command]
#[specta::specta]
pub async fn look_up_names(text: String) -> Answer<Vec<NameLookUp>> {
    let resolved = workbench::look_up_names(&text).await;
    Ok(resolved.into_iter().map(Into::into).collect())
}
