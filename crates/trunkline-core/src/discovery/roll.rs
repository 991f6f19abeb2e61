//! The list of units while it fills: one row for each, by MAC, else by address (protocol.md 2.2).

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use trunkline_protocol::mac::MacAddress;

use super::report::{DiscoveryEvent, Ping};
use super::row::{Addresses, NamedAt, Row, SavedAt};
use super::sighting::Sighting;

/// How many rows there can be: the largest search, and a few thousand that answer a broadcast besides.
pub(super) const MOST_ROWS: usize = 70_000;

/// How many answers one row keeps; a unit has a few addresses and two ways to answer.
const MOST_SIGHTINGS: usize = 32;

/// With how many rows of the same address or MAC an answer is compared: a flood of forged answers must not take time
/// that grows with its square.
const MOST_COMPARED: usize = 16;

/// How many DNS names of one address are kept.
const MOST_NAMES: usize = 16;

/// The list.
#[derive(Debug, Default)]
pub(super) struct Roll {
    rows: Vec<Option<Row>>,
    by_address: HashMap<IpAddr, Vec<usize>>,
    by_mac: HashMap<MacAddress, Vec<usize>>,
    addresses: Addresses,
    /// The discovery port asked at each address.
    asked: HashMap<IpAddr, u16>,
    told_full: bool,
}

impl Roll {
    /// Notes that Whois is asked there.
    pub(super) fn asking(&mut self, place: SocketAddr) {
        let port = *self.asked.entry(place.ip()).or_insert(place.port());
        if port != place.port() {
            self.addresses.crowded.insert(place.ip());
        }
    }

    /// Notes that a saved site is there.
    pub(super) fn save(&mut self, address: IpAddr, site: SavedAt) {
        self.addresses.saved.entry(address).or_default().push(site);
    }

    /// Whether a saved site is asked there.
    pub(super) fn is_saved(&self, place: SocketAddr) -> bool {
        let sites = self.addresses.saved.get(&place.ip());
        sites.is_some_and(|sites| sites.iter().any(|site| site.discovery_port == place.port()))
    }

    /// Notes that a DNS name stands for an address.
    pub(super) fn name(&mut self, address: IpAddr, named: NamedAt, out: &mut Vec<DiscoveryEvent>) {
        let known = self.addresses.names.entry(address).or_default();
        if known.len() >= MOST_NAMES || known.contains(&named) {
            return;
        }
        known.push(named);
        for row in self.near(self.by_address.get(&address)) {
            self.tell(row, out);
        }
    }

    /// The DNS names of a place.
    pub(super) fn names_at(&self, address: IpAddr, port: Option<u16>) -> impl Iterator<Item = &str> {
        self.addresses.names_at(address, port)
    }

    /// Every DNS name with each address that it stands for.
    pub(super) fn names(&self) -> impl Iterator<Item = (IpAddr, &str)> {
        let all = self.addresses.names.iter();
        all.flat_map(|(address, names)| names.iter().map(|named| (*address, &*named.name)))
    }

    /// Whether several discovery ports are asked there.
    pub(super) fn is_crowded(&self, address: IpAddr) -> bool {
        self.addresses.crowded.contains(&address)
    }

    /// Notes what the ping of an address showed.
    pub(super) fn ping(&mut self, address: IpAddr, ping: Ping, out: &mut Vec<DiscoveryEvent>) {
        self.addresses.pings.insert(address, ping);
        for row in self.near(self.by_address.get(&address)) {
            self.tell(row, out);
        }
    }

    /// The saved sites from which no unit answered, each with its address, once for each of its addresses.
    pub(super) fn silent_sites(&self) -> Vec<(IpAddr, String)> {
        let sightings = self.rows.iter().flatten().flat_map(|row| &row.sightings);
        let answered: HashSet<&str> = sightings
            .filter_map(|sighting| self.addresses.saved_at(sighting))
            .map(|site| site.0.as_str())
            .collect();
        let all = self
            .addresses
            .saved
            .iter()
            .flat_map(|(address, sites)| sites.iter().map(move |site| (*address, &site.site.0)));
        all.filter(|(_, name)| !answered.contains(name.as_str()))
            .map(|(address, name)| (address, name.clone()))
            .collect()
    }

    /// Whether a unit answered from there.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.by_address.contains_key(&address)
    }

    /// Takes an answer in.
    pub(super) fn add(&mut self, sighting: Sighting, out: &mut Vec<DiscoveryEvent>) {
        let related = self.related(&sighting);
        let row = match related.split_first() {
            Some((&first, others)) => {
                for &other in others {
                    self.merge(other, first, out);
                }
                first
            }
            None if self.rows.len() >= MOST_ROWS => {
                if !self.told_full {
                    self.told_full = true;
                    let notice = format!("more than {MOST_ROWS} answers came; the rest is not shown");
                    out.push(DiscoveryEvent::Notice(notice));
                }
                return;
            }
            None => {
                self.rows.push(Some(Row::default()));
                self.rows.len() - 1
            }
        };
        let (address, mac, by_udp) = (sighting.address, sighting.mac, sighting.port.is_none());
        if let Some(Some(kept)) = self.rows.get_mut(row)
            && kept.sightings.len() < MOST_SIGHTINGS
        {
            kept.sightings.push(sighting);
            enlist(self.by_address.entry(address).or_default(), row);
            if let Some(mac) = mac {
                enlist(self.by_mac.entry(mac).or_default(), row);
            }
        }
        if let Some(mac) = mac {
            self.find_same_mac(row, mac, out);
        }
        // Behind the ports of one address there may well be several units; by UDP there is one port.
        if by_udp && !self.addresses.crowded.contains(&address) && !address.is_loopback() {
            self.find_shared_address(row, address, out);
        }
        self.tell(row, out);
    }

    /// The rows that this answer belongs to, lowest first.
    fn related(&self, sighting: &Sighting) -> Vec<usize> {
        let here = self.near(self.by_address.get(&sighting.address));
        let crowded = self.addresses.crowded.contains(&sighting.address);
        let any = |row: usize, test: &dyn Fn(&Sighting) -> bool| {
            self.row(row).is_some_and(|row| row.sightings.iter().any(test))
        };
        let is_here =
            |other: &Sighting| other.address == sighting.address && are_one_place(other, sighting, crowded);
        let mut related: Vec<usize> = here.iter().copied().filter(|&row| any(row, &is_here)).collect();
        if related.is_empty() && !crowded {
            // The same address says another MAC by the other protocol: one unit that contradicts itself.
            let contradicts = |other: &Sighting| {
                other.address == sighting.address && other.port.is_some() != sighting.port.is_some()
            };
            let answered = |other: &Sighting| {
                other.address == sighting.address && other.port.is_some() == sighting.port.is_some()
            };
            related.extend(
                here.iter()
                    .copied()
                    .find(|&row| any(row, &contradicts) && !any(row, &answered)),
            );
        }
        let with_mac = sighting
            .mac
            .map(|mac| self.near(self.by_mac.get(&mac)))
            .unwrap_or_default();
        let is_linked = |other: &Sighting| other.same_mac(sighting) == Some(true) && other.is_like(sighting);
        let is_elsewhere = |other: &Sighting| other.same_lan1(sighting) == Some(false);
        let linked = with_mac
            .into_iter()
            .filter(|&row| any(row, &is_linked) && !any(row, &is_elsewhere));
        related.extend(linked);
        related.sort_unstable();
        related.dedup();
        related
    }

    fn merge(&mut self, from: usize, into: usize, out: &mut Vec<DiscoveryEvent>) {
        let Some(gone) = self.rows.get_mut(from).and_then(Option::take) else {
            return;
        };
        for sighting in &gone.sightings {
            let lists = [
                self.by_address.get_mut(&sighting.address),
                sighting.mac.and_then(|mac| self.by_mac.get_mut(&mac)),
            ];
            for list in lists.into_iter().flatten() {
                list.retain(|&row| row != from);
                enlist(list, into);
            }
        }
        if let Some(Some(stays)) = self.rows.get_mut(into) {
            stays.absorb(gone, MOST_SIGHTINGS);
        }
        out.push(DiscoveryEvent::Merged { row: from, into });
    }

    /// Marks different units that claim one MAC.
    fn find_same_mac(&mut self, row: usize, mac: MacAddress, out: &mut Vec<DiscoveryEvent>) {
        let claiming = self.near(self.by_mac.get(&mac));
        let Some(&other) = claiming.iter().find(|&&other| other != row) else {
            return;
        };
        let (this_place, other_place) = (self.place(row), self.place(other));
        if let Some(Some(kept)) = self.rows.get_mut(row) {
            kept.same_mac_at = other_place;
        }
        if let Some(Some(kept)) = self.rows.get_mut(other)
            && kept.same_mac_at.is_none()
        {
            kept.same_mac_at = this_place;
            self.tell(other, out);
        }
    }

    /// Marks different units that answer by UDP from one address.
    fn find_shared_address(&mut self, row: usize, address: IpAddr, out: &mut Vec<DiscoveryEvent>) {
        let is_there = |sighting: &Sighting| sighting.address == address && sighting.port.is_none();
        let other = self
            .near(self.by_address.get(&address))
            .into_iter()
            .find(|&other| {
                other != row
                    && self
                        .row(other)
                        .is_some_and(|kept| kept.sightings.iter().any(is_there))
            });
        let Some(other) = other else { return };
        if let Some(Some(kept)) = self.rows.get_mut(row) {
            kept.shared_address = Some(address);
        }
        if let Some(Some(kept)) = self.rows.get_mut(other)
            && kept.shared_address.replace(address).is_none()
        {
            self.tell(other, out);
        }
    }

    fn tell(&self, row: usize, out: &mut Vec<DiscoveryEvent>) {
        let unit = self.row(row).and_then(|kept| kept.to_unit(&self.addresses));
        if let Some(unit) = unit {
            out.push(DiscoveryEvent::Unit {
                row,
                unit: Box::new(unit),
            });
        }
    }

    fn row(&self, row: usize) -> Option<&Row> {
        self.rows.get(row).and_then(Option::as_ref)
    }

    fn place(&self, row: usize) -> Option<IpAddr> {
        self.row(row)
            .and_then(Row::primary)
            .map(|sighting| sighting.address)
    }

    fn near(&self, list: Option<&Vec<usize>>) -> Vec<usize> {
        list.into_iter()
            .flatten()
            .copied()
            .take(MOST_COMPARED)
            .filter(|&row| self.row(row).is_some())
            .collect()
    }
}

fn enlist(list: &mut Vec<usize>, row: usize) {
    if list.len() < MOST_COMPARED && !list.contains(&row) {
        list.push(row);
    }
}

/// Whether two answers from one address are one unit's.
fn are_one_place(a: &Sighting, b: &Sighting, crowded: bool) -> bool {
    match (a.port, b.port) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.same_mac(b).unwrap_or_else(|| a.is_like(b)),
        _ => a.same_mac(b).unwrap_or_else(|| !crowded || a.has_name_of(b)),
    }
}

#[cfg(test)]
#[path = "roll_tests.rs"]
mod tests;
