//! Dependencies point one way only, as ARCHITECTURE.md draws it.

use std::collections::BTreeSet;

use super::verdict;
use crate::metadata::Metadata;

/// What a crate of the workspace may be built from.
struct Rule {
    name: &'static str,
    /// The other crates of the workspace that it may name.
    ours: &'static [&'static str],
    /// Crates from outside that may not be in its tree at any depth; `tauri*` stands for all that begin so.
    never: &'static [&'static str],
}

const IO: &[&str] = &[
    "async-io",
    "async-std",
    "hickory-resolver",
    "hyper",
    "if-addrs",
    "if-watch",
    "keyring",
    "mio",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "surge-ping",
    "tauri*",
    "tempfile",
    "tokio",
    "tokio-util",
];

const RULES: &[Rule] = &[
    Rule {
        name: "trunkline-protocol",
        ours: &[],
        never: IO,
    },
    Rule {
        name: "trunkline-document",
        ours: &[],
        never: IO,
    },
    Rule {
        name: "trunkline-core",
        ours: &["trunkline-protocol", "trunkline-document"],
        never: &["clap", "indicatif", "tauri*"],
    },
    Rule {
        name: "trunkline-simulator",
        ours: &["trunkline-protocol", "trunkline-document"],
        never: &["clap", "indicatif", "tauri*"],
    },
    Rule {
        name: "trunkline-cli",
        ours: &[
            "trunkline-core",
            "trunkline-simulator",
            "trunkline-protocol",
            "trunkline-document",
        ],
        never: &["tauri*"],
    },
    Rule {
        name: "trunkline-desktop",
        ours: &["trunkline-core", "trunkline-simulator"],
        never: &[],
    },
    Rule {
        name: "trunkline-tests",
        ours: &[
            "trunkline-cli",
            "trunkline-core",
            "trunkline-simulator",
            "trunkline-protocol",
            "trunkline-document",
        ],
        never: &[],
    },
    Rule {
        name: "trunkline-bare-window",
        ours: &[],
        never: &[],
    },
    Rule {
        name: "xtask",
        ours: &[],
        never: &["tauri*"],
    },
];

/// Compares every crate of the workspace with its rule. A crate without a rule is an error: its place is to be chosen.
pub(crate) fn run() -> Result<String, String> {
    let metadata = Metadata::load()?;
    let ours: BTreeSet<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in metadata.members() {
        match RULES.iter().find(|rule| rule.name == package.name) {
            Some(rule) => {
                wrong.extend(broken(
                    rule,
                    &ours,
                    &metadata.direct(package),
                    &metadata.transitive(package),
                ));
            }
            None => wrong.push(format!(
                "{}: has no rule in xtask/src/check/dependencies.rs",
                package.name
            )),
        }
    }
    verdict(&wrong, format!("{} crates as drawn", ours.len()))
}

fn broken(rule: &Rule, ours: &BTreeSet<&str>, direct: &BTreeSet<&str>, all: &BTreeSet<&str>) -> Vec<String> {
    let arrows = direct
        .iter()
        .filter(|name| ours.contains(*name) && !rule.ours.contains(name))
        .map(|name| format!("{}: may not depend on {name}", rule.name));
    let never = all
        .iter()
        .filter(|name| rule.never.iter().any(|pattern| matches(pattern, name)))
        .map(|name| format!("{}: {name} may not be in its tree", rule.name));
    arrows.chain(never).collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |beginning| name.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(direct: &[&str], all: &[&str], expect: &[&str]) {
        let rule = Rule {
            name: "middle",
            ours: &["low"],
            never: &["tokio", "tauri*"],
        };
        let set = |names: &[&'static str]| -> BTreeSet<&'static str> { names.iter().copied().collect() };
        let ours = set(&["low", "middle", "high"]);
        assert_eq!(
            broken(
                &rule,
                &ours,
                &direct.iter().copied().collect(),
                &all.iter().copied().collect()
            ),
            expect
        );
    }

    #[test]
    fn only_the_arrows_that_are_drawn() {
        check(&["low", "serde"], &["low", "serde", "bytes"], &[]);
        check(&["high"], &["high"], &["middle: may not depend on high"]);
    }

    #[test]
    fn what_may_not_be_there_is_found_at_any_depth() {
        check(
            &["serde"],
            &["serde", "tokio"],
            &["middle: tokio may not be in its tree"],
        );
        check(
            &[],
            &["tauri-build", "tokio-util"],
            &["middle: tauri-build may not be in its tree"],
        );
    }
}
