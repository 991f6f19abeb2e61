//! A search as the window asks for it, and the IP Search Criteria as a person types them.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

use trunkline_protocol::criteria::{Criteria, Hosts};

use super::running::Work;
use super::{Workbench, networks};
use crate::discovery::{
    DiscoveryEvent, DiscoveryOptions, Identification, Interfaces, NoAnswer, ResolvedName, Unidentified, Unit,
    discover, left_out_notice, resolve_all,
};
use crate::seen::remember_seen;
use crate::store::{Preferences, StoreData};
use crate::{Error, ErrorKind, Result, Step, Target};

/// What the window asks to be searched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// The Unit/Broadcast Address, asked alone; empty for every interface, the saved sites and the IP Search Criteria.
    pub address: String,
    /// Of every interface: also those with only a link-local address
    /// ([`super::Network::link_local`]).
    pub include_link_local: bool,
    /// What else is asked, this time, of what answers and does not say that it is a unit.
    pub identify: Identification,
}

/// One thing that a search has to say to the window.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// How far it is.
    Progress {
        /// Addresses that were asked to the end.
        asked: usize,
        /// Addresses in all, as far as is known.
        total: usize,
        /// Those that answered.
        found: usize,
        /// How long it will take from now on, at the most, as far as is known.
        remaining: Duration,
    },
    /// A unit answered, or more is known of it.
    Unit {
        /// Which row of the list it is; it stays the same for the whole search.
        row: usize,
        /// All that is known of it now.
        unit: Box<Unit>,
    },
    /// What looked like two units is one: this row goes.
    Merged {
        /// The row that goes.
        row: usize,
        /// The row that stays and holds everything.
        into: usize,
    },
    /// Something answers and does not say that it is a unit. One address may come several times, with what was found at
    /// different ports of it.
    Unidentified(Unidentified),
    /// A saved site, or the one address that was asked for, did not answer; with what must be open on the way there.
    /// Told at the end.
    NoAnswer(NoAnswer),
    /// An entry that can not be searched.
    Problem(CriteriaProblem),
    /// Something that the person who searches should know, as a sentence.
    Notice(String),
}

/// How a search went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchSummary {
    /// Addresses that were asked.
    pub asked: usize,
    /// Those that answered.
    pub found: usize,
    /// How long it took.
    pub elapsed: Duration,
}

/// An entry of the IP Search Criteria that can not be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriteriaProblem {
    /// The entry as written, safe to show.
    pub entry: String,
    /// Which entry it is, from 1.
    pub number: usize,
    /// Where it begins, in bytes from the start of the text.
    pub byte_offset: usize,
    /// What is wrong with it.
    pub reason: String,
    /// It is a name that has no address now; as an entry it is right. Of a saved site `entry` is the site's name.
    pub unresolved: bool,
}

/// What the IP Search Criteria stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriteriaCheck {
    /// How many addresses and names.
    pub addresses: u32,
    /// The entries that can not be searched.
    pub problems: Vec<CriteriaProblem>,
}

/// Reads IP Search Criteria without asking anybody (protocol.md 2.3).
pub fn check_criteria(text: &str) -> CriteriaCheck {
    let criteria = Criteria::parse(text);
    let problem = |bad: &trunkline_protocol::criteria::BadEntry| CriteriaProblem {
        entry: bad.entry.clone(),
        number: number_of(&criteria, bad.byte_offset),
        byte_offset: bad.byte_offset,
        reason: bad.reason.to_string(),
        unresolved: false,
    };
    CriteriaCheck {
        addresses: criteria.address_count(),
        problems: criteria.bad_entries().iter().map(problem).collect(),
    }
}

/// How many names of the IP Search Criteria are looked up on request.
const MOST_LOOKED_UP: usize = 256;

/// Looks up the DNS names among the IP Search Criteria, each once, at most 256 of them. Nothing is asked of what
/// stands at their addresses.
pub async fn look_up_names(text: &str) -> Vec<ResolvedName> {
    let criteria = Criteria::parse(text);
    let mut seen = HashSet::new();
    let names = criteria.entries().iter().filter_map(|entry| match &entry.hosts {
        Hosts::Name(name) => Some(name.clone()),
        Hosts::Address(_) | Hosts::Range { .. } => None,
    });
    let once = names.filter(|name| seen.insert(name.clone()));
    resolve_all(once.take(MOST_LOOKED_UP).collect()).await
}

impl Workbench {
    /// Searches. What was heard of saved sites is remembered.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`], [`ErrorKind::NotReachable`] where this computer has no network and nothing was found.
    pub async fn discover(
        &self,
        operation: &str,
        request: &SearchRequest,
        mut found: impl FnMut(Found) + Send,
    ) -> Result<SearchSummary> {
        tracing::debug!(address = request.address, "a search begins");
        let started = self.running.start(operation, Work::Asking)?;
        let data = self.local.store.read()?;
        let everywhere = request.address.trim().is_empty();
        let criteria = Criteria::parse(if everywhere {
            &data.preferences.ip_search_criteria
        } else {
            ""
        });
        // The window says this itself, with a way to search them (`Network::link_local`).
        let left_out: Vec<String> = Interfaces::read()
            .map(|interfaces| interfaces.link_local_only.iter().map(left_out_notice).collect())
            .unwrap_or_default();
        let mut events = discover(options(&data, request), started.token());
        let mut seen = HashMap::new();
        let mut end = None;
        while let Some(event) = events.recv().await {
            match event {
                DiscoveryEvent::Unit { row, unit } => {
                    self.hear_name(&unit);
                    seen.insert(row, unit.clone());
                    found(Found::Unit { row, unit });
                }
                DiscoveryEvent::Merged { row, into } => {
                    seen.remove(&row);
                    found(Found::Merged { row, into });
                }
                DiscoveryEvent::Unidentified(entry) => found(Found::Unidentified(entry)),
                DiscoveryEvent::NoAnswer(none) => found(Found::NoAnswer(none)),
                DiscoveryEvent::Problem(problem) => {
                    let place = place(&criteria, problem.position);
                    let (number, byte_offset) = place.unwrap_or((1, 0));
                    let (entry, reason) = (problem.entry, problem.reason);
                    found(Found::Problem(CriteriaProblem {
                        entry,
                        number,
                        byte_offset,
                        reason,
                        unresolved: problem.unresolved,
                    }));
                }
                DiscoveryEvent::Notice(notice) if left_out.contains(&notice) => {}
                DiscoveryEvent::Notice(notice) => found(Found::Notice(notice)),
                DiscoveryEvent::Progress {
                    probed,
                    total,
                    answered,
                    left,
                } => {
                    found(Found::Progress {
                        asked: probed,
                        total,
                        found: answered,
                        remaining: left,
                    });
                }
                DiscoveryEvent::Finished { stats, cancelled } => end = Some((stats, cancelled)),
            }
        }
        let seen: Vec<Unit> = seen.into_values().map(|unit| *unit).collect();
        self.remember_found(&seen, everywhere);
        remember_seen(&self.local.store, seen);
        match end {
            Some((stats, false)) => {
                if stats.answered == 0 && everywhere && networks()?.is_empty() {
                    let why = "this computer is not connected to any network".into();
                    return Err(Error::new(ErrorKind::NotReachable(why)).at(Step::Discover));
                }
                let elapsed = Duration::from_millis(stats.elapsed_ms);
                Ok(SearchSummary {
                    asked: stats.probed,
                    found: stats.answered,
                    elapsed,
                })
            }
            _ => Err(ErrorKind::Cancelled("").into()),
        }
    }

    /// Keeps what a unit calls itself, for [`Self::heard_name`].
    fn hear_name(&self, unit: &Unit) {
        let Some(name) = &unit.name else { return };
        let port = unit.services.base_port.unwrap_or_default();
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for address in std::iter::once(&unit.address).chain(&unit.other_addresses) {
            names.insert((*address, port), name.clone());
        }
    }

    /// What the unit at this place called itself when a search last heard it.
    pub(super) fn heard_name(&self, target: &Target, base_port: u16) -> Option<String> {
        let address: IpAddr = target.host.parse().ok()?;
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&(address, base_port)).cloned()
    }

    /// Keeps what was found for [`Self::export_found`]. A search at one address says nothing of the units elsewhere.
    fn remember_found(&self, seen: &[Unit], everywhere: bool) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |unit: &Unit| {
            let same = |new: &Unit| new.address == unit.address || (new.mac.is_some() && new.mac == unit.mac);
            seen.iter().any(same)
        };
        found.retain(|unit| !everywhere && !is_new(unit));
        found.extend_from_slice(seen);
        found.sort_by_key(|unit| (unit.address, unit.discovery_port));
    }
}

fn options(data: &StoreData, request: &SearchRequest) -> DiscoveryOptions {
    let Preferences {
        discovery_timeout_ms,
        discovery_attempts,
        discovery_concurrency,
        ..
    } = data.preferences;
    let mut options = DiscoveryOptions {
        timeout: Duration::from_millis(discovery_timeout_ms.into()),
        attempts: DiscoveryOptions::chosen(discovery_attempts),
        concurrency: DiscoveryOptions::chosen(discovery_concurrency).and_then(|n| n.try_into().ok()),
        discovery_port: data.preferences.discovery_port,
        tftp_port: data.preferences.tftp_port,
        base_port: data.preferences.services_base_port,
        identify: request.identify.clone(),
        ..DiscoveryOptions::default()
    };
    let address = request.address.trim();
    if !address.is_empty() {
        options.single = Some(address.to_owned());
        return options;
    }
    options.interfaces = true;
    options.include_link_local = request.include_link_local;
    options
        .broadcast
        .clone_from(&data.preferences.broadcast_addresses);
    options.criteria = vec![data.preferences.ip_search_criteria.clone()];
    options.sites = data.sites().into_iter().map(Into::into).collect();
    options
}

/// Number and byte offset of the entry that begins at this character.
fn place(criteria: &Criteria, position: usize) -> Option<(usize, usize)> {
    let good = criteria
        .entries()
        .iter()
        .map(|entry| (entry.position, entry.byte_offset));
    let bad = criteria
        .bad_entries()
        .iter()
        .map(|entry| (entry.position, entry.byte_offset));
    let (_, byte_offset) = good.chain(bad).find(|(at, _)| *at == position)?;
    Some((number_of(criteria, byte_offset), byte_offset))
}

/// Which entry begins at this byte, from 1.
fn number_of(criteria: &Criteria, byte_offset: usize) -> usize {
    let good = criteria.entries().iter().map(|entry| entry.byte_offset);
    let bad = criteria.bad_entries().iter().map(|entry| entry.byte_offset);
    1 + good.chain(bad).filter(|offset| *offset < byte_offset).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_entry_is_found_by_number_and_byte() {
        let check = |text: &str, addresses: u32, expect: &[(&str, usize, usize)]| {
            let checked = check_criteria(text);
            let problems: Vec<_> = checked
                .problems
                .iter()
                .map(|p| (p.entry.as_str(), p.number, p.byte_offset))
                .collect();
            assert_eq!(
                (checked.addresses, problems.as_slice()),
                (addresses, expect),
                "{text:?}"
            );
            assert!(checked.problems.iter().all(|problem| !problem.reason.is_empty()));
        };
        check("", 0, &[]);
        check("10.0.0.0/24; pbx.example.com", 255, &[]);
        check(
            "10.0.0.1;10.0.0.256\n10.0.0.9-10.0.0.1",
            1,
            &[("10.0.0.256", 2, 9), ("10.0.0.9-10.0.0.1", 3, 20)],
        );
        check("zurich.example # ü\n 1.2.3", 1, &[("1.2.3", 2, 21)]);
    }

    #[tokio::test]
    async fn each_name_is_looked_up_once_and_addresses_are_not() {
        let resolved = look_up_names("localhost; 127.0.0.1; 10.0.0.0/24\nlocalhost:40802 # again").await;
        let names: Vec<_> = resolved.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["localhost"]);
        assert!(!resolved[0].addresses.is_empty());
    }

    #[test]
    fn a_character_position_is_turned_into_number_and_byte() {
        let criteria = Criteria::parse("zürich.example; 1.2.3; b.example");
        assert_eq!(place(&criteria, 17), Some((2, 17)));
        assert_eq!(place(&criteria, 24), Some((3, 24)));
        assert_eq!(place(&criteria, 99), None);
    }
}
