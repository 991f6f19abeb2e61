use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Ended;
use crate::failure::{Exit, Failure};
use crate::output;

/// Prints the completions for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  trunkline completions bash > ~/.local/share/bash-completion/completions/trunkline"
)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ended, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut crate::arguments::Arguments::command(),
        "trunkline",
        &mut script,
    );
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done.into())
}
