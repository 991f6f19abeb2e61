// Length: every refusal of security settings over one harness; split by nothing but count.
//! Security settings on virtual units: what is changed takes effect, secrets stay secret, a moved port is followed.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::TcpListener;

use tokio_util::sync::CancellationToken;
use trunkline_core::security::{Editor, SecurityOrder, SecuritySent};
use trunkline_core::{Error, Local, Overrides, Session, Site, silent};
use trunkline_document::security::{Level, SecurityEdit, SecuritySettings, Setting};
use trunkline_protocol::link::{Restart, Service, WriteMode};
use trunkline_simulator::Fault;
use trunkline_tests::computer::{holds, plain};
use trunkline_tests::desk::{Desk, code, over_tls};
use trunkline_tests::simulated::{ADMINISTRATOR, READER};

/// A new password: nowhere but in the unit.
const NEW: &str = "Streng-Geheim-77";
const MERGE: SecurityOrder = SecurityOrder {
    mode: WriteMode::Merge,
    force: false,
};

async fn log_in(desk: &Desk, user: (&str, &str)) -> Result<Session, Error> {
    desk.try_log_in(Service::Security, &over_tls(), user).await
}

async fn opened(desk: &Desk) -> (Session, Editor) {
    let mut session = log_in(desk, ADMINISTRATOR).await.unwrap();
    let editor = local(desk).receive_security(&mut session, &silent).await.unwrap();
    (session, editor)
}

fn local(desk: &Desk) -> &Local {
    &desk.computer.local
}

async fn send(
    desk: &Desk,
    session: &mut Session,
    editor: &mut Editor,
    order: SecurityOrder,
) -> Result<SecuritySent, Error> {
    let target = desk.computer.target(&desk.target);
    local(desk)
        .send_security(session, &target, editor, order, &silent)
        .await
}

fn held(desk: &Desk) -> SecuritySettings {
    SecuritySettings::load(desk.unit.security_settings().unwrap().to_vec()).unwrap()
}

fn set(setting: Setting, value: &str) -> SecurityEdit {
    let value = value.to_owned();
    SecurityEdit::Set { setting, value }
}

fn enable(user: &str, enabled: bool) -> SecurityEdit {
    let user = user.to_owned();
    SecurityEdit::EnableUser { user, enabled }
}

/// A base port with all ports above it that a unit needs, where systems give none to outgoing connections.
fn free_base_port() -> u16 {
    let random = RandomState::new().build_hasher().finish();
    let start = u16::try_from(random % 400).unwrap();
    (0..400)
        .map(|n| 61_000 + (start + n) % 400 * 11)
        .find(|base| {
            [0, 1, 8, 9]
                .iter()
                .all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok())
        })
        .unwrap()
}

#[tokio::test]
async fn service_users_come_and_go_and_have_the_rights_of_their_groups() {
    let desk = Desk::new("").await;
    let (mut session, mut editor) = opened(&desk).await;
    let (group, rights) = ("Auditors".to_owned(), vec!["read_security".to_owned()]);
    editor.apply(SecurityEdit::AddGroup { group, rights }).unwrap();
    let (user, groups) = ("Zoë".to_owned(), vec!["Auditors".to_owned()]);
    editor.apply(SecurityEdit::AddUser { user, groups }).unwrap();
    editor.apply(enable("Leser", false)).unwrap();
    assert_eq!(
        code(send(&desk, &mut session, &mut editor, MERGE).await),
        "usage",
        "she has no password"
    );
    editor.set_password("Zoë", NEW.into()).unwrap();
    let sent = send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
    assert_eq!(
        (
            sent.summary.revision_before.as_str(),
            sent.summary.revision_after.as_str()
        ),
        ("r1", "r2")
    );
    assert_eq!(
        (sent.moved, sent.summary.backup_sha256, sent.summary.unchanged),
        (None, None, false)
    );
    assert_eq!((editor.changes(), editor.revision()), (vec![], "r2"));
    assert_eq!(
        held(&desk),
        *editor.settings(),
        "the unit has what the program thinks it has"
    );

    let zoe = log_in(&desk, ("Zoë", NEW)).await.unwrap();
    assert_eq!(zoe.log_in_facts().rights.unwrap().names(), ["read_security"]);
    assert_eq!(code(log_in(&desk, READER).await), "account_disabled");

    editor
        .apply(SecurityEdit::RemoveUser { user: "Zoë".into() })
        .unwrap();
    editor.apply(enable("Leser", true)).unwrap();
    send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
    assert_eq!(code(log_in(&desk, ("Zoë", NEW)).await), "authentication_failed");
    assert_eq!(code(log_in(&desk, READER).await), "ok");
    let again = send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
    assert!(again.summary.unchanged, "nothing was changed since");
}

#[tokio::test]
async fn a_new_password_never_goes_over_plain_tcp_and_nothing_else_is_sent_either() {
    let desk = Desk::new("").await;
    let mut session = desk
        .try_log_in(Service::Security, &plain(), ADMINISTRATOR)
        .await
        .unwrap();
    let mut editor = local(&desk)
        .receive_security(&mut session, &silent)
        .await
        .unwrap();
    editor.apply(set(Setting::Complexity, "High")).unwrap();
    editor.set_password("Leser", NEW.into()).unwrap();
    let trail = desk.unit.audit_trail();
    assert_eq!(
        code(send(&desk, &mut session, &mut editor, MERGE).await),
        "tls_required"
    );
    assert_eq!(desk.unit.audit_trail(), trail, "the unit was not even asked");
    assert!(editor.has_new_passwords(), "and the changes are still there");
    editor.undo();
    send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
    assert_eq!(held(&desk).setting(Setting::Complexity).as_deref(), Some("High"));
}

#[tokio::test]
async fn somebody_else_s_changes_are_not_overwritten_unasked() {
    let desk = Desk::new("").await;
    let (mut session, mut editor) = opened(&desk).await;
    editor.apply(set(Setting::Complexity, "High")).unwrap();
    let mut theirs = held(&desk);
    theirs.apply(&set(Setting::RejectLimit, "9")).unwrap();
    desk.unit.change_security_settings(theirs.as_bytes().to_vec());
    assert_eq!(
        code(send(&desk, &mut session, &mut editor, MERGE).await),
        "conflict"
    );
    let theirs = local(&desk)
        .compare_security(&mut session, &editor, &silent)
        .await
        .unwrap();
    assert_eq!((theirs.changes.len(), theirs.collisions.len()), (1, 0));
    assert_eq!(editor.rebase(theirs), []);
    send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
    assert_eq!(held(&desk).setting(Setting::RejectLimit).as_deref(), Some("9"));
    assert_eq!(held(&desk).setting(Setting::Complexity).as_deref(), Some("High"));

    desk.unit.change_security_settings(theirs_once_more(&desk));
    editor.apply(set(Setting::Complexity, "Low")).unwrap();
    let force = SecurityOrder { force: true, ..MERGE };
    send(&desk, &mut session, &mut editor, force).await.unwrap();
    assert_eq!(
        held(&desk).setting(Setting::RejectLimit).as_deref(),
        Some("9"),
        "they are gone"
    );
}

fn theirs_once_more(desk: &Desk) -> Vec<u8> {
    let mut theirs = held(desk);
    theirs.apply(&set(Setting::RejectLimit, "5")).unwrap();
    theirs.as_bytes().to_vec()
}

#[tokio::test]
async fn who_has_no_right_receives_nothing_and_changes_nothing() {
    let keys = "[[unit.user]]\nname = 'Administrator'\npassword = 'Grüße-42-geheim'\nrights = ['all']\n\
                [[unit.user]]\nname = 'Leser'\npassword = 'Grüße-42-geheim'\nrights = ['read_configuration']\n\
                [[unit.user]]\nname = 'Auditor'\npassword = 'Grüße-42-geheim'\nrights = ['read_security']";
    let desk = Desk::new(keys).await;
    let mut reader = log_in(&desk, READER).await.unwrap();
    assert_eq!(
        code(local(&desk).receive_security(&mut reader, &silent).await),
        "no_right"
    );
    let mut auditor = log_in(&desk, ("Auditor", READER.1)).await.unwrap();
    let mut editor = local(&desk)
        .receive_security(&mut auditor, &silent)
        .await
        .unwrap();
    editor.apply(set(Setting::Complexity, "High")).unwrap();
    assert_eq!(
        code(send(&desk, &mut auditor, &mut editor, MERGE).await),
        "no_right"
    );
    assert_eq!(
        held(&desk).setting(Setting::Complexity).as_deref(),
        Some("Medium")
    );
}

#[tokio::test]
async fn what_is_no_security_settings_document_is_left_alone() {
    let desk = Desk::new("").await;
    let mut session = log_in(&desk, ADMINISTRATOR).await.unwrap();
    let deep = format!("<security>{}{}</security>", "<a>".repeat(200), "</a>".repeat(200));
    for bad in [
        "",
        "no document",
        "<data/>",
        "<security>",
        "\u{0}\u{1}",
        "<!DOCTYPE security><security/>",
        &deep,
    ] {
        desk.unit.change_security_settings(bad.as_bytes().to_vec());
        let error = local(&desk)
            .receive_security(&mut session, &silent)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "unsupported", "{bad:?}");
    }
    let strange =
        "<security><ServiceUser/><ServiceUser><Name/></ServiceUser><Service>text</Service></security>";
    desk.unit.change_security_settings(strange.as_bytes().to_vec());
    let editor = local(&desk)
        .receive_security(&mut session, &silent)
        .await
        .unwrap();
    assert!(!editor.problems().is_empty());
}

#[tokio::test]
async fn a_moved_base_port_is_followed_by_site_pins_and_session() {
    let desk = Desk::new("").await;
    let (from, to) = (desk.unit.ports().base.unwrap(), free_base_port());
    let data = |change: &dyn Fn(&mut trunkline_core::StoreData)| {
        local(&desk)
            .store
            .update(|data| {
                change(data);
                Ok(())
            })
            .unwrap();
    };
    data(&|data| {
        let mut site = Site::new("Filiale", "127.0.0.1").unwrap();
        site.services_base_port = Some(from);
        site.security_port = Some(from + 8);
        data.add_site(site).unwrap();
    });
    desk.log_in(&over_tls(), ADMINISTRATOR).await.close().await;
    let target = desk.computer.target("Filiale");
    let (mut session, mut editor) = opened(&desk).await;
    editor
        .apply(set(Setting::ServicesBasePort, &to.to_string()))
        .unwrap();
    let sent = local(&desk)
        .send_security(&mut session, &target, &mut editor, MERGE, &silent)
        .await
        .unwrap();
    let moved = sent.moved.unwrap();
    assert_eq!(
        (moved.from, moved.to, moved.followed, moved.site_changed),
        (from, to, true, true)
    );
    assert_eq!(desk.unit.ports().base, Some(to));

    let now = local(&desk).store.read().unwrap();
    let site = now.site("Filiale").unwrap();
    assert_eq!(
        (site.services_base_port, site.security_port),
        (Some(to), Some(to + 8))
    );
    let fingerprint = desk.unit.fingerprint().unwrap();
    for offset in [1, 9] {
        assert_eq!(now.pin("127.0.0.1", from + offset), None, "{offset}");
        assert_eq!(
            now.pin("127.0.0.1", to + offset).unwrap().sha256.bytes(),
            &fingerprint,
            "{offset}"
        );
    }
    assert!(
        now.log_in_iterations("127.0.0.1", to).is_some()
            && now.log_in_iterations("127.0.0.1", from).is_none()
    );

    editor.apply(set(Setting::SessionIdCacheHours, "20")).unwrap();
    let target = desk.computer.target("Filiale");
    local(&desk)
        .send_security(&mut session, &target, &mut editor, MERGE, &silent)
        .await
        .unwrap();
    let cancel = CancellationToken::new();
    let again = desk
        .computer
        .log_in(
            "Filiale",
            Service::Configuration,
            &over_tls(),
            ADMINISTRATOR,
            &cancel,
        )
        .await
        .unwrap();
    assert_eq!(again.access().base_port, to);
}

#[tokio::test]
async fn a_unit_that_moves_with_a_restart_is_waited_for() {
    let desk = Desk::new("security_merge_needs_reboot = ['System/ServicesBasePort']").await;
    let (from, to) = (desk.unit.ports().base.unwrap(), free_base_port());
    let (mut session, mut editor) = opened(&desk).await;
    editor
        .apply(set(Setting::ServicesBasePort, &to.to_string()))
        .unwrap();
    // The own password changes too: the way back is with the new one.
    editor.set_password("Administrator", NEW.into()).unwrap();
    assert_eq!(
        code(send(&desk, &mut session, &mut editor, MERGE).await),
        "needs_reboot"
    );
    assert_eq!(desk.unit.ports().base, Some(from));
    let restart = SecurityOrder {
        mode: WriteMode::Restart(Restart::Immediately),
        force: false,
    };
    let sent = send(&desk, &mut session, &mut editor, restart).await.unwrap();
    let moved = sent.moved.unwrap();
    assert_eq!(
        (moved.followed, moved.site_changed, desk.unit.restarts()),
        (true, false, 1)
    );
    let pin = local(&desk).store.read().unwrap().pin("127.0.0.1", to + 9);
    assert!(pin.is_some());
    editor.apply(set(Setting::SessionIdCacheHours, "20")).unwrap();
    assert_eq!(code(send(&desk, &mut session, &mut editor, MERGE).await), "ok");
}

#[tokio::test]
async fn a_restart_at_a_later_time_changes_nothing_that_is_remembered() {
    let desk = Desk::new("when_free_seconds = 3600").await;
    let (from, to) = (desk.unit.ports().base.unwrap(), free_base_port());
    let (mut session, mut editor) = opened(&desk).await;
    editor
        .apply(set(Setting::ServicesBasePort, &to.to_string()))
        .unwrap();
    let when_free = SecurityOrder {
        mode: WriteMode::Restart(Restart::WhenFree {
            bar_incoming: false,
            bar_outgoing: false,
        }),
        force: false,
    };
    let sent = send(&desk, &mut session, &mut editor, when_free).await.unwrap();
    let moved = sent.moved.unwrap();
    assert_eq!((moved.from, moved.to, moved.followed), (from, to, false));
    let pin = local(&desk).store.read().unwrap().pin("127.0.0.1", from + 9);
    assert!(pin.is_some());
}

#[tokio::test]
async fn whoever_locks_themselves_out_is_still_followed_by_the_certificate() {
    let desk = Desk::new("").await;
    let to = free_base_port();
    let (mut session, mut editor) = opened(&desk).await;
    let (user, groups) = ("Second".to_owned(), vec!["Administrator Group".to_owned()]);
    editor.apply(SecurityEdit::AddUser { user, groups }).unwrap();
    editor.set_password("Second", NEW.into()).unwrap();
    editor
        .apply(SecurityEdit::RemoveUser {
            user: "Administrator".into(),
        })
        .unwrap();
    editor
        .apply(set(Setting::ServicesBasePort, &to.to_string()))
        .unwrap();
    let sent = send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
    assert!(sent.moved.unwrap().followed);
    let attempts = desk.unit.log_in_attempts();
    assert_eq!(attempts, 1, "nobody tried to log in who may not");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_where_the_unit_is_now() {
    // With and without a new port, and with nothing but a new password.
    for (moves, password) in [(false, false), (true, false), (false, true), (true, true)] {
        let desk = Desk::new("").await;
        let to = free_base_port();
        let (mut session, mut editor) = opened(&desk).await;
        session.close().await;
        desk.unit
            .set_faults(&["cut-before-commit-answer".parse::<Fault>().unwrap()]);
        (session, _) = opened(&desk).await;
        desk.unit.set_faults(&[]);
        if moves {
            editor
                .apply(set(Setting::ServicesBasePort, &to.to_string()))
                .unwrap();
        } else if !password {
            editor.apply(set(Setting::Complexity, "High")).unwrap();
        }
        if password {
            editor.set_password("Leser", NEW.into()).unwrap();
        }
        let sent = send(&desk, &mut session, &mut editor, MERGE).await.unwrap();
        assert_eq!(sent.summary.revision_after, "r2", "{moves} {password}");
        assert_eq!(
            sent.moved.is_some_and(|moved| moved.followed),
            moves,
            "{moves} {password}"
        );
        assert_eq!(held(&desk), *editor.settings());
    }
}

#[tokio::test]
async fn systems_before_3_2_have_none_and_it_is_said() {
    let desk = Desk::new("version = '2.1.36'\nplain = true").await;
    let cancel = CancellationToken::new();
    let ports = desk.unit.ports();
    let overrides = Overrides {
        discovery_port: ports.discovery,
        tftp_port: ports.tftp,
        ..Overrides::default()
    };
    let host = desk.computer.target("127.0.0.1");
    let error = local(&desk)
        .security_access(&host, &overrides, &cancel)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "127.0.0.1: connecting: it runs 2.1.36, and systems before 3.2 have no security settings: they know one system \
         password, in their configuration"
    );
    assert_eq!(error.code(), "unsupported");
    // With the port given nobody asks first, so it is found out when nothing listens.
    let target = desk.computer.target("127.0.0.1:2");
    let access = local(&desk)
        .security_access(&target, &overrides, &cancel)
        .await
        .unwrap();
    let opened = local(&desk)
        .open_security(&target, access, &overrides, cancel, &silent)
        .await;
    assert!(
        opened
            .unwrap_err()
            .to_string()
            .contains("have no security settings")
    );
}

#[tokio::test]
async fn secrets_are_in_no_file_and_no_word() {
    let desk = Desk::new("").await;
    let (mut session, mut editor) = opened(&desk).await;
    editor.set_password("Leser", NEW.into()).unwrap();
    let level = Level::UnsecureOnly;
    let service = "HTTP".to_owned();
    editor
        .apply(SecurityEdit::ServiceLevel { service, level })
        .unwrap();
    let mut said = vec![format!(
        "{editor:?} {:?} {:?}",
        editor.review(),
        editor.findings()
    )];
    let sent = send(&desk, &mut session, &mut editor, MERGE).await;
    said.push(format!("{sent:?} {editor:?}"));
    editor.set_password("Leser", NEW.into()).unwrap();
    desk.unit.stop().await;
    let failed = send(&desk, &mut session, &mut editor, MERGE).await;
    assert_eq!(
        failed.as_ref().map_err(Error::code).unwrap_err(),
        "connection_lost"
    );
    said.push(format!("{failed:?}"));
    let said = said.concat();
    assert!(!said.contains(NEW), "{said}");
    for (path, content) in desk.computer.files() {
        assert!(
            !holds(&content, NEW.as_bytes()),
            "{} holds the password",
            path.display()
        );
        assert!(
            !holds(&content, b"<ServiceUser>"),
            "{} holds security settings",
            path.display()
        );
    }
}
