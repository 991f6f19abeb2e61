//! The keychain against a real Secret Service: unlocked, locked and absent.
//!
//! Each case runs in a D-Bus session of its own, with a home folder of its own, in which this very program starts
//! again to be the one who asks. So the keychain of whoever runs the tests is never touched. Where `dbus-run-session`
//! or `gnome-keyring-daemon` is missing, the reason is printed and nothing is tested.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use trunkline_core::{Credential, CredentialKey, Credentials, Keychain, Place};

const CASE: &str = "TRUNKLINE_TEST_KEYCHAIN_CASE";
const HOME: &str = "TRUNKLINE_TEST_KEYCHAIN_HOME";
const PASSWORD: &str = "Grüße-42 ß\"'\\";

/// Cleanly and soon: measured at 0.3 s; the rest is for a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn an_unlocked_keychain_keeps_and_a_locked_one_says_so() {
    let home = tempfile::tempdir().unwrap();
    if is_ready() {
        let everywhere = Path::new("/usr/share/dbus-1/session.conf");
        // The keyring that the first case leaves in the home folder is the one that is locked in the second.
        run("unlocked", home.path(), everywhere);
        run("locked", home.path(), everywhere);
    }
}

#[test]
fn a_keychain_that_nobody_ever_opened_says_so() {
    let home = tempfile::tempdir().unwrap();
    if is_ready() {
        run(
            "never used",
            home.path(),
            Path::new("/usr/share/dbus-1/session.conf"),
        );
    }
}

#[test]
fn a_session_without_a_secret_service_says_so() {
    let home = tempfile::tempdir().unwrap();
    if is_ready() {
        let config = home.path().join("session.conf");
        let empty_bus = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\
             </policy></busconfig>",
            home.path().display()
        );
        std::fs::write(&config, empty_bus).unwrap();
        run("absent", home.path(), &config);
    }
}

#[test]
fn a_computer_without_d_bus_says_so() {
    let home = tempfile::tempdir().unwrap();
    finish(
        "absent",
        home.path(),
        Command::new(std::env::current_exe().unwrap()),
    );
}

/// What the other tests start inside their sessions.
#[test]
#[ignore = "is started by the other tests, inside a D-Bus session of its own"]
fn inside_the_session() {
    let (Ok(case), Ok(home)) = (std::env::var(CASE), std::env::var(HOME)) else {
        println!("skipped: not inside a session of its own");
        return;
    };
    assert_eq!(
        std::env::var("HOME").unwrap(),
        home,
        "this must not be anybody's own home"
    );
    match case.as_str() {
        "unlocked" => {
            start_daemon("--unlock");
            keeps_and_forgets();
        }
        "locked" => {
            start_daemon("--start");
            everything_ends_soon_with("keychain_locked");
        }
        "never used" => {
            start_daemon("--start");
            nothing_is_there_and_nothing_can_be_kept();
        }
        _ => everything_ends_soon_with("keychain_unavailable"),
    }
    println!("{case}: done");
}

fn keeps_and_forgets() {
    let keychain = Keychain::new();
    let credential = |user: &str| Credential {
        user: Some(user.into()),
        password: PASSWORD.into(),
    };
    let system_password = CredentialKey::SystemPassword {
        place: Place::Unit("[2001:db8::1]:69".into()),
    };
    let shared = CredentialKey::Shared {
        name: "Alle Filialen".into(),
    };
    for key in [&service_user(), &system_password, &shared] {
        assert!(keychain.get(key).unwrap().is_none(), "{key}");
        assert!(!keychain.delete(key).unwrap(), "{key}");
        keychain
            .set(
                key,
                &Credential {
                    password: "before".into(),
                    ..credential("Other")
                },
            )
            .unwrap();
        keychain.set(key, &credential("Administrator")).unwrap();
        let read = keychain.get(key).unwrap().unwrap();
        assert_eq!(read.password.expose_secret(), PASSWORD, "{key}");
        let user = if *key == system_password {
            None
        } else {
            Some("Administrator")
        };
        assert_eq!(read.user.as_deref(), user, "{key}");
    }
    assert!(keychain.delete(&shared).unwrap());
    assert!(keychain.get(&shared).unwrap().is_none());
    assert!(
        keychain.get(&service_user()).unwrap().is_some(),
        "the others stay"
    );

    let moved = CredentialKey::ServiceUser {
        place: Place::Site("Bern".into()),
        user: "Administrator".into(),
    };
    assert!(keychain.rename(&service_user(), &moved).unwrap());
    assert!(keychain.get(&service_user()).unwrap().is_none());
    assert!(
        keychain.rename(&moved, &service_user()).unwrap(),
        "it is left there for the locked case"
    );
    label_is_readable();
}

/// As another program sees it, where `secret-tool` is installed.
fn label_is_readable() {
    let mut secret_tool = Command::new("secret-tool");
    secret_tool
        .args(["search", "--all", "service", "Trunkline"])
        .env("LC_ALL", "C.UTF-8");
    let Ok(seen) = secret_tool.output() else {
        println!("skipped: secret-tool is not installed");
        return;
    };
    let seen = String::from_utf8_lossy(&seen.stdout).into_owned();
    let label = "label = Trunkline: Administrator @ Zürich, Filiale 2 (service user)";
    assert!(seen.contains(label), "{seen}");
}

fn nothing_is_there_and_nothing_can_be_kept() {
    let keychain = Keychain::new();
    assert!(keychain.get(&service_user()).unwrap().is_none());
    let credential = Credential {
        user: None,
        password: PASSWORD.into(),
    };
    let (result, elapsed) = timed(|| keychain.set(&service_user(), &credential));
    let error = result.unwrap_err();
    println!("set after {} ms: {error}", elapsed.as_millis());
    assert!(
        error.code() == "keychain_unavailable" && error.to_string().contains("no default keyring"),
        "{error}"
    );
    assert!(elapsed < SOON);
}

fn everything_ends_soon_with(code: &str) {
    let keychain = Keychain::new();
    let credential = Credential {
        user: Some("Administrator".into()),
        password: PASSWORD.into(),
    };
    let key = service_user();
    let results = [
        ("get", timed(|| keychain.get(&key).map(drop))),
        ("set", timed(|| keychain.set(&key, &credential))),
        ("delete", timed(|| keychain.delete(&key).map(drop))),
    ];
    for (what, (result, elapsed)) in results {
        let error = result.unwrap_err();
        println!("{what} after {} ms: {error}", elapsed.as_millis());
        assert_eq!(error.code(), code, "{what}: {error}");
        assert!(elapsed < SOON, "{what} took {elapsed:?}");
        assert!(!format!("{error} {error:?}").contains(PASSWORD));
        assert!(!error.hint().is_empty());
    }
}

fn timed<T>(action: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = action();
    (result, start.elapsed())
}

fn service_user() -> CredentialKey {
    CredentialKey::ServiceUser {
        place: Place::Site("Zürich, Filiale 2".into()),
        user: "Administrator".into(),
    }
}

/// It ends with the session's bus.
fn start_daemon(mode: &str) {
    let mut daemon = Command::new("gnome-keyring-daemon")
        .args([mode, "--components=secrets", "--daemonize"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = daemon.stdin.take().unwrap();
    if mode == "--unlock" {
        stdin.write_all(b"keyring password").unwrap();
    }
    drop(stdin);
    assert!(daemon.wait().unwrap().success());
}

fn is_ready() -> bool {
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        if Command::new(program).arg("--version").output().is_err() {
            println!("skipped: {program} is not installed");
            return false;
        }
    }
    true
}

fn run(case: &str, home: &Path, bus_config: &Path) {
    let mut command = Command::new("dbus-run-session");
    command
        .arg("--config-file")
        .arg(bus_config)
        .arg("--")
        .arg(std::env::current_exe().unwrap());
    finish(case, home, command);
}

/// Nothing of the environment goes in but the path: no display to ask on, no bus, no home.
fn finish(case: &str, home: &Path, mut command: Command) {
    let output = command
        .args(["inside_the_session", "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env(HOME, home)
        .env(CASE, case)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (said, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    println!("{said}");
    assert!(
        output.status.success() && said.contains(&format!("{case}: done")),
        "{case}:\n{said}\n{errors}"
    );
    assert!(!said.contains(PASSWORD) && !errors.contains(PASSWORD));
}
