//! An audit trail as rows (protocol.md, section 6.3, `project`).
//!
//! What a unit's audit trail looks like is not published. So nothing is taken for granted: entries of an XML document,
//! lines of a text, or bytes that are neither. What an entry says beside the known values is kept with its name.

use crate::parse::{MAX_BYTES, parse};
use crate::tree::Tree;

/// Rows at most; a trail is an object of 16 MiB at most, and nobody reads more lines than this.
pub const MAX_ROWS: usize = 100_000;

/// The names by which each value may go, in lower case; the first is the project's.
const TIME: &[&str] = &["time", "at", "date", "timestamp", "when"];
const USER: &[&str] = &["user", "username", "name", "who"];
const SOURCE: &[&str] = &["source", "address", "ip", "ipaddress", "from"];
const ACTION: &[&str] = &["action", "event", "what", "operation", "description"];
const RESULT: &[&str] = &["result", "outcome", "status"];

/// What was read of an audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditTrail {
    /// How it was read.
    pub form: AuditForm,
    /// The rows, in the order of the object.
    pub rows: Vec<AuditRow>,
    /// Rows that were left out, beyond [`MAX_ROWS`].
    pub left_out: usize,
}

/// What an audit trail turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditForm {
    /// An XML document with an element for each row.
    Entries,
    /// Text with a line for each row; only what happened is known.
    Lines,
    /// Neither. It is kept as it is, and has no rows.
    Opaque,
}

/// One thing that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRow {
    /// When, in the unit's words; empty where it is not said, as are the others.
    pub time: String,
    /// Who.
    pub user: String,
    /// From which address.
    pub source: String,
    /// What.
    pub action: String,
    /// How it ended.
    pub result: String,
    /// Everything else, by name.
    pub other: Vec<(String, String)>,
}

impl AuditForm {
    /// A stable name, as in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Lines => "lines",
            Self::Opaque => "opaque",
        }
    }
}

impl AuditTrail {
    /// Reads an audit trail. It never fails: what is not understood is opaque.
    pub fn read(bytes: &[u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if bytes.len() <= MAX_BYTES && !text.contains('\0') => text,
            _ => return Self::opaque(),
        };
        if text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
            return match parse(text) {
                Ok(tree) => entries(&tree, text),
                Err(_) => Self::opaque(),
            };
        }
        let rows = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| AuditRow {
                action: line.trim_end().to_owned(),
                ..AuditRow::default()
            });
        Self::of(AuditForm::Lines, rows)
    }

    /// A trail that was not read, such as one that is larger than any document.
    pub fn opaque() -> Self {
        Self::of(AuditForm::Opaque, std::iter::empty())
    }

    fn of(form: AuditForm, mut rows: impl Iterator<Item = AuditRow>) -> Self {
        let kept: Vec<_> = rows.by_ref().take(MAX_ROWS).collect();
        Self {
            form,
            rows: kept,
            left_out: rows.count(),
        }
    }
}

/// Each child of the root is a row. Its values are attributes or children.
fn entries(tree: &Tree, text: &str) -> AuditTrail {
    let row = |node| {
        let mut row = AuditRow::default();
        for (name, value) in tree.attributes_of(text, node) {
            row.put(name, value.trim());
        }
        for child in tree.children(node) {
            for (name, value) in tree.attributes_of(text, child) {
                row.put(&format!("{}/@{name}", tree.name(text, child)), value.trim());
            }
            row.put(tree.name(text, child), tree.text_of(text, child).trim());
        }
        if !tree.has_children(node) {
            row.put("action", tree.text_of(text, node).trim());
        }
        row
    };
    AuditTrail::of(AuditForm::Entries, tree.children(0).map(row))
}

impl AuditRow {
    /// Whether the text is anywhere in it, without regard to case.
    pub fn holds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        [&self.time, &self.user, &self.source, &self.action, &self.result]
            .into_iter()
            .chain(self.other.iter().map(|(_, value)| value))
            .any(|value| value.to_lowercase().contains(&text))
    }

    /// The first value of a name goes to its place, everything else to the others.
    fn put(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let lower = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
        let place = [
            (TIME, &mut self.time),
            (USER, &mut self.user),
            (SOURCE, &mut self.source),
            (ACTION, &mut self.action),
            (RESULT, &mut self.result),
        ]
        .into_iter()
        .find(|(names, place)| names.contains(&lower.as_str()) && place.is_empty());
        match place {
            Some((_, place)) => value.clone_into(place),
            None => self.other.push((name.to_owned(), value.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row([time, user, source, action, result]: [&str; 5]) -> AuditRow {
        let [time, user, source, action, result] = [time, user, source, action, result].map(str::to_owned);
        AuditRow {
            time,
            user,
            source,
            action,
            result,
            other: Vec::new(),
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], form: AuditForm, rows: &[AuditRow]) {
        let read = AuditTrail::read(bytes);
        assert_eq!((read.form, &read.rows[..], read.left_out), (form, rows, 0));
    }

    #[test]
    fn entries_are_rows_whether_in_attributes_or_elements() {
        check(b"<audit>\n</audit>\n", AuditForm::Entries, &[]);
        check(
            b"<audit>\n <entry Time=\"2026-11-03T06:00:00Z\" User=\"A &lt;b&gt;\" Source=\"192.0.2.1\" Action=\"log-in\" \
              Result=\"done\"/></audit>",
            AuditForm::Entries,
            &[row(["2026-11-03T06:00:00Z", "A <b>", "192.0.2.1", "log-in", "done"])],
        );
        check(
            b"<x:trail><row><when>today</when><Who>me</Who><EVENT>sent</EVENT></row><row>restarted</row></x:trail>",
            AuditForm::Entries,
            &[row(["today", "me", "", "sent", ""]), row(["", "", "", "restarted", ""])],
        );
    }

    #[test]
    fn what_is_not_known_is_kept_with_its_name() {
        let read =
            AuditTrail::read(b"<a><e Time='1' Date='2' Reason='why' empty=''><Deep x='3'>4</Deep></e></a>");
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read.rows[0].time, "1");
        assert_eq!(
            read.rows[0].other,
            [
                text("Date", "2"),
                text("Reason", "why"),
                text("Deep/@x", "3"),
                text("Deep", "4")
            ]
        );
    }

    #[test]
    fn lines_are_rows_and_anything_else_is_left_alone() {
        check(
            b"06:00 Administrator log-in\r\n\r\n06:01 sent  \n",
            AuditForm::Lines,
            &[
                row(["", "", "", "06:00 Administrator log-in", ""]),
                row(["", "", "", "06:01 sent", ""]),
            ],
        );
        check(b"", AuditForm::Lines, &[]);
        for bytes in [
            &b"<audit><entry>"[..],
            b"\xff\xfe<\0a\0",
            b"a\0b",
            b"\x89PNG\r\n\x1a\n",
            b"<!DOCTYPE a><a/>",
        ] {
            check(bytes, AuditForm::Opaque, &[]);
        }
    }

    #[test]
    fn a_row_is_found_by_anything_in_it() {
        let read = AuditTrail::read(b"<a><e User='Zo\xc3\x8b' Action='log-in' Reason='Late'/></a>");
        for (text, expect) in [
            ("zoë", true),
            ("LOG", true),
            ("late", true),
            ("reason", false),
            ("", true),
        ] {
            assert_eq!(read.rows[0].holds(text), expect, "{text}");
        }
    }

    #[test]
    fn rows_are_bounded() {
        let many = "x\n".repeat(MAX_ROWS + 3);
        let read = AuditTrail::read(many.as_bytes());
        assert_eq!((read.rows.len(), read.left_out), (MAX_ROWS, 3));
    }
}
