//! The Management API as a user meets it: at first use, back and forth, where it stops in the middle, and its limits.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::{Computer, Outcome, PASSWORD, Site, USER};
use serde_json::{Value, json};

/// A unit with the Management API, and a computer that knows its certificate.
struct Office {
    computer: Computer,
    site: Site,
    port: String,
    fingerprint: String,
}

impl Office {
    /// With these keys in the unit's file.
    fn new(keys: &str) -> Self {
        let computer = Computer::new();
        let site = Site::one(&computer, &format!("management_api = true\n{keys}"));
        let port = site.units[0].port("api");
        let mut office = Self {
            computer,
            site,
            port,
            fingerprint: String::new(),
        };
        let said = office
            .run(&["receive"], &["--out", "never.xml", "--json"])
            .exits(4)
            .json();
        let message = said["error"]["message"].as_str().unwrap();
        message
            .rsplit(' ')
            .next()
            .unwrap()
            .clone_into(&mut office.fingerprint);
        office
    }

    /// The same, and everything of the unit in `a.xml`.
    fn received(keys: &str) -> Self {
        let office = Self::new(keys);
        let fingerprint = office.fingerprint.clone();
        office
            .run(&["receive"], &["--out", "a.xml", "--fingerprint", &fingerprint])
            .exits(0);
        office
    }

    /// Runs a command on the unit over the Management API.
    fn run(&self, command: &[&str], more: &[&str]) -> Outcome {
        let target = self.site.target();
        let way = ["--method", "api", "--api-port", &self.port];
        let (name, files) = command.split_first().unwrap();
        self.computer
            .run_as_user(&[&[*name, &target], files, &way, more].concat())
    }

    /// Sends a file with the changes in it.
    fn send(&self, file: &str, more: &[&str]) -> Outcome {
        self.run(&["send", file], &[&["--mode", "merge"], more].concat())
    }

    /// What the unit holds, over its own service.
    fn held(&self) -> String {
        let target = self.site.target();
        self.computer
            .run_as_user(&["receive", &target, "--out", "held.xml"])
            .exits(0);
        self.computer.text("held.xml")
    }

    /// Changes what the unit holds, over its own service, where nobody of the Management API sees it.
    fn change_there(&self, before: &str, after: &str) {
        self.held();
        self.computer.edit("held.xml", "there.xml", before, after);
        let target = self.site.target();
        self.computer
            .run_as_user(&["send", &target, "there.xml", "--mode", "merge", "--force"])
            .exits(0);
    }
}

fn list(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

#[test]
fn the_first_time_the_certificate_must_be_named() {
    let office = Office::new("");
    office
        .run(&["receive"], &["--out", "a.xml"])
        .exits(4)
        .says(&format!("its SHA-256 is {}", office.fingerprint))
        .says("give it with --fingerprint");
    let any = ["--out", "a.xml", "--tls", "none"];
    office.run(&["receive"], &any).exits(4).says("nobody knows it");
    let wrong = "00".repeat(32);
    let refused = office
        .run(
            &["receive"],
            &["--out", "a.xml", "--json", "--fingerprint", &wrong],
        )
        .exits(4);
    assert_eq!(refused.code(), "certificate_changed");
    office
        .run(&["receive"], &["--out", "a.xml", "--tls", "off"])
        .exits(2)
        .says("over TLS only");
    assert_eq!(office.computer.names(), [""; 0], "nothing was received");
    // Nobody logged in so far: the unit would have written it down.
    let target = office.site.target();
    let audit = ["receive", &target, "--object", "audit", "--out", "audit.xml"];
    office.computer.run_as_user(&audit).exits(0);
    assert!(!office.computer.text("audit.xml").contains("Management API"));

    let named = ["--out", "a.xml", "--fingerprint", &office.fingerprint];
    office.run(&["receive"], &named).exits(0);
    office.run(&["receive"], &["--out", "b.xml"]).exits(0);
    office
        .run(&["receive"], &["--out", "c.xml", "--tls", "none"])
        .exits(0);
    assert_eq!(office.computer.text("a.xml"), office.computer.text("b.xml"));
}

#[test]
fn a_configuration_comes_in_and_its_changes_go_back() {
    let office = Office::received("merge_needs_reboot = ['System']");
    let received = office
        .run(&["receive"], &["--out", "a.xml", "--json"])
        .exits(0)
        .json();
    let address = format!("127.0.0.1:{}", office.port);
    assert_eq!(
        (
            &received["method"],
            &received["tls"],
            &received["address"],
            &received["object"]
        ),
        (
            &json!("api"),
            &json!("pin"),
            &json!(address),
            &json!("configuration")
        )
    );
    assert_eq!(
        (&received["restart_needed"], &received["not_offered"]),
        (&json!(false), &json!([]))
    );
    let revision = received["revision"].as_str().unwrap();
    assert!(revision.len() == 20 && revision.starts_with("api-"), "{revision}");
    let shown = office.computer.run(&["show", "a.xml", "--json"]).exits(0).json();
    let types: Vec<&str> = shown["types"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["type"].as_str().unwrap())
        .collect();
    assert!(
        ["User", "Extension", "HuntGroup", "System", "License"]
            .iter()
            .all(|kind| types.contains(kind)),
        "{types:?}"
    );

    let text = office.computer.text("a.xml");
    let changed = text
        .replacen("<FullName>Ada Meier", "<FullName>Zoë &amp; Söhne", 1)
        .replacen("<Name>Head Office", "<Name>Main Office", 1)
        .replace(
            "</data>",
            "<ws_object><User><Name>Eva</Name><Extension>777</Extension></User></ws_object>\n</data>",
        );
    std::fs::write(office.computer.file("a.xml"), changed).unwrap();
    let sent = office
        .send("a.xml", &["--json"])
        .exits(0)
        .says("changed User 200 Extn200\n")
        .says("created User 777 Eva\n")
        .says(&format!(
            "{address}: wrote 3 changes; revision {revision} is now api-"
        ))
        .says("a restart is needed before all changes take effect")
        .json();
    assert_eq!(
        list(&sent["written"]),
        [
            "changed User 200 Extn200",
            "created User 777 Eva",
            "changed System Main Office"
        ]
    );
    assert_eq!(
        (&sent["restart_needed"], &sent["kept_otherwise"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(sent["backup_sha256"], received["sha256"]);
    let held = office.held();
    for there in ["<FullName>Zoë &amp; Söhne", "<Name>Main Office", "<Name>Eva<"] {
        assert!(held.contains(there), "{there}");
    }
    // Sent again there is nothing to do, and the next change goes on from here.
    office
        .send("a.xml", &[])
        .exits(0)
        .says("unchanged: the unit has all of your changes");
    office.computer.edit(
        "a.xml",
        "a.xml",
        "<ws_object><User><Name>Eva</Name><Extension>777</Extension></User></ws_object>",
        "",
    );
    let sent = office.send("a.xml", &["--json"]).exits(0).json();
    assert_eq!(list(&sent["written"]), ["removed User 777 Eva"]);
    assert!(!office.held().contains("<Name>Eva<"));
    let archived = format!("{address}@{revision}");
    office.computer.run(&["show", &archived]).exits(0);
}

#[test]
fn json_a_busy_unit_a_lost_session_and_a_cut_are_no_reason_to_stop() {
    let faults = "faults = ['api-json', 'api-busy:0:1', 'api-session-timeout:1', 'api-cut:2000:1', 'api-cut-answer:1']";
    let office = Office::received(faults);
    office
        .computer
        .edit("a.xml", "a.xml", "<FullName>Ada Meier", "<FullName>Zoë");
    office.send("a.xml", &[]).exits(0).says("wrote 1 change;");
    assert!(office.held().contains("<FullName>Zoë"));
}

#[test]
fn what_stops_in_the_middle_says_what_is_done_and_goes_on_next_time() {
    let office = Office::received("faults = ['api-refuse-after:1:1']");
    for user in 200..206 {
        let (before, after) = (
            format!("Extn{user}@example.com"),
            format!("Extn{user}@example.org"),
        );
        office.computer.edit("a.xml", "a.xml", &before, &after);
    }
    let stopped = office
        .send("a.xml", &["--json"])
        .exits(7)
        .says("done in part: the unit refused with 409:Refused: ")
        .says("hint: Send the same file again");
    let error = stopped.json()["error"].clone();
    assert_eq!(error["code"], "done_in_part");
    let (written, rest) = (list(&error["written"]), list(&error["not_written"]));
    assert_eq!(written, ["changed User 200 Extn200"]);
    assert!(
        rest.len() == 5 && rest[0] == "changed User 201 Extn201",
        "{rest:?}"
    );
    assert_eq!(
        (&error["unknown"], &error["restart_needed"]),
        (&json!([]), &json!(false))
    );
    assert_eq!(office.held().matches("@example.org").count(), 1);
    let rest = office.send("a.xml", &["--json"]).exits(0).json();
    assert_eq!(list(&rest["written"]).len(), 5);
    assert_eq!(office.held().matches("@example.org").count(), 6);
}

#[test]
fn somebody_else_s_changes_stay_and_a_collision_is_a_conflict() {
    let office = Office::received("");
    office.change_there("<FullName>Ada Meier", "<FullName>Ada There");
    office
        .computer
        .edit("a.xml", "a.xml", "Extn201@example.com", "mine@example.com");
    office.send("a.xml", &[]).exits(0).says("wrote 1 change;");
    let held = office.held();
    assert!(held.contains("Ada There") && held.contains("mine@example.com"));

    office
        .computer
        .edit("a.xml", "a.xml", "<FullName>Ada Meier", "<FullName>Ada Mine");
    let refused = office
        .send("a.xml", &["--json"])
        .exits(6)
        .says("somebody else changed User 200 Extn200 meanwhile")
        .says("! User 200 Extn200, FullName: it was \"Ada Meier\", yours is \"Ada Mine\", there it is \"Ada There\"");
    assert_eq!(refused.json()["error"]["conflict"]["base_known"], true);
    assert!(office.held().contains("Ada There"));
    office
        .send("a.xml", &["--force"])
        .exits(0)
        .says("changed User 200 Extn200");
    assert!(office.held().contains("Ada Mine"));
}

#[test]
fn two_values_of_one_user_come_together_where_that_is_wanted() {
    let office = Office::received("");
    office.change_there("<FullName>Ada Meier", "<FullName>Ada There");
    office
        .computer
        .edit("a.xml", "a.xml", "Extn200@example.com", "mine@example.com");
    office
        .send("a.xml", &[])
        .exits(6)
        .says("Nothing collides: --rebase");
    office
        .send("a.xml", &["--rebase"])
        .exits(0)
        .says("changed User 200 Extn200");
    let held = office.held();
    assert!(held.contains("Ada There") && held.contains("mine@example.com"));
}

#[test]
fn a_file_that_lacks_half_of_the_unit_removes_nothing_by_mistake() {
    let office = Office::received("");
    std::fs::write(
        office.computer.file("part.xml"),
        "<data><ws_object><User><Name>Eva</Name></User></ws_object></data>",
    )
    .unwrap();
    let before = office.held();
    let refused = office.send("part.xml", &["--json"]).exits(2);
    assert_eq!(refused.code(), "usage");
    for file in ["part.xml", "a.xml"] {
        std::fs::write(office.computer.file(file), "<security/>").unwrap();
        office.send(file, &["--force"]).exits(2).says("no configuration");
    }
    assert_eq!(office.held(), before);
}

#[test]
fn what_the_method_can_not_do_is_said_plainly() {
    let office = Office::received("");
    for (command, more) in [
        (&["reboot"][..], &["--mode", "immediate"][..]),
        (&["send", "a.xml"], &["--mode", "immediate"]),
        (&["send", "a.xml"], &["--mode", "merge", "--object", "security"]),
        (&["receive"], &["--object", "security", "--out", "s.xml"]),
        (&["receive"], &["--object", "audit", "--out", "t.xml"]),
    ] {
        let more = [more, &["--json"]].concat();
        let refused = office.run(command, &more).exits(1).says("--method service");
        assert_eq!(refused.code(), "unsupported", "{refused:?}");
    }
    office
        .computer
        .edit("a.xml", "a.xml", "<Quantity>25<", "<Quantity>2500<");
    office
        .send("a.xml", &[])
        .exits(1)
        .says("licenses does not take that")
        .says("nothing was written");
}

#[test]
fn a_site_can_have_the_method_and_the_port() {
    let office = Office::received("");
    let add = [
        "sites",
        "add",
        "Berlin",
        "127.0.0.1",
        "--method",
        "api",
        "--management-api-port",
        &office.port,
        "--user",
        USER,
    ];
    office.computer.run(&add).exits(0);
    let mut receive = office
        .computer
        .command(&["receive", "Berlin", "--out", "b.xml", "--json"]);
    let received = cli_support::end(receive.env("TRUNKLINE_PASSWORD", PASSWORD).spawn().unwrap());
    assert_eq!(received.exits(0).json()["method"], "api");
    let found = office.computer.run(&[
        "discover",
        "--search",
        &office.site.criteria,
        "--no-udp",
        "--json",
    ]);
    let services = &found.exits(0).json()["units"][0]["services"];
    assert_eq!(services["management_api"], true);
}

#[test]
fn neither_password_nor_session_nor_code_is_said_or_logged() {
    let office = Office::new("faults = ['api-refuse-after:0']");
    let named = ["--out", "a.xml", "--fingerprint", &office.fingerprint, "-vvv"];
    let mut said = vec![office.run(&["receive"], &named).exits(0)];
    let text = office.computer.text("a.xml");
    let secret = text
        .split_once("<LoginCode>")
        .unwrap()
        .1
        .split_once('<')
        .unwrap()
        .0
        .to_owned();
    office
        .computer
        .edit("a.xml", "a.xml", "<FullName>", "<FullName>Zoë ");
    said.push(office.send("a.xml", &["-vvv"]).exits(4));
    let wrong = [
        "receive",
        &office.site.target(),
        "--method",
        "api",
        "--api-port",
        &office.port,
        "--out",
        "b.xml",
        "-vvv",
    ];
    said.push(office.computer.run_with_input("falsch-geheim\n", &wrong).exits(4));
    // A session is ended at the unit also where its work failed.
    assert!(said[1].stderr.contains("asking method=DELETE"), "{:?}", said[1]);
    // In base64, as it travels: Administrator:Grüße-42-geheim and Administrator:falsch-geheim.
    let basic = [
        "QWRtaW5pc3RyYXRvcjpHcsO8w59lLTQyLWdlaGVpbQ",
        "QWRtaW5pc3RyYXRvcjpmYWxzY2gtZ2VoZWlt",
    ];
    for outcome in &said {
        let all = format!("{}{}", outcome.text(), outcome.stderr);
        assert!(
            outcome
                .stderr
                .contains("/WebManagement/ws/sdk/security/authenticate"),
            "{outcome:?}"
        );
        for secret in [
            PASSWORD,
            "falsch-geheim",
            basic[0],
            basic[1],
            &secret,
            "JSESSIONID=",
            "SDK-Token=",
        ] {
            assert!(!all.contains(secret), "{secret} in {outcome:?}");
        }
    }
}
