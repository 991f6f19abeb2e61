//! Sites and search results as files.

use std::path::Path;

use serde::Serialize;
use specta::Type;
use trunkline_core::store::Imported;

use super::count;

/// A line of a list that was not taken over.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ListProblem {
    /// Which line or entry, from 1.
    line: u32,
    reason: String,
}

/// What became of a list of sites.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportedList {
    path: String,
    /// How many sites are new.
    added: u32,
    /// How many were known and are changed.
    changed: u32,
    /// How many were known as they are.
    unchanged: u32,
    problems: Vec<ListProblem>,
    /// Headings of columns that mean nothing here.
    ignored: Vec<String>,
    /// New sites that are spoken to with less than a pinned certificate, because the list says so.
    less_secure: Vec<String>,
}

impl ImportedList {
    /// What became of the list in this file.
    pub fn of(path: &Path, imported: Imported) -> Self {
        Self {
            path: path.display().to_string(),
            added: count(imported.added.len()),
            changed: count(imported.changed.len()),
            unchanged: count(imported.unchanged),
            less_secure: imported.less_secure().map(|site| site.name.clone()).collect(),
            problems: imported
                .problems
                .into_iter()
                .map(|problem| ListProblem {
                    line: problem.line.try_into().unwrap_or(u32::MAX),
                    reason: problem.reason,
                })
                .collect(),
            ignored: imported.ignored,
        }
    }
}

/// A file that was written.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ExportedList {
    path: String,
    /// How many sites or units are in it.
    count: u32,
}

impl ExportedList {
    /// So many in this file.
    pub fn of(path: &Path, written: usize) -> Self {
        Self {
            path: path.display().to_string(),
            count: count(written),
        }
    }
}
