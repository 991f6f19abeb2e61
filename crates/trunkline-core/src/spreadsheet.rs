//! Tables for spreadsheets: CSV (RFC 4180) in which no cell is taken for a formula.

use crate::{Error, ErrorKind, Result};

/// What a spreadsheet takes for the beginning of a formula; some of them skip a tab or a line break before it.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n'];

/// A table with this heading, in CSV with CRLF. A cell that a spreadsheet would take for a formula has an apostrophe
/// before it: names come from units, and units can be anybody's.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where a row has not as many cells as the heading.
pub(crate) fn table<R>(heading: &[&str], rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>>
where
    R: IntoIterator,
    R::Item: AsRef<str>,
{
    let failed = |error: &dyn std::fmt::Display| Error::from(ErrorKind::Unsupported(error.to_string()));
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    table.write_record(heading).map_err(|error| failed(&error))?;
    for row in rows {
        let cells = row.into_iter().map(|cell| no_formula(cell.as_ref()));
        table.write_record(cells).map_err(|error| failed(&error))?;
    }
    table.into_inner().map_err(|error| failed(&error))
}

/// The text with an apostrophe before it where a spreadsheet would take it for a formula; [`with_formula`] undoes it.
fn no_formula(text: &str) -> String {
    if text.trim_start_matches('\'').starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A cell as it was before an apostrophe was put there.
pub(crate) fn with_formula(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.trim_start_matches('\'').starts_with(FORMULA) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_has_an_apostrophe_and_loses_it_again() {
        for (text, expect) in [
            ("=cmd()", "'=cmd()"),
            ("+41 44", "'+41 44"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(no_formula(text), expect);
            assert_eq!(with_formula(expect), text);
        }
    }

    #[test]
    fn quotes_stand_where_they_are_needed() {
        let bytes = table(&["a", "b"], [["x,y", "=1"], ["say \"z\"", "two\nlines"]]).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "a,b\r\n\"x,y\",'=1\r\n\"say \"\"z\"\"\",\"two\nlines\"\r\n"
        );
        assert!(table(&["a"], [["x", "y"]]).is_err());
    }
}
