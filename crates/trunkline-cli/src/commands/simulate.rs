use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use trunkline_protocol::criteria::{Criteria, Host, Target};
use trunkline_protocol::ports::DISCOVERY;
use trunkline_simulator::{FAULTS, Fault, Listen, Options, Simulator, Site, StartError, Unit};

use super::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;

/// How long the units have to hang up when the program is stopped.
const GOOD_BYE: Duration = Duration::from_millis(500);

/// Runs virtual units until it is stopped
///
/// Prints a line with the address, ports and name of each unit, the search criteria that find them, and `ready` when all
/// listen.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline simulate                                      the demo site, on addresses of its own
  trunkline simulate --units 3 --listen 127.0.0.1         three units on free ports
  trunkline simulate --units 1 --fault cut-read:40000:1   one that hangs up once in the middle
Service user Administrator, password demo-Pass-1; the system password of systems before 3.2 is password.")]
pub(crate) struct Arguments {
    /// The units, from a TOML file; the demo site without one
    #[arg(value_name = "SITE.toml", conflicts_with = "units")]
    site: Option<PathBuf>,
    /// Makes up so many units
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    units: Option<u16>,
    /// Puts all units on one address, each on free ports of its own
    #[arg(long, value_name = "ADDR")]
    listen: Option<IpAddr>,
    /// Puts each unit on one of these addresses of this computer, with the standard ports: addresses, ranges and networks,
    /// parted by ;
    #[arg(long, value_name = "ADDRS", conflicts_with = "listen")]
    addresses: Option<String>,
    /// Hears broadcasts too, on this address and UDP port; each unit answers them from its own address
    #[arg(long, value_name = "ADDR:PORT")]
    broadcasts: Option<SocketAddr>,
    /// Bytes of each unit's configuration
    #[arg(long, value_name = "BYTES")]
    size: Option<u64>,
    /// Something that every unit does wrong; may be given several times
    #[arg(long = "fault", value_name = "FAULT", long_help = fault_help())]
    faults: Vec<Fault>,
}

fn fault_help() -> String {
    let mut text = "Something that every unit does wrong; may be given several times. With :N behind it, on the first N \
                    connections only:\n"
        .to_owned();
    for fault in FAULTS {
        let _ = writeln!(text, "  {}: {}", fault.form, fault.meaning);
    }
    text
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let site = match (&arguments.site, arguments.units) {
        (Some(file), _) => Site::load(file),
        (None, Some(units)) => Ok(Site::generated(units.into())),
        (None, None) => Site::demo(),
    };
    let site = site.map_err(|error| Failure::usage(error.to_string()))?;
    let listen = match (arguments.listen, &arguments.addresses) {
        (Some(address), _) => Listen::OneAddress(address),
        (None, Some(text)) => Listen::Addresses(addresses(text)?),
        (None, None) => Listen::default(),
    };
    trunkline_core::raise_open_files();
    let options = Options {
        listen,
        broadcasts: arguments.broadcasts,
        size: arguments.size,
        faults: arguments.faults,
        ..Options::default()
    };
    let simulator = Simulator::start(site, options)
        .await
        .map_err(|error| match error {
            StartError::Site(error) => Failure::usage(error.to_string()),
            other => Failure::other(other.to_string()),
        })?;
    if context.output.json {
        let units: Vec<_> = simulator.units().iter().map(describe).collect();
        let document = json!({"units": units, "criteria": simulator.criteria(), "ready": true});
        output::print(&document.to_string())?;
    } else {
        output::print(&simulator.announcement())?;
    }
    context.cancel.cancelled().await;
    // Whoever stopped it does not wait for a unit that is in the middle of something.
    let _ = tokio::time::timeout(GOOD_BYE, simulator.shutdown()).await;
    Ok(Ended {
        exit: Exit::Done,
        by_signal_as_usual: true,
    })
}

fn addresses(text: &str) -> Result<Vec<IpAddr>, Failure> {
    let criteria = Criteria::parse(text);
    if let Some(bad) = criteria.bad_entries().first() {
        return Err(Failure::usage(format!(
            "{:?} names no address: {}",
            bad.entry, bad.reason
        )));
    }
    let address = |target: Target| match target.host {
        Host::Address(address) => Ok(address),
        Host::Name(name) => Err(Failure::usage(format!("{name:?} is a name, not an address"))),
    };
    criteria.targets(DISCOVERY).map(address).collect()
}

fn describe(unit: &Unit) -> serde_json::Value {
    let ports = unit.ports();
    json!({
        "name": unit.name(), "address": unit.address(), "mac": unit.mac().to_string(),
        "discovery": ports.discovery, "base_port": ports.base,
        "configuration": ports.configuration, "configuration_tls": ports.configuration_tls,
        "security": ports.security, "security_tls": ports.security_tls, "tftp": ports.tftp,
    })
}
