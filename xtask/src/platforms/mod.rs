//! `cargo xtask platforms`: the workspace checked for Windows and macOS on a Debian machine, and its tests run under Wine.
//!
//! The system's Rust brings the sources of the standard library, and builds it for the other system on the way: nothing
//! is downloaded but Debian's packages. It takes too long for every check of the tree, and shows no window (that needs
//! the system itself): .github/workflows/ci.yml runs everything on real Windows and macOS machines.

mod macos;
mod toolchain;
mod wine;

use std::process::{Command, ExitCode};

use crate::command;
use crate::steps::{self, Step};

use toolchain::WINDOWS;

/// Its failure leaves out all others; it is always selected.
const TOOLCHAIN: &str = "toolchain";

const STEPS: &[Step] = &[
    Step {
        name: TOOLCHAIN,
        about: "a Rust with the sources of its standard library, a compiler for Windows, and Wine",
        needs: &[],
        run: toolchain::run,
    },
    Step {
        name: "windows",
        about: "no warning from the compiler or clippy for Windows, in every program and test",
        needs: &[TOOLCHAIN],
        run: windows,
    },
    Step {
        name: "macos",
        about: "the same for macOS",
        needs: &[TOOLCHAIN],
        run: macos,
    },
    Step {
        name: "wine",
        about: "the tests of protocol, document, core, simulator and command line as Windows programs",
        needs: &[TOOLCHAIN],
        run: wine::run,
    },
];

/// Runs the named parts, or all where none is named.
///
/// # Errors
/// A name that is not known.
pub(crate) fn run(names: &[&str]) -> Result<ExitCode, String> {
    Ok(steps::run(&select(names)?))
}

fn select(names: &[&str]) -> Result<Vec<&'static Step>, String> {
    if let Some(unknown) = names
        .iter()
        .find(|name| !STEPS.iter().any(|step| step.name == **name))
    {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!(
            "there is no platform `{unknown}`; there are {}",
            known.join(", ")
        ));
    }
    let selected = |step: &&Step| names.is_empty() || step.name == TOOLCHAIN || names.contains(&step.name);
    Ok(STEPS.iter().filter(selected).collect())
}

fn windows() -> Result<String, String> {
    check(&mut toolchain::cargo("clippy", WINDOWS))
}

fn macos() -> Result<String, String> {
    check(macos::compilers(&mut toolchain::cargo("clippy", macos::TARGET))?)
}

fn check(clippy: &mut Command) -> Result<String, String> {
    command::show(clippy.args([
        "--workspace",
        "--all-targets",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ]))
    .map(|()| "no warning".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_selected_in_order_and_never_without_the_toolchain() {
        let names =
            |list: &[&str]| select(list).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>());
        assert_eq!(names(&[]), Ok(vec!["toolchain", "windows", "macos", "wine"]));
        assert_eq!(
            names(&["wine", "windows"]),
            Ok(vec!["toolchain", "windows", "wine"])
        );
        assert!(names(&["windows", "amiga"]).unwrap_err().contains("`amiga`"));
    }
}
