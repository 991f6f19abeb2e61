//! The window's pages: their packages, their checks and their tests, by npm in `ui/`.

use std::path::Path;
use std::process::Command;

use crate::command;

/// Installs what `ui/package-lock.json` names, and leaves that file as it is. Not `npm ci`: it refuses a lock file
/// without the programs of other systems, and not every registry serves all of those.
pub(crate) fn install() -> Result<String, String> {
    npm(&[
        "install",
        "--no-save",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ])
    .map(|()| "installed".to_owned())
}

/// Builds the pages into `ui/dist`, which the window carries inside it.
pub(crate) fn build() -> Result<String, String> {
    npm(&["run", "build", "--silent"]).map(|()| "built".to_owned())
}

/// Types, accessibility warnings, formatting and lints.
pub(crate) fn check() -> Result<String, String> {
    npm(&["run", "check", "--silent"]).map(|()| "no warning".to_owned())
}

/// The tests that need no browser.
pub(crate) fn unit() -> Result<String, String> {
    npm(&["test", "--silent"]).map(|()| "all passed".to_owned())
}

/// The tests in a real browser: every view with a keyboard, in both themes, and axe on each.
pub(crate) fn browser() -> Result<String, String> {
    if command::installed("chromium").is_none() {
        return Ok("skipped: there is no chromium on this machine".to_owned());
    }
    npm(&["run", "test:browser", "--silent"]).map(|()| "all passed".to_owned())
}

/// The tests of the real window, as `cargo build` made it, on a screen that nobody sees.
pub(crate) fn window() -> Result<String, String> {
    let folder = std::env::current_exe().map_err(|error| format!("the folder of this program: {error}"))?;
    let folder = folder.parent().unwrap_or(Path::new("."));
    let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    run_in_window(&program("trunkline-desktop"), &program("trunkline"), &[])
}

/// Runs the tests of the real window whose names are given, or all; their pictures go to `target/demo`.
pub(crate) fn run_in_window(app: &Path, command_line: &Path, names: &[&str]) -> Result<String, String> {
    if command::installed("WebKitWebDriver").is_none() {
        return Ok("skipped: there is no WebKitWebDriver on this machine".to_owned());
    }
    install_driver()?;
    let mut npm = npm_command(&["run", "test:window", "--silent", "--"]);
    npm.args(names);
    npm.env("TRUNKLINE_APP", app).env("TRUNKLINE", command_line);
    command::show(&mut npm).map(|()| "all passed".to_owned())
}

/// What stands between the tests and the system's own driver; there is no package for it.
fn install_driver() -> Result<(), String> {
    const VERSION: &str = "2.1.0";
    let tools = command::root().join("target").join("tools");
    let installed = tools.join("bin").join("tauri-driver");
    if installed.is_file() || command::installed("tauri-driver").is_some() {
        return Ok(());
    }
    let mut install = command::cargo(&[
        "install",
        "tauri-driver",
        "--version",
        VERSION,
        "--locked",
        "--root",
    ]);
    command::show(install.arg(&tools))
}

fn npm(arguments: &[&str]) -> Result<(), String> {
    command::show(&mut npm_command(arguments))
}

fn npm_command(arguments: &[&str]) -> Command {
    let mut npm = command::program(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(arguments).current_dir(command::root().join("ui"));
    npm
}
