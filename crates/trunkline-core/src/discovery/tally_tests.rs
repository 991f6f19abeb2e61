//! What is told of what was heard.

use trunkline_protocol::link::Whois;

use std::sync::Arc;

use super::super::row::{NamedAt, SavedAt};
use super::*;

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

fn told(heard: Vec<Heard>) -> Vec<DiscoveryEvent> {
    let mut tally = Tally::default();
    let mut out = Vec::new();
    for heard in heard {
        tally.hear(heard, &mut out);
    }
    tally.end(&DiscoveryOptions::default(), &mut out);
    out
}

fn whois() -> Heard {
    let whois = Box::new(Whois::default());
    Heard::Tcp {
        address: (ADDRESS, 50802).into(),
        whois,
        round_trip: Duration::ZERO,
    }
}

fn silent() -> Heard {
    silent_at([10, 0, 0, 1], 50802)
}

fn silent_at(address: [u8; 4], port: u16) -> Heard {
    Heard::TcpSilent {
        address: (address, port).into(),
        alone: true,
    }
}

fn named(address: [u8; 4], port: u16, name: &str) -> Heard {
    Heard::Named {
        address: address.into(),
        named: NamedAt {
            discovery_port: Some(port),
            name: name.into(),
        },
    }
}

fn ping(echo: Echo) -> Heard {
    Heard::Ping {
        address: ADDRESS,
        echo,
    }
}

#[test]
fn a_ping_is_a_finding_on_the_row_whichever_comes_first() {
    let last = |heard| match told(heard).pop() {
        Some(DiscoveryEvent::Unit { unit, .. }) => unit.ping,
        other => panic!("{other:?}"),
    };
    let single = || Heard::Single(ADDRESS);
    assert_eq!(
        last(vec![single(), whois(), ping(Echo::Silent)]),
        Some(Ping::Blocked)
    );
    assert_eq!(
        last(vec![single(), ping(Echo::Answered), whois()]),
        Some(Ping::Answered)
    );
    assert_eq!(last(vec![whois()]), None);
}

#[test]
fn what_only_answers_ping_is_unidentified_and_what_answers_nothing_is_said() {
    let events = told(vec![Heard::Single(ADDRESS), silent(), ping(Echo::Answered)]);
    let [DiscoveryEvent::Unidentified(entry)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((entry.address, entry.port), (ADDRESS, None));
    let events = told(vec![Heard::Single(ADDRESS), silent(), ping(Echo::Silent)]);
    assert!(
        matches!(&events[..], [DiscoveryEvent::NoAnswer(none)] if none.address == ADDRESS && none.site.is_none())
    );
}

#[test]
fn no_permission_to_ping_is_a_notice() {
    let events = told(vec![
        Heard::Single(ADDRESS),
        whois(),
        ping(Echo::NotPossible("why".into())),
    ]);
    assert!(matches!(&events[1], DiscoveryEvent::Notice(text) if text.contains("does not permit (why)")));
    assert_eq!(events.len(), 2);
}

#[test]
fn a_refusal_is_told_of_what_was_asked_for_by_itself_and_only_where_no_unit_is() {
    let refused = |alone| Heard::TcpRefused {
        address: (ADDRESS, 50802).into(),
        alone,
    };
    assert_eq!(told(vec![refused(false)]), []);
    assert!(
        matches!(&told(vec![refused(true)])[..], [DiscoveryEvent::Unidentified(e)] if e.port == Some(50802))
    );
    let by_udp = || {
        let answer = trunkline_protocol::who_is::WhoIsAnswer::decode(b"NAME \"n\"").unwrap();
        Heard::Udp {
            address: ADDRESS,
            answer: Box::new(answer),
            round_trip: Duration::ZERO,
        }
    };
    assert!(matches!(
        &told(vec![refused(true), by_udp()])[..],
        [DiscoveryEvent::Unit { .. }]
    ));
    // Behind two ports of one address there may be two units, of which one is off.
    let asking = |port| Heard::Asking(vec![(ADDRESS, port).into()]);
    let other = Heard::TcpRefused {
        address: (ADDRESS, 7).into(),
        alone: true,
    };
    let events = told(vec![asking(50802), asking(7), whois(), other]);
    assert!(
        matches!(&events[..], [DiscoveryEvent::Unit { .. }, DiscoveryEvent::Unidentified(e)] if e.port == Some(7)),
        "{events:?}"
    );
}

#[test]
fn of_a_saved_site_a_refusal_is_told_beside_the_missing_answer() {
    let saved = |port| Heard::Saved {
        address: ADDRESS,
        site: SavedAt {
            discovery_port: port,
            site: Arc::new(("Bern".into(), None)),
        },
    };
    let refused = || Heard::TcpRefused {
        address: (ADDRESS, 50802).into(),
        alone: false,
    };
    let events = told(vec![saved(50802), refused()]);
    assert!(
        matches!(&events[..], [DiscoveryEvent::Unidentified(e), DiscoveryEvent::NoAnswer(none)]
            if e.kind == UnidentifiedKind::Refused && none.site.as_deref() == Some("Bern")),
        "{events:?}"
    );
    let of_another_port = told(vec![saved(7), refused()]);
    assert!(
        matches!(&of_another_port[..], [DiscoveryEvent::NoAnswer(_)]),
        "{of_another_port:?}"
    );
}

#[test]
fn what_has_an_entry_of_its_own_is_missed_when_it_does_not_answer() {
    let missed = |heard| {
        let none = told(heard).into_iter().filter_map(|event| match event {
            DiscoveryEvent::NoAnswer(none) => Some(none),
            _ => None,
        });
        none.map(|none| {
            (
                none.address.to_string(),
                none.must_be_open.discovery,
                none.dns_names,
            )
        })
        .collect::<Vec<_>>()
    };
    let one = |last: u8, port, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        (format!("10.0.0.{last}"), port, names)
    };
    let in_a_range = Heard::TcpSilent {
        address: (ADDRESS, 50802).into(),
        alone: false,
    };
    assert_eq!(missed(vec![in_a_range]), []);
    assert_eq!(
        missed(vec![silent_at([10, 0, 0, 2], 7), silent()]),
        [one(1, 50802, &[]), one(2, 7, &[])]
    );
    // Asked again, it answers; or it was refused.
    assert_eq!(missed(vec![silent(), whois()]), []);
    // Behind two ports of one address there may be two units, of which one is missing.
    let asking = |port| Heard::Asking(vec![(ADDRESS, port).into()]);
    let two = vec![asking(50802), asking(7), silent_at([10, 0, 0, 1], 7), whois()];
    assert_eq!(missed(two), [one(1, 7, &[])]);
    // A name is missing where none of its addresses answers, and is told once.
    let name = |last| named([10, 0, 0, last], 50802, "pbx.example");
    let none = vec![
        name(2),
        name(3),
        silent_at([10, 0, 0, 3], 50802),
        silent_at([10, 0, 0, 2], 50802),
    ];
    assert_eq!(missed(none), [one(2, 50802, &["pbx.example"])]);
    assert_eq!(
        missed(vec![name(1), name(2), silent_at([10, 0, 0, 2], 50802), whois()]),
        []
    );
}

#[test]
fn a_row_tells_the_names_of_its_address_whichever_comes_first() {
    let names = |heard| match told(heard).pop() {
        Some(DiscoveryEvent::Unit { unit, .. }) => unit.dns_names,
        other => panic!("{other:?}"),
    };
    let (a, b) = (
        || named([10, 0, 0, 1], 50802, "a.example"),
        || named([10, 0, 0, 1], 7, "b.example"),
    );
    assert_eq!(names(vec![a(), whois()]), ["a.example"]);
    assert_eq!(names(vec![whois(), b(), a()]), ["a.example", "b.example"]);
    // Behind two ports of one address each has its own.
    let asking = |port| Heard::Asking(vec![(ADDRESS, port).into()]);
    assert_eq!(
        names(vec![asking(50802), asking(7), a(), b(), whois()]),
        ["a.example"]
    );
    let open = Heard::TcpUnidentified {
        address: (ADDRESS, 50802).into(),
        reason: "why".into(),
    };
    assert!(
        matches!(&told(vec![a(), open])[..], [DiscoveryEvent::Unidentified(entry)] if entry.dns_names == ["a.example"])
    );
    // What refuses at another address of a name that was found is not worth telling.
    let elsewhere = || named([10, 0, 0, 2], 50802, "a.example");
    let refused = || Heard::TcpRefused {
        address: ([10, 0, 0, 2], 50802).into(),
        alone: true,
    };
    let found = told(vec![a(), elsewhere(), refused(), whois()]);
    assert!(matches!(&found[..], [DiscoveryEvent::Unit { .. }]), "{found:?}");
    let missing = told(vec![elsewhere(), refused()]);
    assert!(
        matches!(&missing[..], [DiscoveryEvent::Unidentified(entry)] if entry.dns_names == ["a.example"])
    );
}
