//! The log on standard error, for -v.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Logs what this project's own crates say: with one `-v` what is done, with two in detail, with three everything.
///
/// Other crates are heard from the level of warnings on, whatever is asked for: some of them write out what they carry,
/// and the keychain's carry passwords.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = format!(
        "warn,trunkline_cli={level},trunkline_core={level},trunkline_protocol={level},trunkline_simulator={level}"
    );
    let colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .init();
}
