//! Taking a list of sites over: what is known already is merged, never doubled.

use std::collections::{HashMap, HashSet};

use super::data::StoreData;
use super::site::{Site, TlsLevel, folded};
use super::site_list::{ListProblem, SiteList};

/// What became of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Imported {
    /// Sites that are new.
    pub added: Vec<Site>,
    /// Sites that were known, as they were and as they are now.
    pub changed: Vec<(Site, Site)>,
    /// How many of the list were known, with all that the list says.
    pub unchanged: usize,
    /// What was not taken over.
    pub problems: Vec<ListProblem>,
    /// Headings of columns that mean nothing here.
    pub ignored: Vec<String>,
}

impl Imported {
    /// The new sites that are spoken to with less than a pinned certificate, because the list says so: somebody should
    /// know.
    pub fn less_secure(&self) -> impl Iterator<Item = &Site> {
        let is_less = |site: &&Site| site.allow_plain || matches!(site.tls, TlsLevel::None | TlsLevel::Off);
        self.added.iter().filter(is_less)
    }
}

impl StoreData {
    /// Takes a list over.
    ///
    /// A site is known by its id, else its name, else its MAC address, else its address with its ports. Of a known one,
    /// the list's address and ports count, and what the unit said of itself counts more than what the list says of it;
    /// what a person chose (name, group, user, TLS level and so on) is only filled in where there is nothing, and a list
    /// never makes a known site less secure.
    pub fn import_sites(&mut self, list: SiteList) -> Imported {
        let mut imported = Imported {
            problems: list.problems,
            ignored: list.ignored,
            ..Imported::default()
        };
        let mut known = Known::default();
        for (index, site) in self.sites().into_iter().enumerate() {
            known.enlist(index, site);
        }
        let mut sites: Vec<Site> = self.sites().into_iter().cloned().collect();
        let before = sites.clone();
        for (line, site) in list.sites {
            match known.find(&site, &sites) {
                Ok(Some(index)) => {
                    // Later lines with this name speak of the same site, whatever that is called.
                    known.by_name.entry(folded(&site.name)).or_insert(index);
                    merge(&mut sites[index], site);
                    known.enlist(index, &sites[index]);
                    known.touched.insert(index);
                }
                Ok(None) => {
                    known.enlist(sites.len(), &site);
                    known.touched.insert(sites.len());
                    sites.push(site);
                }
                Err(reason) => imported.problems.push(ListProblem { line, reason }),
            }
        }
        imported.problems.sort_by_key(|problem| problem.line);
        imported.added = sites[before.len()..].to_vec();
        for index in known.touched.into_iter().filter(|index| *index < before.len()) {
            if before[index] == sites[index] {
                imported.unchanged += 1;
            } else {
                imported
                    .changed
                    .push((before[index].clone(), sites[index].clone()));
            }
        }
        imported.changed.sort_by_cached_key(|(_, now)| folded(&now.name));
        self.replace_sites(sites);
        imported
    }
}

type Place = (String, Option<u16>, Option<u16>);

fn place(site: &Site) -> Place {
    (site.address.clone(), site.discovery_port, site.services_base_port)
}

/// By what sites are known again; each by its index.
#[derive(Default)]
struct Known {
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    by_mac: HashMap<String, usize>,
    by_place: HashMap<Place, usize>,
    by_mac_and_place: HashMap<(String, Place), usize>,
    /// Those of which a line of this list spoke already.
    touched: HashSet<usize>,
}

impl Known {
    fn enlist(&mut self, index: usize, site: &Site) {
        self.by_id.insert(site.id.clone(), index);
        self.by_name.insert(folded(&site.name), index);
        if let Some(mac) = &site.mac {
            self.by_mac.entry(mac.clone()).or_insert(index);
            let both = (mac.clone(), place(site));
            self.by_mac_and_place.entry(both).or_insert(index);
        }
        self.by_place.entry(place(site)).or_insert(index);
    }

    /// The site that is meant, if it is known.
    fn find(&self, site: &Site, sites: &[Site]) -> Result<Option<usize>, String> {
        if let Some(&index) = self.by_id.get(&site.id) {
            return Ok(Some(index));
        }
        let other_mac = |index: usize| {
            let macs = sites[index].mac.as_ref().zip(site.mac.as_ref());
            macs.is_some_and(|(known, said)| known != said)
        };
        let elsewhere = |index: usize| place(&sites[index]) != place(site);
        if let Some(&index) = self.by_name.get(&folded(&site.name)) {
            // Two lines of one list with one name are one site only where they speak of one unit at one place: which of two
            // places it moved to, no list says.
            if self.touched.contains(&index) && (elsewhere(index) || other_mac(index)) {
                return Err(format!(
                    "another line has a site called {:?}, at {}",
                    sites[index].name, sites[index].address
                ));
            }
            return Ok(Some(index));
        }
        // Where several sites have one MAC address, or one place, that one is meant which has both.
        let both = site.mac.clone().map(|mac| (mac, place(site)));
        if let Some(&index) = both.as_ref().and_then(|both| self.by_mac_and_place.get(both))
            && sites[index].mac == site.mac
            && !elsewhere(index)
        {
            return Ok(Some(index));
        }
        // Two lines with one MAC address, and names and addresses of their own, are two units, of which one is a copy.
        let by_mac = site.mac.as_ref().and_then(|mac| self.by_mac.get(mac)).copied();
        let by_mac = by_mac
            .filter(|&index| sites[index].mac == site.mac)
            .filter(|&index| !(self.touched.contains(&index) && elsewhere(index)));
        let by_place = self.by_place.get(&place(site)).copied();
        let by_place = by_place
            .filter(|&index| !elsewhere(index))
            .filter(|&index| !(self.touched.contains(&index) && other_mac(index)));
        Ok(by_mac.or(by_place))
    }
}

fn merge(known: &mut Site, said: Site) {
    fn fill<T>(known: &mut Option<T>, said: Option<T>) {
        if known.is_none() {
            *known = said;
        }
    }
    fn take<T>(known: &mut Option<T>, said: Option<T>) {
        if said.is_some() {
            *known = said;
        }
    }
    known.address = said.address;
    take(&mut known.services_base_port, said.services_base_port);
    take(&mut known.discovery_port, said.discovery_port);
    take(&mut known.tftp_port, said.tftp_port);
    take(&mut known.security_port, said.security_port);
    take(&mut known.management_api_port, said.management_api_port);
    // What was heard from the unit itself counts more.
    let from_list = if known.last_seen.is_some() { fill } else { take };
    from_list(&mut known.mac, said.mac);
    from_list(&mut known.unit_type, said.unit_type);
    from_list(&mut known.version, said.version);
    fill(&mut known.group, said.group);
    // A user and a shared credential belong together.
    if known.user.is_none() && known.credential.is_none() {
        (known.user, known.credential) = (said.user, said.credential);
    }
    if known.tags.is_empty() {
        known.tags = said.tags;
    }
    if known.notes.is_empty() {
        known.notes = said.notes;
    }
}

#[cfg(test)]
#[path = "site_import_tests.rs"]
mod tests;
