//! What a person prefers, in the units of the window.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::{Preferences as Kept, Result};

/// What a person prefers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    search_criteria: String,
    broadcast_addresses: String,
    services_base_port: u32,
    probe_timeout_ms: u32,
    probe_attempts: u32,
    probe_concurrency: u32,
    connect_timeout_s: u32,
    transfer_timeout_s: u32,
    transfer_tries: u32,
    idle_minutes: u32,
    legacy_read_file: String,
    legacy_write_file: String,
    legacy_reboot_file: String,
}

impl From<&Kept> for Preferences {
    fn from(kept: &Kept) -> Self {
        let addresses: Vec<String> = kept.broadcast_addresses.iter().map(ToString::to_string).collect();
        Self {
            search_criteria: kept.ip_search_criteria.clone(),
            broadcast_addresses: addresses.join("; "),
            services_base_port: kept.services_base_port.into(),
            probe_timeout_ms: kept.discovery_timeout_ms,
            probe_attempts: kept.discovery_attempts,
            probe_concurrency: kept.discovery_concurrency,
            connect_timeout_s: kept.connect_timeout_ms.div_ceil(1000),
            transfer_timeout_s: kept.transfer_timeout_ms.div_ceil(1000),
            transfer_tries: kept.transfer_tries,
            idle_minutes: kept.idle_minutes,
            legacy_read_file: kept.tftp_read_name.clone(),
            legacy_write_file: kept.tftp_write_name.clone(),
            legacy_reboot_file: kept.tftp_reboot_name.clone(),
        }
    }
}

impl Preferences {
    /// Writes what differs from what is kept: a value that the window can not show exactly stays as it is.
    ///
    /// # Errors
    /// `usage`, naming the preference that is out of bounds.
    pub fn apply(&self, kept: &mut Kept) -> Result<()> {
        let before = Self::from(&*kept);
        let number = |name, new: u32, old: u32, factor: u32| {
            (
                name,
                new != old,
                u64::from(new).saturating_mul(factor.into()).to_string(),
            )
        };
        let text = |name, new: &str, old: &str| (name, new != old, new.to_owned());
        let broadcast = self.broadcast_addresses.replace(['\n', '\r'], ";");
        for (name, changed, value) in [
            text(
                "ip_search_criteria",
                &self.search_criteria,
                &before.search_criteria,
            ),
            text("broadcast_addresses", &broadcast, &before.broadcast_addresses),
            number(
                "services_base_port",
                self.services_base_port,
                before.services_base_port,
                1,
            ),
            number(
                "discovery_timeout_ms",
                self.probe_timeout_ms,
                before.probe_timeout_ms,
                1,
            ),
            number(
                "discovery_attempts",
                self.probe_attempts,
                before.probe_attempts,
                1,
            ),
            number(
                "discovery_concurrency",
                self.probe_concurrency,
                before.probe_concurrency,
                1,
            ),
            number(
                "connect_timeout_ms",
                self.connect_timeout_s,
                before.connect_timeout_s,
                1000,
            ),
            number(
                "transfer_timeout_ms",
                self.transfer_timeout_s,
                before.transfer_timeout_s,
                1000,
            ),
            number("transfer_tries", self.transfer_tries, before.transfer_tries, 1),
            number("idle_minutes", self.idle_minutes, before.idle_minutes, 1),
            text("tftp_read_name", &self.legacy_read_file, &before.legacy_read_file),
            text(
                "tftp_write_name",
                &self.legacy_write_file,
                &before.legacy_write_file,
            ),
            text(
                "tftp_reboot_name",
                &self.legacy_reboot_file,
                &before.legacy_reboot_file,
            ),
        ] {
            if changed {
                kept.set(name, &value)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_given_back_changes_nothing() {
        let kept = Kept {
            connect_timeout_ms: 5_500,
            ..Kept::default()
        };
        let mut after = kept.clone();
        Preferences::from(&kept).apply(&mut after).unwrap();
        assert_eq!(after, kept);
        assert_eq!(Preferences::from(&kept).connect_timeout_s, 6);
    }

    #[test]
    fn every_preference_reaches_its_place() {
        let mut kept = Kept::default();
        let wanted = Preferences {
            search_criteria: "10.0.0.0/24 # lab".into(),
            broadcast_addresses: "10.0.0.255\n10.0.1.255".into(),
            services_base_port: 50_900,
            probe_timeout_ms: 300,
            probe_attempts: 3,
            probe_concurrency: 64,
            connect_timeout_s: 7,
            transfer_timeout_s: 20,
            transfer_tries: 5,
            idle_minutes: 30,
            legacy_read_file: "r/{password}".into(),
            legacy_write_file: "w/{password}".into(),
            legacy_reboot_file: "b/{password}".into(),
        };
        wanted.apply(&mut kept).unwrap();
        let shown = Preferences {
            broadcast_addresses: "10.0.0.255; 10.0.1.255".into(),
            ..wanted
        };
        assert_eq!(Preferences::from(&kept), shown);
        assert_eq!(
            (
                kept.connect_timeout_ms,
                kept.transfer_timeout_ms,
                kept.transfer_tries
            ),
            (7_000, 20_000, 5)
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let check = |change: fn(&mut Preferences), name: &str| {
            let mut wanted = Preferences::from(&Kept::default());
            change(&mut wanted);
            let error = wanted.apply(&mut Kept::default()).unwrap_err();
            assert!(
                error.code() == "usage" && error.to_string().contains(name),
                "{error}"
            );
        };
        check(|p| p.probe_attempts = 11, "discovery_attempts");
        check(|p| p.services_base_port = 70_000, "services_base_port");
        check(|p| p.connect_timeout_s = u32::MAX, "connect_timeout_ms");
        check(|p| p.broadcast_addresses = "10.0.0".into(), "broadcast_addresses");
        check(|p| p.legacy_read_file = "no place".into(), "tftp_read_name");
    }
}
