//! Saved sites, and what is kept about a unit.

use super::Managed;
use crate::failure::Answer;
use crate::wire::sites::{Site, Target, TargetFacts};

/// The saved sites.
#[tauri::command]
#[specta::specta]
pub async fn sites(shell: Managed<'_>) -> Answer<Vec<Site>> {
    Ok(shell.bench.sites()?.into_iter().map(Into::into).collect())
}

/// Adds, changes or brings back a site.
#[tauri::command]
#[specta::specta]
pub async fn save_site(shell: Managed<'_>, site: Site) -> Answer<Site> {
    Ok(shell.bench.save_site(site.into()).await?.into())
}

/// Removes a site.
#[tauri::command]
#[specta::specta]
pub async fn remove_site(shell: Managed<'_>, id: String) -> Answer<()> {
    Ok(shell.bench.remove_site(&id).await?)
}

/// What is kept on this computer about a unit.
#[tauri::command]
#[specta::specta]
pub async fn facts(shell: Managed<'_>, target: Target) -> Answer<TargetFacts> {
    Ok(shell.bench.facts(&target.into())?.into())
}

/// Forgets the pinned certificate.
#[tauri::command]
#[specta::specta]
pub async fn forget_certificate(shell: Managed<'_>, target: Target) -> Answer<()> {
    Ok(shell.bench.forget_certificate(&target.into()).await?)
}

/// Ends the session and removes the password from the keychain.
#[tauri::command]
#[specta::specta]
pub async fn forget_log_in(shell: Managed<'_>, target: Target) -> Answer<()> {
    Ok(shell.bench.forget_log_in(&target.into()).await?)
}
