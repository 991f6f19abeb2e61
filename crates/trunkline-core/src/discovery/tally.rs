//! Puts together what the searches hear: the list, the counts, and what is held back until the end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::heard::Heard;
use super::must_be_open::must_be_open;
use super::no_answer::{Silent, no_answers};
use super::options::DiscoveryOptions;
use super::ping::Echo;
use super::report::{DiscoveryEvent, Ping};
use super::roll::{MOST_ROWS, Roll};
use super::sighting::Sighting;
use super::unidentified::{Unidentified, UnidentifiedKind};

/// All that is known while a search runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    roll: Roll,
    total: usize,
    probed: usize,
    tcp_answers: usize,
    answered_by_tcp: HashSet<IpAddr>,
    answered_by_udp: HashSet<IpAddr>,
    /// How many of `answered_by_udp` are not in `answered_by_tcp`.
    udp_only: usize,
    /// Refusals and what is no unit by UDP: told at the end, where nothing better is known of the address by then.
    held: Vec<Unidentified>,
    /// Where nothing listens on the discovery port, in order to ask further.
    refused: HashSet<IpAddr>,
    /// Where a further question brought something.
    identified: HashSet<IpAddr>,
    /// Where nothing answered that was asked for by itself.
    silent: BTreeSet<SocketAddr>,
    singles: HashMap<IpAddr, Option<Echo>>,
    tcp_until: Option<Instant>,
    udp_until: Option<Instant>,
}

impl Tally {
    /// Takes one thing in; what is to be told goes to `out`.
    pub(super) fn hear(&mut self, heard: Heard, out: &mut Vec<DiscoveryEvent>) {
        match heard {
            Heard::Asking(places) => {
                self.total += places.len();
                for place in places {
                    self.roll.asking(place);
                }
            }
            Heard::AskingByUdp(count) => self.total += count,
            Heard::TcpAgain(count) => {
                self.probed -= count;
                out.push(DiscoveryEvent::Notice(format!(
                    "packets are lost on the way: {count} addresses that stayed silent are asked once more"
                )));
            }
            Heard::TcpUntil(until) => self.tcp_until = Some(until),
            Heard::UdpUntil(until) => self.udp_until = self.udp_until.max(Some(until)),
            Heard::Tcp {
                address,
                whois,
                round_trip,
            } => {
                self.answer_by_tcp(address);
                self.roll.add(Sighting::by_tcp(address, *whois, round_trip), out);
            }
            Heard::TcpUnidentified { address, reason } => {
                self.answer_by_tcp(address);
                let entry = self.named(Unidentified::open(address, reason));
                out.push(DiscoveryEvent::Unidentified(entry));
            }
            Heard::TcpRefused { address, alone } => {
                self.probed += 1;
                self.silent.remove(&address);
                self.refused.insert(address.ip());
                if alone || self.roll.is_saved(address) {
                    self.hold(Unidentified::refused(address));
                }
            }
            Heard::TcpSilent { address, alone } => {
                self.probed += 1;
                if alone {
                    self.silent.insert(address);
                }
            }
            Heard::Udp {
                address,
                answer,
                round_trip,
            } => {
                self.answer_by_udp(address);
                self.roll.add(Sighting::by_udp(address, *answer, round_trip), out);
            }
            Heard::UdpUnidentified {
                address,
                port,
                reason,
            } => {
                self.answer_by_udp(address);
                self.hold(Unidentified::by_udp(address, port, reason));
            }
            Heard::Identified(found) => {
                self.identified.insert(found.address);
                out.push(DiscoveryEvent::Unidentified(self.named(found)));
            }
            Heard::UdpDone(count) => self.probed += count,
            Heard::Single(address) => drop(self.singles.entry(address).or_default()),
            Heard::Ping { address, echo } => self.ping(address, echo, out),
            Heard::Named { address, named } => self.roll.name(address, named, out),
            Heard::Saved { address, site } => self.roll.save(address, site),
            Heard::Problem(problem) => out.push(DiscoveryEvent::Problem(problem)),
            Heard::Notice(notice) => out.push(DiscoveryEvent::Notice(notice)),
        }
    }

    /// Whom to ask further: who answered and did not say that it is a unit, and who was asked for by itself.
    pub(super) fn to_identify(&self) -> Vec<IpAddr> {
        let held = self.held.iter().map(|entry| entry.address);
        let mut addresses: Vec<IpAddr> = held
            .chain(self.answered_by_tcp.iter().copied())
            .chain(self.refused.iter().copied())
            .chain(self.singles.keys().copied())
            .filter(|address| !self.roll.has(*address))
            .collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// Tells what was held back, and who did not answer. Nothing may be heard after this.
    pub(super) fn end(&mut self, options: &DiscoveryOptions, out: &mut Vec<DiscoveryEvent>) {
        let mut held = std::mem::take(&mut self.held);
        let found: HashSet<&str> = self
            .roll
            .names()
            .filter(|(address, _)| self.roll.has(*address))
            .map(|(_, name)| name)
            .collect();
        held.retain(|entry| {
            // A name with several addresses is found at one of them.
            let mut names = self.roll.names_at(entry.address, entry.port).peekable();
            let is_found = names.peek().is_some() && names.all(|name| found.contains(name));
            let is_refusal = entry.kind == UnidentifiedKind::Refused;
            // Behind another port of a forwarded address there is another unit.
            let is_known =
                self.roll.has(entry.address) && !(is_refusal && self.roll.is_crowded(entry.address));
            let is_elsewhere = is_refusal && is_found;
            !(is_known || is_elsewhere)
        });
        let answered: HashSet<IpAddr> = held.iter().map(|entry| entry.address).collect();
        let answered = |address: IpAddr| answered.contains(&address) || self.has_answered(address);
        let mut silent: BTreeSet<SocketAddr> = self
            .silent
            .iter()
            .copied()
            .filter(|place| self.roll.is_crowded(place.ip()) || !answered(place.ip()))
            .collect();
        let mut only_ping = Vec::new();
        for (&address, echo) in self.singles.iter().filter(|(address, _)| !answered(**address)) {
            let asked_at = silent.iter().find(|place| place.ip() == address);
            let place = asked_at
                .copied()
                .unwrap_or((address, options.discovery_port).into());
            if *echo == Some(Echo::Answered) {
                silent.remove(&place);
                let open = must_be_open(Some(place.port()), Some(options.base_port));
                only_ping.push(Unidentified::ping_only(address, open));
            } else {
                silent.insert(place);
            }
        }
        let silent = self.silent_by_name(silent, |address| {
            answered(address) || only_ping.iter().any(|entry| entry.address == address)
        });
        let told = held.into_iter().chain(only_ping);
        out.extend(told.map(|entry| DiscoveryEvent::Unidentified(self.named(entry))));
        let none = no_answers(options, self.roll.silent_sites(), silent);
        out.extend(none.into_iter().map(DiscoveryEvent::NoAnswer));
    }

    /// Whether something answered from there, whatever it is.
    fn has_answered(&self, address: IpAddr) -> bool {
        self.roll.has(address)
            || self.answered_by_tcp.contains(&address)
            || self.identified.contains(&address)
    }

    /// Silent places with their DNS names: a name with several addresses is silent where all of them are, and is told
    /// once.
    fn silent_by_name(&self, places: BTreeSet<SocketAddr>, answered: impl Fn(IpAddr) -> bool) -> Vec<Silent> {
        let mut done: HashSet<&str> = self
            .roll
            .names()
            .filter(|(address, _)| answered(*address))
            .map(|(_, name)| name)
            .collect();
        let mut silent = Vec::new();
        for place in places {
            let names: BTreeSet<&str> = self.roll.names_at(place.ip(), Some(place.port())).collect();
            let new: Vec<&str> = names.iter().copied().filter(|name| done.insert(*name)).collect();
            if names.is_empty() || !new.is_empty() {
                let dns_names = new.into_iter().map(str::to_owned).collect();
                silent.push(Silent { place, dns_names });
            }
        }
        silent
    }

    /// The entry with the DNS names of its address.
    fn named(&self, mut entry: Unidentified) -> Unidentified {
        let names: BTreeSet<&str> = self.roll.names_at(entry.address, entry.port).collect();
        entry.dns_names = names.into_iter().map(str::to_owned).collect();
        entry
    }

    /// Addresses asked to the end, addresses to ask, and answers.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.probed, self.total, self.tcp_answers + self.udp_only)
    }

    /// How long it will take from `now` on, as far as is known.
    pub(super) fn left(&self, now: Instant) -> Duration {
        let until = self.tcp_until.max(self.udp_until).unwrap_or(now);
        until.saturating_duration_since(now)
    }

    fn answer_by_tcp(&mut self, address: SocketAddr) {
        self.silent.remove(&address);
        self.probed += 1;
        self.tcp_answers += 1;
        if self.answered_by_tcp.insert(address.ip()) && self.answered_by_udp.contains(&address.ip()) {
            self.udp_only -= 1;
        }
    }

    fn answer_by_udp(&mut self, address: IpAddr) {
        if self.answered_by_udp.len() < MOST_ROWS
            && self.answered_by_udp.insert(address)
            && !self.answered_by_tcp.contains(&address)
        {
            self.udp_only += 1;
        }
    }

    fn hold(&mut self, entry: Unidentified) {
        if self.held.len() < MOST_ROWS {
            self.held.push(entry);
        }
    }

    fn ping(&mut self, address: IpAddr, echo: Echo, out: &mut Vec<DiscoveryEvent>) {
        match &echo {
            Echo::Answered => self.roll.ping(address, Ping::Answered, out),
            Echo::Silent => self.roll.ping(address, Ping::Blocked, out),
            Echo::NotPossible(why) => out.push(DiscoveryEvent::Notice(format!(
                "{address} is not pinged, which this computer does not permit ({why}); the search needs no ping"
            ))),
        }
        self.singles.insert(address, Some(echo));
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
