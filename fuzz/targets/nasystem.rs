//! The lists that a unit gives out as text (protocol.md section 8).

use trunkline_protocol::nasystem::{LIST_FILES, MAX_LINES, encode, text};

/// Each line is a row, told as malformed or blank; what is shown can not drive a terminal; and rows that are written
/// again are read as they were.
pub(crate) fn run(data: &[u8]) {
    let shown = text(data);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    for file in LIST_FILES {
        let listing = file.read(data);
        let lines = data.split(|byte| *byte == b'\n').count();
        assert!(listing.rows.len() + listing.malformed.len() <= lines.min(MAX_LINES + 1));
        let values = listing.rows.iter().flat_map(|row| &row.columns);
        for value in values {
            assert!(!value.chars().any(char::is_control), "{value:?}");
        }
        let written = encode(listing.rows.iter().map(|row| &row.columns));
        // What is written out to be safe to show can be too long to be read again.
        if written.split(|byte| *byte == b'\n').any(|line| line.len() > 4096) {
            continue;
        }
        let again = file.read(&written);
        assert!(again.malformed.is_empty(), "{:?}", again.malformed);
        let columns = |rows: &[trunkline_protocol::nasystem::Row]| -> Vec<Vec<String>> {
            rows.iter().map(|row| row.columns.clone()).collect()
        };
        assert_eq!(columns(&again.rows), columns(&listing.rows));
    }
}
