//! `trunkline audit`: received, shown, kept in the archive and read from there.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use serde_json::json;

use cli_support::{Computer, Site, USER};

#[test]
fn it_is_received_shown_and_kept() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    let first = computer.run_as_user(&["audit", &target, "--json"]).exits(0);
    let document = first.json();
    assert_eq!(
        (&document["from"], &document["form"], &document["known_before"]),
        (&"unit".into(), &"entries".into(), &false.into())
    );
    let row = &document["rows"][0];
    let time = row["time"].as_str().unwrap();
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    assert_eq!(
        *row,
        json!({"time": time, "user": USER, "source": "127.0.0.1", "action": "log-in", "result": "done", "other": {}})
    );
    assert_eq!(
        (&document["left_out"], document["kept"].as_array().unwrap().len()),
        (&0.into(), 1)
    );

    let wrong = computer.run_with_input("wrong\n", &["receive", &target, "--out", "a.xml"]);
    wrong.exits(4);
    let table = computer
        .run_as_user(&["audit", &target])
        .exits(0)
        .says("kept in the archive as")
        .text();
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with("TIME") && lines[0].ends_with("RESULT"),
        "{table}"
    );
    assert!(table.contains("127.0.0.1  log-in"), "{table}");

    // Without the unit: the latest, and an older one by its revision.
    drop(site);
    let latest = computer
        .run(&["audit", &target, "--stored", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&latest["from"], latest["kept"].as_array().unwrap().len()),
        (&"archive".into(), 2)
    );
    assert!(latest["rows"].as_array().unwrap().len() > document["rows"].as_array().unwrap().len());
    let revision = format!("--stored={}", document["revision"].as_str().unwrap());
    let older = computer
        .run(&["audit", &target, &revision, "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&older["sha256"], &older["rows"]),
        (&document["sha256"], &document["rows"])
    );
    let by_hash = format!("--stored={}", &document["sha256"].as_str().unwrap()[..8]);
    assert_eq!(
        computer
            .run(&["audit", &target, &by_hash, "--json"])
            .exits(0)
            .json()["revision"],
        document["revision"]
    );

    let found = computer
        .run(&["audit", &target, "--stored", "--find", "LOG-IN", "--json"])
        .exits(0)
        .json();
    assert!(!found["rows"].as_array().unwrap().is_empty());
    for row in found["rows"].as_array().unwrap() {
        assert_eq!(row["action"], "log-in");
    }
    let none = computer
        .run(&["audit", &target, "--stored", "--find", "no such thing"])
        .exits(0)
        .says("0 entries of");
    assert_eq!(none.text(), "");
}

#[test]
fn what_is_not_there_is_said() {
    let computer = Computer::new();
    let missing = computer
        .run(&["audit", "127.0.0.1:9", "--stored", "--json"])
        .exits(2)
        .says("`trunkline audit TARGET`");
    assert_eq!(missing.code(), "not_found");
    let site = Site::one(
        &computer,
        "[[unit.user]]\nname = 'Administrator'\npassword = 'Grüße-42-geheim'\nrights = ['read_configuration']",
    );
    let refused = computer
        .run_as_user(&["audit", &site.target(), "--json"])
        .exits(4);
    assert_eq!(refused.code(), "no_right");
    let missing = computer
        .run(&["audit", &site.target(), "--stored", "--json"])
        .exits(2);
    assert_eq!(missing.code(), "not_found", "a refusal leaves nothing behind");
}
