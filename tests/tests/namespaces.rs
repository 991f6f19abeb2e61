//! Discovery and log-in on networks of the test's own: real broadcasts, two interfaces, a router in between, and what a
//! listener on the line can see. Needs root and `ip`; says so and passes otherwise.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_core::Overrides;
use trunkline_core::discovery::{DiscoveryOptions, Means, Ping, Report, collect, discover};
use trunkline_protocol::link::Service;
use trunkline_tests::computer::{Computer, holds, plain};
use trunkline_tests::namespace::{Networks, skip};
use trunkline_tests::placed::{Placed, here, place};
use trunkline_tests::simulated::{self, ADMINISTRATOR};

/// The computer's addresses on its two LANs and towards the router.
const COMPUTER: [&str; 3] = ["10.77.1.10", "10.77.2.10", "10.77.3.10"];
/// A unit on each LAN, and one behind the router.
const NEAR: &str = "10.77.1.1";
const SECOND: &str = "10.77.2.1";
const FAR: &str = "10.77.4.2";

/// A computer (`pc`) on two LANs with a unit each (`u1`, `u2`), and a router (`ro`) with a third (`u3`) behind it.
fn networks() -> Option<Networks> {
    let networks = Networks::new(&["pc", "u1", "u2", "ro", "u3"])?;
    networks.cable(("pc", "lan1", "10.77.1.10/24"), ("u1", "lan", "10.77.1.1/24"));
    networks.cable(("pc", "lan2", "10.77.2.10/24"), ("u2", "lan", "10.77.2.1/24"));
    networks.cable(("pc", "wan", "10.77.3.10/24"), ("ro", "near", "10.77.3.1/24"));
    networks.cable(("ro", "far", "10.77.4.1/24"), ("u3", "lan", "10.77.4.2/24"));
    networks.ip("pc", "route add 10.77.4.0/24 via 10.77.3.1");
    networks.ip("u3", "route add default via 10.77.4.1");
    if !networks.set("ro", "ipv4/ip_forward", "1") {
        return skip("this machine does not allow its namespaces to forward");
    }
    Some(networks)
}

/// Starts a unit on its standard ports.
fn start(networks: &Networks, namespace: &str, name: &str, address: &str) -> Placed {
    let number: u8 = address.split('.').nth(2).unwrap().parse().unwrap();
    let site = simulated::site(name, &format!("mac = '00:E0:07:00:00:{number:02X}'"));
    place(networks, namespace, site, &[address])
}

/// A search from the computer.
fn search(networks: &Networks, options: DiscoveryOptions) -> Report {
    networks.within("pc", || {
        here(async { collect(discover(options, CancellationToken::new()), |_| ()).await })
    })
}

/// Names with how they were found.
fn found(report: &Report) -> Vec<(String, String, &[Means])> {
    let units = report.units.iter();
    units
        .map(|unit| {
            (
                unit.address.to_string(),
                unit.name.clone().unwrap(),
                &unit.found_by[..],
            )
        })
        .collect()
}

fn row<'a>(address: &str, name: &str, by: &'a [Means]) -> (String, String, &'a [Means]) {
    (address.to_owned(), name.to_owned(), by)
}

#[test]
fn units_on_every_lan_answer_broadcasts_and_those_behind_a_router_only_when_asked() {
    let Some(networks) = networks() else { return };
    let near = start(&networks, "u1", "Near", NEAR);
    let second = start(&networks, "u2", "Second", SECOND);
    let far = start(&networks, "u3", "Far", FAR);
    let router = networks.within("ro", || UdpSocket::bind("0.0.0.0:69").unwrap());

    let broadcast = || DiscoveryOptions {
        interfaces: true,
        ..DiscoveryOptions::default()
    };
    let report = search(&networks, broadcast());
    let udp = &[Means::Udp][..];
    assert_eq!(
        found(&report),
        [row(NEAR, "Near", udp), row(SECOND, "Second", udp)],
        "{report:?}"
    );
    assert_eq!(report.units[0].mac.as_ref(), near.macs.first());
    assert_eq!(report.units[1].mac.as_ref(), second.macs.first());
    assert_eq!(report.problems, []);

    // What the router heard: this interface's probes, from this interface's address, and nobody else's.
    assert_eq!(heard(&router), BTreeSet::from([COMPUTER[2].to_owned()]));

    let asked = DiscoveryOptions {
        criteria: vec![format!("{NEAR};{SECOND}")],
        ..broadcast()
    };
    let report = search(&networks, asked);
    let both = &[Means::Udp, Means::Tcp][..];
    assert_eq!(
        found(&report),
        [row(NEAR, "Near", both), row(SECOND, "Second", both)],
        "{report:?}"
    );
    let services = &report.units[0].services;
    assert_eq!(
        (
            services.base_port,
            services.configuration_tls,
            services.security_tls
        ),
        (Some(50804), Some(true), Some(true)),
        "Whois identifies it"
    );

    let only_one = DiscoveryOptions {
        broadcast: vec!["10.77.2.255".parse().unwrap()],
        ..DiscoveryOptions::default()
    };
    let report = search(&networks, only_one);
    assert_eq!(found(&report), [row(SECOND, "Second", udp)], "{report:?}");

    let searched = DiscoveryOptions {
        criteria: vec!["10.77.4.1-3".into()],
        timeout: Duration::from_millis(700),
        ..broadcast()
    };
    let report = search(&networks, searched);
    let tcp = &[Means::Tcp][..];
    let expect = [
        row(NEAR, "Near", udp),
        row(SECOND, "Second", udp),
        row(FAR, "Far", tcp),
    ];
    assert_eq!(found(&report), expect, "{report:?}");
    assert_eq!(report.units[2].mac.as_ref(), far.macs.first());
}

#[test]
fn one_address_behind_a_router_is_asked_by_ping_udp_and_tcp() {
    let Some(networks) = networks() else { return };
    let _far = start(&networks, "u3", "Far", FAR);
    assert!(networks.set("pc", "ipv4/ping_group_range", "0 2147483647"));
    let single = |address: &str| DiscoveryOptions {
        single: Some(address.to_owned()),
        timeout: Duration::from_millis(700),
        ..DiscoveryOptions::default()
    };
    let report = search(&networks, single(FAR));
    let both = &[Means::Udp, Means::Tcp][..];
    assert_eq!(found(&report), [row(FAR, "Far", both)], "{report:?}");
    assert_eq!(report.units[0].ping, Some(Ping::Answered), "{report:?}");
    assert!(networks.set("u3", "ipv4/icmp_echo_ignore_all", "1"));
    let report = search(&networks, single(FAR));
    assert_eq!(found(&report), [row(FAR, "Far", both)], "{report:?}");
    assert_eq!(report.units[0].ping, Some(Ping::Blocked), "{report:?}");
    // The router forwards; nobody has this address.
    let report = search(&networks, single("10.77.4.77"));
    assert_eq!(report.units, [], "{report:?}");
}

/// Who sent to a socket so far.
fn heard(socket: &UdpSocket) -> BTreeSet<String> {
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 2048];
    let mut from = BTreeSet::new();
    while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
        assert_eq!(&buffer[2..length.min(18)], b"nasystem/who_is\0", "a probe");
        from.insert(peer.ip().to_string());
    }
    from
}

#[test]
fn a_listener_on_the_line_sees_neither_name_nor_password_of_any_log_in() {
    const WRONG: &str = "Falsch-17-für-immer";
    let Some(networks) = networks() else { return };
    let _near = start(&networks, "u1", "Near", NEAR);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("line.pcap");
    let Some(capture) = networks.within("u1", move || Capture::start(file)) else {
        return;
    };
    networks.within("pc", || {
        here(async {
            for (overrides, service) in [
                (plain(), Service::Configuration),
                (Overrides::default(), Service::Configuration),
                (plain(), Service::Security),
                (Overrides::default(), Service::Security),
            ] {
                let computer = Computer::default();
                let cancel = CancellationToken::new();
                for (password, expect) in [(WRONG, false), (ADMINISTRATOR.1, true)] {
                    let user = (ADMINISTRATOR.0, password);
                    let session = computer.log_in(NEAR, service, &overrides, user, &cancel).await;
                    assert_eq!(session.is_ok(), expect, "{session:?}");
                    if let Ok(session) = session {
                        session.close().await;
                    }
                }
            }
        });
    });
    let line = capture.up_to_now(&networks);
    let plain_log_ins = line.windows(10).filter(|w| w == b"Trunkline\0").count();
    assert_eq!(plain_log_ins, 4, "each log-in over plain TCP is in the capture");
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    for secret in [ADMINISTRATOR.0, ADMINISTRATOR.1, WRONG] {
        assert!(!holds(&line, secret.as_bytes()), "{secret} is on the line");
        assert!(!holds(&line, &wide(secret)), "{secret} is on the line in UTF-16");
    }
    println!("{} bytes of eight log-ins captured", line.len());
}

/// A running tcpdump.
struct Capture {
    tcpdump: Child,
    file: PathBuf,
}

impl Capture {
    /// Starts it on a unit's side, and waits until it listens.
    fn start(file: PathBuf) -> Option<Self> {
        let child = Command::new("tcpdump")
            .args(["-i", "lan", "-U", "--immediate-mode", "-Z", "root", "-w"])
            .arg(&file)
            .stderr(Stdio::piped())
            .spawn();
        let mut capture = match child {
            Ok(tcpdump) => Self { tcpdump, file },
            Err(error) => return skip(&format!("tcpdump can not be run ({error})")),
        };
        let said = BufReader::new(capture.tcpdump.stderr.take().unwrap());
        let listens = said
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("listening on"));
        assert!(listens, "tcpdump ended");
        Some(capture)
    }

    /// What it wrote, up to a mark that is sent now.
    fn up_to_now(self, networks: &Networks) -> Vec<u8> {
        const MARK: &[u8] = b"the-end-of-the-capture";
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            networks.within("pc", || {
                let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                socket.send_to(MARK, (NEAR, 9)).unwrap();
            });
            let line = fs::read(&self.file).unwrap();
            if holds(&line, MARK) {
                return line;
            }
            assert!(Instant::now() < deadline, "the capture does not end");
            thread::yield_now();
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // It may have ended by itself, and nothing depends on it any more.
        self.tcpdump.kill().ok();
        self.tcpdump.wait().ok();
    }
}
