//! What the store holds, and how it may be changed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json_file::Document;
use super::preferences::{self, Preferences};
use super::site::{Site, folded, host, usage};
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::Fingerprint;

/// The content of the store. Units that need not be saved sites are known by [`unit_key`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StoreData {
    #[serde(default)]
    sites: Vec<Site>,
    /// What a person prefers, for all sites.
    #[serde(default, with = "preferences::sparse")]
    pub preferences: Preferences,
    #[serde(default)]
    pins: BTreeMap<String, Pin>,
    #[serde(default)]
    log_in_iterations: BTreeMap<String, u32>,
    #[serde(default)]
    failed_log_ins: BTreeMap<String, FailedLogIns>,
    #[serde(default)]
    clear_text_warned: BTreeSet<String>,
    /// What a newer program wrote and this one does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// The certificate that a unit is expected to show (protocol.md 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The SHA-256 of the leaf certificate in DER.
    pub sha256: Fingerprint,
    /// When it was first trusted.
    pub since: Timestamp,
    /// When a connection last showed it.
    pub last_used: Timestamp,
}

/// How long a unit counts failed log-ins, in seconds (protocol.md 4.4).
const COUNTED_S: i64 = 10 * 60;

/// What a unit last said of the attempts that it still allows this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct FailedLogIns {
    attempts_left: u16,
    at: Timestamp,
}

/// How pins and log-ins know a unit: `10.0.0.1:50805`, `[2001:db8::1]:50805`, `pbx.example.com:50805`. A name is written
/// in lower case and an address in its usual form, so that one unit has one key.
pub fn unit_key(address: &str, port: u16) -> String {
    let address = host(address).unwrap_or_else(|_| address.trim().to_lowercase());
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

impl Document for StoreData {
    const VERSION: u32 = 1;
}

impl StoreData {
    /// The sites, by name without regard to upper and lower case.
    pub fn sites(&self) -> Vec<&Site> {
        let mut sites: Vec<_> = self.sites.iter().collect();
        sites.sort_by_cached_key(|site| (folded(&site.name), site.id.clone()));
        sites
    }

    /// The site of this name, without regard to upper and lower case.
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.is_called(name))
    }

    /// The site of this name.
    ///
    /// # Errors
    /// `not_found` where there is none.
    pub fn find_site(&self, name: &str) -> Result<&Site> {
        self.site(name).ok_or_else(|| no_site(name))
    }

    /// The site of this id.
    pub fn site_by_id(&self, id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == id)
    }

    /// Adds a site and returns it as it is kept.
    ///
    /// # Errors
    /// `usage` where a field is wrong, or the name or the id is taken.
    pub fn add_site(&mut self, mut site: Site) -> Result<&Site> {
        site.check()?;
        if self.site_by_id(&site.id).is_some() {
            return Err(usage(format!("there is already a site with the id {}", site.id)));
        }
        self.check_name_is_free(&site.name, &site.id)?;
        self.sites.push(site);
        Ok(&self.sites[self.sites.len() - 1])
    }

    /// Changes a site, its name included, and returns it as it is kept. Where the change is wrong, the site stays as
    /// it was. Its id can not be changed.
    ///
    /// # Errors
    /// `not_found`; `usage` where a field is wrong or the new name is taken.
    pub fn edit_site(&mut self, name: &str, change: impl FnOnce(&mut Site)) -> Result<&Site> {
        let index = self.index_of(name)?;
        let mut site = self.sites[index].clone();
        change(&mut site);
        site.id.clone_from(&self.sites[index].id);
        site.check()?;
        self.check_name_is_free(&site.name, &site.id)?;
        self.sites[index] = site;
        Ok(&self.sites[index])
    }

    /// Gives a site another name; its id, and with it its history, stays.
    ///
    /// # Errors
    /// As [`StoreData::edit_site`].
    pub fn rename_site(&mut self, name: &str, new_name: &str) -> Result<&Site> {
        self.edit_site(name, |site| new_name.clone_into(&mut site.name))
    }

    /// Removes a site and returns it. Its pin stays, since that belongs to the address.
    ///
    /// # Errors
    /// `not_found`.
    pub fn remove_site(&mut self, name: &str) -> Result<Site> {
        let index = self.index_of(name)?;
        Ok(self.sites.remove(index))
    }

    /// The certificate that is expected there.
    pub fn pin(&self, address: &str, port: u16) -> Option<Pin> {
        self.pins.get(&unit_key(address, port)).copied()
    }

    /// The pins of this address at these ports.
    pub(crate) fn pins_at(&self, address: &str, ports: &[u16]) -> Vec<(u16, Fingerprint)> {
        ports
            .iter()
            .filter_map(|port| Some((*port, self.pin(address, *port)?.sha256)))
            .collect()
    }

    /// Every pin with its [`unit_key`].
    pub fn pins(&self) -> impl Iterator<Item = (&str, &Pin)> {
        self.pins.iter().map(|(key, pin)| (key.as_str(), pin))
    }

    /// Trusts this certificate there from now on, or notes that it was seen again.
    pub fn set_pin(&mut self, address: &str, port: u16, sha256: Fingerprint) {
        let now = Timestamp::now();
        let pin = self.pins.entry(unit_key(address, port)).or_insert(Pin {
            sha256,
            since: now,
            last_used: now,
        });
        if pin.sha256 != sha256 {
            *pin = Pin {
                sha256,
                since: now,
                last_used: now,
            };
        }
        pin.last_used = now;
    }

    /// Forgets the certificate that is expected there, and returns it.
    pub fn remove_pin(&mut self, address: &str, port: u16) -> Option<Pin> {
        self.pins.remove(&unit_key(address, port))
    }

    /// What is known of a unit at one port is known at another from now on: it moved there, and proved it.
    pub fn move_port(&mut self, address: &str, from: u16, to: u16) {
        let (from, to) = (unit_key(address, from), unit_key(address, to));
        if from == to {
            return;
        }
        if let Some(pin) = self.pins.remove(&from) {
            self.pins.insert(to.clone(), pin);
        }
        if let Some(iterations) = self.log_in_iterations.remove(&from) {
            self.log_in_iterations.insert(to.clone(), iterations);
        }
        if let Some(failed) = self.failed_log_ins.remove(&from) {
            self.failed_log_ins.insert(to, failed);
        }
    }

    /// The PBKDF2 iterations that the unit asked for when a log-in last worked (protocol.md 4.4).
    pub fn log_in_iterations(&self, address: &str, port: u16) -> Option<u32> {
        self.log_in_iterations.get(&unit_key(address, port)).copied()
    }

    /// Remembers the iterations of a log-in that worked.
    pub fn set_log_in_iterations(&mut self, address: &str, port: u16, iterations: u32) {
        self.log_in_iterations.insert(unit_key(address, port), iterations);
    }

    /// The attempts that the unit still allowed after the last failed log-in, as long as it counts them.
    pub fn attempts_left(&self, address: &str, port: u16) -> Option<u16> {
        let failed = self.failed_log_ins.get(&unit_key(address, port))?;
        let age = Timestamp::now().as_second() - failed.at.as_second();
        (0..COUNTED_S).contains(&age).then_some(failed.attempts_left)
    }

    /// Remembers how many attempts a failed log-in left.
    pub fn set_attempts_left(&mut self, address: &str, port: u16, attempts_left: u16) {
        self.failed_log_ins.insert(
            unit_key(address, port),
            FailedLogIns {
                attempts_left,
                at: Timestamp::now(),
            },
        );
    }

    /// A log-in worked: the unit counts from the start again.
    pub fn forget_attempts(&mut self, address: &str, port: u16) {
        self.failed_log_ins.remove(&unit_key(address, port));
    }

    /// Whether somebody has logged in to a service of the unit at this address, and so knows that it has one.
    pub(crate) fn knows_service_of(&self, address: &str) -> bool {
        let at = unit_key(address, 0);
        let at = &at[..at.len() - 1];
        let is_there = |key: &String| key.starts_with(at);
        self.pins.keys().any(is_there) || self.log_in_iterations.keys().any(is_there)
    }

    /// Whether a person was told that the system password travels readable to this unit (protocol.md 3).
    pub fn is_clear_text_warned(&self, address: &str, port: u16) -> bool {
        self.clear_text_warned.contains(&unit_key(address, port))
    }

    /// Remembers that a person was told so.
    pub fn set_clear_text_warned(&mut self, address: &str, port: u16) {
        self.clear_text_warned.insert(unit_key(address, port));
    }

    /// Puts these, which were checked and have names and ids of their own, in the place of all.
    pub(super) fn replace_sites(&mut self, sites: Vec<Site>) {
        self.sites = sites;
    }

    fn index_of(&self, name: &str) -> Result<usize> {
        self.sites
            .iter()
            .position(|site| site.is_called(name))
            .ok_or_else(|| no_site(name))
    }

    fn check_name_is_free(&self, name: &str, id: &str) -> Result<()> {
        match self
            .sites
            .iter()
            .find(|site| site.is_called(name) && site.id != id)
        {
            Some(other) => Err(usage(format!("there is already a site called {:?}", other.name))),
            None => Ok(()),
        }
    }
}

fn no_site(name: &str) -> Error {
    Error::new(ErrorKind::NotFound(format!("there is no site called {name:?}")))
}

#[cfg(test)]
#[path = "data_tests.rs"]
mod tests;
