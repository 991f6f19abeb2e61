//! The door's commands: each reads what it was given, does one thing in the core, and puts the answer into the window's
//! words.

#![expect(
    clippy::missing_errors_doc,
    reason = "each command fails with what its one call into the core fails with"
)]

pub mod activity;
pub mod audit;
pub mod documents;
pub mod lists;
pub mod log_in;
pub mod preferences;
pub mod security;
pub mod sites;
pub mod transfers;
pub mod unit_lists;
pub mod units;
pub mod window;

use std::sync::Arc;

use tauri::ipc::Channel;
use trunkline_core::{Progress as CoreProgress, Workbench};

use crate::desktop::Desktop;
use crate::failure::{Answer, Failure};
use crate::wire::transfers::Progress;

/// What every command works with. It holds no state of its own.
pub struct Shell {
    /// The core.
    pub bench: Arc<Workbench>,
    /// The desktop.
    pub desktop: Arc<dyn Desktop>,
}

/// How the program started. It is there before everything else, and where there is nothing else.
pub struct Start {
    /// The core, or why there is no [`Shell`].
    pub bench: Answer<Arc<Workbench>>,
    /// The desktop.
    pub desktop: Arc<dyn Desktop>,
    /// The family of the desktop's own words; empty where pages get it by themselves.
    pub face: String,
}

/// The shell, as commands get it.
pub(crate) type Managed<'a> = tauri::State<'a, Shell>;

/// Progress on its way to the window. A window that is gone needs none.
fn to_window(channel: Channel<Progress>) -> impl Fn(CoreProgress) + Send + Sync {
    move |progress| {
        if let Some(progress) = Progress::of(progress) {
            channel.send(progress).ok();
        }
    }
}

/// Does something with the desktop on a thread where it may wait for a person.
async fn on_desktop<T: Send + 'static>(
    desktop: &Arc<dyn Desktop>,
    action: impl FnOnce(&dyn Desktop) -> T + Send + 'static,
) -> Answer<T> {
    let desktop = Arc::clone(desktop);
    tokio::task::spawn_blocking(move || action(&*desktop))
        .await
        .map_err(Failure::of_desktop)
}
