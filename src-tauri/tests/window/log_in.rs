//! Every way in which a log-in can go.

use std::time::Duration;

use serde_json::{Value, json};

use crate::door::Window;
use crate::unit::{NEWCOMER, PASSWORD, fingerprint, target, unit};

fn request(target: &Value, user: &str, password: &str) -> Value {
    after("", target, user, password)
}

/// Another try of a log-in, with all that was accepted there.
fn after(attempt: &str, target: &Value, user: &str, password: &str) -> Value {
    json!({"request": {"target": target, "after": attempt, "user": user, "password": password, "system": false,
        "remember": false}})
}

fn answer(outcome: &Value, answer: &Value) -> Value {
    json!({"attempt": outcome["attempt"], "answer": answer})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_certificate_is_shown_and_then_trusted() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    assert_eq!(
        window.ask("resume_log_in", json!({"target": target})),
        json!({"kind": "passwordNeeded", "user": "", "system": false, "keychainProblem": ""})
    );
    let outcome = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(
        (&outcome["kind"], &outcome["certificate"]["fingerprint"]),
        (&json!("firstCertificate"), &json!(fingerprint(&unit)))
    );
    assert!(
        outcome["certificate"]["validUntil"]
            .as_str()
            .unwrap()
            .ends_with('Z'),
        "{outcome}"
    );
    assert_eq!(
        unit.log_in_attempts(),
        0,
        "nobody logs in before the certificate is accepted"
    );

    let other = json!({"kind": "acceptCertificate", "fingerprint": "00".repeat(32)});
    assert_eq!(window.refused("answer_log_in", answer(&outcome, &other)), "usage");
    let outcome = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    let stopped = window.ask("answer_log_in", answer(&outcome, &json!({"kind": "stop"})));
    assert_eq!(
        stopped,
        json!({"kind": "passwordNeeded", "user": "Administrator", "system": false, "keychainProblem": ""})
    );
    assert_eq!(window.ask("facts", json!({"target": target}))["fingerprint"], "");

    let session = window.log_in(&target, false);
    assert_eq!(
        (&session["user"], &session["tls"], &session["passwordExpiresDays"]),
        (&json!("Administrator"), &json!(true), &json!(9))
    );
    assert_eq!(session["rights"].as_array().unwrap().len(), 9);
    let facts = window.ask("facts", json!({"target": target}));
    assert_eq!(
        (&facts["fingerprint"], &facts["user"], &facts["remembered"]),
        (&json!(fingerprint(&unit)), &json!("Administrator"), &json!(false))
    );
    assert_eq!(
        window.ask("resume_log_in", json!({"target": target}))["kind"],
        "loggedIn"
    );
    assert_eq!(unit.log_in_attempts(), 1, "the session is used again");
    let actions: Vec<_> = window
        .ask("activity", json!({}))
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["action"].clone())
        .collect();
    assert_eq!(actions, ["logIn", "certificatePinned"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_certificate_shows_both() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let before = fingerprint(&unit);
    unit.replace_certificate().unwrap();
    let outcome = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(
        (&outcome["kind"], &outcome["pinned"]),
        (&json!("changedCertificate"), &json!(before))
    );
    assert_eq!(outcome["certificate"]["fingerprint"], json!(fingerprint(&unit)));
    assert!(!outcome["pinnedOn"].as_str().unwrap().is_empty());
    let accept = json!({"kind": "acceptCertificate", "fingerprint": fingerprint(&unit)});
    assert_eq!(
        window.ask("answer_log_in", answer(&outcome, &accept))["kind"],
        "loggedIn"
    );
    assert_eq!(
        window.ask("facts", json!({"target": target}))["fingerprint"],
        json!(fingerprint(&unit))
    );

    window.ask("forget_certificate", json!({"target": target}));
    assert_eq!(window.ask("facts", json!({"target": target}))["fingerprint"], "");
    let outcome = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(outcome["kind"], "firstCertificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_counted_and_the_last_attempt_is_asked_for() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let wrong = || window.ask("log_in", request(&target, "Administrator", "falsch"));
    for left in [2, 1] {
        let outcome = wrong();
        assert_eq!(
            (&outcome["kind"], &outcome["attemptsLeft"]),
            (&json!("wrongPassword"), &json!(left))
        );
    }
    let question = wrong();
    assert_eq!(question["kind"], "lastAttempt");
    let tried = unit.log_in_attempts();
    let outcome = window.ask(
        "answer_log_in",
        answer(&question, &json!({"kind": "useLastAttempt"})),
    );
    assert_eq!(unit.log_in_attempts(), tried + 1);
    assert!(
        outcome["kind"] == "wrongPassword" || outcome["kind"] == "locked",
        "{outcome}"
    );
    let locked = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    let locked = if locked["kind"] == "lastAttempt" {
        window.ask(
            "answer_log_in",
            answer(&locked, &json!({"kind": "useLastAttempt"})),
        )
    } else {
        locked
    };
    assert_eq!(
        (&locked["kind"], locked["retryAfterS"].as_f64()),
        (&json!("locked"), Some(60.0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_and_one_who_must_change_the_password() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    assert_eq!(
        window.ask("log_in", request(&target, "Former", PASSWORD))["kind"],
        "disabled"
    );
    let question = window.ask("log_in", request(&target, "Newcomer", NEWCOMER.0));
    assert_eq!(
        (&question["kind"], &question["problem"]),
        (&json!("mustChange"), &json!(""))
    );
    let change = json!({"kind": "newPassword", "password": NEWCOMER.1});
    let outcome = window.ask("answer_log_in", answer(&question, &change));
    assert_eq!(
        (&outcome["kind"], &outcome["session"]["user"]),
        (&json!("loggedIn"), &json!("Newcomer"))
    );
    assert_eq!(
        window.refused("answer_log_in", answer(&question, &change)),
        "not_found"
    );
    assert_eq!(
        window.ask("log_in", request(&target, "Newcomer", NEWCOMER.1))["kind"],
        "loggedIn"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_tcp_needs_a_word() {
    let (_simulator, unit) = unit("tls = false").await;
    let (window, target) = (Window::new(), target(&unit));
    let question = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(question["kind"], "plainOnly");
    assert_eq!(unit.log_in_attempts(), 0);
    let outcome = window.ask("answer_log_in", answer(&question, &json!({"kind": "allowPlain"})));
    let session = &outcome["session"];
    assert_eq!(
        (&session["tls"], &session["fingerprint"]),
        (&json!(false), &json!(""))
    );
    let received = window.ask("receive", json!({"operation": "r", "target": target}));
    assert_eq!(received["revision"], "r418");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_there_after_a_restart() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    let address = target(&unit);
    let site = json!({
        "id": "", "name": "Zürich", "group": "", "address": address["address"], "basePort": address["basePort"],
        "discoveryPort": 0, "tftpPort": 0, "securityPort": 0, "apiPort": 0, "method": "auto", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "",
        "mac": "", "type": "", "version": "", "lastSeen": "", "lastBackup": "",
    });
    let site = window.ask("save_site", json!({"site": site}));
    let target = json!({"siteId": site["id"], "address": site["address"], "basePort": 0});
    let session = window.log_in(&target, true);
    assert_eq!(
        (&session["remembered"], &session["keychainProblem"]),
        (&json!(true), &json!(""))
    );

    let window = window.again();
    let outcome = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(
        (&outcome["kind"], &outcome["session"]["remembered"]),
        (&json!("loggedIn"), &json!(true)),
        "{outcome}"
    );
    window.ask("forget_log_in", json!({"target": target}));
    let outcome = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(
        (&outcome["kind"], &outcome["user"]),
        (&json!("passwordNeeded"), &json!("Administrator"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_nobody_uses_ends() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    window.bench.end_idle_log_ins(Duration::from_hours(1)).await;
    assert_eq!(
        window.ask("resume_log_in", json!({"target": target}))["kind"],
        "loggedIn"
    );
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    assert_eq!(
        window.ask("resume_log_in", json!({"target": target}))["kind"],
        "passwordNeeded"
    );
    assert_eq!(
        window.refused("receive", json!({"operation": "r", "target": target})),
        "no_credential"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_before_3_2_is_told_apart_before_a_password_goes_anywhere() {
    let (_simulator, unit) = unit("version = '2.1.36'").await;
    let window = Window::new();
    let port = unit.ports().tftp.unwrap();
    let site = json!({
        "id": "", "name": "Lager", "group": "", "address": unit.address().to_string(), "basePort": 0,
        "discoveryPort": 1, "tftpPort": port, "securityPort": 0, "apiPort": 0, "method": "auto", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "",
        "mac": "", "type": "", "version": "", "lastSeen": "", "lastBackup": "",
    });
    let site = window.ask("save_site", json!({"site": site}));
    let target = json!({"siteId": site["id"], "address": site["address"], "basePort": 0});
    let needed = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(
        (&needed["kind"], &needed["system"]),
        (&json!("passwordNeeded"), &json!(true))
    );
    // A service user's password is not tried there, even where it is the same.
    let asked = window.ask("log_in", request(&target, "Administrator", "password"));
    assert_eq!(
        (&asked["kind"], &asked["system"]),
        (&json!("passwordNeeded"), &json!(true))
    );
    let system = |password: &str, attempt: &Value| {
        json!({"request": {"target": target, "after": attempt, "user": "", "password": password, "system": true,
            "remember": true}})
    };
    let wrong = window.ask("log_in", system("wrong", &json!("")));
    assert_eq!(
        (&wrong["kind"], &wrong["attemptsLeft"]),
        (&json!("wrongPassword"), &json!(-1))
    );
    let session = window.ask("log_in", system("password", &wrong["attempt"]));
    assert_eq!(session["kind"], "loggedIn", "{session}");
    assert_eq!(
        session["session"]["rights"],
        json!(["readConfiguration", "writeConfiguration", "rebootImmediately"])
    );
    assert_eq!(session["session"]["remembered"], true);
    let document = window.ask("receive", json!({"operation": "r", "target": target}));
    assert!(
        document["revision"].as_str().unwrap().starts_with("tftp-"),
        "{document}"
    );
    // The keychain has it from now on, until it is told to forget.
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    let resumed = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(resumed["kind"], "loggedIn", "{resumed}");
    window.ask("forget_log_in", json!({"target": target}));
    let needed = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(needed["kind"], "passwordNeeded");

    window.ask("log_in", system("password", &json!("")));
    let users = window.ask("entities", json!({"document": document["id"], "kind": "User"}));
    let user = &users["rows"][0]["id"];
    let change = json!({"document": document["id"], "entity": user, "path": "FullName", "value": "Old Hand"});
    window.ask("set_value", change);
    let send = |mode: &str| {
        let options = json!({"mode": mode, "atMinutes": 0, "barIncoming": false, "barOutgoing": false, "force": false, "over": ""});
        json!({"operation": "s", "document": document["id"], "options": options})
    };
    assert_eq!(window.refused("send", send("merge")), "unsupported");
    let taken = window.ask("send", send("immediate"));
    assert_eq!(taken["restartInS"].as_f64(), Some(0.0), "{taken}");
    assert!(String::from_utf8_lossy(&unit.configuration().unwrap()).contains("Old Hand"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keychain_is_said_and_stands_in_nobody_s_way() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::with_locked_keychain(), target(&unit));
    let session = window.log_in(&target, true);
    assert_eq!(session["remembered"], false);
    assert!(
        session["keychainProblem"].as_str().unwrap().contains("locked"),
        "{session}"
    );
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    let outcome = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(
        (&outcome["kind"], &outcome["user"]),
        (&json!("passwordNeeded"), &json!("Administrator"))
    );
    assert!(
        outcome["keychainProblem"].as_str().unwrap().contains("locked"),
        "{outcome}"
    );
    assert_eq!(
        window.ask("facts", json!({"target": target}))["remembered"],
        false
    );
    assert_eq!(
        window.refused("forget_log_in", json!({"target": target})),
        "keychain_locked"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_not_asked_again_after_a_wrong_password() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let question = window.ask("log_in", request(&target, "Administrator", "falsch"));
    let accept = json!({"kind": "acceptCertificate", "fingerprint": fingerprint(&unit)});
    let wrong = window.ask("answer_log_in", answer(&question, &accept));
    assert_eq!(wrong["kind"], "wrongPassword");
    let facts = window.ask("facts", json!({"target": target}));
    assert_eq!(
        facts["fingerprint"], "",
        "a unit that proved nothing is not pinned"
    );

    let attempt = wrong["attempt"].as_str().unwrap();
    let session = window.ask("log_in", after(attempt, &target, "Administrator", PASSWORD));
    assert_eq!(session["kind"], "loggedIn");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_the_accepted_one_is_asked_about() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let question = window.ask("log_in", request(&target, "Administrator", "falsch"));
    let accept = json!({"kind": "acceptCertificate", "fingerprint": fingerprint(&unit)});
    let wrong = window.ask("answer_log_in", answer(&question, &accept));
    unit.replace_certificate().unwrap();
    let attempt = wrong["attempt"].as_str().unwrap();
    let other = window.ask("log_in", after(attempt, &target, "Administrator", PASSWORD));
    assert_eq!(
        (&other["kind"], &other["certificate"]["fingerprint"]),
        (&json!("changedCertificate"), &json!(fingerprint(&unit)))
    );
    let outcome = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(outcome["kind"], "firstCertificate", "so is a log-in of its own");
    let accept = json!({"kind": "acceptCertificate", "fingerprint": fingerprint(&unit)});
    assert_eq!(
        window.ask("answer_log_in", answer(&outcome, &accept))["kind"],
        "loggedIn"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_log_in_needs_a_word() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    window.log_in(&target, false);
    let window = window.again();
    // As if the unit had asked for more when the log-in last worked.
    let store = window.folder.path().join("data/store.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&store).unwrap()).unwrap();
    for iterations in kept["log_in_iterations"].as_object_mut().unwrap().values_mut() {
        *iterations = json!(900_000);
    }
    std::fs::write(&store, kept.to_string()).unwrap();

    let tried = unit.log_in_attempts();
    let question = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(
        (&question["kind"], &question["offered"], &question["remembered"]),
        (&json!("weakerLogIn"), &json!(50_000), &json!(900_000))
    );
    assert_eq!(unit.log_in_attempts(), tried, "nothing was proved to it yet");
    let accept = json!({"kind": "acceptWeakerLogIn"});
    let outcome = window.ask("answer_log_in", answer(&question, &accept));
    assert_eq!(outcome["kind"], "loggedIn");
    let again = window.ask("log_in", request(&target, "Administrator", PASSWORD));
    assert_eq!(again["kind"], "loggedIn", "it is remembered");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_in_the_dark_for_the_keychain() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::with_prompting_keychain(), target(&unit));
    window.ask("listen", json!({}));
    let session = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| window.log_in(&target, true));
        window.wait_for(|event| *event == json!({"kind": "keychain", "waiting": true}));
        window.ask("skip_keychain", json!({}));
        window.wait_for(|event| *event == json!({"kind": "keychain", "waiting": false}));
        waiting.join().unwrap()
    });
    assert_eq!(session["remembered"], false);
    assert!(
        session["keychainProblem"]
            .as_str()
            .unwrap()
            .contains("you went on without it"),
        "{session}"
    );
    // While the prompt is still open nobody waits for it again.
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    let outcome = window.ask("resume_log_in", json!({"target": target}));
    assert_eq!(outcome["kind"], "passwordNeeded");
    assert!(
        outcome["keychainProblem"]
            .as_str()
            .unwrap()
            .contains("still open"),
        "{outcome}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_a_log_in_does_not_wait_for_the_keychain() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::with_prompting_keychain(), target(&unit));
    window.log_in(&target, false);
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    window.ask("listen", json!({}));
    std::thread::scope(|scope| {
        let resuming =
            scope.spawn(|| window.refused("resume_log_in", json!({"operation": "r", "target": target})));
        window.wait_for(|event| *event == json!({"kind": "keychain", "waiting": true}));
        window.ask("cancel", json!({"operation": "r"}));
        assert_eq!(resuming.join().unwrap(), "cancelled");
        window.wait_for(|event| *event == json!({"kind": "keychain", "waiting": false}));
    });
}
