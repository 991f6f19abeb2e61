//! A unit's own lists.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::workbench;

use super::count;

/// A list of a unit.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UnitList {
    /// Names of the columns that are known, `#6` for the others by their place.
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The first lines that can not be read as rows, with why.
    malformed: Vec<String>,
    malformed_lines: u32,
    address: String,
    tls: bool,
}

impl From<workbench::UnitList> for UnitList {
    fn from(list: workbench::UnitList) -> Self {
        Self {
            columns: list.columns,
            rows: list.rows,
            malformed: list.malformed,
            malformed_lines: count(list.malformed_lines),
            address: list.address,
            tls: list.tls,
        }
    }
}

/// A table as it is to be written.
#[derive(Debug, Deserialize, Type)]
pub struct ListTable {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}
