//! The table of checks that `cargo xtask test` runs, and how it runs them.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

use crate::{check, command, system, ui};

/// One check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Where one of these failed in the same run, this one has nothing to say and is left out.
    pub(crate) needs: &'static [&'static str],
    /// What was found: a few words where all is well, else what is wrong.
    pub(crate) run: fn() -> Result<String, String>,
}

/// Every check, cheap ones first. A new check is a new line here.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "system",
        about: "what the build and the tests need of this machine",
        needs: &[],
        run: system::run,
    },
    Step {
        name: "fmt",
        about: "every Rust file is formatted",
        needs: &[],
        run: fmt,
    },
    Step {
        name: "dependencies",
        about: "dependencies point one way only",
        needs: &[],
        run: check::dependencies::run,
    },
    Step {
        name: "licences",
        about: "deny.toml allows every licence",
        needs: &[],
        run: check::licences::run,
    },
    Step {
        name: "links",
        about: "every link inside the documents leads somewhere",
        needs: &[],
        run: check::links::run,
    },
    Step {
        name: "words",
        about: "no unfinished work, no package registry's address",
        needs: &[],
        run: check::words::run,
    },
    Step {
        name: "length",
        about: "files stay under 500 lines",
        needs: &[],
        run: check::length::run,
    },
    Step {
        name: "ui-install",
        about: "the packages of the window's pages",
        needs: &["system"],
        run: ui::install,
    },
    Step {
        name: "ui-check",
        about: "the pages' types, lints and formatting",
        needs: &["ui-install"],
        run: ui::check,
    },
    Step {
        name: "ui-unit",
        about: "the pages' tests without a browser",
        needs: &["ui-install"],
        run: ui::unit,
    },
    Step {
        name: "ui-build",
        about: "the pages that the window carries",
        needs: &["ui-install"],
        run: ui::build,
    },
    Step {
        name: "ui-browser",
        about: "the pages in a browser: by keyboard, in both themes, and accessible",
        needs: &["ui-install"],
        run: ui::browser,
    },
    Step {
        name: "clippy",
        about: "no warning from the compiler or clippy",
        needs: &["system", "ui-build"],
        run: clippy,
    },
    Step {
        name: "doc",
        about: "the documentation of the code builds without a warning",
        needs: &["clippy"],
        run: doc,
    },
    Step {
        name: "build",
        about: "the programs that the tests run",
        needs: &["clippy"],
        run: build,
    },
    Step {
        name: "test",
        about: "every test",
        needs: &["clippy", "build"],
        run: test,
    },
    Step {
        name: "window",
        about: "the main job in the real window, with a real keychain",
        needs: &["ui-build", "build"],
        run: ui::window,
    },
];

#[derive(Debug, PartialEq)]
enum Outcome {
    Passed(String),
    Failed(String),
    LeftOut(String),
}

/// Runs these steps to the last one, whatever fails, and prints the summary.
pub(crate) fn run(steps: &[&Step]) -> ExitCode {
    let start = Instant::now();
    let report = run_each(steps);
    println!("\n== summary ({:.0} s)", start.elapsed().as_secs_f64());
    summarise(&report)
}

fn run_each(steps: &[&Step]) -> Vec<(&'static str, Outcome)> {
    let mut broken = BTreeSet::new();
    let mut report = Vec::new();
    for step in steps {
        println!("\n== {}: {}", step.name, step.about);
        let begin = Instant::now();
        let outcome = match step.needs.iter().find(|need| broken.contains(*need)) {
            Some(need) => Outcome::LeftOut(format!("left out, as {need} did not pass")),
            None => match (step.run)() {
                Ok(detail) => Outcome::Passed(detail),
                Err(reason) => Outcome::Failed(reason),
            },
        };
        let (word, detail) = match &outcome {
            Outcome::Passed(detail) => ("passed", detail),
            Outcome::Failed(reason) => ("FAILED", reason),
            Outcome::LeftOut(reason) => ("LEFT OUT", reason),
        };
        println!(
            "{word} {} ({:.1} s): {detail}",
            step.name,
            begin.elapsed().as_secs_f64()
        );
        if !matches!(outcome, Outcome::Passed(_)) {
            broken.insert(step.name);
        }
        report.push((step.name, outcome));
    }
    report
}

fn summarise(report: &[(&str, Outcome)]) -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    for (name, outcome) in report {
        match outcome {
            Outcome::Passed(detail) => {
                passed += 1;
                println!("passed    {name}: {detail}");
            }
            Outcome::Failed(reason) => {
                failed += 1;
                println!("FAILED    {name}: {}", reason.lines().next().unwrap_or_default());
            }
            Outcome::LeftOut(reason) => println!("LEFT OUT  {name}: {reason}"),
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints the steps' names and what they are about.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:13} {}", step.name, step.about);
    }
}

/// The steps of a list of names with commas between, in the table's order.
pub(crate) fn select(names: &str) -> Result<Vec<&'static Step>, String> {
    let names: BTreeSet<&str> = names.split(',').map(str::trim).collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| !STEPS.iter().any(|step| step.name == **name))
    {
        return Err(format!(
            "there is no check `{unknown}`; `cargo xtask test --list` lists them"
        ));
    }
    Ok(STEPS.iter().filter(|step| names.contains(step.name)).collect())
}

fn fmt() -> Result<String, String> {
    command::show(&mut command::cargo(&["fmt", "--all", "--check"]))
        .map(|()| "all formatted".to_owned())
        .map_err(|_| "some files are not formatted as `cargo fmt --all` does it".to_owned())
}

fn clippy() -> Result<String, String> {
    command::show(&mut command::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
    .map(|()| "no warning".to_owned())
}

/// Private items are documented too, for those who work on them, so links to them are right.
fn doc() -> Result<String, String> {
    let mut command = command::cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    command::show(command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))
        .map(|()| "no warning".to_owned())
}

/// This program is left out: it runs, and where a running program's file can not be replaced the build would fail.
fn build() -> Result<String, String> {
    command::show(&mut command::cargo(&[
        "build",
        "--workspace",
        "--exclude",
        "xtask",
        "--quiet",
    ]))
    .map(|()| "built".to_owned())
}

fn test() -> Result<String, String> {
    let mut tally = Tally::default();
    let result = command::show_and_see(
        &mut command::cargo(&["test", "--workspace", "--no-fail-fast"]),
        |line| {
            tally.see(line);
        },
    );
    tally.said(result)
}

/// Adds up the result lines of all test programs.
#[derive(Default, Debug, PartialEq)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Tally {
    /// The numbers, with what went wrong.
    pub(crate) fn said(&self, result: Result<(), String>) -> Result<String, String> {
        let said = format!(
            "{} tests passed, {} failed, {} ignored",
            self.passed, self.failed, self.ignored
        );
        match result {
            Ok(()) => Ok(said),
            Err(reason) => Err(format!("{said}; {reason}")),
        }
    }

    pub(crate) fn see(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, word)) = count.split_once(' ') else {
                continue;
            };
            let number: u32 = number.parse().unwrap_or(0);
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_stands_earlier_in_the_table() {
        for (position, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(
                    STEPS[..position].iter().any(|earlier| earlier.name == *need),
                    "{} needs {need}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let step = |name, needs, run| Step {
            name,
            about: "",
            needs,
            run,
        };
        let bad = step("bad", &[], || Err("broken".into()));
        let after = step("after", &["bad"], || Ok("never".into()));
        let last = step("last", &["after"], || Ok("never".into()));
        let good = step("good", &["absent"], || Ok("fine".into()));
        let outcomes: Vec<_> = run_each(&[&bad, &after, &last, &good])
            .into_iter()
            .map(|(_, outcome)| outcome)
            .collect();
        let expect = [
            Outcome::Failed("broken".into()),
            Outcome::LeftOut("left out, as bad did not pass".into()),
            Outcome::LeftOut("left out, as after did not pass".into()),
            Outcome::Passed("fine".into()),
        ];
        assert_eq!(outcomes, expect);
    }

    #[test]
    fn steps_are_selected_in_the_tables_order() {
        let names =
            |list: &str| select(list).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>());
        assert_eq!(names("clippy, fmt"), Ok(vec!["fmt", "clippy"]));
        assert!(names("fmt,nonsense").unwrap_err().contains("`nonsense`"));
    }

    #[test]
    fn result_lines_are_added_up_and_nothing_else() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "5 passed; 5 failed",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ] {
            tally.see(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 5,
                failed: 1,
                ignored: 1
            }
        );
    }
}
