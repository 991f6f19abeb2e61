//! Saved units, and what an action goes to.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::UnitRef;
use trunkline_core::workbench::{self, SiteForm, SiteView};

use super::instant;

/// How configurations are received and sent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// By software version and capabilities.
    Auto,
    /// The configuration service.
    Service,
    /// TFTP.
    Tftp,
    /// The Management API.
    Api,
}

/// What the certificate must satisfy.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TlsLevel {
    /// Trust on first use.
    Pin,
    /// A certificate authority and the name.
    Verified,
    /// Any certificate.
    None,
    /// Plain TCP.
    Off,
}

macro_rules! same_names {
    ($wire:ident, $core:ty, $($name:ident),+) => {
        impl From<$wire> for $core {
            fn from(value: $wire) -> Self {
                match value { $($wire::$name => Self::$name),+ }
            }
        }

        impl From<$core> for $wire {
            fn from(value: $core) -> Self {
                match value { $(<$core>::$name => Self::$name),+ }
            }
        }
    };
}

same_names!(Method, trunkline_core::Method, Auto, Service, Tftp, Api);
same_names!(TlsLevel, trunkline_core::TlsLevel, Pin, Verified, None, Off);

/// A saved unit; a port of 0 is not fixed.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Site {
    id: String,
    name: String,
    group: String,
    address: String,
    base_port: u16,
    discovery_port: u16,
    tftp_port: u16,
    security_port: u16,
    api_port: u16,
    method: Method,
    tls: TlsLevel,
    allow_plain: bool,
    /// A file; empty for none.
    client_certificate: String,
    notes: String,
    mac: String,
    #[serde(rename = "type")]
    unit_type: String,
    version: String,
    last_seen: String,
    last_backup: String,
}

impl From<SiteView> for Site {
    fn from(SiteView { site, last_backup }: SiteView) -> Self {
        Self {
            id: site.id,
            name: site.name,
            group: site.group.unwrap_or_default(),
            address: site.address,
            base_port: site.services_base_port.unwrap_or_default(),
            discovery_port: site.discovery_port.unwrap_or_default(),
            tftp_port: site.tftp_port.unwrap_or_default(),
            security_port: site.security_port.unwrap_or_default(),
            api_port: site.management_api_port.unwrap_or_default(),
            method: site.method.into(),
            tls: site.tls.into(),
            allow_plain: site.allow_plain,
            client_certificate: site.client_certificate.unwrap_or_default(),
            notes: site.notes,
            mac: site.mac.unwrap_or_default(),
            unit_type: site.unit_type.unwrap_or_default(),
            version: site.version.unwrap_or_default(),
            last_seen: instant(site.last_seen),
            last_backup: instant(last_backup),
        }
    }
}

impl From<Site> for SiteForm {
    fn from(site: Site) -> Self {
        let port = |port: u16| Some(port).filter(|port| *port > 0);
        Self {
            id: site.id,
            name: site.name,
            group: site.group,
            address: site.address,
            services_base_port: port(site.base_port),
            discovery_port: port(site.discovery_port),
            tftp_port: port(site.tftp_port),
            security_port: port(site.security_port),
            management_api_port: port(site.api_port),
            method: site.method.into(),
            tls: site.tls.into(),
            allow_plain: site.allow_plain,
            client_certificate: site.client_certificate,
            notes: site.notes,
            mac: site.mac,
            unit_type: site.unit_type,
            version: site.version,
        }
    }
}

/// What an action goes to.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    site_id: String,
    address: String,
    base_port: u16,
}

impl From<Target> for UnitRef {
    fn from(target: Target) -> Self {
        Self {
            site_id: target.site_id,
            address: target.address,
            base_port: target.base_port,
        }
    }
}

impl From<UnitRef> for Target {
    fn from(unit: UnitRef) -> Self {
        Self {
            site_id: unit.site_id,
            address: unit.address,
            base_port: unit.base_port,
        }
    }
}

/// What is kept on this computer about a unit.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TargetFacts {
    fingerprint: String,
    pinned_on: String,
    user: String,
    remembered: bool,
    logged_in: bool,
    last_backup: String,
}

/// A file that somebody chose for its client certificate.
#[derive(Debug, Clone, Default, Serialize, Type)]
pub struct ChosenCertificate {
    /// Empty where nobody chose one.
    pub(crate) file: String,
    /// It needs a password that the keychain does not have.
    pub(crate) locked: bool,
}

impl From<workbench::TargetFacts> for TargetFacts {
    fn from(facts: workbench::TargetFacts) -> Self {
        Self {
            fingerprint: facts
                .pin
                .map(|(fingerprint, _)| fingerprint.to_string())
                .unwrap_or_default(),
            pinned_on: instant(facts.pin.map(|(_, since)| since)),
            user: facts.user.unwrap_or_default(),
            remembered: facts.remembered,
            logged_in: facts.logged_in,
            last_backup: instant(facts.last_backup),
        }
    }
}
