//! What a search heard of saved sites, kept for the time when they do not answer.

use jiff::Timestamp;

use crate::discovery::Unit;
use crate::store::{Site, Store, StoreData};

/// Keeps what was heard of saved sites, for the time when they do not answer: when they were seen, and what they said
/// that they are. It is not authenticated, and only ever shown. That it can not be kept goes to the log.
pub fn remember_seen(store: &Store, mut seen: Vec<Unit>) {
    if let Ok(data) = store.read() {
        recognise(&mut seen, &data);
    }
    seen.retain(|unit| unit.site.is_some());
    if seen.is_empty() {
        return;
    }
    let now = Timestamp::now();
    let kept = store.update(|data| {
        for unit in seen {
            let Some(name) = unit.site.as_deref() else {
                continue;
            };
            let changed = data.edit_site(name, |site| {
                site.mac = unit.mac.clone().or_else(|| site.mac.take());
                site.unit_type = unit.unit_type.clone().or_else(|| site.unit_type.take());
                site.version = unit.version.clone().or_else(|| site.version.take());
                site.last_seen = Some(now);
            });
            // A unit can say what no site may hold; the others are kept all the same.
            if let Err(error) = changed {
                tracing::info!("{error}");
            }
        }
        Ok(())
    });
    if let Err(error) = kept {
        tracing::warn!("what was heard of the sites could not be kept: {error}");
    }
}

/// Which site a unit is that was found without asking for its site: the one with its MAC address, else the only one at
/// its address, unless that is known to be another unit.
fn recognise(seen: &mut [Unit], data: &StoreData) {
    let sites = data.sites();
    for unit in seen.iter_mut().filter(|unit| unit.site.is_none()) {
        let same_mac = |site: &&&Site| site.mac.is_some() && site.mac == unit.mac;
        let address = unit.address.to_string();
        let mut there = sites.iter().filter(|site| site.address == address);
        let only = there.next().filter(|_| there.next().is_none());
        let only = only.filter(|site| site.mac.is_none() || unit.mac.is_none());
        let site = sites.iter().find(same_mac).or(only);
        unit.site = site.map(|site| site.name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_recognised_by_its_mac_else_by_its_address() {
        let site = |name: &str, address: &str, mac: &str| Site {
            mac: Some(mac.to_owned()).filter(|mac| !mac.is_empty()),
            ..Site::new(name, address).unwrap()
        };
        let mut data = StoreData::default();
        for site in [
            site("Bern", "192.0.2.1", "00:E0:07:AA:BB:01"),
            site("Basel", "192.0.2.2", ""),
            site("Chur", "192.0.2.3", ""),
            site("Chur 2", "192.0.2.3", ""),
        ] {
            data.add_site(site).unwrap();
        }
        let check = |address: &str, mac: &str, expect: Option<&str>| {
            let unit = serde_json::json!({
                "name": null, "address": address, "mac": Some(mac).filter(|mac| !mac.is_empty()), "type": null,
                "version": null, "edition": null, "state": null, "group": null, "found_by": ["tcp"],
                "services": {}, "round_trip_ms": null, "supported": true, "method": null,
            });
            let mut seen = [serde_json::from_value::<Unit>(unit).unwrap()];
            recognise(&mut seen, &data);
            assert_eq!(seen[0].site.as_deref(), expect, "{address} {mac}");
        };
        check("192.0.2.1", "", Some("Bern"));
        check("192.0.2.1", "00:E0:07:AA:BB:01", Some("Bern"));
        check("192.0.2.9", "00:E0:07:AA:BB:01", Some("Bern"));
        check("192.0.2.1", "00:E0:07:AA:BB:09", None);
        check("192.0.2.2", "00:E0:07:AA:BB:09", Some("Basel"));
        check("192.0.2.3", "", None);
        check("192.0.2.9", "", None);
    }
}
