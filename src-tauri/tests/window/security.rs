//! Security settings and audit trails through the window's commands.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use trunkline_core::workbench::News;
use trunkline_simulator::Unit;

use crate::door::Window;
use crate::unit::{PASSWORD, target, unit};

/// A new password: nowhere but in the unit.
const NEW: &str = "Streng-Geheim-77";

fn try_log_in(window: &Window, target: &Value, user: &str, password: &str) -> Value {
    let request = json!({"target": target, "service": "security", "after": "", "user": user, "password": password,
                         "system": false, "remember": false});
    let outcome = window.ask("log_in", json!({"request": request}));
    if outcome["kind"] != "firstCertificate" {
        return outcome;
    }
    let answer = json!({"kind": "acceptCertificate", "fingerprint": outcome["certificate"]["fingerprint"]});
    window.ask(
        "answer_log_in",
        json!({"attempt": outcome["attempt"], "answer": answer}),
    )
}

fn open(window: &Window, target: &Value) -> Value {
    let outcome = try_log_in(window, target, "Administrator", PASSWORD);
    assert_eq!(outcome["kind"], "loggedIn", "{outcome}");
    window.ask("open_security", json!({"target": target}))
}

fn edit(window: &Window, view: &Value, edit: &Value) -> Value {
    window.ask("edit_security", json!({"id": view["id"], "edit": edit}))
}

fn set(name: &str, value: &str) -> Value {
    json!({"kind": "set", "name": name, "value": value})
}

fn merge(view: &Value) -> Value {
    let options = json!({"mode": "merge", "atMinutes": 0, "barIncoming": false, "barOutgoing": false, "force": false, "over": ""});
    json!({"id": view["id"], "options": options})
}

fn value_of<'v>(view: &'v Value, name: &str) -> &'v Value {
    let settings = view["settings"].as_array().unwrap();
    &settings.iter().find(|setting| setting["name"] == name).unwrap()["value"]
}

fn held(unit: &Unit) -> String {
    String::from_utf8(unit.security_settings().unwrap().to_vec()).unwrap()
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

/// Nothing that the program keeps holds any of the settings, or the new password.
#[track_caller]
fn nothing_is_kept(window: &Window) {
    let mut waiting = vec![window.folder.path().join("data")];
    let mut seen = 0;
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            seen += 1;
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            for wanted in ["<ServiceUser", "<security", "RejectLimit", NEW] {
                assert!(!text.contains(wanted), "{} holds {wanted}", path.display());
            }
        }
    }
    assert!(seen > 0);
}

/// A base port with all ports above it that a unit needs, where systems give none to outgoing connections.
fn free_base_port() -> u16 {
    // No two tests of this program get the same.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 400).unwrap();
    (0..400)
        .map(|_| 61_000 + (start + TAKEN.fetch_add(1, Ordering::Relaxed)) % 400 * 11)
        .find(|base| {
            [0, 1, 8, 9]
                .iter()
                .all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok())
        })
        .unwrap()
}

#[expect(
    clippy::too_many_lines,
    reason = "one flow from the log-in to the closed settings"
)]
#[tokio::test(flavor = "multi_thread")]
async fn they_are_opened_changed_and_sent() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    assert_eq!(
        window.refused("open_security", json!({"target": target})),
        "no_credential"
    );
    window.log_in(&target, false);
    assert_eq!(
        window.ask("resume_security_log_in", json!({"target": target}))["kind"],
        "passwordNeeded",
        "the log-in for configurations is another one"
    );
    let view = open(&window, &target);
    assert_eq!(
        (&view["user"], &view["tls"], &view["revision"]),
        (&json!("Administrator"), &json!(true), &json!("r1"))
    );
    assert_eq!(
        view["services"][4],
        json!({"name": "HTTP", "level": "Unsecure + Secure", "original": "Unsecure + Secure"})
    );
    assert_eq!(value_of(&view, "Complexity"), "Medium");
    assert_eq!(view["users"].as_array().unwrap().len(), 3);
    assert!(
        codes(&view["findings"]).contains(&"also_without_tls"),
        "{}",
        view["findings"]
    );
    let rights: Vec<_> = view["rights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|right| right.as_str().unwrap())
        .collect();
    assert_eq!((rights.len(), rights[7]), (9, "write_security"));

    edit(&window, &view, &set("Complexity", "High"));
    edit(
        &window,
        &view,
        &json!({"kind": "level", "service": "HTTP", "level": "Disabled"}),
    );
    edit(
        &window,
        &view,
        &json!({"kind": "addUser", "user": "Zoë", "groups": ["Administrator Group"]}),
    );
    let now = edit(
        &window,
        &view,
        &json!({"kind": "enableUser", "user": "Newcomer", "enabled": false}),
    );
    assert_eq!(codes(&now["consequences"]), ["service_off"]);
    assert_eq!(
        (
            codes(&now["problems"]).contains(&"password_missing"),
            &now["canUndo"]
        ),
        (true, &json!(true))
    );
    assert_eq!(window.refused("send_security", merge(&view)), "usage");
    assert_eq!(
        window.refused(
            "set_security_password",
            json!({"id": view["id"], "user": "Zoë", "password": "kurz"})
        ),
        "usage"
    );
    let now = window.ask(
        "set_security_password",
        json!({"id": view["id"], "user": "Zoë", "password": NEW}),
    );
    let zoe = &now["users"].as_array().unwrap()[3];
    assert_eq!(
        (&zoe["name"], &zoe["newPassword"], &zoe["added"]),
        (&json!("Zoë"), &json!(true), &json!(true))
    );
    let undone = window.ask("undo_security", json!({"id": view["id"]}));
    assert_eq!(undone["users"][3]["newPassword"], false);
    window.ask("redo_security", json!({"id": view["id"]}));

    let sent = window.ask("send_security", merge(&view));
    assert_eq!(
        (&sent["revisionAfter"], &sent["unchanged"], &sent["movedTo"]),
        (&json!("r2"), &json!(false), &json!(0))
    );
    assert_eq!(
        (&sent["view"]["changes"], &sent["view"]["revision"]),
        (&json!([]), &json!("r2"))
    );
    let text = held(&unit);
    assert!(
        text.contains("<Complexity>High</Complexity>") && !text.contains(NEW),
        "{text}"
    );
    assert_eq!(try_log_in(&window, &target, "Zoë", NEW)["kind"], "loggedIn");
    assert_eq!(
        try_log_in(&window, &target, "Newcomer", "Erstes-Mal-7")["kind"],
        "disabled"
    );

    let done = window.ask("activity", json!({}));
    let done: Vec<_> = done
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert!(
        ["securityLogIn", "securityReceived", "securitySent"]
            .iter()
            .all(|action| done.contains(action)),
        "{done:?}"
    );
    nothing_is_kept(&window);
    window.ask("forget_certificate", json!({"target": target}));
    let request = json!({"target": target, "service": "security", "after": "", "user": "Administrator", "password": "x",
                         "system": false, "remember": false});
    assert_eq!(
        window.ask("log_in", json!({"request": request}))["kind"],
        "firstCertificate",
        "both pins are gone"
    );
    window.ask("close_security", json!({"id": view["id"]}));
    assert_eq!(
        window.refused("undo_security", json!({"id": view["id"]})),
        "not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_is_refused_and_changes_nothing() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let view = open(&window, &target);
    for wrong in [
        set("Complexity", "Very High"),
        set("Colour", "red"),
        set("ServicesBasePort", "80"),
        json!({"kind": "level", "service": "HTTP", "level": "Secure"}),
        json!({"kind": "level", "service": "Telnet", "level": "Disabled"}),
        json!({"kind": "removeUser", "user": "Nobody"}),
        json!({"kind": "addUser", "user": "Administrator", "groups": []}),
        json!({"kind": "groupRights", "group": "Administrator Group", "rights": ["fly"]}),
    ] {
        assert_eq!(
            window.refused("edit_security", json!({"id": view["id"], "edit": wrong})),
            "usage",
            "{wrong}"
        );
    }
    assert_eq!(
        edit(&window, &view, &set("Complexity", "Medium"))["changes"],
        json!([])
    );
    assert_eq!(
        window.refused(
            "edit_security",
            json!({"id": "s99", "edit": set("Complexity", "Low")})
        ),
        "not_found"
    );
    assert_eq!(
        window.refused("rebase_security", json!({"id": view["id"]})),
        "usage"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_s_changes_are_told_and_mine_go_on_top() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let view = open(&window, &target);
    edit(&window, &view, &set("Complexity", "High"));
    edit(&window, &view, &set("RejectLimit", "5"));
    let theirs = held(&unit).replace("<RejectLimit>3<", "<RejectLimit>9<");
    unit.change_security_settings(theirs.into_bytes());
    assert_eq!(window.refused("send_security", merge(&view)), "conflict");
    let theirs = window.ask("compare_security", json!({"id": view["id"]}));
    let change = json!({"entity": "General", "name": "", "field": "RejectLimit", "before": "3", "after": "9",
                        "added": false, "removed": false});
    assert_eq!(
        (&theirs["changes"], &theirs["collisions"]),
        (&json!([change]), &json!([change]))
    );
    let rebased = window.ask("rebase_security", json!({"id": view["id"]}));
    assert_eq!(rebased["dropped"], json!([]));
    assert_eq!(rebased["view"]["changes"][1]["before"], "9");
    assert_eq!(window.ask("send_security", merge(&view))["unchanged"], false);
    assert!(held(&unit).contains("<RejectLimit>5<") && held(&unit).contains("<Complexity>High<"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_site_follows_a_new_port_and_the_log_in_goes_along() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    let base = unit.ports().base.unwrap();
    let site = window.ask("save_site", json!({"site": site("Bern", base)}));
    let target = json!({"siteId": site["id"], "address": "127.0.0.1", "basePort": base});
    window.log_in(&target, false);
    let view = open(&window, &target);
    let to = free_base_port();
    // The own password changes in the same step: what follows must use it.
    window.ask(
        "set_security_password",
        json!({"id": view["id"], "user": "Administrator", "password": NEW}),
    );
    let now = edit(&window, &view, &set("ServicesBasePort", &to.to_string()));
    assert_eq!(codes(&now["consequences"]), ["port_moves", "own_password"]);
    let sent = window.ask("send_security", merge(&view));
    assert_eq!(
        (&sent["movedTo"], &sent["followed"], &sent["siteChanged"]),
        (&json!(to), &json!(true), &json!(true))
    );
    assert_eq!(window.ask("sites", json!({}))[0]["basePort"], to);
    edit(&window, &view, &set("SessionIdCacheHours", "20"));
    assert_eq!(
        window.ask("send_security", merge(&view))["revisionAfter"],
        "r3",
        "without another log-in"
    );
    assert_eq!(
        window.ask("resume_log_in", json!({"target": target}))["kind"],
        "passwordNeeded",
        "the other log-in was with the old password"
    );
    nothing_is_kept(&window);
}

/// A site as the window sends it.
fn site(name: &str, base_port: u16) -> Value {
    json!({"id": "", "name": name, "group": "", "address": "127.0.0.1", "basePort": base_port, "discoveryPort": 0,
           "tftpPort": 0, "securityPort": 0, "apiPort": 0, "method": "auto", "tls": "pin", "allowPlain": false, "clientCertificate": "", "notes": "", "mac": "",
           "type": "", "version": "", "lastSeen": "", "lastBackup": ""})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_no_site_keeps_its_log_in_after_a_move() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let view = open(&window, &target);
    let to = free_base_port();
    edit(&window, &view, &set("ServicesBasePort", &to.to_string()));
    let sent = window.ask("send_security", merge(&view));
    assert_eq!(
        (&sent["followed"], &sent["siteChanged"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(sent["view"]["target"]["basePort"], to);
    edit(&window, &view, &set("Complexity", "High"));
    assert_eq!(window.ask("send_security", merge(&view))["revisionAfter"], "r3");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_plain_tcp_there_is_no_new_password() {
    let (_simulator, unit) = unit("").await;
    let window = Window::new();
    let mut plain = site("Bern", unit.ports().base.unwrap());
    plain["tls"] = json!("off");
    let site = window.ask("save_site", json!({"site": plain}));
    let target = json!({"siteId": site["id"], "address": "127.0.0.1", "basePort": 0});
    let view = open(&window, &target);
    assert_eq!(view["tls"], false);
    let password = json!({"id": view["id"], "user": "Administrator", "password": NEW});
    assert_eq!(window.refused("set_security_password", password), "tls_required");
    edit(&window, &view, &set("Complexity", "High"));
    assert_eq!(window.ask("send_security", merge(&view))["revisionAfter"], "r2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_written_where_somebody_chose_a_place_and_nowhere_else() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let view = open(&window, &target);
    edit(&window, &view, &set("Complexity", "High"));
    assert_eq!(window.ask("export_security", json!({"id": view["id"]})), "");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.xml");
    *window.chosen.lock().unwrap() = Some(file.clone());
    assert_eq!(
        window.ask("export_security", json!({"id": view["id"]})),
        json!(file.display().to_string())
    );
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        held(&unit),
        "what the unit has"
    );
    nothing_is_kept(&window);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_uses_is_closed_and_what_was_changed_is_not() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let (idle, changed) = (open(&window, &target), open(&window, &target));
    edit(&window, &changed, &set("Complexity", "High"));
    let mut heard = window.bench.listen();
    window.bench.end_idle_log_ins(Duration::ZERO).await;
    let id = idle["id"].as_str().unwrap().to_owned();
    let said: Vec<News> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
    assert!(said.contains(&News::SecurityClosed { id }), "{said:?}");
    assert_eq!(
        window.refused("undo_security", json!({"id": idle["id"]})),
        "not_found"
    );
    assert!(!window.bench.may_close(), "changes are not sent");
    assert_eq!(window.refused("send_security", merge(&changed)), "no_credential");
    assert_eq!(
        try_log_in(&window, &target, "Administrator", PASSWORD)["kind"],
        "loggedIn"
    );
    assert_eq!(
        window.ask("send_security", merge(&changed))["revisionAfter"],
        "r2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn systems_before_3_2_have_none() {
    let (_simulator, unit) = unit("version = '2.1.36'\nplain = true").await;
    let window = Window::new();
    let mut old = site("Lager", 0);
    old["discoveryPort"] = json!(unit.ports().discovery.unwrap_or(1));
    old["tftpPort"] = json!(unit.ports().tftp.unwrap());
    let site = window.ask("save_site", json!({"site": old}));
    let target = json!({"siteId": site["id"], "address": "127.0.0.1", "basePort": 0});
    let error = window
        .call("resume_security_log_in", json!({"target": target}))
        .expect_err("nobody is asked for a password");
    assert_eq!(error["code"], "unsupported");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("systems before 3.2 have no security settings"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_trail_is_received_and_kept() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    assert_eq!(
        window.ask("kept_audit", json!({"target": target, "sha256": ""})),
        Value::Null
    );
    assert_eq!(
        window.refused("receive_audit", json!({"target": target})),
        "no_credential"
    );
    window.log_in(&target, false);
    let first = window.ask("receive_audit", json!({"target": target}));
    assert_eq!(
        (&first["form"], &first["leftOut"]),
        (&json!("entries"), &json!(0))
    );
    let row = &first["rows"][0];
    assert_eq!(
        *row,
        json!({"time": row["time"], "user": "Administrator", "source": "127.0.0.1", "action": "log-in", "result": "done",
               "more": ""})
    );
    let second = window.ask("receive_audit", json!({"target": target}));
    assert_eq!(second["kept"].as_array().unwrap().len(), 2, "it grew");
    let older = json!({"target": target, "sha256": first["sha256"]});
    assert_eq!(window.ask("kept_audit", older)["rows"], first["rows"]);
    let latest = window.ask("kept_audit", json!({"target": target, "sha256": ""}));
    assert_eq!(latest["sha256"], second["sha256"]);
}
