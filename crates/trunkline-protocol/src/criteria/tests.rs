use super::*;

/// Everything an entry leads to, in short: its targets, or why there are none.
fn outcome(text: &str) -> Vec<String> {
    let criteria = Criteria::parse(text);
    let targets = criteria.targets(50802).map(|target| match target.host {
        Host::Address(IpAddr::V6(address)) => format!("[{address}]:{}", target.port),
        Host::Address(address) => format!("{address}:{}", target.port),
        Host::Name(name) => format!("{name}:{}", target.port),
    });
    targets
        .chain(criteria.bad_entries().iter().map(|bad| bad.reason.to_string()))
        .collect()
}

#[test]
fn every_kind_of_entry_names_its_targets() {
    let check = |text: &str, expect: &[&str]| assert_eq!(outcome(text), expect, "{text}");
    check("", &[]);
    check(" ; \n;\r\n # nothing here", &[]);
    check("10.0.0.1", &["10.0.0.1:50802"]);
    check("10.0.0.1:50900", &["10.0.0.1:50900"]);
    check(
        "10.0.0.254-10.0.1.1",
        &[
            "10.0.0.254:50802",
            "10.0.0.255:50802",
            "10.0.1.0:50802",
            "10.0.1.1:50802",
        ],
    );
    check(
        "10.0.0.7 - 9:50900",
        &["10.0.0.7:50900", "10.0.0.8:50900", "10.0.0.9:50900"],
    );
    check("10.0.0.7-7", &["10.0.0.7:50802"]);
    check("10.0.0.0/30", &["10.0.0.1:50802", "10.0.0.2:50802"]);
    check("10.0.0.3/30", &["10.0.0.1:50802", "10.0.0.2:50802"]);
    check("10.0.0.4/31:7", &["10.0.0.4:7", "10.0.0.5:7"]);
    check("10.0.0.4/32", &["10.0.0.4:50802"]);
    check("2001:db8::1", &["[2001:db8::1]:50802"]);
    check("[2001:db8::1]", &["[2001:db8::1]:50802"]);
    check("[2001:db8::1]:50900", &["[2001:db8::1]:50900"]);
    check("2001:db8::/127", &["[2001:db8::]:50802", "[2001:db8::1]:50802"]);
    check(
        "[2001:db8::1-2001:db8::2]:9",
        &["[2001:db8::1]:9", "[2001:db8::2]:9"],
    );
    check("PBX.Example.com.:50900", &["pbx.example.com:50900"]);
    check("pbx-1", &["pbx-1:50802"]);
    check("10-0-0-1.example.com", &["10-0-0-1.example.com:50802"]);
    check("7eleven.example", &["7eleven.example:50802"]);
    check("head_office", &["head_office:50802"]);
}

#[test]
fn a_bad_entry_says_why() {
    let check = |text: &str, expect: Reason| assert_eq!(outcome(text), [expect.to_string()], "{text}");
    for text in [
        "10.0.0",
        "300.0.0.1",
        "10.0.0.1.2",
        "010.0.0.1",
        "12345",
        "10.0.0./24",
        "10..0.1",
        "1-2",
        ".",
    ] {
        check(text, Reason::Ipv4Address);
    }
    for text in [
        "2001:db8:::1",
        "[2001:db8::1",
        "[10.0.0.1]:80",
        "[::1]50802",
        "[]",
        "1:2:3",
        "12345::/64",
    ] {
        check(text, Reason::Ipv6Address);
    }
    check("fe80::1%eth0", Reason::Interface);
    for text in [
        "10.0.0.1-",
        "10.0.0.1-256",
        "10.0.0.1-10.0.0",
        "10.0.0.1-x",
        "10.0.0.1--3",
        "2001:db8::1-ff",
    ] {
        check(text, Reason::RangeEnd);
    }
    check("10.0.0.1-2001:db8::1", Reason::MixedRange);
    check("10.0.0.9-10.0.0.1", Reason::ReversedRange);
    check("10.0.0.9-3", Reason::ReversedRange);
    for text in [
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0.0/255.255.255.0",
    ] {
        check(text, Reason::PrefixLength { max: 32 });
    }
    check("2001:db8::/129", Reason::PrefixLength { max: 128 });
    for text in [
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "ff02::1",
        "::",
        "255.255.255.250-255",
        "224.0.0.0/24",
    ] {
        check(text, Reason::NotAUnit);
    }
    for text in [
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:",
        "10.0.0.1:+5",
        "[::1]:x",
        "pbx:http",
    ] {
        check(text, Reason::Port);
    }
    for text in [
        "pbx_1 example",
        "-pbx",
        "pbx-.example",
        "a..b",
        "pbx@x",
        "0x0a000001",
        "a.1",
        "10.0.0.0x1",
    ] {
        check(text, Reason::Name);
    }
    check("zürich.example", Reason::NameNotAscii);
    check("“pbx”", Reason::Name);
    check(&format!("{}.example", "a".repeat(64)), Reason::NameTooLong);
    check(&["abcdefgh"; 30].join("."), Reason::NameTooLong);
}

#[test]
fn good_entries_run_beside_bad_ones_and_each_knows_its_place() {
    let text = "10.0.0.1; Größe ;10.0.0.9-1 # ten; and 10.0.0.3\r\n\u{1b}[31m;pbx.example:5";
    let criteria = Criteria::parse(text);
    let good: Vec<_> = criteria
        .entries()
        .iter()
        .map(|entry| (&*entry.text, entry.position, entry.byte_offset))
        .collect();
    assert_eq!(good, [("10.0.0.1", 1, 0), ("pbx.example:5", 56, 57)]);
    for entry in criteria.entries() {
        assert!(text[entry.byte_offset..].starts_with(&entry.text));
    }
    let bad: Vec<_> = criteria
        .bad_entries()
        .iter()
        .map(|bad| (&*bad.entry, bad.position))
        .collect();
    assert_eq!(bad, [("Größe", 11), ("10.0.0.9-1", 18), ("\\u{1b}[31m", 50)]);
}

#[test]
fn a_long_bad_entry_is_cut() {
    let criteria = Criteria::parse(&"é".repeat(500));
    assert_eq!(criteria.bad_entries()[0].entry.chars().count(), QUOTED_LENGTH + 1);
}

#[test]
fn duplicates_are_asked_once_and_another_port_is_no_duplicate() {
    let text = "10.0.0.1-3;10.0.0.2;10.0.0.0/30:50802;10.0.0.2:9;::ffff:10.0.0.2;PBX;pbx.;pbx:9";
    let expect = [
        "10.0.0.1:50802",
        "10.0.0.2:50802",
        "10.0.0.3:50802",
        "10.0.0.2:9",
        "pbx:50802",
        "pbx:9",
    ];
    assert_eq!(outcome(text), expect);
    assert_eq!(Criteria::parse(text).address_count(), 11);
}

#[test]
fn no_more_than_the_limit_is_ever_asked() {
    let check = |text: &str, count: u32, bad: &[(u128, u32)]| {
        let criteria = Criteria::parse(text);
        assert_eq!(criteria.address_count(), count, "{text}");
        let reasons: Vec<_> = criteria
            .bad_entries()
            .iter()
            .map(|bad| bad.reason.clone())
            .collect();
        let expect: Vec<_> = bad
            .iter()
            .map(|&(count, left)| Reason::TooMany { count, left })
            .collect();
        assert_eq!(reasons, expect, "{text}");
    };
    check("10.0.0.0/16", 65_534, &[]);
    check("10.0.0.0-10.0.255.255", 65_536, &[]);
    check("10.0.0.0-10.1.0.0", 0, &[(65_537, 65_536)]);
    check("10.0.0.0/16;10.1.0.1;a;b;10.1.0.2", 65_536, &[(1, 0), (1, 0)]);
    check("10.0.0.0/8;10.0.0.1", 1, &[(16_777_214, 65_536)]);
    check("0.0.0.0/0", 0, &[(4_294_967_294, 65_536)]);
    check("::/0", 0, &[(u128::MAX, 65_536)]);
    check("2001:db8::/112", 65_536, &[]);
    assert_eq!(Criteria::parse("10.0.0.0/16").targets(50802).count(), 65_534);
}

#[test]
fn a_target_leads_back_to_its_entry() {
    let criteria = Criteria::parse("nonsense!;10.0.0.1-2;pbx");
    let entries: Vec<usize> = criteria.targets(50802).map(|target| target.entry).collect();
    assert_eq!(entries, [0, 0, 1]);
    assert_eq!(criteria.entries()[1].text, "pbx");
}
