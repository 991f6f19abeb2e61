//! A unit's own lists.

use tauri::ipc::Channel;
use trunkline_core::devlink::DevLinkPorts;

use super::{Managed, on_desktop, to_window};
use crate::failure::Answer;
use crate::wire::sites::Target;
use crate::wire::transfers::Progress;
use crate::wire::unit_lists::{ListTable, UnitList};

/// Reads one of a unit's lists.
#[tauri::command]
#[specta::specta]
pub async fn read_list(
    shell: Managed<'_>,
    operation: String,
    target: Target,
    list: String,
    on_progress: Channel<Progress>,
) -> Answer<UnitList> {
    let (unit, report) = (target.into(), to_window(on_progress));
    let ports = DevLinkPorts::default();
    Ok(shell
        .bench
        .read_list(&operation, &unit, &list, ports, &report)
        .await?
        .into())
}

/// Asks for a place and writes a table there, as CSV; empty when nobody chose one.
#[tauri::command]
#[specta::specta]
pub async fn save_table(shell: Managed<'_>, name: String, table: ListTable) -> Answer<String> {
    let suggested = format!("{}.csv", name.replace(['/', '\\', ':'], "_"));
    let Some(path) = on_desktop(&shell.desktop, move |desktop| desktop.choose_place(&suggested)).await?
    else {
        return Ok(String::new());
    };
    shell.bench.save_table(&path, &table.columns, &table.rows)?;
    Ok(path.display().to_string())
}
