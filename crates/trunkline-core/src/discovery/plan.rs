//! From what was asked for to whom to ask.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use trunkline_protocol::criteria::{ADDRESS_LIMIT, Criteria, Host, Hosts};
use trunkline_protocol::tftp::who_is_search::Destination;

use super::interfaces::{InterfaceAddress, Interfaces};
use super::options::{DiscoveryOptions, SavedSite};
use super::report::Problem;
use super::row::SavedAt;
use super::tcp::TcpTarget;
use super::udp::Source;

/// Whom to ask, and what can not be asked.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) tcp: Vec<TcpTarget>,
    pub(super) udp: Vec<Source>,
    pub(super) names: Vec<NamedTarget>,
    pub(super) single: Option<IpAddr>,
    pub(super) saved: Vec<(IpAddr, SavedAt)>,
    pub(super) problems: Vec<Problem>,
    pub(super) notices: Vec<String>,
}

/// A name that must be looked up before it can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedTarget {
    pub(super) name: String,
    /// The entry that it comes from, and where that begins.
    pub(super) entry: String,
    pub(super) position: usize,
    /// Where to ask Whois.
    pub(super) tcp: Option<u16>,
    /// Where to ask by UDP.
    pub(super) udp: Option<u16>,
    pub(super) single: bool,
    pub(super) site: Option<SavedAt>,
}

impl Plan {
    pub(super) fn new(options: &DiscoveryOptions, interfaces: &Interfaces) -> Self {
        let mut plan = Self::default();
        // The single address first: of two questions to one place, the first one's kind counts.
        let mut broadcast = options.broadcast.clone();
        if let Some(text) = &options.single {
            match text.trim().parse() {
                Ok(address) if interfaces.is_broadcast(IpAddr::V4(address)) => broadcast.push(address),
                _ => plan.add_single(text, options),
            }
        }
        for (index, site) in options.sites.iter().enumerate() {
            plan.add_site(index, site, options);
        }
        plan.add_criteria(options);
        let asked_by_tcp: HashSet<IpAddr> = plan.tcp.iter().map(|target| target.address.ip()).collect();
        for source in &mut plan.udp {
            let alone = |destination: &&Destination| !asked_by_tcp.contains(&destination.address().ip());
            source.counted = source.destinations.iter().filter(alone).count();
        }
        if options.udp {
            plan.add_broadcasts(options, &broadcast, interfaces);
        }
        plan
    }

    fn add_single(&mut self, text: &str, options: &DiscoveryOptions) {
        let criteria = Criteria::parse(text);
        self.add_bad_entries(&criteria);
        let (port, host) = match criteria.entries() {
            [entry] => (entry.port.unwrap_or(options.discovery_port), &entry.hosts),
            [] if criteria.bad_entries().is_empty() => return self.not_one_address(text, "it is empty"),
            [] => return,
            _ => return self.not_one_address(text, "it has several entries"),
        };
        match host {
            Hosts::Address(address) => {
                self.single = Some(*address);
                self.ask(
                    *address,
                    options.tcp.then_some(port),
                    options.udp.then_some(options.tftp_port),
                    true,
                );
            }
            Hosts::Name(name) => self.names.push(NamedTarget {
                name: name.clone(),
                entry: text.trim().to_owned(),
                position: 1,
                tcp: options.tcp.then_some(port),
                udp: options.udp.then_some(options.tftp_port),
                single: true,
                site: None,
            }),
            Hosts::Range { .. } => self.not_one_address(text, "a range belongs in the IP Search Criteria"),
        }
    }

    fn not_one_address(&mut self, text: &str, why: &str) {
        let reason = format!("the Unit/Broadcast Address is one address or name; {why}");
        self.problems.push(Problem {
            entry: text.trim().to_owned(),
            position: 1,
            reason,
            unresolved: false,
        });
    }

    fn add_site(&mut self, index: usize, site: &SavedSite, options: &DiscoveryOptions) {
        let discovery_port = site.discovery_port.unwrap_or(options.discovery_port);
        let tcp = options.tcp.then_some(discovery_port);
        let udp = options.udp.then(|| site.tftp_port.unwrap_or(options.tftp_port));
        let saved = SavedAt {
            discovery_port,
            site: Arc::new((site.name.clone(), site.group.clone())),
        };
        if let Ok(address) = site.host.parse::<IpAddr>() {
            let address = address.to_canonical();
            self.saved.push((address, saved));
            self.ask(address, tcp, udp, false);
        } else {
            self.names.push(NamedTarget {
                name: site.host.clone(),
                entry: site.name.clone(),
                position: index + 1,
                tcp,
                udp,
                single: false,
                site: Some(saved),
            });
        }
    }

    fn add_criteria(&mut self, options: &DiscoveryOptions) {
        let mut left = ADDRESS_LIMIT;
        for text in &options.criteria {
            let criteria = Criteria::parse(text);
            self.add_bad_entries(&criteria);
            let count = criteria.address_count();
            if count > left {
                let entry = criteria
                    .entries()
                    .first()
                    .map(|entry| entry.text.clone())
                    .unwrap_or_default();
                let reason = format!("holds {count} addresses, and {left} of {ADDRESS_LIMIT} are left");
                self.problems.push(Problem {
                    entry,
                    position: 1,
                    reason,
                    unresolved: false,
                });
                continue;
            }
            left -= count;
            // UDP asks single addresses, sites and broadcasts only: a datagram to each address of a range is a scan
            // of TFTP, which security people take for an attack.
            for target in criteria.targets(options.discovery_port).filter(|_| options.tcp) {
                let entry = &criteria.entries()[target.entry];
                match target.host {
                    Host::Address(address) => {
                        let alone = matches!(entry.hosts, Hosts::Address(_));
                        self.ask(address, Some(target.port), None, alone);
                    }
                    Host::Name(name) => self.names.push(NamedTarget {
                        name,
                        entry: entry.text.clone(),
                        position: entry.position,
                        tcp: Some(target.port),
                        udp: None,
                        single: false,
                        site: None,
                    }),
                }
            }
        }
    }

    fn add_bad_entries(&mut self, criteria: &Criteria) {
        self.problems
            .extend(criteria.bad_entries().iter().map(|bad| Problem {
                entry: bad.entry.clone(),
                position: bad.position,
                reason: bad.reason.to_string(),
                unresolved: false,
            }));
    }

    fn ask(&mut self, address: IpAddr, tcp: Option<u16>, udp: Option<u16>, alone: bool) {
        self.tcp.extend(tcp.map(|port| TcpTarget {
            address: SocketAddr::new(address, port),
            alone,
        }));
        if let Some(port) = udp {
            let source = Source::any(address.is_ipv4());
            self.source(source).destinations.push(unicast(address, port));
        }
    }

    fn add_broadcasts(
        &mut self,
        options: &DiscoveryOptions,
        asked_for: &[Ipv4Addr],
        interfaces: &Interfaces,
    ) {
        let port = options.tftp_port;
        if options.interfaces || asked_for.contains(&Ipv4Addr::BROADCAST) {
            for interface in interfaces.to_search(options.include_link_local) {
                let directed = interface.broadcast.filter(|_| options.interfaces);
                for to in [Some(Ipv4Addr::BROADCAST), directed].into_iter().flatten() {
                    self.broadcast(from(interface), to, port);
                }
            }
            self.say_what_is_left_out(options, interfaces);
        }
        for &to in asked_for.iter().filter(|to| !to.is_broadcast()) {
            let source = match interfaces.towards(to) {
                Some(interface) if !to.is_loopback() => from(interface),
                _ => Source::any(true),
            };
            self.broadcast(source, to, port);
        }
    }

    fn broadcast(&mut self, source: Source, to: Ipv4Addr, port: u16) {
        let destination = Destination::Broadcast(SocketAddr::new(to.into(), port));
        let source = self.source(source);
        if !source.destinations.contains(&destination) {
            source.destinations.push(destination);
            source.counted += 1;
        }
    }

    fn say_what_is_left_out(&mut self, options: &DiscoveryOptions, interfaces: &Interfaces) {
        let left_out = interfaces.link_local_only.iter();
        for left_out in left_out.filter(|_| !options.include_link_local) {
            self.notices.push(left_out_notice(left_out));
        }
        if interfaces.to_search(options.include_link_local).next().is_none() {
            self.notices
                .push("no network interface with an IPv4 address is up; no broadcast can go out".into());
        }
    }

    /// The source in the plan that sends from the same address.
    fn source(&mut self, source: Source) -> &mut Source {
        let index = self
            .udp
            .iter()
            .position(|known| known.from == source.from)
            .unwrap_or_else(|| {
                self.udp.push(source);
                self.udp.len() - 1
            });
        &mut self.udp[index]
    }
}

/// What is said of an interface that is left out because it has only a link-local address.
pub(crate) fn left_out_notice(interface: &InterfaceAddress) -> String {
    format!(
        "{} has only the link-local address {} and is not searched; if this computer is plugged straight into a unit, \
         search link-local interfaces too (--link-local)",
        interface.interface, interface.address,
    )
}

/// A question to one address, which may be the broadcast address of a network that this computer does not know.
pub(super) fn unicast(address: IpAddr, port: u16) -> Destination {
    let to = SocketAddr::new(address, port);
    match address {
        IpAddr::V4(v4) if v4.octets()[3] == 255 => Destination::Broadcast(to),
        _ => Destination::Unicast(to),
    }
}

fn from(interface: &InterfaceAddress) -> Source {
    Source {
        from: interface.address.into(),
        name: format!("{} ({})", interface.interface, interface.address),
        destinations: Vec::new(),
        counted: 0,
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
