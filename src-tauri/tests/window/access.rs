//! Certificates, passwords and log-ins that end by themselves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::door::Window;
use crate::unit::{NEWCOMER, PASSWORD, fingerprint, target, unit, unit_that_starts_for};

/// SHA-256 of the certificate in the files of a client certificate.
const OURS: &str = "3550ff88e2b15fbb6ccab3cfce1ecb8840f2c3165d7b406c81eb75f141f55a11";
/// What opens them.
const FILE_PASSWORD: &str = "Gr\u{fc}\u{df}e-42";

fn site(unit: &trunkline_simulator::Unit, keys: &Value) -> Value {
    let mut site = json!({
        "id": "", "name": "Bern", "group": "", "address": unit.address().to_string(),
        "basePort": unit.ports().base.unwrap(), "discoveryPort": 0, "tftpPort": 0, "securityPort": 0, "apiPort": 0,
        "method": "service", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "",
        "mac": "", "type": "", "version": "", "lastSeen": "", "lastBackup": ""
    });
    for (key, value) in keys.as_object().unwrap() {
        site[key] = value.clone();
    }
    site
}

fn saved(window: &Window, site: &Value) -> Value {
    let site = window.ask("save_site", json!({"site": site}));
    json!({"siteId": site["id"], "address": site["address"], "basePort": 0})
}

fn log_in(window: &Window, target: &Value, password: &str) -> Value {
    let request = json!({"target": target, "after": "", "user": "Administrator", "password": password, "system": false, "remember": false});
    window.ask("log_in", json!({"request": request}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_computer_does_not_trust_is_accepted_by_whoever_compared_it() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    let target = saved(&window, &site(&unit, &json!({"tls": "verified"})));
    let refused = log_in(&window, &target, PASSWORD);
    assert_eq!(
        (&refused["kind"], &refused["certificate"]["fingerprint"]),
        (&json!("refusedCertificate"), &json!(fingerprint(&unit)))
    );
    assert!(
        ["unknownSigner", "wrongName"].contains(&refused["trouble"].as_str().unwrap()),
        "{refused}"
    );
    assert_eq!(unit.log_in_attempts(), 0, "nothing was proved to it");
    let other = json!({"kind": "acceptCertificate", "fingerprint": "00".repeat(32)});
    let answer = |answer: &Value| json!({"attempt": refused["attempt"], "answer": answer});
    assert_eq!(window.refused("answer_log_in", answer(&other)), "usage");

    let refused = log_in(&window, &target, PASSWORD);
    let accept = json!({"kind": "acceptCertificate", "fingerprint": fingerprint(&unit)});
    let outcome = window.ask(
        "answer_log_in",
        json!({"attempt": refused["attempt"], "answer": accept}),
    );
    assert_eq!(outcome["kind"], "loggedIn", "{outcome}");
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    let again = log_in(&window, &target, PASSWORD);
    assert_eq!(again["kind"], "refusedCertificate", "it held for that log-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_tcp_needs_the_site_s_consent() {
    let (_simulator, unit) = unit("tls = false").await;
    let window = Window::new();
    let target = saved(&window, &site(&unit, &json!({})));
    assert_eq!(log_in(&window, &target, PASSWORD)["kind"], "plainOnly");
    let mut stored = window.ask("sites", json!({}))[0].clone();
    assert_eq!(stored["allowPlain"], false);
    stored["allowPlain"] = json!(true);
    window.ask("save_site", json!({"site": stored}));
    let outcome = log_in(&window, &target, PASSWORD);
    assert_eq!(
        (&outcome["kind"], &outcome["session"]["tls"]),
        (&json!("loggedIn"), &json!(false))
    );
    // Not over a line on which anybody can read it.
    let change = json!({"target": target, "password": NEWCOMER.1});
    assert_eq!(window.refused("change_password", change), "tls_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_on_request_and_logs_in_from_then_on() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    assert_eq!(
        window.refused(
            "change_password",
            json!({"target": target, "password": NEWCOMER.1})
        ),
        "no_credential"
    );
    window.log_in(&target, true);
    let changed = window.ask(
        "change_password",
        json!({"target": target, "password": NEWCOMER.1}),
    );
    assert_eq!(changed, json!({"problem": ""}));
    assert_eq!(window.ask("activity", json!({}))[0]["action"], "passwordChanged");
    // The connection is lost: the same log-in opens another one, with the new password.
    unit.stop().await;
    unit.start().await;
    let received = window.ask("receive", json!({"target": target}));
    assert_eq!(received["revision"], "r418");
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    assert_eq!(
        window.ask("resume_log_in", json!({"target": target}))["kind"],
        "loggedIn",
        "the keychain has the new one"
    );
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    assert_eq!(log_in(&window, &target, PASSWORD)["kind"], "wrongPassword");
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_that_nobody_uses_end_and_the_window_hears_it() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    let target = saved(&window, &site(&unit, &json!({})));
    window.ask("listen", json!({}));
    window.log_in(&target, false);
    let logged_in = |window: &Window| window.ask("facts", json!({"target": target}))["loggedIn"].clone();
    assert_eq!(logged_in(&window), true);
    window.bench.end_idle_log_ins(Duration::from_mins(15)).await;
    assert_eq!(logged_in(&window), true, "it was used just now");
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    window.wait_for(|event| *event == json!({"kind": "loggedOut", "units": ["Bern"], "minutes": 0}));
    assert_eq!(logged_in(&window), false);
    assert_eq!(
        window.refused("receive", json!({"target": target})),
        "no_credential"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_is_in_use_does_not_end() {
    let (_simulator, unit) = unit("faults = ['stall:60000:1']").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    std::thread::scope(|scope| {
        let work = scope.spawn(|| window.refused("receive", json!({"operation": "r", "target": target})));
        window.wait_for(|event| event["step"] == "receive" && event["done"].as_f64() > Some(0.0));
        let end = window.bench.end_idle_log_ins(Duration::ZERO);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(end));
        assert_eq!(window.ask("facts", json!({"target": target}))["loggedIn"], true);
        window.ask("cancel", json!({"operation": "r"}));
        assert_eq!(work.join().unwrap(), "cancelled");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_starting_asks_to_be_tried_later() {
    let (_simulator, unit) = unit_that_starts_for(Duration::from_mins(10), "").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let now = json!({"mode": "immediate", "atMinutes": 0, "barIncoming": false, "barOutgoing": false});
    window.ask("reboot", json!({"target": target, "options": now}));
    std::thread::scope(|scope| {
        let watch = json!({"operation": "w", "target": target});
        let watching = scope.spawn(|| window.refused("watch_until_back", watch));
        window.wait_for(|event| event["state"] == "starting" && event["leftS"].as_f64() > Some(0.0));
        let request = json!({"target": target, "after": "", "user": "Administrator", "password": PASSWORD, "system": false, "remember": false});
        let outcome = window.call("log_in", json!({"request": request}));
        // Before anything is asserted: a watch that nobody stops would keep the test from ending.
        window.ask("cancel", json!({"operation": "w"}));
        assert_eq!(watching.join().unwrap(), "cancelled");
        let outcome = outcome.unwrap();
        assert_eq!(
            (&outcome["kind"], outcome["retryAfterS"].as_f64()),
            (&json!("retryLater"), Some(1.0)),
            "{outcome}"
        );
    });
}

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/trunkline-core/tests/data/client-certificate")
        .join(file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_chosen_unlocked_and_shown_to_the_unit() {
    let (_simulator, unit) = unit(&format!("client_certificate = '{OURS}'")).await;
    let window = Window::new();
    let none = saved(&window, &site(&unit, &json!({})));
    let outcome = log_in(&window, &none, PASSWORD);
    let accept = json!({"kind": "acceptCertificate", "fingerprint": fingerprint(&unit)});
    let answer = json!({"attempt": outcome["attempt"], "answer": accept});
    assert_eq!(window.refused("answer_log_in", answer), "client_certificate");

    let nothing = window.ask("choose_client_certificate", json!({}));
    assert_eq!(nothing, json!({"file": "", "locked": false}));
    assert_eq!(
        window.refused("unlock_client_certificate", json!({"password": "x"})),
        "usage"
    );
    *window.chosen.lock().unwrap() = Some(data("mismatched.pem"));
    assert_eq!(
        window.refused("choose_client_certificate", json!({})),
        "client_certificate"
    );
    let file = data("locked.pem");
    *window.chosen.lock().unwrap() = Some(file.clone());
    let chosen = window.ask("choose_client_certificate", json!({}));
    assert_eq!(
        chosen,
        json!({"file": file.display().to_string(), "locked": true})
    );
    assert_eq!(
        window.refused("unlock_client_certificate", json!({"password": "falsch"})),
        "client_certificate"
    );
    window.ask("unlock_client_certificate", json!({"password": FILE_PASSWORD}));
    let again = window.ask("choose_client_certificate", json!({}));
    assert_eq!(again["locked"], false, "the keychain opens it");

    let mut stored = window.ask("sites", json!({}))[0].clone();
    stored["clientCertificate"] = chosen["file"].clone();
    let stored = window.ask("save_site", json!({"site": stored}));
    assert_eq!(stored["clientCertificate"], chosen["file"]);
    window.log_in(&none, false);
}
