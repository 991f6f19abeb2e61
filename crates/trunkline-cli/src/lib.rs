//! The command line of Trunkline.
//!
//! Each command is a module under [`commands`]: it turns arguments into one call of trunkline-core, and the answer into
//! text for people or one JSON document. What commands share stands here: [`arguments`], [`context`], [`log_in`],
//! [`output`], [`failure`] with the table of exit statuses, [`interrupt`].

mod arguments;
mod client_certificate;
mod commands;
mod context;
mod devlink;
mod failure;
mod interrupt;
mod log_in;
mod logging;
mod output;
mod password;
mod progress;
mod reference;
mod source;
mod table;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind as ClapError;

use arguments::Arguments;
use context::Context;
use failure::{Exit, Failure};
use output::Output;

/// Runs the command line with these arguments, the program's name first, and says how it ended.
///
/// Works once in a process: it takes over the signals and the log.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return not_understood(&error, &arguments),
    };
    logging::start(parsed.globals.verbose);
    let output = Output::new(&parsed.globals);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.fail(&Failure::other(format!("the program can not start: {error}"))),
    };
    let context = Context::new(parsed.globals, output.clone());
    let cancel = context.cancel.clone();
    let ended = runtime.block_on(interrupt::guard(&cancel, commands::run(parsed.command, context)));
    // A thread that still waits for the keychain or for a key must not keep the program alive.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => output.fail(&failure),
    }
}

/// Help and version go to standard output and are no failure; everything else is wrong usage.
fn not_understood(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ClapError::DisplayHelp | ClapError::DisplayVersion) {
        let _ = error.print();
        return Exit::Done.into();
    }
    let wants_json = arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    if wants_json {
        let text = error.render().to_string();
        let message = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        output::print_failure(&Failure::usage(message).hint("Try it with --help."));
    }
    let _ = error.print();
    Exit::Usage.into()
}
