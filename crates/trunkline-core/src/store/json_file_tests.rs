use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    #[serde(default)]
    counts: BTreeMap<String, u32>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

impl Document for Counts {
    const VERSION: u32 = 3;
}

fn in_folder(folder: &Path) -> JsonFile<Counts> {
    JsonFile::open(folder.join("counts.json")).unwrap()
}

fn count(file: &JsonFile<Counts>, name: &str) -> Option<u32> {
    file.read().unwrap().counts.get(name).copied()
}

fn add_one(file: &JsonFile<Counts>, name: &str) {
    file.update(|content| {
        *content.counts.entry(name.into()).or_default() += 1;
        Ok(())
    })
    .unwrap();
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_missing_file_is_the_default_and_reading_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = in_folder(&folder.path().join("not/yet"));
    assert_eq!(*file.read().unwrap(), Counts::default());
    assert_eq!(file.take_notices(), []);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn the_first_change_makes_folder_and_file_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("data");
    add_one(&in_folder(&inner), "a");
    assert!(platform::has_permissions(&inner, 0o700));
    assert!(platform::has_permissions(&inner.join("counts.json"), 0o600));
    let text = fs::read_to_string(inner.join("counts.json")).unwrap();
    assert_eq!(
        text,
        "{\n  \"version\": 3,\n  \"counts\": {\n    \"a\": 1\n  }\n}\n"
    );
}

#[test]
fn threads_with_a_file_of_their_own_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = folder.path();
            scope.spawn(move || {
                let file = in_folder(folder);
                for _ in 0..10 {
                    add_one(&file, "all");
                    add_one(&file, &format!("thread {thread}"));
                }
            });
        }
    });
    let content = in_folder(folder.path()).read().unwrap();
    assert_eq!(content.counts["all"], 80);
    assert_eq!(content.counts.len(), 9);
    assert!(
        content
            .counts
            .iter()
            .all(|(name, count)| name == "all" || *count == 10)
    );
    assert_eq!(
        names(folder.path()),
        ["counts.json", "counts.lock"].map(String::from).into()
    );
}

#[test]
fn a_change_by_another_process_is_seen_even_within_one_tick_of_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, theirs) = (in_folder(folder.path()), in_folder(folder.path()));
    for expected in 1..=9 {
        add_one(&theirs, "a");
        assert_eq!(count(&mine, "a"), Some(expected));
    }
}

#[test]
fn an_old_unchanged_file_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.json");
    let set_age = |seconds| {
        let file = File::options().append(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
            .unwrap();
    };
    fs::write(&path, r#"{"counts":{"a":1}}"#).unwrap();
    set_age(60);
    let file = in_folder(folder.path());
    let first = file.read().unwrap();
    assert!(Arc::ptr_eq(&first, &file.read().unwrap()));

    fs::write(&path, r#"{"counts":{"a":2}}"#).unwrap();
    set_age(30);
    assert_eq!(count(&file, "a"), Some(2));
    fs::remove_file(&path).unwrap();
    assert_eq!(count(&file, "a"), None);
}

#[test]
fn a_change_that_fails_or_changes_nothing_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = in_folder(folder.path());
    file.update(|_| Ok(())).unwrap();
    let refused = file.update(|content| {
        content.counts.insert("a".into(), 1);
        Err::<(), _>(Error::new(ErrorKind::NoRight))
    });
    assert_eq!(refused.unwrap_err().code(), "no_right");
    assert_eq!(count(&file, "a"), None);
    assert!(!folder.path().join("counts.json").exists());
}

#[test]
fn unknown_fields_survive_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.json");
    fs::write(
        &path,
        r#"{"version":1,"later":{"deep":[1,null]},"counts":{"a":1}}"#,
    )
    .unwrap();
    add_one(&in_folder(folder.path()), "a");
    let value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        value,
        serde_json::json!({"version":3,"later":{"deep":[1,null]},"counts":{"a":2}})
    );
}

#[test]
fn a_damaged_file_is_moved_aside_and_said() {
    for damage in [
        "",
        "\0\0\0\0",
        "{\"version\":3,\"counts\":{\"a\"",
        "[]",
        r#"{"counts":{"a":-1}}"#,
        "\u{feff}{}",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counts.json");
        fs::write(&path, damage).unwrap();
        let file = in_folder(folder.path());
        let notices = file.take_notices();
        let [
            Notice::Damaged {
                file: named,
                kept_as,
                reason,
            },
        ] = &notices[..]
        else {
            panic!("{notices:?}")
        };
        assert_eq!(
            (named, fs::read_to_string(kept_as).unwrap().as_str()),
            (&path, damage)
        );
        assert!(!reason.is_empty() && notices[0].to_string().contains(&kept_as.display().to_string()));
        assert!(
            kept_as
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("counts.damaged-2")
        );
        assert_eq!(file.take_notices(), [], "said once");

        // A second program that starts before anything is written does not take it for a new installation either.
        let kept: BTreeSet<_> = [kept_as.clone()].into();
        let second = in_folder(folder.path());
        assert_eq!(
            second.take_notices(),
            [Notice::StartedEmpty {
                file: path.clone(),
                kept
            }]
        );
        add_one(&second, "a");
        assert_eq!(count(&file, "a"), Some(1));
        assert_eq!(
            fs::read_to_string(kept_as).unwrap(),
            damage,
            "what was kept stays as it is"
        );
    }
}

#[test]
fn damage_while_running_is_said_by_reading_and_by_changing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.json");
    let file = in_folder(folder.path());
    add_one(&file, "a");
    fs::write(&path, "first").unwrap();
    assert_eq!(count(&file, "a"), None);
    fs::write(&path, "second").unwrap();
    add_one(&file, "b");
    assert_eq!(file.take_notices().len(), 2);
    let kept: Vec<_> = file
        .set_aside_before()
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(
        kept.iter().collect::<BTreeSet<_>>(),
        [&"first".into(), &"second".into()].into()
    );
}

#[test]
fn a_newer_file_is_an_error_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.json");
    fs::write(&path, r#"{"version":4,"counts":"of another shape"}"#).unwrap();
    let error = JsonFile::<Counts>::open(path.clone()).unwrap_err();
    assert_eq!(error.code(), "unsupported");
    assert!(error.to_string().contains("form 4"), "{error}");
    assert_eq!(names(folder.path()), ["counts.json".to_owned()].into());
}

#[test]
fn what_a_power_cut_leaves_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join(".trunkline-x7Gq2a.tmp"),
        "{\"version\":3,\"cou",
    )
    .unwrap();
    fs::write(folder.path().join("counts.lock"), "").unwrap();
    let file = in_folder(folder.path());
    add_one(&file, "a");
    assert_eq!((count(&file, "a"), file.take_notices()), (Some(1), vec![]));
}

#[test]
fn a_lock_that_is_not_given_back_ends_in_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("counts.json");
    let holder = in_folder(folder.path());
    let held = holder.lock().unwrap();
    let waiting = JsonFile::<Counts>::open_with_wait(path, Duration::ZERO).unwrap();
    assert_eq!(waiting.read().unwrap().counts.len(), 0, "reading needs no lock");
    let error = waiting.update(|_| Ok(())).unwrap_err();
    assert_eq!(error.code(), "storage");
    assert!(
        error.to_string().contains("locked") && error.to_string().contains("counts.lock"),
        "{error}"
    );
    drop(held);
    waiting.update(|_| Ok(())).unwrap();
}

#[test]
fn a_folder_in_the_file_s_place_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("counts.json")).unwrap();
    assert_eq!(
        JsonFile::<Counts>::open(folder.path().join("counts.json"))
            .unwrap_err()
            .code(),
        "storage"
    );
}

/// Root may write everywhere, so this can only be seen as somebody else.
#[cfg(unix)]
#[test]
fn a_read_only_folder_can_be_read_and_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("data");
    let file = in_folder(&inner);
    add_one(&file, "a");
    fs::remove_file(inner.join("counts.lock")).unwrap();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o500)).unwrap();
    if File::create(inner.join("probe")).is_ok() {
        println!("skipped: this user may write into a read-only folder (root)");
        return;
    }
    assert_eq!(count(&in_folder(&inner), "a"), Some(1));
    let error = file.update(|_| Ok(())).unwrap_err();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(error.code(), "storage");
    assert!(error.to_string().contains("counts.lock"), "{error}");
}
