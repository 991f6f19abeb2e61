//! Finding units (protocol.md section 2): by UDP broadcast and unicast, by Whois over TCP, and by a ping beside them.
//!
//! [`discover`] starts a search and streams what it finds; [`collect`] makes one document of it. [`whois()`] and
//! [`identify()`] ask one unit before it is worked with. Nothing that an answer says is authenticated.
//!
//! - [`options`], `patience` and `plan`: from what was asked for to whom to ask, and how often; `interfaces`, `watch`,
//!   `names`: this computer's part in it.
//! - `udp`, `tcp`, `ping`: the searches, each of which tells `heard` what it hears.
//! - `further`, `banner`, `snmp`: what else is asked, on request, of what answers and does not say that it is a unit.
//! - `tally`, `roll`, `row`, `sighting`: the one place that puts it together.
//! - `report`, `units_table`, `unidentified`, `no_answer`, `must_be_open`: what comes out.

mod banner;
mod further;
mod heard;
mod identify;
mod interfaces;
mod must_be_open;
mod names;
mod no_answer;
pub mod options;
mod patience;
mod ping;
mod plan;
mod queue;
mod report;
mod roll;
mod row;
mod sighting;
mod snmp;
mod support;
mod tally;
mod tcp;
mod udp;
mod unidentified;
mod units_table;
mod watch;
mod whois;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use further::Identification;
pub use identify::{Identity, identify};
pub use interfaces::{InterfaceAddress, InterfaceChanges, InterfaceKind, Interfaces};
pub use must_be_open::{MustBeOpen, must_be_open};
pub use names::{ResolvedName, resolve_all};
pub use no_answer::NoAnswer;
pub use options::{DiscoveryOptions, SavedSite};
pub(crate) use plan::left_out_notice;
pub use report::{
    DiscoveryEvent, Means, Method, Ping, Problem, Report, Services, State, Stats, Unit, collect,
};
pub use snmp::Community;
pub use support::method_for;
pub use unidentified::{Unidentified, UnidentifiedKind};
pub use units_table::units_table;
pub use watch::watch_interfaces;
pub use whois::whois;

use heard::Heard;
use patience::Patience;
use plan::{NamedTarget, Plan};
use row::NamedAt;
use tally::Tally;
use tcp::TcpTarget;
use udp::Source;

/// How many events may wait for the one who reads them; the search waits when they are not read.
const EVENTS: usize = 1024;

/// How many names are looked up, and asked by UDP, at a time.
const NAMES_AT_ONCE: usize = 128;

/// How often progress is told.
const PROGRESS: Duration = Duration::from_millis(100);

/// Starts a search. It ends with [`DiscoveryEvent::Finished`], also when `cancel` fires; dropping the receiver stops it
/// at once. Must be called inside a tokio runtime.
pub fn discover(options: DiscoveryOptions, cancel: CancellationToken) -> mpsc::Receiver<DiscoveryEvent> {
    let (events, receiver) = mpsc::channel(EVENTS);
    tokio::spawn(run(options, cancel, events));
    receiver
}

async fn run(options: DiscoveryOptions, cancel: CancellationToken, events: mpsc::Sender<DiscoveryEvent>) {
    let started = Instant::now();
    // A place for the last event, so that a cancel need not wait for a slow reader.
    let Ok(last) = events.clone().reserve_owned().await else {
        return;
    };
    let mut tally = Tally::default();
    let cancelled = tokio::select! {
        biased;
        () = cancel.cancelled() => true,
        () = events.closed() => return,
        () = search(&options, &mut tally, &events) => false,
    };
    let (probed, _, answered) = tally.counts();
    let elapsed_ms = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    last.send(DiscoveryEvent::Finished {
        stats: Stats {
            probed,
            answered,
            elapsed_ms,
        },
        cancelled,
    });
}

async fn search(options: &DiscoveryOptions, tally: &mut Tally, events: &mpsc::Sender<DiscoveryEvent>) {
    let (heard, mut hearing) = mpsc::channel(256);
    let plan = match Interfaces::read() {
        Ok(interfaces) => Plan::new(options, &interfaces),
        Err(error) => {
            let mut plan = Plan::new(options, &Interfaces::default());
            plan.notices
                .push(format!("the network interfaces can not be read: {error}"));
            plan
        }
    };
    let mut out = Vec::new();
    out.extend(plan.problems.iter().cloned().map(DiscoveryEvent::Problem));
    out.extend(plan.notices.iter().cloned().map(DiscoveryEvent::Notice));
    for (address, site) in plan.saved.iter().cloned() {
        tally.hear(Heard::Saved { address, site }, &mut out);
    }
    // Dropped with this future, and every search with it.
    let patience = Patience::new(options, plan.tcp.len() + plan.names.len());
    let mut searches = start(plan, patience, options.ping, heard);
    let mut asks_further = options.identify.is_wanted();
    let mut ticks = tokio::time::interval(PROGRESS);
    let mut over = false;
    loop {
        for event in out.drain(..) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        if over {
            return;
        }
        tokio::select! {
            heard = hearing.recv() => {
                if let Some(heard) = heard {
                    tally.hear(heard, &mut out);
                } else if std::mem::take(&mut asks_further) {
                    let (heard, further) = mpsc::channel(256);
                    hearing = further;
                    let how = options.identify.clone();
                    searches.spawn(further::ask(tally.to_identify(), how, patience, heard));
                } else {
                    tally.end(options, &mut out);
                    over = true;
                }
            }
            _ = ticks.tick() => {
                let (probed, total, answered) = tally.counts();
                let left = tally.left(tokio::time::Instant::now());
                out.push(DiscoveryEvent::Progress { probed, total, answered, left });
            }
        }
    }
}

/// Starts every search of the plan.
fn start(plan: Plan, patience: Patience, with_ping: bool, heard: mpsc::Sender<Heard>) -> JoinSet<()> {
    let mut searches = JoinSet::new();
    for source in plan.udp {
        searches.spawn(udp::search(source, patience.by_udp(), heard.clone()));
    }
    if let Some(address) = plan.single {
        searches.spawn(single(address, patience, with_ping, heard.clone()));
    }
    let (targets, more) = mpsc::channel(64);
    searches.spawn(tcp::search(plan.tcp, more, patience, heard.clone()));
    if !plan.names.is_empty() {
        searches.spawn(ask_names(plan.names, targets, patience, with_ping, heard));
    }
    searches
}

async fn single(address: IpAddr, patience: Patience, with_ping: bool, heard: mpsc::Sender<Heard>) {
    heard.send(Heard::Single(address)).await.ok();
    if with_ping {
        let echo = ping::ping(address, patience.timeout, patience.tries()).await;
        heard.send(Heard::Ping { address, echo }).await.ok();
    }
}

/// Looks names up, many at a time, and has their addresses asked.
async fn ask_names(
    names: Vec<NamedTarget>,
    targets: mpsc::Sender<TcpTarget>,
    patience: Patience,
    with_ping: bool,
    heard: mpsc::Sender<Heard>,
) {
    let mut running = JoinSet::new();
    for target in names {
        if running.len() >= NAMES_AT_ONCE {
            running.join_next().await;
        }
        running.spawn(ask_name(
            target,
            targets.clone(),
            patience,
            with_ping,
            heard.clone(),
        ));
    }
    drop(targets);
    running.join_all().await;
}

async fn ask_name(
    target: NamedTarget,
    targets: mpsc::Sender<TcpTarget>,
    patience: Patience,
    with_ping: bool,
    heard: mpsc::Sender<Heard>,
) {
    let addresses = match names::resolve(&target.name).await {
        Ok(addresses) => addresses,
        Err(reason) => {
            let NamedTarget { entry, position, .. } = target;
            heard
                .send(Heard::Problem(Problem {
                    entry,
                    position,
                    reason,
                    unresolved: true,
                }))
                .await
                .ok();
            return;
        }
    };
    for &address in &addresses {
        let named = NamedAt {
            discovery_port: target.tcp,
            name: target.name.as_str().into(),
        };
        heard.send(Heard::Named { address, named }).await.ok();
        if let Some(site) = target.site.clone() {
            heard.send(Heard::Saved { address, site }).await.ok();
        }
        if let Some(port) = target.tcp {
            targets
                .send(TcpTarget {
                    address: (address, port).into(),
                    // A saved site is told as such.
                    alone: target.site.is_none(),
                })
                .await
                .ok();
        }
    }
    drop(targets);
    let mut searches = JoinSet::new();
    for is_ipv4 in [true, false] {
        let mut source = Source::any(is_ipv4);
        let family = addresses.iter().filter(|address| address.is_ipv4() == is_ipv4);
        source.destinations = target
            .udp
            .map(|port| family.map(|&a| plan::unicast(a, port)).collect())
            .unwrap_or_default();
        source.counted = if target.tcp.is_some() {
            0
        } else {
            source.destinations.len()
        };
        if !source.destinations.is_empty() {
            searches.spawn(udp::search(source, patience.by_udp(), heard.clone()));
        }
    }
    if target.single {
        for address in addresses {
            searches.spawn(single(address, patience, with_ping, heard.clone()));
        }
    }
    searches.join_all().await;
}
