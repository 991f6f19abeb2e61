//! `trunkline read`, end to end.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;

use cli_support::{Computer, Outcome, PASSWORD, Site, VirtualUnit};
use serde_json::json;

/// Reads from a unit with the service user's password.
fn read(computer: &Computer, unit: &VirtualUnit, file: &str, more: &[&str]) -> Outcome {
    let (target, tls, plain) = (unit.target(), unit.port("devlink3-tls"), unit.port("devlink3"));
    let ports = ["--devlink3-tls-port", &tls, "--devlink3-port", &plain];
    computer.run_as_user(&[&["read", &target, file][..], &ports, more].concat())
}

#[test]
fn a_file_is_text_rows_a_table_or_the_bytes_as_they_came() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let unit = &site.units[0];
    let directory = "\"Taxi, day and night\",0445550001\nMétéo,162\n?ód? office,0048425550002\n";

    let text = read(&computer, unit, "nasystem/dir_list", &[]).exits(0);
    assert_eq!(text.text(), directory);
    let warning = "DevLink3 does not prove who answers, so it is pinned only with --fingerprint";
    text.says(warning);

    let document = read(&computer, unit, "nasystem/dir_list", &["--json"])
        .exits(0)
        .json();
    assert_eq!(
        document["address"],
        format!("127.0.0.1:{}", unit.port("devlink3-tls"))
    );
    assert_eq!(document["file"], "nasystem/dir_list");
    assert_eq!(
        (&document["via"], &document["tls"]),
        (&json!("devlink3"), &json!("pin"))
    );
    assert_eq!(document["provenance"], "observed");
    assert_eq!(
        (&document["bytes"], &document["text"]),
        (&json!(72), &json!(directory))
    );
    assert_eq!(
        document["rows"][0],
        json!({"line": 1, "name": "Taxi, day and night", "number": "0445550001", "other": {}})
    );
    assert_eq!(document["malformed"], json!([]));

    let users = read(&computer, unit, "nasystem/user_list8", &["--json"])
        .exits(0)
        .json();
    assert_eq!(
        users["rows"][1],
        json!({
            "line": 2, "name": "Extn201", "extension": "201", "full_name": "Bruno Müller", "profile": "teleworker",
            "features": "0", "one_x": "0", "email": "Extn201@example.com", "other": {"6": ""},
        })
    );
    let who_is = read(&computer, unit, "nasystem/who_is", &["--json"])
        .exits(0)
        .json();
    assert_eq!(who_is["rows"][0]["name"], "Head Office");

    let table = read(&computer, unit, "nasystem/hunt_list", &["--table"])
        .exits(0)
        .text();
    assert_eq!(
        table.lines().take(2).collect::<Vec<_>>(),
        [
            "NAME     EXTENSION  #3  SERVICE  MESSAGES",
            "Group 1  900        0   day      0"
        ]
    );

    read(&computer, unit, "nasystem/dir_list", &["--out", "directory.txt"])
        .exits(0)
        .says("read nasystem/dir_list, 72 bytes, as directory.txt");
    let bytes = b"\"Taxi, day and night\",0445550001\r\nM\xe9t\xe9o,162\r\n?\xf3d? office,0048425550002\r\n";
    assert_eq!(fs::read(computer.file("directory.txt")).unwrap(), bytes);
    let raw = read(&computer, unit, "nasystem/dir_list", &["--out", "-"]).exits(0);
    assert_eq!(raw.stdout, bytes);
}

#[test]
fn names_that_lead_elsewhere_are_refused_before_anything_is_sent() {
    let computer = Computer::new();
    let long = format!("nasystem/{}", "x".repeat(250));
    for name in [
        "nasystem/../x",
        "/etc/passwd",
        "nasystem/",
        "nasystem/a\nb",
        "user_list8",
        &long,
    ] {
        let refused = computer
            .run_as_user(&["read", "127.0.0.1:9", name, "--json"])
            .exits(2);
        assert_eq!(refused.code(), "usage", "{name}");
    }
    for arguments in [
        &["--out", "-", "--json"][..],
        &["--method", "service"],
        &["--table", "--out", "x"],
    ] {
        let all = [&["read", "127.0.0.1:9", "nasystem/hunt_list"][..], arguments].concat();
        computer.run_as_user(&all).exits(2);
    }
    computer
        .run_as_user(&["read", "127.0.0.1:9", "nasystem/who_is", "--table"])
        .exits(2)
        .says("nothing is known of the lines");
}

#[test]
fn what_goes_wrong_is_said_with_what_to_do() {
    let computer = Computer::new();
    let site = Site::of(
        &computer,
        &[
            ("Hash", ""),
            ("Password", "devlink3 = { challenge = 'password' }"),
            ("Unlicensed", "devlink3 = { licence = false }"),
            ("Plain", "tls = false"),
            ("Without", "devlink3 = { offered = false }"),
        ],
    );
    let [hash, password, unlicensed, plain, without] = &site.units[..] else {
        panic!("{:?}", site.units);
    };
    let file = "nasystem/user_list8";
    let failing = |unit, file, more: &[&str], exit, code: &str| {
        let outcome = read(&computer, unit, file, &[more, &["--json"]].concat()).exits(exit);
        assert_eq!(outcome.code(), code, "{outcome:?}");
        outcome.json()["error"].clone()
    };
    failing(hash, "nasystem/nothing", &[], 2, "not_found");
    let error = failing(unlicensed, file, &[], 4, "licence_missing");
    assert!(
        error["message"].as_str().unwrap().contains("CTI licence"),
        "{error}"
    );
    let error = failing(without, file, &[], 3, "not_reachable");
    assert!(error["hint"].as_str().unwrap().contains("50796"), "{error}");
    failing(plain, file, &[], 3, "tls_not_available");
    let read_plain = read(&computer, plain, file, &["--allow-plain", "--json"]).exits(0);
    assert_eq!(read_plain.json()["tls"], "off");
    read_plain.says("plain TCP");

    let withheld = read(&computer, password, file, &[]).exits(4);
    let fingerprint = withheld.stderr.split("SHA-256 ").nth(1).unwrap()[..95].to_owned();
    withheld.says("the password itself, and it was not sent: nobody has accepted this certificate yet");
    read(&computer, password, file, &["--fingerprint", &fingerprint]).exits(0);
    let pinned = read(&computer, password, file, &[]).exits(0);
    assert_eq!(pinned.stderr, "", "the certificate is the pinned one");
    failing(
        hash,
        file,
        &["--fingerprint", &fingerprint],
        4,
        "certificate_changed",
    );
}

#[test]
fn neither_the_password_nor_what_answers_for_it_is_kept_or_said() {
    let computer = Computer::new();
    let site = Site::one(&computer, "devlink3 = { challenge = 'password' }");
    let unit = &site.units[0];
    let first = read(&computer, unit, "nasystem/who_is", &["-vvv"]).exits(4);
    let fingerprint = first.stderr.split("SHA-256 ").nth(1).unwrap()[..95].to_owned();
    let second = read(
        &computer,
        unit,
        "nasystem/who_is",
        &["-vvv", "--fingerprint", &fingerprint],
    )
    .exits(0);
    let mut files = vec![computer.folder().to_owned()];
    let mut said = vec![
        first.stderr.into_bytes(),
        second.stderr.into_bytes(),
        second.stdout,
    ];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            said.push(fs::read(path).unwrap());
        }
    }
    let hex: String = PASSWORD
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    for secret in [PASSWORD.as_bytes(), &PASSWORD.as_bytes()[..16], hex.as_bytes()] {
        for text in &said {
            let is_here = text.windows(secret.len()).any(|window| window == secret);
            assert!(!is_here, "{}", String::from_utf8_lossy(text));
        }
    }
}
