//! Many wrong log-ins at once: the last attempt before a lock is nobody's unless somebody said so.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::{Computer, PASSWORD, Site, USER, end};

#[test]
fn eight_wrong_log_ins_at_once_use_two_attempts_and_stop_before_the_third() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let by_name = site.target().replace("127.0.0.1", "localhost");
    let children: Vec<_> = (0..8)
        .map(|number| {
            let target = if number % 2 == 0 { &site.target() } else { &by_name };
            let out = format!("{number}.xml");
            let receive = ["receive", target, "--out", &out, "--user", USER, "--json"];
            let mut command = computer.command(&receive);
            command.env("TRUNKLINE_PASSWORD", "wrong").spawn().unwrap()
        })
        .collect();
    let outcomes: Vec<_> = children.into_iter().map(|child| end(child).exits(4)).collect();
    let count = |code: &str| outcomes.iter().filter(|outcome| outcome.code() == code).count();
    assert_eq!(
        (count("authentication_failed"), count("last_attempt")),
        (2, 6),
        "{outcomes:?}"
    );
    let stopped = outcomes.iter().find(|outcome| outcome.code() == "last_attempt");
    let error = &stopped.unwrap().json()["error"];
    assert_eq!(error["step"], "log_in");
    assert!(
        error["hint"].as_str().unwrap().contains("--use-last-attempt"),
        "{error}"
    );

    // Nothing is locked: whoever knows the password and says so is let in, and counts anew.
    let audit = ["receive", &by_name, "--object", "audit", "--out", "audit.txt"];
    computer.run_as_user(&audit).exits(4);
    computer
        .run_as_user(&[&audit[..], &["--use-last-attempt"]].concat())
        .exits(0);
    let failures = computer
        .text("audit.txt")
        .matches("wrong name or password")
        .count();
    assert_eq!(failures, 2, "the unit saw two");
    computer
        .run_as_user(&["receive", &site.target(), "--out", "a.xml"])
        .exits(0);
}

#[test]
fn a_password_that_expires_soon_is_said() {
    let computer = Computer::new();
    let days = [
        (0, "the password expires today"),
        (1, "the password expires in 1 day\n"),
        (14, "the password expires in 14 days"),
        (15, ""),
    ];
    let keys = days.map(|(days, _)| {
        format!(
            "[[unit.user]]\nname = '{USER}'\npassword = '{PASSWORD}'\nrights = ['all']\nexpires_in_days = {days}"
        )
    });
    let names = ["North", "East", "South", "West"];
    let units: Vec<_> = names.into_iter().zip(keys.iter().map(String::as_str)).collect();
    let site = Site::of(&computer, &units);
    for (unit, (days, says)) in site.units.iter().zip(days) {
        let receive = ["receive", &unit.target(), "--out", "a.xml", "--json"];
        let received = computer.run_as_user(&receive).exits(0);
        assert_eq!(received.json()["password_expires_days"], days);
        assert_eq!(
            received.stderr.contains("expires"),
            !says.is_empty(),
            "{received:?}"
        );
        received.says(says);
    }
}
