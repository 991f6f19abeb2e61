//! `trunkline`: see the library of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    trunkline_cli::run(std::env::args_os())
}
