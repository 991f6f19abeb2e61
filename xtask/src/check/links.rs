//! Every link inside the documents leads to a file that is there, and to a heading that is in it.

use std::collections::BTreeSet;

use super::verdict;
use crate::command;
use crate::tree::{self, TextFile};

/// Follows the links of every Markdown file. Links to other machines are not followed.
pub(crate) fn run() -> Result<String, String> {
    let files = tree::text_files(&[".md"])?;
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in &files {
        for link in links(&file.text).into_iter().filter(|link| is_ours(link)) {
            count += 1;
            if let Some(reason) = broken(file, &link, &files) {
                wrong.push(format!("{}: `{link}` {reason}", file.path));
            }
        }
    }
    verdict(&wrong, format!("{count} links in {} documents", files.len()))
}

fn is_ours(link: &str) -> bool {
    !link.contains("://") && !link.starts_with("mailto:")
}

fn broken(file: &TextFile, link: &str, files: &[TextFile]) -> Option<String> {
    let (path, heading) = link
        .split_once('#')
        .map_or((link, None), |(path, heading)| (path, Some(heading)));
    let target = if path.is_empty() {
        Some(file.path.clone())
    } else {
        resolve(&file.path, path)
    };
    let Some(target) = target else {
        return Some("leads out of the tree".to_owned());
    };
    if !command::root().join(&target).exists() {
        return Some(format!("leads to {target}, which is not there"));
    }
    let heading = heading?;
    let text = &files.iter().find(|other| other.path == target)?.text;
    (!headings(text).contains(heading)).then(|| format!("leads to a heading that is not in {target}"))
}

/// The path from the workspace's folder of a link that stands in `from`.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The lines that are prose: what stands in a code block is not.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    })
}

/// The targets of all links and pictures.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let without_code: String = line
            .split('`')
            .enumerate()
            .filter(|(n, _)| n % 2 == 0)
            .map(|(_, part)| part)
            .collect();
        for piece in without_code.split("](").skip(1) {
            if let Some((target, _)) = piece.split_once(')') {
                found.push(target.split(' ').next().unwrap_or_default().to_owned());
            }
        }
    }
    found
}

/// The anchors of all headings, made as the usual Markdown hosts make them.
fn headings(text: &str) -> BTreeSet<String> {
    let titles = prose(text)
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim());
    titles
        .map(|title| {
            title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code() {
        let text = "see [a](b.md) and ![c](d/e.png \"title\"), not `[f](g)`\n```\n[h](i)\n```\n[j](#k)";
        assert_eq!(links(text), ["b.md", "d/e.png", "#k"]);
    }

    #[test]
    fn headings_become_anchors() {
        let text = "# A title\n## 4.1 Frames, and `more`\n```\n# no heading\n```\n";
        assert_eq!(
            headings(text),
            BTreeSet::from(["a-title".into(), "41-frames-and-more".into()])
        );
    }

    #[track_caller]
    fn check(from: &str, link: &str, expect: Option<&str>) {
        assert_eq!(resolve(from, link).as_deref(), expect);
    }

    #[test]
    fn paths_are_resolved_inside_the_tree() {
        check("docs/protocol.md", "../README.md", Some("README.md"));
        check(
            "docs/protocol.md",
            "threat-model.md",
            Some("docs/threat-model.md"),
        );
        check("README.md", "../other", None);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_named() {
        let file = TextFile {
            path: "Cargo.toml".into(),
            text: "# here\n".into(),
        };
        let files = [file];
        assert_eq!(broken(&files[0], "#here", &files), None);
        assert!(broken(&files[0], "#there", &files).is_some_and(|reason| reason.contains("heading")));
        assert!(
            broken(&files[0], "docs/nothing.md", &files).is_some_and(|reason| reason.contains("not there"))
        );
    }
}
