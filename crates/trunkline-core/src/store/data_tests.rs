use std::fs;

use serde_json::json;

use super::*;
use crate::paths::DataDir;
use crate::store::{Notice, Store};

fn with_sites(names: &[&str]) -> StoreData {
    let mut data = StoreData::default();
    for name in names {
        data.add_site(Site::new(name, "10.0.0.1").unwrap()).unwrap();
    }
    data
}

fn names(data: &StoreData) -> Vec<&str> {
    data.sites().iter().map(|site| site.name.as_str()).collect()
}

#[test]
fn sites_are_listed_by_name_and_found_in_any_case() {
    let data = with_sites(&["Zürich", "basel", "Bern"]);
    assert_eq!(names(&data), ["basel", "Bern", "Zürich"]);
    assert_eq!(data.find_site(" ZÜRICH ").unwrap().name, "Zürich");
    assert_eq!(data.find_site("Genf").unwrap_err().code(), "not_found");
}

#[test]
fn a_name_is_taken_once() {
    let mut data = with_sites(&["Bern", "Basel"]);
    for refused in [
        data.add_site(Site::new("BERN", "10.0.0.2").unwrap()).map(drop),
        data.rename_site("Basel", " bern ").map(drop),
        data.edit_site("Basel", |site| site.name = "Bern".into())
            .map(drop),
    ] {
        assert_eq!(
            refused.unwrap_err().to_string(),
            "there is already a site called \"Bern\""
        );
    }
    assert_eq!(
        data.rename_site("bern", "BERN").unwrap().name,
        "BERN",
        "its own name in other letters is free"
    );
    let twice = data.find_site("Basel").unwrap().clone();
    data.rename_site("Basel", "Genf").unwrap();
    assert!(data.add_site(twice).unwrap_err().to_string().contains("id"));
}

#[test]
fn an_edit_is_whole_or_not_at_all_and_keeps_the_id() {
    let mut data = with_sites(&["Bern"]);
    let before = data.clone();
    let wrong = data.edit_site("Bern", |site| {
        site.group = Some("Nord".into());
        site.address = "10.0.0.256".into();
    });
    assert_eq!(wrong.unwrap_err().code(), "usage");
    assert_eq!(data, before);

    let id = data.find_site("Bern").unwrap().id.clone();
    data.edit_site("Bern", |site| {
        site.id = "0".repeat(32);
        site.address = "PBX.example".into();
    })
    .unwrap();
    assert_eq!(data.site_by_id(&id).unwrap().address, "pbx.example");
}

#[test]
fn a_removed_site_is_gone() {
    let mut data = with_sites(&["Bern", "Basel"]);
    assert_eq!(data.remove_site("bern").unwrap().name, "Bern");
    assert_eq!(names(&data), ["Basel"]);
    assert_eq!(data.remove_site("bern").unwrap_err().code(), "not_found");
}

#[test]
fn a_unit_has_one_key() {
    for (address, expect) in [
        ("10.0.0.1", "10.0.0.1:50805"),
        ("[2001:DB8::1]", "[2001:db8::1]:50805"),
        ("2001:db8:0::1", "[2001:db8::1]:50805"),
        ("PBX.Example", "pbx.example:50805"),
    ] {
        assert_eq!(unit_key(address, 50805), expect);
    }
}

#[test]
fn a_pin_belongs_to_address_and_port() {
    let (one, two) = (Fingerprint::of(b"one"), Fingerprint::of(b"two"));
    let mut data = StoreData::default();
    data.set_pin("PBX.example", 50805, one);
    let first = data.pin("pbx.example", 50805).unwrap();
    assert_eq!((first.sha256, data.pin("pbx.example", 50813)), (one, None));

    data.set_pin("pbx.example", 50805, one);
    assert_eq!(
        data.pin("pbx.example", 50805).unwrap().since,
        first.since,
        "seen again, trusted since the first time"
    );
    data.set_pin("pbx.example", 50805, two);
    let changed = data.pin("pbx.example", 50805).unwrap();
    assert!(changed.sha256 == two && changed.since == changed.last_used);
    assert_eq!(
        data.pins().map(|(key, _)| key).collect::<Vec<_>>(),
        ["pbx.example:50805"]
    );
    assert_eq!(data.remove_pin("pbx.example", 50805), Some(changed));
    assert_eq!(data.pin("pbx.example", 50805), None);
}

#[test]
fn iterations_and_warnings_are_remembered_by_unit() {
    let mut data = StoreData::default();
    data.set_log_in_iterations("10.0.0.1", 50805, 100_000);
    assert_eq!(data.log_in_iterations("10.0.0.1", 50805), Some(100_000));
    assert_eq!(data.log_in_iterations("10.0.0.1", 50804), None);
    assert!(!data.is_clear_text_warned("10.0.0.1", 69));
    data.set_clear_text_warned("10.0.0.1", 69);
    assert!(data.is_clear_text_warned("10.0.0.1", 69));
}

#[test]
fn the_file_is_readable_and_says_only_what_is_not_usual() {
    let folder = tempfile::tempdir().unwrap();
    let dir = DataDir::at(folder.path());
    let store = Store::open(&dir).unwrap();
    store
        .update(|data| {
            let mut site = Site::new("Zürich, Filiale 2", "10.0.0.1").unwrap();
            site.id = "000102030405060708090a0b0c0d0e0f".into();
            site.services_base_port = Some(50004);
            data.add_site(site)?;
            data.preferences.set("tftp_port", "6969")?;
            data.set_log_in_iterations("10.0.0.1", 50805, 50_000);
            Ok(())
        })
        .unwrap();
    let text = fs::read_to_string(dir.store()).unwrap();
    assert!(text.contains("Zürich, Filiale 2"), "{text}");
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({
            "version": 1,
            "sites": [{
                "id": "000102030405060708090a0b0c0d0e0f", "name": "Zürich, Filiale 2", "address": "10.0.0.1",
                "services_base_port": 50004, "method": "auto", "tls": "pin", "allow_plain": false
            }],
            "preferences": {"tftp_port": 6969},
            "pins": {},
            "log_in_iterations": {"10.0.0.1:50805": 50000},
            "failed_log_ins": {},
            "clear_text_warned": []
        })
    );
}

#[test]
fn everything_comes_back_and_unknown_fields_survive() {
    let folder = tempfile::tempdir().unwrap();
    let dir = DataDir::at(folder.path());
    let id = "000102030405060708090a0b0c0d0e0f";
    let pin = json!({"sha256": "00".repeat(32), "since": "2025-01-02T03:04:05Z", "last_used": "2025-01-02T03:04:05Z"});
    let written = json!({
        "version": 1, "later": {"a": 1},
        "sites": [{"id": id, "name": "Bern", "address": "bern.example", "method": "tftp", "tls": "off",
                   "allow_plain": true, "type": "IP 500 V2", "last_seen": "2025-01-02T03:04:05Z", "colour": "red"}],
        "preferences": {"idle_minutes": 5, "later": true},
        "pins": {"bern.example:50805": pin},
        "log_in_iterations": {}, "failed_log_ins": {}, "clear_text_warned": ["bern.example:69"]
    });
    fs::write(dir.store(), written.to_string()).unwrap();
    let store = Store::open(&dir).unwrap();
    assert_eq!(store.take_notices(), []);
    store
        .update(|data| data.rename_site("bern", "Bern 2").map(drop))
        .unwrap();
    let mut expect = written;
    expect["sites"][0]["name"] = "Bern 2".into();
    let now: Value = serde_json::from_slice(&fs::read(dir.store()).unwrap()).unwrap();
    assert_eq!(now, expect);
    let data = store.read().unwrap();
    assert_eq!(data.preferences.idle_minutes, 5);
    assert_eq!(
        data.find_site("Bern 2").unwrap().unit_type.as_deref(),
        Some("IP 500 V2")
    );
}

#[test]
fn a_value_that_can_not_be_is_damage_and_is_named() {
    for (content, expect) in [
        (
            r#"{"preferences":{"connect_timeout_ms":0}}"#,
            "connect_timeout_ms is a whole number",
        ),
        (r#"{"sites":[{"name":"A"}]}"#, "missing field"),
        (
            r#"{"sites":[{"id":"1","name":"A","address":"a","services_base_port":99999}]}"#,
            "99999",
        ),
        (
            r#"{"pins":{"a:1":{"sha256":"12","since":"2025-01-02T03:04:05Z"}}}"#,
            "fingerprint",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::at(folder.path());
        fs::write(dir.store(), content).unwrap();
        let store = Store::open(&dir).unwrap();
        let notices = store.take_notices();
        let [Notice::Damaged { kept_as, reason, .. }] = &notices[..] else {
            panic!("{notices:?}")
        };
        assert!(reason.contains(expect), "{reason}");
        assert_eq!(fs::read_to_string(kept_as).unwrap(), content);
    }
}

#[test]
fn a_unit_whose_services_were_used_is_known_by_its_address() {
    let mut data = StoreData::default();
    assert!(!data.knows_service_of("10.0.0.1"));
    data.set_log_in_iterations("10.0.0.1", 50804, 50_000);
    data.set_clear_text_warned("10.0.0.3", 69);
    for (address, expect) in [
        ("10.0.0.1", true),
        ("10.0.0.10", false),
        ("10.0.0.3", false),
        ("0.0.0.1", false),
    ] {
        assert_eq!(data.knows_service_of(address), expect, "{address}");
    }
}
