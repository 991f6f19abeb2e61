//! Saved sites, and what is kept about a unit.

use super::{Managed, on_desktop};
use crate::failure::Answer;
use crate::wire::log_in::Password;
use crate::wire::sites::{ChosenCertificate, Site, Target, TargetFacts};

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

/// Asks for a file with a client certificate.
#[tauri::command]
#[specta::specta]
pub async fn choose_client_certificate(shell: Managed<'_>) -> Answer<ChosenCertificate> {
    let Some(path) = on_desktop(&shell.desktop, |desktop| desktop.choose_certificate()).await? else {
        return Ok(ChosenCertificate::default());
    };
    let locked = shell.bench.choose_client_certificate(&path).await?;
    let file = path.display().to_string();
    Ok(ChosenCertificate { file, locked })
}

/// Opens the file that was chosen last, and keeps its password in the keychain.
#[tauri::command]
#[specta::specta]
pub async fn unlock_client_certificate(shell: Managed<'_>, password: Password) -> Answer<()> {
    Ok(shell.bench.unlock_client_certificate(password.into()).await?)
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
