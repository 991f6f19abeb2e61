//! Puts together what the searches hear: the list, the counts, and what is held back until the end.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::heard::Heard;
use super::must_be_open::must_be_open;
use super::no_answer::no_answers;
use super::options::DiscoveryOptions;
use super::ping::Echo;
use super::report::{DiscoveryEvent, Ping};
use super::roll::{MOST_ROWS, Roll};
use super::sighting::Sighting;
use super::unidentified::Unidentified;

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
                out.push(DiscoveryEvent::Unidentified(Unidentified::open(address, reason)));
            }
            Heard::TcpRefused { address, single } => {
                self.probed += 1;
                self.refused.insert(address.ip());
                if single {
                    self.hold(Unidentified::refused(address));
                }
            }
            Heard::TcpSilent => self.probed += 1,
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
                out.push(DiscoveryEvent::Unidentified(found));
            }
            Heard::UdpDone(count) => self.probed += count,
            Heard::Single(address) => drop(self.singles.entry(address).or_default()),
            Heard::Ping { address, echo } => self.ping(address, echo, out),
            Heard::Named { address, name } => self.roll.named(address, name, out),
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
        held.retain(|entry| !self.roll.has(entry.address));
        let mentioned: HashSet<IpAddr> = held.iter().map(|entry| entry.address).collect();
        let mut silent = Vec::new();
        for (&address, echo) in &self.singles {
            if self.roll.has(address)
                || self.answered_by_tcp.contains(&address)
                || self.identified.contains(&address)
                || mentioned.contains(&address)
            {
                continue;
            }
            if *echo == Some(Echo::Answered) {
                let open = must_be_open(Some(options.discovery_port), Some(options.base_port));
                held.push(Unidentified::ping_only(address, open));
            } else {
                silent.push(address);
            }
        }
        out.extend(held.into_iter().map(DiscoveryEvent::Unidentified));
        let none = no_answers(options, self.roll.silent_sites(), silent);
        out.extend(none.into_iter().map(DiscoveryEvent::NoAnswer));
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
mod tests {
    use trunkline_protocol::link::Whois;

    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn told(heard: Vec<Heard>) -> Vec<DiscoveryEvent> {
        let mut tally = Tally::default();
        let mut out = Vec::new();
        for heard in heard {
            tally.hear(heard, &mut out);
        }
        tally.end(&DiscoveryOptions::default(), &mut out);
        out
    }

    fn whois() -> Heard {
        let whois = Box::new(Whois::default());
        Heard::Tcp {
            address: (ADDRESS, 50802).into(),
            whois,
            round_trip: Duration::ZERO,
        }
    }

    fn ping(echo: Echo) -> Heard {
        Heard::Ping {
            address: ADDRESS,
            echo,
        }
    }

    #[test]
    fn a_ping_is_a_finding_on_the_row_whichever_comes_first() {
        let last = |heard| match told(heard).pop() {
            Some(DiscoveryEvent::Unit { unit, .. }) => unit.ping,
            other => panic!("{other:?}"),
        };
        let single = || Heard::Single(ADDRESS);
        assert_eq!(
            last(vec![single(), whois(), ping(Echo::Silent)]),
            Some(Ping::Blocked)
        );
        assert_eq!(
            last(vec![single(), ping(Echo::Answered), whois()]),
            Some(Ping::Answered)
        );
        assert_eq!(last(vec![whois()]), None);
    }

    #[test]
    fn the_name_that_was_asked_for_stands_on_the_row_whichever_comes_first() {
        let named = |name: &str| Heard::Named {
            address: ADDRESS,
            name: name.into(),
        };
        let last = |heard| match told(heard).pop() {
            Some(DiscoveryEvent::Unit { unit, .. }) => unit.asked_names,
            other => panic!("{other:?}"),
        };
        assert_eq!(last(vec![named("hq.example"), whois()]), ["hq.example"]);
        assert_eq!(
            last(vec![
                whois(),
                named("hq.example"),
                named("b.example"),
                named("hq.example")
            ]),
            ["b.example", "hq.example"]
        );
        assert_eq!(last(vec![whois()]), Vec::<String>::new());
    }

    #[test]
    fn what_only_answers_ping_is_unidentified_and_what_answers_nothing_is_said() {
        let events = told(vec![
            Heard::Single(ADDRESS),
            Heard::TcpSilent,
            ping(Echo::Answered),
        ]);
        let [DiscoveryEvent::Unidentified(entry)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((entry.address, entry.port), (ADDRESS, None));
        let events = told(vec![Heard::Single(ADDRESS), Heard::TcpSilent, ping(Echo::Silent)]);
        assert!(
            matches!(&events[..], [DiscoveryEvent::NoAnswer(none)] if none.address == ADDRESS && none.site.is_none())
        );
    }

    #[test]
    fn no_permission_to_ping_is_a_notice() {
        let events = told(vec![
            Heard::Single(ADDRESS),
            whois(),
            ping(Echo::NotPossible("why".into())),
        ]);
        assert!(matches!(&events[1], DiscoveryEvent::Notice(text) if text.contains("does not permit (why)")));
        assert_eq!(events.len(), 2);
    }

    #[test]
    fn a_refusal_is_told_of_a_single_address_only_and_only_where_no_unit_is() {
        let refused = |single| Heard::TcpRefused {
            address: (ADDRESS, 50802).into(),
            single,
        };
        assert_eq!(told(vec![refused(false)]), []);
        assert!(
            matches!(&told(vec![refused(true)])[..], [DiscoveryEvent::Unidentified(e)] if e.port == Some(50802))
        );
        let by_udp = || {
            let answer = trunkline_protocol::who_is::WhoIsAnswer::decode(b"NAME \"n\"").unwrap();
            Heard::Udp {
                address: ADDRESS,
                answer: Box::new(answer),
                round_trip: Duration::ZERO,
            }
        };
        assert!(matches!(
            &told(vec![refused(true), by_udp()])[..],
            [DiscoveryEvent::Unit { .. }]
        ));
    }
}
