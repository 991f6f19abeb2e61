use std::collections::BTreeMap;

use super::*;
use crate::store::Site;

struct Kit {
    _folder: tempfile::TempDir,
    archive: Archive,
    unit: UnitKey,
}

fn kit() -> Kit {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::new(&DataDir::at(folder.path()));
    Kit {
        _folder: folder,
        archive,
        unit: UnitKey::address("10.0.0.1", 50804),
    }
}

impl Kit {
    fn put(&self, content: &[u8], revision: &str) -> Kept {
        self.put_as(content, revision, ArchivedObject::Configuration)
    }

    fn put_as(&self, content: &[u8], revision: &str, object: ArchivedObject) -> Kept {
        let received = NewEntry {
            unit: &self.unit,
            object,
            revision,
            reason: ArchiveReason::Backup,
            system_name: Some("Zürich, Filiale 2"),
        };
        self.archive.put(content, &received).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.archive.root.join("objects")];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files
    }

    fn revisions(&self) -> Vec<String> {
        self.archive
            .list(&self.unit)
            .unwrap()
            .into_iter()
            .map(|entry| entry.revision)
            .collect()
    }
}

#[test]
fn content_is_kept_under_its_hash_for_the_owner_alone() {
    let kit = kit();
    let kept = kit.put(b"abc", "r1");
    let expect = "objects/ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let path = kit.archive.root.join(expect);
    assert_eq!(kit.files(), std::slice::from_ref(&path));
    assert_eq!((kept.entry().bytes, kept.entry().revision.as_str()), (3, "r1"));
    assert_eq!(kit.archive.read_verified(&kept.entry().sha256).unwrap(), b"abc");
    for (path, bits) in [
        (path.as_path(), 0o600),
        (path.parent().unwrap(), 0o700),
        (&kit.archive.root, 0o700),
    ] {
        assert!(platform::has_permissions(path, bits), "{}", path.display());
    }
}

#[test]
fn the_index_is_readable() {
    let kit = kit();
    kit.put(b"abc", "r1");
    let text = fs::read_to_string(kit.archive.root.join("units/address-10.0.0.1_50804.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entry = &index["entries"][0];
    assert_eq!(
        (
            &entry["object"],
            &entry["revision"],
            &entry["reason"],
            &entry["bytes"]
        ),
        (&"configuration".into(), &"r1".into(), &"backup".into(), &3.into())
    );
    assert!(text.contains("Zürich, Filiale 2"), "{text}");
}

#[test]
fn content_that_arrives_in_pieces_is_the_same() {
    let kit = kit();
    let mut writer = kit.archive.begin().unwrap();
    for piece in [&b"a"[..], b"", b"bc"] {
        writer.write(piece).unwrap();
    }
    assert!(
        kit.archive.read_verified(&ContentHash::of(b"abc")).is_err(),
        "nothing is there before it is kept"
    );
    let received = NewEntry {
        unit: &kit.unit,
        object: ArchivedObject::Audit,
        revision: "r1",
        reason: ArchiveReason::BeforeSend,
        system_name: None,
    };
    let kept = kit.archive.keep(writer, &received).unwrap();
    assert_eq!(kept.entry().sha256, ContentHash::of(b"abc"));
    assert_eq!(kit.files().len(), 1);
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let kit = kit();
    let mut writer = kit.archive.begin().unwrap();
    writer.write(b"half").unwrap();
    drop(writer);
    assert_eq!(kit.files(), Vec::<PathBuf>::new());
}

#[test]
fn unchanged_content_is_kept_and_listed_once() {
    let kit = kit();
    let first = kit.put(b"abc", "r1");
    let second = kit.put(b"abc", "r1");
    assert!(matches!(&first, Kept::Stored(_)) && matches!(&second, Kept::Unchanged(_)));
    assert_eq!(second.entry().received_at, first.entry().received_at);
    assert!(second.entry().confirmed_at >= first.entry().confirmed_at);
    assert!(
        matches!(kit.put_as(b"abc", "r1", ArchivedObject::Audit), Kept::Stored(_)),
        "another object"
    );
    assert!(
        matches!(kit.put(b"abc", "r1"), Kept::Unchanged(_)),
        "the audit trail is no change of the configuration"
    );
    assert!(
        matches!(kit.put(b"abc", "r2"), Kept::Stored(_)),
        "another revision"
    );
    assert!(matches!(kit.put(b"xyz", "r3"), Kept::Stored(_)));
    assert!(
        matches!(kit.put(b"abc", "r2"), Kept::Stored(_)),
        "back again is a change"
    );
    assert_eq!(kit.revisions(), ["r2", "r3", "r2", "r1", "r1"]);
    assert_eq!(kit.files().len(), 2);
}

#[test]
fn an_entry_is_found_by_revision_or_by_the_beginning_of_its_hash() {
    let kit = kit();
    kit.put(b"abc", "r1");
    kit.put(b"xyz", "ba7816");
    let revision = |text: &str| kit.archive.find(&kit.unit, text).map(|entry| entry.revision);
    assert_eq!(revision("r1").unwrap(), "r1");
    assert_eq!(revision("BA78").unwrap(), "r1");
    assert_eq!(
        revision("ba7816").unwrap(),
        "ba7816",
        "a revision goes before a hash"
    );
    for unknown in ["", "ba7", "r", "ffff", &format!("{}0", ContentHash::of(b"abc"))] {
        assert_eq!(revision(unknown).unwrap_err().code(), "not_found", "{unknown:?}");
    }
    let other = UnitKey::address("10.0.0.2", 50804);
    assert_eq!(kit.archive.find(&other, "r1").unwrap_err().code(), "not_found");
}

#[test]
fn the_beginning_of_two_hashes_is_not_enough() {
    let mut seen = BTreeMap::new();
    let (one, two) = (0..)
        .find_map(|i: u32| {
            let content = i.to_string();
            let start = ContentHash::of(content.as_bytes()).to_string()[..4].to_owned();
            seen.insert(start, content.clone()).map(|other| (other, content))
        })
        .unwrap();
    let kit = kit();
    kit.put(one.as_bytes(), "r1");
    kit.put(two.as_bytes(), "r2");
    let hash = ContentHash::of(one.as_bytes()).to_string();
    assert_eq!(
        kit.archive.find(&kit.unit, &hash[..4]).unwrap_err().code(),
        "usage"
    );
    assert_eq!(kit.archive.find(&kit.unit, &hash).unwrap().revision, "r1");
}

#[test]
fn damaged_content_is_never_handed_out_and_heals_when_it_is_received_again() {
    let kit = kit();
    let hash = kit.put(b"abc", "r1").entry().sha256;
    for damage in ["abd", "", "abcd"] {
        fs::write(kit.archive.object_path(&hash), damage).unwrap();
        let error = kit.archive.read_verified(&hash).unwrap_err();
        assert!(
            error.code() == "storage" && error.to_string().contains("damaged"),
            "{error}"
        );
        kit.put(b"abc", "r1");
        assert_eq!(kit.archive.read_verified(&hash).unwrap(), b"abc");
    }
    fs::remove_file(kit.archive.object_path(&hash)).unwrap();
    assert_eq!(kit.archive.open_verified(&hash).unwrap_err().code(), "not_found");
}

#[test]
fn a_damaged_index_is_said_and_content_stays() {
    let kit = kit();
    let hash = kit.put(b"abc", "r1").entry().sha256;
    fs::write(kit.archive.root.join("units/address-10.0.0.1_50804.json"), "{").unwrap();
    assert_eq!(kit.revisions(), Vec::<String>::new());
    let notices = kit.archive.take_notices();
    assert!(matches!(&notices[..], [Notice::Damaged { .. }]), "{notices:?}");
    assert_eq!(kit.archive.take_notices(), []);
    assert_eq!(kit.archive.read_verified(&hash).unwrap(), b"abc");
}

#[test]
fn what_a_power_cut_leaves_is_ignored() {
    let kit = kit();
    kit.put(b"abc", "r1");
    fs::write(kit.archive.root.join("objects/.trunkline-x7Gq2a.tmp"), "hal").unwrap();
    fs::write(kit.archive.root.join("units/.trunkline-y7Gq2a.tmp"), "{").unwrap();
    assert!(matches!(kit.put(b"abc", "r1"), Kept::Unchanged(_)));
    assert_eq!(
        (kit.revisions(), kit.archive.take_notices()),
        (vec!["r1".to_owned()], vec![])
    );
}

#[test]
fn many_backups_at_once_lose_nothing() {
    let kit = kit();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let kit = &kit;
            scope.spawn(move || {
                for i in 0..4 {
                    kit.put(b"the same", &format!("{thread}.{i}"));
                }
            });
        }
    });
    assert_eq!((kit.revisions().len(), kit.files().len()), (32, 1));
}

#[test]
fn each_unit_has_a_file_name_of_its_own_that_fits_everywhere() {
    let mut site = Site::new("../../etc/passwd", "10.0.0.1").unwrap();
    site.id = "000102030405060708090a0b0c0d0e0f".into();
    let long = "a.".repeat(126);
    for (key, expect) in [
        (UnitKey::site(&site), "site-000102030405060708090a0b0c0d0e0f"),
        (
            UnitKey::address("PBX.example", 50804),
            "address-pbx.example_50804",
        ),
        (
            UnitKey::address("2001:DB8::1", 50804),
            "address6-2001_db8__1__50804",
        ),
        (UnitKey::address("../x", 1), "address-.._x_1"),
    ] {
        assert_eq!(key.file_stem(), expect);
    }
    let (one, two) = (UnitKey::address(&long, 1), UnitKey::address(&long, 2));
    assert!(one != two && one.file_stem().len() < 200);
}

#[test]
fn security_settings_are_refused() {
    let error = "security".parse::<ArchivedObject>().unwrap_err();
    assert!(
        error.code() == "usage" && error.to_string().contains("never"),
        "{error}"
    );
    assert_eq!("audit".parse::<ArchivedObject>().unwrap(), ArchivedObject::Audit);
}
