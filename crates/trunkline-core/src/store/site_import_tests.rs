use super::super::site_list::{ListFormat, read_sites};
use super::*;

fn site(name: &str, address: &str, mac: Option<&str>) -> Site {
    let mut site = Site::new(name, address).unwrap();
    site.mac = mac.map(str::to_owned);
    site.check().unwrap();
    site
}

const ONE: &str = "00:E0:07:00:00:01";
const TWO: &str = "00:E0:07:00:00:02";

/// What is known before and after a list, as `name address mac`, with the lines that were refused.
#[track_caller]
fn check(before: &[Site], list: &str, expect: &[&str], refused: &[u64]) -> Imported {
    let mut data = StoreData::default();
    for site in before {
        data.add_site(site.clone()).unwrap();
    }
    let imported = data.import_sites(read_sites(list.as_bytes(), ListFormat::Csv).unwrap());
    let kept: Vec<_> = data
        .sites()
        .into_iter()
        .map(|site| {
            format!(
                "{} {} {}",
                site.name,
                site.address,
                site.mac.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(kept, expect, "{list}");
    let lines: Vec<_> = imported.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, refused, "{:?}", imported.problems);
    // Whatever a list says: what is in the store can be put there.
    let mut again = StoreData::default();
    for site in data.sites() {
        again.add_site(site.clone()).unwrap();
    }
    imported
}

#[test]
fn new_sites_are_added_and_the_same_list_again_changes_nothing() {
    let list = "Name,MAC,Address\nBern,00E007000001,10.0.0.1\nChur,,10.0.0.2\n";
    let expect = ["Bern 10.0.0.1 00:E0:07:00:00:01", "Chur 10.0.0.2 -"];
    let imported = check(&[], list, &expect, &[]);
    assert_eq!(
        (imported.added.len(), imported.changed.len(), imported.unchanged),
        (2, 0, 0)
    );
    let again = check(&imported.added, list, &expect, &[]);
    assert_eq!(
        (again.added.len(), again.changed.len(), again.unchanged),
        (0, 0, 2)
    );
    let twice = check(
        &[],
        &format!("{list}Bern,00E007000001,10.0.0.1\nchur,,10.0.0.2\n"),
        &expect,
        &[],
    );
    assert_eq!(twice.added.len(), 2);
}

#[test]
fn a_known_site_is_known_by_name_mac_or_address_and_keeps_its_name() {
    let bern = || site("Bern", "10.0.0.1", Some(ONE));
    let moved = "Bern 10.0.0.9 00:E0:07:00:00:01";
    check(&[bern()], "Name,MAC,Address\nBERN,,10.0.0.9\n", &[moved], &[]);
    check(
        &[bern()],
        "Name,MAC,Address\nHead office,00E007000001,10.0.0.9\n",
        &[moved],
        &[],
    );
    // Another unit at the address.
    check(
        &[bern()],
        "Name,MAC,Address\nHead office,00E007000002,10.0.0.1\n",
        &["Bern 10.0.0.1 00:E0:07:00:00:02"],
        &[],
    );
    // Behind another port forwarding there is another unit.
    let imported = check(
        &[bern()],
        "Name,Address,Discovery Port\nBehind,10.0.0.1,40802\n",
        &["Behind 10.0.0.1 -", "Bern 10.0.0.1 00:E0:07:00:00:01"],
        &[],
    );
    assert_eq!(imported.added.len(), 1);
}

#[test]
fn two_lines_of_one_list_are_one_site_only_where_they_speak_of_one_unit() {
    check(
        &[],
        "Name,MAC,Address\nA,00E007000001,10.0.0.1\nB,00E007000001,10.0.0.2\n",
        &["A 10.0.0.1 00:E0:07:00:00:01", "B 10.0.0.2 00:E0:07:00:00:01"],
        &[],
    );
    check(
        &[],
        "Name,MAC,Address\nA,00E007000001,10.0.0.1\nB,00E007000001,10.0.0.1\nC,,10.0.0.1\n",
        &["A 10.0.0.1 00:E0:07:00:00:01"],
        &[],
    );
    let imported = check(
        &[],
        "Name,MAC,Address\nA,00E007000001,10.0.0.1\na,00E007000002,10.0.0.2\nB,,10.0.0.3\nB,,10.0.0.4\n",
        &["A 10.0.0.1 00:E0:07:00:00:01", "B 10.0.0.3 -"],
        &[3, 5],
    );
    assert_eq!(
        imported.problems[0].reason,
        "another line has a site called \"A\", at 10.0.0.1"
    );
    // One unit at two places: the first counts, the other is told, and the same list again changes nothing.
    let list = "Name,MAC,Address\nA,00E007000001,10.0.0.1\nB,00E007000001,10.0.0.1\nA,00E007000001,10.0.0.2\nC,00E007000001,10.0.0.2\n";
    let expect = ["A 10.0.0.1 00:E0:07:00:00:01", "C 10.0.0.2 00:E0:07:00:00:01"];
    let imported = check(&[], list, &expect, &[4]);
    let again = check(&imported.added, list, &expect, &[4]);
    assert_eq!((again.added.len(), again.changed.len()), (0, 0));
    // Of several sites with one MAC address, and several at one place, that one is meant which has both.
    let list = "Name,MAC,Address\nQ,00E007000001,10.0.0.2\nA,00E007000001,10.0.0.1\nP,00E007000002,10.0.0.2\nG,00E007000001,10.0.0.2\n";
    let several = [
        "A 10.0.0.1 00:E0:07:00:00:01",
        "P 10.0.0.2 00:E0:07:00:00:02",
        "Q 10.0.0.2 00:E0:07:00:00:01",
    ];
    let imported = check(&[], list, &several, &[]);
    let again = check(&imported.added, list, &several, &[]);
    assert_eq!((again.added.len(), again.changed.len()), (0, 0));
    // The second name of a unit is no other unit further on.
    let list =
        "Name,MAC,Address\nA,00E007000001,10.0.0.1\nB,00E007000001,10.0.0.1\nB,00E007000001,10.0.0.2\n";
    let imported = check(&[], list, &expect[..1], &[4]);
    let again = check(&imported.added, list, &expect[..1], &[4]);
    assert_eq!((again.added.len(), again.changed.len()), (0, 0));
}

#[test]
fn what_a_person_chose_stays_and_what_is_missing_is_filled_in() {
    let mut bern = site("Bern", "10.0.0.1", None);
    bern.group = Some("Alpine".into());
    bern.user = Some("Administrator".into());
    let list = "Name,Address,Group,User,Credential,Tags,Notes,TLS,Allow Plain,Method,Base Port\n\
                Bern,10.0.0.1,Coast,Mallory,shared,vip,called,off,yes,tftp,51000\n";
    let imported = check(&[bern.clone()], list, &["Bern 10.0.0.1 -"], &[]);
    let (before, now) = &imported.changed[0];
    assert_eq!(before, &bern);
    let expect = Site {
        tags: vec!["vip".into()],
        notes: "called".into(),
        services_base_port: Some(51000),
        ..bern
    };
    assert_eq!(now, &expect);
    assert_eq!(imported.less_secure().count(), 0);
}

#[test]
fn what_the_unit_said_itself_counts_more_than_a_list() {
    let list = "Name,Address,MAC,Type,Version\nBern,10.0.0.1,00E007000002,IP 406,9.1\n";
    let mut bern = site("Bern", "10.0.0.1", Some(ONE));
    bern.version = Some("12.0".into());
    check(&[bern.clone()], list, &[&format!("Bern 10.0.0.1 {TWO}")], &[]);
    bern.last_seen = Some("2026-01-02T03:04:05Z".parse().unwrap());
    let imported = check(&[bern], list, &[&format!("Bern 10.0.0.1 {ONE}")], &[]);
    let now = &imported.changed[0].1;
    assert_eq!(
        (now.version.as_deref(), now.unit_type.as_deref()),
        (Some("12.0"), Some("IP 406"))
    );
}

#[test]
fn new_sites_that_a_list_makes_less_secure_are_named() {
    let list = "Name,Address,TLS,Allow Plain\nA,10.0.0.1,pin,\nB,10.0.0.2,off,\nC,10.0.0.3,,yes\nD,10.0.0.4,none,no\n";
    let mut data = StoreData::default();
    let imported = data.import_sites(read_sites(list.as_bytes(), ListFormat::Csv).unwrap());
    let names: Vec<_> = imported.less_secure().map(|site| site.name.as_str()).collect();
    assert_eq!(names, ["B", "C", "D"]);
}

#[test]
fn twenty_thousand_sites_are_taken_over_at_once() {
    let line = |number: u32| {
        let [_, b, c, d] = number.to_be_bytes();
        format!("Site {number},,,10.{b}.{c}.{d},12.0\n")
    };
    let list = (0..20_000).map(line).collect::<Vec<_>>().concat();
    let mut data = StoreData::default();
    let read = || read_sites(list.as_bytes(), ListFormat::Csv).unwrap();
    assert_eq!(data.import_sites(read()).added.len(), 20_000);
    assert_eq!(data.import_sites(read()).unchanged, 20_000);
}
