//! The demonstration in the window.

use std::path::{Path, PathBuf};

use super::site::Site;
use super::{PASSWORD, USER, build};
use crate::{command, ui};

/// Whether a person would see a window here.
pub(super) fn can_be_seen() -> bool {
    let display = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || display("DISPLAY") || display("WAYLAND_DISPLAY")
}

/// Opens the window on the demo site, with a data folder of its own, and stays until it is closed.
pub(super) fn open() -> Result<(), String> {
    let (window, command_line) = programs()?;
    let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    let site = Site::start(&command_line, Path::new("crates/trunkline-simulator/demo.toml"))?;
    let with_data = |program: &Path| {
        let mut command = command::program(program);
        command.env("TRUNKLINE_DATA_DIR", folder.path());
        command
    };
    let criteria = site.search_criteria();
    let set = ["preferences", "set", "ip_search_criteria", &criteria];
    command::show(with_data(&command_line).args(set))?;
    println!("\nThe window opens with the demo site. Log in as {USER} with the password {PASSWORD}.");
    println!("Close the window to end the demonstration.");
    command::show(&mut with_data(&window))
}

/// Walks the main job in the real window, on a screen that nobody sees, and leaves pictures of it.
pub(super) fn take_pictures() -> Result<(), String> {
    println!("\nNow in the window. There is no display here, so it opens on a screen that nobody sees.");
    let (window, command_line) = programs()?;
    let said = ui::run_in_window(&window, &command_line, &["main-job", "views"])?;
    println!("The main job in the window: {said}. Its pictures are in target/demo.");
    Ok(())
}

/// The window with its pages in it, and the command line.
fn programs() -> Result<(PathBuf, PathBuf), String> {
    println!("Building the window (the first time takes some minutes) …");
    if !command::root().join("ui/node_modules").is_dir() {
        ui::install()?;
    }
    ui::build()?;
    Ok((build("trunkline-desktop")?, build("trunkline")?))
}
