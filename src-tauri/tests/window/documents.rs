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

#[tokio::test(flavor = "multi_thread")]
async fn closing_asks_while_something_was_neither_sent_nor_saved() {
    let window = Window::new();
    window.ask("listen", json!({}));
    assert!(window.bench.may_close());
    let path = window.folder.path().join("zürich.xml");
    std::fs::write(&path, XML).unwrap();
    *window.chosen.lock().unwrap() = Some(path.clone());
    let nobody = json!({"siteId": "", "address": "", "basePort": 0});
    let document = window.ask("open_file", json!({"target": nobody}))["id"].clone();
    let set = json!({"document": document, "entity": "e0", "path": "Name", "value": "Sales2"});
    assert_eq!(window.ask("set_value", set)["unsaved"], true);

    assert!(!window.bench.may_close());
    let question = json!({
        "kind": "closing", "documents": [{"name": "zürich.xml", "changes": 1}], "transfers": 0,
    });
    window.wait_for(|event| *event == question);
    window.ask("closing_shown", json!({}));
    window.ask("save_file", json!({"document": document}));
    assert_eq!(
        window.ask("undo", json!({"document": document}))["unsaved"],
        false,
        "this is what was opened"
    );
    assert_eq!(
        window.ask("redo", json!({"document": document}))["unsaved"],
        false,
        "and this was saved"
    );
    assert!(window.bench.may_close());
    window.ask("start_again", json!({}));
    window.ask("close_window", json!({}));
    assert_eq!(*window.ended.lock().unwrap(), ["started again", "closed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_said_in_the_window() {
    let window = Window::new();
    let store = window.folder.path().join("data/store.json");
    std::fs::create_dir_all(store.parent().unwrap()).unwrap();
    std::fs::write(&store, "{").unwrap();
    let window = window.again();
    window.ask("listen", json!({}));
    window.wait_for(|event| event["kind"] == "fileDamaged");
    let events = window.events();
    let notice = events
        .iter()
        .find(|event| event["kind"] == "fileDamaged")
        .unwrap();
    assert_eq!(notice["file"], store.display().to_string());
    assert!(notice["keptAs"].as_str().unwrap().contains("damaged"), "{notice}");
}
