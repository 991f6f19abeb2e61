//! What WebKitGTK is told before it starts, and what it does not know of the desktop.

use gtk::prelude::*;
use gtk::{gdk, pango};
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

/// The face of the desktop's own windows. A page can not ask for it: to WebKitGTK `system-ui` is a name like any other,
/// and where no font answers to it every size and weight is looked up twice. Only for the thread that GTK runs on.
pub(crate) fn face() -> Option<String> {
    let chosen = gtk::Settings::default()?.gtk_font_name()?;
    let chosen = pango::FontDescription::from_string(&chosen);
    // What is there for it, where the chosen one is missing or a word like "Sans".
    let found = gdk::pango_context_get()?.load_font(&chosen)?.describe();
    found.family().map(Into::into)
}
