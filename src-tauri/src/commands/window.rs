//! What only the window knows, and what it asks of the desktop.

use std::sync::Arc;

use tauri::State;
use tauri::ipc::Channel;
use trunkline_core::workbench;

use super::{Managed, Start, on_desktop};
use crate::failure::{Answer, Failure};
use crate::wire::news::News;
use crate::wire::units::Network;
use crate::wire::window::{About, Beginning, WindowState};

/// All that the window needs for its first list, in one answer: each call on the way there would be waited for. Where
/// the program could not start, what this fails with is what the window shows in its place.
#[tauri::command]
#[specta::specta]
pub async fn started(start: State<'_, Start>) -> Answer<Beginning> {
    let bench = start.bench.clone()?;
    Ok(Beginning {
        about: About::this(bench.data().folder()),
        face: start.face.clone(),
        window_state: on_desktop(&start.desktop, |desktop| desktop.window_state()).await?,
        sites: bench.sites()?.into_iter().map(Into::into).collect(),
        networks: networks_now(),
    })
}

/// A list of sites is worth more than a reason why this computer's networks can not be read: a search says that.
fn networks_now() -> Vec<Network> {
    match workbench::networks() {
        Ok(networks) => networks.into_iter().map(Into::into).collect(),
        Err(error) => {
            tracing::warn!("{error}");
            Vec::new()
        }
    }
}

/// From now on the window is told what the program has to say without being asked; first what nobody heard yet.
#[tauri::command]
#[specta::specta]
pub async fn listen(shell: Managed<'_>, on_event: Channel<News>) -> Answer<()> {
    let bench = Arc::clone(&shell.bench);
    let mut heard = tokio::task::spawn_blocking(move || bench.listen())
        .await
        .map_err(Failure::of_desktop)?;
    tokio::spawn(async move {
        while let Some(news) = heard.recv().await {
            if on_event.send(news.into()).is_err() {
                return;
            }
        }
    });
    Ok(())
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

/// Keeps what the window wants to find again.
#[tauri::command]
#[specta::specta]
pub async fn set_window_state(shell: Managed<'_>, state: WindowState) -> Answer<()> {
    on_desktop(&shell.desktop, move |desktop| desktop.set_window_state(&state)).await?
}
