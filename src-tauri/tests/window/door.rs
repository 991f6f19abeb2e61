//! A window without a display, and everything that it hears.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody, InvokeResponseBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets};
use tauri::webview::InvokeRequest;
use tauri::{App, Manager, WebviewWindow, WebviewWindowBuilder};
use trunkline_core::{
    Credential, CredentialKey, Credentials, DataDir, ErrorKind, MemoryCredentials, Workbench,
};
use trunkline_desktop::commands::{Shell, Start};
use trunkline_desktop::desktop::{Desktop, TauriDesktop};
use trunkline_desktop::failure::Answer;
use trunkline_desktop::wire::window::WindowState;

use crate::unit::{NEWCOMER, PASSWORD};

/// A started program with its window.
pub(crate) struct Window {
    pub(crate) folder: Arc<tempfile::TempDir>,
    credentials: Arc<dyn Credentials>,
    pub(crate) bench: Arc<Workbench>,
    pub(crate) chosen: Arc<Mutex<Option<PathBuf>>>,
    /// How the program was ended, in order.
    pub(crate) ended: Arc<Mutex<Vec<&'static str>>>,
    operations: AtomicU32,
    webview: WebviewWindow<MockRuntime>,
    heard: Arc<Heard>,
    _app: Mutex<App<MockRuntime>>,
}

/// Everything that came over the channels, and every answer.
#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Value>>,
    answers: Mutex<String>,
    more: Condvar,
}

/// A keychain that nobody unlocks.
#[derive(Debug)]
struct Locked;

impl Credentials for Locked {
    fn get(&self, _: &CredentialKey) -> trunkline_core::Result<Option<Credential>> {
        Err(ErrorKind::KeychainLocked.into())
    }

    fn set(&self, _: &CredentialKey, _: &Credential) -> trunkline_core::Result<()> {
        Err(ErrorKind::KeychainLocked.into())
    }

    fn delete(&self, _: &CredentialKey) -> trunkline_core::Result<bool> {
        Err(ErrorKind::KeychainLocked.into())
    }
}

/// A keychain that waits for a person who never comes.
#[derive(Debug, Default)]
struct Prompting {
    never: Mutex<()>,
    unlocked: Condvar,
}

impl Prompting {
    fn wait(&self) -> trunkline_core::Error {
        drop(self.unlocked.wait_while(self.never.lock().unwrap(), |()| true));
        ErrorKind::KeychainLocked.into()
    }
}

impl Credentials for Prompting {
    fn get(&self, _: &CredentialKey) -> trunkline_core::Result<Option<Credential>> {
        Err(self.wait())
    }

    fn set(&self, _: &CredentialKey, _: &Credential) -> trunkline_core::Result<()> {
        Err(self.wait())
    }

    fn delete(&self, _: &CredentialKey) -> trunkline_core::Result<bool> {
        Err(self.wait())
    }
}

/// A person who chooses this file in every dialog, on a desktop that is otherwise Tauri's.
struct Chooser {
    chosen: Arc<Mutex<Option<PathBuf>>>,
    ended: Arc<Mutex<Vec<&'static str>>>,
    tauri: TauriDesktop<MockRuntime>,
}

impl Desktop for Chooser {
    fn choose_configuration(&self) -> Option<PathBuf> {
        self.chosen.lock().unwrap().clone()
    }

    fn choose_certificate(&self) -> Option<PathBuf> {
        self.chosen.lock().unwrap().clone()
    }

    fn choose_list(&self) -> Option<PathBuf> {
        self.chosen.lock().unwrap().clone()
    }

    fn choose_place(&self, suggested: &str) -> Option<PathBuf> {
        assert!(!suggested.contains('/'));
        self.chosen.lock().unwrap().clone()
    }

    fn window_state(&self) -> WindowState {
        self.tauri.window_state()
    }

    fn set_window_state(&self, state: &WindowState) -> Answer<()> {
        self.tauri.set_window_state(state)
    }

    fn close(&self) {
        self.ended.lock().unwrap().push("closed");
    }

    fn start_again(&self) {
        self.ended.lock().unwrap().push("started again");
    }
}

impl Window {
    /// A program that was never started before.
    pub(crate) fn new() -> Self {
        Self::with(
            Arc::new(tempfile::tempdir().unwrap()),
            Arc::new(MemoryCredentials::default()),
        )
    }

    /// A program on a computer whose keychain nobody unlocks.
    pub(crate) fn with_locked_keychain() -> Self {
        Self::with(Arc::new(tempfile::tempdir().unwrap()), Arc::new(Locked))
    }

    /// A program on a computer whose keychain asks somebody who is not there.
    pub(crate) fn with_prompting_keychain() -> Self {
        Self::with(
            Arc::new(tempfile::tempdir().unwrap()),
            Arc::new(Prompting::default()),
        )
    }

    /// The same program, started again: what is on disk and in the keychain is there.
    pub(crate) fn again(self) -> Self {
        let (folder, credentials) = (Arc::clone(&self.folder), Arc::clone(&self.credentials));
        drop(self);
        Self::with(folder, credentials)
    }

    fn with(folder: Arc<tempfile::TempDir>, credentials: Arc<dyn Credentials>) -> Self {
        let data = DataDir::at(folder.path().join("data"));
        let bench = Workbench::open(data.clone(), Arc::clone(&credentials)).unwrap();
        let heard = Arc::<Heard>::default();
        let listener = Arc::clone(&heard);
        let app = mock_builder()
            .plugin(tauri_plugin_store::Builder::new().build())
            .channel_interceptor(move |_, _, _, body| {
                let event = match body {
                    InvokeResponseBody::Json(text) => serde_json::from_str(text).unwrap(),
                    InvokeResponseBody::Raw(_) => Value::Null,
                };
                listener.events.lock().unwrap().push(event);
                listener.more.notify_all();
                true
            })
            .invoke_handler(trunkline_desktop::door().invoke_handler())
            .build(mock_context(noop_assets()))
            .unwrap();
        let chosen = Arc::<Mutex<Option<PathBuf>>>::default();
        let tauri = TauriDesktop::new(app.handle().clone(), data.folder());
        let ended = Arc::<Mutex<Vec<&'static str>>>::default();
        let desktop: Arc<dyn Desktop> = Arc::new(Chooser {
            chosen: Arc::clone(&chosen),
            ended: Arc::clone(&ended),
            tauri,
        });
        app.manage(Start {
            bench: Ok(Arc::clone(&bench)),
            desktop: Arc::clone(&desktop),
            face: String::new(),
        });
        app.manage(Shell {
            bench: Arc::clone(&bench),
            desktop,
        });
        let webview = WebviewWindowBuilder::new(&app, "main", tauri::WebviewUrl::default())
            .build()
            .unwrap();
        Self {
            folder,
            credentials,
            bench,
            chosen,
            ended,
            operations: AtomicU32::default(),
            webview,
            heard,
            _app: Mutex::new(app),
        }
    }

    /// Calls a command as the window does; `onEvent`, `onProgress` and an operation of its own are added.
    pub(crate) fn call(&self, command: &str, mut arguments: Value) -> Result<Value, Value> {
        for channel in ["onEvent", "onProgress"] {
            arguments[channel] = json!("__CHANNEL__:7");
        }
        if arguments["operation"].is_null() {
            arguments["operation"] = json!(format!("o{}", self.operations.fetch_add(1, Ordering::Relaxed)));
        }
        let local = if cfg!(windows) {
            "http://tauri.localhost"
        } else {
            "tauri://localhost"
        };
        let request = InvokeRequest {
            cmd: command.into(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: local.parse().unwrap(),
            body: InvokeBody::Json(arguments),
            headers: tauri::http::HeaderMap::new(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        let answer = tokio::task::block_in_place(|| get_ipc_response(&self.webview, request));
        let answer = answer.map(|body| body.deserialize::<Value>().unwrap());
        let text = match &answer {
            Ok(value) | Err(value) => value.to_string(),
        };
        self.heard.answers.lock().unwrap().push_str(&text);
        answer
    }

    /// What a command answers that works.
    #[track_caller]
    pub(crate) fn ask(&self, command: &str, arguments: Value) -> Value {
        self.call(command, arguments)
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The code with which a command fails.
    #[track_caller]
    pub(crate) fn refused(&self, command: &str, arguments: Value) -> String {
        let error = self.call(command, arguments).expect_err(command);
        assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
        assert!(error["hint"].is_string(), "{error}");
        error["code"].as_str().unwrap().to_owned()
    }

    /// Logs in and accepts the certificate; answers the session.
    #[track_caller]
    pub(crate) fn log_in(&self, target: &Value, remember: bool) -> Value {
        let request = json!({"target": target, "after": "", "user": "Administrator", "password": PASSWORD, "system": false,
            "remember": remember});
        let mut outcome = self.ask("log_in", json!({"request": request}));
        if outcome["kind"] == "firstCertificate" {
            let answer =
                json!({"kind": "acceptCertificate", "fingerprint": outcome["certificate"]["fingerprint"]});
            outcome = self.ask(
                "answer_log_in",
                json!({"attempt": outcome["attempt"], "answer": answer}),
            );
        }
        assert_eq!(outcome["kind"], "loggedIn", "{outcome}");
        outcome["session"].clone()
    }

    /// Everything that came over the channels so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.heard.events.lock().unwrap().clone()
    }

    /// Waits until something like this came over a channel.
    pub(crate) fn wait_for(&self, like: impl Fn(&Value) -> bool) {
        let events = self.heard.events.lock().unwrap();
        let limit = Duration::from_secs(30);
        let (_events, waited) = self
            .heard
            .more
            .wait_timeout_while(events, limit, |events| !events.iter().any(&like))
            .unwrap();
        assert!(!waited.timed_out(), "it never came");
    }
}

/// No test ends without this: nothing that the window heard and nothing on disk holds a password.
impl Drop for Window {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut everything = self.heard.answers.lock().unwrap().clone();
        everything.extend(self.heard.events.lock().unwrap().iter().map(Value::to_string));
        read_all(self.folder.path(), &mut everything);
        for secret in [PASSWORD, NEWCOMER.0, NEWCOMER.1] {
            assert!(!everything.contains(secret), "a password came out");
        }
    }
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else {
            into.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
}
