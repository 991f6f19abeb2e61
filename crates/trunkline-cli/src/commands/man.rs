use std::path::PathBuf;

use clap::{Args, CommandFactory};
use trunkline_core::Error;

use super::Ended;
use crate::failure::{Exit, Failure};

/// Writes the manual pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  trunkline man ~/.local/share/man/man1")]
pub(crate) struct Arguments {
    /// The folder; it must exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<Ended, Failure> {
    let command = crate::arguments::Arguments::command();
    clap_mangen::generate_to(command, &arguments.folder)
        .map_err(|error| Error::storage(&arguments.folder, &error))?;
    Ok(Exit::Done.into())
}
