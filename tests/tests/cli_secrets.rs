//! The password is nowhere: not in what is said, logged or kept, and not among the arguments.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;
use std::path::Path;

use cli_support::{Computer, PASSWORD, Site};

/// Everything that a command said or kept, and by which name it is found again.
struct Traces(Vec<(String, Vec<u8>)>);

impl Traces {
    fn holding(&self, wanted: &str) -> Vec<&str> {
        let hex = wanted
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat();
        let escaped: String = wanted.escape_unicode().collect();
        let forms = [wanted.as_bytes(), hex.as_bytes(), escaped.as_bytes()];
        let holds = |bytes: &[u8]| {
            forms
                .iter()
                .any(|form| bytes.windows(form.len()).any(|window| window == *form))
        };
        self.0
            .iter()
            .filter(|(_, bytes)| holds(bytes))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn add_files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.add_files(&path);
            } else {
                self.0
                    .push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
}

#[test]
fn the_password_is_in_nothing_that_is_said_logged_or_kept() {
    const WRONG: &str = "falsch-Ünd-geheim";
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    let mut traces = Traces(Vec::new());
    let receive = ["receive", &target, "--out", "a.xml", "-vvv"];
    let first = computer.run_as_user(&receive).exits(0);
    computer.edit("a.xml", "b.xml", "<FullName>", "<FullName>Zoë ");
    let by_stdin = format!("{PASSWORD}\n");
    for (what, outcome) in [
        ("receive", first),
        ("wrong", computer.run_with_input(&format!("{WRONG}\n"), &receive)),
        (
            "json",
            computer.run_with_input(
                &by_stdin,
                &["receive", &target, "--out", "c.xml", "--json", "-vvv"],
            ),
        ),
        (
            "send",
            computer.run_with_input(&by_stdin, &["send", &target, "b.xml", "--mode", "merge", "-vvv"]),
        ),
        ("login", computer.run_as_user(&["login", &target, "-vvv"])),
        (
            "plain",
            computer.run_as_user(&[
                "receive",
                &target,
                "--out",
                "d.xml",
                "--tls",
                "off",
                "--allow-plain",
                "-vvv",
            ]),
        ),
        (
            "reboot",
            computer.run_as_user(&["reboot", &target, "--mode", "when-free", "-vvv", "--json"]),
        ),
        (
            "too long",
            computer.run_with_input(&format!("{PASSWORD}{}\n", "x".repeat(5000)), &receive),
        ),
    ] {
        traces.0.push((format!("stdout of {what}"), outcome.stdout));
        traces
            .0
            .push((format!("stderr of {what}"), outcome.stderr.into_bytes()));
    }
    traces.add_files(computer.folder());
    for secret in [PASSWORD, WRONG] {
        assert_eq!(traces.holding(secret), [""; 0], "{secret} was found");
    }
    assert!(
        traces.holding(&target).len() > 5,
        "the search finds what is there"
    );
    assert!(
        traces
            .holding("revision")
            .iter()
            .any(|name| name.ends_with("received.json"))
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_password_is_not_among_the_arguments_of_the_process() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::Stdio;

    let computer = Computer::new();
    let site = Site::one(&computer, "faults = ['stall:1000']");
    let mut command = computer.command(&[
        "receive",
        &site.target(),
        "--out",
        "a.xml",
        "-v",
        "--password-stdin",
    ]);
    let mut child = command
        .args(["--user", cli_support::USER])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Receiving")), "it never logged in");
    let process = Path::new("/proc").join(child.id().to_string());
    for name in ["cmdline", "environ"] {
        let bytes = fs::read(process.join(name)).unwrap();
        let traces = Traces(vec![(name.into(), bytes)]);
        assert_eq!(traces.holding(PASSWORD), [""; 0]);
        let known = if name == "cmdline" {
            "--password-stdin"
        } else {
            "TRUNKLINE_DATA_DIR"
        };
        assert_eq!(traces.holding(known), [name], "the search finds what is there");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
