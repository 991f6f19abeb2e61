//! What is said, and where: documents and tables on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use indicatif::MultiProgress;
use serde::Serialize;
use trunkline_core::{Error, ErrorKind};

use crate::arguments::Globals;
use crate::failure::Failure;
use crate::text::clean;

/// The two streams, and how much is said on them.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// One JSON document instead of text for people.
    pub(crate) json: bool,
    quiet: bool,
    /// Whether progress is drawn.
    pub(crate) draws: bool,
    /// Where it is drawn, so that messages do not tear it.
    pub(crate) bars: MultiProgress,
}

impl Output {
    pub(crate) fn new(globals: &Globals) -> Self {
        let draws =
            !globals.no_progress && !globals.quiet && globals.verbose == 0 && io::stderr().is_terminal();
        Self {
            json: globals.json,
            quiet: globals.quiet,
            draws,
            bars: MultiProgress::new(),
        }
    }

    /// What is good to know.
    pub(crate) fn say(&self, text: &str) {
        if !self.quiet {
            self.to_stderr(text);
        }
    }

    /// What must be known, also by those who asked for quiet.
    pub(crate) fn warn(&self, text: &str) {
        self.to_stderr(&format!("warning: {text}"));
    }

    /// The one document of a command, or, for people, what `text` makes of it; there what others wrote is clean already.
    pub(crate) fn document(
        &self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if self.json {
            return print(&to_json(document)?);
        }
        let text = text();
        if text.is_empty() { Ok(()) } else { print(&text) }
    }

    /// Says why it failed, and with which exit status that ends.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        if self.json {
            print_failure(failure);
        }
        self.to_stderr(&format!("error: {}", failure.message()));
        if !failure.next_step().is_empty() {
            self.to_stderr(&format!("hint: {}", failure.next_step()));
        }
        failure.exit().into()
    }

    fn to_stderr(&self, text: &str) {
        // Nobody is left to be told when standard error is gone.
        self.bars
            .suspend(|| writeln!(io::stderr(), "{}", clean(text)).ok());
    }
}

/// Prints the document of a failure.
pub(crate) fn print_failure(failure: &Failure) {
    if let Ok(text) = to_json(&failure.to_json()) {
        // A reader that went away is no second failure.
        let _ = print(&text);
    }
}

/// Whether colours are wanted on standard output.
pub(crate) fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes to standard output; a reader that went away early (`| head`) has what it wanted.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// As [`print()`], of bytes that are a file.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| {
        if bytes.ends_with(b"\n") {
            Ok(())
        } else {
            stdout.write_all(b"\n")
        }
    });
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(stdout_failed(&error)),
        _ => Ok(()),
    }
}

/// Standard output can not be written.
pub(crate) fn stdout_failed(error: &io::Error) -> Failure {
    Error::new(ErrorKind::Storage {
        path: "standard output".into(),
        what: error.to_string(),
    })
    .into()
}

fn to_json(document: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(document)
        .map_err(|error| Failure::other(format!("no JSON can be made of it: {error}")))
}
