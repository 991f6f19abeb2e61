//! `cargo xtask`: the two commands of the README, `demo` and `test`, and whatever else is done to the tree by a program.

mod bench;
mod bindings;
mod check;
mod command;
mod demo;
mod metadata;
mod platforms;
mod steps;
mod system;
mod tree;
mod ui;

use std::process::ExitCode;

const HELP: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  demo                   walks the main job, from finding a unit to sending a change, on virtual units
  test                   runs every check, and ends with a line `N passed, N failed`
  test --list            lists the checks
  test --only A,B        runs these checks only
  bench NAME             measures Trunkline beside its peers, in one run; benches/ has the methods
  bindings               writes ui/src/lib/bindings.ts, the types between window and program
  platforms [NAMES]      checks all for `windows` and `macos`, and runs tests under `wine` (on Debian; takes minutes)
  help                   prints this

Example: cargo xtask test --only fmt,clippy
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["demo"] => exit(demo::run()),
        ["test"] => steps::run(&steps::STEPS.iter().collect::<Vec<_>>()),
        ["test", "--list"] => {
            steps::list();
            ExitCode::SUCCESS
        }
        ["test", "--only", names] => match steps::select(names) {
            Ok(selected) => steps::run(&selected),
            Err(unknown) => wrong_usage(&unknown),
        },
        ["bench", name] => exit(bench::run(name)),
        ["bindings"] => exit(bindings::run()),
        ["platforms", names @ ..] => platforms::run(names).unwrap_or_else(|unknown| wrong_usage(&unknown)),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        other => wrong_usage(&format!("`{}` is not understood", other.join(" "))),
    }
}

fn exit(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn wrong_usage(what: &str) -> ExitCode {
    eprintln!("error: {what}\n\n{HELP}");
    ExitCode::from(2)
}
