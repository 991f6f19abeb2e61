//! What the shell needs of the desktop it runs on. Behind a trait, so that the commands can be tested without one.

use std::path::{Path, PathBuf};

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_dialog::{DialogExt, FilePath};
use tauri_plugin_store::StoreExt;

use crate::failure::{Answer, Failure};
use crate::wire::window::WindowState;

/// A desktop. Everything here may block and wait for a person: call it from a thread where that may happen.
pub trait Desktop: Send + Sync {
    /// Asks for a configuration to open; `None` when nobody chose one.
    fn choose_configuration(&self) -> Option<PathBuf>;

    /// Asks for a file with a certificate and its key; `None` when nobody chose one.
    fn choose_certificate(&self) -> Option<PathBuf>;
    /// Asks for a list of sites to take over; `None` when nobody chose one.
    fn choose_list(&self) -> Option<PathBuf>;

    /// Asks for a place to save something under a suggested name; `None` when nobody chose one.
    fn choose_place(&self, suggested: &str) -> Option<PathBuf>;

    /// What the window kept of itself; the default where it kept nothing that can be read.
    fn window_state(&self) -> WindowState;

    /// Keeps what the window wants to find again.
    ///
    /// # Errors
    /// Where it can not be written.
    fn set_window_state(&self, state: &WindowState) -> Answer<()>;

    /// Closes the window without asking, which ends the program.
    fn close(&self);

    /// Ends the program and starts it again.
    fn start_again(&self);
}

/// The desktop that Tauri runs on.
#[derive(Debug)]
pub struct TauriDesktop<R: Runtime> {
    app: AppHandle<R>,
    store: PathBuf,
}

/// The one entry of the window's store.
const STATE: &str = "window";

impl<R: Runtime> TauriDesktop<R> {
    /// With the window's store in this data folder.
    pub fn new(app: AppHandle<R>, data_folder: &Path) -> Self {
        // The plugin would otherwise look in a folder of its own.
        Self {
            app,
            store: data_folder.join("window.json"),
        }
    }
}

impl<R: Runtime> Desktop for TauriDesktop<R> {
    fn choose_configuration(&self) -> Option<PathBuf> {
        let dialog = self
            .app
            .dialog()
            .file()
            .add_filter("XML", &["xml"])
            .add_filter("*", &["*"]);
        dialog.blocking_pick_file().and_then(path)
    }

    fn choose_certificate(&self) -> Option<PathBuf> {
        let dialog = self
            .app
            .dialog()
            .file()
            .add_filter("PEM, PKCS#12", &["pem", "crt", "cer", "p12", "pfx"])
            .add_filter("*", &["*"]);
        dialog.blocking_pick_file().and_then(path)
    }

    fn choose_list(&self) -> Option<PathBuf> {
        let dialog = self
            .app
            .dialog()
            .file()
            .add_filter("CSV, JSON", &["csv", "txt", "json"])
            .add_filter("*", &["*"]);
        dialog.blocking_pick_file().and_then(path)
    }

    fn choose_place(&self, suggested: &str) -> Option<PathBuf> {
        self.app
            .dialog()
            .file()
            .set_file_name(suggested)
            .blocking_save_file()
            .and_then(path)
    }

    fn window_state(&self) -> WindowState {
        let kept = self
            .app
            .store(&self.store)
            .ok()
            .and_then(|store| store.get(STATE));
        kept.and_then(WindowState::of_kept).unwrap_or_default()
    }

    fn set_window_state(&self, state: &WindowState) -> Answer<()> {
        let store = self.app.store(&self.store).map_err(Failure::of_desktop)?;
        store.set(STATE, serde_json::to_value(state).map_err(Failure::of_desktop)?);
        store.save().map_err(Failure::of_desktop)
    }

    fn close(&self) {
        for window in self.app.webview_windows().values() {
            if let Err(error) = window.destroy() {
                tracing::warn!("the window could not be closed: {error}");
            }
        }
    }

    fn start_again(&self) {
        self.app.request_restart();
    }
}

fn path(chosen: FilePath) -> Option<PathBuf> {
    chosen.into_path().ok()
}
