//! One line of a file and its columns. Readers of CSV forgive quotes that do not fit; here they are what has to be told.

use super::latin1;
use crate::printable::printable;

/// Bytes of a line that is looked at.
const LONGEST: usize = 4096;
/// Columns of a line, at most.
const MOST_COLUMNS: usize = 64;

/// Why a line is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLine {
    /// It has more than 4,096 bytes.
    #[error("the line has more than {LONGEST} bytes")]
    TooLong,
    /// It has more than 64 columns.
    #[error("the line has more than {MOST_COLUMNS} columns")]
    TooManyColumns,
    /// A column begins with a quote, and the line ends before the next one.
    #[error("a quote is not closed")]
    OpenQuote,
    /// Something stands between a closing quote and the comma.
    #[error("something stands behind a closing quote")]
    BehindQuote,
    /// It ends before the columns that every line has.
    #[error("there are fewer than {0} columns")]
    TooFewColumns(usize),
    /// This line and what follows it is not looked at.
    #[error("the file has more than {} lines; the rest is left out", super::MAX_LINES)]
    TooManyLines,
}

/// The columns of a line, without the white space around them; `least` of them have to be there.
pub(super) fn split(bytes: &[u8], least: usize) -> Result<Vec<String>, BadLine> {
    if bytes.len() > LONGEST {
        return Err(BadLine::TooLong);
    }
    let text = latin1(bytes);
    let mut columns = Vec::new();
    let mut rest = Some(text.as_str());
    while let Some(line) = rest {
        if columns.len() == MOST_COLUMNS {
            return Err(BadLine::TooManyColumns);
        }
        let (value, behind) = match line.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => match line.split_once(',') {
                Some((value, behind)) => (value.to_owned(), Some(behind)),
                None => (line.to_owned(), None),
            },
        };
        columns.push(printable(value.trim_matches(' ')));
        rest = behind;
    }
    if columns.len() < least {
        return Err(BadLine::TooFewColumns(least));
    }
    Ok(columns)
}

/// The value up to its closing quote (two quotes are one inside), and what follows the comma behind it, if there is one.
fn unquote(text: &str) -> Result<(String, Option<&str>), BadLine> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"').ok_or(BadLine::OpenQuote)?;
        value.push_str(before);
        if let Some(more) = behind.strip_prefix('"') {
            value.push('"');
            rest = more;
            continue;
        }
        let behind = behind.trim_start_matches(' ');
        return match behind.strip_prefix(',') {
            Some(next) => Ok((value, Some(next))),
            None if behind.is_empty() => Ok((value, None)),
            None => Err(BadLine::BehindQuote),
        };
    }
}

/// Writes a value, quoted where it would otherwise be read as something else.
pub(super) fn put(value: &str, out: &mut Vec<u8>) {
    let is_plain = !value.contains([',', '"']) && value.trim_matches(' ') == value;
    if !is_plain {
        out.push(b'"');
    }
    for character in value.chars() {
        match character {
            '"' => out.extend_from_slice(b"\"\""),
            _ if character.is_control() => out.push(b' '),
            _ => out.push(u8::try_from(character).unwrap_or(b'?')),
        }
    }
    if !is_plain {
        out.push(b'"');
    }
}
