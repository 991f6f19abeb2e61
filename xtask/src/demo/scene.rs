//! Showing a command with its real output, and holding it to what it should do.

use std::cell::Cell;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::command;

/// What a command has to do for the demonstration to be true.
#[derive(Clone)]
pub(crate) struct Expect {
    exit: i32,
    says: Option<String>,
}

impl Expect {
    /// This exit status.
    pub(crate) fn exit(exit: i32) -> Self {
        Self { exit, says: None }
    }

    /// And these words, somewhere in the output.
    pub(crate) fn saying(&self, words: &str) -> Self {
        Self {
            exit: self.exit,
            says: Some(words.to_owned()),
        }
    }

    fn check(&self, exit: Option<i32>, said: &str) -> Result<(), String> {
        if exit != Some(self.exit) {
            let exit = exit.map_or("a signal".to_owned(), |status| status.to_string());
            return Err(format!(
                "exit status {} was expected, and it was {exit}",
                self.exit
            ));
        }
        match &self.says {
            Some(words) if !said.contains(words) => Err(format!("`{words}` was expected in the output")),
            _ => Ok(()),
        }
    }
}

/// Where the demonstration happens: the program, its folder, and the password that it gets by environment.
pub(crate) struct Stage {
    program: PathBuf,
    folder: PathBuf,
    password: &'static str,
    step: Cell<u32>,
}

impl Stage {
    /// Commands run in `folder`, where their data folder is made too.
    pub(crate) fn new(program: &Path, folder: &Path, password: &'static str) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            password,
            step: Cell::new(0),
        }
    }

    /// Says in one line what comes next.
    pub(crate) fn explain(&self, line: &str) {
        self.step.set(self.step.get() + 1);
        println!("\n{}. {line}", self.step.get());
    }

    /// Runs a command and shows it.
    pub(crate) fn show(&self, arguments: &[&str], expect: &Expect) -> Result<(), String> {
        let mut command = self.command(arguments);
        command.env("TRUNKLINE_PASSWORD", self.password);
        println!("$ {}", typed(arguments));
        let output = command
            .output()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        judge(arguments, &output, expect)
    }

    /// As [`Self::show`], with this password on standard input and none in the environment.
    pub(crate) fn show_with_password(
        &self,
        password: &str,
        arguments: &[&str],
        expect: &Expect,
    ) -> Result<(), String> {
        let failed = |error| format!("{}: {error}", self.program.display());
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        println!("$ echo '{password}' | {}", typed(arguments));
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            // A program that ends without reading closes the pipe; its exit status then tells more than this would.
            let _ = writeln!(input, "{password}");
        }
        let output = child.wait_with_output().map_err(failed)?;
        judge(arguments, &output, expect)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command::program(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("TRUNKLINE_DATA_DIR", self.folder.join("data"))
            .env_remove("TRUNKLINE_PASSWORD")
            .env_remove("TRUNKLINE_SYSTEM_PASSWORD");
        command
    }
}

fn judge(arguments: &[&str], output: &Output, expect: &Expect) -> Result<(), String> {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    print!("{said}");
    if !output.status.success() {
        println!("(exit status {})", output.status.code().unwrap_or(-1));
    }
    expect
        .check(output.status.code(), &said)
        .map_err(|reason| format!("{}: {reason}", typed(arguments)))
}

/// A command as one would type it.
fn typed(arguments: &[&str]) -> String {
    arguments.iter().fold("trunkline".to_owned(), |line, argument| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,[]".contains(c);
        if argument.chars().all(plain) {
            format!("{line} {argument}")
        } else {
            format!("{line} '{argument}'")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_so_that_it_could_be_typed() {
        assert_eq!(
            typed(&["discover", "--search", "a:1;b:2"]),
            "trunkline discover --search 'a:1;b:2'"
        );
    }

    #[test]
    fn what_is_expected_is_checked() {
        assert_eq!(Expect::exit(0).check(Some(0), ""), Ok(()));
        assert!(Expect::exit(4).check(Some(0), "").is_err());
        assert!(Expect::exit(0).check(None, "").is_err());
        assert!(Expect::exit(0).saying("Ada").check(Some(0), "Bob").is_err());
        assert_eq!(Expect::exit(0).saying("Ada").check(Some(0), "Ada, Bob"), Ok(()));
    }
}
