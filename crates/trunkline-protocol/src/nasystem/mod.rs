//! The text files that a unit gives out below `nasystem/` (docs/protocol.md section 8; `observed`), over DevLink3 or TFTP.
//!
//! Lines of ISO-8859-1, ended by CR LF; columns parted by commas, with quotes around what holds a comma. Not every column is known:
//! those that are not are kept. What can not be read is told with its line, and the rest is read all the same.

mod line;

use crate::printable::printable;
use crate::provenance::Provenance;

pub use line::BadLine;

/// Lines that are looked at; a unit has at most a few thousand users.
pub const MAX_LINES: usize = 65_536;

/// A file whose lines are rows, and what is known of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListFile {
    /// The name without its folder.
    pub name: &'static str,
    /// The columns that are known, in their order.
    pub columns: &'static [Column],
    /// How many columns a row has at least.
    least: usize,
}

/// A column that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its place, from 0.
    pub index: usize,
    /// Its name, as documents and tables use it.
    pub key: &'static str,
    /// What its values mean, where that is known.
    words: &'static [(&'static str, &'static str)],
}

/// The files that can be read as rows.
pub const LIST_FILES: &[ListFile] = &[USER_LIST, HUNT_LIST, DIRECTORY, LICENCE_LIST, EXTENSION_LIST];

/// Users.
pub const USER_LIST: ListFile = ListFile {
    name: "user_list8",
    columns: &[
        column(0, "name"),
        column(1, "extension"),
        column(2, "full_name"),
        Column {
            words: PROFILES,
            ..column(3, "profile")
        },
        column(4, "features"),
        column(5, "one_x"),
        column(7, "email"),
    ],
    least: 2,
};

/// Hunt groups.
pub const HUNT_LIST: ListFile = ListFile {
    name: "hunt_list",
    columns: &[
        column(0, "name"),
        column(1, "extension"),
        Column {
            words: SERVICES,
            ..column(4, "service")
        },
        column(7, "messages"),
    ],
    least: 2,
};

/// The system directory.
pub const DIRECTORY: ListFile = ListFile {
    name: "dir_list",
    columns: &[column(0, "name"), column(1, "number")],
    least: 2,
};

/// Licences. Nobody has written down what its columns are.
pub const LICENCE_LIST: ListFile = ListFile {
    name: "licence_list",
    columns: &[],
    least: 1,
};

/// Extensions. Nobody has written down what its columns are.
pub const EXTENSION_LIST: ListFile = ListFile {
    name: "extn_list",
    columns: &[],
    least: 1,
};

const PROFILES: &[(&str, &str)] = &[
    ("1", "basic"),
    ("2", "teleworker"),
    ("3", "mobile"),
    ("4", "power"),
    ("5", "office_worker"),
    ("7", "centralized"),
    ("8", "non_licensed"),
];

const SERVICES: &[(&str, &str)] = &[("0", "out_of_service"), ("1", "day"), ("2", "night")];

const fn column(index: usize, key: &'static str) -> Column {
    Column {
        index,
        key,
        words: &[],
    }
}

impl Column {
    /// What a value means in a word, or the value itself where that is not known.
    pub fn in_words<'v>(&self, value: &'v str) -> &'v str {
        let known = self.words.iter().find(|(number, _)| *number == value.trim());
        known.map_or(value, |(_, word)| word)
    }
}

/// What was in a file. Every text is safe to show: control characters are written out as `\u{…}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The rows that could be read.
    pub rows: Vec<Row>,
    /// The lines that could not.
    pub malformed: Vec<Malformed>,
}

/// One line that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number, from 1.
    pub line: usize,
    /// All its columns, known or not.
    pub columns: Vec<String>,
}

/// One line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub reason: BadLine,
}

impl ListFile {
    /// What is known of the file with this name; its folder may be left out.
    pub fn named(name: &str) -> Option<&'static Self> {
        let base = name
            .strip_prefix(crate::devlink::file_name::FOLDER)
            .unwrap_or(name);
        LIST_FILES.iter().find(|file| file.name == base)
    }

    /// How the project knows the file and the columns that are named here.
    pub const fn provenance(&self) -> Provenance {
        Provenance::Observed
    }

    /// Reads the file. There is always an answer: lines that can not be read are among [`Listing::malformed`], and so is the first line
    /// beyond [`MAX_LINES`].
    pub fn read(&self, bytes: &[u8]) -> Listing {
        let mut listing = Listing::default();
        for (number, bytes) in (1..).zip(lines(bytes)) {
            if number > MAX_LINES {
                let reason = BadLine::TooManyLines;
                listing.malformed.push(Malformed { line: number, reason });
                break;
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match line::split(bytes, self.least) {
                Ok(columns) => listing.rows.push(Row {
                    line: number,
                    columns,
                }),
                Err(reason) => listing.malformed.push(Malformed { line: number, reason }),
            }
        }
        listing
    }

    /// The columns of a row that are not known, with their places.
    pub fn unknown<'r>(&self, row: &'r Row) -> impl Iterator<Item = (usize, &'r str)> {
        let known = self.columns;
        let all = row.columns.iter().map(String::as_str).enumerate();
        all.filter(move |(index, _)| known.iter().all(|column| column.index != *index))
    }
}

impl Row {
    /// The value of a column; `None` where the line ends before it.
    pub fn get(&self, column: &Column) -> Option<&str> {
        self.columns.get(column.index).map(String::as_str)
    }
}

/// The lines of a file without their ends; NULs behind the last one are no line.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    bytes[..end]
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// ISO-8859-1 as text, with CR LF as line feeds; everything that could steer a terminal is written out.
pub fn text(bytes: &[u8]) -> String {
    let lines: Vec<_> = lines(bytes).map(|line| printable(&latin1(line))).collect();
    lines.join("\n")
}

/// The bytes of a file of these rows, as a unit gives it out: ISO-8859-1 with CR LF, quotes where they are needed. A character that is not in
/// ISO-8859-1 becomes a question mark, and a line break a space.
pub fn encode<R, C>(rows: R) -> Vec<u8>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator,
    C::Item: AsRef<str>,
{
    let mut out = Vec::new();
    for row in rows {
        let start = out.len();
        for (index, value) in row.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            line::put(value.as_ref(), &mut out);
        }
        if out.len() == start {
            // A line of nothing would be read as no row.
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests;
