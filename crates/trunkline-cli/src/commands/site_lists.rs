//! `sites import` and `sites export`.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;
use tokio::task::spawn_blocking;
use trunkline_core::store::{
    LARGEST_LIST, ListFormat, SiteList, read_site_file, read_sites, write_site_file, write_sites,
};
use trunkline_core::{Error, ErrorKind, Local};

use super::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::print_bytes;
use crate::text::{count, one_line};

/// The formats of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArgument {
    /// A table, the vendor's list of known units included
    Csv,
    /// Everything, as `sites list --json` prints it
    Json,
}

/// The name that stands for standard input and output.
const STANDARD: &str = "-";

impl FormatArgument {
    fn format(self) -> ListFormat {
        match self {
            Self::Csv => ListFormat::Csv,
            Self::Json => ListFormat::Json,
        }
    }
}

/// Takes a list over. Exit status 7 where some of it is wrong, 2 where all is.
pub(super) async fn import(
    context: &Context,
    local: &Local,
    file: PathBuf,
    format: Option<FormatArgument>,
) -> Result<Ended, Failure> {
    let format = format.map(FormatArgument::format);
    let is_json = format.or_else(|| ListFormat::of(&file)) == Some(ListFormat::Json);
    let read = move || -> Result<SiteList, Error> {
        if file == Path::new(STANDARD) {
            read_sites(&from_stdin()?, format.unwrap_or(ListFormat::Csv))
        } else {
            read_site_file(&file, format)
        }
    };
    let list = spawn_blocking(read)
        .await
        .map_err(|_| ErrorKind::Cancelled(""))??;
    let place = if is_json { "entry" } else { "line" };
    let imported = local.store.update(|data| Ok(data.import_sites(list)))?;
    let names = |sites: &mut dyn Iterator<Item = &trunkline_core::Site>| -> Vec<String> {
        sites.map(|site| site.name.clone()).collect()
    };
    let document = json!({
        "added": names(&mut imported.added.iter()),
        "changed": names(&mut imported.changed.iter().map(|(_, now)| now)),
        "unchanged": imported.unchanged,
        "problems": imported.problems,
        "ignored_columns": imported.ignored,
    });
    context.output.document(&document, String::new)?;
    for site in imported.less_secure() {
        context.output.warn(&format!(
            "{}: the list asks for less than a pinned certificate (TLS level {}{})",
            one_line(&site.name),
            site.tls,
            if site.allow_plain {
                ", plain TCP allowed"
            } else {
                ""
            }
        ));
    }
    for problem in &imported.problems {
        context
            .output
            .warn(&format!("{place} {}: {}", problem.line, problem.reason));
    }
    if !imported.ignored.is_empty() {
        let ignored = imported.ignored.join(", ");
        context
            .output
            .say(&format!("columns that mean nothing here: {ignored}"));
    }
    let of = |number: usize| count(number as u64, "site", "sites");
    context.output.say(&format!(
        "{} added, {} changed, {} known already",
        of(imported.added.len()),
        of(imported.changed.len()),
        of(imported.unchanged)
    ));
    let taken = imported.added.len() + imported.changed.len() + imported.unchanged;
    Ok(match (imported.problems.is_empty(), taken) {
        (true, _) => Exit::Done,
        (false, 0) => Exit::Usage,
        (false, _) => Exit::InPart,
    }
    .into())
}

/// Writes the saved sites, or those of one group, to a file.
pub(super) fn export(
    context: &Context,
    local: &Local,
    file: &Path,
    format: Option<FormatArgument>,
    known_units: bool,
    group: Option<&str>,
) -> Result<Ended, Failure> {
    let data = local.store.read()?;
    let mut sites = data.sites();
    sites.retain(|site| group.is_none_or(|group| site.group.as_deref().unwrap_or_default() == group));
    let format = if known_units {
        Some(ListFormat::KnownUnits)
    } else {
        format.map(FormatArgument::format)
    };
    if file == Path::new(STANDARD) {
        if context.output.json {
            return Err(Failure::usage(
                "--json and a list on standard output do not go together",
            ));
        }
        let bytes = write_sites(&sites, format.unwrap_or(ListFormat::Csv))?;
        print_bytes(&bytes)?;
        return Ok(Exit::Done.into());
    }
    write_site_file(file, &sites, format)?;
    context.output.say(&format!(
        "{} written to {}",
        count(sites.len() as u64, "site", "sites"),
        file.display()
    ));
    let document = json!({"file": file, "sites": sites.len()});
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}

fn from_stdin() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(LARGEST_LIST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::storage(Path::new("standard input"), &error))?;
    Ok(bytes)
}
