//! What a person prefers.

use super::Managed;
use crate::failure::Answer;
use crate::wire::preferences::Preferences;

/// What a person prefers.
#[tauri::command]
#[specta::specta]
pub async fn preferences(shell: Managed<'_>) -> Answer<Preferences> {
    Ok((&shell.bench.preferences()?).into())
}

/// Changes it; all of it or nothing.
#[tauri::command]
#[specta::specta]
pub async fn set_preferences(shell: Managed<'_>, preferences: Preferences) -> Answer<Preferences> {
    Ok((&shell.bench.change_preferences(|kept| preferences.apply(kept))?).into())
}
