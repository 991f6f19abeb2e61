//! What goes wrong: the exit status, a plain sentence, and nothing half done.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;
use std::time::{Duration, Instant};

use cli_support::{Computer, Site, USER};
use trunkline_tests::foreign::{Foreign, Mood, PASSWORD};

#[test]
fn a_wrong_password_is_tried_once_and_says_how_many_attempts_are_left() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let receive = ["receive", &site.target(), "--out", "a.xml"];
    computer
        .run_with_input("wrong\n", &receive)
        .exits(4)
        .says("2 attempts are left");
    let second = computer
        .run_with_input("wrong\n", &[&receive[..], &["--json"]].concat())
        .exits(4);
    assert_eq!(second.code(), "authentication_failed");
    assert_eq!(second.json()["error"]["step"], "log_in");
    assert_eq!(second.json()["error"]["address"], site.target());
    second.says("1 attempt is left");

    let kept_back = computer
        .run_as_user(&[&receive[..], &["--json"]].concat())
        .exits(4);
    assert_eq!(kept_back.code(), "last_attempt");
    computer
        .run_as_user(&[&receive[..], &["--use-last-attempt"]].concat())
        .exits(0);
    computer.run_as_user(&receive).exits(0);
}

#[test]
fn a_refused_log_in_says_why_and_what_to_do_and_is_not_tried_again() {
    for (result, exit, code, words) in [
        (0x8000_0042, 4, "locked", "90"),
        (0x8000_0043, 4, "retry_later", "90"),
        // That one comes with the unit's own proof, which is not there.
        (0x8000_0045, 4, "impostor", "its proof is wrong"),
        (0x8000_0046, 4, "account_disabled", "disabled"),
        (0x8000_0044, 4, "refused", "80000044"),
        (0x8000_0099, 1, "refused", "80000099"),
    ] {
        let computer = Computer::new();
        let unit = Foreign::start(b"<Config/>", Mood::RefuseLogIn(result));
        let receive = ["receive", &unit.target(), "--tls", "off", "--out", "a.xml"];
        let refused = computer
            .run_with_input(&format!("{PASSWORD}\n"), &[&receive[..], &["--json"]].concat())
            .exits(exit);
        assert_eq!(refused.code(), code, "{result:08X}");
        assert_eq!(refused.json()["error"]["address"], unit.target());
        refused.says(words);
        assert_eq!(
            (unit.unit().proofs, computer.names()),
            (1, vec!["data".into()]),
            "{result:08X}"
        );
    }
}

#[test]
fn without_a_password_it_says_how_to_give_one() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let receive = ["receive", &site.target(), "--out", "a.xml", "--json"];
    let nobody = computer.run(&receive).exits(2);
    assert_eq!(nobody.code(), "no_credential");
    nobody.says("--user");
    let nothing = computer.run(&[&receive[..], &["--user", USER]].concat()).exits(1);
    assert_eq!(nothing.code(), "keychain_unavailable");
    nothing.says("--password-stdin");
    computer
        .run_with_input("", &receive)
        .exits(2)
        .says("no line on standard input");
    let login = computer
        .run_as_user(&["login", &site.target(), "--json"])
        .exits(1);
    assert_eq!(
        login.code(),
        "keychain_unavailable",
        "there is no keychain in tests"
    );
    assert_eq!(
        computer
            .run(&["logout", &site.target(), "--user", USER, "--json"])
            .exits(1)
            .code(),
        "keychain_unavailable"
    );
    assert_eq!(computer.names(), ["data"]);
}

#[test]
fn a_unit_that_is_gone_is_not_reachable() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    drop(site);
    for way in [&[][..], &["--tls", "off"], &["--allow-plain"]] {
        let started = Instant::now();
        let gone = computer
            .run_as_user(&[&["receive", &target, "--out", "a.xml", "--json"], way].concat())
            .exits(3);
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(gone.json()["error"]["address"], target);
        assert_eq!(gone.json()["error"]["step"], "connect");
    }
    assert_eq!(computer.names(), [""; 0]);
}

#[test]
fn somebody_else_s_changes_are_not_overwritten() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    computer
        .run_as_user(&["receive", &target, "--out", "mine.xml"])
        .exits(0);
    computer.edit("mine.xml", "theirs.xml", "<FullName>", "<FullName>Theirs ");
    computer
        .run_as_user(&["send", &target, "theirs.xml", "--mode", "merge"])
        .exits(0);

    computer.edit("mine.xml", "mine.xml", "<FullName>", "<FullName>Mine ");
    let send = ["send", &target, "mine.xml", "--mode", "merge", "--json"];
    let refused = computer.run_as_user(&send).exits(6);
    assert_eq!(refused.code(), "conflict");
    refused.says("r2");
    computer
        .run_as_user(&[&send[..], &["--base", "r1"]].concat())
        .exits(6);
    computer
        .run_as_user(&["receive", &target, "--out", "now.xml"])
        .exits(0);
    assert_eq!(computer.text("now.xml"), computer.text("theirs.xml"));

    computer.run_as_user(&[&send[..], &["--force"]].concat()).exits(0);
    computer
        .run_as_user(&["receive", &target, "--out", "now.xml"])
        .exits(0);
    assert_eq!(computer.text("now.xml"), computer.text("mine.xml"));
}

#[test]
fn what_the_unit_refuses() {
    let computer = Computer::new();
    let site = Site::of(
        &computer,
        &[
            ("Strict", "merge_needs_reboot = ['User']"),
            ("Archived", "refuse_writes = 'no_right'"),
            ("Small", "max_size = 120000"),
        ],
    );
    for (unit, change, code) in [
        (0, "", "needs_reboot"),
        (1, "", "no_right"),
        (2, "x", "too_large"),
    ] {
        let target = site.units[unit].target();
        computer
            .run_as_user(&["receive", &target, "--out", "a.xml"])
            .exits(0);
        let much = change.repeat(200_000);
        computer.edit("a.xml", "b.xml", "<FullName>", &format!("<FullName>Zoë {much}"));
        let refused = computer
            .run_as_user(&["send", &target, "b.xml", "--mode", "merge", "--json"])
            .exits(4);
        assert_eq!(refused.code(), code);
    }
    fs::write(computer.file("b.xml"), "<data><ws_object>").unwrap();
    let target = site.units[0].target();
    let invalid = computer
        .run_as_user(&[
            "send",
            &target,
            "b.xml",
            "--mode",
            "immediate",
            "--json",
            "--force",
        ])
        .exits(4);
    assert_eq!(invalid.code(), "invalid_document");
}

#[test]
fn data_that_is_not_right_leaves_no_file() {
    let computer = Computer::new();
    let faults = [
        ("cut-read:10000", 3),
        ("gap", 5),
        ("repeat", 5),
        ("overrun", 5),
        ("short", 5),
        ("wrong-hash", 5),
        ("lie-length:long", 5),
        ("lie-length:short", 5),
        ("lie-length:huge", 5),
        ("garbage", 5),
        ("frame-4mb", 5),
        ("iterations:4000000000", 5),
        ("iterations:1000", 5),
        ("wrong-proof", 4),
        ("no-proof", 4),
    ];
    let units: Vec<_> = faults
        .iter()
        .map(|(fault, _)| (*fault, format!("faults = ['{fault}']")))
        .collect();
    let units: Vec<_> = units.iter().map(|(name, keys)| (*name, keys.as_str())).collect();
    let site = Site::of(&computer, &units);
    fs::write(computer.file("kept.xml"), "what was there before").unwrap();
    for (unit, (fault, exit)) in site.units.iter().zip(faults) {
        let target = unit.target();
        for out in ["new.xml", "kept.xml"] {
            let failed = computer.run_as_user(&["receive", &target, "--out", out, "--json"]);
            assert_eq!(failed.exit, Some(exit), "{fault}: {failed:?}");
            let message = failed.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(
                message.contains(&target) && message.len() < 300,
                "{fault}: {message}"
            );
        }
        assert_eq!(computer.names(), ["data", "kept.xml"], "{fault}");
    }
    assert_eq!(computer.text("kept.xml"), "what was there before");
    let streamed = computer
        .run_as_user(&["receive", &site.units[1].target(), "--out", "-"])
        .exits(5);
    assert_eq!(streamed.stdout, b"");
}

#[test]
fn wrong_usage_is_exit_status_2_and_a_document_too() {
    let computer = Computer::new();
    fs::write(computer.file("a.xml"), "<data/>").unwrap();
    let target = "127.0.0.1:1";
    for arguments in [
        &["nonsense"][..],
        &["receive", target],
        &["receive", target, "--out", "-", "--json"],
        &["receive", target, "--out", "x", "--tls", "maybe"],
        &["receive", target, "--out", "x", "--fingerprint", "12"],
        &["receive", target, "--out", "x", "--tries", "0"],
        &["receive", target, "--out", "x", "--password", "secret"],
        &["receive", "127.0.0.1:70000", "--out", "x"],
        &["receive", "no such site", "--out", "x"],
        &["send", target, "a.xml"],
        &["send", target, "a.xml", "--mode", "later"],
        &["send", target, "a.xml", "--mode", "timed"],
        &["send", target, "a.xml", "--mode", "timed", "--at", "25:00"],
        &["send", target, "a.xml", "--mode", "merge", "--at", "12:00"],
        &["send", target, "a.xml", "--mode", "merge", "--bar-outgoing"],
        &["send", target, "a.xml", "--mode", "immediate", "--at", "12:00"],
        &["send", target, "a.xml", "--mode", "merge", "--object", "audit"],
        &["send", target, "missing.xml", "--mode", "merge"],
        &["send", target, "data", "--mode", "merge"],
        &["reboot", target, "--mode", "merge"],
        &["reboot", target, "--mode", "immediate", "--bar-incoming"],
        &["login", target],
        &["discover", "--timeout", "soon"],
        &["discover", "--broadcast", "everybody"],
        &["simulate", "missing.toml"],
        &["simulate", "--fault", "gremlins"],
        &["sites", "add", "only a name"],
        &["preferences", "set", "idle_minutes"],
        &["-v", "-q", "preferences", "list"],
    ] {
        let refused = computer.run(&[arguments, &["--json"]].concat()).exits(2);
        let error = refused.json()["error"].clone();
        assert!(
            ["usage", "not_found"].contains(&error["code"].as_str().unwrap()),
            "{arguments:?}: {refused:?}"
        );
        assert!(
            !error["message"].as_str().unwrap().is_empty() && !refused.stderr.is_empty(),
            "{refused:?}"
        );
        if !arguments.contains(&"--json") {
            let said = computer.run(arguments).exits(2);
            assert!(
                said.stdout.is_empty() && said.stderr.starts_with("error: "),
                "{said:?}"
            );
        }
    }
}

#[test]
fn a_damaged_store_is_set_aside_and_said() {
    let computer = Computer::new();
    fs::create_dir(computer.file("data")).unwrap();
    fs::write(computer.file("data/store.json"), "{\"sites\": [").unwrap();
    computer.run(&["sites", "list"]).exits(0).says("was damaged");
}

#[cfg(unix)]
mod interrupted {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command};

    use super::*;

    fn signal(child: &Child, name: &str) {
        let sent = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Starts a command, waits until it says these words on standard error, signals it, and waits for its end.
    fn interrupt(
        computer: &Computer,
        arguments: &[&str],
        words: &str,
        name: &str,
    ) -> (Option<i32>, String, Duration) {
        let mut child = computer.as_user(&[arguments, &["-v"]].concat()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let said = lines.by_ref().find(|line| line.contains(words));
        assert!(said.is_some(), "{words:?} was never said");
        let started = Instant::now();
        signal(&child, name);
        let rest: Vec<String> = lines.collect();
        let exit = child.wait().unwrap().code();
        (exit, rest.join("\n"), started.elapsed())
    }

    #[test]
    fn a_receive_ends_at_once_and_leaves_nothing() {
        let computer = Computer::new();
        let site = Site::one(&computer, "faults = ['stall:40000']");
        for name in ["-INT", "-TERM"] {
            let (exit, said, took) = interrupt(
                &computer,
                &["receive", &site.target(), "--out", "a.xml"],
                "Receiving",
                name,
            );
            assert_eq!(exit, Some(130), "{said}");
            assert!(took < Duration::from_secs(1), "{took:?}: {said}");
            assert!(said.contains(": stopped"), "{said}");
        }
        assert_eq!(computer.names(), ["data"]);
        let left = fs::read_dir(computer.file("data/archive/objects"))
            .unwrap()
            .count();
        assert_eq!(left, 0, "a part of what was received is left in the archive");
    }

    #[test]
    fn a_send_leaves_the_old_configuration() {
        let computer = Computer::new();
        let site = Site::one(&computer, "faults = ['stall:40000:1']");
        let target = site.target();
        fs::write(computer.file("b.xml"), "<data></data>").unwrap();
        let (exit, said, took) = interrupt(
            &computer,
            &["send", &target, "b.xml", "--mode", "merge"],
            "Copying what the unit has",
            "-INT",
        );
        assert_eq!(exit, Some(130), "{said}");
        assert!(took < Duration::from_secs(1), "{took:?}: {said}");
        let now = computer
            .run_as_user(&["receive", &target, "--out", "now.xml", "--json"])
            .exits(0)
            .json();
        assert_eq!((&now["revision"], &now["bytes"]), (&"r1".into(), &120_000.into()));
    }

    #[test]
    fn a_send_at_its_commit_leaves_the_old_or_the_new_one_and_says_what_is_known() {
        let computer = Computer::new();
        let site = Site::one(&computer, "faults = ['delay:1500']");
        let target = site.target();
        computer
            .run_as_user(&["receive", &target, "--out", "a.xml"])
            .exits(0);
        computer.edit("a.xml", "b.xml", "<FullName>", "<FullName>Zoë ");
        let (exit, said, took) = interrupt(
            &computer,
            &["send", &target, "b.xml", "--mode", "merge"],
            "Committing",
            "-INT",
        );
        assert_eq!(exit, Some(130), "{said}");
        assert!(took < Duration::from_secs(1), "{took:?}: {said}");
        assert!(
            said.contains("it is not known whether the unit took what was sent"),
            "{said}"
        );
        computer
            .run_as_user(&["receive", &target, "--out", "now.xml"])
            .exits(0);
        let now = computer.text("now.xml");
        assert!(now == computer.text("a.xml") || now == computer.text("b.xml"));
    }

    #[test]
    fn a_search_prints_what_it_has_found() {
        let computer = Computer::new();
        let site = Site::of(
            &computer,
            &[("Head Office", ""), ("Deaf", "faults = ['discovery-silent']")],
        );
        let search = [
            "discover",
            "--search",
            &site.criteria,
            "--timeout",
            "60000",
            "--json",
            "-v",
        ];
        let mut child = computer.command(&search).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map(Result::unwrap);
        assert!(lines.any(|line| line.contains("found") && line.contains("Head Office")));
        signal(&child, "-INT");
        let ended = cli_support::end(child).exits(130);
        assert_eq!(ended.json()["units"][0]["name"], "Head Office");
    }

    #[test]
    fn a_simulation_ends_by_a_signal_as_usual() {
        let computer = Computer::new();
        for name in ["-INT", "-TERM"] {
            let mut child = computer
                .command(&["simulate", "--units", "2", "--listen", "127.0.0.1"])
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap())
                .lines()
                .map(Result::unwrap);
            let lines: Vec<_> = lines.take_while(|line| line != "ready").collect();
            assert!(lines.len() == 3 && lines[2].starts_with("criteria "), "{lines:?}");
            signal(&child, name);
            assert_eq!(child.wait().unwrap().code(), Some(0));
        }
    }
}
