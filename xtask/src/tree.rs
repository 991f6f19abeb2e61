//! The files of the tree that people write.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command;

/// What tools write and git ignores.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "dist", "gen"];

/// A text file, by its path from the workspace's folder with `/` between.
pub(crate) struct TextFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file whose name ends in one of `endings`, sorted by path.
pub(crate) fn text_files(endings: &[&str]) -> Result<Vec<TextFile>, String> {
    let mut found = Vec::new();
    let mut open = vec![command::root().to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry
                .file_type()
                .map_err(|error| format!("{}: {error}", entry.path().display()))?;
            if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
                open.push(entry.path());
            } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(read(&entry.path())?);
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn read(path: &Path) -> Result<TextFile, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let from_root: PathBuf = path.strip_prefix(command::root()).unwrap_or(path).to_path_buf();
    let parts: Vec<_> = from_root
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    Ok(TextFile {
        path: parts.join("/"),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    })
}
