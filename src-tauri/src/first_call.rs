//! The page's first call leaves before the page's own script is read, so that the answer is there when the script is.

use tauri::{Builder, Wry};

/// What the page's script finds at its start (`ui/src/lib/backend.tauri.ts`). A refusal is said when the script looks at
/// it; nobody has looked yet.
const SCRIPT: &str = "
window.beginning = window.__TAURI_INTERNALS__.invoke('started');
window.beginning.catch(() => {});
";

pub(crate) fn add(builder: Builder<Wry>) -> Builder<Wry> {
    let plugin = tauri::plugin::Builder::<Wry>::new("first-call").js_init_script(SCRIPT);
    builder.plugin(plugin.build())
}
