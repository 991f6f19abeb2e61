//! The tests of all crates without a window, built for Windows and run under Wine: real sockets, files, locks and a credential store
//! that answer as those of Windows do, as far as Wine knows them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::toolchain::{self, WINDOWS};
use crate::command;
use crate::steps::Tally;

const PACKAGES: &[&str] = &[
    "trunkline-protocol",
    "trunkline-document",
    "trunkline-core",
    "trunkline-simulator",
    "trunkline-cli",
];

/// Builds the tests for Windows and runs them.
pub(super) fn run() -> Result<String, String> {
    let prefix = toolchain::target_folder().join("wine");
    prepare(&prefix)?;
    let mut cargo = toolchain::cargo("test", WINDOWS);
    cargo.args(["--no-fail-fast", "--tests"]);
    for package in PACKAGES {
        cargo.args(["--package", package]);
    }
    cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine");
    let mut tally = Tally::default();
    let result = command::show_and_see(environment(&mut cargo, &prefix), |line| tally.see(line));
    // Its background processes would stay, and hold the folder.
    let ended = command::show(environment(command::program("wineserver").arg("--kill"), &prefix));
    tally.said(result.and(ended))
}

/// Makes Wine's folder of a Windows system, with the one library that is missing there.
fn prepare(prefix: &Path) -> Result<(), String> {
    let system = prefix.join("drive_c/windows/system32");
    if !system.is_dir() {
        fs::create_dir_all(prefix).map_err(|error| format!("{}: {error}", prefix.display()))?;
        command::output(environment(
            command::program("wine").args(["wineboot", "--init"]),
            prefix,
        ))?;
    }
    command::show(
        command::program("x86_64-w64-mingw32-gcc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-o"])
            .arg(system.join("bcryptprimitives.dll"))
            .arg(source())
            .arg("-ladvapi32"),
    )
}

fn source() -> PathBuf {
    command::root().join("xtask/src/platforms/bcryptprimitives.c")
}

/// A Windows of its own, without messages of Wine's, without a browser, and without entries in the user's menus.
fn environment<'a>(command: &'a mut Command, prefix: &Path) -> &'a mut Command {
    command
        .env("WINEPREFIX", prefix)
        .env("WINEDEBUG", "-all")
        .env("WINEDLLOVERRIDES", "winemenubuilder.exe,mscoree,mshtml=")
        .env_remove("DISPLAY")
}
