//! The types and commands that the window compiles against are those of the program.

use std::path::Path;

/// `cargo xtask bindings` sets it: then the file is written instead of compared.
const WRITE: &str = "TRUNKLINE_WRITE_BINDINGS";

/// Says to `cargo xtask test` why the file is as long as it is.
const HEADER: &str = "// Length: written by `cargo xtask bindings`, all of the door in one file.\n";

#[test]
fn bindings_are_those_of_the_commands() {
    let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/lib/bindings.ts");
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("bindings.ts");
    let typescript = specta_typescript::Typescript::default().header(HEADER);
    trunkline_desktop::door::<tauri::Wry>()
        .export(typescript, &fresh)
        .unwrap();
    let fresh = std::fs::read_to_string(fresh).unwrap();
    assert!(
        !fresh.contains("bigint"),
        "a 64-bit integer would arrive as another type than the window has"
    );
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&checked_in, &fresh).unwrap();
    }
    let kept = std::fs::read_to_string(&checked_in)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    assert!(
        kept == fresh,
        "ui/src/lib/bindings.ts is not what the commands say; run `cargo xtask bindings`"
    );
}
