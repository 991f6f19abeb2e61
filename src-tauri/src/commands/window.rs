//! What only the window knows, and what it asks of the desktop.

use super::{Managed, on_desktop};
use crate::failure::Answer;
use crate::wire::window::{About, WindowState};

/// What the window kept of itself.
#[tauri::command]
#[specta::specta]
pub async fn window_state(shell: Managed<'_>) -> Answer<WindowState> {
    on_desktop(&shell, |desktop| desktop.window_state()).await
}

/// Keeps what the window wants to find again.
#[tauri::command]
#[specta::specta]
pub async fn set_window_state(shell: Managed<'_>, state: WindowState) -> Answer<()> {
    on_desktop(&shell, move |desktop| desktop.set_window_state(&state)).await?
}

/// What the program is.
#[tauri::command]
#[specta::specta]
pub async fn about(shell: Managed<'_>) -> Answer<About> {
    Ok(About::this(shell.bench.data().folder()))
}
