//! What the web view may do: call the program's own commands, and show the program's own pages.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a helper of tests may fail like the test itself"
)]

use std::path::Path;

use serde_json::Value;

fn read(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_one_capability_permits_nothing() {
    let files: Vec<_> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("capabilities"))
        .unwrap()
        .collect();
    assert_eq!(files.len(), 1);
    let capability = read("capabilities/main.json");
    assert_eq!(capability["permissions"], serde_json::json!([]));
    assert!(capability.get("remote").is_none());
    assert_eq!(
        read("tauri.conf.json")["app"]["security"]["capabilities"],
        serde_json::json!(["main"])
    );
}

#[test]
fn nothing_comes_from_elsewhere() {
    let config = read("tauri.conf.json");
    assert_eq!(config["app"]["withGlobalTauri"], false);
    assert_eq!(config["build"]["frontendDist"], "../ui/dist");
    let policy = config["app"]["security"]["csp"].as_str().unwrap();
    let mut sources = policy
        .split([';', ' '])
        .filter(|word| word.contains(':') || word.contains('\'') || *word == "*");
    let allowed = [
        "'self'",
        "'none'",
        "'unsafe-inline'",
        "data:",
        "ipc:",
        "http://ipc.localhost",
    ];
    assert_eq!(sources.find(|source| !allowed.contains(source)), None, "{policy}");
    assert!(
        policy.starts_with("default-src 'self';") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(policy.matches("'unsafe-inline'").count(), 1);
}
