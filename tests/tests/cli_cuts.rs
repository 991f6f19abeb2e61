//! Transfers that are cut: how many connections one may use, and how far it got.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::{Computer, Site};

#[test]
fn a_receive_uses_as_many_connections_as_it_may_and_says_how_far_it_got() {
    let computer = Computer::new();
    // 120,000 bytes, of which each connection brings 40,000.
    let site = Site::one(&computer, "faults = ['cut-read:40000']");
    let receive = ["receive", &site.target(), "--out", "a.xml", "--json"];
    let cut = |computer: &Computer, further: &[&str]| {
        let lost = computer.run_as_user(&[&receive[..], further].concat()).exits(3);
        assert_eq!(lost.code(), "connection_lost");
        assert!(!computer.names().contains(&"a.xml".to_owned()), "{lost:?}");
        lost.json()["error"]["message"].as_str().unwrap().to_owned()
    };
    assert!(cut(&computer, &["--tries", "1"]).contains("after 40000 of 120000 bytes"));
    assert!(cut(&computer, &["--tries", "2"]).contains("after 80000 of 120000 bytes"));
    computer
        .run(&["preferences", "set", "transfer_tries", "2"])
        .exits(0);
    assert!(cut(&computer, &[]).contains("after 80000 of 120000 bytes"));

    let received = computer
        .run_as_user(&[&receive[..], &["--tries", "3"]].concat())
        .exits(0)
        .json();
    assert_eq!(
        (&received["resumed"], &received["bytes"]),
        (&true.into(), &120_000.into())
    );
    computer
        .run(&["preferences", "set", "transfer_tries", "3"])
        .exits(0);
    computer
        .run_as_user(&["receive", &site.target(), "--out", "b.xml"])
        .exits(0);
    assert_eq!(computer.text("a.xml"), computer.text("b.xml"));
    for tries in ["0", "21"] {
        computer
            .run(&["preferences", "set", "transfer_tries", tries])
            .exits(2)
            .says("from 1 to 20");
    }
}

#[test]
fn a_unit_that_falls_silent_ends_in_an_error_that_says_how_far_it_got() {
    let computer = Computer::new();
    let site = Site::one(&computer, "faults = ['stall:50000']");
    computer
        .run(&["preferences", "set", "transfer_timeout_ms", "500"])
        .exits(0);
    let receive = [
        "receive",
        &site.target(),
        "--out",
        "a.xml",
        "--json",
        "--tries",
        "1",
    ];
    let stalled = computer.run_as_user(&receive).exits(3);
    assert_eq!(stalled.code(), "connection_lost");
    let message = stalled.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("nothing moved for 1 s") && message.contains("after 50000 of 120000 bytes"),
        "{message}"
    );
    assert_eq!(computer.names(), ["data"]);
}
