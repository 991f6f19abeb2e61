//! What the web view is told about this window: nothing.

use tauri::{Runtime, WebviewWindow};

/// Other systems' web views draw as they think best.
pub(crate) fn settle<R: Runtime>(_: &WebviewWindow<R>) {}
