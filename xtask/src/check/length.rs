//! Files stay short enough to be read in one go.

use super::verdict;
use crate::tree::{self, TextFile};

const ENDINGS: &[&str] = &[".rs", ".ts", ".js", ".mjs", ".svelte", ".css", ".sh"];
const MOST: usize = 500;
/// In the first lines of a file that has a good reason to be longer, with the reason behind it.
const REASON: &str = "// Length: ";
const REASON_WITHIN: usize = 5;

/// Measures every source file.
pub(crate) fn run() -> Result<String, String> {
    let files = tree::text_files(ENDINGS)?;
    let wrong: Vec<String> = files.iter().filter_map(too_long).collect();
    let longest = files.iter().max_by_key(|file| file.text.lines().count());
    let longest =
        longest.map(|file| format!("the longest is {} with {}", file.path, file.text.lines().count()));
    verdict(
        &wrong,
        format!("{} files, {}", files.len(), longest.unwrap_or_default()),
    )
}

fn too_long(file: &TextFile) -> Option<String> {
    let lines = file.text.lines().count();
    let excused = file
        .text
        .lines()
        .take(REASON_WITHIN)
        .any(|line| line.trim().starts_with(REASON));
    (lines > MOST && !excused).then(|| {
        format!(
            "{}: {lines} lines; split it, or give a reason with `{REASON}`",
            file.path
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, lines: usize, expect: bool) {
        let text = format!("{head}{}", "line\n".repeat(lines));
        let file = TextFile {
            path: "a.rs".into(),
            text,
        };
        assert_eq!(too_long(&file).is_some(), expect);
    }

    #[test]
    fn five_hundred_lines_unless_there_is_a_reason() {
        check("", MOST, false);
        check("", MOST + 1, true);
        check("// Length: one table\n", MOST, false);
        check("a\nb\nc\nd\ne\n// Length: too late\n", MOST, true);
    }
}
