//! What `trunkline discover` tells besides its list of units: names, who is missing and since when, and what a terminal
//! shows.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::{Computer, Site};
use serde_json::{Value, json};

#[test]
fn a_saved_site_that_stops_answering_stays_as_no_answer_since_it_was_seen() {
    let computer = Computer::new();
    let site = Site::one(&computer, "mac = '00:E0:07:05:91:8F'");
    let port = site.units[0].port("discovery");
    let saved = ["sites", "add", "Zürich", "127.0.0.1", "--discovery-port", &port];
    computer.run(&saved).exits(0);
    let everything = ["discover", "--no-udp", "--json"];
    let there = computer.run(&everything).exits(0).json();
    assert_eq!(
        (&there["units"][0]["site"], &there["no_answer"]),
        (&json!("Zürich"), &Value::Null)
    );
    drop(site);

    let gone = computer.run(&everything).exits(0);
    let document = gone.json();
    assert_eq!(document["units"], json!([]));
    let none = &document["no_answer"][0];
    assert_eq!(
        (&none["site"], &none["address"]),
        (&json!("Zürich"), &json!("127.0.0.1"))
    );
    let since = none["since"].as_str().unwrap().to_owned();
    let shown = since[..16].replace('T', " ");
    let gone = gone
        .says(&format!("Zürich (127.0.0.1): no answer since {shown} UTC"))
        .says("the connection was refused")
        .says("hint: The way there is open.");
    assert_eq!(document["unidentified"][0]["kind"], "refused");
    assert!(!gone.stderr.contains("a route to it and back"), "{}", gone.stderr);
    // What is remembered is when it was seen last, not when it was looked for.
    let again = computer.run(&everything).exits(0).json();
    assert_eq!(again["no_answer"][0]["since"], since);
}

#[cfg(target_os = "linux")]
#[test]
fn of_many_that_refuse_fifty_are_named_and_the_document_has_all() {
    let computer = Computer::new();
    // Whoever else wants this port gets another one, so nobody listens on it at the addresses that are asked.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let criteria: Vec<_> = (1..=52).map(|last| format!("127.9.0.{last}:{port}")).collect();
    let refused = computer
        .run(&["discover", "--search", &criteria.join("; "), "--json"])
        .exits(0);
    assert_eq!(refused.json()["unidentified"].as_array().unwrap().len(), 52);
    let named = refused.stderr.matches("the connection was refused").count();
    assert_eq!(named, 50, "{}", refused.stderr);
    refused.says("and 2 more like that; --json lists them all");
}

#[test]
fn a_unit_that_is_found_by_its_dns_name_tells_the_name_and_the_address() {
    let computer = Computer::new();
    let site = Site::one(&computer, "");
    let name = format!("LocalHost:{}", site.units[0].port("discovery"));
    let search = ["discover", "--search", &name];
    let found = computer.run(&[&search[..], &["--json"]].concat()).exits(0).json();
    let unit = &found["units"][0];
    assert_eq!(
        (&unit["address"], &unit["dns_names"]),
        (&json!("127.0.0.1"), &json!(["localhost"]))
    );
    let table = computer.run(&search).exits(0).text();
    assert!(table.contains(" 127.0.0.1 (localhost) "), "{table}");
    drop(site);

    let missing = computer.run(&search).exits(0);
    missing
        .says("127.0.0.1 (localhost) port ")
        .says("the connection was refused");
}

#[test]
fn a_unit_that_offers_nothing_is_listed_with_the_reason() {
    let computer = Computer::new();
    let closed = "plain = false\ntls = false\nudp = false";
    let site = Site::of(&computer, &[("Head Office", ""), ("Closed", closed)]);
    let search = ["discover", "--search", &site.criteria];
    let found = computer.run(&search).exits(0);
    let table = found.text();
    let row = table.lines().find(|line| line.starts_with("Closed")).unwrap();
    assert!(row.contains(" none "), "{row}");
    found.says("127.0.0.1: its configuration can not be received or sent: it says that it offers neither");
    let found = computer.run(&[&search[..], &["--json"]].concat()).exits(0).json();
    let units = found["units"].as_array().unwrap();
    let unit = units.iter().find(|unit| unit["name"] == "Closed").unwrap();
    assert_eq!(
        (&unit["method"], &unit["supported"]),
        (&Value::Null, &json!(false))
    );
    let why = unit["no_method"].as_str().unwrap();
    assert!(why.contains("security settings"), "{why}");
}

/// On a terminal of the test's own.
#[cfg(target_os = "linux")]
mod terminal {
    use std::ffi::OsStr;
    use std::fs::{File, OpenOptions};
    use std::io::Read as _;
    use std::os::unix::ffi::OsStrExt as _;
    use std::process::{Child, Command};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    use super::cli_support::{Computer, Outcome, Site, end};

    /// A terminal, as its program sees it and as its user does.
    fn terminal() -> (File, File) {
        let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&user).unwrap();
        unlockpt(&user).unwrap();
        let size = Winsize {
            ws_row: 40,
            ws_col: 200,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&user, size).unwrap();
        let name = ptsname(&user, Vec::new()).unwrap();
        let path = OsStr::from_bytes(name.to_bytes());
        let program = OpenOptions::new().read(true).write(true).open(path).unwrap();
        (program, user.into())
    }

    /// Reads what is shown until all of these words were.
    fn shown(screen: &mut File, words: &[&str]) -> String {
        let mut seen = String::new();
        let mut buffer = [0; 4096];
        while !words.iter().all(|word| seen.contains(word)) {
            let length = screen.read(&mut buffer).unwrap();
            seen += &String::from_utf8_lossy(&buffer[..length]);
        }
        seen
    }

    /// Stops a search, and answers what it printed.
    fn stop(child: Child, mut screen: File) -> Outcome {
        let id = child.id().to_string();
        let asked = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(asked.success());
        // Somebody must read what it still shows; that nobody can write any more comes as an error.
        let reading = std::thread::spawn(move || screen.read_to_end(&mut Vec::new()).is_err());
        let outcome = end(child).exits(130);
        reading.join().unwrap();
        outcome
    }

    #[test]
    fn the_list_grows_while_the_search_runs_and_a_document_is_printed_once() {
        let computer = Computer::new();
        let units = [("Head Office", ""), ("Deaf", "faults = ['discovery-silent']")];
        let site = Site::of(&computer, &units);
        // The deaf one keeps the search running for longer than anybody waits.
        let search = ["discover", "--search", &site.criteria, "--timeout", "60000"];
        let start = |more: &[&str]| {
            let (program, screen) = terminal();
            let mut command = computer.command(&[&search[..], more].concat());
            let child = command.stderr(program).env("TERM", "xterm").spawn().unwrap();
            (child, screen)
        };
        let (child, mut screen) = start(&[]);
        shown(
            &mut screen,
            &["Head Office", "1 of 2", "1 unit found, about", "s left"],
        );
        let table = stop(child, screen).text();
        assert_eq!(table.matches("Head Office").count(), 1, "{table}");

        let (child, mut screen) = start(&["--json"]);
        let seen = shown(&mut screen, &["1 of 2", "1 unit found, about", "s left"]);
        assert!(!seen.contains("Head Office"), "{seen}");
        assert_eq!(stop(child, screen).json()["units"][0]["name"], "Head Office");
    }
}
