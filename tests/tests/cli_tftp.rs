//! Systems before 3.2 from the command line, end to end.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;

use cli_support::{Computer, Outcome, PASSWORD, Site, VirtualUnit, end};
use serde_json::json;

const SYSTEM_PASSWORD: &str = "Grüße/42 %geheim";
const OLD: &str = "version = '2.1.36'\ntftp = { password = 'Grüße/42 %geheim', files = true }\n";
const WARNING: &str = "the system password and the configuration travel readable";

/// What leads to the unit, which has no services and answers by UDP.
fn ports(unit: &VirtualUnit) -> [String; 4] {
    [
        "--discovery-port".into(),
        "1".into(),
        "--tftp-port".into(),
        unit.port("tftp"),
    ]
}

/// Runs a command with these variables in the environment.
fn run(computer: &Computer, unit: &VirtualUnit, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let ports = ports(unit);
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let mut command = computer.command(&[arguments, &ports].concat());
    end(command.envs(environment.iter().copied()).spawn().unwrap())
}

/// Runs a command with the system password.
fn known(computer: &Computer, unit: &VirtualUnit, arguments: &[&str]) -> Outcome {
    run(
        computer,
        unit,
        &[("TRUNKLINE_SYSTEM_PASSWORD", SYSTEM_PASSWORD)],
        arguments,
    )
}

#[test]
fn a_configuration_is_received_changed_sent_and_in_force_after_a_restart() {
    let computer = Computer::new();
    let site = Site::one(&computer, &format!("{OLD}restart_seconds = 2.5\n"));
    let unit = &site.units[0];
    let first = known(
        &computer,
        unit,
        &["receive", "127.0.0.1", "--out", "a.xml", "--json"],
    )
    .exits(0);
    let document = first.json();
    assert_eq!(
        (&document["method"], &document["tls"], &document["bytes"]),
        (&json!("tftp"), &json!("off"), &json!(120_000))
    );
    let revision = document["revision"].as_str().unwrap().to_owned();
    assert!(revision.starts_with("tftp-"), "{revision}");
    assert_eq!(fs::read(computer.file("a.xml")).unwrap().len(), 120_000);
    // The warning comes once.
    assert_eq!(first.stderr.matches(WARNING).count(), 1, "{first:?}");
    let again = known(&computer, unit, &["receive", "127.0.0.1", "--out", "b.xml"]).exits(0);
    assert!(!again.stderr.contains(WARNING), "{again:?}");
    assert_eq!(computer.text("a.xml"), computer.text("b.xml"));

    known(
        &computer,
        unit,
        &["send", "127.0.0.1", "a.xml", "--mode", "immediate"],
    )
    .exits(0)
    .says("unchanged: the unit has just this configuration");
    computer.edit("a.xml", "a.xml", "Bruno", "Brunello");
    for mode in [&["merge"][..], &["when-free"], &["timed", "--at", "23:30"]] {
        let refused = known(
            &computer,
            unit,
            &[&["send", "127.0.0.1", "a.xml", "--json", "--mode"], mode].concat(),
        )
        .exits(1);
        assert_eq!(refused.code(), "unsupported");
        refused.says("send with --mode immediate when its calls may end");
    }
    let sent = known(
        &computer,
        unit,
        &[
            "send",
            "127.0.0.1",
            "a.xml",
            "--mode",
            "immediate",
            "--wait",
            "--json",
        ],
    )
    .exits(0);
    let document = sent.json();
    assert_eq!(document["revision_before"], revision.as_str());
    assert_eq!(
        (&document["restart_in_s"], &document["back"]),
        (&json!(0), &json!(true))
    );
    sent.says("the unit restarted and is back, with revision tftp-");
    known(&computer, unit, &["receive", "127.0.0.1", "--out", "c.xml"]).exits(0);
    assert_eq!(computer.text("c.xml"), computer.text("a.xml"));
    // What it had before is in the archive, under its revision.
    let before = computer
        .run(&["diff", &format!("127.0.0.1@{revision}"), "a.xml"])
        .exits(0)
        .text();
    assert!(before.contains("Brunello"), "{before}");

    let restarted = known(
        &computer,
        unit,
        &["reboot", "127.0.0.1", "--mode", "immediate", "--wait", "--json"],
    )
    .exits(0);
    assert_eq!(restarted.json()["back"], true);
    let refused = known(
        &computer,
        unit,
        &["reboot", "127.0.0.1", "--mode", "when-free", "--json"],
    )
    .exits(1);
    assert_eq!(refused.code(), "unsupported");
}

#[test]
fn somebody_else_s_change_is_a_conflict() {
    let computer = Computer::new();
    let site = Site::one(&computer, &format!("{OLD}restart_seconds = 2\n"));
    let unit = &site.units[0];
    known(&computer, unit, &["receive", "127.0.0.1", "--out", "mine.xml"]).exits(0);
    computer.edit("mine.xml", "theirs.xml", "Bruno", "Brunello");
    known(
        &computer,
        unit,
        &["send", "127.0.0.1", "theirs.xml", "--mode", "immediate", "--wait"],
    )
    .exits(0);
    computer.edit("mine.xml", "mine.xml", "Ada", "Adele");
    let conflict = known(
        &computer,
        unit,
        &["send", "127.0.0.1", "mine.xml", "--mode", "immediate", "--json"],
    )
    .exits(6);
    assert_eq!(conflict.code(), "conflict");
    assert_eq!(conflict.json()["error"]["conflict"]["base_known"], true);
    known(
        &computer,
        unit,
        &["send", "127.0.0.1", "mine.xml", "--mode", "immediate", "--rebase"],
    )
    .exits(0);
}

#[test]
fn a_service_user_s_password_is_refused_and_never_sent() {
    let computer = Computer::new();
    let site = Site::one(&computer, OLD);
    let unit = &site.units[0];
    let receive = ["receive", "127.0.0.1", "--out", "x.xml", "--json"];
    let service = ("TRUNKLINE_PASSWORD", SYSTEM_PASSWORD);
    let hint = "--system-password-stdin";
    let refused = run(&computer, unit, &[service], &receive).exits(2);
    assert!(
        refused.json()["error"]["hint"].as_str().unwrap().contains(hint),
        "{refused:?}"
    );
    let system = ("TRUNKLINE_SYSTEM_PASSWORD", SYSTEM_PASSWORD);
    let user = [&receive[..], &["--user", "Administrator"]].concat();
    run(&computer, unit, &[system], &user)
        .exits(2)
        .says("--user belongs to a service user");
    let ports = ports(unit);
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let stdin = [&receive[..], &["--password-stdin"], &ports].concat();
    computer
        .run_on(SYSTEM_PASSWORD.as_bytes(), &stdin)
        .exits(2)
        .says("--password-stdin belongs to a service user");
    // There is no keychain here.
    let nothing = run(&computer, unit, &[], &receive).exits(1);
    assert_eq!(nothing.code(), "keychain_unavailable");
    nothing.says("give the system password on standard input (--system-password-stdin)");
    // Both are known: each goes where it belongs.
    run(&computer, unit, &[service, system], &receive).exits(0);
    let stdin = [&receive[..], &["--system-password-stdin"], &ports].concat();
    computer
        .run_on(format!("{SYSTEM_PASSWORD}\nmore").as_bytes(), &stdin)
        .exits(0);
    let wrong = run(
        &computer,
        unit,
        &[("TRUNKLINE_SYSTEM_PASSWORD", "wrong")],
        &receive,
    )
    .exits(4);
    assert_eq!(wrong.code(), "authentication_failed");
    wrong.says("wrong system password");
}

#[test]
fn a_system_password_is_no_use_where_a_service_user_logs_in() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    let arguments = [
        "receive",
        &target,
        "--out",
        "x.xml",
        "--user",
        "Administrator",
        "--system-password-stdin",
    ];
    computer
        .run_on(PASSWORD.as_bytes(), &arguments)
        .exits(2)
        .says("--system-password-stdin is for systems before 3.2");
    // Nor does anything fall to TFTP by itself.
    let arguments = ["receive", &target, "--out", "x.xml", "--method", "tftp"];
    let mut command = computer.command(&arguments);
    command.args(["--tftp-port", &site.units[0].port("tftp")]);
    command.env("TRUNKLINE_SYSTEM_PASSWORD", "password");
    end(command.spawn().unwrap())
        .exits(4)
        .says("the unit refused (TFTP error 1: File not found)");
}

#[test]
fn a_unit_that_was_reached_by_its_services_does_not_become_an_old_one_by_saying_so() {
    let computer = Computer::new();
    let site = Site::of(&computer, &[("New", ""), ("Old", OLD)]);
    let (new, old) = (&site.units[0], &site.units[1]);
    computer
        .run_as_user(&["receive", &new.target(), "--out", "new.xml"])
        .exits(0);
    // The same address says now that it runs 2.1.36.
    let receive = ["receive", "127.0.0.1", "--out", "old.xml", "--json"];
    let refused = known(&computer, old, &receive).exits(1);
    assert_eq!(refused.code(), "unsupported");
    refused.says("it was configured over its service before, so nothing goes there over TFTP by itself");
    known(&computer, old, &[&receive[..], &["--method", "tftp"]].concat()).exits(0);
}

#[test]
fn such_systems_have_no_security_settings_and_no_service_users() {
    let computer = Computer::new();
    let site = Site::one(&computer, OLD);
    let unit = &site.units[0];
    let none = known(
        &computer,
        unit,
        &[
            "receive",
            "127.0.0.1",
            "--object",
            "security",
            "--out",
            "x",
            "--json",
        ],
    )
    .exits(1);
    assert_eq!(none.code(), "unsupported");
    none.says("systems before 3.2 have no security settings");
    known(
        &computer,
        unit,
        &["receive", "127.0.0.1", "--object", "audit", "--out", "x"],
    )
    .exits(1)
    .says("systems before 3.2 have no audit trail");
    let discovered = run(
        &computer,
        unit,
        &[],
        &["discover", "--unit", "127.0.0.1", "--json"],
    )
    .exits(0);
    let found = &discovered.json()["units"][0];
    assert_eq!(
        (&found["supported"], &found["method"]),
        (&json!(true), &json!("tftp"))
    );
}

#[test]
fn a_log_in_tries_the_system_password_before_it_is_kept() {
    let computer = Computer::new();
    let site = Site::one(&computer, OLD);
    let unit = &site.units[0];
    run(
        &computer,
        unit,
        &[("TRUNKLINE_SYSTEM_PASSWORD", "wrong")],
        &["login", "127.0.0.1"],
    )
    .exits(4)
    .says(WARNING)
    .says("wrong system password");
    // There is no keychain here; so far it comes all the same.
    let kept = known(&computer, unit, &["login", "127.0.0.1", "--json"]).exits(1);
    assert_eq!(kept.code(), "keychain_unavailable");
    kept.says("The system password works, and is not kept");
    known(&computer, unit, &["login", "127.0.0.1", "--credential", "All"])
        .exits(2)
        .says("is not shared");
}

#[test]
fn text_files_are_read_without_a_password() {
    let computer = Computer::new();
    let site = Site::of(&computer, &[("Old", OLD), ("Shy", "version = '2.1.36'\n")]);
    let read = run(
        &computer,
        &site.units[0],
        &[],
        &["read", "127.0.0.1", "nasystem/user_list8", "--json"],
    )
    .exits(0);
    let document = read.json();
    assert_eq!(
        (&document["via"], &document["tls"]),
        (&json!("tftp"), &json!("off"))
    );
    assert_eq!(
        (
            &document["rows"][1]["extension"],
            &document["rows"][1]["full_name"]
        ),
        (&json!("201"), &json!("Bruno Müller"))
    );
    read.says("whoever is on the way can read");
    let refused = run(
        &computer,
        &site.units[1],
        &[],
        &[
            "read",
            "127.0.0.1",
            "nasystem/user_list8",
            "--via",
            "tftp",
            "--json",
        ],
    )
    .exits(4);
    assert_eq!(refused.code(), "unit_refused");
    refused.says("off by default");
    let user = [
        "read",
        "127.0.0.1",
        "nasystem/who_is",
        "--via",
        "tftp",
        "--user",
        "Administrator",
    ];
    run(&computer, &site.units[0], &[], &user)
        .exits(2)
        .says("without a log-in");
}

#[test]
fn a_line_that_loses_and_doubles_packets_is_borne() {
    let computer = Computer::new();
    let faults = "faults = ['tftp-twice', 'tftp-stranger']\n";
    let site = Site::one(&computer, &format!("{OLD}{faults}"));
    let unit = &site.units[0];
    known(&computer, unit, &["receive", "127.0.0.1", "--out", "a.xml"]).exits(0);
    computer.edit("a.xml", "a.xml", "Bruno", "Brunello");
    known(
        &computer,
        unit,
        &["send", "127.0.0.1", "a.xml", "--mode", "immediate"],
    )
    .exits(0);
}

#[test]
fn the_file_names_are_preferences() {
    let computer = Computer::new();
    let site = Site::one(&computer, OLD);
    let unit = &site.units[0];
    computer
        .run(&["preferences", "set", "tftp_read_name", "elsewhere/{password}.cfg"])
        .exits(0);
    known(&computer, unit, &["receive", "127.0.0.1", "--out", "x.xml"])
        .exits(4)
        .says("Compare the TFTP file names in the preferences");
}

#[test]
fn no_password_is_said_or_kept() {
    let computer = Computer::new();
    let site = Site::one(&computer, OLD);
    let unit = &site.units[0];
    for arguments in [
        &["-vvv", "receive", "127.0.0.1", "--out", "a.xml"][..],
        &["-vvv", "reboot", "127.0.0.1", "--mode", "immediate", "--json"],
    ] {
        let outcome = known(&computer, unit, arguments).exits(0);
        assert!(
            !outcome.stderr.contains("geheim") && !outcome.text().contains("geheim"),
            "{outcome:?}"
        );
    }
    let mut folders = vec![computer.file("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let has_it = bytes.windows(6).any(|part| part == b"geheim");
                assert!(!has_it, "{}", path.display());
            }
        }
    }
}
