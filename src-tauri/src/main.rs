//! Starts the window.

// A release on Windows must not open a console behind its window.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match trunkline_desktop::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Trunkline can not start: {error}");
            ExitCode::FAILURE
        }
    }
}
