//! `cargo xtask bench NAME`: Trunkline beside its peers, in one run. What counts is the ratio; `benches/` has the methods.

#[cfg(target_os = "linux")]
mod discovery;
mod startup;
#[cfg(unix)]
mod transfer;
#[cfg(target_os = "linux")]
mod transfer_tftp;

use std::fs;
use std::path::PathBuf;

use crate::{command, system};

/// A comparison: its name, what it needs beside what every build needs, and how it is run.
type Bench = (&'static str, &'static [system::Need], fn() -> Result<(), String>);

const BENCHES: &[Bench] = &[
    #[cfg(target_os = "linux")]
    ("discovery", system::DISCOVERY_PEERS, discovery::run),
    ("startup", &[], startup::run),
    #[cfg(unix)]
    ("transfer", system::TRANSFER_PEERS, transfer::run),
    #[cfg(target_os = "linux")]
    ("tftp", system::TFTP_PEERS, transfer_tftp::run),
];

/// Runs the comparison with this name, once what it needs is installed.
pub(crate) fn run(name: &str) -> Result<(), String> {
    let Some((_, peers, bench)) = BENCHES.iter().find(|(known, ..)| *known == name) else {
        let known: Vec<&str> = BENCHES.iter().map(|(name, ..)| *name).collect();
        return Err(format!(
            "`{name}` is no comparison; there is {}",
            known.join(", ")
        ));
    };
    println!("{}.", system::run()?);
    system::provide(peers)?;
    bench()
}

/// Builds programs with the release profile; answers the folder that they are in. The features are those of the whole
/// workspace, as in every other build.
fn release(programs: &[&str]) -> Result<PathBuf, String> {
    println!("Building with the release profile (the first time takes some minutes) …");
    let mut cargo = command::cargo(&["build", "--release", "--workspace"]);
    for program in programs {
        cargo.args(["--bin", program]);
    }
    command::show(&mut cargo)?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| command::root().join("target"), PathBuf::from);
    Ok(target.join("release"))
}

/// Prints what was measured, and puts it into `benches/RESULTS.md` in place of what stood there under this heading.
fn record(heading: &str, text: &str) -> Result<(), String> {
    println!("\n## {heading}\n\n{text}");
    let path = command::root().join("benches").join("RESULTS.md");
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let before = fs::read_to_string(&path).map_err(said)?;
    fs::write(&path, replaced(&before, heading, text)).map_err(said)
}

/// The text with the section of this heading replaced, or added at its end.
fn replaced(before: &str, heading: &str, text: &str) -> String {
    let section = format!("## {heading}\n\n{}\n", text.trim_end());
    let start = before.find(&format!("## {heading}\n"));
    let Some(start) = start else {
        return format!("{}\n\n{section}", before.trim_end());
    };
    let rest = &before[start + 3..];
    match rest.find("\n## ") {
        Some(end) => format!("{}{section}\n{}", &before[..start], &rest[end + 1..]),
        None => format!("{}{section}", &before[..start]),
    }
}

/// The machine and its programs, as far as they say it.
fn machine() -> String {
    let first = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key))?.to_owned();
        Some(line.split([':', '=']).nth(1)?.trim().trim_matches('"').to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let system = first("/etc/os-release", "PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.into());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {processor}; {system}, kernel {}", kernel.trim())
}

/// The middle one; of an even count, the mean of the two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_takes_the_place_of_the_one_before() {
        let before = "# Results\n\n## A\n\nold\nold\n\n## B\n\nkept\n";
        assert_eq!(
            replaced(before, "A", "new\n"),
            "# Results\n\n## A\n\nnew\n\n## B\n\nkept\n"
        );
        assert_eq!(
            replaced(before, "B", "new"),
            "# Results\n\n## A\n\nold\nold\n\n## B\n\nnew\n"
        );
        assert_eq!(replaced("# Results\n", "C", "new"), "# Results\n\n## C\n\nnew\n");
    }

    #[test]
    fn the_median_is_the_middle() {
        for (values, expect) in [
            (&[3.0, 1.0, 2.0][..], 2.0),
            (&[4.0, 1.0, 2.0, 3.0], 2.5),
            (&[7.0], 7.0),
        ] {
            assert!((median(values) - expect).abs() < f64::EPSILON, "{values:?}");
        }
    }
}
