//! Files, and a configuration without a unit.

use serde_json::json;

use crate::door::Window;

const XML: &str = "<data><ws_object><User GUID=\"1\"><Name>Sales1</Name><Extension>201</Extension>\
    <LoginCode>47114711</LoginCode></User></ws_object></data>";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_opened_changed_and_saved() {
    let window = Window::new();
    let nobody = json!({"siteId": "", "address": "", "basePort": 0});
    assert_eq!(
        window.ask("open_file", json!({"target": nobody})),
        json!(null),
        "nobody chose a file"
    );
    let path = window.folder.path().join("zürich.xml");
    std::fs::write(&path, XML).unwrap();
    *window.chosen.lock().unwrap() = Some(path.clone());
    let info = window.ask("open_file", json!({"target": nobody}));
    assert_eq!(
        (&info["name"], &info["revision"], info["limitBytes"].as_f64()),
        (&json!("zürich.xml"), &json!(""), Some(-1.0))
    );
    let document = &info["id"];
    assert_eq!(
        window.ask("entity_kinds", json!({"document": document})),
        json!([{"kind": "User", "count": 1, "changes": 0, "problems": 0}])
    );
    let entity = window.ask("entity", json!({"document": document, "entity": "e0"}));
    let secret = entity["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["kind"] == "secret")
        .unwrap();
    assert_eq!((&secret["value"], &secret["isSet"]), (&json!(""), &json!(true)));
    assert_eq!(
        window.ask("search", json!({"document": document, "text": "4711"})),
        json!([])
    );
    let reveal = json!({"document": document, "entity": "e0", "path": "LoginCode"});
    assert_eq!(window.ask("reveal_secret", reveal), "47114711");

    let set = |value: &str| json!({"document": document, "entity": "e0", "path": "Name", "value": value});
    assert_eq!(window.ask("set_value", set("Sales2"))["changes"], 1);
    assert_eq!(window.ask("undo", json!({"document": document}))["canRedo"], true);
    assert_eq!(window.ask("redo", json!({"document": document}))["changes"], 1);
    assert_eq!(window.ask("problems", json!({"document": document})), json!([]));
    assert_eq!(
        window.ask("search", json!({"document": document, "text": "sales2"}))[0]["excerpt"],
        "Sales2"
    );
    assert_eq!(
        window.ask("save_file", json!({"document": document})),
        json!(path.display().to_string())
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        XML.replace("Sales1", "Sales2")
    );
    assert_eq!(window.refused("set_value", set("\u{1}")), "usage");

    window.ask("close_document", json!({"document": document}));
    assert_eq!(
        window.refused("entity_kinds", json!({"document": document})),
        "not_found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_exported_in_two_forms() {
    let window = Window::new();
    assert_eq!(window.ask("export_activity", json!({})), "");
    let path = window.folder.path().join("in.xml");
    std::fs::write(&path, XML).unwrap();
    *window.chosen.lock().unwrap() = Some(path);
    window.ask(
        "open_file",
        json!({"target": {"siteId": "", "address": "", "basePort": 0}}),
    );
    for (name, begins) in [("a.csv", "at,action,"), ("a.JSON", "[")] {
        let path = window.folder.path().join(name);
        *window.chosen.lock().unwrap() = Some(path.clone());
        window.ask("export_activity", json!({}));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.starts_with(begins) && text.contains("file_opened"), "{text}");
    }
}
