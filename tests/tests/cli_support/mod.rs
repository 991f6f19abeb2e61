//! The program itself, on a computer of its own, beside virtual units that it runs too.

#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The service user of every virtual unit.
pub(crate) const USER: &str = "Administrator";
/// Its password.
pub(crate) const PASSWORD: &str = "Grüße-42-geheim";

/// The program, built once for each test program that runs it, so that no old one is tested.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).unwrap();
        if let Some(cargo) = std::env::var_os("CARGO") {
            let mut build = Command::new(cargo);
            // Not the package alone: its dependencies would be compiled again, with fewer features.
            build.args(["build", "--quiet", "--workspace", "--bin", "trunkline"]);
            build.env("CARGO_TARGET_DIR", folder.parent().unwrap());
            if folder.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().unwrap().success(), "trunkline can not be built");
        }
        folder.join(format!("trunkline{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A computer on which nothing was done yet, without a keychain.
pub(crate) struct Computer {
    folder: TempDir,
}

/// What a command did.
pub(crate) struct Outcome {
    /// The exit status; `None` after a signal.
    pub(crate) exit: Option<i32>,
    /// Standard output.
    pub(crate) stdout: Vec<u8>,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Computer {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    /// The folder in which commands run.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the folder in which commands run.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The text of a file.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// Writes a copy of a file with the first `before` replaced.
    pub(crate) fn edit(&self, from: &str, to: &str, before: &str, after: &str) {
        let text = self.text(from);
        assert!(text.contains(before), "{from} holds no {before}");
        fs::write(self.file(to), text.replacen(before, after, 1)).unwrap();
    }

    /// The names of the files in the folder in which commands run.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A command that sees nothing of whoever runs the tests.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if ["TRUNKLINE_", "XDG_", "DBUS_"]
                .iter()
                .any(|prefix| name_text.starts_with(prefix))
            {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.folder())
            .env("HOME", self.folder())
            .env("TRUNKLINE_DATA_DIR", self.file("data"))
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .env("COLUMNS", "100")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        end(self.command(arguments).spawn().unwrap())
    }

    /// Runs a command for the service user, with the password in the environment.
    pub(crate) fn run_as_user(&self, arguments: &[&str]) -> Outcome {
        end(self.as_user(arguments).spawn().unwrap())
    }

    /// As [`Self::run_as_user`], with these variables in the environment too.
    pub(crate) fn run_as_user_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let mut command = self.as_user(arguments);
        end(command.envs(environment.iter().copied()).spawn().unwrap())
    }

    /// A command for the service user, with the password in the environment.
    pub(crate) fn as_user(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.args(["--user", USER]).env("TRUNKLINE_PASSWORD", PASSWORD);
        command
    }

    /// Runs a command for the service user, with this on standard input.
    pub(crate) fn run_with_input(&self, input: &str, arguments: &[&str]) -> Outcome {
        let user = ["--user", USER, "--password-stdin"];
        self.run_on(input.as_bytes(), &[arguments, &user].concat())
    }

    /// Runs a command with this on standard input.
    pub(crate) fn run_on(&self, input: &[u8], arguments: &[&str]) -> Outcome {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses early does not read it.
        let _ = child.stdin.take().unwrap().write_all(input);
        end(child)
    }
}

/// Waits for a command's end.
pub(crate) fn end(child: Child) -> Outcome {
    let output = child.wait_with_output().unwrap();
    Outcome {
        exit: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        write!(
            f,
            "exit status {:?}\n--- stdout\n{stdout}--- stderr\n{}",
            self.exit, self.stderr
        )
    }
}

impl Outcome {
    /// Holds it to an exit status, and shows what it said where that is another.
    #[track_caller]
    pub(crate) fn exits(self, expect: i32) -> Self {
        assert_eq!(self.exit, Some(expect), "{self:?}");
        self
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The code in the document of a failure.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }

    /// Holds standard error to these words.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "{words:?} is not said in {self:?}");
        self
    }
}

/// Virtual units that run until this goes.
pub(crate) struct Site {
    child: Child,
    /// The lines that announce them.
    pub(crate) units: Vec<VirtualUnit>,
    /// The IP Search Criteria that find them.
    pub(crate) criteria: String,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct VirtualUnit {
    /// Its name.
    pub(crate) name: String,
    /// Its services base port on 127.0.0.1.
    pub(crate) base: u16,
    /// Its other ports, by the names under which they are announced.
    ports: Vec<(String, u16)>,
}

impl VirtualUnit {
    /// How a command names it.
    pub(crate) fn target(&self) -> String {
        format!("127.0.0.1:{}", self.base)
    }

    /// The port that is announced under this name, as an argument; 1, where nobody listens, if there is none.
    pub(crate) fn port(&self, name: &str) -> String {
        let port = self.ports.iter().find(|(other, _)| other == name);
        port.map_or(1, |(_, port)| *port).to_string()
    }
}

impl Site {
    /// One unit with these keys besides its name.
    pub(crate) fn one(computer: &Computer, keys: &str) -> Self {
        Self::of(computer, &[("Head Office", keys)])
    }

    /// Units with these names and keys, and one service user who may do everything.
    pub(crate) fn of(computer: &Computer, units: &[(&str, &str)]) -> Self {
        let mut text = format!("[[user]]\nname = '{USER}'\npassword = '{PASSWORD}'\nrights = ['all']\n");
        for (name, keys) in units {
            let name = format!("[[unit]]\nname = '{name}'\n");
            text.extend([&name, "size = 120000\nrestart_seconds = 0.2\n", keys, "\n"]);
        }
        let file = computer.file("site.toml");
        fs::write(&file, text).unwrap();
        let mut command = computer.command(&["simulate", file.to_str().unwrap(), "--listen", "127.0.0.1"]);
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let lines: Vec<_> = lines.take_while(|line| line != "ready").collect();
        fs::remove_file(file).unwrap();
        let units: Vec<_> = lines.iter().filter_map(|line| unit(line)).collect();
        let criteria = lines
            .iter()
            .find_map(|line| line.strip_prefix("criteria "))
            .unwrap_or_default()
            .to_owned();
        let site = Self {
            child,
            units,
            criteria,
        };
        assert!(!site.units.is_empty(), "no unit was announced: {lines:?}");
        site
    }

    /// The first unit, as a command names it.
    pub(crate) fn target(&self) -> String {
        self.units[0].target()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line such as `unit 127.0.0.1 discovery 22007 base 21997 … name "Head Office"`.
fn unit(line: &str) -> Option<VirtualUnit> {
    let (ports, name) = line.strip_prefix("unit ")?.split_once(" name ")?;
    let words: Vec<&str> = ports.split(' ').skip(1).collect();
    let ports: Vec<_> = words
        .chunks(2)
        .filter_map(|pair| Some((pair[0].to_owned(), pair.get(1)?.parse().ok()?)))
        .collect();
    let base = ports.iter().find(|(name, _)| name == "base")?.1;
    Some(VirtualUnit {
        name: name.trim_matches('"').to_owned(),
        base,
        ports,
    })
}
