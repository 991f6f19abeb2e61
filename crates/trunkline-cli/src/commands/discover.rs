mod growing;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use clap::Args;
use trunkline_core::discovery::{
    Community, DiscoveryOptions, Identification, Means, NoAnswer, Ping, Report, State, UnidentifiedKind,
    Unit, collect, discover, units_table,
};
use trunkline_core::{StoreData, remember_seen};

use super::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Output, print_bytes};
use crate::table::Table;
use crate::text::count;
use growing::Growing;

/// How many of those that did not answer, or not as a unit, are named.
const MOST_TOLD: usize = 50;

/// Finds units
///
/// Without --broadcast, --search and --unit: by broadcast on every interface, and by asking the saved sites and the saved
/// IP Search Criteria. With any of them, only those.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[command(after_help = "\
Examples:
  trunkline discover
  trunkline discover --search '10.0.0.0/24; 10.1.0.5-20; pbx.example.com' --json
  trunkline discover --unit 192.168.42.1 --http --snmp

Exit status 7 where some entries are wrong, 2 where all are; what was found is printed all the same.
JSON: {\"units\",\"unidentified\",\"no_answer\",\"problems\",\"stats\"}")]
pub(crate) struct Arguments {
    /// Broadcasts to this address; may be given several times
    #[arg(long, value_name = "ADDR")]
    broadcast: Vec<Ipv4Addr>,
    /// Asks by TCP: addresses, ranges, networks in CIDR form and names, parted by ; and each with :port if need be. May be
    /// given several times
    #[arg(long, value_name = "CRITERIA")]
    search: Vec<String>,
    /// Asks one address by ping, UDP and TCP
    #[arg(long, value_name = "ADDR")]
    unit: Option<String>,
    /// Of a search of every interface: also those with only a link-local address (169.254.x.x), as when this computer is
    /// plugged straight into a unit
    #[arg(long)]
    link_local: bool,
    /// Asks what answers and does not say that it is a unit by HTTP and HTTPS too
    #[arg(long)]
    http: bool,
    /// Asks what answers and does not say that it is a unit by SNMP too
    #[arg(long)]
    snmp: bool,
    /// The community that may read by SNMP
    #[arg(long, value_name = "NAME", requires = "snmp", default_value = "public", hide_default_value = true, value_parser = community)]
    snmp_community: Community,
    /// Prints the units as a table for spreadsheets, which `sites import` reads too
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Asks nothing by UDP
    #[arg(long)]
    no_udp: bool,
    /// Asks nothing by TCP
    #[arg(long)]
    no_tcp: bool,
    /// Pings nobody
    #[arg(long)]
    no_ping: bool,
    /// How long one question waits for its answer, in milliseconds [default: 1250, or what the preferences say]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(10..=60_000))]
    timeout: Option<u32>,
    /// How often a question is asked that nobody answers, each time for the whole timeout [default: what the preferences say,
    /// or the more often the smaller the search is, within one timeout]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10))]
    attempts: Option<u32>,
    /// How many are asked at a time [default: what the preferences say, or as many as this computer bears]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    concurrency: Option<u32>,
    /// Where units answer TCP discovery, instead of 50802
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    discovery_port: Option<u16>,
    /// Where units answer UDP discovery, instead of 69
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    tftp_port: Option<u16>,
}

fn community(name: &str) -> Result<Community, String> {
    Community::new(name).ok_or_else(|| "a community has 1 to 255 bytes".into())
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let local = context.local()?;
    let csv = arguments.csv;
    let options = options(arguments, &*local.store.read()?);
    let mut growing = Growing::new(&context.output);
    let events = discover(options, context.cancel.clone());
    let report = collect(events, |event| growing.see(event)).await;
    drop(growing);
    remember_seen(&local.store, report.units.clone());
    if csv {
        print_bytes(&units_table(&report.units)?)?;
    } else {
        context.output.document(&report, || table(&report))?;
    }
    say(&context.output, &report);
    if report.cancelled {
        context
            .output
            .warn("stopped; what was found until then is listed");
        return Ok(Exit::Interrupted.into());
    }
    Ok(exit(&report).into())
}

/// Bad entries only: nobody was asked.
fn exit(report: &Report) -> Exit {
    match (report.problems.is_empty(), report.stats.probed) {
        (true, _) => Exit::Done,
        (false, 0) => Exit::Usage,
        (false, _) => Exit::InPart,
    }
}

fn options(arguments: Arguments, data: &StoreData) -> DiscoveryOptions {
    let preferences = &data.preferences;
    let says_where =
        !arguments.broadcast.is_empty() || !arguments.search.is_empty() || arguments.unit.is_some();
    let include_link_local = arguments.link_local;
    let named = DiscoveryOptions {
        broadcast: arguments.broadcast,
        criteria: arguments.search,
        single: arguments.unit,
        udp: !arguments.no_udp,
        tcp: !arguments.no_tcp,
        ping: !arguments.no_ping,
        timeout: Duration::from_millis(
            arguments
                .timeout
                .unwrap_or(preferences.discovery_timeout_ms)
                .into(),
        ),
        attempts: arguments
            .attempts
            .or(DiscoveryOptions::chosen(preferences.discovery_attempts)),
        concurrency: arguments
            .concurrency
            .or(DiscoveryOptions::chosen(preferences.discovery_concurrency))
            .and_then(|number| number.try_into().ok()),
        discovery_port: arguments.discovery_port.unwrap_or(preferences.discovery_port),
        tftp_port: arguments.tftp_port.unwrap_or(preferences.tftp_port),
        base_port: preferences.services_base_port,
        identify: Identification {
            http: arguments.http,
            snmp: arguments.snmp.then_some(arguments.snmp_community),
            ..Identification::default()
        },
        ..DiscoveryOptions::default()
    };
    if says_where {
        return named;
    }
    DiscoveryOptions {
        interfaces: true,
        include_link_local,
        broadcast: preferences.broadcast_addresses.clone(),
        criteria: vec![preferences.ip_search_criteria.clone()],
        sites: data.sites().into_iter().map(Into::into).collect(),
        ..named
    }
}

fn table(report: &Report) -> String {
    if report.units.is_empty() {
        return String::new();
    }
    let mut table = listing();
    for unit in &report.units {
        table.row(row(unit));
    }
    table.to_string()
}

/// The list without a row.
fn listing() -> Table {
    let headings = [
        "NAME",
        "ADDRESS",
        "BASE PORT",
        "TYPE",
        "VERSION",
        "EDITION",
        "STATE",
        "METHOD",
        "FOUND BY",
        "ROUND TRIP",
    ];
    Table::new(&headings).numbers_in(2).numbers_in(9)
}

fn row(unit: &Unit) -> [String; 10] {
    let text = |known: &Option<String>| known.clone().unwrap_or_else(|| "unknown".into());
    let state = match unit.state {
        Some(State::Running) => "running",
        Some(State::ReadOnly) => "read only",
        Some(State::Starting) => "starting",
        None => "",
    };
    let method = match (unit.supported, unit.method) {
        (false, None) => "none",
        (false, Some(_)) => "not yet",
        (true, method) => method.map_or("", word),
    };
    let means = |means: &Means| match means {
        Means::Udp => "UDP",
        Means::Tcp => "TCP",
        Means::Saved => "site",
    };
    let found_by: Vec<_> = unit.found_by.iter().map(means).collect();
    [
        text(&unit.name),
        with_names(unit.address, &unit.dns_names),
        unit.services
            .base_port
            .map(|port| port.to_string())
            .unwrap_or_default(),
        text(&unit.unit_type),
        text(&unit.version),
        unit.edition.clone().unwrap_or_default(),
        state.into(),
        method.into(),
        found_by.join(", "),
        unit.round_trip_ms
            .map(|ms| format!("{ms:.0} ms"))
            .unwrap_or_default(),
    ]
}

/// An address with the DNS names under which it was searched.
fn with_names(address: IpAddr, names: &[String]) -> String {
    if names.is_empty() {
        address.to_string()
    } else {
        format!("{address} ({})", names.join(", "))
    }
}

fn word(method: trunkline_core::discovery::Method) -> &'static str {
    use trunkline_core::discovery::Method;
    match method {
        Method::Service => "service",
        Method::Tftp => "TFTP",
        Method::Api => "API",
    }
}

fn say(output: &Output, report: &Report) {
    for unit in &report.units {
        for warning in &unit.warnings {
            output.warn(&format!("{}: {warning}", unit.address));
        }
        if let Some(why) = &unit.no_method {
            output.say(&format!(
                "{}: its configuration can not be received or sent: {why}",
                unit.address
            ));
        }
        if unit.ping == Some(Ping::Blocked) {
            output.say(&format!(
                "{}: ping is blocked on the way; the unit answers all the same",
                unit.address
            ));
        }
    }
    say_what_else_answered(output, report);
    say_who_did_not_answer(output, report);
    for notice in &report.notices {
        output.warn(notice);
    }
    for problem in &report.problems {
        output.warn(&format!(
            "entry {:?} at position {}: {}",
            problem.entry, problem.position, problem.reason
        ));
    }
    let stats = &report.stats;
    output.say(&format!(
        "{} found; {} asked, in {:.1} s",
        count(report.units.len() as u64, "unit", "units"),
        stats.probed,
        Duration::from_millis(stats.elapsed_ms).as_secs_f64(),
    ));
}

/// What answered and is not understood; the next step once for all that it is the same for.
fn say_what_else_answered(output: &Output, report: &Report) {
    let mut others: Vec<_> = report.unidentified.iter().collect();
    others.sort_by_key(|other| &other.hint);
    for alike in others.chunk_by(|a, b| a.hint == b.hint) {
        for other in alike.iter().take(MOST_TOLD) {
            let port = other.port.map(|port| format!(" port {port}")).unwrap_or_default();
            let address = with_names(other.address, &other.dns_names);
            output.say(&format!("{address}{port}: not identified: {}", other.reason));
        }
        say_how_many_more(output, alike.len(), "like that");
        output.say(&format!("hint: {}", alike[0].hint));
    }
}

/// Saved sites, and what was asked for by itself, that did not answer; what must be open once for all that it is the
/// same for.
fn say_who_did_not_answer(output: &Output, report: &Report) {
    let refusals = report
        .unidentified
        .iter()
        .filter(|other| other.kind == UnidentifiedKind::Refused);
    let refused: HashSet<_> = refusals.map(|other| (other.address, other.port)).collect();
    let was_refused = |none: &NoAnswer| refused.contains(&(none.address, Some(none.must_be_open.discovery)));
    let mut silent: Vec<_> = report.no_answer.iter().collect();
    silent.sort_by_key(|none| none.must_be_open);
    for alike in silent.chunk_by(|a, b| a.must_be_open == b.must_be_open) {
        for none in alike.iter().take(MOST_TOLD) {
            let address = with_names(none.address, &none.dns_names);
            let who = match &none.site {
                Some(site) => format!("{site} ({address})"),
                None => address,
            };
            let since = none
                .since
                .map(|since| format!(" since {}", since.strftime("%Y-%m-%d %H:%M UTC")))
                .unwrap_or_default();
            output.say(&format!("{who}: no answer{since}"));
        }
        say_how_many_more(output, alike.len(), "without an answer");
        // Where the connection was refused the way is open; that was said with the refusal.
        if !alike.iter().all(|none| was_refused(none)) {
            output.say(&format!("hint: {}", alike[0].must_be_open));
        }
    }
}

fn say_how_many_more(output: &Output, all: usize, what: &str) {
    if all > MOST_TOLD {
        let more = all - MOST_TOLD;
        output.say(&format!("and {more} more {what}; --json lists them all"));
    }
}
