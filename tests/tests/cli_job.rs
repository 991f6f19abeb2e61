//! The main job, and everything around it, as somebody types it.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;

use cli_support::{Computer, PASSWORD, Site, USER};
use serde_json::{Value, json};

/// Find, receive, change, compare, send, receive again.
fn main_job(way: &[&str], tls: &str) {
    let computer = Computer::new();
    let site = Site::one(&computer, "version = '11.1.2.3 build 23'");
    let target = site.target();
    let on = |arguments: &[&str]| computer.run_as_user(&[arguments, way].concat());

    let found = computer
        .run(&["discover", "--search", &site.criteria, "--json"])
        .exits(0)
        .json();
    assert_eq!(found["units"][0]["name"], "Head Office");
    assert_eq!(found["units"][0]["services"]["base_port"], site.units[0].base);

    let received = on(&["receive", &target, "--out", "office.xml", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&received["tls"], &received["method"]),
        (&json!(tls), &json!("service"))
    );
    assert_eq!(
        (&received["address"], &received["object"]),
        (&json!(target), &json!("configuration"))
    );
    assert_eq!(
        (&received["resumed"], &received["bytes"]),
        (&json!(false), &json!(120_000))
    );
    assert_eq!(received["fingerprint"].is_null(), tls == "off", "{received}");
    assert_eq!(received["rights"].as_array().unwrap().len(), 9);
    assert_eq!(fs::metadata(computer.file("office.xml")).unwrap().len(), 120_000);

    computer.edit("office.xml", "changed.xml", "<FullName>", "<FullName>Zoë ");
    let difference = computer
        .run(&["diff", "office.xml", "changed.xml"])
        .exits(0)
        .says("1 changed, 0 added, 0 removed");
    assert!(difference.text().contains("→ \"Zoë "), "{difference:?}");

    let sent = on(&["send", &target, "changed.xml", "--mode", "merge", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&sent["revision_before"], &sent["revision_after"]),
        (&json!("r1"), &json!("r2"))
    );
    assert_eq!(
        (&sent["restart_in_s"], &sent["backup_sha256"]),
        (&Value::Null, &received["sha256"])
    );

    on(&["receive", &target, "--out", "again.xml"]).exits(0);
    assert_eq!(computer.text("again.xml"), computer.text("changed.xml"));
    let again = on(&["send", &target, "changed.xml", "--mode", "merge"]).exits(0);
    again.says("unchanged");
}

#[test]
fn the_main_job_over_tls() {
    main_job(&[], "pin");
}

#[test]
fn the_main_job_over_plain_tcp() {
    main_job(&["--tls", "off"], "off");
}

#[test]
fn the_main_job_with_a_unit_of_other_habits() {
    let computer = Computer::new();
    let site = Site::one(&computer, "faults = ['torn', 'long-headers', 'unknown-tags']");
    computer
        .run_as_user(&["receive", &site.target(), "--out", "a.xml"])
        .exits(0);
    computer.edit("a.xml", "b.xml", "<FullName>", "<FullName>Zoë ");
    computer
        .run_as_user(&["send", &site.target(), "b.xml", "--mode", "merge"])
        .exits(0);
    computer
        .run_as_user(&["receive", &site.target(), "--out", "c.xml"])
        .exits(0);
    assert_eq!(computer.text("c.xml"), computer.text("b.xml"));
}

#[test]
fn a_certificate_is_said_once_and_kept() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let receive = ["receive", &site.target(), "--out", "a.xml", "--json"];
    let first = computer
        .run_as_user(&receive)
        .exits(0)
        .says("first use of this unit's certificate");
    let second = computer.run_as_user(&receive).exits(0);
    assert_eq!(second.json()["fingerprint"], first.json()["fingerprint"]);
    assert!(!second.stderr.contains("certificate"), "{second:?}");

    let fingerprint = first.json()["fingerprint"].as_str().unwrap().to_owned();
    let colons: Vec<_> = fingerprint
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap())
        .collect();
    let colons = colons.join(":").to_uppercase();
    computer
        .run_as_user(&[&receive[..], &["--fingerprint", &colons]].concat())
        .exits(0);
    let other = computer
        .run_as_user(&[&receive[..], &["--fingerprint", &"00".repeat(32)]].concat())
        .exits(4);
    assert_eq!(other.code(), "certificate_changed");
    let none = computer
        .run_as_user(&[&receive[..], &["--tls", "none"]].concat())
        .exits(0);
    none.says("nobody knows who answers");
}

#[test]
fn standard_output_holds_the_object_and_nothing_else() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    let streamed = computer.run_as_user(&["receive", &target, "--out", "-"]).exits(0);
    let summary = computer
        .run_as_user(&["receive", &target, "--out", "a.xml", "--json"])
        .exits(0)
        .json();
    assert_eq!(streamed.stdout, fs::read(computer.file("a.xml")).unwrap());

    let shown = computer
        .run(&["show", &format!("{target}@r1"), "--json"])
        .exits(0)
        .json();
    assert_eq!(
        shown["sha256"], summary["sha256"],
        "what was streamed is in the archive"
    );

    let security = computer
        .run_as_user(&["receive", &target, "--object", "security", "--out", "-"])
        .exits(0);
    assert!(security.text().contains("<ServiceUser"), "{}", security.text());
    let audit = computer.run_as_user(&[
        "receive",
        &target,
        "--object",
        "audit",
        "--out",
        "audit.txt",
        "--json",
    ]);
    assert_eq!(audit.exits(0).json()["object"], "audit");
    for file in files(&computer.file("data")) {
        assert!(
            !contains(&fs::read(&file).unwrap(), b"<ServiceUser"),
            "{} holds security settings",
            file.display()
        );
    }
}

#[test]
fn a_lost_connection_is_opened_again_and_the_transfer_goes_on() {
    let computer = Computer::new();
    let site = Site::one(&computer, "faults = ['cut-read:40000:1']");
    let received = computer
        .run_as_user(&["receive", &site.target(), "--out", "a.xml", "--json"])
        .exits(0);
    assert_eq!(
        (&received.json()["resumed"], &received.json()["bytes"]),
        (&json!(true), &json!(120_000))
    );
    received.says("connection 2 of 3");
}

#[test]
fn a_restart_is_waited_for() {
    let computer = Computer::new();
    let site = Site::one(&computer, "starting_seconds = 0.1");
    let target = site.target();
    let back = computer
        .run_as_user(&["reboot", &target, "--mode", "immediate", "--wait", "--json"])
        .exits(0);
    assert_eq!(back.json()["back"], true);
    back.says("restarted and is back");

    computer
        .run_as_user(&["receive", &target, "--out", "a.xml"])
        .exits(0);
    computer.edit("a.xml", "b.xml", "<FullName>", "<FullName>Zoë ");
    let with_bar = ["send", &target, "b.xml", "--mode", "immediate", "--bar-incoming"];
    computer.run_as_user(&with_bar).exits(2).says("--bar-incoming");
    let sent = computer
        .run_as_user(&[
            "send",
            &target,
            "b.xml",
            "--mode",
            "immediate",
            "--wait",
            "--json",
        ])
        .exits(0);
    assert!(sent.json()["restart_in_s"].is_u64(), "{sent:?}");
    computer
        .run_as_user(&["receive", &target, "--out", "c.xml"])
        .exits(0);
    assert_eq!(computer.text("c.xml"), computer.text("b.xml"));
}

#[test]
fn discovery_as_a_table_and_as_a_document() {
    let computer = Computer::new();
    let long = "Genève – agence centrale, réception (bâtiment Ω)";
    let site = Site::of(
        &computer,
        &[
            ("Head Office", "edition = 'Preferred Edition'"),
            ("Zürich, Filiale 2", "state = 'read_only'"),
            (long, ""),
        ],
    );
    let found = computer
        .run(&["discover", "--search", &format!("{};10.0.0.999", site.criteria)])
        .exits(7);
    insta::with_settings!({filters => vec![(r"\b\d{5}\b", "[port]"), (r" *\d+ ms", " [time]"), (r"in \d+\.\d s", "in [time]")]}, {
        insta::assert_snapshot!("discover_table", found.text());
        let said: Vec<_> = found.stderr.lines().filter(|line| !line.contains("10.0.0.999")).collect();
        insta::assert_snapshot!("discover_said", said.join("\n"));
    });
    found.says("10.0.0.999");

    let document = computer
        .run(&["discover", "--search", &site.criteria, "--json"])
        .exits(0)
        .json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&document), ["problems", "stats", "unidentified", "units"]);
    assert_eq!(keys(&document["stats"]), ["answered", "elapsed_ms", "probed"]);
    let unit = document["units"]
        .as_array()
        .unwrap()
        .iter()
        .find(|unit| unit["name"] == "Zürich, Filiale 2")
        .unwrap();
    for key in [
        "name",
        "address",
        "mac",
        "type",
        "version",
        "edition",
        "state",
        "group",
        "services",
        "found_by",
        "round_trip_ms",
        "supported",
        "method",
    ] {
        assert!(unit.get(key).is_some(), "{key} is missing in {unit}");
    }
    assert_eq!(
        (&unit["state"], &unit["edition"], &unit["found_by"]),
        (&json!("read_only"), &Value::Null, &json!(["tcp"]))
    );
}

#[test]
fn entries_that_can_not_be_searched() {
    let computer = Computer::new();
    let nothing = computer
        .run(&[
            "discover",
            "--search",
            "127.0.0.1:1",
            "--timeout",
            "100",
            "--json",
        ])
        .exits(0);
    assert_eq!(nothing.json()["units"], json!([]));
    let bad = computer
        .run(&["discover", "--search", "10.0.0.0/99", "--json"])
        .exits(2)
        .json();
    assert_eq!(
        (&bad["problems"][0]["entry"], &bad["problems"][0]["position"]),
        (&json!("10.0.0.0/99"), &json!(1))
    );
    computer
        .run(&["discover", "--search", "127.0.0.1:1; 1.2.3"])
        .exits(7)
        .says("position 14");
}

#[test]
fn sites_are_found_by_name_and_searched() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let (base, discovery) = (
        site.units[0].base.to_string(),
        site.criteria.rsplit(':').next().unwrap().to_owned(),
    );
    let added = computer.run(&[
        "sites",
        "add",
        "Zürich, Filiale 2",
        "127.0.0.1",
        "--group",
        "Alpine",
        "--tag",
        "vip",
        "--user",
        USER,
        "--base-port",
        &base,
        "--discovery-port",
        &discovery,
        "--json",
    ]);
    assert_eq!(added.exits(0).json()["name"], "Zürich, Filiale 2");
    computer
        .run(&["sites", "add", "zürich, filiale 2", "10.0.0.1"])
        .exits(2)
        .says("already a site");

    let mut receive = computer.command(&["receive", "zürich, filiale 2", "--out", "a.xml"]);
    let received = cli_support::end(receive.env("TRUNKLINE_PASSWORD", PASSWORD).spawn().unwrap());
    received.exits(0);
    assert_eq!(
        computer
            .run(&["show", "Zürich, Filiale 2@r1", "--json"])
            .exits(0)
            .json()["bytes"],
        120_000
    );

    let edited = computer.run(&[
        "sites",
        "edit",
        "zürich, filiale 2",
        "--name",
        "Bern",
        "--group",
        "",
        "--json",
    ]);
    let edited = edited.exits(0).json();
    assert_eq!(
        (&edited["name"], edited.get("group"), &edited["user"]),
        (&json!("Bern"), None, &json!(USER))
    );
    computer.run(&["show", "Bern@r1"]).exits(0);
    let listed = computer.run(&["sites", "list"]).exits(0).text();
    assert!(
        listed.starts_with("NAME") && listed.contains("Bern") && listed.contains("vip"),
        "{listed}"
    );
    computer
        .run(&["sites", "edit", "Bern", "--base-port", "65530"])
        .exits(2)
        .says("65526");
    computer.run(&["sites", "remove", "Bern"]).exits(0);
    assert_eq!(
        computer.run(&["sites", "list", "--json"]).exits(0).json(),
        json!({"sites": []})
    );
    assert_eq!(
        computer
            .run(&["sites", "remove", "Bern", "--json"])
            .exits(2)
            .code(),
        "not_found"
    );
}

#[test]
fn preferences_are_shown_and_changed() {
    let computer = Computer::new();
    let table = computer.run(&["preferences", "list"]).exits(0).text();
    insta::assert_snapshot!("preferences_list", table);
    assert_eq!(computer.run(&["preferences", "get"]).exits(0).text(), table);
    let set = computer
        .run(&["preferences", "set", "services-base-port", "50900", "--json"])
        .exits(0)
        .json();
    assert_eq!(set, json!({"services_base_port": 50900}));
    assert_eq!(
        computer
            .run(&["preferences", "get", "services_base_port"])
            .exits(0)
            .text(),
        "50900\n"
    );
    computer
        .run(&["preferences", "set", "services_base_port", "0"])
        .exits(2)
        .says("whole number");
    computer
        .run(&["preferences", "set", "colour", "red"])
        .exits(2)
        .says("known are");
    computer
        .run(&["preferences", "set", "ip_search_criteria", "10.0.0.1; 10.0.0.300"])
        .exits(2)
        .says("position 11");
    computer
        .run(&["preferences", "set", "ip_search_criteria", "10.0.0.1-5"])
        .exits(0);
}

#[test]
fn what_is_in_a_configuration_and_what_differs() {
    let computer = Computer::new();
    let user = |name: &str, code: &str| {
        format!(
            "<data><ws_object><User GUID=\"00112233445566778899AABBCCDDEEFF\"><Name>{name}</Name>\
             <Extension>201</Extension><AssignedPackage>4</AssignedPackage><LoginCode>{code}</LoginCode></User></ws_object>\
             <ws_object><ShortCode><Code>*17</Code></ShortCode></ws_object></data>"
        )
    };
    fs::write(computer.file("a.xml"), user("Zoë", "1234")).unwrap();
    fs::write(computer.file("b.xml"), user("Zoë \u{1b}[2J", "9876")).unwrap();
    fs::write(computer.file("c.bin"), b"\x00\x01\x02").unwrap();
    for (name, arguments) in [
        ("show", &["show", "a.xml"][..]),
        ("show_entity", &["show", "b.xml", "--entity", "user"]),
        (
            "show_revealed",
            &["show", "a.xml", "--entity", "User", "--reveal"],
        ),
        ("show_opaque", &["show", "c.bin"]),
        ("show_json", &["show", "a.xml", "--entity", "User", "--json"]),
        ("diff", &["diff", "a.xml", "b.xml"]),
        ("diff_revealed", &["diff", "a.xml", "b.xml", "--reveal"]),
        ("diff_json", &["diff", "a.xml", "b.xml", "--json"]),
        ("diff_opaque", &["diff", "a.xml", "c.bin", "--json"]),
    ] {
        let text = computer.run(arguments).exits(0).text();
        assert_eq!(
            text.contains("1234") || text.contains("9876"),
            name.ends_with("revealed"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'), "{text:?}");
        insta::assert_snapshot!(name, text);
    }
    assert_eq!(
        computer.run(&["show", "missing.xml", "--json"]).exits(2).code(),
        "not_found"
    );
    assert_eq!(
        computer.run(&["show", "127.0.0.1@r9", "--json"]).exits(2).code(),
        "not_found"
    );
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "{} is empty", folder.display());
    found
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
