//! What was done.

use trunkline_core::write_file;

use super::{Managed, on_desktop};
use crate::failure::Answer;
use crate::wire::activity::ActivityEntry;

/// Everything that was done, the newest first.
#[tauri::command]
#[specta::specta]
pub async fn activity(shell: Managed<'_>) -> Answer<Vec<ActivityEntry>> {
    Ok(shell
        .bench
        .activity()
        .list()?
        .into_iter()
        .map(Into::into)
        .collect())
}

/// Asks for a place and writes it there, as JSON where the name says so, else as CSV; empty when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn export_activity(shell: Managed<'_>) -> Answer<String> {
    let chosen = on_desktop(&shell.desktop, |desktop| {
        desktop.choose_place("trunkline-activity.csv")
    })
    .await?;
    let Some(path) = chosen else {
        return Ok(String::new());
    };
    let json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let activity = shell.bench.activity();
    write_file(&path, &if json { activity.json()? } else { activity.csv()? })?;
    Ok(path.display().to_string())
}
