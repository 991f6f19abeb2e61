//! Debian's Rust, which has the sources of its standard library, and what else is needed to build for another system.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{command, system};

/// Windows, as the compiler of the mingw-w64 project builds for it.
pub(super) const WINDOWS: &str = "x86_64-pc-windows-gnu";

const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";

/// A file that shows that something is installed, and the packages that bring it.
const NEEDS: &[(&str, &[&str])] = &[
    (RUSTC, &["rustc-web"]),
    (CARGO, &["cargo-web"]),
    ("/usr/bin/clippy-driver", &["rust-web-clippy"]),
    ("/usr/lib/rustlib/src/rust/library/Cargo.lock", &["rust-web-src"]),
    ("/usr/bin/x86_64-w64-mingw32-gcc", &["gcc-mingw-w64-x86-64"]),
    ("/usr/bin/wine", &["wine", "wine64"]),
];

/// Installs what is missing where there is apt-get and the right to use it; else says what to type.
pub(super) fn run() -> Result<String, String> {
    let packages = missing();
    if packages.is_empty() {
        return versions();
    }
    let line = format!(
        "sudo apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    let Some(prefix) = system::apt_get() else {
        return Err(format!(
            "this needs packages of Debian or its kin, and they can not be installed from here; on such a machine type: {line}"
        ));
    };
    println!("missing: {}", packages.join(", "));
    system::install(prefix, &packages).map_err(|reason| format!("{reason}; try by hand: {line}"))?;
    let still = missing();
    if still.is_empty() {
        versions()
    } else {
        Err(format!("still missing after installing: {}", still.join(", ")))
    }
}

fn missing() -> Vec<&'static str> {
    NEEDS
        .iter()
        .filter(|(sign, _)| !Path::new(sign).is_file())
        .flat_map(|(_, packages)| packages.iter().copied())
        .collect()
}

fn versions() -> Result<String, String> {
    command::output(command::program(RUSTC).arg("--version")).map(|version| version.trim().to_owned())
}

/// The folder that everything here is built in: apart, as it is another Rust than the one for daily work.
pub(super) fn target_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    command::root().join(target).join("platforms")
}

/// The system's cargo with a subcommand for a target, and the standard library built for it.
pub(super) fn cargo(subcommand: &str, target: &str) -> Command {
    let mut command = command::program(CARGO);
    // What the cargo that runs us has set would lead to its own compiler and its own libraries.
    for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    command
        .env("PATH", path())
        .env("RUSTC", RUSTC)
        // Building the standard library from source is not a stable feature yet.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", target_folder())
        .args([
            subcommand,
            "--locked",
            "--quiet",
            "--target",
            target,
            "-Zbuild-std=std,panic_abort,panic_unwind,test",
        ]);
    command
}

/// The system's programs first, so that a rustup on the PATH does not stand in for them.
fn path() -> OsString {
    let mut path = OsString::from("/usr/bin:");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}
