//! What WebKitGTK is told before it starts.

use webkit2gtk::glib;

/// The window draws text and tables. Layers on a graphics processor make none of it faster, cost a tenth of the start
/// and a quarter of the memory where that processor is emulated (remote desktops, virtual machines), and leave the
/// window empty with some drivers; so pages are drawn without them. A setting of the view would come too late: its
/// process has started by then. Who sets the variable decides.
pub(crate) fn prepare() {
    if let Err(error) = glib::setenv("WEBKIT_DISABLE_COMPOSITING_MODE", "1", false) {
        eprintln!("The web view keeps its own way of drawing: {error}");
    }
}
