//! The desktop shell: a window, and typed commands of a few lines over `trunkline-core`.
//!
//! - [`commands`]: the door's commands; [`wire`]: what crosses it, from which `ui/src/lib/bindings.ts` is made.
//! - [`desktop`]: dialogs and the window's own store, behind a trait.
//! - [`failure`]: an error as the window gets it.

pub mod commands;
pub mod desktop;
pub mod failure;
mod first_call;
mod logging;
#[cfg(debug_assertions)]
mod page_script;
#[cfg_attr(target_os = "linux", path = "web_view_linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "web_view_other.rs")]
mod web_view;
pub mod wire;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use tauri::{App, Manager, Runtime, WebviewWindow, Window, WindowEvent};
use tauri_specta::collect_commands;
use trunkline_core::{DataDir, Keychain, Workbench};

use commands::{
    Shell, Start, activity, audit, documents, lists, log_in, preferences, security, sites, transfers,
    unit_lists, units, window,
};
use desktop::{Desktop, TauriDesktop};

/// Where the data folder can be chosen, as on the command line.
const DATA_DIR: &str = "TRUNKLINE_DATA_DIR";

/// The label of the one window.
const MAIN: &str = "main";

/// Every command, with its types.
pub fn door<R: Runtime>() -> tauri_specta::Builder<R> {
    tauri_specta::Builder::<R>::new().commands(collect_commands![
        units::discover,
        units::cancel,
        units::networks,
        sites::sites,
        sites::save_site,
        sites::remove_site,
        sites::choose_client_certificate,
        sites::unlock_client_certificate,
        sites::facts,
        sites::forget_certificate,
        sites::forget_log_in,
        preferences::preferences,
        preferences::set_preferences,
        units::check_criteria,
        units::add_subnet,
        units::look_up_names,
        lists::import_sites,
        lists::export_sites,
        lists::export_found,
        log_in::resume_log_in,
        log_in::resume_security_log_in,
        log_in::log_in,
        log_in::answer_log_in,
        log_in::change_password,
        log_in::skip_keychain,
        transfers::receive,
        documents::open_file,
        documents::save_file,
        documents::close_document,
        documents::entity_kinds,
        documents::entities,
        documents::entity,
        documents::set_value,
        documents::undo,
        documents::redo,
        documents::changes,
        documents::problems,
        documents::search,
        documents::reveal_secret,
        transfers::compare_with_unit,
        transfers::look_at_conflict,
        transfers::rebase,
        transfers::send,
        transfers::reboot,
        transfers::watch_until_back,
        unit_lists::read_list,
        unit_lists::save_table,
        security::open_security,
        security::edit_security,
        security::set_security_password,
        security::undo_security,
        security::redo_security,
        security::send_security,
        security::compare_security,
        security::rebase_security,
        security::export_security,
        security::close_security,
        audit::receive_audit,
        audit::kept_audit,
        activity::activity,
        activity::export_activity,
        window::started,
        window::listen,
        window::start_again,
        window::closing_shown,
        window::close_window,
        window::set_window_state,
    ])
}

/// Runs the window until it is closed. Where the data folder can not be used the window says so, and does nothing else.
///
/// # Errors
/// Where the system has no web view.
pub fn run() -> Result<(), Box<dyn Error>> {
    web_view::prepare();
    let builder = match start() {
        Ok((data, bench)) => builder(&data).setup(move |app| {
            open(app, bench);
            Ok(())
        }),
        Err(error) => tauri::Builder::default().setup(move |app| {
            apologise(app, error);
            Ok(())
        }),
    };
    #[cfg(debug_assertions)]
    let builder = page_script::add(builder);
    first_call::add(builder)
        .invoke_handler(door().invoke_handler())
        .on_window_event(ask_before_closing)
        .run(tauri::generate_context!())?;
    Ok(())
}

/// Before the window: what fails here is said in it, while Tauri would panic over a plugin that finds no folder.
fn start() -> trunkline_core::Result<(DataDir, Arc<Workbench>)> {
    let data = data_dir()?;
    data.create()?;
    let bench = Workbench::open(data.clone(), Arc::new(Keychain::new()))?;
    Ok((data, bench))
}

fn builder(data: &DataDir) -> tauri::Builder<tauri::Wry> {
    tauri::Builder::default()
        // It must come first: a second start ends here and shows the first one's window.
        .plugin(tauri_plugin_single_instance::init(|app, _, _| {
            app.get_webview_window(MAIN).as_ref().map(show);
        }))
        .plugin(logging::plugin(data))
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_filename(window_file(data))
                .build(),
        )
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(tauri_plugin_dialog::init())
}

/// Gives the commands what they work with.
fn open(app: &App, bench: Arc<Workbench>) {
    let desktop: Arc<dyn Desktop> = Arc::new(TauriDesktop::new(app.handle().clone(), bench.data().folder()));
    let watching = Arc::clone(&bench);
    tauri::async_runtime::spawn(async move { watching.start_watching() });
    app.manage(Start {
        bench: Ok(Arc::clone(&bench)),
        desktop: Arc::clone(&desktop),
        face: web_view::face().unwrap_or_default(),
    });
    app.manage(Shell { bench, desktop });
}

/// Gives the window the reason why there is nothing to work with.
fn apologise(app: &App, error: trunkline_core::Error) {
    eprintln!("Trunkline can not start: {error}");
    let desktop = Arc::new(TauriDesktop::new(app.handle().clone(), &std::env::temp_dir()));
    app.manage(Start {
        bench: Err(error.into()),
        desktop,
        face: String::new(),
    });
}

fn ask_before_closing(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && let Some(shell) = window.try_state::<Shell>()
        && !shell.bench.may_close()
    {
        api.prevent_close();
    }
}

fn data_dir() -> trunkline_core::Result<DataDir> {
    match std::env::var_os(DATA_DIR).filter(|folder| !folder.is_empty()) {
        Some(folder) => Ok(DataDir::at(
            std::path::absolute(&folder).unwrap_or_else(|_| PathBuf::from(folder)),
        )),
        None => DataDir::standard(),
    }
}

/// Where size and place of the window are kept: with everything else.
fn window_file(data: &DataDir) -> String {
    data.folder()
        .join("window-place.json")
        .to_string_lossy()
        .into_owned()
}

fn show<R: Runtime>(window: &WebviewWindow<R>) {
    // A window manager may refuse; there is nothing better to do.
    window
        .unminimize()
        .and_then(|()| window.show())
        .and_then(|()| window.set_focus())
        .ok();
}
