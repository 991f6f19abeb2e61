use std::sync::Arc;

use secrecy::ExposeSecret;
use trunkline_protocol::link::WriteMode;

use super::running::Work;
use super::*;
use crate::credentials::{Credential, CredentialKey, Place};
use crate::sessions::{LogInOutcome, Service};
use crate::{Archive, ArchiveReason, ArchivedObject, MemoryCredentials, NewEntry, UnitKey};

fn bench() -> (tempfile::TempDir, Arc<Workbench>, Arc<MemoryCredentials>) {
    let folder = tempfile::tempdir().unwrap();
    let credentials = Arc::new(MemoryCredentials::default());
    let bench = Workbench::open(DataDir::at(folder.path().join("data")), credentials.clone()).unwrap();
    (folder, bench, credentials)
}

fn form(name: &str, address: &str) -> SiteForm {
    SiteForm {
        name: name.into(),
        address: address.into(),
        ..SiteForm::default()
    }
}

fn actions(bench: &Workbench) -> Vec<Action> {
    bench
        .activity()
        .list()
        .unwrap()
        .into_iter()
        .map(|entry| entry.action)
        .collect()
}

#[tokio::test]
async fn a_site_is_added_changed_removed_and_brought_back_whole() {
    let (_folder, bench, _) = bench();
    let added = bench
        .save_site(SiteForm {
            mac: "00e007aabbcc".into(),
            ..form("Bern", "192.0.2.7")
        })
        .await
        .unwrap();
    assert_eq!(added.site.mac.as_deref(), Some("00:E0:07:AA:BB:CC"));
    assert!(added.site.last_seen.is_some());
    bench
        .local
        .store
        .update(|data| {
            data.edit_site("Bern", |site| site.tags = vec!["hotel".into()])
                .map(drop)
        })
        .unwrap();
    let id = added.site.id;
    let changed = bench
        .save_site(SiteForm {
            id: id.clone(),
            group: "Swiss".into(),
            ..form("Bern 2", "192.0.2.7")
        })
        .await;
    let changed = changed.unwrap().site;
    assert_eq!(
        (
            changed.name.as_str(),
            changed.group.as_deref(),
            changed.tags.len()
        ),
        ("Bern 2", Some("Swiss"), 1)
    );

    bench.remove_site(&id).await.unwrap();
    bench.remove_site(&id).await.unwrap();
    assert_eq!(bench.sites().unwrap(), []);
    let back = bench
        .save_site(SiteForm {
            id: id.clone(),
            ..form("Bern 2", "192.0.2.7")
        })
        .await
        .unwrap()
        .site;
    assert_eq!((back.id, back.tags.len()), (id, 1));
    assert_eq!(
        actions(&bench),
        [
            Action::SiteAdded,
            Action::SiteRemoved,
            Action::SiteChanged,
            Action::SiteAdded
        ]
    );
}

#[tokio::test]
async fn a_wrong_site_is_refused_with_what_is_wrong() {
    let (_folder, bench, _) = bench();
    bench.save_site(form("Bern", "192.0.2.7")).await.unwrap();
    for (wrong, words) in [
        (form("", "192.0.2.8"), "name"),
        (form("bern", "192.0.2.8"), "already"),
        (form("Basel", "192.0.2.256"), "address"),
        (
            SiteForm {
                id: "xyz".into(),
                ..form("Basel", "192.0.2.8")
            },
            "id",
        ),
        (
            SiteForm {
                services_base_port: Some(65_535),
                ..form("Basel", "192.0.2.8")
            },
            "services base port",
        ),
    ] {
        let error = bench.save_site(wrong).await.unwrap_err();
        assert!(
            error.code() == "usage" && error.to_string().contains(words),
            "{error}"
        );
    }
    assert_eq!(bench.sites().unwrap().len(), 1);
}

#[tokio::test]
async fn the_password_follows_a_renamed_site_and_is_forgotten_on_request() {
    let (_folder, bench, credentials) = bench();
    let site = bench.save_site(form("Bern", "192.0.2.7")).await.unwrap().site;
    let key = |name: &str| CredentialKey::ServiceUser {
        place: Place::Site(name.into()),
        user: "Admin".into(),
    };
    credentials
        .set(
            &key("Bern"),
            &Credential {
                user: None,
                password: "Grüße-42".into(),
            },
        )
        .unwrap();
    bench
        .local
        .store
        .update(|data| {
            data.edit_site("Bern", |s| s.user = Some("Admin".into()))
                .map(drop)
        })
        .unwrap();
    bench
        .save_site(SiteForm {
            id: site.id.clone(),
            ..form("Basel", "192.0.2.7")
        })
        .await
        .unwrap();
    assert!(credentials.get(&key("Bern")).unwrap().is_none());
    assert_eq!(
        credentials
            .get(&key("Basel"))
            .unwrap()
            .unwrap()
            .password
            .expose_secret(),
        "Grüße-42"
    );

    let unit = UnitRef {
        site_id: site.id,
        ..UnitRef::default()
    };
    let facts = bench.facts(&unit).unwrap();
    assert_eq!(
        (facts.user.as_deref(), facts.remembered, facts.pin),
        (Some("Admin"), true, None)
    );
    bench.forget_log_in(&unit).await.unwrap();
    assert!(!bench.facts(&unit).unwrap().remembered);
}

#[tokio::test]
async fn facts_tell_the_pin_the_last_user_and_the_last_copy() {
    let (_folder, bench, _) = bench();
    let unit = UnitRef {
        address: "192.0.2.7".into(),
        ..UnitRef::default()
    };
    assert_eq!(bench.facts(&unit).unwrap(), TargetFacts::default());
    let pin = crate::Fingerprint::of(b"der");
    bench
        .local
        .store
        .update(|data| {
            data.set_pin("192.0.2.7", 50805, pin);
            Ok(())
        })
        .unwrap();
    let key = UnitKey::address("192.0.2.7", 50804);
    let entry = NewEntry {
        unit: &key,
        object: ArchivedObject::Configuration,
        revision: "r1",
        reason: ArchiveReason::Received,
        system_name: None,
    };
    Archive::new(bench.data()).put(b"<data/>", &entry).unwrap();
    let target = bench.target(&unit).unwrap();
    bench.note(
        Action::LogIn,
        &target,
        "Administrator",
        &Ok(()),
        (Outcome::Done, ""),
    );
    let facts = bench.facts(&unit).unwrap();
    assert_eq!(
        (facts.pin.unwrap().0, facts.user.as_deref()),
        (pin, Some("Administrator"))
    );
    assert!(facts.last_backup.is_some() && !facts.remembered);
    // The port is another one, so that this is another unit's pin.
    let other = UnitRef {
        base_port: 50900,
        ..unit.clone()
    };
    assert_eq!(bench.facts(&other).unwrap().pin, None);
    bench.forget_certificate(&unit).await.unwrap();
    assert_eq!(bench.facts(&unit).unwrap().pin, None);
}

#[tokio::test]
async fn a_copy_in_the_archive_is_shown_with_its_site() {
    let (_folder, bench, _) = bench();
    let site = bench.save_site(form("Bern", "192.0.2.7")).await.unwrap().site;
    bench.save_site(form("Basel", "192.0.2.8")).await.unwrap();
    let key = UnitKey::site(&site);
    let (object, reason) = (ArchivedObject::Configuration, ArchiveReason::Backup);
    let entry = NewEntry {
        unit: &key,
        object,
        revision: "r1",
        reason,
        system_name: None,
    };
    bench.local.archive.put(b"<data/>", &entry).unwrap();
    let sites = bench.sites().unwrap();
    let seen: Vec<_> = sites
        .iter()
        .map(|s| (s.site.name.as_str(), s.last_backup.is_some()))
        .collect();
    assert_eq!(seen, [("Basel", false), ("Bern", true)]);
}

#[tokio::test]
async fn without_a_password_one_is_asked_for() {
    let (_folder, bench, _) = bench();
    let unit = UnitRef {
        address: "192.0.2.7".into(),
        base_port: 50804,
        ..UnitRef::default()
    };
    assert_eq!(
        bench
            .resume_log_in("1", &unit, Service::Configuration)
            .await
            .unwrap(),
        LogInOutcome::PasswordNeeded {
            user: None,
            system: false,
            keychain_problem: None
        }
    );
    let answer = bench
        .answer_log_in("1", "l1", crate::sessions::LogInAnswer::Stop)
        .await;
    assert_eq!(answer.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn without_a_log_in_nothing_is_received_and_that_is_written_down() {
    let (_folder, bench, _) = bench();
    let unit = UnitRef {
        address: "192.0.2.7".into(),
        ..UnitRef::default()
    };
    let error = bench.receive("1", &unit, &crate::silent).await.unwrap_err();
    assert_eq!(error.code(), "no_credential");
    let entry = &bench.activity().list().unwrap()[0];
    assert_eq!(
        (entry.action, entry.result, entry.address.as_str()),
        (Action::Receive, Outcome::Failed, "192.0.2.7")
    );
    assert!(
        bench.running.start("1", Work::Asking).is_ok(),
        "the name is free again"
    );
}

#[tokio::test]
async fn a_file_is_opened_saved_and_found_again_with_its_revision() {
    let (folder, bench, _) = bench();
    let path = folder.path().join("zürich.xml");
    std::fs::write(&path, "<data><User GUID='1'><Name>a</Name></User></data>").unwrap();
    let nobody = UnitRef::default();
    let info = bench.open_file(&path, &nobody).await.unwrap();
    assert_eq!(
        (info.name.as_str(), info.revision, info.opaque),
        ("zürich.xml", None, false)
    );
    assert_eq!(bench.file_name(&info.id).unwrap(), "zürich.xml");
    bench
        .documents()
        .with(&info.id, |open| open.set("e0", "Name", "b").map(drop))
        .unwrap();
    let copy = folder.path().join("copy.xml");
    bench.save_file(&info.id, &copy).await.unwrap();
    assert!(std::fs::read_to_string(&copy).unwrap().contains("<Name>b</Name>"));
    let request = SendRequest {
        mode: WriteMode::Merge,
        force: false,
        over: None,
    };
    assert_eq!(
        bench
            .send("1", &info.id, request, &crate::silent)
            .await
            .unwrap_err()
            .code(),
        "usage"
    );

    // What was sent to a unit and saved afterwards is known to be based on that revision.
    let unit = UnitRef {
        address: "192.0.2.7".into(),
        ..UnitRef::default()
    };
    let info = bench.open_file(&copy, &unit).await.unwrap();
    bench
        .documents()
        .with(&info.id, |open| {
            open.sent(b"<data/>".to_vec(), "r8");
            Ok(())
        })
        .unwrap();
    bench.save_file(&info.id, &copy).await.unwrap();
    assert_eq!(
        bench.open_file(&copy, &unit).await.unwrap().revision.as_deref(),
        Some("r8")
    );
    let other = UnitRef {
        address: "192.0.2.8".into(),
        ..UnitRef::default()
    };
    assert_eq!(bench.open_file(&copy, &other).await.unwrap().revision, None);
    let missing = bench
        .open_file(&folder.path().join("none.xml"), &nobody)
        .await
        .unwrap_err();
    assert_eq!(missing.code(), "storage");
}

#[tokio::test]
async fn preferences_change_as_a_whole_or_not_at_all() {
    let (_folder, bench, _) = bench();
    let error = bench.change_preferences(|preferences| {
        preferences.set("services_base_port", "50900")?;
        preferences.set("discovery_attempts", "11")
    });
    assert_eq!(error.unwrap_err().code(), "usage");
    assert_eq!(bench.preferences().unwrap().services_base_port, 50804);
    bench
        .change_preferences(|preferences| preferences.set("services_base_port", "50900"))
        .unwrap();
    assert_eq!(bench.preferences().unwrap().services_base_port, 50900);
}

#[tokio::test]
async fn what_another_program_did_to_the_store_is_said_once() {
    let (folder, bench, _) = bench();
    bench.save_site(form("Bern", "192.0.2.7")).await.unwrap();
    let mut heard = bench.listen();
    assert!(heard.try_recv().is_err(), "one's own change is no news");
    let other = Workbench::open(
        DataDir::at(folder.path().join("data")),
        Arc::new(MemoryCredentials::default()),
    );
    other
        .unwrap()
        .save_site(form("Basel", "192.0.2.8"))
        .await
        .unwrap();
    bench.say_what_changed();
    bench.say_what_changed();
    assert_eq!(heard.try_recv().unwrap(), News::StoreChanged);
    assert!(heard.try_recv().is_err());
    assert_eq!(bench.sites().unwrap().len(), 2);

    let store = folder.path().join("data/store.json");
    std::fs::write(&store, "{").unwrap();
    bench.say_what_changed();
    let News::Notice(notice) = heard.try_recv().unwrap() else {
        panic!("it is a notice");
    };
    assert!(notice.to_string().contains("was damaged"), "{notice}");
    assert_eq!(bench.sites().unwrap(), []);

    std::fs::write(&store, r#"{"preferences": {"idle_minutes": 42}}"#).unwrap();
    bench.say_what_changed();
    assert_eq!(heard.try_recv().unwrap(), News::StoreChanged, "there was no file");
}

#[tokio::test]
async fn looking_at_a_unit_asks_the_keychain_nothing() {
    let (_folder, bench, credentials) = bench();
    let site = bench.save_site(form("Bern", "192.0.2.7")).await.unwrap().site;
    bench
        .local
        .store
        .update(|data| {
            data.edit_site("Bern", |s| s.user = Some("Admin".into()))
                .map(drop)
        })
        .unwrap();
    let key = CredentialKey::ServiceUser {
        place: Place::Site("Bern".into()),
        user: "Admin".into(),
    };
    let credential = Credential {
        user: None,
        password: "Grüße-42".into(),
    };
    credentials.set(&key, &credential).unwrap();
    let unit = UnitRef {
        site_id: site.id,
        ..UnitRef::default()
    };
    assert!(!bench.facts(&unit).unwrap().remembered, "nobody has looked yet");
    bench.local.credentials.get(&key).unwrap();
    assert!(bench.facts(&unit).unwrap().remembered);
}

#[tokio::test]
async fn a_list_of_sites_is_imported_with_what_is_wrong_in_it_and_exported_again() {
    let (folder, bench, _) = bench();
    bench.save_site(form("Bern", "192.0.2.7")).await.unwrap();
    let list = folder.path().join("units.csv");
    std::fs::write(
        &list,
        "Name,MAC,Address\nBern,00E007000001,192.0.2.8\nChur,,192.0.2.9\nSion,,192.0.2\n",
    )
    .unwrap();
    let imported = bench.import_sites(&list).await.unwrap();
    let lines: Vec<_> = imported.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(
        (imported.added.len(), imported.changed.len(), lines),
        (1, 1, vec![4])
    );
    assert_eq!(
        actions(&bench),
        [Action::SiteChanged, Action::SiteAdded, Action::SiteAdded]
    );
    let out = folder.path().join("out.csv");
    assert_eq!(
        bench
            .export_sites(&out, Some(crate::store::ListFormat::KnownUnits))
            .unwrap(),
        2
    );
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        "Name,MAC Address,Type,IP Address,Version\r\nBern,00:E0:07:00:00:01,,192.0.2.8,\r\nChur,,,192.0.2.9,\r\n"
    );
    let error = bench
        .import_sites(&folder.path().join("list.xml"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "usage");
    assert_eq!(bench.export_found(&out).unwrap(), 0);
    assert!(
        std::fs::read_to_string(&out)
            .unwrap()
            .starts_with("\u{feff}Name,MAC Address,")
    );
}
