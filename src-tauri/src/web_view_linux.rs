//! What WebKitGTK is told about this window.

use tauri::{Runtime, WebviewWindow};
use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

/// The window draws text and tables. Layers on a graphics processor make none of it faster, cost a quarter of the
/// memory where that processor is emulated (remote desktops, virtual machines), and leave the window empty with some
/// drivers; so pages are drawn without them.
pub(crate) fn settle<R: Runtime>(window: &WebviewWindow<R>) {
    let drawn = window.with_webview(|web_view| {
        if let Some(settings) = WebViewExt::settings(&web_view.inner()) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = drawn {
        tracing::warn!("the web view keeps its own way of drawing: {error}");
    }
}
