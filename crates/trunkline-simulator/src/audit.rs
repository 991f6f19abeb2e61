//! The audit trail: who did what, as a document that grows.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::net::IpAddr;

use jiff::Timestamp;

/// Entries that are kept; the oldest go first.
const MAX_ENTRIES: usize = 1000;
/// The result of what worked.
pub(crate) const DONE: &str = "done";

/// What happened on one unit.
#[derive(Debug, Default)]
pub(crate) struct AuditTrail {
    entries: VecDeque<Entry>,
    /// Entries ever written, which is the trail's revision.
    written: u64,
}

#[derive(Debug)]
struct Entry {
    at: String,
    user: String,
    source: IpAddr,
    action: String,
    result: String,
}

impl AuditTrail {
    pub(crate) fn record(
        &mut self,
        user: &str,
        source: IpAddr,
        action: impl Into<String>,
        result: impl Into<String>,
    ) {
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.written += 1;
        self.entries.push_back(Entry {
            at: now(),
            user: user.to_owned(),
            source,
            action: action.into(),
            result: result.into(),
        });
    }

    pub(crate) fn revision(&self) -> String {
        format!("r{}", self.written)
    }

    pub(crate) fn document(&self) -> String {
        let mut text = String::from("<audit>");
        for entry in &self.entries {
            let attributes = [
                ("Time", entry.at.as_str()),
                ("User", &entry.user),
                ("Source", &entry.source.to_string()),
                ("Action", &entry.action),
                ("Result", &entry.result),
            ];
            text.push_str("\n  <entry");
            for (name, value) in attributes {
                // Writing to a String can not fail.
                let _ = write!(text, " {name}=\"{}\"", quick_xml::escape::escape(value));
            }
            text.push_str("/>");
        }
        text.push_str("\n</audit>\n");
        text
    }
}

/// The time of day in UTC, to the second.
pub(crate) fn now() -> String {
    let now = Timestamp::now();
    now.round(jiff::Unit::Second).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    #[test]
    fn it_grows_and_stays_a_document() {
        let mut trail = AuditTrail::default();
        assert_eq!(trail.document(), "<audit>\n</audit>\n");
        trail.record("A \"<b>\" & c", [192, 0, 2, 1].into(), "log-in", DONE);
        let text = trail.document();
        assert!(text.contains(
            "User=\"A &quot;&lt;b&gt;&quot; &amp; c\" Source=\"192.0.2.1\" Action=\"log-in\" Result=\"done\""
        ));
        xml::inspect(text.as_bytes(), "audit", &[]).unwrap();
        for _ in 0..2 * MAX_ENTRIES {
            trail.record("a", [192, 0, 2, 1].into(), "read", DONE);
        }
        assert_eq!(
            (trail.entries.len(), trail.revision()),
            (MAX_ENTRIES, "r2001".to_owned())
        );
    }
}
