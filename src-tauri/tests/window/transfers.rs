//! Receive, look, change, send, restart.

use serde_json::{Value, json};

use crate::door::Window;
use crate::unit::{at, target, unit};

fn receive(window: &Window, target: &Value, operation: &str) -> Value {
    window.ask("receive", json!({"operation": operation, "target": target}))
}

/// `over`: the revision that may be overwritten.
fn merge(operation: &str, document: &Value, over: &str) -> Value {
    let options = json!({"mode": "merge", "atMinutes": 0, "barIncoming": false, "barOutgoing": false, "force": false, "over": over});
    json!({"operation": operation, "document": document["id"], "options": options})
}

/// Gives the first user another full name.
fn rename(window: &Window, document: &Value, name: &str) -> Value {
    let users = window.ask("entities", json!({"document": document["id"], "kind": "User"}));
    let user = &users["rows"][0]["id"];
    window.ask(
        "set_value",
        json!({"document": document["id"], "entity": user, "path": "FullName", "value": name}),
    )
}

/// What was done and how it ended, the newest first.
fn activity(window: &Window) -> Vec<(Value, Value)> {
    let list = window.ask("activity", json!({}));
    let entries = list.as_array().unwrap();
    entries
        .iter()
        .map(|entry| (entry["action"].clone(), entry["result"].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_no_site_goes_by_the_name_that_a_search_heard() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let unheard = receive(&window, &target, "r1");
    assert_eq!(unheard["name"], unit.address().to_string());
    let address = format!("{}:{}", unit.address(), unit.ports().discovery.unwrap());
    window.ask("discover", json!({"operation": "d1", "options": at(&address)}));
    let heard = receive(&window, &target, "r2");
    assert_eq!(heard["name"], "Zürich, Filiale 2");
    let activity = window.ask("activity", json!({}));
    assert_eq!(
        (&activity[0]["unit"], &activity[0]["address"]),
        (&heard["name"], &unheard["name"]),
        "{activity}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let document = receive(&window, &target, "r1");
    assert_eq!(
        (
            &document["revision"],
            document["bytes"].as_f64(),
            &document["opaque"]
        ),
        (&json!("r418"), Some(200_000.0), &json!(false))
    );
    assert!(
        document["limitBytes"].as_f64().unwrap() >= 400_000.0,
        "{document}"
    );
    let last = window
        .events()
        .into_iter()
        .rfind(|event| event["step"] == "receive")
        .unwrap();
    assert_eq!(
        (last["done"].as_f64(), last["total"].as_f64()),
        (Some(200_000.0), Some(200_000.0))
    );

    let state = rename(&window, &document, "Counter Zürich");
    assert_eq!((&state["changes"], &state["canUndo"]), (&json!(1), &json!(true)));
    let compared = window.ask(
        "compare_with_unit",
        json!({"operation": "c", "document": document["id"]}),
    );
    assert_eq!(
        (&compared["conflict"], &compared["mergeEnough"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(
        compared["changes"],
        window.ask("changes", json!({"document": document["id"]}))
    );

    let sent = window.ask("send", merge("s", &document, ""));
    assert_eq!(
        (
            &sent["revisionBefore"],
            &sent["revisionAfter"],
            sent["restartInS"].as_f64()
        ),
        (&json!("r418"), &json!("r419"), Some(-1.0))
    );
    assert!(
        String::from_utf8(unit.configuration().unwrap().to_vec())
            .unwrap()
            .contains("Counter Zürich")
    );
    for step in ["backup", "send", "commit"] {
        assert!(
            window.events().iter().any(|event| event["step"] == step),
            "{step}"
        );
    }
    assert_eq!(
        window.ask("changes", json!({"document": document["id"]})),
        json!([])
    );
    assert_eq!(window.ask("send", merge("s2", &document, ""))["unchanged"], true);

    let again = receive(&window, &target, "r2");
    assert_eq!(
        (&again["revision"], &again["state"]["changes"]),
        (&json!("r419"), &json!(0))
    );
    assert!(
        !window.ask("facts", json!({"target": target}))["lastBackup"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    let expect = [
        ("receive", "done"),
        ("send", "unchanged"),
        ("send", "done"),
        ("receive", "done"),
        ("logIn", "done"),
        ("certificatePinned", "done"),
    ];
    assert_eq!(
        activity(&window),
        expect.map(|(action, result)| (json!(action), json!(result)))
    );
    assert_eq!(unit.log_in_attempts(), 1, "one session for all of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receive_is_cancelled_and_works_afterwards() {
    let (_simulator, unit) = unit("faults = ['stall:60000:1']").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    std::thread::scope(|scope| {
        let work = scope.spawn(|| window.refused("receive", json!({"operation": "r", "target": target})));
        window.wait_for(|event| event["step"] == "receive" && event["done"].as_f64() > Some(0.0));
        window.ask("cancel", json!({"operation": "r"}));
        assert_eq!(work.join().unwrap(), "cancelled");
    });
    assert_eq!(window.ask("activity", json!({}))[0]["result"], "stopped");
    assert_eq!(receive(&window, &target, "r")["revision"], "r418");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_went_away_is_named_and_found_again() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    unit.stop().await;
    let error = window
        .call("receive", json!({"operation": "r", "target": target}))
        .unwrap_err();
    assert_eq!(error["code"], "not_reachable", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("127.0.0.1"),
        "{error}"
    );
    unit.start().await;
    assert_eq!(receive(&window, &target, "r")["revision"], "r418");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_watched_until_the_unit_is_back() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let merge = json!({"mode": "merge", "atMinutes": 0, "barIncoming": false, "barOutgoing": false});
    assert_eq!(
        window.refused(
            "reboot",
            json!({"operation": "b", "target": target, "options": merge})
        ),
        "usage"
    );
    let now = json!({"mode": "immediate", "atMinutes": 0, "barIncoming": false, "barOutgoing": false});
    let restart = window.ask(
        "reboot",
        json!({"operation": "b", "target": target, "options": now}),
    );
    assert!(restart["restartInS"].as_f64().unwrap() >= 0.0, "{restart}");
    let watched = window.ask("watch_until_back", json!({"operation": "w", "target": target}));
    assert_eq!(
        (&watched["went"], &watched["revision"]),
        (&json!(true), &json!("r418")),
        "{watched}"
    );
    assert_eq!(window.events().last().unwrap()["state"], "back");
    assert_eq!(unit.restarts(), 1);
    assert_eq!(receive(&window, &target, "r")["revision"], "r418");
}
