//! Starting other programs: always without input, and without what `cargo run` left in the environment.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    // xtask/Cargo.toml stands one level below the workspace.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A program, started in the workspace's folder, with closed standard input.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if is_left_by_cargo_run(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    command
}

/// Cargo, the one that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments);
    command
}

/// Build scripts such as ring's ask to run again when these change: with them, each `cargo xtask` after a plain
/// `cargo test` would compile half the tree again.
fn is_left_by_cargo_run(name: &str) -> bool {
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Runs a command to its end with its output shown, and turns a failing status into an error.
pub(crate) fn show(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", line(command)))
    }
}

/// As [`show`], and hands each line of standard output to `see` as well.
pub(crate) fn show_and_see(command: &mut Command, mut see: impl FnMut(&str)) -> Result<(), String> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    if let Some(output) = child.stdout.take() {
        // A test may print what is not UTF-8; it is shown as well as can be.
        for piece in BufReader::new(output).split(b'\n') {
            let piece = piece.map_err(|error| format!("{}: {error}", line(command)))?;
            let text = String::from_utf8_lossy(&piece);
            println!("{text}");
            see(&text);
        }
    }
    let status = child
        .wait()
        .map_err(|error| format!("{}: {error}", line(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", line(command)))
    }
}

/// Runs a command with its output kept, and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!(
            "{} ended with {}\n{errors}",
            line(command),
            output.status
        ));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{}: {error}", line(command)))
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("{} can not be started: {error}", line(command))
}

/// A command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    command.get_args().fold(name, |line, argument| {
        format!("{line} {}", argument.to_string_lossy())
    })
}

/// What the names of programs end in; npm is a script on Windows.
const ENDINGS: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };

/// Where a program is, if it is installed.
///
/// Looks in the folders of system programs as well: they are not on everybody's PATH.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .flat_map(|folder| {
            ENDINGS
                .iter()
                .map(move |ending| folder.join(format!("{name}{ending}")))
        })
        .find(|candidate| candidate.is_file())
}
