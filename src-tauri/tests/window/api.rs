//! The Management API as a site's method.

use serde_json::{Value, json};
use trunkline_simulator::Unit;

use crate::door::Window;
use crate::unit::{PASSWORD, fingerprint, unit};

const KEYS: &str = "management_api = true";

fn saved(window: &Window, unit: &Unit) -> Value {
    let site = json!({
        "id": "", "name": "Bern", "group": "", "address": unit.address().to_string(), "basePort": 0,
        "discoveryPort": 0, "tftpPort": 0, "securityPort": 0, "apiPort": unit.ports().management_api.unwrap(),
        "method": "api", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "", "mac": "",
        "type": "", "version": "", "lastSeen": "", "lastBackup": ""
    });
    let site = window.ask("save_site", json!({"site": site}));
    json!({"siteId": site["id"], "address": site["address"], "basePort": 0})
}

fn send(document: &Value, mode: &str) -> Value {
    let options = json!({"mode": mode, "atMinutes": 0, "barIncoming": false, "barOutgoing": false, "force": false, "over": ""});
    json!({"document": document["id"], "options": options})
}

/// Gives the user at this place another full name.
fn rename(window: &Window, document: &Value, at: usize, name: &str) {
    let users = window.ask("entities", json!({"document": document["id"], "kind": "User"}));
    let user = &users["rows"][at]["id"];
    window.ask(
        "set_value",
        json!({"document": document["id"], "entity": user, "path": "FullName", "value": name}),
    );
}

fn held(unit: &Unit) -> String {
    String::from_utf8(unit.configuration().unwrap().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_received_and_sent_and_nothing_else_can_be_done() {
    let (_simulator, unit) = unit(KEYS).await;
    let window = Window::new();
    let target = saved(&window, &unit);
    let request = json!({"target": target, "after": "", "user": "Administrator", "password": PASSWORD, "system": false, "remember": true});
    let first = window.ask("log_in", json!({"request": request}));
    assert_eq!(
        (&first["kind"], &first["certificate"]["fingerprint"]),
        (&json!("firstCertificate"), &json!(fingerprint(&unit))),
        "the password goes there itself"
    );
    let session = window.log_in(&target, true);
    assert_eq!((&session["api"], &session["tls"]), (&json!(true), &json!(true)));
    assert_eq!(
        window.ask("facts", json!({"target": target}))["fingerprint"],
        json!(fingerprint(&unit))
    );

    let document = window.ask("receive", json!({"target": target}));
    assert_eq!(document["opaque"], false);
    rename(&window, &document, 0, "Mine");
    assert_eq!(
        window.refused("send", send(&document, "immediate")),
        "unsupported"
    );
    let sent = window.ask("send", send(&document, "merge"));
    assert_eq!(sent["restarts"], false);
    assert!(held(&unit).contains("<FullName>Mine</FullName>"));
    assert_eq!(
        window.ask("changes", json!({"document": document["id"]})),
        json!([])
    );
    for step in ["write", "readBack"] {
        assert!(
            window.events().iter().any(|event| event["step"] == step),
            "{step}"
        );
    }
    let now = json!({"mode": "immediate", "atMinutes": 0, "barIncoming": false, "barOutgoing": false});
    assert_eq!(
        window.refused("reboot", json!({"target": target, "options": now})),
        "unsupported"
    );
    assert_eq!(
        window.refused(
            "change_password",
            json!({"target": target, "password": "Anderes-99"})
        ),
        "unsupported"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_wrote_stays_and_is_what_the_next_changes_start_from() {
    let (_simulator, unit) = unit(KEYS).await;
    let window = Window::new();
    let target = saved(&window, &unit);
    window.log_in(&target, false);
    let mine = window.ask("receive", json!({"target": target}));
    let other = window.ask("receive", json!({"target": target}));
    rename(&window, &other, 1, "Theirs");
    window.ask("send", send(&other, "merge"));
    rename(&window, &mine, 0, "Mine");
    // Other entries are no collision here: they are sent one by one.
    window.ask("send", send(&mine, "merge"));
    let now = held(&unit);
    assert!(now.contains("<FullName>Mine</FullName>") && now.contains("<FullName>Theirs</FullName>"));
    let users = window.ask("entities", json!({"document": mine["id"], "kind": "User"}));
    assert!(
        users.to_string().contains("Theirs"),
        "it shows what the unit holds"
    );
    rename(&window, &mine, 0, "Mine again");
    window.ask("send", send(&mine, "merge"));
    assert!(
        held(&unit).contains("<FullName>Theirs</FullName>"),
        "theirs is not undone later"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_send_stops_in_the_middle_is_said_exactly() {
    let (_simulator, unit) = unit(&format!("{KEYS}\nfaults = ['api-refuse-after:1']")).await;
    let window = Window::new();
    let target = saved(&window, &unit);
    window.log_in(&target, false);
    let document = window.ask("receive", json!({"target": target}));
    rename(&window, &document, 0, "First");
    rename(&window, &document, 1, "Second");
    let stopped = window.call("send", send(&document, "merge")).unwrap_err();
    assert_eq!(stopped["code"], "done_in_part", "{stopped}");
    let parts = &stopped["parts"];
    let count = |list: &str| parts[list].as_array().unwrap().len();
    assert_eq!(
        (count("written"), count("unknown"), count("notWritten")),
        (1, 0, 1),
        "{stopped}"
    );
    assert!(!parts["why"].as_str().unwrap().is_empty());
    assert!(!stopped["hint"].as_str().unwrap().contains("--"));
    let now = held(&unit);
    assert!(now.contains("<FullName>First</FullName>") && !now.contains("<FullName>Second</FullName>"));
}
