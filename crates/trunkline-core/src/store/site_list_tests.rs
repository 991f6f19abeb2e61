use super::super::site::{Method, TlsLevel};
use super::*;

/// Name, MAC, type, address and version of each site with its line, and the lines that are none.
#[track_caller]
fn check(bytes: &[u8], expect: &[(u64, [&str; 5])], wrong: &[(u64, &str)]) -> SiteList {
    let list = read_sites(bytes, ListFormat::Csv).unwrap();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let read: Vec<_> = list
        .sites
        .iter()
        .map(|(line, site)| {
            let Site {
                name,
                address,
                mac,
                unit_type,
                version,
                ..
            } = site;
            (
                *line,
                [
                    name.clone(),
                    text(mac),
                    text(unit_type),
                    address.clone(),
                    text(version),
                ],
            )
        })
        .collect();
    let expect: Vec<_> = expect
        .iter()
        .map(|(line, cells)| (*line, cells.map(str::to_owned)))
        .collect();
    assert_eq!(read, expect, "{}", String::from_utf8_lossy(bytes));
    let lines: Vec<_> = list.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(
        lines,
        wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        "{:?}",
        list.problems
    );
    for (problem, (_, reason)) in list.problems.iter().zip(wrong) {
        assert!(problem.reason.contains(reason), "{problem:?}");
    }
    list
}

const BERN: [&str; 5] = [
    "Bern",
    "00:E0:07:05:91:8F",
    "IP 500 V2",
    "10.0.0.1",
    "11.1.2.3 build 23",
];
const CHUR: [&str; 5] = [
    "Zürich, 2",
    "00:E0:07:05:91:90",
    "Server Edition",
    "pbx.example.com",
    "12.2",
];

#[test]
fn the_vendor_s_columns_are_read_with_a_heading_and_without() {
    let with = "Name,MAC Address,Type,IP Address,Version\r\n\
                Bern,00E00705918F,IP 500 V2,10.0.0.1,11.1.2.3 build 23\r\n\
                \"Zürich, 2\",00-e0-07-05-91-90,Server Edition,PBX.example.com,12.2\r\n";
    check(with.as_bytes(), &[(2, BERN), (3, CHUR)], &[]);
    let without = with.split_once("\r\n").unwrap().1;
    check(without.as_bytes(), &[(1, BERN), (2, CHUR)], &[]);
}

#[test]
fn columns_come_in_any_order() {
    check(
        b"Software Version;IP;unit name;Colour;MAC_address;unit-type\n11.1.2.3 build 23;10.0.0.1;Bern;red;00E00705918F;IP 500 V2\n",
        &[(2, BERN)],
        &[],
    );
    // Without a heading the first text is the name, and the second the type.
    check(
        b"11.1.2.3 build 23\tBern\t10.0.0.1\t00E00705918F\tIP 500 V2\n12.1\t\t10.0.0.2\t\t\n",
        &[(1, BERN), (2, ["10.0.0.2", "", "", "10.0.0.2", "12.1"])],
        &[],
    );
    // A version of four numbers could be an address: the vendor has the address first.
    check(
        b"Bern,,,10.0.0.1,9.1.4.0\n",
        &[(1, ["Bern", "", "", "10.0.0.1", "9.1.4.0"])],
        &[],
    );
    // Names alone, where the vendor has addresses.
    check(
        b"Bern,,,bern.example,12.0\n",
        &[(1, ["Bern", "", "", "bern.example", "12.0"])],
        &[],
    );
    check(
        b"address\n10.0.0.1\n",
        &[(2, ["10.0.0.1", "", "", "10.0.0.1", ""])],
        &[],
    );
}

#[test]
fn what_other_programs_do_to_a_table_is_understood() {
    let zurich = ["Zürich", "", "", "10.0.0.1", ""];
    check(
        "\u{feff}Name;Address\nZürich;10.0.0.1\n".as_bytes(),
        &[(2, zurich)],
        &[],
    );
    check(b"Name;Address\nZ\xfcrich;10.0.0.1\n", &[(2, zurich)], &[]);
    check(
        b"sep=;\r\nName;Address\r\nZ\xfcrich;10.0.0.1\r\n",
        &[(3, zurich)],
        &[],
    );
    check(
        b"\n\n  Name , Address \n\n Z\xfcrich , 10.0.0.1 \n\n",
        &[(5, zurich)],
        &[],
    );
    let utf16: Vec<u8> = "\u{feff}Name\tAddress\nZürich\t10.0.0.1\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check(&utf16, &[(2, zurich)], &[]);
    // 0x80 is the euro sign on Windows.
    check(
        b"Name,Address\n\x80,10.0.0.1\n",
        &[(2, ["€", "", "", "10.0.0.1", ""])],
        &[],
    );
    check(
        b"Name,Address\n'=1+1,10.0.0.1\n",
        &[(2, ["=1+1", "", "", "10.0.0.1", ""])],
        &[],
    );
}

#[test]
fn a_bad_line_is_named_and_the_good_ones_are_read() {
    let list = check(
        b"Name,Address,MAC,Base Port,TLS,Shoe size\n\
          A,10.0.0.1,,,,\n\
          B,10.0.0.300,,,,\n\
          C,10.0.0.3,00E007,,,\n\
          D,10.0.0.4,,70000,,\n\
          E,,,,,\n\
          F,10.0.0.6,,,maybe,\n\
          \"G\nH\",10.0.0.7,,,,\n\
          I,10.0.0.8\n",
        &[
            (2, ["A", "", "", "10.0.0.1", ""]),
            (10, ["I", "", "", "10.0.0.8", ""]),
        ],
        &[
            (3, "four numbers"),
            (4, "MAC"),
            (5, "no port"),
            (6, "needs an address"),
            (7, "TLS level"),
            (8, "one line"),
        ],
    );
    assert_eq!(list.ignored, ["Shoe size"]);
}

#[test]
fn what_is_no_list_is_refused_in_words() {
    let check = |bytes: &[u8], format, expect: &str| {
        let error = read_sites(bytes, format).unwrap_err();
        assert!(
            error.code() == "usage" && error.to_string().contains(expect),
            "{error}"
        );
    };
    check(
        b"Name,Version\nA,1\n",
        ListFormat::Csv,
        "no column has the units' addresses",
    );
    check(&vec![b'x'; (16 << 20) + 1], ListFormat::Csv, "16 MB");
    check(
        "10.0.0.1\n".repeat(20_001).as_bytes(),
        ListFormat::Csv,
        "20000 sites",
    );
    check(b"Name,Address\n", ListFormat::Json, "no JSON list");
    check(b"{\"sits\":[]}", ListFormat::Json, "no list \"sites\"");
    check(b"7", ListFormat::Json, "no JSON list");
    check("[".repeat(100_000).as_bytes(), ListFormat::Json, "no JSON list");
    assert_eq!(read_sites(b"", ListFormat::Csv).unwrap(), SiteList::default());
}

fn full() -> Site {
    let mut site = Site::new("=Zürich; \"2\"", "2001:db8::1").unwrap();
    site.group = Some("Alpine".into());
    site.services_base_port = Some(50900);
    site.discovery_port = Some(1);
    site.tftp_port = Some(2);
    site.security_port = Some(3);
    site.management_api_port = Some(4);
    site.method = Method::Tftp;
    site.tls = TlsLevel::Verified;
    site.allow_plain = true;
    site.user = Some("Administrator".into());
    site.credential = Some("-shared".into());
    site.tags = vec!["vip".into(), "two words".into()];
    site.notes = "one\ntwo, three".into();
    site.mac = Some("00:E0:07:AA:BB:CC".into());
    site.unit_type = Some("IP 500 V2".into());
    site.version = Some("11.1.2.3 build 23".into());
    site
}

#[test]
fn a_list_that_is_written_is_read_again_whole() {
    let site = full();
    let csv = write_sites(&[&site], ListFormat::Csv).unwrap();
    assert_eq!(
        String::from_utf8(csv.clone()).unwrap(),
        "Name,MAC Address,Type,IP Address,Version,Group,Services Base Port,Discovery Port,TFTP Port,Security Port,\
         Management API Port,Method,TLS,Allow Plain,User,Credential,Tags,Notes\r\n\
         \"'=Zürich; \"\"2\"\"\",00:E0:07:AA:BB:CC,IP 500 V2,2001:db8::1,11.1.2.3 build 23,Alpine,50900,1,2,3,\
         4,tftp,verified,yes,Administrator,'-shared,vip;two words,\"one\ntwo, three\"\r\n"
    );
    let read = read_sites(&csv, ListFormat::Csv).unwrap();
    let again = Site {
        id: site.id.clone(),
        ..read.sites[0].1.clone()
    };
    assert_eq!((again, read.problems), (site.clone(), vec![]));

    let json = write_sites(&[&site], ListFormat::Json).unwrap();
    assert_eq!(
        read_sites(&json, ListFormat::Json).unwrap().sites,
        [(1, site.clone())]
    );

    let vendors = write_sites(&[&site], ListFormat::KnownUnits).unwrap();
    assert_eq!(
        String::from_utf8(vendors).unwrap(),
        "Name,MAC Address,Type,IP Address,Version\r\n\
         \"'=Zürich; \"\"2\"\"\",00:E0:07:AA:BB:CC,IP 500 V2,2001:db8::1,11.1.2.3 build 23\r\n"
    );
}

#[test]
fn a_json_list_may_be_written_by_hand() {
    let list = read_sites(
        br#"[{"name":"A","address":"10.0.0.1"},{"address":"10.0.0.2","tags":["x"]},{"name":"C"},7,
            {"name":"E","address":"10.0.0.5","id":"../../etc"},{"name":"F","address":"f","tls":"ssl"}]"#,
        ListFormat::Json,
    )
    .unwrap();
    let names: Vec<_> = list
        .sites
        .iter()
        .map(|(entry, site)| (*entry, site.name.as_str()))
        .collect();
    assert_eq!(names, [(1, "A"), (2, "10.0.0.2")]);
    let problems: Vec<_> = list.problems.iter().map(|problem| problem.line).collect();
    assert_eq!(problems, [3, 4, 5, 6]);
}

#[test]
fn the_name_of_a_file_says_its_format() {
    for (name, expect) in [
        ("a.csv", Some(ListFormat::Csv)),
        ("a.CSV", Some(ListFormat::Csv)),
        ("a.txt", Some(ListFormat::Csv)),
        ("a.json", Some(ListFormat::Json)),
        ("a.xml", None),
        ("csv", None),
    ] {
        assert_eq!(ListFormat::of(Path::new(name)), expect, "{name}");
    }
}
