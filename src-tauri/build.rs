//! Reads `tauri.conf.json` and the capabilities.

use std::path::Path;
use std::{fs, io};

/// What the window shows where nobody has built the user interface yet.
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Trunkline</title>\
    <p>The user interface is not built: run <code>npm install && npm run build</code> in <code>ui</code>.</p>\n";

fn main() -> io::Result<()> {
    // The program is compiled with the user interface inside; a fresh clone must compile before that is built.
    let dist = Path::new("../ui/dist");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(dist)?;
        fs::write(dist.join("index.html"), NOT_BUILT)?;
    }
    // The pages stand inside the program: new ones are a reason to build it again.
    println!("cargo::rerun-if-changed=../ui/dist");
    tauri_build::build();
    Ok(())
}
