//! How answers come together, whichever comes first.

use std::sync::Arc;
use std::time::Duration;

use trunkline_protocol::link::Whois;
use trunkline_protocol::who_is::WhoIsAnswer;

use super::super::report::{Means, Unit};
use super::*;

const MAC_A: [u8; 6] = [0, 0xE0, 7, 0, 0, 0xA];
const MAC_B: [u8; 6] = [0, 0xE0, 7, 0, 0, 0xB];

fn tcp(address: [u8; 4], port: u16, mac: Option<[u8; 6]>, name: &str) -> Sighting {
    let whois = Whois {
        mac,
        name: Some(name.into()),
        ..Whois::default()
    };
    Sighting::by_tcp((address, port).into(), whois, Duration::from_millis(1))
}

fn udp(address: [u8; 4], mac: Option<[u8; 6]>, name: &str) -> Sighting {
    let mac = mac
        .map(|mac| MacAddress::from_bytes(mac).unwrap().to_string())
        .unwrap_or_default();
    let answer = WhoIsAnswer::decode(format!("MAC \"{mac}\", NAME \"{name}\"").as_bytes()).unwrap();
    Sighting::by_udp(address.into(), answer, Duration::from_millis(2))
}

/// The rows that these answers make, by address and name.
fn rows_of(roll: &mut Roll, sightings: &[Sighting]) -> Vec<Unit> {
    let mut rows = HashMap::new();
    let mut out = Vec::new();
    for sighting in sightings {
        roll.add(sighting.clone(), &mut out);
    }
    for event in out {
        match event {
            DiscoveryEvent::Unit { row, unit } => drop(rows.insert(row, *unit)),
            DiscoveryEvent::Merged { row, .. } => drop(rows.remove(&row).unwrap()),
            other => panic!("{other:?}"),
        }
    }
    let mut units: Vec<_> = rows.into_values().collect();
    units.sort_by(|a, b| (a.address, a.discovery_port, &a.name).cmp(&(b.address, b.discovery_port, &b.name)));
    units
}

/// Checks every order of the answers: address, name and number of warnings of each row.
#[track_caller]
fn check(sightings: &[Sighting], expect: &[([u8; 4], &str, usize)]) {
    for order in orders(sightings) {
        let units = rows_of(&mut Roll::default(), &order);
        let shown: Vec<_> = units
            .iter()
            .map(|unit| (unit.address, unit.name.as_deref().unwrap(), unit.warnings.len()))
            .collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|(a, name, warnings)| (IpAddr::from(*a), *name, *warnings))
            .collect();
        assert_eq!(shown, expect, "{order:#?}\n{units:#?}");
    }
}

fn orders(all: &[Sighting]) -> Vec<Vec<Sighting>> {
    if all.len() < 2 {
        return vec![all.to_vec()];
    }
    let mut orders = Vec::new();
    for first in 0..all.len() {
        let mut rest = all.to_vec();
        let first = rest.remove(first);
        orders.extend(orders_after(&first, &rest));
    }
    orders
}

fn orders_after(first: &Sighting, rest: &[Sighting]) -> Vec<Vec<Sighting>> {
    orders(rest)
        .into_iter()
        .map(|mut order| {
            order.insert(0, first.clone());
            order
        })
        .collect()
}

const X: [u8; 4] = [10, 0, 0, 1];
const Y: [u8; 4] = [10, 0, 0, 2];
const V: [u8; 4] = [10, 0, 1, 1];
const W: [u8; 4] = [10, 0, 1, 2];

#[test]
fn one_unit_is_one_row() {
    check(
        &[tcp(X, 50802, Some(MAC_A), "A"), udp(X, Some(MAC_A), "A")],
        &[(X, "A", 0)],
    );
    check(
        &[tcp(X, 50802, None, "A"), udp(X, Some(MAC_A), "A")],
        &[(X, "A", 0)],
    );
    check(&[tcp(X, 50802, None, "A"), udp(X, None, "A")], &[(X, "A", 0)]);
    check(
        &[tcp(X, 50802, Some(MAC_A), "東京"), udp(X, Some(MAC_A), "??")],
        &[(X, "東京", 0)],
    );
}

#[test]
fn two_addresses_of_one_unit_are_one_row() {
    check(
        &[udp(X, Some(MAC_A), "A"), udp(Y, Some(MAC_A), "A")],
        &[(X, "A", 0)],
    );
    check(
        &[udp(X, Some(MAC_A), "A"), tcp(Y, 50802, Some(MAC_A), "A")],
        &[(Y, "A", 0)],
    );
    // What joins them comes only with the Whois.
    check(
        &[
            udp(X, None, "A"),
            udp(Y, Some(MAC_A), "A"),
            tcp(X, 50802, Some(MAC_A), "A"),
        ],
        &[(X, "A", 0)],
    );
    let units = rows_of(
        &mut Roll::default(),
        &[udp(X, Some(MAC_A), "A"), tcp(Y, 50802, Some(MAC_A), "A")],
    );
    assert_eq!(units[0].other_addresses, [IpAddr::from(X)]);
    assert_eq!(units[0].found_by, [Means::Udp, Means::Tcp]);
}

#[test]
fn lan1_is_the_address_that_is_shown() {
    let mut whois = tcp(Y, 50802, Some(MAC_A), "A");
    whois.lan1 = Some(Y.into());
    check(&[tcp(X, 50802, Some(MAC_A), "A"), whois], &[(Y, "A", 0)]);
}

#[test]
fn whois_wins_over_udp_and_the_difference_is_a_warning() {
    check(
        &[tcp(X, 50802, Some(MAC_A), "A"), udp(X, Some(MAC_A), "B")],
        &[(X, "A", 1)],
    );
    check(
        &[tcp(X, 50802, Some(MAC_A), "A"), udp(X, Some(MAC_B), "B")],
        &[(X, "A", 2)],
    );
    check(
        &[tcp(X, 50802, Some(MAC_A), "A"), udp(X, None, "B")],
        &[(X, "A", 1)],
    );
}

#[test]
fn different_units_with_one_mac_are_two_rows_that_say_so() {
    check(
        &[udp(X, Some(MAC_A), "A"), udp(Y, Some(MAC_A), "B")],
        &[(X, "A", 1), (Y, "B", 1)],
    );
    check(
        &[tcp(X, 50802, Some(MAC_A), "A"), tcp(Y, 50802, Some(MAC_A), "B")],
        &[(X, "A", 1), (Y, "B", 1)],
    );
    check(
        &[tcp(X, 50802, Some(MAC_A), "A"), tcp(X, 50902, Some(MAC_A), "B")],
        &[(X, "A", 1), (X, "B", 1)],
    );
}

#[test]
fn copies_with_one_mac_and_name_are_told_apart_by_their_lan1() {
    let at = |address: [u8; 4], lan1: [u8; 4]| Sighting {
        lan1: Some(lan1.into()),
        ..tcp(address, 50802, Some(MAC_A), "A")
    };
    check(&[at(X, X), at(Y, Y)], &[(X, "A", 1), (Y, "A", 1)]);
    // One unit, asked on both of its LANs.
    check(&[at(X, X), at(Y, X)], &[(X, "A", 0)]);
    check(&[at(X, X), at(Y, X), udp(Y, Some(MAC_A), "A")], &[(X, "A", 0)]);
    // Both are asked on both of their LANs.
    check(
        &[at(X, X), at(Y, Y), at(V, X), at(W, Y)],
        &[(X, "A", 1), (Y, "A", 1)],
    );
}

#[test]
fn different_units_at_one_address_are_two_rows_that_say_so() {
    check(
        &[udp(X, Some(MAC_A), "A"), udp(X, Some(MAC_B), "B")],
        &[(X, "A", 1), (X, "B", 1)],
    );
}

#[test]
fn units_behind_the_ports_of_one_address_stay_apart() {
    for order in orders(&[
        tcp(X, 50802, Some(MAC_A), "A"),
        tcp(X, 50902, Some(MAC_B), "B"),
        udp(X, Some(MAC_A), "A"),
        udp(X, Some(MAC_B), "B"),
    ]) {
        let mut roll = Roll::default();
        roll.asking((X, 50802).into());
        roll.asking((X, 50902).into());
        let units = rows_of(&mut roll, &order);
        let shown: Vec<_> = units
            .iter()
            .map(|u| (u.name.as_deref().unwrap(), u.discovery_port, u.found_by.len()))
            .collect();
        assert_eq!(shown, [("A", None, 2), ("B", Some(50902), 2)], "{order:#?}");
        assert!(units.iter().all(|unit| unit.warnings.is_empty()));
    }
}

#[test]
fn a_saved_site_gives_its_name_and_group_by_its_port() {
    let site = |port, name: &str| SavedAt {
        discovery_port: port,
        site: Arc::new((name.to_owned(), Some("North".to_owned()))),
    };
    let mut roll = Roll::default();
    roll.save(X.into(), site(50802, "one"));
    roll.save(X.into(), site(50902, "two"));
    roll.save(Y.into(), site(50802, "three"));
    let units = rows_of(
        &mut roll,
        &[
            tcp(X, 50902, Some(MAC_A), "A"),
            udp(Y, Some(MAC_B), "B"),
            tcp(X, 7, None, "C"),
        ],
    );
    let shown: Vec<_> = units
        .iter()
        .map(|u| (u.name.as_deref().unwrap(), u.site.as_deref(), &*u.found_by))
        .collect();
    assert_eq!(
        shown,
        [
            ("C", None, &[Means::Tcp][..]),
            ("A", Some("two"), &[Means::Tcp, Means::Saved][..]),
            ("B", Some("three"), &[Means::Udp, Means::Saved][..])
        ]
    );
    assert_eq!(units[1].group.as_deref(), Some("North"));
}

#[test]
fn a_flood_of_forged_answers_is_bounded() {
    let mut roll = Roll::default();
    let mut out = Vec::new();
    let forged = udp(X, Some(MAC_A), "A");
    for number in 0..70_100_u32 {
        let [_, b, c, d] = number.to_be_bytes();
        let address = [10, b, c, d].into();
        roll.add(
            Sighting {
                address,
                name: Some(number.to_string()),
                ..forged.clone()
            },
            &mut out,
        );
        out.retain(|event| matches!(event, DiscoveryEvent::Notice(_)));
    }
    assert_eq!(roll.rows.len(), MOST_ROWS);
    assert_eq!(out.len(), 1, "one notice, once: {out:?}");
    // One unit that says the same from everywhere is one row, and keeps few of its answers.
    let mut roll = Roll::default();
    for number in 0..1000_u32 {
        let [_, b, c, d] = number.to_be_bytes();
        roll.add(udp([10, b, c, d], Some(MAC_A), "same"), &mut Vec::new());
    }
    assert_eq!(roll.rows.len(), 1);
    assert_eq!(roll.rows[0].as_ref().unwrap().sightings.len(), MOST_SIGHTINGS);
}
