mod rules;

use super::*;

const TEXT: &str = "<?xml version='1.0'?>
<security>
  <!-- by hand -->
  <General>
    <MinimumNameLength>2</MinimumNameLength>
    <MinimumPasswordLength>8</MinimumPasswordLength>
    <RejectLimit>3</RejectLimit>
    <RejectAction>Log and Temporary Disable</RejectAction>
    <Complexity>Medium</Complexity>
    <Future>kept</Future>
  </General>
  <System><ServicesBasePort>50804</ServicesBasePort><TcpDiscovery>false</TcpDiscovery></System>
  <Service>
    <Name>Security Administration</Name>
    <Level>Secure Medium</Level>
  </Service>
  <Service x='1'>
    <Name>HTTP</Name>
    <Level>Secure Medium</Level>
  </Service>
  <RightsGroup>
    <Name>Admins &amp; co</Name>
    <Rights>read_security write_security</Rights>
  </RightsGroup>
  <RightsGroup>
    <Name>Readers</Name>
    <Rights>read_configuration a_new_right</Rights>
  </RightsGroup>
  <ServiceUser>
    <Name>security</Name>
    <Enabled>true</Enabled>
    <RightsGroup>Admins &amp; co</RightsGroup>
    <PasswordSet>true</PasswordSet>
  </ServiceUser>
  <ServiceUser>
    <Name>Zoë</Name>
    <Enabled>false</Enabled>
    <RightsGroup>Admins &amp; co</RightsGroup>
    <RightsGroup>Readers</RightsGroup>
  </ServiceUser>
  <UnsecuredInterface>
    <Name>TFTP Server</Name>
    <Enabled>false</Enabled>
  </UnsecuredInterface>
  <NewThing><Name>x</Name></NewThing>
</security>
";

fn settings() -> SecuritySettings {
    SecuritySettings::load(TEXT.as_bytes().to_vec()).unwrap()
}

fn edited(edits: &[SecurityEdit]) -> SecuritySettings {
    let mut settings = settings();
    for edit in edits {
        settings.apply(edit).unwrap();
    }
    settings
}

fn text_of(settings: &SecuritySettings) -> &str {
    std::str::from_utf8(settings.as_bytes()).unwrap()
}

fn set(setting: Setting, value: &str) -> SecurityEdit {
    let value = value.to_owned();
    SecurityEdit::Set { setting, value }
}

fn level(service: &str, level: Level) -> SecurityEdit {
    let service = service.to_owned();
    SecurityEdit::ServiceLevel { service, level }
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn the_document_is_read_as_what_it_means() {
    let settings = settings();
    assert_eq!(settings.base_port(), Some(50_804));
    assert_eq!(settings.setting(Setting::Complexity).as_deref(), Some("Medium"));
    assert_eq!(settings.setting(Setting::IdleTime), None);
    let services: Vec<_> = settings
        .services()
        .into_iter()
        .map(|s| (s.name, s.level))
        .collect();
    assert_eq!(services[1], ("HTTP".to_owned(), "Secure Medium".to_owned()));
    assert_eq!(
        settings.groups()[1],
        RightsGroup {
            name: "Readers".into(),
            rights: Some(owned(&["read_configuration", "a_new_right"])),
        }
    );
    let users = settings.users();
    assert_eq!(users[1].groups, ["Admins & co", "Readers"]);
    assert_eq!(
        (users[0].password, users[1].password),
        (PasswordState::Set, PasswordState::Unknown)
    );
    assert_eq!(settings.rights_of(&users[0]), ["read_security", "write_security"]);
    assert_eq!(settings.rights_of(&users[1]), Vec::<String>::new(), "disabled");
    assert!(!settings.interfaces()[0].enabled);
    assert_eq!(settings.problems(&[]), []);
    assert_eq!(settings.findings(), []);
}

#[test]
fn what_is_no_security_settings_document_is_refused() {
    for (bytes, expect) in [
        (&b"<data/>"[..], "a configuration"),
        (b"", "can not be read"),
        (b"<security>", "can not be read"),
        (b"\xff\xfe<\0", "can not be read"),
        (b"<audit/>", "can not be read"),
    ] {
        let error = SecuritySettings::load(bytes.to_vec()).unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
    }
    let empty = SecuritySettings::load(b"<security/>".to_vec()).unwrap();
    assert_eq!(
        (empty.users(), empty.problems(&[]), empty.findings()),
        (vec![], vec![], vec![])
    );
}

#[test]
fn a_change_touches_its_own_bytes_alone() {
    let check = |edit: SecurityEdit, before: &str, after: &str| {
        assert!(TEXT.contains(before), "{before}");
        assert_eq!(
            text_of(&edited(std::slice::from_ref(&edit))),
            TEXT.replacen(before, after, 1),
            "{edit:?}"
        );
    };
    check(set(Setting::ServicesBasePort, "51000"), ">50804<", ">51000<");
    check(
        set(Setting::Complexity, "High"),
        "<Complexity>Medium",
        "<Complexity>High",
    );
    check(
        set(Setting::UdpDiscovery, "true"),
        "</TcpDiscovery>",
        "</TcpDiscovery><UdpDiscovery>true</UdpDiscovery>",
    );
    check(
        level("HTTP", Level::UnsecureAndSecure),
        "<Name>HTTP</Name>\n    <Level>Secure Medium",
        "<Name>HTTP</Name>\n    <Level>Unsecure + Secure",
    );
    let (interface, enabled) = ("TFTP Server".to_owned(), true);
    check(
        SecurityEdit::Interface { interface, enabled },
        "TFTP Server</Name>\n    <Enabled>false",
        "TFTP Server</Name>\n    <Enabled>true",
    );
    let (user, groups) = ("Zoë".to_owned(), owned(&["Readers"]));
    check(
        SecurityEdit::UserGroups { user, groups },
        "<Enabled>false</Enabled>\n    <RightsGroup>Admins &amp; co</RightsGroup>",
        "<Enabled>false</Enabled>",
    );
    let (group, rights) = ("Readers".to_owned(), owned(&["merge", "a_new_right"]));
    check(
        SecurityEdit::GroupRights { group, rights },
        "read_configuration a_new_right",
        "merge a_new_right",
    );
    check(
        SecurityEdit::RemoveUser { user: "Zoë".into() },
        "\n  <ServiceUser>\n    <Name>Zoë</Name>\n    <Enabled>false</Enabled>\n    \
         <RightsGroup>Admins &amp; co</RightsGroup>\n    <RightsGroup>Readers</RightsGroup>\n  </ServiceUser>",
        "",
    );
}

#[test]
fn a_field_that_is_there_twice_is_not_guessed() {
    let text = TEXT.replace(
        "<Enabled>true</Enabled>",
        "<Enabled>true</Enabled><Enabled>false</Enabled>",
    );
    let mut settings = SecuritySettings::load(text.clone().into_bytes()).unwrap();
    for enabled in [true, false] {
        let user = "security".to_owned();
        let refused = settings.apply(&SecurityEdit::EnableUser { user, enabled });
        assert!(matches!(
            refused,
            Err(SecurityEditError::Document(crate::EditError::NoField { .. }))
        ));
        assert_eq!(text_of(&settings), text);
    }
}

#[test]
fn users_and_groups_come_and_go() {
    let add = [
        SecurityEdit::AddGroup {
            group: "New <1>".into(),
            rights: owned(&["merge"]),
        },
        SecurityEdit::AddUser {
            user: "Ann".into(),
            groups: owned(&["New <1>", "Readers"]),
        },
    ];
    let settings = edited(&add);
    let ann = ServiceUser {
        name: "Ann".into(),
        enabled: true,
        groups: owned(&["New <1>", "Readers"]),
        password: PasswordState::NotSet,
    };
    assert_eq!(settings.users()[2], ann);
    assert_eq!(
        settings.rights_of(&ann),
        ["read_configuration", "a_new_right", "merge"]
    );
    assert!(text_of(&settings).contains("<NewThing><Name>x</Name></NewThing>"));

    let mut back = settings.clone();
    let group = "New <1>".to_owned();
    assert!(back.apply(&SecurityEdit::RemoveGroup { group }).unwrap());
    assert_eq!(
        back.users()[2].groups,
        ["Readers"],
        "nobody stays in a group that is gone"
    );
    assert!(
        back.apply(&SecurityEdit::RemoveUser { user: "Ann".into() })
            .unwrap()
    );
    assert_eq!(text_of(&back), TEXT);
}

#[test]
fn what_can_not_be_done_says_why_and_changes_nothing() {
    let mut settings = settings();
    for (edit, expect) in [
        (
            SecurityEdit::RemoveUser {
                user: "Nobody".into(),
            },
            "there is no service user \"Nobody\"; there are security, Zoë",
        ),
        (
            level("FTP", Level::Disabled),
            "there is no service \"FTP\"; there are Security Administration, HTTP",
        ),
        (
            SecurityEdit::AddUser {
                user: "security".into(),
                groups: vec![],
            },
            "there is a service user \"security\" already",
        ),
        (
            set(Setting::ServicesBasePort, "49151"),
            "ServicesBasePort can not be \"49151\"; it is a whole number from 49152 to 65526",
        ),
        (set(Setting::ServicesBasePort, "+50804"), "a whole number"),
        (set(Setting::Complexity, "Extreme"), "one of Low, Medium, High"),
        (set(Setting::TcpDiscovery, "maybe"), "true or false"),
        (set(Setting::RejectLimit, ""), "0 to 255"),
        (
            SecurityEdit::AddUser {
                user: "a\u{1}".into(),
                groups: vec![],
            },
            "the value of Name has a control character (U+0001)",
        ),
    ] {
        let error = settings.apply(&edit).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        assert_eq!(text_of(&settings), TEXT);
    }
    assert!(
        !settings.apply(&level("HTTP", Level::SecureMedium)).unwrap(),
        "the same as before"
    );
}

#[test]
fn changes_are_told_by_name_and_without_secrets() {
    let before = settings();
    let after = edited(&[
        set(Setting::ServicesBasePort, "51000"),
        SecurityEdit::UserGroups {
            user: "Zoë".into(),
            groups: owned(&["Readers"]),
        },
        SecurityEdit::AddUser {
            user: "Ann".into(),
            groups: owned(&["Readers"]),
        },
        SecurityEdit::RemoveUser {
            user: "security".into(),
        },
        level("HTTP", Level::SecureLow),
    ]);
    let told = |before: &SecuritySettings, after: &SecuritySettings| -> Vec<String> {
        let tell = |c: SettingChange| {
            let text = |value: Option<String>| value.unwrap_or_else(|| "–".into());
            format!(
                "{} {} {}: {} → {}",
                c.kind,
                c.name,
                c.field,
                text(c.before),
                text(c.after)
            )
        };
        changes(before, after).into_iter().map(tell).collect()
    };
    assert_eq!(
        told(&before, &after),
        [
            "System  ServicesBasePort: 50804 → 51000",
            "Service HTTP Level: Secure Medium → Secure Low",
            "ServiceUser Zoë RightsGroup: Admins & co, Readers → Readers",
            "ServiceUser Ann : – → Readers",
            "ServiceUser security : Admins & co → –",
        ]
    );
    assert_eq!(told(&before, &before), Vec::<String>::new());
    let bytes = before.with_new_passwords(|user| (user == "Zoë").then_some("p<w&1"));
    let with = SecuritySettings::load(bytes.to_vec()).unwrap();
    assert_eq!(told(&before, &with), ["ServiceUser Zoë NewPassword: – → ••••••"]);
}

#[test]
fn new_passwords_stand_in_what_is_sent_and_nowhere_else() {
    let settings = settings();
    let bytes = settings.with_new_passwords(|user| match user {
        "Zoë" => Some("p<w&1"),
        "Nobody" => Some("x"),
        _ => None,
    });
    let expect = TEXT.replacen(
        "<RightsGroup>Readers</RightsGroup>",
        "<RightsGroup>Readers</RightsGroup>\n    <NewPassword>p&lt;w&amp;1</NewPassword>",
        1,
    );
    // Without layout before it, so that a unit which takes it out again has what the program knows.
    let expect = expect.replace("\n    <NewPassword>", "<NewPassword>");
    assert_eq!(std::str::from_utf8(&bytes).unwrap(), expect);
    let sent = SecuritySettings::load(bytes.to_vec()).unwrap();
    assert_eq!(sent.users_with_new_password(), ["Zoë"]);
    assert_eq!(settings.users_with_new_password(), Vec::<String>::new());
    assert!(!format!("{sent:?}").contains("p<w"));
    let none = settings.with_new_passwords(|_| None);
    assert_eq!(&none[..], settings.as_bytes());
}
