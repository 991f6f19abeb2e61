//! This computer's interfaces on networks of the test's own: link-local ones on request, and changes while the program
//! runs. Needs root and `ip`; says so and passes otherwise.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use trunkline_core::discovery::{DiscoveryOptions, Report, collect, discover, watch_interfaces};
use trunkline_tests::namespace::Networks;

/// Long where something is sure to come.
const LONG: Duration = Duration::from_secs(30);

/// Runs work of the program's on the thread that it is called on.
fn run<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// A search of every interface from the computer.
fn search(networks: &Networks, include_link_local: bool) -> Report {
    let options = DiscoveryOptions {
        interfaces: true,
        include_link_local,
        timeout: Duration::from_millis(300),
        ..DiscoveryOptions::default()
    };
    networks.within("pc", || {
        run(async { collect(discover(options, CancellationToken::new()), |_| ()).await })
    })
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
fn an_interface_with_a_link_local_address_alone_is_searched_on_request_and_else_named() {
    let Some(networks) = Networks::new(&["pc", "u1", "u2"]) else {
        return;
    };
    networks.cable(("pc", "lan1", "10.78.1.10/24"), ("u1", "lan", "10.78.1.1/24"));
    networks.cable(("pc", "lan2", "169.254.7.7/16"), ("u2", "lan", "169.254.7.1/16"));
    let [routed, direct] =
        ["u1", "u2"].map(|unit| networks.within(unit, || UdpSocket::bind("0.0.0.0:69").unwrap()));

    let report = search(&networks, false);
    assert_eq!(heard(&routed), BTreeSet::from(["10.78.1.10".to_owned()]));
    assert_eq!(heard(&direct), BTreeSet::new());
    let [notice] = &report.notices[..] else {
        panic!("{report:?}")
    };
    assert!(
        notice.contains("lan2") && notice.contains("169.254.7.7"),
        "{notice}"
    );

    let report = search(&networks, true);
    assert_eq!(heard(&routed), BTreeSet::from(["10.78.1.10".to_owned()]));
    assert_eq!(heard(&direct), BTreeSet::from(["169.254.7.7".to_owned()]));
    assert_eq!(report.notices, Vec::<String>::new());
}

#[test]
fn each_address_of_an_interface_asks_its_own_network() {
    let Some(networks) = Networks::new(&["pc", "u1"]) else {
        return;
    };
    networks.cable(("pc", "lan1", "10.78.1.10/24"), ("u1", "lan", "10.78.1.1/24"));
    networks.ip("pc", "address add 10.78.2.10/24 dev lan1");
    let line = networks.within("u1", || UdpSocket::bind("0.0.0.0:69").unwrap());
    let report = search(&networks, false);
    assert_eq!(
        heard(&line),
        BTreeSet::from(["10.78.1.10".to_owned(), "10.78.2.10".to_owned()])
    );
    assert_eq!(report.notices, Vec::<String>::new());
}

#[test]
fn a_change_of_address_while_the_program_runs_is_noticed() {
    let Some(networks) = Networks::new(&["pc", "u1"]) else {
        return;
    };
    networks.cable(("pc", "lan1", "10.78.1.10/24"), ("u1", "lan", "10.78.1.1/24"));
    let told = networks.within("pc", || {
        run(async {
            let mut interfaces = watch_interfaces();
            let before = interfaces.borrow_and_update().clone();
            // The program changes its own namespace: where it runs, `ip` runs too.
            let ip = |words: &str| {
                let done = std::process::Command::new("ip")
                    .args(words.split(' '))
                    .status()
                    .unwrap();
                assert!(done.success(), "ip {words}");
            };
            let mut told = Vec::new();
            for change in [
                "address add 10.78.9.10/16 dev lan1",
                "address del 10.78.1.10/24 dev lan1",
                "link set lan1 down",
            ] {
                ip(change);
                timeout(LONG, interfaces.changed()).await.unwrap().unwrap();
                let now = interfaces.borrow_and_update().clone();
                told.push(now.changes_since(&before).to_string());
            }
            told
        })
    });
    assert_eq!(
        told,
        [
            "lan1 now has 10.78.9.10/16",
            "lan1 now has 10.78.9.10/16; lan1 no longer has 10.78.1.10/24",
            "lan1 no longer has 10.78.1.10/24"
        ]
    );
}
