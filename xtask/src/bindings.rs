//! `cargo xtask bindings`: the types and commands of the window, written from those of the program.

use crate::command::{cargo, show};

/// Writes `ui/src/lib/bindings.ts`. The test that compares it in every ordinary run is the one that can write it.
pub(crate) fn run() -> Result<(), String> {
    let test = ["test", "-p", "trunkline-desktop", "--test", "bindings", "--quiet"];
    show(cargo(&test).env("TRUNKLINE_WRITE_BINDINGS", "1"))
}
