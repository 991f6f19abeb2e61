//! `cargo xtask demo`: the main job on the command line, on virtual units, each step explained before it is shown.
//!
//! It has a data folder of its own that is gone afterwards, takes free ports of this machine only, and gives its
//! passwords by environment or standard input, so neither the user's sites nor the user's keychain are touched.

mod scene;
pub(crate) mod site;
mod window;

use std::fs;
use std::path::{Path, PathBuf};

use scene::{Expect, Stage};
use site::{Site, VirtualUnit};

use crate::{command, system};

/// The unit of crates/trunkline-simulator/demo.toml that the demonstration works on.
const UNIT: &str = "Head Office";
/// Open secrets: they are written in demo.toml and open nothing else.
const USER: &str = "Administrator";
const PASSWORD: &str = "demo-Pass-1";

/// Opens the window on the demo site; without a display, walks the main job on the command line and then in the
/// window on a screen that nobody sees.
pub(crate) fn run() -> Result<(), String> {
    println!("{}.", system::run()?);
    if window::can_be_seen() {
        return window::open();
    }
    walk_on_the_command_line()?;
    window::take_pictures()
}

/// Builds the command line, starts the demo site, walks the main job, and ends the site.
fn walk_on_the_command_line() -> Result<(), String> {
    println!("Building the command line (the first time takes some minutes) …");
    let program = build("trunkline")?;
    let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    let stage = Stage::new(&program, folder.path(), PASSWORD);

    stage.explain("A site of virtual units starts on free ports of this machine.");
    let site = Site::start(&program, Path::new("crates/trunkline-simulator/demo.toml"))?;
    let unit = site.unit(UNIT)?.clone();
    walk(&stage, &site, &unit, folder.path())?;

    stage.explain("The site is switched off, so the unit is gone: exit status 3, and what to check.");
    drop(site);
    stage.show(
        &["receive", &unit.target(), "--user", USER, "--out", "gone.xml"],
        &Expect::exit(3),
    )?;
    println!(
        "\nThat was the whole job. Nothing outside {} was written, and that folder is removed now.",
        folder.path().display()
    );
    Ok(())
}

fn walk(stage: &Stage, site: &Site, unit: &VirtualUnit, folder: &Path) -> Result<(), String> {
    let target = unit.target();
    let criteria = site.search_criteria();
    let done = Expect::exit(0);

    stage.explain("Find the units: each address of the search criteria is asked who it is.");
    stage.show(&["discover", "--search", &criteria], &done.saying(UNIT))?;

    stage.explain(
        "Receive the configuration of one of them, over TLS; its certificate is pinned on first use.",
    );
    stage.show(
        &["receive", &target, "--user", USER, "--out", "office.xml"],
        &done,
    )?;

    stage.explain("Change one value in the file, as any editor would.");
    let (before, after) = edit(&folder.join("office.xml"), &folder.join("changed.xml"))?;
    println!("changed.xml: FullName `{before}` is now `{after}`");

    stage.explain("See what is different, entity by entity.");
    stage.show(&["diff", "office.xml", "changed.xml"], &done.saying(&after))?;

    stage.explain("Send it by merge: no restart. What the unit has is copied first, and its revision must be the known one.");
    stage.show(
        &["send", &target, "changed.xml", "--user", USER, "--mode", "merge"],
        &done,
    )?;

    stage.explain("Receive again, and compare with the first: the unit has the change.");
    stage.show(&["receive", &target, "--user", USER, "--out", "again.xml"], &done)?;
    stage.show(&["diff", "office.xml", "again.xml"], &done.saying(&after))?;

    stage.explain(
        "A wrong password is tried once and never again by itself: exit status 4, and the attempts left.",
    );
    let wrong = [
        "receive",
        &target,
        "--user",
        USER,
        "--password-stdin",
        "--out",
        "never.xml",
    ];
    stage.show_with_password("not the password", &wrong, &Expect::exit(4).saying("left"))
}

/// Builds a program and returns where it is. The features are those of the whole workspace, as for every other build:
/// with those of one package alone, most dependencies would be compiled once more.
fn build(program: &str) -> Result<PathBuf, String> {
    let messages = command::output(
        command::cargo(&[
            "build",
            "--workspace",
            "--bin",
            program,
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(std::process::Stdio::inherit()),
    )?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == program)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cargo built {program}, but did not say where it is"))
}

/// Copies a configuration with the first user's full name changed; returns the old and the new name.
fn edit(from: &Path, to: &Path) -> Result<(String, String), String> {
    let text = fs::read_to_string(from).map_err(|error| format!("{}: {error}", from.display()))?;
    let (before, after, changed) = change_first_full_name(&text)
        .ok_or_else(|| format!("{} holds no <FullName> that could be changed", from.display()))?;
    fs::write(to, changed).map_err(|error| format!("{}: {error}", to.display()))?;
    Ok((before, after))
}

fn change_first_full_name(text: &str) -> Option<(String, String, String)> {
    let start = text.find("<FullName>")? + "<FullName>".len();
    let end = start + text[start..].find("</FullName>")?;
    let before = text[start..end].to_owned();
    let after = format!("{before} (Reception)");
    let changed = format!("{}{after}{}", &text[..start], &text[end..]);
    Some((before, after, changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_full_name_is_changed_and_nothing_else() {
        let text = "<User><FullName>Ada</FullName></User><User><FullName>Bob</FullName></User>";
        let (before, after, changed) = change_first_full_name(text).unwrap();
        assert_eq!((before.as_str(), after.as_str()), ("Ada", "Ada (Reception)"));
        assert_eq!(changed, text.replace("Ada", "Ada (Reception)"));
        assert_eq!(change_first_full_name("<data/>"), None);
    }
}
