//! Lists of sites and of what was found, as files.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs;

use cli_support::{Computer, Site};

#[test]
fn the_vendor_s_known_units_are_imported_but_for_the_bad_lines() {
    let computer = Computer::new();
    fs::write(
        computer.file("known.csv"),
        b"Bern,00E00705918F,IP 500 V2,10.0.0.1,11.1\nChur,,,10.0.0.300,\n\"Z\xfcrich, 2\",,,pbx.example.com,\n",
    )
    .unwrap();
    let imported = computer.run(&["sites", "import", "known.csv", "--json"]).exits(7);
    assert_eq!(
        imported.json(),
        serde_json::json!({
            "added": ["Bern", "Zürich, 2"], "changed": [], "unchanged": 0, "ignored_columns": [],
            "problems": [{
                "line": 2, "reason": "\"10.0.0.300\" is no address: an IPv4 address has four numbers from 0 to 255"
            }]
        })
    );
    imported.says("line 2");
    computer
        .run(&["sites", "import", "known.csv"])
        .exits(7)
        .says("0 sites added, 0 sites changed, 2 sites known already");
    fs::write(computer.file("bad.csv"), "Name,Address\nChur,10.0.0.300\n").unwrap();
    computer
        .run(&["sites", "import", "bad.csv"])
        .exits(2)
        .says("line 2");
    fs::write(computer.file("none.csv"), "Name,Colour\nChur,red\n").unwrap();
    computer
        .run(&["sites", "import", "none.csv"])
        .exits(2)
        .says("no column has the units' addresses");
    computer
        .run(&["sites", "import", "known.xml"])
        .exits(2)
        .says("neither CSV nor JSON");
    computer
        .run(&["sites", "import", "missing.csv"])
        .exits(1)
        .says("missing.csv");
}

#[test]
fn what_is_exported_is_the_same_when_it_is_imported_elsewhere() {
    let (here, there) = (Computer::new(), Computer::new());
    here.run(&[
        "sites",
        "add",
        "=Head Office",
        "10.0.0.1",
        "--group",
        "Alpine",
        "--base-port",
        "51000",
        "--tls",
        "off",
    ])
    .exits(0);
    for file in ["sites.csv", "sites.json"] {
        let path = here.file(file);
        here.run(&["sites", "export", file])
            .exits(0)
            .says("1 site written");
        there
            .run(&["sites", "import", path.to_str().unwrap()])
            .exits(0)
            .says(if file == "sites.csv" {
                "1 site added"
            } else {
                "1 site known already"
            });
    }
    let site = &there.run(&["sites", "list", "--json"]).exits(0).json()["sites"][0];
    assert_eq!(
        (
            &site["name"],
            &site["group"],
            &site["services_base_port"],
            &site["tls"]
        ),
        (
            &"=Head Office".into(),
            &"Alpine".into(),
            &51000.into(),
            &"off".into()
        )
    );
    let vendors = here.run(&["sites", "export", "-", "--known-units"]).exits(0);
    assert_eq!(
        vendors.text(),
        "Name,MAC Address,Type,IP Address,Version\r\n'=Head Office,,,10.0.0.1,\r\n"
    );
    here.run(&["sites", "export", "-", "--json"]).exits(2);
}

#[test]
fn a_list_that_makes_a_site_less_secure_is_a_warning() {
    let computer = Computer::new();
    let list = "Name,Address,TLS\nEvil,10.0.0.66,off\n";
    computer
        .run_on(list.as_bytes(), &["sites", "import", "-"])
        .exits(0)
        .says("Evil: the list asks for less than a pinned certificate (TLS level off)");
}

#[test]
fn what_was_found_is_a_table_that_can_be_imported() {
    let computer = Computer::new();
    let site = Site::of(&computer, &[("=1+1", "mac = '00:E0:07:05:91:8F'")]);
    let found = computer
        .run(&["discover", "--search", &site.criteria, "--csv"])
        .exits(0);
    let table = found.text();
    let mut lines = table.split("\r\n");
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("Name,MAC Address,Type,IP Address,Version,")
    );
    assert!(
        lines.next().unwrap().starts_with("'=1+1,00:E0:07:05:91:8F,"),
        "{table}"
    );
    computer
        .run_on(&found.stdout, &["sites", "import", "-"])
        .exits(0)
        .says("1 site added");
    let sites = computer.run(&["sites", "list", "--json"]).exits(0).json();
    assert_eq!(sites["sites"][0]["name"], "=1+1");
    computer.run(&["discover", "--csv", "--json"]).exits(2);
}
