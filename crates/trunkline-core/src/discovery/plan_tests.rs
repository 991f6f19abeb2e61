use super::*;

const LAN: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 5);
const VPN: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

fn interfaces() -> Interfaces {
    let address =
        |interface: &str, address: [u8; 4], prefix_length, broadcast: Option<[u8; 4]>| InterfaceAddress {
            interface: interface.into(),
            address: address.into(),
            prefix_length,
            broadcast: broadcast.map(Ipv4Addr::from),
        };
    Interfaces {
        loopback: vec![address("lo", [127, 0, 0, 1], 8, Some([127, 255, 255, 255]))],
        usable: vec![
            address("eth0", LAN.octets(), 24, Some([10, 0, 1, 255])),
            address("tun0", VPN.octets(), 32, None),
        ],
        link_local_only: vec![address("eth1", [169, 254, 9, 9], 16, Some([169, 254, 255, 255]))],
    }
}

fn plan(change: impl FnOnce(&mut DiscoveryOptions)) -> Plan {
    let mut options = DiscoveryOptions::default();
    change(&mut options);
    Plan::new(&options, &interfaces())
}

/// Who is asked by UDP, as `from>to` with a `*` behind what may be a broadcast.
fn udp(plan: &Plan) -> Vec<String> {
    let each = |source: &Source| {
        let from = source.from;
        let shown = |d: &Destination| match d {
            Destination::Unicast(to) => format!("{from}>{to}"),
            Destination::Broadcast(to) => format!("{from}>{to}*"),
        };
        source.destinations.iter().map(shown).collect::<Vec<_>>()
    };
    plan.udp.iter().flat_map(each).collect()
}

fn tcp(plan: &Plan) -> Vec<String> {
    plan.tcp.iter().map(|target| target.address.to_string()).collect()
}

fn site(name: &str, host: &str) -> SavedSite {
    SavedSite {
        name: name.into(),
        host: host.into(),
        ..SavedSite::default()
    }
}

#[test]
fn a_search_of_every_interface_sends_from_each() {
    let plan = plan(|options| options.interfaces = true);
    assert_eq!(
        udp(&plan),
        [
            "10.0.1.5>255.255.255.255:69*",
            "10.0.1.5>10.0.1.255:69*",
            "10.9.0.2>255.255.255.255:69*"
        ]
    );
    assert_eq!(plan.udp.iter().map(|source| source.counted).sum::<usize>(), 3);
    assert!(tcp(&plan).is_empty() && plan.problems.is_empty());
    let [notice] = &plan.notices[..] else {
        panic!("{:?}", plan.notices)
    };
    assert!(
        notice.contains("eth1") && notice.contains("169.254.9.9"),
        "{notice}"
    );
    let plan = self::plan(|options| {
        options.interfaces = true;
        options.include_link_local = true;
    });
    assert_eq!(
        udp(&plan)[3..],
        [
            "169.254.9.9>255.255.255.255:69*",
            "169.254.9.9>169.254.255.255:69*"
        ]
    );
    assert!(plan.notices.is_empty(), "{:?}", plan.notices);
}

#[test]
fn a_broadcast_goes_out_where_its_network_is() {
    let check = |to: [u8; 4], expect: &[&str]| {
        assert_eq!(udp(&plan(|options| options.broadcast = vec![to.into()])), expect);
        let text = Ipv4Addr::from(to).to_string();
        let single = plan(|options| options.single = Some(format!(" {text} ")));
        assert_eq!(
            (udp(&single), single.single),
            (expect.iter().map(ToString::to_string).collect(), None)
        );
        assert_eq!(tcp(&single), [""; 0]);
    };
    check(
        [255, 255, 255, 255],
        &["10.0.1.5>255.255.255.255:69*", "10.9.0.2>255.255.255.255:69*"],
    );
    check([10, 0, 1, 255], &["10.0.1.5>10.0.1.255:69*"]);
    check([169, 254, 255, 255], &["169.254.9.9>169.254.255.255:69*"]);
    check([127, 255, 255, 255], &["0.0.0.0>127.255.255.255:69*"]);
    let elsewhere = plan(|options| options.broadcast = vec![[192, 168, 7, 255].into()]);
    assert_eq!(udp(&elsewhere), ["0.0.0.0>192.168.7.255:69*"]);
}

#[test]
fn the_single_address_is_asked_by_both_and_its_port_is_whois_s() {
    let check = |text: &str, single: &str, expect_tcp: &str, expect_udp: &str| {
        let plan = plan(|options| options.single = Some(text.into()));
        assert_eq!(plan.single, Some(single.parse().unwrap()));
        assert_eq!(
            (tcp(&plan), udp(&plan)),
            (vec![expect_tcp.to_owned()], vec![expect_udp.to_owned()])
        );
        assert!(plan.tcp[0].alone);
        assert_eq!(plan.udp[0].counted, 0, "counted with TCP");
    };
    check("10.2.0.1", "10.2.0.1", "10.2.0.1:50802", "0.0.0.0>10.2.0.1:69");
    check("10.2.0.1:5", "10.2.0.1", "10.2.0.1:5", "0.0.0.0>10.2.0.1:69");
    check(
        "[2001:db8::1]:5",
        "2001:db8::1",
        "[2001:db8::1]:5",
        "::>[2001:db8::1]:69",
    );
    // It may be a broadcast of a network elsewhere, or a unit of a wide one.
    check(
        "10.2.3.255",
        "10.2.3.255",
        "10.2.3.255:50802",
        "0.0.0.0>10.2.3.255:69*",
    );
    let named = plan(|options| options.single = Some("pbx.example".into()));
    assert_eq!(
        (named.names[0].tcp, named.names[0].udp, named.names[0].single),
        (Some(50802), Some(69), true)
    );
}

#[test]
fn what_is_no_single_address_is_a_problem() {
    let check = |text: &str, expect: &str| {
        let plan = plan(|options| options.single = Some(text.into()));
        let [problem] = &plan.problems[..] else {
            panic!("{:?}", plan.problems)
        };
        assert!(problem.reason.contains(expect), "{text}: {}", problem.reason);
        assert!(plan.tcp.is_empty() && plan.udp.is_empty() && plan.names.is_empty());
    };
    check("", "it is empty");
    check("10.0.0.0/24", "a range belongs in the IP Search Criteria");
    check("10.0.0.1;10.0.0.2", "several entries");
    check("10.0.0.300", "not an IPv4 address");
}

#[test]
fn criteria_are_asked_by_tcp_only_and_bad_entries_are_named() {
    let plan = plan(|options| {
        options.criteria = vec!["10.0.0.1-3; 10.0.0.300; a.example:7".into(), "10.0.0.2:9".into()];
    });
    assert_eq!(
        tcp(&plan),
        ["10.0.0.1:50802", "10.0.0.2:50802", "10.0.0.3:50802", "10.0.0.2:9"]
    );
    assert!(plan.udp.is_empty());
    // An address in a range is one of many; what has an entry of its own is missed when it does not answer.
    let alone: Vec<bool> = plan.tcp.iter().map(|target| target.alone).collect();
    assert_eq!(alone, [false, false, false, true]);
    assert_eq!(
        (
            plan.names[0].name.as_str(),
            plan.names[0].tcp,
            plan.names[0].position
        ),
        ("a.example", Some(7), 25)
    );
    assert_eq!(
        (plan.problems[0].entry.as_str(), plan.problems[0].position),
        ("10.0.0.300", 13)
    );
}

#[test]
fn several_criteria_share_one_limit() {
    let plan = plan(|options| {
        options.criteria = vec!["10.0.0.0/16".into(), "10.1.0.0/29".into(), "10.1.1.1".into()];
    });
    assert_eq!(plan.tcp.len(), 65_535);
    assert_eq!(plan.problems.len(), 1);
    assert!(plan.problems[0].entry == "10.1.0.0/29" && plan.problems[0].reason.contains("2 of 65536"));
}

#[test]
fn saved_sites_are_asked_by_both_at_their_own_ports() {
    let plan = plan(|options| {
        let ported = SavedSite {
            discovery_port: Some(7),
            tftp_port: Some(8),
            ..site("b", "10.0.0.2")
        };
        options.sites = vec![site("a", "10.0.0.1"), ported, site("c", "c.example")];
    });
    assert_eq!(tcp(&plan), ["10.0.0.1:50802", "10.0.0.2:7"]);
    assert_eq!(udp(&plan), ["0.0.0.0>10.0.0.1:69", "0.0.0.0>10.0.0.2:8"]);
    assert_eq!(
        (
            plan.names.len(),
            plan.names[0].site.as_ref().unwrap().site.0.as_str()
        ),
        (1, "c")
    );
    assert_eq!(
        plan.saved
            .iter()
            .map(|(_, saved)| saved.discovery_port)
            .collect::<Vec<_>>(),
        [50802, 7]
    );
}

#[test]
fn what_is_switched_off_is_not_asked() {
    let all = |options: &mut DiscoveryOptions| {
        options.interfaces = true;
        options.broadcast = vec![[10, 0, 1, 255].into()];
        options.single = Some("10.2.0.1".into());
        options.criteria = vec!["10.0.0.1; a.example".into()];
        options.sites = vec![site("a", "10.0.0.9")];
    };
    let without_udp = plan(|options| {
        all(options);
        options.udp = false;
    });
    assert!(without_udp.udp.is_empty() && without_udp.tcp.len() == 3 && without_udp.names.len() == 1);
    let without_tcp = plan(|options| {
        all(options);
        options.tcp = false;
    });
    assert!(without_tcp.tcp.is_empty() && without_tcp.names.is_empty());
    assert_eq!(
        without_tcp.udp.iter().map(|source| source.counted).sum::<usize>(),
        5
    );
}
