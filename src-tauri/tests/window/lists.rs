//! A unit's own lists, and tables as files.

use serde_json::json;
use trunkline_core::UnitRef;
use trunkline_core::devlink::DevLinkPorts;
use trunkline_core::silent;

use crate::door::Window;
use crate::unit::{target, unit};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_over_devlink3_as_whoever_is_logged_in() {
    let (_simulator, unit) = unit("devlink3 = { offered = true, licence = true }").await;
    let (window, target) = (Window::new(), target(&unit));
    let unit_ref = UnitRef {
        site_id: String::new(),
        address: unit.address().to_string(),
        base_port: unit.ports().base.unwrap(),
    };
    let ports = DevLinkPorts {
        tls: unit.ports().devlink3_tls.unwrap(),
        plain: unit.ports().devlink3.unwrap(),
    };
    let read = |list: &'static str| {
        let (bench, unit_ref) = (window.bench.clone(), unit_ref.clone());
        async move { bench.read_list("l", &unit_ref, list, ports, &silent).await }
    };
    assert_eq!(read("user_list8").await.unwrap_err().code(), "no_credential");
    window.log_in(&target, false);
    let users = read("user_list8").await.unwrap();
    assert_eq!(users.columns[..2], ["name", "extension"]);
    assert!(users.rows.iter().any(|row| row[1] == "201"), "{users:?}");
    assert!(users.tls, "the certificate is the pinned one");
    assert_eq!(read("who_knows").await.unwrap_err().code(), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_saved_for_spreadsheets() {
    let window = Window::new();
    let table = json!({"columns": ["name", "number"], "rows": [["Taxi", "0800"], ["=evil()", "1"]]});
    let save = json!({"name": "Bern: dir/list", "table": table});
    assert_eq!(window.ask("save_table", save.clone()), "", "nobody chose a place");
    let path = window.folder.path().join("list.csv");
    *window.chosen.lock().unwrap() = Some(path.clone());
    assert_eq!(window.ask("save_table", save), path.display().to_string());
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        "\u{feff}name,number\r\nTaxi,0800\r\n'=evil(),1\r\n"
    );
}
