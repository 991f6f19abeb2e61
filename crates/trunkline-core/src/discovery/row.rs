//! One row of the list: the answers that are one unit's, and the unit that they make.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use trunkline_protocol::link::UnitState;
use trunkline_protocol::ports;

use super::report::{Means, Ping, State, Unit};
use super::sighting::Sighting;
use super::support::{method_for, services, why_no_method};

/// A saved site at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SavedAt {
    /// The port at which it is asked Whois.
    pub(super) discovery_port: u16,
    /// Its name and group.
    pub(super) site: Arc<(String, Option<String>)>,
}

/// A DNS name that stands for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedAt {
    /// The port at which Whois is asked there, if it is.
    pub(super) discovery_port: Option<u16>,
    /// The name.
    pub(super) name: Arc<str>,
}

/// What is known of addresses besides who answers there.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub(super) saved: HashMap<IpAddr, Vec<SavedAt>>,
    pub(super) names: HashMap<IpAddr, Vec<NamedAt>>,
    pub(super) pings: HashMap<IpAddr, Ping>,
    /// Addresses at which several discovery ports are asked, behind which different units may be.
    pub(super) crowded: HashSet<IpAddr>,
}

impl Addresses {
    /// The saved site that an answer comes from. By UDP it can only be told where one site is at the address.
    pub(super) fn saved_at(&self, sighting: &Sighting) -> Option<&(String, Option<String>)> {
        let sites = self.saved.get(&sighting.address)?;
        let site = match (sighting.port, sites.as_slice()) {
            (Some(port), sites) => sites.iter().find(|site| site.discovery_port == port),
            (None, [only]) if !self.crowded.contains(&sighting.address) => Some(only),
            (None, _) => None,
        };
        site.map(|site| &*site.site)
    }

    /// The DNS names of a place. Where several ports of an address are asked, each has its own.
    pub(super) fn names_at(&self, address: IpAddr, port: Option<u16>) -> impl Iterator<Item = &str> {
        let crowded = self.crowded.contains(&address);
        let there = self.names.get(&address).into_iter().flatten();
        there
            .filter(move |named| !crowded || (port.is_some() && named.discovery_port == port))
            .map(|named| &*named.name)
    }
}

/// The answers of one unit.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) sightings: Vec<Sighting>,
    /// Where a different unit claims the same MAC address.
    pub(super) same_mac_at: Option<IpAddr>,
    /// The address from which a different unit answers too.
    pub(super) shared_address: Option<IpAddr>,
}

impl Row {
    /// The answer that is shown: Whois before UDP, from the unit's own LAN1 address before others, then the lowest.
    pub(super) fn primary(&self) -> Option<&Sighting> {
        self.sightings.iter().min_by_key(|sighting| {
            (
                sighting.port.is_none(),
                sighting.lan1 != Some(sighting.address),
                sighting.address,
                sighting.port,
            )
        })
    }

    /// Takes over what another row was.
    pub(super) fn absorb(&mut self, other: Self, most: usize) {
        self.sightings.extend(other.sightings);
        self.sightings.truncate(most);
        // Found out anew: what clashed may just have turned out to be one unit.
        self.same_mac_at = None;
        self.shared_address = self.shared_address.or(other.shared_address);
    }

    /// What is shown of it.
    pub(super) fn to_unit(&self, addresses: &Addresses) -> Option<Unit> {
        let primary = self.primary()?;
        let version = self.known(primary, |s| s.version.clone());
        let capabilities = primary.capabilities;
        let (method, supported) = method_for(version.as_deref(), capabilities);
        let site = self
            .sightings
            .iter()
            .find_map(|sighting| addresses.saved_at(sighting));
        let (site, group) = site
            .map(|site| (Some(site.0.clone()), site.1.clone()))
            .unwrap_or_default();
        let mut found_by: BTreeSet<Means> = self
            .sightings
            .iter()
            .map(|s| if s.port.is_some() { Means::Tcp } else { Means::Udp })
            .collect();
        if site.is_some() {
            found_by.insert(Means::Saved);
        }
        let other_addresses: BTreeSet<IpAddr> = self
            .sightings
            .iter()
            .map(|s| s.address)
            .filter(|address| *address != primary.address)
            .collect();
        let dns_names: BTreeSet<&str> = self
            .sightings
            .iter()
            .flat_map(|s| addresses.names_at(s.address, s.port))
            .collect();
        Some(Unit {
            name: self.known(primary, |s| s.name.clone()),
            address: primary.address,
            mac: self.known(primary, |s| s.mac).map(|mac| mac.to_string()),
            unit_type: self.known(primary, |s| s.unit_type.clone()),
            no_method: why_no_method(version.as_deref(), capabilities),
            version,
            edition: primary.edition.clone(),
            state: primary.state.map(State::from),
            group,
            services: services(primary.base_port, capabilities),
            found_by: found_by.into_iter().collect(),
            round_trip_ms: Some(milliseconds(primary.round_trip)),
            supported,
            method,
            site,
            other_addresses: other_addresses.into_iter().collect(),
            dns_names: dns_names.into_iter().map(str::to_owned).collect(),
            discovery_port: primary.port.filter(|port| *port != ports::DISCOVERY),
            ping: self
                .sightings
                .iter()
                .find_map(|s| addresses.pings.get(&s.address))
                .copied(),
            warnings: self.warnings(primary),
        })
    }

    /// The shown answer's value, else that of any other answer.
    fn known<T>(&self, primary: &Sighting, value: impl Fn(&Sighting) -> Option<T>) -> Option<T> {
        value(primary).or_else(|| self.sightings.iter().find_map(value))
    }

    fn warnings(&self, primary: &Sighting) -> Vec<String> {
        let mut warnings = BTreeSet::new();
        if primary.port.is_some() {
            let by_udp = self.sightings.iter().filter(|sighting| sighting.port.is_none());
            warnings.extend(by_udp.flat_map(|udp| udp.contradictions(primary)));
        }
        if let Some(other) = self.same_mac_at {
            warnings.insert(format!(
                "another unit, at {other}, claims the same MAC address; one of them is a copy or misconfigured"
            ));
        }
        if let Some(address) = self.shared_address {
            warnings.insert(format!(
                "another unit answers from {address} too; an address must belong to one unit only"
            ));
        }
        warnings.into_iter().collect()
    }
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

impl From<UnitState> for State {
    fn from(state: UnitState) -> Self {
        match state {
            UnitState::Running => Self::Running,
            UnitState::ReadOnly => Self::ReadOnly,
            UnitState::Starting => Self::Starting,
        }
    }
}
