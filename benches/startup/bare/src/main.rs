//! An empty Tauri window that prints `ready` when its page is loaded and its first call arrives.

use std::process::ExitCode;

#[tauri::command]
fn ready() {
    println!("ready");
}

fn main() -> ExitCode {
    let run = tauri::Builder::default()
        .invoke_handler(tauri::generate_handler![ready])
        .run(tauri::generate_context!());
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the empty window can not start: {error}");
            ExitCode::FAILURE
        }
    }
}
