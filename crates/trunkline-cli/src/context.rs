//! What every command has at hand.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use trunkline_core::{DataDir, Keychain, Local};

use crate::arguments::Globals;
use crate::failure::Failure;
use crate::output::Output;

/// The streams, the data folder, and the token that a signal fires.
#[derive(Debug)]
pub(crate) struct Context {
    globals: Globals,
    /// What is said.
    pub(crate) output: Output,
    /// Fires once, when somebody stops the program.
    pub(crate) cancel: CancellationToken,
}

impl Context {
    pub(crate) fn new(globals: Globals, output: Output) -> Self {
        Self {
            globals,
            output,
            cancel: CancellationToken::new(),
        }
    }

    /// Opens what this computer keeps, and says what must be said about it.
    pub(crate) fn local(&self) -> Result<Local, Failure> {
        let data = match &self.globals.data_dir {
            Some(folder) => DataDir::at(folder),
            None => DataDir::standard()?,
        };
        tracing::debug!(folder = %data.folder().display(), "data folder");
        let local = Local::open(&data, Arc::new(Keychain::new()))?;
        self.say_notices(&local);
        Ok(local)
    }

    /// Says what happened to the program's own files.
    pub(crate) fn say_notices(&self, local: &Local) {
        for notice in local.take_notices() {
            self.output.warn(&notice.to_string());
        }
    }
}
