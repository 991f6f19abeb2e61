//! Saved sites as the window edits them, and what is kept on this computer about a unit.

use std::collections::HashSet;
use std::sync::PoisonError;

use jiff::Timestamp;
use trunkline_protocol::ports::MANAGEMENT_API;

use super::Workbench;
use crate::activity::{Action, Outcome};
use crate::credentials::{CredentialKey, Place};
use crate::store::{Method, Pin, Site, StoreData, TlsLevel};
use crate::tftp::system_password_key;
use crate::unit_ref::UnitRef;
use crate::{ErrorKind, Fingerprint, Result, Target};

/// What a person can write about a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteForm {
    /// Empty for a new one; a known id changes that one, and brings a removed one back.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its group; empty for none.
    pub group: String,
    /// An address or a DNS name.
    pub address: String,
    /// The Services Base TCP Port; `None` where it is not fixed.
    pub services_base_port: Option<u16>,
    /// The port of Whois.
    pub discovery_port: Option<u16>,
    /// The port of TFTP.
    pub tftp_port: Option<u16>,
    /// The port of the security service.
    pub security_port: Option<u16>,
    /// The port of the Management API.
    pub management_api_port: Option<u16>,
    /// How configurations are received and sent.
    pub method: Method,
    /// What the certificate must satisfy.
    pub tls: TlsLevel,
    /// Whether everything but the password may travel readable where the unit offers no TLS.
    pub allow_plain: bool,
    /// The file with the certificate for a unit that lets nobody in without one; empty for none.
    pub client_certificate: String,
    /// Notes.
    pub notes: String,
    /// For a new site: what discovery said of it.
    pub mac: String,
    /// As `mac`.
    pub unit_type: String,
    /// As `mac`.
    pub version: String,
}

/// A site as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteView {
    /// The site.
    pub site: Site,
    /// When the archive last got a configuration from it.
    pub last_backup: Option<Timestamp>,
}

/// What is kept on this computer about a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetFacts {
    /// The pinned certificate, and since when.
    pub pin: Option<(Fingerprint, Timestamp)>,
    /// The service user of the last log-in that worked.
    pub user: Option<String>,
    /// Whether the keychain is known to have the password. It is not asked for this: on a locked one the operating system
    /// would ask a person.
    pub remembered: bool,
    /// Whether somebody is logged in now.
    pub logged_in: bool,
    /// When the archive last got a configuration from it.
    pub last_backup: Option<Timestamp>,
}

impl Workbench {
    /// The saved sites, by name.
    ///
    /// # Errors
    /// As [`crate::Store::read`].
    pub fn sites(&self) -> Result<Vec<SiteView>> {
        let archived = self.archived();
        let data = self.local.store.read()?;
        let view = |site: &Site| {
            let key = crate::UnitKey::site(site);
            let last_backup = archived
                .contains(key.file_stem())
                .then(|| self.last_backup(&key))
                .flatten();
            SiteView {
                site: site.clone(),
                last_backup,
            }
        };
        Ok(data.sites().into_iter().map(view).collect())
    }

    /// Adds a site, changes it, or brings a removed one back, with all that the form does not show.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] naming what is wrong.
    pub async fn save_site(&self, form: SiteForm) -> Result<SiteView> {
        let before = self.local.store.read()?.site_by_id(&form.id).cloned();
        let (action, kept) = if let Some(before) = &before {
            let change =
                |data: &mut StoreData| Ok(data.edit_site(&before.name, |site| form.apply(site))?.clone());
            (Action::SiteChanged, self.local.store.update(change)?)
        } else {
            let mut site = match self.removed_site(&form.id) {
                Some(removed) => removed,
                None => form.new_site()?,
            };
            form.apply(&mut site);
            (
                Action::SiteAdded,
                self.local.store.update(|data| Ok(data.add_site(site)?.clone()))?,
            )
        };
        if let Some(before) = before {
            self.follow_change(&before, &kept).await;
        }
        let target = Target::from(&kept);
        self.note(action, &target, "", &Ok(()), (Outcome::Done, ""));
        let last_backup = self.last_backup(&crate::UnitKey::site(&kept));
        Ok(SiteView {
            site: kept,
            last_backup,
        })
    }

    /// Removes a site; its pin, its history and its password stay, for a change of mind. One that is not there is
    /// removed already.
    ///
    /// # Errors
    /// As [`crate::Store::update`].
    pub async fn remove_site(&self, id: &str) -> Result<()> {
        let removed = self.local.store.update(|data| {
            let name = data.site_by_id(id).map(|site| site.name.clone());
            name.map(|name| data.remove_site(&name)).transpose()
        })?;
        if let Some(site) = removed {
            let target = Target::from(&site);
            self.end_log_ins(&unit_of(&site), &target).await;
            self.note(Action::SiteRemoved, &target, "", &Ok(()), (Outcome::Done, ""));
            self.removed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(site.id.clone(), site);
        }
        Ok(())
    }

    /// What is kept about a unit.
    ///
    /// # Errors
    /// As [`crate::Store::read`].
    pub fn facts(&self, unit: &UnitRef) -> Result<TargetFacts> {
        let target = self.target(unit)?;
        let base_port = self.base_port(&target)?;
        let pin = self.find_pin(&target)?.map(|(_, pin)| (pin.sha256, pin.since));
        let last_backup = self.last_backup(&target.archive_key(base_port));
        let logged_in = self.sessions.logged_in(&unit.key(&target), &target);
        let site_user = target.site.as_ref().and_then(|site| site.user.clone());
        let user = logged_in.as_ref().map(|facts| facts.user.clone()).or(site_user);
        let user = user.or_else(|| self.activity.last_user(&target.host, Action::LogIn));
        // A system password has no user.
        let user = user.filter(|user| !user.is_empty());
        let key = crate::local::credential_key(&target, base_port, user.as_deref());
        let system_password = system_password_key(&target, base_port);
        let remembered = logged_in.as_ref().is_some_and(|facts| facts.remembered)
            || key.is_some_and(|key| self.keychain.knows(&key))
            || self.keychain.knows(&system_password);
        Ok(TargetFacts {
            pin,
            user,
            remembered,
            logged_in: logged_in.is_some(),
            last_backup,
        })
    }

    /// Forgets the pinned certificate, and ends the log-in that relied on it.
    ///
    /// # Errors
    /// As [`crate::Store::update`].
    pub async fn forget_certificate(&self, unit: &UnitRef) -> Result<()> {
        let target = self.target(unit)?;
        self.end_log_ins(unit, &target).await;
        let found = self.find_pin(&target)?.map(|(port, _)| port);
        let base = self.base_port(&target)?;
        let fixed = target.site.as_ref().and_then(|site| site.security_port);
        // The security service has pins of its own.
        let security = [
            base.checked_add(9),
            base.checked_add(5),
            fixed.and_then(|port| port.checked_add(1)),
        ];
        self.local.store.update(|data| {
            for port in found.into_iter().chain(security.into_iter().flatten()) {
                data.remove_pin(&target.host, port);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The certificate that is pinned for the unit's configuration service.
    pub(super) fn pin_of(&self, target: &Target) -> Option<Fingerprint> {
        self.find_pin(target).ok().flatten().map(|(_, pin)| pin.sha256)
    }

    /// The pin and its port. Where nobody fixed the port, the only pin of that host is meant.
    fn find_pin(&self, target: &Target) -> Result<Option<(u16, Pin)>> {
        let data = self.local.store.read()?;
        if let Some(site) = target.site.as_ref().filter(|site| site.method == Method::Api) {
            let ports = match site.management_api_port {
                Some(port) => vec![port],
                None => MANAGEMENT_API.to_vec(),
            };
            return Ok(ports
                .into_iter()
                .find_map(|port| Some((port, data.pin(&target.host, port)?))));
        }
        let port = self.base_port(target)?.saturating_add(1);
        if let Some(pin) = data.pin(&target.host, port) {
            return Ok(Some((port, pin)));
        }
        if target.base_port.is_some() {
            return Ok(None);
        }
        let of_host = |(key, pin): (&str, &Pin)| {
            let port: u16 = key.rsplit_once(':')?.1.parse().ok()?;
            (key == crate::store::unit_key(&target.host, port)).then_some((port, *pin))
        };
        let mut pins = data.pins().filter_map(of_host);
        Ok(pins.next().filter(|_| pins.next().is_none()))
    }

    fn last_backup(&self, key: &crate::UnitKey) -> Option<Timestamp> {
        let entries = self.local.archive.list(key).ok()?;
        entries
            .iter()
            .find(|e| e.object == crate::ArchivedObject::Configuration)
            .map(|entry| entry.confirmed_at)
    }

    /// The units that the archive knows: thousands of sites without history need not be looked up one by one.
    fn archived(&self) -> HashSet<String> {
        let Ok(files) = std::fs::read_dir(self.data.archive().join("units")) else {
            return HashSet::new();
        };
        let stem = |name: String| name.strip_suffix(".json").map(str::to_owned);
        files
            .flatten()
            .filter_map(|file| file.file_name().into_string().ok().and_then(stem))
            .collect()
    }

    fn removed_site(&self, id: &str) -> Option<Site> {
        self.removed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    /// A site that is reached in another way is logged in to anew; a renamed one takes its password along.
    pub(super) async fn follow_change(&self, before: &Site, now: &Site) {
        let way = |site: &Site| {
            (
                site.address.clone(),
                site.services_base_port,
                site.management_api_port,
                site.method,
                site.tls,
                site.allow_plain,
                (site.tftp_port, site.client_certificate.clone()),
            )
        };
        if way(before) != way(now) {
            self.sessions.end(&unit_of(now).key(&Target::from(now))).await;
        }
        if before.name == now.name {
            return;
        }
        let place = |site: &Site| Place::Site(site.name.clone());
        let mut moves = Vec::new();
        if let Some(user) = &now.user {
            let key = |site: &Site| CredentialKey::ServiceUser {
                place: place(site),
                user: user.clone(),
            };
            moves.push((key(before), key(now)));
        }
        if self.local.may_have_system_password(before).unwrap_or_default() {
            let key = |site: &Site| CredentialKey::SystemPassword { place: place(site) };
            moves.push((key(before), key(now)));
        }
        for (from, to) in moves {
            if let Err(error) = self
                .with_credentials(move |credentials| credentials.rename(&from, &to))
                .await
            {
                tracing::warn!(
                    "the password of {:?} did not follow its new name: {error}",
                    now.name
                );
            }
        }
    }
}

impl SiteForm {
    /// A site as the form describes it, with the id of the form where there is one.
    fn new_site(&self) -> Result<Site> {
        let mut site = Site::new(&self.name, &self.address)?;
        if !self.id.is_empty() {
            site.id.clone_from(&self.id);
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (site.mac, site.unit_type, site.version) =
            (some(&self.mac), some(&self.unit_type), some(&self.version));
        if site.mac.is_some() {
            site.last_seen = Some(Timestamp::now());
        }
        site.check()
            .map_err(|error| ErrorKind::Usage(error.kind().to_string()))?;
        Ok(site)
    }

    /// Writes what a person can write; everything else of the site stays.
    fn apply(&self, site: &mut Site) {
        site.name.clone_from(&self.name);
        site.group = Some(self.group.clone());
        site.address.clone_from(&self.address);
        site.services_base_port = self.services_base_port;
        site.discovery_port = self.discovery_port;
        site.tftp_port = self.tftp_port;
        site.security_port = self.security_port;
        site.management_api_port = self.management_api_port;
        site.method = self.method;
        site.tls = self.tls;
        site.allow_plain = self.allow_plain;
        site.client_certificate = Some(self.client_certificate.clone()).filter(|file| !file.is_empty());
        site.notes.clone_from(&self.notes);
    }
}

fn unit_of(site: &Site) -> UnitRef {
    UnitRef {
        site_id: site.id.clone(),
        ..UnitRef::default()
    }
}
