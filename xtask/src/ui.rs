//! The window's pages: their packages, their checks and their tests, by npm in `ui/`.

use crate::command;

/// Installs exactly what `ui/package-lock.json` names.
pub(crate) fn install() -> Result<String, String> {
    npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]).map(|()| "installed".to_owned())
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

fn npm(arguments: &[&str]) -> Result<(), String> {
    let mut npm = command::program(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command::show(npm.args(arguments).current_dir(command::root().join("ui")))
}
