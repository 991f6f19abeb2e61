//! The four situations in which people search for units, as somebody types them, on networks of the test's own with a
//! router at which broadcasts stop; and what is said where something on the way does not let discovery through. Needs
//! root, `ip` and for firewalls `nft`; says so and passes otherwise.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![cfg(target_os = "linux")]

mod cli_support;

use std::collections::BTreeSet;
use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::process::{Command, Stdio};
use std::sync::Arc;

use cli_support::{Computer, Outcome, end, program};
use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_simulator::Site;
use trunkline_tests::namespace::{Networks, skip};
use trunkline_tests::placed::{Placed, place};

/// The computer, and two units' addresses on its LAN.
const PC: &str = "10.79.1.10";
const OFFICE: [&str; 2] = ["10.79.1.1", "10.79.1.2"];
/// Two units' addresses on another LAN, and one's on a third.
const BRANCH: [&str; 2] = ["10.79.2.1", "10.79.2.2"];
const DEPOT: &str = "10.79.3.1";

/// An office with a computer, a place for units and a router; behind the router a branch and a depot.
struct Situation {
    networks: Networks,
    computer: Arc<Computer>,
}

impl Situation {
    fn new() -> Option<Self> {
        // Built before anything else, as it may take a while.
        program();
        let networks = Networks::new(&["switch", "pc", "office", "router", "branch", "depot"])?;
        let office = [
            ("pc", "lan", "10.79.1.10/24"),
            ("office", "lan", "10.79.1.1/24"),
            ("router", "office", "10.79.1.254/24"),
        ];
        if !networks.lan("switch", &office) {
            return skip("this machine can not join namespaces by a switch");
        }
        networks.ip("office", "address add 10.79.1.2/24 dev lan");
        networks.cable(
            ("router", "branch", "10.79.2.254/24"),
            ("branch", "lan", "10.79.2.1/24"),
        );
        networks.ip("branch", "address add 10.79.2.2/24 dev lan");
        networks.cable(
            ("router", "depot", "10.79.3.254/24"),
            ("depot", "lan", "10.79.3.1/24"),
        );
        for (namespace, router) in [
            ("pc", "10.79.1.254"),
            ("office", "10.79.1.254"),
            ("branch", "10.79.2.254"),
            ("depot", "10.79.3.254"),
        ] {
            networks.ip(namespace, &format!("route add default via {router}"));
        }
        if !networks.set("router", "ipv4/ip_forward", "1") {
            return skip("this machine does not allow its namespaces to forward");
        }
        let computer = Arc::new(Computer::new());
        Some(Self { networks, computer })
    }

    /// `trunkline` with these arguments, on the computer.
    fn trunkline(&self, arguments: &[&str]) -> Outcome {
        let computer = Arc::clone(&self.computer);
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.networks.within("pc", move || {
            computer.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        })
    }

    /// What `trunkline discover` finds with these arguments.
    fn discover(&self, arguments: &[&str]) -> Value {
        let arguments = [&["discover", "--json"], arguments].concat();
        self.trunkline(&arguments).exits(0).json()
    }

    /// Units in one of the places, with their names, the last digits of their MACs, and further keys.
    fn units(&self, place_: &str, units: &[(&str, u8, &str)], addresses: &[&str]) -> Placed {
        let text: Vec<String> = units
            .iter()
            .map(|(name, mac, keys)| {
                format!("[[unit]]\nname = '{name}'\nmac = '00:E0:07:00:00:{mac:02X}'\n{keys}\n")
            })
            .collect();
        place(
            &self.networks,
            place_,
            Site::from_toml(&text.concat()).unwrap(),
            addresses,
        )
    }

    /// Hears what is sent to UDP discovery in one of the places.
    fn listener(&self, place: &str) -> UdpSocket {
        self.networks
            .within(place, || UdpSocket::bind("0.0.0.0:69").unwrap())
    }
}

/// Each unit's address, name and how it was found.
fn rows(found: &Value) -> Value {
    let units = found["units"].as_array().unwrap().iter();
    units
        .map(|unit| json!([unit["address"], unit["name"], unit["found_by"]]))
        .collect()
}

/// Who sent to a socket so far.
fn heard(socket: &UdpSocket) -> BTreeSet<String> {
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 2048];
    let mut from = BTreeSet::new();
    while let Ok((_, peer)) = socket.recv_from(&mut buffer) {
        from.insert(peer.ip().to_string());
    }
    from
}

#[test]
fn situation_1_the_same_lan_answers_a_broadcast_which_stops_at_the_router() {
    let Some(here) = Situation::new() else { return };
    let elsewhere = here.listener("branch");
    let units = here.units("office", &[("Office", 1, "")], &OFFICE[..1]);

    let found = here.discover(&[]);
    assert_eq!(rows(&found), json!([[OFFICE[0], "Office", ["udp"]]]));
    assert_eq!(
        found["units"][0]["mac"].as_str(),
        units.macs.first().map(String::as_str)
    );
    // Nor does the other LAN's own broadcast address lead there.
    let found = here.discover(&["--broadcast", "10.79.2.255", "--timeout", "300"]);
    assert_eq!(rows(&found), json!([]));
    assert_eq!(
        heard(&elsewhere),
        BTreeSet::new(),
        "no broadcast passes the router"
    );

    // What is sent to one address there does arrive.
    here.discover(&["--unit", BRANCH[0], "--no-tcp", "--no-ping", "--timeout", "300"]);
    assert_eq!(heard(&elsewhere), BTreeSet::from([PC.to_owned()]));
}

#[test]
fn situation_2_another_lan_answers_at_the_unit_broadcast_address_by_ping_and_tcp() {
    let Some(here) = Situation::new() else { return };
    let _units = here.units("branch", &[("Branch", 2, "")], &BRANCH[..1]);
    assert_eq!(
        rows(&here.discover(&[])),
        json!([]),
        "a broadcast does not find it"
    );

    let found = here.discover(&["--unit", BRANCH[0]]);
    assert_eq!(rows(&found), json!([[BRANCH[0], "Branch", ["udp", "tcp"]]]));
    let unit = &found["units"][0];
    assert_eq!(
        (&unit["ping"], &unit["services"]["base_port"]),
        (&json!("answered"), &json!(50804))
    );
    // TCP does it alone, as where a unit does not answer by UDP.
    let found = here.discover(&["--unit", BRANCH[0], "--no-udp"]);
    assert_eq!(rows(&found), json!([[BRANCH[0], "Branch", ["tcp"]]]));
    let table = here.trunkline(&["discover", "--unit", BRANCH[0]]).exits(0);
    assert!(
        table
            .text()
            .lines()
            .any(|line| line.starts_with("Branch") && line.contains("UDP, TCP")),
        "{table:?}"
    );
}

#[test]
fn situation_3_remote_units_in_the_search_criteria_are_found_together_with_the_broadcast() {
    let Some(here) = Situation::new() else { return };
    let _office = here.units("office", &[("Office", 1, "")], &OFFICE[..1]);
    let branch = [("Branch 1", 2, ""), ("Branch 2", 3, "")];
    let _branch = here.units("branch", &branch, &BRANCH);
    let _depot = here.units("depot", &[("Depot", 4, "")], &[DEPOT]);
    let criteria = "10.79.2.1-2 # the branch\n10.79.3.1; 10.79.3.77";
    here.trunkline(&["preferences", "set", "ip_search_criteria", criteria])
        .exits(0);

    let found = here.trunkline(&["discover", "--json"]).exits(0);
    let document = found.json();
    assert_eq!(
        rows(&document),
        json!([
            [OFFICE[0], "Office", ["udp"]],
            [BRANCH[0], "Branch 1", ["tcp"]],
            [BRANCH[1], "Branch 2", ["tcp"]],
            [DEPOT, "Depot", ["tcp"]],
        ])
    );
    // The one that is missing is named, with what must be open.
    assert_eq!(
        document["no_answer"],
        json!([{
            "address": "10.79.3.77", "site": null, "since": null,
            "must_be_open": {"discovery": 50802, "configuration": 50804, "configuration_tls": 50805}
        }])
    );
    found
        .says("10.79.3.77: no answer")
        .says("TCP 50802 for discovery, and TCP 50804 and 50805 for configuration");
}

#[test]
fn situation_4_local_units_by_udp_and_remote_ones_by_tcp_are_one_list() {
    let Some(here) = Situation::new() else { return };
    let office = [
        ("Office", 1, "discovery = false"),
        ("Warehouse", 2, "lan1 = '10.79.1.2'"),
    ];
    let _office = here.units("office", &office, &OFFICE);
    // As systems on Linux are: they answer nothing by UDP.
    let server = [("Server", 3, "type = 'IPO-Linux-PC'\nudp = false")];
    let _depot = here.units("depot", &server, &[DEPOT]);
    here.trunkline(&["sites", "add", "Stock", OFFICE[1], "--group", "North"])
        .exits(0);
    here.trunkline(&["preferences", "set", "ip_search_criteria", "10.79.3.0/24"])
        .exits(0);

    let expect = json!([
        [OFFICE[0], "Office", ["udp"]],
        [OFFICE[1], "Warehouse", ["udp", "tcp", "saved"]],
        [DEPOT, "Server", ["tcp"]],
    ]);
    let found = here.discover(&[]);
    assert_eq!(rows(&found), expect);
    assert_eq!(found["units"][1]["group"], "North");
    let table = here.trunkline(&["discover"]).exits(0).text();
    let lines: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let begins = |line: usize, name: &str, address: &str| {
        assert_eq!(lines[line][..2], [name, address], "{table}");
    };
    begins(0, "Office", OFFICE[0]);
    begins(1, "Warehouse", OFFICE[1]);
    begins(2, "Server", DEPOT);
    assert_eq!(lines.len(), 3, "{table}");
}

#[test]
fn where_ping_is_blocked_on_the_way_the_unit_is_found_and_that_is_said() {
    let Some(here) = Situation::new() else { return };
    let _units = here.units("branch", &[("Branch", 2, "")], &BRANCH[..1]);
    let Some(()) = here.networks.firewall("router", &["ip protocol icmp drop"]) else {
        return;
    };
    let found = here
        .trunkline(&["discover", "--unit", BRANCH[0], "--json", "--timeout", "700"])
        .exits(0);
    let document = found.json();
    assert_eq!(rows(&document), json!([[BRANCH[0], "Branch", ["udp", "tcp"]]]));
    assert_eq!(document["units"][0]["ping"], "blocked");
    found.says("10.79.2.1: ping is blocked on the way; the unit answers all the same");
}

#[test]
fn where_a_firewall_blocks_discovery_it_is_said_what_must_be_open() {
    const OPEN: &str = "TCP 50802 for discovery, and TCP 50804 and 50805 for configuration";
    let Some(here) = Situation::new() else { return };
    let _units = here.units("branch", &[("Branch", 2, "")], &BRANCH[..1]);
    let wall = |rules: &[&str]| here.networks.firewall("router", rules);
    let unit = ["discover", "--json", "--timeout", "700", "--unit", BRANCH[0]];
    let preset = ["discover", "--json", "--timeout", "700", "--search", BRANCH[0]];

    // Discovery alone is blocked: what answers is the ping.
    let Some(()) = wall(&["tcp dport 50802 drop", "udp dport 69 drop"]) else {
        return;
    };
    let found = here.trunkline(&unit).exits(0).says(OPEN).json();
    assert_eq!(
        (rows(&found), &found["unidentified"][0]["kind"]),
        (json!([]), &json!("ping_only"))
    );
    assert_eq!(found["no_answer"], Value::Null, "it did answer");
    let found = here.trunkline(&preset).exits(0).says(OPEN).json();
    assert_eq!(
        (rows(&found), &found["no_answer"][0]["address"]),
        (json!([]), &json!(BRANCH[0]))
    );
    // By UDP it is found where only TCP is blocked.
    wall(&["tcp dport 50802 drop"]);
    let found = here.trunkline(&unit).exits(0).json();
    assert_eq!(rows(&found), json!([[BRANCH[0], "Branch", ["udp"]]]));

    // Nothing comes through, silently or with word from the router.
    for rule in [
        "drop",
        "reject with icmp type admin-prohibited",
        "reject with icmp type net-unreachable",
    ] {
        wall(&[rule]);
        for search in [&unit, &preset] {
            let found = here
                .trunkline(search)
                .exits(0)
                .says(&format!("{}: no answer", BRANCH[0]))
                .says(&format!("there is a route to it and back. Routers and firewalls between must let through ping (ICMP), {OPEN}"))
                .json();
            assert_eq!(
                (rows(&found), &found["no_answer"][0]["address"]),
                (json!([]), &json!(BRANCH[0])),
                "{rule}"
            );
            assert_eq!(found["unidentified"], json!([]), "{rule}");
        }
    }
    // The way is open again.
    wall(&[]);
    let found = here.trunkline(&unit).exits(0).json();
    assert_eq!(rows(&found), json!([[BRANCH[0], "Branch", ["udp", "tcp"]]]));
}

#[test]
fn an_ordinary_user_searches_by_udp_and_tcp_and_is_told_that_ping_is_not_permitted() {
    const NOBODY: u32 = 65_534;
    let Some(here) = Situation::new() else { return };
    let _office = here.units("office", &[("Office", 1, "")], &OFFICE[..1]);
    let _branch = here.units("branch", &[("Branch", 2, "")], &BRANCH[..1]);
    // Nobody may ping without a privilege.
    assert!(here.networks.set("pc", "ipv4/ping_group_range", "1 0"));
    // Where an ordinary user can go, unlike perhaps where this is built.
    let folder = TempDir::new_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (copy, data) = (folder.path().join("trunkline"), folder.path().join("data"));
    fs::copy(program(), &copy).unwrap();
    fs::create_dir(&data).unwrap();
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    let run = |arguments: &'static [&'static str]| {
        let (copy, data) = (copy.clone(), data.clone());
        here.networks.within("pc", move || {
            let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
            let mut command = Command::new("setpriv");
            command.args([&user, &group, "--clear-groups"]);
            command.arg(copy).arg("--data-dir").arg(&data).args(arguments);
            command.env("HOME", &data).stdin(Stdio::null());
            end(command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap())
        })
    };
    let found = run(&["discover", "--json"]).exits(0).json();
    assert_eq!(rows(&found), json!([[OFFICE[0], "Office", ["udp"]]]));
    let found = run(&["discover", "--json", "--unit", "10.79.2.1"]).exits(0);
    let document = found.json();
    assert_eq!(rows(&document), json!([[BRANCH[0], "Branch", ["udp", "tcp"]]]));
    assert_eq!(document["units"][0]["ping"], Value::Null, "not known");
    found.says("warning: 10.79.2.1 is not pinged, which this computer does not permit");
}

#[test]
fn a_computer_without_any_network_says_so_and_fails_at_nothing() {
    let Some(networks) = Networks::new(&["pc"]) else {
        return;
    };
    program();
    networks.ip("pc", "link set lo down");
    let computer = Arc::new(Computer::new());
    let run = |arguments: &'static [&'static str]| {
        let computer = Arc::clone(&computer);
        networks.within("pc", move || computer.run(arguments)).exits(0)
    };
    let found = run(&["discover", "--json"]).says("no network interface with an IPv4 address is up");
    assert_eq!(
        (rows(&found.json()), &found.json()["problems"]),
        (json!([]), &json!([]))
    );
    for search in [
        &["discover", "--json", "--timeout", "300", "--unit", "10.79.2.1"],
        &[
            "discover",
            "--json",
            "--timeout",
            "300",
            "--search",
            "10.79.2.1;10.79.3.0/24",
        ],
        &[
            "discover",
            "--json",
            "--timeout",
            "300",
            "--search",
            "10.79.2.1;[2001:db8::1-2001:db8::9]",
        ],
    ] {
        let found = run(search).says("10.79.2.1: no answer");
        let document = found.json();
        assert_eq!(rows(&document), json!([]), "{search:?}");
        assert_eq!(document["no_answer"].as_array().unwrap().len(), 1, "{search:?}");
    }
    let found = run(&[
        "discover",
        "--json",
        "--timeout",
        "300",
        "--broadcast",
        "10.79.1.255",
    ]);
    found.says("could not be sent");
}
