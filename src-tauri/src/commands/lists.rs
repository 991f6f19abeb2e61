//! Sites and search results as files, which a person chooses in the system's own dialogs.

use trunkline_core::store::ListFormat;

use super::{Managed, on_desktop};
use crate::failure::Answer;
use crate::wire::lists::{ExportedList, ImportedList};

/// Asks for a list of sites and takes it over; nothing when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn import_sites(shell: Managed<'_>) -> Answer<Option<ImportedList>> {
    let Some(path) = on_desktop(&shell.desktop, |desktop| desktop.choose_list()).await? else {
        return Ok(None);
    };
    let imported = shell.bench.import_sites(&path).await?;
    Ok(Some(ImportedList::of(&path, imported)))
}

/// Asks for a place and writes the saved sites there: with the vendor's columns alone where that is asked for, else as
/// JSON where the name says so, else as CSV; nothing when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn export_sites(shell: Managed<'_>, vendor_columns: bool) -> Answer<Option<ExportedList>> {
    let (suggested, format) = if vendor_columns {
        ("known-units.csv", Some(ListFormat::KnownUnits))
    } else {
        ("trunkline-sites.csv", None)
    };
    let Some(path) = on_desktop(&shell.desktop, move |desktop| desktop.choose_place(suggested)).await? else {
        return Ok(None);
    };
    let format = format
        .or_else(|| ListFormat::of(&path))
        .unwrap_or(ListFormat::Csv);
    let written = shell.bench.export_sites(&path, Some(format))?;
    Ok(Some(ExportedList::of(&path, written)))
}

/// Asks for a place and writes what was found there, as JSON where the name says so, else as CSV; nothing when nobody
/// chose one.
#[tauri::command]
#[specta::specta]
pub async fn export_found(shell: Managed<'_>) -> Answer<Option<ExportedList>> {
    let Some(path) = on_desktop(&shell.desktop, |desktop| {
        desktop.choose_place("trunkline-units.csv")
    })
    .await?
    else {
        return Ok(None);
    };
    let written = shell.bench.export_found(&path)?;
    Ok(Some(ExportedList::of(&path, written)))
}
