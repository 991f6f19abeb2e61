//! Debug builds only: a script that runs in the page before its own, so that the tests of the window hear the first word
//! that crosses the door.

use tauri::{Builder, Wry};

/// Names the file with the script.
const SCRIPT: &str = "TRUNKLINE_PAGE_SCRIPT";

/// Adds the script, where one is named and can be read.
pub(crate) fn add(builder: Builder<Wry>) -> Builder<Wry> {
    let script = std::env::var_os(SCRIPT).and_then(|file| std::fs::read_to_string(file).ok());
    match script {
        Some(script) => {
            let plugin = tauri::plugin::Builder::<Wry>::new("page-script").js_init_script(script);
            builder.plugin(plugin.build())
        }
        None => builder,
    }
}
