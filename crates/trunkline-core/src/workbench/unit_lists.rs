//! A unit's own lists, such as that of its users, as tables.

use std::path::Path;

use trunkline_protocol::nasystem::{Column, ListFile, Listing};

use super::Workbench;
use super::running::Work;
use crate::access::Trust;
use crate::devlink::{DevLinkConnection, DevLinkPorts, FileName};
use crate::progress::Report;
use crate::unit_ref::UnitRef;
use crate::{Error, ErrorKind, Overrides, Result, Step, spreadsheet, write_file};

/// Most malformed lines that are named one by one.
const NAMED: usize = 20;

/// A list of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitList {
    /// The columns in which something stands: the names of those that are known, and `#6` for the others by their place.
    pub columns: Vec<String>,
    /// One cell a column; what is known to mean something is a word, such as `office_worker`.
    pub rows: Vec<Vec<String>>,
    /// Lines that can not be read as rows, the first of them with why.
    pub malformed: Vec<String>,
    /// How many there are of these.
    pub malformed_lines: usize,
    /// Where it was read.
    pub address: String,
    /// Whether nobody on the way could read it.
    pub tls: bool,
}

impl Workbench {
    /// Reads one of a unit's lists over DevLink3, as whoever is logged in.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is logged in, [`ErrorKind::NotFound`] for a list that nobody knows or the
    /// unit does not have, and as [`crate::Local::log_in_devlink`].
    pub async fn read_list(
        &self,
        operation: &str,
        unit: &UnitRef,
        list: &str,
        ports: DevLinkPorts,
        report: Report<'_>,
    ) -> Result<UnitList> {
        let started = self.running.start(operation, Work::Asking)?;
        let file = ListFile::named(list)
            .ok_or_else(|| ErrorKind::NotFound(format!("nobody knows a list that is called {list:?}")))?;
        let name: FileName = format!("nasystem/{}", file.name)
            .parse()
            .map_err(|error| ErrorKind::Usage(format!("{error}")))?;
        let target = self.target(unit)?;
        let user = self.sessions.user(&unit.key(&target), &target)?;
        let nothing = Overrides::default();
        let access = self.local.devlink_access(&target, ports, &nothing).await?;
        let connection = DevLinkConnection::open(access, started.token(), report).await?;
        if connection.facts().trust == Trust::FirstUse {
            let address = connection.address();
            connection.close().await;
            let why = "it is not the one that the unit's own service showed, and nobody has accepted it for DevLink3";
            return Err(Error::new(ErrorKind::CertificateRefused(why.into()))
                .at(Step::Tls)
                .address(address));
        }
        let log_in = self.local.log_in_devlink(connection, user, &nothing, report);
        let mut session = log_in.await?;
        let contents = session.read_file(&name, report).await?;
        let (address, tls) = (session.address(), session.facts().fingerprint.is_some());
        session.close().await;
        Ok(UnitList {
            address,
            tls,
            ..table(file, &file.read(&contents))
        })
    }

    /// Writes a table to a file, as CSV for spreadsheets.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where a row has not as many cells as there are columns; [`ErrorKind::Storage`].
    pub fn save_table(&self, path: &Path, columns: &[String], rows: &[Vec<String>]) -> Result<()> {
        let heading: Vec<&str> = columns.iter().map(String::as_str).collect();
        let csv = spreadsheet::table(&heading, rows)?;
        // The mark tells spreadsheets that it is UTF-8.
        write_file(path, &["\u{feff}".as_bytes(), &csv].concat())
    }
}

/// The rows that could be read; a column is there when any row has something in it.
fn table(file: &ListFile, listing: &Listing) -> UnitList {
    let most = listing.rows.iter().map(|row| row.columns.len()).max();
    let filled = |index: &usize| {
        let value = |row: &trunkline_protocol::nasystem::Row| row.columns.get(*index).cloned();
        let mut values = listing.rows.iter().filter_map(value);
        values.any(|value| !value.is_empty())
    };
    let places: Vec<usize> = (0..most.unwrap_or_default()).filter(filled).collect();
    let known = |index: usize| file.columns.iter().find(|column| column.index == index);
    let cell = |row: &trunkline_protocol::nasystem::Row, index: usize| {
        let value = row.columns.get(index).map_or("", String::as_str);
        known(index)
            .map_or(value, |column: &Column| column.in_words(value))
            .to_owned()
    };
    let malformed = listing.malformed.iter().take(NAMED);
    UnitList {
        columns: places
            .iter()
            .map(|&index| known(index).map_or_else(|| format!("#{index}"), |column| column.key.to_owned()))
            .collect(),
        rows: listing
            .rows
            .iter()
            .map(|row| places.iter().map(|&index| cell(row, index)).collect())
            .collect(),
        malformed: malformed
            .map(|bad| format!("line {}: {}", bad.line, bad.reason))
            .collect(),
        malformed_lines: listing.malformed.len(),
        address: String::new(),
        tls: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_the_columns_in_which_something_stands() {
        let check = |name: &str, text: &str, columns: &[&str], rows: &[&[&str]]| {
            let file = ListFile::named(name).unwrap();
            let list = table(file, &file.read(text.as_bytes()));
            assert_eq!(list.columns, columns, "{text}");
            assert_eq!(list.rows, rows, "{text}");
        };
        check(
            "user_list8",
            "Ann,201,Ann Frei,5,,,x\r\nBea,202,,,\r\n",
            &["name", "extension", "full_name", "profile", "#6"],
            &[
                &["Ann", "201", "Ann Frei", "office_worker", "x"],
                &["Bea", "202", "", "", ""],
            ],
        );
        check(
            "dir_list",
            "Taxi,0800111\r\n",
            &["name", "number"],
            &[&["Taxi", "0800111"]],
        );
        check("licence_list", "", &[], &[]);
    }

    #[test]
    fn lines_that_can_not_be_read_are_counted_and_the_first_are_named() {
        let file = ListFile::named("dir_list").unwrap();
        let text = "\"open\r\n".repeat(NAMED + 3);
        let list = table(file, &file.read(text.as_bytes()));
        assert_eq!(
            (list.rows.len(), list.malformed_lines, list.malformed.len()),
            (0, NAMED + 3, NAMED)
        );
        assert!(list.malformed[0].starts_with("line 1: "), "{:?}", list.malformed);
    }
}
