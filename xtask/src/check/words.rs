//! Nothing unfinished is left in the tree, and nothing that names a package registry's address.

use super::verdict;
use crate::tree::{self, TextFile};

const ENDINGS: &[&str] = &[
    ".rs", ".ts", ".js", ".mjs", ".svelte", ".css", ".html", ".sh", ".toml", ".json", ".yml", ".yaml",
    ".npmrc", ".md",
];

/// Marks of unfinished work, in two halves so that this file does not hold them itself.
const UNFINISHED: &[(&str, &str)] = &[
    ("todo", "!("),
    ("unimplemented", "!("),
    ("FIX", "ME"),
    ("XX", "X"),
    ("TO", "DO"),
];

/// Lines that tie the tree to one machine's package registry, by file: it is each machine's own setting.
const REGISTRY: &[(&str, &str)] = &[
    ("package-lock.json", "\"resolved\": \"http"),
    (".npmrc", "registry="),
    ("config.toml", "registry+http"),
    ("config.toml", "sparse+http"),
    ("Cargo.toml", "registry-index"),
];

/// Reads every text file.
pub(crate) fn run() -> Result<String, String> {
    let files = tree::text_files(ENDINGS)?;
    let wrong: Vec<String> = files.iter().flat_map(found).collect();
    verdict(&wrong, format!("{} files", files.len()))
}

fn found(file: &TextFile) -> Vec<String> {
    let registry: Vec<&str> = REGISTRY
        .iter()
        .filter(|(name, _)| file.path.ends_with(name))
        .map(|(_, part)| *part)
        .collect();
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for (first, second) in UNFINISHED {
            let word = format!("{first}{second}");
            if holds_word(line, &word) {
                found.push(format!("{}:{number}: `{word}`", file.path));
            }
        }
        if let Some(part) = registry.iter().find(|part| line.contains(**part)) {
            found.push(format!(
                "{}:{number}: names a package registry (`{part}`)",
                file.path
            ));
        }
    }
    found
}

/// Whether the word stands there by itself, and not as a part of a longer one (as in a template of `mktemp`).
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = line[..at].chars().next_back().is_some_and(part_of_word);
        let after = !word.ends_with('(') && line[at + word.len()..].chars().next().is_some_and(part_of_word);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expect: usize) {
        let file = TextFile {
            path: path.into(),
            text: text.into(),
        };
        assert_eq!(found(&file).len(), expect, "{:?}", found(&file));
    }

    #[test]
    fn unfinished_work() {
        check("a.rs", &["// FIX", "ME: later"].concat(), 1);
        check("a.rs", &["fn f() { todo", "!() }"].concat(), 1);
        check("a.rs", &["mktemp /tmp/XX", "XXXX"].concat(), 0);
        check("a.rs", &["\"\\u{XX", "X}\" "].concat(), 1);
        check("a.rs", "fn todo_list() {}", 0);
    }

    #[test]
    fn registries() {
        check(
            "ui/package-lock.json",
            "  \"resolved\": \"https://example.org/a.tgz\",",
            1,
        );
        check(
            "ui/package.json",
            "  \"resolved\": \"https://example.org/a.tgz\",",
            0,
        );
        check(".npmrc", "registry=somewhere", 1);
    }
}
