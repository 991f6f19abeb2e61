//! Who was asked for by name or address, or is saved, and did not answer.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::must_be_open::{MustBeOpen, must_be_open};
use super::options::{DiscoveryOptions, SavedSite};

/// A unit that was asked for by itself, or is saved, and from which no answer came that says that it is a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoAnswer {
    /// The address; of a name with several, the first.
    pub address: IpAddr,
    /// The name of the saved site; `None` for what was asked for by its address or DNS name.
    pub site: Option<String>,
    /// The DNS names under which it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_names: Vec<String>,
    /// When the saved site last answered, where that is known.
    pub since: Option<Timestamp>,
    /// What to check; [`MustBeOpen`] has it in words.
    pub must_be_open: MustBeOpen,
}

/// A place that was asked for by itself, where nothing answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Silent {
    /// Where Whois was asked.
    pub(super) place: SocketAddr,
    /// The DNS names under which it was asked for.
    pub(super) dns_names: Vec<String>,
}

/// Joins the silent addresses with what was asked for: `sites` by address with their names, `alone` by themselves.
pub(super) fn no_answers(
    options: &DiscoveryOptions,
    sites: Vec<(IpAddr, String)>,
    alone: Vec<Silent>,
) -> Vec<NoAnswer> {
    let saved: HashMap<&str, &SavedSite> = options
        .sites
        .iter()
        .map(|site| (site.name.as_str(), site))
        .collect();
    // One for each site, however many addresses its name has.
    let mut by_site: BTreeMap<String, IpAddr> = BTreeMap::new();
    for (address, name) in sites {
        let first = by_site.entry(name).or_insert(address);
        *first = address.min(*first);
    }
    let of_sites = by_site.into_iter().map(|(name, address)| {
        let site = saved.get(name.as_str());
        let port = site.and_then(|site| site.discovery_port);
        let base = site.and_then(|site| site.base_port);
        NoAnswer {
            address,
            since: site.and_then(|site| site.last_seen),
            site: Some(name),
            dns_names: Vec::new(),
            must_be_open: must_be_open(
                port.or(Some(options.discovery_port)),
                base.or(Some(options.base_port)),
            ),
        }
    });
    let alone = alone.into_iter().map(|silent| NoAnswer {
        address: silent.place.ip(),
        site: None,
        dns_names: silent.dns_names,
        since: None,
        must_be_open: must_be_open(Some(silent.place.port()), Some(options.base_port)),
    });
    let mut all: Vec<_> = of_sites.chain(alone).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_site_is_named_once_with_its_own_ports() {
        let site = |name: &str, base_port| SavedSite {
            name: name.into(),
            base_port,
            ..SavedSite::default()
        };
        let options = DiscoveryOptions {
            sites: vec![site("Bern", Some(51000)), site("Chur", None)],
            base_port: 50900,
            ..DiscoveryOptions::default()
        };
        let at = |last: u8| IpAddr::from([10, 0, 0, last]);
        let silent = vec![
            (at(9), "Bern".to_owned()),
            (at(2), "Bern".to_owned()),
            (at(3), "Chur".to_owned()),
        ];
        let alone = Silent {
            place: (at(1), 50802).into(),
            dns_names: Vec::new(),
        };
        let told: Vec<_> = no_answers(&options, silent, vec![alone])
            .into_iter()
            .map(|none| (none.address, none.site, none.must_be_open.configuration))
            .collect();
        assert_eq!(
            told,
            [
                (at(1), None, 50900),
                (at(2), Some("Bern".into()), 51000),
                (at(3), Some("Chur".into()), 50900)
            ]
        );
    }
}
