//! A service user's password is changed: over TLS alone, and nothing of it is seen.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::{Computer, PASSWORD, Site, USER};

const NEW: &str = "Ganz-neues-Pa\u{df}wort-7";

fn change(target: &str) -> Vec<String> {
    ["password", target, "--new-password-stdin", "--json"]
        .map(str::to_owned)
        .to_vec()
}

#[test]
fn the_new_password_is_the_only_one_afterwards() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let (target, both) = (site.target(), format!("{PASSWORD}\n{NEW}\n"));
    let command = change(&target);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let changed = computer.run_with_input(&both, &command).exits(0);
    assert_eq!(changed.json()["changed"], true);
    assert_eq!(
        (&changed.json()["user"], &changed.json()["keychain"]),
        (&USER.into(), &"not_kept".into())
    );
    for text in [changed.text(), changed.stderr.clone()] {
        assert!(!text.contains(PASSWORD) && !text.contains(NEW), "{text}");
    }
    let receive = ["receive", &target, "--out", "a.xml"];
    computer
        .run_with_input(&format!("{PASSWORD}\n"), &receive)
        .exits(4);
    computer.run_with_input(&format!("{NEW}\n"), &receive).exits(0);
}

#[test]
fn who_must_change_the_password_is_told_how_and_then_works() {
    let computer = Computer::new();
    let site = Site::one(
        &computer,
        "[[unit.user]]\nname = 'Administrator'\npassword = 'Grüße-42-geheim'\nrights = ['all']\nmust_change_password = true",
    );
    let target = site.target();
    let receive = ["receive", &target, "--out", "a.xml"];
    computer
        .run_as_user(&receive)
        .exits(4)
        .says("`trunkline password`");
    let command = change(&target);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    computer
        .run_with_input(&format!("{PASSWORD}\n{NEW}\n"), &command)
        .exits(0);
    computer.run_with_input(&format!("{NEW}\n"), &receive).exits(0);
}

#[test]
fn over_plain_tcp_nothing_is_changed() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let target = site.target();
    let command = change(&target);
    let mut command: Vec<&str> = command.iter().map(String::as_str).collect();
    command.extend(["--tls", "off"]);
    let refused = computer
        .run_with_input(&format!("{PASSWORD}\n{NEW}\n"), &command)
        .exits(4);
    assert_eq!(refused.code(), "tls_required");
    computer
        .run_as_user(&["receive", &target, "--out", "a.xml"])
        .exits(0);
}

#[test]
fn without_a_new_password_nobody_logs_in() {
    let computer = Computer::new();
    let missing = computer
        .run_as_user(&["password", "127.0.0.1:9", "--json"])
        .exits(2);
    assert_eq!(missing.code(), "no_credential");
    missing.says("--new-password-stdin");
    let site = Site::one(&computer, "");
    let target = site.target();
    let command = change(&target);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    computer
        .run_with_input(&format!("{PASSWORD}\n"), &command)
        .exits(2)
        .says("standard input");
    computer
        .run_with_input("wrong\nnew\n", &command)
        .exits(4)
        .says("2 attempts are left");
    computer
        .run_as_user(&["receive", &target, "--out", "a.xml"])
        .exits(0);
}

/// Names and passwords as units have them: none, the longest name, and letters in either form of Unicode.
#[test]
fn empty_long_and_decomposed_names_and_passwords_work() {
    for (name, password, typed) in [
        ("Administrator", "", ""),
        ("abcdefghijklmnopqrstuvwxyz01234", "x", "x"),
        ("Zoë", "Gr\u{fc}\u{df}e", "Gru\u{308}\u{df}e"),
    ] {
        let computer = Computer::new();
        let user = format!("[[unit.user]]\nname = '{name}'\npassword = '{password}'\nrights = ['all']");
        let site = Site::one(&computer, &user);
        let mut command = computer.command(&["receive", &site.target(), "--out", "a.xml"]);
        let mut child = command
            .args(["--user", name, "--password-stdin"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{typed}\n").as_bytes()).unwrap();
        cli_support::end(child).exits(0);
    }
}
