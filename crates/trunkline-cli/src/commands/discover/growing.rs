//! What a running search shows on a terminal: the list as it grows, and how far the search is.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use trunkline_core::discovery::{DiscoveryEvent, Unit};

use super::{listing, row};
use crate::output::Output;
use crate::text::count;

/// How many rows are shown while they still come; all of them stand in the list at the end.
const SHOWN: usize = 15;

/// The list and the line below it; both go with this value.
pub(super) struct Growing {
    bars: Option<(ProgressBar, ProgressBar)>,
    found: Found,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    rows: BTreeMap<usize, Box<Unit>>,
}

impl Growing {
    pub(super) fn new(output: &Output) -> Self {
        let bar = |style: &str| {
            let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
            output.bars.add(ProgressBar::no_length().with_style(style))
        };
        let bars = output.draws.then(|| {
            // The one document on standard output would not be the last that is seen below a list.
            let rows = if output.json {
                ProgressBar::hidden()
            } else {
                bar("{msg}")
            };
            (rows, bar("Asking [{bar:30}] {pos} of {len}{msg}"))
        });
        Self {
            bars,
            found: Found::default(),
        }
    }

    /// Takes what the search has to say.
    pub(super) fn see(&mut self, event: &DiscoveryEvent) {
        if let DiscoveryEvent::Unit { unit, .. } = event {
            tracing::info!(address = %unit.address, name = ?unit.name, "found");
        }
        let Some((rows, line)) = &self.bars else { return };
        match event {
            DiscoveryEvent::Progress {
                probed,
                total,
                answered: _,
                left,
            } => {
                line.set_length(*total as u64);
                line.set_position(*probed as u64);
                line.set_message(self.found.words(*left));
            }
            event if self.found.take(event) => rows.set_message(self.found.text()),
            _ => {}
        }
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if let Some((rows, line)) = &self.bars {
            rows.finish_and_clear();
            line.finish_and_clear();
        }
    }
}

impl Found {
    /// Whether the list changes.
    fn take(&mut self, event: &DiscoveryEvent) -> bool {
        match event {
            DiscoveryEvent::Unit { row, unit } => {
                self.rows.insert(*row, unit.clone());
                true
            }
            DiscoveryEvent::Merged { row, .. } => self.rows.remove(row).is_some(),
            _ => false,
        }
    }

    /// The last rows, in the order in which they came.
    fn text(&self) -> String {
        let before = self.rows.len().saturating_sub(SHOWN);
        let mut table = listing();
        for unit in self.rows.values().skip(before) {
            table.row(row(unit));
        }
        let table = table.to_string();
        let table = table.trim_end();
        match before {
            0 => table.to_owned(),
            _ => format!("{table}\n… and {before} before these"),
        }
    }

    fn words(&self, left: Duration) -> String {
        let found = count(self.rows.len() as u64, "unit", "units");
        match left.as_secs_f64().ceil() {
            seconds if seconds < 1.0 => format!(", {found} found"),
            seconds => format!(", {found} found, about {seconds:.0} s left"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(row: usize, name: &str) -> DiscoveryEvent {
        let unit = serde_json::json!({
            "name": name, "address": "10.0.0.1", "mac": null, "type": "IP 500 V2", "version": "11.1", "edition": null,
            "state": null, "group": null, "services": {}, "found_by": ["tcp"], "round_trip_ms": 3.0, "supported": true,
            "method": "service",
        });
        let unit = Box::new(serde_json::from_value(unit).unwrap());
        DiscoveryEvent::Unit { row, unit }
    }

    #[test]
    fn the_list_grows_by_rows_and_loses_those_that_turn_out_to_be_one() {
        let mut list = Found::default();
        let names = |list: &Found| {
            let text = list.text();
            let lines = text.lines().skip(1).map(|line| line.split_whitespace().next());
            lines
                .map(|name| name.unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        assert!(list.take(&found(0, "a")) && list.take(&found(1, "b")) && list.take(&found(0, "c")));
        assert_eq!(names(&list), ["c", "b"]);
        assert!(list.take(&DiscoveryEvent::Merged { row: 1, into: 0 }));
        assert!(!list.take(&DiscoveryEvent::Notice(String::new())));
        assert_eq!(names(&list), ["c"]);
        for row in 0..20 {
            list.take(&found(row, &format!("unit{row}")));
        }
        assert_eq!(names(&list)[0], "unit5");
        assert_eq!(names(&list).len(), SHOWN + 1);
        assert!(list.text().ends_with("… and 5 before these"));
    }

    #[test]
    fn the_line_says_how_many_and_how_long() {
        let mut list = Found::default();
        assert_eq!(
            list.words(Duration::from_millis(4_200)),
            ", 0 units found, about 5 s left"
        );
        list.take(&found(0, "a"));
        assert_eq!(list.words(Duration::ZERO), ", 1 unit found");
    }

    #[test]
    fn what_a_unit_says_does_not_reach_the_terminal_as_control() {
        let mut list = Found::default();
        list.take(&found(0, "a\u{1b}[2Jb\nc"));
        let text = list.text();
        assert!(!text.contains('\u{1b}') && text.lines().count() == 2, "{text:?}");
    }
}
