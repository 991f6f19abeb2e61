//! What only the window knows, and what it asks of the desktop.

use std::sync::Arc;

use tauri::State;
use tauri::ipc::Channel;

use super::{Managed, Start, on_desktop};
use crate::failure::Answer;
use crate::wire::news::News;
use crate::wire::window::{About, WindowState};

/// Whether the program could start; what it fails with is what the window shows in its place.
#[tauri::command]
#[specta::specta]
pub async fn started(start: State<'_, Start>) -> Answer<()> {
    start.trouble.clone().map_or(Ok(()), Err)
}

/// Starts the program again, in the place of this one.
#[tauri::command]
#[specta::specta]
pub async fn start_again(start: State<'_, Start>) -> Answer<()> {
    start.desktop.start_again();
    Ok(())
}

/// Closes the window whatever is not finished, and ends the program.
#[tauri::command]
#[specta::specta]
pub async fn close_window(start: State<'_, Start>) -> Answer<()> {
    start.desktop.close();
    Ok(())
}

/// The window shows the question of whether to close.
#[tauri::command]
#[specta::specta]
pub async fn closing_shown(shell: Managed<'_>) -> Answer<()> {
    shell.bench.closing_shown();
    Ok(())
}

/// From now on tells the window what the program has to say without being asked.
#[tauri::command]
#[specta::specta]
pub async fn listen(shell: Managed<'_>, on_event: Channel<News>) -> Answer<()> {
    let bench = Arc::clone(&shell.bench);
    let mut heard = tokio::task::spawn_blocking(move || bench.listen())
        .await
        .map_err(crate::failure::Failure::of_desktop)?;
    tokio::spawn(async move {
        while let Some(news) = heard.recv().await {
            if on_event.send(news.into()).is_err() {
                return;
            }
        }
    });
    Ok(())
}

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
