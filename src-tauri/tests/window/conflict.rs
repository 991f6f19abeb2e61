//! A send that meets what somebody else changed, and what a unit refuses.

use serde_json::{Value, json};
use trunkline_simulator::Unit;

use crate::door::Window;
use crate::unit::{target, unit};

fn merge(document: &Value, over: &str) -> Value {
    let options = json!({"mode": "merge", "atMinutes": 0, "barIncoming": false, "barOutgoing": false, "force": false, "over": over});
    json!({"document": document["id"], "options": options})
}

/// Gives the user at this place another full name.
fn rename(window: &Window, document: &Value, at: usize, name: &str) -> Value {
    let users = window.ask("entities", json!({"document": document["id"], "kind": "User"}));
    let user = &users["rows"][at]["id"];
    window.ask(
        "set_value",
        json!({"document": document["id"], "entity": user, "path": "FullName", "value": name}),
    )
}

fn full_name(window: &Window, document: &Value, at: usize) -> String {
    let users = window.ask("entities", json!({"document": document["id"], "kind": "User"}));
    let user = window.ask(
        "entity",
        json!({"document": document["id"], "entity": users["rows"][at]["id"]}),
    );
    let fields = user["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["path"] == "FullName").unwrap();
    field["value"].as_str().unwrap().to_owned()
}

fn held(unit: &Unit) -> String {
    String::from_utf8(unit.configuration().unwrap().to_vec()).unwrap()
}

/// As somebody at another computer would: this user's full name is another now.
fn changed_there(unit: &Unit, before: &str, after: &str) {
    let (before, after) = (tag(before), tag(after));
    let now = held(unit);
    assert_eq!(now.matches(&before).count(), 1, "{before}");
    unit.change_configuration(now.replace(&before, &after).into_bytes());
}

fn tag(name: &str) -> String {
    format!("<FullName>{name}</FullName>")
}

/// A received configuration, and the full names of the first two users in it.
fn received(window: &Window, target: &Value) -> (Value, String, String) {
    window.log_in(target, false);
    let document = window.ask("receive", json!({"target": target}));
    let names = [0, 1].map(|at| full_name(window, &document, at));
    let [first, second] = names;
    (document, first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn my_changes_are_put_on_top_of_theirs_and_sent() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let (document, first, second) = received(&window, &target);
    let bytes = 200_000 - first.len() + "Mine".len();
    rename(&window, &document, 0, "Mine");
    changed_there(&unit, &second, "Theirs");
    let compared = window.ask("compare_with_unit", json!({"document": document["id"]}));
    assert_eq!(
        (
            &compared["conflict"],
            &compared["baseRevision"],
            &compared["bytes"]
        ),
        (
            &json!(true),
            &json!("r418"),
            &json!(f64::from(u32::try_from(bytes).unwrap()))
        ),
        "{compared}"
    );
    assert_eq!(window.refused("send", merge(&document, "")), "conflict");

    let conflict = window.ask("look_at_conflict", json!({"document": document["id"]}));
    let line = |side: &str| {
        let change = &conflict[side][0];
        assert_eq!(conflict[side].as_array().unwrap().len(), 1, "{conflict}");
        (change["path"].clone(), change["after"].clone())
    };
    assert_eq!(line("mine"), (json!("FullName"), json!("Mine")));
    assert_eq!(line("theirs"), (json!("FullName"), json!("Theirs")));
    assert_eq!(
        (
            &conflict["obstacle"],
            &conflict["collisions"],
            &conflict["baseRevision"]
        ),
        (&json!("none"), &json!([]), &json!("r418"))
    );

    let before = held(&unit);
    let info = window.ask("rebase", json!({"document": document["id"]}));
    assert_eq!(
        (
            &info["revision"],
            &info["state"]["changes"],
            &info["state"]["unsaved"]
        ),
        (&conflict["unitRevision"], &json!(1), &json!(true))
    );
    assert_eq!(held(&unit), before, "nothing was sent yet");
    let compared = window.ask("compare_with_unit", json!({"document": document["id"]}));
    assert_eq!(compared["conflict"], false);
    window.ask("send", merge(&document, ""));
    let now = held(&unit);
    assert!(now.contains(&tag("Mine")) && now.contains(&tag("Theirs")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collision_is_named_and_nothing_is_put_together() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let (document, first, _) = received(&window, &target);
    rename(&window, &document, 0, "Mine");
    changed_there(&unit, &first, "Theirs");
    let conflict = window.ask("look_at_conflict", json!({"document": document["id"]}));
    let collision = &conflict["collisions"][0];
    assert_eq!(
        (&conflict["obstacle"], &collision["kind"], &collision["fields"]),
        (
            &json!("collisions"),
            &json!("bothChanged"),
            &json!([{"path": "FullName", "base": first, "mine": "Mine", "theirs": "Theirs"}])
        )
    );
    assert_eq!(
        window.refused("rebase", json!({"document": document["id"]})),
        "conflict"
    );
    assert_eq!(full_name(&window, &document, 0), "Mine", "it is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_seen_is_overwritten_and_a_copy_of_it_is_kept() {
    let (_simulator, unit) = unit("").await;
    let (window, target) = (Window::new(), target(&unit));
    let (document, _, second) = received(&window, &target);
    rename(&window, &document, 0, "Mine");
    changed_there(&unit, &second, "Theirs");
    let seen = window.ask("compare_with_unit", json!({"document": document["id"]}));
    let over = seen["unitRevision"].as_str().unwrap();
    changed_there(&unit, "Theirs", "Theirs again");
    assert_eq!(window.refused("send", merge(&document, over)), "conflict");
    assert!(held(&unit).contains(&tag("Theirs again")));

    let seen = window.ask("compare_with_unit", json!({"document": document["id"]}));
    let theirs = held(&unit);
    let sent = window.ask("send", merge(&document, seen["unitRevision"].as_str().unwrap()));
    assert_eq!(sent["restarts"], false);
    let now = held(&unit);
    assert!(
        now.contains(&tag("Mine")) && now.contains(&tag(&second)),
        "theirs is undone"
    );
    let entries = window.bench.data().archive();
    let kept = copies(&entries);
    assert!(
        kept.contains(&theirs.into_bytes()),
        "a copy of theirs is in the archive"
    );
}

/// Everything that the archive holds.
fn copies(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(copies(&path));
        } else {
            all.push(std::fs::read(path).unwrap());
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_known_before_and_refused_with_the_limit() {
    let (_simulator, unit) = unit("max_size = 200100").await;
    let (window, target) = (Window::new(), target(&unit));
    let (document, ..) = received(&window, &target);
    rename(&window, &document, 0, &"x".repeat(400));
    let compared = window.ask("compare_with_unit", json!({"document": document["id"]}));
    assert_eq!(compared["limitBytes"].as_f64(), Some(200_100.0));
    assert!(compared["bytes"].as_f64() > Some(200_100.0), "{compared}");
    let before = held(&unit);
    let refused = window.call("send", merge(&document, "")).unwrap_err();
    assert_eq!(refused["code"], "too_large");
    assert!(
        refused["message"].as_str().unwrap().contains("200100 bytes"),
        "{refused}"
    );
    assert_eq!(held(&unit), before);
}
