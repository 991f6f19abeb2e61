//! What a search reports, as values: events while it runs, one document at its end.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::no_answer::NoAnswer;
use super::unidentified::Unidentified;

/// One thing that a running search has to say.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DiscoveryEvent {
    /// A unit was found, or more is known of it than before.
    Unit {
        /// Which row of the list this is; it stays the same for the whole search.
        row: usize,
        /// All that is known of it now.
        unit: Box<Unit>,
    },
    /// What looked like two units is one: this row goes, and the other one holds everything.
    Merged {
        /// The row that goes.
        row: usize,
        /// The row that stays; its [`DiscoveryEvent::Unit`] follows.
        into: usize,
    },
    /// Something answers, and does not say that it is a unit.
    Unidentified(Unidentified),
    /// A saved site, or an address or name that was asked for by itself, did not answer; told at the end.
    NoAnswer(NoAnswer),
    /// An entry of what was to be searched can not be searched.
    Problem(Problem),
    /// Something that the person who searches should know, as a sentence.
    Notice(String),
    /// How far the search is.
    Progress {
        /// How many addresses were asked to the end.
        probed: usize,
        /// How many there are to ask, as far as is known.
        total: usize,
        /// How many answered.
        answered: usize,
        /// How long it will take from now on, at the most, as far as is known.
        left: Duration,
    },
    /// The search is over; nothing follows.
    Finished {
        /// What it took.
        stats: Stats,
        /// Whether somebody stopped it before its end.
        cancelled: bool,
    },
}

/// One unit, in the form of `discover --json`. What is not known is `None`, and null there.
///
/// Nothing of this is authenticated: it may fill a list and never lowers security (protocol.md 2.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// The system's name.
    pub name: Option<String>,
    /// Where it answered.
    pub address: IpAddr,
    /// `00:E0:07:AA:BB:CC`.
    pub mac: Option<String>,
    /// The type, such as `IP 500 V2`.
    #[serde(rename = "type")]
    pub unit_type: Option<String>,
    /// The software version, as the unit writes it.
    pub version: Option<String>,
    /// The edition.
    pub edition: Option<String>,
    /// Whether it can be worked with.
    pub state: Option<State>,
    /// The group of the saved site.
    pub group: Option<String>,
    /// What it offers.
    pub services: Services,
    /// How it was found.
    pub found_by: Vec<Means>,
    /// From the question to its answer, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Whether this program can receive and send its configuration.
    pub supported: bool,
    /// How its configuration is received and sent.
    pub method: Option<Method>,
    /// Why it can not be worked with at all, as a sentence; only where there is no method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_method: Option<String>,
    /// The name of the saved site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Further addresses at which the same unit answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_addresses: Vec<IpAddr>,
    /// The DNS names that stand for its addresses, as far as it was searched by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_names: Vec<String>,
    /// The port at which it answered Whois, where that is not 50802.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery_port: Option<u16>,
    /// What the ping beside the search showed; only for the one address that was asked for by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<Ping>,
    /// What does not fit together, as sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What a unit offers, as it said itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// The Services Base TCP Port.
    pub base_port: Option<u16>,
    /// Configuration over plain TCP.
    pub configuration: Option<bool>,
    /// Configuration over TLS.
    pub configuration_tls: Option<bool>,
    /// Security settings over plain TCP.
    pub security: Option<bool>,
    /// Security settings over TLS.
    pub security_tls: Option<bool>,
    /// Configuration over TFTP, as before release 3.2.
    pub tftp: Option<bool>,
    /// The Management API.
    pub management_api: Option<bool>,
    /// DevLink3.
    pub devlink3: Option<bool>,
}

/// Whether a unit can be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Running normally.
    Running,
    /// Not running from its primary folder: it can only be read.
    ReadOnly,
    /// Starting up.
    Starting,
}

/// How a unit was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// It answered over TFTP, to a broadcast or to its own address.
    Udp,
    /// It answered Whois.
    Tcp,
    /// It stands at the address of a saved site.
    Saved,
}

/// How a configuration is received and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The configuration service.
    Service,
    /// TFTP, as before release 3.2.
    Tftp,
    /// The Management API.
    Api,
}

/// What a ping showed. It is a finding, never a condition (protocol.md 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ping {
    /// The address answered.
    Answered,
    /// It did not, although the unit is there: ping is blocked on the way.
    Blocked,
}

/// An entry that can not be searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The entry as it was written, safe to show.
    pub entry: String,
    /// Where it begins in its text, in characters from 1.
    pub position: usize,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// Whether the entry was fine, and its name could not be looked up now.
    #[serde(skip)]
    pub unresolved: bool,
}

/// What a search took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// How many were asked: each address and port by TCP, each address that was asked by UDP alone, and each
    /// broadcast from each interface.
    pub probed: usize,
    /// From how many places an answer came: units, and what could not be identified. A refused connection is not an
    /// answer.
    pub answered: usize,
    /// Milliseconds from beginning to end.
    pub elapsed_ms: u64,
}

/// A whole search, in the form of `discover --json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every unit once, sorted by address.
    pub units: Vec<Unit>,
    /// What answers and was not identified, sorted by address and port.
    pub unidentified: Vec<Unidentified>,
    /// Saved sites, and addresses and names that were asked for by themselves, that did not answer, sorted by address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_answer: Vec<NoAnswer>,
    /// What could not be searched, in the order of the entries.
    pub problems: Vec<Problem>,
    /// What it took.
    pub stats: Stats,
    /// What the person who searches should know.
    #[serde(skip)]
    pub notices: Vec<String>,
    /// Whether somebody stopped the search before its end.
    #[serde(skip)]
    pub cancelled: bool,
}

/// Takes every event of a search in, shows each to `seen` as it comes, and makes the document.
pub async fn collect(
    mut events: mpsc::Receiver<DiscoveryEvent>,
    mut seen: impl FnMut(&DiscoveryEvent),
) -> Report {
    let mut rows = BTreeMap::new();
    let mut report = Report {
        cancelled: true,
        ..Report::default()
    };
    while let Some(event) = events.recv().await {
        seen(&event);
        match event {
            DiscoveryEvent::Unit { row, unit } => drop(rows.insert(row, *unit)),
            DiscoveryEvent::Merged { row, .. } => drop(rows.remove(&row)),
            DiscoveryEvent::Unidentified(entry) => report.unidentified.push(entry),
            DiscoveryEvent::NoAnswer(none) => report.no_answer.push(none),
            DiscoveryEvent::Problem(problem) => report.problems.push(problem),
            DiscoveryEvent::Notice(notice) => report.notices.push(notice),
            DiscoveryEvent::Progress { probed, answered, .. } => {
                report.stats.probed = probed;
                report.stats.answered = answered;
            }
            DiscoveryEvent::Finished { stats, cancelled } => {
                report.stats = stats;
                report.cancelled = cancelled;
            }
        }
    }
    report.units = rows.into_values().collect();
    report
        .units
        .sort_by(|a, b| (a.address, a.discovery_port, &a.mac).cmp(&(b.address, b.discovery_port, &b.mac)));
    report.unidentified.sort();
    report.no_answer.sort();
    report
}
