use secrecy::SecretString;
use trunkline_document::security::{Level, RIGHTS, SecurityEdit, SecuritySettings, Setting, SettingChange};
use trunkline_protocol::link::Rights;

use super::*;

const TEXT: &str = "<security>
  <General><MinimumPasswordLength>8</MinimumPasswordLength><Complexity>Medium</Complexity></General>
  <System><ServicesBasePort>50804</ServicesBasePort><TcpDiscovery>true</TcpDiscovery></System>
  <Service><Name>Configuration</Name><Level>Secure Medium</Level></Service>
  <RightsGroup><Name>Admins</Name><Rights>read_security write_security</Rights></RightsGroup>
  <RightsGroup><Name>Readers</Name><Rights>read_configuration</Rights></RightsGroup>
  <ServiceUser><Name>security</Name><Enabled>true</Enabled><RightsGroup>Admins</RightsGroup><PasswordSet>true</PasswordSet></ServiceUser>
  <ServiceUser><Name>Zoë</Name><Enabled>true</Enabled><RightsGroup>Admins</RightsGroup><PasswordSet>default</PasswordSet></ServiceUser>
</security>";
const SECRET: &str = "Geheim-Neu-42";

fn settings(text: &str) -> SecuritySettings {
    SecuritySettings::load(text.as_bytes().to_vec()).unwrap()
}

fn editor() -> Editor {
    Editor::new(settings(TEXT), "r1".into(), "security".into(), false)
}

fn set(setting: Setting, value: &str) -> SecurityEdit {
    let value = value.to_owned();
    SecurityEdit::Set { setting, value }
}

fn enable(user: &str, enabled: bool) -> SecurityEdit {
    let user = user.to_owned();
    SecurityEdit::EnableUser { user, enabled }
}

fn remove(user: &str) -> SecurityEdit {
    SecurityEdit::RemoveUser { user: user.into() }
}

fn add(user: &str, group: &str) -> SecurityEdit {
    SecurityEdit::AddUser {
        user: user.into(),
        groups: vec![group.into()],
    }
}

fn secret() -> SecretString {
    SECRET.into()
}

fn places(editor: &Editor) -> Vec<String> {
    editor
        .changes()
        .into_iter()
        .map(|c| format!("{} {} {}", c.kind, c.name, c.field))
        .collect()
}

fn sent(editor: &Editor) -> String {
    String::from_utf8(editor.content().0.to_vec()).unwrap()
}

#[test]
fn the_document_names_rights_as_the_wire_does() {
    assert_eq!(RIGHTS.to_vec(), Rights(0x1FF).names());
}

#[test]
fn changes_go_back_and_forth() {
    let mut editor = editor();
    assert!(editor.apply(set(Setting::ServicesBasePort, "51000")).unwrap());
    assert!(
        !editor.apply(set(Setting::ServicesBasePort, "51000")).unwrap(),
        "the same again"
    );
    editor.set_password("Zoë", secret()).unwrap();
    assert!(editor.apply(remove("Zoë")).unwrap());
    assert_eq!(places(&editor), ["System  ServicesBasePort", "ServiceUser Zoë "]);
    assert!(!editor.has_new_passwords());
    assert!(editor.undo());
    assert_eq!(
        places(&editor),
        ["System  ServicesBasePort", "ServiceUser Zoë NewPassword"]
    );
    assert!(editor.undo() && editor.undo() && !editor.undo());
    assert_eq!(
        (editor.settings().as_bytes(), editor.changes()),
        (TEXT.as_bytes(), vec![])
    );
    assert_eq!(editor.can_undo_redo(), (false, true));
    assert!(editor.redo() && editor.redo() && editor.redo() && !editor.redo());
    assert_eq!(editor.can_undo_redo(), (true, false));
    assert!(editor.undo());
    editor.apply(enable("Zoë", false)).unwrap();
    assert!(!editor.redo(), "another change came in between");
}

#[test]
fn a_new_password_is_in_what_is_sent_and_nowhere_else() {
    let mut editor = editor();
    editor.set_password("Zoë", "Ein-Anderes-7".into()).unwrap();
    editor.set_password("Zoë", secret()).unwrap();
    let expect = TEXT.replace(
        "<PasswordSet>default</PasswordSet>",
        &format!("<PasswordSet>true</PasswordSet><NewPassword>{SECRET}</NewPassword>"),
    );
    assert_eq!(sent(&editor), expect);
    let kept = TEXT.replace("default", "true");
    assert_eq!(editor.content().1.as_bytes(), kept.as_bytes());
    let said = format!("{editor:?} {:?} {:?}", editor.review(), editor.settings());
    assert!(!said.contains(SECRET) && !said.contains("Anderes"), "{said}");
    let change = &editor.changes()[0];
    assert_eq!(
        (change.before.as_deref(), change.after.as_deref()),
        (None, Some("••••••"))
    );
}

#[test]
fn a_user_who_comes_again_has_no_password() {
    let mut editor = editor();
    editor.set_password("Zoë", secret()).unwrap();
    editor.apply(remove("Zoë")).unwrap();
    editor.apply(add("Zoë", "Readers")).unwrap();
    assert!(!sent(&editor).contains(SECRET));
    assert_eq!(editor.review().broken[0].kind.code(), "password_missing");
    editor.set_password("Zoë", secret()).unwrap();
    assert_eq!(editor.review().broken, []);
}

#[test]
fn a_bad_password_is_refused_at_once_and_not_repeated() {
    let mut editor = editor();
    for (user, password, expect) in [
        (
            "Nobody",
            SECRET,
            "there is no service user \"Nobody\"; there are security, Zoë",
        ),
        ("Zoë", "Kurz-1", "too short; the policy asks for 8 characters"),
        ("Zoë", "abcdefghij", "characters of 2 kinds"),
        ("Zoë", "xx-zoë-xx", "the user's name in it"),
    ] {
        let error = editor.set_password(user, password.into()).unwrap_err();
        assert_eq!(error.code(), "usage");
        let said = error.to_string();
        assert!(said.contains(expect) && !said.contains(password), "{said}");
    }
    assert_eq!(editor.can_undo_redo(), (false, false));
}

#[test]
fn a_rule_that_was_broken_before_stops_nobody_who_did_not_break_it() {
    let text = TEXT
        .replace("50804", "1004")
        .replace("Secure Medium", "Secure Extreme");
    let mut editor = Editor::new(settings(&text), "r1".into(), "security".into(), false);
    assert_eq!(editor.problems().len(), 2);
    editor.apply(enable("Zoë", false)).unwrap();
    assert!(editor.refuse_broken_rules().is_ok());
    editor.apply(enable("security", false)).unwrap();
    let error = editor.refuse_broken_rules().unwrap_err();
    assert_eq!(error.code(), "usage");
    assert!(
        error
            .to_string()
            .contains("nothing was sent: service users: no enabled service user would be left")
    );
}

#[test]
fn what_changes_bring_with_them_is_told() {
    let check = |edits: &[SecurityEdit], password: Option<&str>, expect: &[&str]| {
        let mut editor = editor();
        for edit in edits {
            editor.apply(edit.clone()).unwrap();
        }
        if let Some(user) = password {
            editor.set_password(user, secret()).unwrap();
        }
        let found: Vec<_> = editor
            .review()
            .consequences
            .iter()
            .map(Consequence::code)
            .collect();
        assert_eq!(found, expect, "{edits:?}");
    };
    check(&[], None, &[]);
    check(&[enable("Zoë", false)], Some("Zoë"), &[]);
    check(&[enable("security", false)], None, &["own_access"]);
    check(&[remove("security")], None, &["own_access"]);
    let (user, groups) = ("security".to_owned(), vec!["Readers".to_owned()]);
    check(
        &[SecurityEdit::UserGroups { user, groups }],
        None,
        &["own_access"],
    );
    check(&[], Some("security"), &["own_password"]);
    check(&[set(Setting::ServicesBasePort, "51000")], None, &["port_moves"]);
    check(&[set(Setting::TcpDiscovery, "false")], None, &["discovery_off"]);
    let level = |level| SecurityEdit::ServiceLevel {
        service: "Configuration".into(),
        level,
    };
    check(&[level(Level::UnsecureOnly)], None, &["no_tls"]);
    check(&[level(Level::Disabled)], None, &["service_off"]);
    check(&[level(Level::SecureHigh)], None, &[]);
}

#[test]
fn a_password_that_units_are_delivered_with_is_pointed_out_until_it_is_changed() {
    let user = |name: &str, password: &str| ServiceUser {
        name: name.into(),
        password: password.into(),
    };
    assert!(is_delivered(&user("security", "securitypwd")));
    assert!(!is_delivered(&user("security", "Securitypwd")) && !is_delivered(&user("Zoë", "securitypwd")));
    let mut editor = Editor::new(settings(TEXT), "r1".into(), "security".into(), true);
    let codes = |editor: &Editor| -> Vec<_> { editor.findings().iter().map(|f| f.kind.code()).collect() };
    assert_eq!(
        codes(&editor),
        ["default_log_in", "default_password", "discovery"]
    );
    editor.set_password("security", secret()).unwrap();
    editor.set_password("Zoë", secret()).unwrap();
    assert_eq!(codes(&editor), ["discovery"]);
    let kept = editor.content().1;
    editor.sent(kept, "r2");
    assert_eq!(
        (codes(&editor), editor.changes(), editor.revision()),
        (vec!["discovery"], vec![], "r2")
    );
}

#[test]
fn changes_are_made_again_to_what_somebody_else_left() {
    let mut editor = editor();
    editor.apply(set(Setting::ServicesBasePort, "51000")).unwrap();
    editor.apply(enable("Zoë", false)).unwrap();
    editor.set_password("Zoë", secret()).unwrap();
    editor.apply(set(Setting::Complexity, "High")).unwrap();
    let theirs = TEXT
        .replace("50804", "52000")
        .replace("Secure Medium", "Secure High");
    let mut without = settings(&theirs);
    without.apply(&remove("Zoë")).unwrap();
    let theirs = editor.beside(without, "r2".into());
    let told = |changes: &[SettingChange]| -> Vec<_> {
        changes
            .iter()
            .map(|c| format!("{} {} {}", c.kind, c.name, c.field))
            .collect()
    };
    assert_eq!(
        told(&theirs.changes),
        [
            "System  ServicesBasePort",
            "Service Configuration Level",
            "ServiceUser Zoë "
        ]
    );
    assert_eq!(
        told(&theirs.collisions),
        ["System  ServicesBasePort", "ServiceUser Zoë "]
    );
    let dropped = editor.rebase(theirs);
    let dropped: Vec<_> = dropped.iter().map(|dropped| dropped.reason.as_str()).collect();
    assert_eq!(
        dropped,
        [
            "there is no service user \"Zoë\"; there are security",
            "there is no service user \"Zoë\" any more"
        ]
    );
    assert_eq!(editor.revision(), "r2");
    assert_eq!(
        places(&editor),
        ["General  Complexity", "System  ServicesBasePort"]
    );
    assert_eq!(editor.settings().base_port(), Some(51_000));
    assert!(!sent(&editor).contains(SECRET));
}

#[test]
fn nothing_that_could_hold_a_password_goes_where_everybody_can_read() {
    let check = |bytes: &[u8], expect: &str| {
        let outgoing = Outgoing::memory(Bytes::copy_from_slice(bytes));
        let code = refuse_passwords(&outgoing).map_or_else(|error| error.code(), |()| "ok");
        assert_eq!(code, expect);
    };
    check(TEXT.as_bytes(), "ok");
    check(
        TEXT.replace(
            "<PasswordSet>true",
            "<NewPassword>x</NewPassword><PasswordSet>true",
        )
        .as_bytes(),
        "tls_required",
    );
    check(
        b"<security><ServiceUser><a><NewPassword/></a></ServiceUser></security>",
        "tls_required",
    );
    check(b"no document", "tls_required");
    check(b"<data/>", "tls_required");
}
