// Length: every refusal and every change of one command over one harness; split by nothing but count.
//! `trunkline security`: shown, changed with their rules, sent, exported by hand alone; every refusal.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};

use cli_support::{Computer, Outcome, PASSWORD, Site, USER, end};

/// A new password: nowhere but in the unit.
const NEW: &str = "Streng-Geheim-77";

struct Office {
    computer: Computer,
    site: Site,
}

impl Office {
    fn new(keys: &str) -> Self {
        let computer = Computer::new();
        let site = Site::one(&computer, keys);
        Self { computer, site }
    }

    fn run(&self, action: &str, more: &[&str]) -> Outcome {
        let target = self.site.target();
        self.computer
            .run_as_user(&[&["security", action, &target][..], more].concat())
    }

    /// The same with lines on standard input: the new passwords.
    fn set_with(&self, lines: &str, more: &[&str]) -> Outcome {
        let target = self.site.target();
        let first = ["security", "set", &target, "--new-password-stdin", "--json"];
        self.computer
            .run_with_input(&format!("{PASSWORD}\n{lines}"), &[&first[..], more].concat())
    }

    fn shown(&self) -> Value {
        self.run("show", &["--json"]).exits(0).json()
    }

    fn revision(&self) -> String {
        self.shown()["revision"].as_str().unwrap().to_owned()
    }
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

#[test]
fn they_are_shown_with_what_is_weak_in_them() {
    let office = Office::new(
        "[[unit.user]]\nname = 'Administrator'\npassword = 'Grüße-42-geheim'\nrights = ['all']\n\
         [[unit.user]]\nname = 'Old'\npassword = 'x'\nrights = ['read_configuration']\ndefault_password = true",
    );
    let shown = office.shown();
    assert_eq!(
        shown["general"],
        json!({
            "MinimumNameLength": 1, "MinimumPasswordLength": 8, "RejectLimit": 3,
            "RejectAction": "Log and Temporary Disable", "Complexity": "Medium", "PreviousPasswordLimit": 4,
            "ChangePeriod": 90, "IdleTime": 10,
        })
    );
    assert_eq!(
        shown["system"],
        json!({
            "ServicesBasePort": office.site.units[0].base, "TcpDiscovery": true, "UdpDiscovery": true,
            "SessionIdCacheHours": 10,
        })
    );
    assert_eq!(
        shown["services"][4],
        json!({"name": "HTTP", "level": "Unsecure + Secure"})
    );
    assert_eq!(
        shown["service_users"][1],
        json!({
            "name": "Old", "enabled": true, "rights_groups": ["Old Group"], "rights": ["read_configuration"],
            "password": "default",
        })
    );
    assert_eq!(
        shown["rights_groups"][1],
        json!({"name": "Old Group", "rights": ["read_configuration"]})
    );
    assert_eq!(
        shown["unsecured_interfaces"],
        json!([{"name": "TFTP Server", "enabled": true}])
    );
    assert_eq!(
        codes(&shown["findings"]),
        [
            "default_password",
            "also_without_tls",
            "also_without_tls",
            "open_interface",
            "low_level",
            "discovery",
            "discovery"
        ]
    );
    assert_eq!((&shown["user"], &shown["tls"]), (&USER.into(), &"pin".into()));
    // Virtual units without an address of their own have ports that no unit would have.
    assert_eq!(codes(&shown["problems"]), ["value"]);
    assert_eq!(shown["problems"][0]["field"], "ServicesBasePort");

    let text = office.run("show", &[]).exits(0).text();
    for line in [
        "MinimumPasswordLength  8",
        "HTTP                     Unsecure + Secure",
        "Old            yes      still the default  Old Group",
        "TFTP Server          yes",
        "weak: service user \"Old\": the unit says that its password is still the default; change it",
        "advice: service \"Web Services\" takes weak ciphers; Secure Medium does not",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn whoever_logs_in_with_a_delivered_password_is_told() {
    let office = Office::new("[[unit.user]]\nname = 'security'\npassword = 'securitypwd'\nrights = ['all']");
    let target = office.site.target();
    let mut command = office
        .computer
        .command(&["security", "show", &target, "--json", "--user", "security"]);
    let shown = end(command.env("TRUNKLINE_PASSWORD", "securitypwd").spawn().unwrap()).exits(0);
    assert_eq!(codes(&shown.json()["findings"])[0], "default_log_in");
}

#[test]
fn a_dry_run_says_what_would_change_and_sends_nothing() {
    let office = Office::new("");
    let before = office.shown();
    let base = office.site.units[0].base;
    let dry = office
        .run(
            "set",
            &[
                "MinimumPasswordLength=10",
                "ServicesBasePort=51000",
                "tcpdiscovery=off",
                "--level",
                "HTTP=disabled",
                "--interface",
                "TFTP Server=off",
                "--disable-user",
                USER,
                "--dry-run",
                "--json",
            ],
        )
        .exits(2)
        .says("nothing was sent");
    let document = dry.json();
    assert_eq!(
        (&document["dry_run"], &document["sent"]),
        (&true.into(), &false.into())
    );
    let change = |kind: &str, name: &str, field: &str, before: &str, after: &str| json!({"kind": kind, "name": name, "field": field, "before": before, "after": after});
    assert_eq!(
        document["changes"],
        json!([
            change("General", "", "MinimumPasswordLength", "8", "10"),
            change("System", "", "ServicesBasePort", &base.to_string(), "51000"),
            change("System", "", "TcpDiscovery", "true", "false"),
            change("Service", "HTTP", "Level", "Unsecure + Secure", "Disabled"),
            change("ServiceUser", USER, "Enabled", "true", "false"),
            change("UnsecuredInterface", "TFTP Server", "Enabled", "true", "false"),
        ])
    );
    assert_eq!(codes(&document["broken"]), ["no_administrator"]);
    let consequences = codes(&document["consequences"]);
    assert_eq!(
        consequences,
        ["own_access", "port_moves", "discovery_off", "service_off"]
    );
    let text = office
        .run("set", &["Complexity=High", "TcpDiscovery=off", "--dry-run"])
        .exits(0)
        .text();
    assert_eq!(
        text,
        "Complexity: Medium → High\nTcpDiscovery: true → false\ncomes with it: with TcpDiscovery off the unit is found by \
         its address alone; note it down or save the site\n"
    );
    assert_eq!(office.shown(), before);
}

#[test]
fn what_can_not_be_is_refused_before_anybody_logs_in() {
    let computer = Computer::new();
    for (arguments, words) in [
        (&["ServicesBasePort=80"][..], "49152 to 65526"),
        (&["MinimumPasswordLength=0"], "1 to 31"),
        (&["Colour=red"], "there is no setting"),
        (&["--level", "HTTP=Secure"], "Unsecure + Secure"),
        (&["--interface", "TFTP Server=perhaps"], "on or off"),
        (&[], "nothing to change"),
        (&["Complexity=Low", "--mode", "timed"], "--at HH:MM"),
        (&["Complexity=Low", "--bar-incoming"], "belong to a restart"),
        (&["--new-password", "Zoë"], "--new-password-stdin"),
        (&["--add-user", "Zoë"], "no new password for service user Zoë"),
    ] {
        computer
            .run_as_user(&[&["security", "set", "127.0.0.1:9"][..], arguments].concat())
            .exits(2)
            .says(words);
    }
    computer
        .run_as_user_with(
            &[("TRUNKLINE_NEW_PASSWORD", NEW)],
            &[
                "security",
                "set",
                "127.0.0.1:9",
                "--add-user",
                "A",
                "--new-password",
                "B",
            ],
        )
        .exits(2)
        .says("2 service users get a new one");
}

#[test]
fn what_breaks_a_rule_or_is_not_there_is_named_and_nothing_is_sent() {
    let office = Office::new("");
    let before = office.shown();
    for (arguments, words) in [
        (
            &["--remove-user", "Nobody"][..],
            "there is no service user \"Nobody\"; there are Administrator",
        ),
        (
            &["--level", "Telnet=Disabled"],
            "there is no service \"Telnet\"; there are Configuration, Security",
        ),
        (
            &["--group-rights", "Administrator Group=fly"],
            "there is no right \"fly\"; there are read_configuration",
        ),
        (
            &["--user-groups", "Administrator=Pilots"],
            "there is no rights group \"Pilots\" to be in",
        ),
        (
            &["--level", "Security Administration=Disabled"],
            "could not be changed any more, by anybody",
        ),
        (
            &["--remove-user", "Administrator"],
            "no enabled service user would be left",
        ),
        (
            &["--add-group", "Administrator Group"],
            "there is a rights group \"Administrator Group\" already",
        ),
    ] {
        let refused = office
            .run("set", &[arguments, &["--yes", "--json"]].concat())
            .exits(2)
            .says(words);
        assert_eq!(refused.code(), "usage");
    }
    for (password, words) in [
        ("kurz", "asks for 8 characters"),
        ("allesgleich", "characters of 2 kinds"),
        ("xx-Administrator-1", "user's name in it"),
        ("aaa-Geheim-7", "three times in a row"),
    ] {
        let refused = office
            .set_with(&format!("{password}\n"), &["--new-password", USER, "--yes"])
            .exits(2);
        assert!(
            !refused.text().contains(password) && !refused.stderr.contains(password),
            "{refused:?}"
        );
        refused.says(words);
    }
    assert_eq!(office.shown(), before);
}

#[test]
fn consequences_want_a_yes() {
    let office = Office::new("");
    let change = ["--level", "HTTP=Disabled"];
    office
        .run("set", &change)
        .exits(2)
        .says("service \"HTTP\" is closed after this, to everybody")
        .says("--yes");
    assert_eq!(office.revision(), "r1");
    let sent = office
        .run("set", &[&change[..], &["--yes", "--json"]].concat())
        .exits(0)
        .json();
    assert_eq!(
        (&sent["sent"], &sent["revision_before"], &sent["revision_after"]),
        (&true.into(), &"r1".into(), &"r2".into())
    );
    let again = office
        .run("set", &[&change[..], &["--yes", "--json"]].concat())
        .exits(0)
        .says("unchanged")
        .json();
    assert_eq!(
        (&again["sent"], &again["revision_after"]),
        (&false.into(), &"r2".into())
    );
}

#[test]
fn service_users_come_with_a_password_and_go() {
    let office = Office::new("");
    let added = office
        .set_with(
            &format!("{NEW}\n"),
            &[
                "--add-group",
                "Technicians=read_configuration,read_security",
                "--add-user",
                "Zoë=Technicians",
            ],
        )
        .exits(0);
    assert!(
        !added.text().contains(NEW) && !added.stderr.contains(NEW),
        "{added:?}"
    );
    let as_zoe = |arguments: &[&str]| {
        let mut command = office.computer.command(arguments);
        end(command
            .args(["--user", "Zoë"])
            .env("TRUNKLINE_PASSWORD", NEW)
            .spawn()
            .unwrap())
    };
    let target = office.site.target();
    as_zoe(&["receive", &target, "--out", "a.xml"]).exits(0);
    // She may look at the settings, and not change them.
    as_zoe(&["security", "show", &target]).exits(0);
    let refused = as_zoe(&["security", "set", &target, "Complexity=High", "--json"]).exits(4);
    assert_eq!(refused.code(), "no_right");
    office
        .run(
            "set",
            &[
                "--user-groups",
                "Zoë=Administrator Group",
                "--group-rights",
                "Technicians=",
            ],
        )
        .exits(0);
    assert_eq!(
        office.shown()["service_users"][1]["rights_groups"],
        json!(["Administrator Group"])
    );
    office.run("set", &["--disable-user", "Zoë"]).exits(0);
    let refused = as_zoe(&["security", "show", &target, "--json"]).exits(4);
    assert_eq!(refused.code(), "account_disabled");
    office
        .run("set", &["--enable-user", "Zoë", "--remove-group", "Technicians"])
        .exits(0);
    as_zoe(&["security", "show", &target]).exits(0);
    office.run("set", &["--remove-user", "Zoë"]).exits(0);
    let refused = as_zoe(&["security", "show", &target, "--json"]).exits(4);
    assert_eq!(refused.code(), "authentication_failed");
    let names: Vec<_> = office.shown()["service_users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["name"].clone())
        .collect();
    assert_eq!(names, [USER]);
}

#[test]
fn a_new_password_never_goes_over_plain_tcp() {
    let office = Office::new("");
    let refused = office
        .set_with(
            &format!("{NEW}\n"),
            &["--new-password", USER, "--tls", "off", "--yes"],
        )
        .exits(4);
    assert_eq!(refused.code(), "tls_required");
    // Everything else may, where plain TCP was asked for.
    office.run("set", &["Complexity=High", "--tls", "off"]).exits(0);
    assert_eq!(
        office.shown()["revision"],
        "r2",
        "and the password is the one of before"
    );
}

#[test]
fn what_the_unit_refuses_has_its_word() {
    for (keys, code, exit) in [
        ("refuse_writes = 'no_right'", "no_right", 4),
        ("refuse_writes = 'tls_required'", "tls_required", 4),
        ("refuse_writes = 'wrong_service'", "wrong_service", 4),
        ("security_merge_needs_reboot = ['General']", "needs_reboot", 4),
        ("faults = ['wrong-proof']", "impostor", 4),
        ("faults = ['no-proof']", "impostor", 4),
        (
            "[[unit.user]]\nname = 'Administrator'\npassword = 'Grüße-42-geheim'\nrights = ['merge']",
            "no_right",
            4,
        ),
        (
            "[[unit.user]]\nname = 'Administrator'\npassword = 'other-Wort-1'\nrights = ['all']",
            "authentication_failed",
            4,
        ),
    ] {
        let office = Office::new(keys);
        let refused = office.run("set", &["Complexity=High", "--json"]).exits(exit);
        assert_eq!(refused.code(), code, "{keys}");
    }
    let office = Office::new("security_merge_needs_reboot = ['General']");
    let sent = office
        .run(
            "set",
            &["Complexity=High", "--mode", "immediate", "--wait", "--json"],
        )
        .exits(0)
        .says("is back")
        .json();
    assert_eq!(sent["back"], true);
    assert_eq!(office.shown()["general"]["Complexity"], "High");
}

#[test]
fn changes_for_another_revision_are_a_conflict() {
    let office = Office::new("");
    office.run("set", &["Complexity=High", "--base", "r1"]).exits(0);
    let refused = office
        .run("set", &["Complexity=Low", "--base", "r1", "--json"])
        .exits(6);
    assert_eq!(refused.code(), "conflict");
    assert_eq!(office.shown()["general"]["Complexity"], "High");
}

/// The settings are received, then the new password is waited for: time for somebody else.
#[test]
fn what_somebody_else_changed_meanwhile_is_told_and_not_overwritten() {
    let office = Office::new("");
    let target = office.site.target();
    let mut command = office.computer.as_user(&[
        "security",
        "set",
        &target,
        "RejectLimit=5",
        "Complexity=High",
        "--new-password",
        USER,
        "--new-password-stdin",
        "--yes",
        "--json",
        "-v",
    ]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.any(|line| line.contains("received the security settings")));
    office
        .run("set", &["RejectLimit=9", "MinimumNameLength=2"])
        .exits(0);
    writeln!(child.stdin.take().unwrap(), "{NEW}").unwrap();
    let said: Vec<String> = lines.collect();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{said:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["code"], "conflict");
    let conflict = &document["error"]["conflict"];
    assert_eq!(conflict["unit_revision"], "r2");
    assert_eq!(conflict["theirs"].as_array().unwrap().len(), 2);
    assert_eq!(
        conflict["collisions"],
        json!([{"kind": "General", "name": "", "field": "RejectLimit", "before": "3", "after": "9"}])
    );
    let all = format!("{said:?}{document}");
    assert!(
        all.contains("RejectLimit: 3 → 9, which you change too") && !all.contains(NEW),
        "{all}"
    );
    assert_eq!(office.shown()["general"]["RejectLimit"], 9);
}

#[test]
fn a_saved_site_follows_a_changed_base_port() {
    let office = Office::new("");
    let base = office.site.units[0].base.to_string();
    let add = [
        "sites",
        "add",
        "Bern",
        "127.0.0.1",
        "--base-port",
        &base,
        "--user",
        USER,
    ];
    office.computer.run(&add).exits(0);
    let security: u16 = office.site.units[0].port("security").parse().unwrap();
    assert_eq!(security, office.site.units[0].base + 8);
    let to = free_base_port();
    let set = |arguments: &[&str]| {
        let first = ["security", "set", "Bern", "--yes", "--json"];
        office.computer.run_as_user(&[&first[..], arguments].concat())
    };
    let moved = set(&[&format!("ServicesBasePort={to}")])
        .exits(0)
        .says("the saved site has the new port");
    assert_eq!(
        moved.json()["moved"],
        json!({"from": office.site.units[0].base, "to": to, "followed": true, "site_changed": true})
    );
    let sites = office.computer.run(&["sites", "list", "--json"]).exits(0).json();
    assert_eq!(sites["sites"][0]["services_base_port"], to);
    // The pins went along: nobody is asked again, and both services answer by the site's name.
    let shown = office
        .computer
        .run_as_user(&["security", "show", "Bern", "--json"])
        .exits(0);
    assert!(!shown.stderr.contains("first use"), "{shown:?}");
    let received = office
        .computer
        .run_as_user(&["receive", "Bern", "--out", "a.xml"])
        .exits(0);
    assert!(
        received.stderr.contains("first use"),
        "the configuration's was never seen: {received:?}"
    );
}

#[test]
fn a_file_that_moves_the_unit_is_followed_too() {
    let office = Office::new("");
    let base = office.site.units[0].base.to_string();
    let add = ["sites", "add", "Bern", "127.0.0.1", "--base-port", &base];
    office.computer.run(&add).exits(0);
    office.run("export", &["--out", "s.xml"]).exits(0);
    let to = free_base_port();
    let port = |port: &str| format!("<ServicesBasePort>{port}<");
    office
        .computer
        .edit("s.xml", "t.xml", &port(&base), &port(&to.to_string()));
    let send = [
        "send", "Bern", "t.xml", "--object", "security", "--mode", "merge", "--json",
    ];
    let answer = office.computer.run_as_user(&send).exits(0).json();
    assert_eq!(answer["moved"]["to"], to);
    assert_eq!(
        (&answer["moved"]["followed"], &answer["moved"]["site_changed"]),
        (&true.into(), &true.into())
    );
    office
        .computer
        .run_as_user(&["security", "show", "Bern"])
        .exits(0);
}

/// Sixteen ports in a row where systems give none to outgoing connections.
fn free_base_port() -> u16 {
    // No two tests of this program get the same.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 400).unwrap();
    (0..400)
        .map(|_| 61_000 + (start + TAKEN.fetch_add(1, Ordering::Relaxed)) % 400 * 11)
        .find(|base| {
            [0, 1, 8, 9]
                .iter()
                .all(|offset| std::net::TcpListener::bind(("127.0.0.1", base + offset)).is_ok())
        })
        .unwrap()
}

#[test]
fn a_log_in_to_keep_can_be_tried_at_the_security_service() {
    let office = Office::new("");
    let target = office.site.target();
    let login = ["login", &target, "--service", "security", "--json"];
    // This computer has no keychain; the log-in was tried all the same, and there.
    let refused = office.computer.run_as_user(&login).exits(1);
    assert_eq!(refused.code(), "keychain_unavailable");
    let shown = office.run("show", &[]).exits(0);
    assert!(!shown.stderr.contains("first use"), "{shown:?}");
    let received = office
        .computer
        .run_as_user(&["receive", &target, "--out", "a.xml"]);
    received.exits(0).says("first use");
}

#[test]
fn the_second_port_is_found_and_a_site_can_fix_one() {
    let office = Office::new("second_security_ports = true");
    assert_eq!(office.shown()["revision"], "r1");
    let base = office.site.units[0].base;
    let (port, fixed) = (base.to_string(), (base + 8).to_string());
    let add = [
        "sites",
        "add",
        "Bern",
        "127.0.0.1",
        "--base-port",
        &port,
        "--security-port",
        &fixed,
    ];
    office.computer.run(&add).exits(0);
    let refused = office
        .computer
        .run_as_user(&["security", "show", "Bern", "--json"])
        .exits(3);
    assert_eq!(refused.code(), "not_reachable");
    let fixed = (base + 4).to_string();
    office
        .computer
        .run(&["sites", "edit", "Bern", "--security-port", &fixed])
        .exits(0);
    office
        .computer
        .run_as_user(&["security", "show", "Bern"])
        .exits(0);
}

#[test]
fn systems_before_3_2_have_none_and_it_is_said() {
    let computer = Computer::new();
    let site = Site::one(&computer, "version = '2.1.36'\nplain = true");
    let ports = [site.units[0].port("discovery"), site.units[0].port("tftp")];
    for action in [&["show"][..], &["set"], &["export"]] {
        let more = match action[0] {
            "set" => vec!["Complexity=High"],
            "export" => vec!["--out", "s.xml"],
            _ => vec![],
        };
        let way = ["--discovery-port", &ports[0], "--tftp-port", &ports[1], "--json"];
        let refused = computer
            .run_as_user(&[&["security", action[0], "127.0.0.1"][..], &more, &way].concat())
            .exits(1)
            .says("it runs 2.1.36, and systems before 3.2 have no security settings");
        assert_eq!(refused.code(), "unsupported");
    }
    // The older ways to them say the same.
    let way = ["--discovery-port", &ports[0], "--tftp-port", &ports[1]];
    std::fs::write(computer.file("t.xml"), "<security/>").unwrap();
    for command in [
        &["receive", "127.0.0.1", "--object", "security", "--out", "s.xml"][..],
        &[
            "send",
            "127.0.0.1",
            "t.xml",
            "--object",
            "security",
            "--mode",
            "merge",
        ],
        &[
            "password",
            "127.0.0.1",
            "--service",
            "security",
            "--new-password-stdin",
        ],
    ] {
        computer
            .run_as_user(&[command, &way].concat())
            .exits(1)
            .says("systems before 3.2 have no security settings");
    }
    assert!(!computer.file("s.xml").exists());
}

#[test]
fn an_export_is_a_file_that_can_be_sent_back() {
    let office = Office::new("");
    let exported = office
        .run("export", &["--out", "s.xml", "--json"])
        .exits(0)
        .says("delete it")
        .json();
    let text = office.computer.text("s.xml");
    assert!(
        text.starts_with("<security>") && text.contains("<PasswordSet>true</PasswordSet>"),
        "{text}"
    );
    assert_eq!(
        (&exported["bytes"], &exported["revision"]),
        (&text.len().into(), &"r1".into())
    );
    office
        .computer
        .edit("s.xml", "t.xml", "<RejectLimit>3<", "<RejectLimit>7<");
    let target = office.site.target();
    office
        .computer
        .run_as_user(&[
            "send", &target, "t.xml", "--object", "security", "--mode", "merge",
        ])
        .exits(0);
    assert_eq!(office.shown()["general"]["RejectLimit"], 7);

    // What the program itself writes into the document, to the byte.
    let before = office.computer.text("t.xml");
    let changes = [
        "--add-group",
        "Team A=merge,read_security",
        "--add-user",
        "Zoë & Co=Team A",
    ];
    office.set_with(&format!("{NEW}\n"), &changes).exits(0);
    office.run("export", &["--out", "u.xml"]).exits(0);
    let added = "  <RightsGroup>\n    <Name>Team A</Name>\n    <Rights>merge read_security</Rights>\n  </RightsGroup>\n  \
                 <ServiceUser>\n    <Name>Zoë &amp; Co</Name>\n    <Enabled>true</Enabled>\n    \
                 <RightsGroup>Team A</RightsGroup>\n    <PasswordSet>true</PasswordSet>\n  </ServiceUser>\n</security>\n";
    let expect = before.strip_suffix("</security>\n").unwrap().to_owned() + added;
    assert_eq!(office.computer.text("u.xml"), expect);
}

#[test]
fn nothing_of_them_and_no_password_is_in_any_file_of_the_program() {
    let office = Office::new("");
    let mut said = vec![office.run("show", &["-vvv"]).exits(0)];
    said.push(
        office
            .set_with(
                &format!("{NEW}\n"),
                &["--add-user", "Zoë=Administrator Group", "-vvv"],
            )
            .exits(0),
    );
    said.push(
        office
            .set_with(
                "Anders-Geheim-78\n",
                &["--new-password", "Zoë", "--dry-run", "-vvv"],
            )
            .exits(0),
    );
    let target = office.site.target();
    said.push(office.computer.run_as_user(&["audit", &target, "-vvv"]).exits(0));
    for outcome in &said {
        let all = format!("{}{}", outcome.text(), outcome.stderr);
        assert!(
            !all.contains(NEW) && !all.contains("Anders-Geheim") && !all.contains(PASSWORD),
            "{all}"
        );
    }
    let found = files(&office.computer.file("data"));
    assert!(found.len() > 2, "{found:?}");
    for file in found {
        let content = fs::read(&file).unwrap();
        for wanted in [
            "<ServiceUser",
            "<security",
            "RejectLimit",
            NEW,
            PASSWORD,
            "Anders-Geheim",
        ] {
            let holds = content
                .windows(wanted.len())
                .any(|window| window == wanted.as_bytes());
            assert!(!holds, "{} holds {wanted}", file.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
