//! Lists of sites as files: CSV, the vendor's list of known units included, and JSON.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::site::{Site, usage};
use super::site_table;
use crate::atomic::write_file;
use crate::error::{Error, Result};

/// The largest list that is read, in bytes.
pub const LARGEST_LIST: u64 = 16 << 20;

/// How many sites one list may have.
pub(super) const MOST_SITES: usize = 20_000;

/// How a list is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// A table with a heading, the vendor's five columns first: name, MAC, type, address, version.
    Csv,
    /// The vendor's five columns alone, for programs that know no others.
    KnownUnits,
    /// `{"sites":[…]}`, as `sites list --json` prints it: everything, without loss.
    Json,
}

/// A list as it was read: what is right in it, and what is not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteList {
    /// The sites, each with the number of its line or entry.
    pub sites: Vec<(u64, Site)>,
    /// The lines or entries that are no site.
    pub problems: Vec<ListProblem>,
    /// Headings of columns that mean nothing here, safe to show.
    pub ignored: Vec<String>,
}

/// A line of a table, or an entry of a JSON list, that can not be taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListProblem {
    /// Which line or entry, from 1.
    pub line: u64,
    /// What is wrong with it, as a sentence.
    pub reason: String,
}

impl ListFormat {
    /// The format that a file's name says, by `.csv`, `.txt` and `.json`.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" | "txt" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Reads a list. What is wrong in a line never stops the others.
///
/// A table may have commas, semicolons or tabs, a heading or none, its columns in any order, and be in UTF-8, UTF-16 or
/// what Windows had before them.
///
/// # Errors
/// `usage` where it is no list at all, or has more than 20,000 lines.
pub fn read_sites(bytes: &[u8], format: ListFormat) -> Result<SiteList> {
    if bytes.len() as u64 > LARGEST_LIST {
        return Err(usage(format!(
            "a list of sites has {} MB at most",
            LARGEST_LIST >> 20
        )));
    }
    let text = in_unicode(bytes);
    let mut list = match format {
        ListFormat::Csv | ListFormat::KnownUnits => site_table::read(&text)?,
        ListFormat::Json => read_json(&text)?,
    };
    let SiteList { sites, problems, .. } = &mut list;
    sites.retain_mut(|(line, site)| match site.check() {
        Ok(()) => true,
        Err(error) => {
            problems.push(ListProblem {
                line: *line,
                reason: error.to_string(),
            });
            false
        }
    });
    problems.sort_by_key(|problem| problem.line);
    Ok(list)
}

/// Writes a list. Never with a password; a shared credential goes by its name.
///
/// # Errors
/// `unsupported` where it can not be written down.
pub fn write_sites(sites: &[&Site], format: ListFormat) -> Result<Vec<u8>> {
    match format {
        ListFormat::Csv => site_table::write(sites, false),
        ListFormat::KnownUnits => site_table::write(sites, true),
        ListFormat::Json => {
            let mut bytes = serde_json::to_vec_pretty(&json!({"sites": sites}))
                .map_err(|error| usage(error.to_string()))?;
            bytes.push(b'\n');
            Ok(bytes)
        }
    }
}

/// Reads a file with a list, in the format that `format` or else its name says.
///
/// # Errors
/// `storage`; `usage` where nothing says the format, and as [`read_sites`].
pub fn read_site_file(path: &Path, format: Option<ListFormat>) -> Result<SiteList> {
    let format = format_of(path, format)?;
    let failed = |error| Error::storage(path, &error);
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST_LIST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    read_sites(&bytes, format)
}

/// Writes a list to a file, whole or not at all, in the format that `format` or else its name says. Spreadsheets are told
/// by a byte order mark that it is UTF-8; the vendor's columns alone are for other programs, and have none.
///
/// # Errors
/// `storage`; `usage` where nothing says the format, and as [`write_sites`].
pub fn write_site_file(path: &Path, sites: &[&Site], format: Option<ListFormat>) -> Result<()> {
    let format = format_of(path, format)?;
    let mut bytes = write_sites(sites, format)?;
    if format == ListFormat::Csv {
        bytes.splice(..0, "\u{feff}".bytes());
    }
    write_file(path, &bytes)
}

fn format_of(path: &Path, said: Option<ListFormat>) -> Result<ListFormat> {
    said.or_else(|| ListFormat::of(path)).ok_or_else(|| {
        usage(format!(
            "{} says neither CSV nor JSON; name it .csv or .json, or say the format",
            path.display()
        ))
    })
}

/// By its byte order mark, else UTF-8, else as Windows wrote it in Western Europe.
fn in_unicode(bytes: &[u8]) -> String {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let bytes = bytes.get(mark..).unwrap_or_default();
    let (text, is_wrong) = encoding.decode_without_bom_handling(bytes);
    if is_wrong && encoding == UTF_8 {
        WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
    } else {
        text.into_owned()
    }
}

fn read_json(text: &str) -> Result<SiteList> {
    let wrong = |error: serde_json::Error| usage(format!("this is no JSON list of sites: {error}"));
    let value: Value = serde_json::from_str(text).map_err(wrong)?;
    let entries = match value {
        Value::Array(entries) => entries,
        Value::Object(mut document) => match document.remove("sites") {
            Some(Value::Array(entries)) => entries,
            _ => return Err(usage("this is no JSON list of sites: it has no list \"sites\"")),
        },
        _ => return Err(usage("this is no JSON list of sites")),
    };
    if entries.len() > MOST_SITES {
        return Err(usage(format!("a list has {MOST_SITES} sites at most")));
    }
    let mut list = SiteList::default();
    for (line, entry) in (1..).zip(entries) {
        match from_json(entry) {
            Ok(site) => list.sites.push((line, site)),
            Err(reason) => list.problems.push(ListProblem { line, reason }),
        }
    }
    Ok(list)
}

fn from_json(entry: Value) -> std::result::Result<Site, String> {
    let Value::Object(fields) = entry else {
        return Err("it is no object with fields".into());
    };
    let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
    // Who writes a list by hand gives no id, and may leave the name out.
    let fresh = Site::new(text("name"), text("address")).map_err(|error| error.to_string())?;
    let name = if fresh.name.trim().is_empty() {
        &fresh.address
    } else {
        &fresh.name
    };
    let mut whole = Map::from_iter([("id".to_owned(), json!(fresh.id))]);
    whole.extend(fields.clone());
    whole.insert("name".into(), json!(name));
    serde_json::from_value(Value::Object(whole)).map_err(|error| error.to_string())
}

#[cfg(test)]
#[path = "site_list_tests.rs"]
mod tests;
