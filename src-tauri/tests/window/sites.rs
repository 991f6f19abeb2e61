//! Finding, saving, preferring.

use serde_json::{Value, json};

use crate::door::Window;
use crate::unit::{at, unit};

/// A search at one address that asks nothing further.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_streams_what_it_finds() {
    let (_simulator, unit) = unit("network = 'Retail'").await;
    let window = Window::new();
    let address = format!("{}:{}", unit.address(), unit.ports().discovery.unwrap());
    let summary = window.ask("discover", json!({"operation": "1", "options": at(&address)}));
    assert_eq!(summary["found"], 1, "{summary}");
    let events = window.events();
    let unit_event = events.iter().rfind(|event| event["kind"] == "unit").unwrap();
    let found = &unit_event["unit"];
    assert_eq!(
        (&found["name"], &found["type"], &found["state"]),
        (
            &json!("Zürich, Filiale 2"),
            &json!("IP 500 V2"),
            &json!("running")
        )
    );
    assert_eq!(found["services"]["basePort"], json!(unit.ports().base.unwrap()));
    assert_eq!(
        found["services"]["discoveryPort"],
        json!(unit.ports().discovery.unwrap())
    );
    assert_eq!(
        (&found["foundBy"], &found["supported"]),
        (&json!(["tcp"]), &json!(true))
    );
    assert!(found["roundTripMs"].as_f64().unwrap() > 0.0);
    let progress = events.iter().rfind(|event| event["kind"] == "progress");
    assert!(
        progress.is_none_or(|progress| progress["remainingMs"].is_number()),
        "{progress:?}"
    );
    assert_eq!(unit_event["row"], 0);
    assert_eq!(
        (&found["method"], &found["warnings"], &found["site"]),
        (&json!("service"), &json!([]), &json!(""))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_answer_comes_with_what_must_be_open_and_what_is_no_unit_with_its_sort() {
    let window = Window::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = free.local_addr().unwrap();
    drop(free);
    window.ask("discover", json!({"options": at(&refused.to_string())}));
    let events = window.events();
    let heard = events.iter().find(|event| event["kind"] == "unidentified");
    let heard = &heard.unwrap_or_else(|| panic!("{events:?}"))["unidentified"];
    assert_eq!(
        (&heard["address"], &heard["port"], &heard["kind"]),
        (&json!("127.0.0.1"), &json!(refused.port()), &json!("refused"))
    );

    let (_simulator, unit) = unit("faults = ['discovery-silent']\nudp = false").await;
    let address = unit.address().to_string();
    let mut site = json!({
        "id": "", "name": "Silent", "group": "", "address": address, "basePort": 51000, "discoveryPort": 0, "tftpPort": 0,
        "securityPort": 0, "apiPort": 0, "method": "auto", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "", "mac": "", "type": "",
        "version": "", "lastSeen": "", "lastBackup": "",
    });
    site["discoveryPort"] = json!(unit.ports().discovery.unwrap());
    window.ask("save_site", json!({"site": site}));
    let mut preferences = window.ask("preferences", json!({}));
    preferences["probeTimeoutMs"] = json!(200);
    window.ask("set_preferences", json!({"preferences": preferences}));
    // Where this computer has no network at all the search fails, and has said who did not answer all the same.
    window.call("discover", json!({"options": at("")})).ok();
    let events = window.events();
    let silent = events.iter().find(|event| event["kind"] == "noAnswer");
    let silent = &silent.unwrap_or_else(|| panic!("{events:?}"))["noAnswer"];
    assert_eq!(silent["site"], "Silent");
    assert_eq!(
        [
            &silent["discoveryPort"],
            &silent["configurationPort"],
            &silent["configurationTlsPort"]
        ],
        [&site["discoveryPort"], &json!(51000), &json!(51001)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_that_none_can_be_is_refused() {
    let window = Window::new();
    let mut options = at("127.0.0.1");
    options["snmpCommunity"] = json!("x".repeat(256));
    assert_eq!(window.refused("discover", json!({"options": options})), "usage");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_imported_and_exported_at_places_that_a_person_chooses() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    for command in ["import_sites", "export_found"] {
        assert_eq!(window.ask(command, json!({})), Value::Null);
    }
    assert_eq!(
        window.ask("export_sites", json!({"vendorColumns": false})),
        Value::Null
    );
    let place = |name: &str| window.folder.path().join(name);
    let choose = |path: &std::path::Path| *window.chosen.lock().unwrap() = Some(path.to_owned());

    let list = place("known.csv");
    std::fs::write(
        &list,
        "Name,MAC,Address,Colour\nChur,,192.0.2.9,red\nSion,,192.0.2,red\n",
    )
    .unwrap();
    choose(&list);
    let imported = window.ask("import_sites", json!({}));
    assert_eq!(
        (
            &imported["added"],
            &imported["problems"][0]["line"],
            &imported["ignored"]
        ),
        (&json!(1), &json!(3), &json!(["Colour"])),
        "{imported}"
    );
    choose(&place("list.xml"));
    assert_eq!(window.refused("import_sites", json!({})), "usage");

    choose(&place("out.csv"));
    let exported = window.ask("export_sites", json!({"vendorColumns": true}));
    assert_eq!(exported["count"], 1);
    assert_eq!(
        std::fs::read_to_string(place("out.csv")).unwrap(),
        "Name,MAC Address,Type,IP Address,Version\r\nChur,,,192.0.2.9,\r\n"
    );
    choose(&place("out.json"));
    window.ask("export_sites", json!({"vendorColumns": false}));
    let sites: Value = serde_json::from_slice(&std::fs::read(place("out.json")).unwrap()).unwrap();
    assert_eq!(sites["sites"][0]["name"], "Chur");

    let address = format!("{}:{}", unit.address(), unit.ports().discovery.unwrap());
    window.ask("discover", json!({"options": at(&address)}));
    choose(&place("found.json"));
    let exported = window.ask("export_found", json!({}));
    assert_eq!(exported["count"], 1, "{exported}");
    let found: Value = serde_json::from_slice(&std::fs::read(place("found.json")).unwrap()).unwrap();
    assert_eq!(found["units"][0]["name"], "Zürich, Filiale 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_address_is_a_problem_and_a_search_is_cancelled() {
    let window = Window::new();
    window.ask("discover", json!({"operation": "1", "options": at("10.0.0.256")}));
    assert!(
        window.events().iter().any(|event| event["kind"] == "problem"),
        "{:?}",
        window.events()
    );

    let (_simulator, unit) = unit("faults = ['discovery-silent']\nudp = false").await;
    let patient = json!({"probeTimeoutMs": 60_000});
    let mut preferences = window.ask("preferences", json!({}));
    preferences["probeTimeoutMs"] = patient["probeTimeoutMs"].clone();
    window.ask("set_preferences", json!({"preferences": preferences}));
    let address = format!("{}:{}", unit.address(), unit.ports().discovery.unwrap());
    std::thread::scope(|scope| {
        let search =
            scope.spawn(|| window.refused("discover", json!({"operation": "2", "options": at(&address)})));
        window.wait_for(|event| event["kind"] == "progress" && event["total"] == 1);
        window.ask("cancel", json!({"operation": "2"}));
        assert_eq!(search.join().unwrap(), "cancelled");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_and_preferences_are_kept() {
    let window = Window::new();
    let site = json!({
        "id": "", "name": "Bern", "group": "Retail", "address": "192.0.2.7", "basePort": 0, "discoveryPort": 0, "tftpPort": 0,
        "securityPort": 0, "apiPort": 0, "method": "service", "tls": "none", "allowPlain": false, "clientCertificate": "", "notes": "Key at reception", "mac": "",
        "type": "", "version": "", "lastSeen": "", "lastBackup": "",
    });
    let saved = window.ask("save_site", json!({"site": site}));
    assert_eq!(window.refused("save_site", json!({"site": site})), "usage");
    let mut preferences = window.ask("preferences", json!({}));
    preferences["idleMinutes"] = json!(42);
    window.ask("set_preferences", json!({"preferences": preferences}));
    preferences["probeAttempts"] = json!(11);
    assert_eq!(
        window.refused("set_preferences", json!({"preferences": preferences})),
        "usage"
    );
    let mut state = window.ask("started", json!({}))["windowState"].clone();
    assert_eq!(
        (&state["theme"], &state["textSize"]),
        (&json!("system"), &json!(100))
    );
    state["columns"] = json!(["name", "address"]);
    state["theme"] = json!("dark");
    window.ask("set_window_state", json!({"state": state}));

    let window = window.again();
    let beginning = window.ask("started", json!({}));
    assert_eq!(beginning["sites"], json!([saved]));
    assert_eq!(window.ask("sites", json!({})), json!([saved]));
    assert_eq!(window.ask("preferences", json!({}))["idleMinutes"], 42);
    assert_eq!(beginning["windowState"], state);
    window.ask("remove_site", json!({"id": saved["id"]}));
    assert_eq!(window.ask("sites", json!({})), json!([]));
    assert_eq!(window.ask("save_site", json!({"site": saved})), saved);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_window_asks_of_the_program_itself() {
    let window = Window::new();
    let check = window.ask("check_criteria", json!({"text": "10.0.0.1; nope!"}));
    assert_eq!(
        (
            &check["addresses"],
            &check["problems"][0]["position"],
            &check["problems"][0]["byteOffset"]
        ),
        (&json!(1), &json!(2), &json!(10))
    );
    assert_eq!(
        window.ask(
            "add_subnet",
            json!({"text": "10.0.0.1", "subnet": "192.0.2.0/24"})
        ),
        "10.0.0.1; 192.0.2.0/24"
    );
    let text = "127.0.0.1; localhost";
    let names = window.ask("look_up_names", json!({"text": text}));
    assert_eq!(
        (&names[0]["name"], names.as_array().map(Vec::len)),
        (&json!("localhost"), Some(1))
    );
    let beginning = window.ask("started", json!({}));
    assert_eq!(beginning["about"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        beginning["about"]["dataFolder"]
            .as_str()
            .unwrap()
            .ends_with("data")
    );
    assert!(beginning["networks"].is_array());
    assert_eq!(beginning["networks"], window.ask("networks", json!({})));
    window.ask("cancel", json!({"operation": "none"}));
    assert!(window.call("sites_of_others", json!({})).is_err());
    assert!(window.call("save_site", json!({"site": {"id": 7}})).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_at_one_address_is_remembered_of_its_site() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    let site = json!({
        "id": "", "name": "Zürich", "group": "", "address": unit.address().to_string(), "basePort": 0, "discoveryPort": 0,
        "tftpPort": 0, "securityPort": 0, "apiPort": 0, "method": "auto", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "", "mac": "", "type": "",
        "version": "", "lastSeen": "", "lastBackup": "",
    });
    window.ask("save_site", json!({"site": site}));
    let address = format!("{}:{}", unit.address(), unit.ports().discovery.unwrap());
    window.ask("discover", json!({"options": at(&address)}));
    let site = &window.ask("sites", json!({}))[0];
    assert_ne!(site["lastSeen"], "");
    assert_eq!(site["type"], "IP 500 V2");
}
