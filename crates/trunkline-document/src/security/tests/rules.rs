use super::Severity::{Advice, Warning};
use super::*;

#[test]
fn every_rule_is_kept() {
    let check = |edits: &[SecurityEdit], passwords: &[(&str, &str)], expect: &[(&str, &str)]| {
        let found = edited(edits).problems(passwords);
        let found: Vec<_> = found.iter().map(|p| (p.kind.code(), p.name.as_str())).collect();
        assert_eq!(found, expect, "{edits:?}");
    };
    let add = |user: &str, groups: &[&str]| SecurityEdit::AddUser {
        user: user.into(),
        groups: owned(groups),
    };
    let disable = |user: &str| SecurityEdit::EnableUser {
        user: user.into(),
        enabled: false,
    };
    check(&[add("Ann", &[])], &[], &[("password_missing", "Ann")]);
    check(&[add("Ann", &[])], &[("Ann", "geheim-42")], &[]);
    check(&[add("Ann", &[]), disable("Ann")], &[], &[]);
    check(
        &[add("A", &[])],
        &[("A", "geheim-A2")],
        &[("name_length", "A"), ("password_holds_name", "A")],
    );
    let long = "ü".repeat(32);
    check(
        &[add(&long, &[])],
        &[(&long, "geheim-42")],
        &[("name_length", &long)],
    );
    check(
        &[add("Ann", &["Gone"])],
        &[("Ann", "geheim-42")],
        &[("no_group", "Ann")],
    );
    check(&[disable("security")], &[], &[("no_administrator", "")]);
    check(
        &[SecurityEdit::RemoveUser {
            user: "security".into(),
        }],
        &[],
        &[("no_administrator", "")],
    );
    let (group, rights) = ("Admins & co".to_owned(), vec![]);
    check(
        &[SecurityEdit::GroupRights { group, rights }],
        &[],
        &[("no_administrator", "")],
    );
    let off = level("Security Administration", Level::Disabled);
    check(&[off], &[], &[("administration_off", "Security Administration")]);
    check(
        &[],
        &[("Nobody", "geheim-42")],
        &[("password_for_nobody", "Nobody")],
    );
    let many: Vec<_> = (0..63).map(|n| add(&format!("User{n}"), &[])).collect();
    let disabled: Vec<_> = (0..63).map(|n| disable(&format!("User{n}"))).collect();
    check(&[many, disabled].concat(), &[], &[("too_many", "")]);
}

#[test]
fn what_a_unit_holds_already_is_judged_too() {
    let check = |before: &str, after: &str, expect: &str| {
        assert!(TEXT.contains(before));
        let bytes = TEXT.replacen(before, after, 1).into_bytes();
        let found = SecuritySettings::load(bytes).unwrap().problems(&[]);
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.join("\n"), expect);
    };
    check(
        ">50804<",
        ">1<",
        "system: ServicesBasePort is \"1\" and should be a whole number from 49152 to 65526",
    );
    check("<TcpDiscovery>false", "<TcpDiscovery>Yes", "");
    check("<TcpDiscovery>false", "<TcpDiscovery>", "");
    check(
        "<Level>Secure Medium",
        "<Level>Secure Extreme",
        "service \"Security Administration\": Level is \"Secure Extreme\" and should be one of Disabled, Unsecure Only, \
         Unsecure + Secure, Secure Low, Secure Medium, Secure High",
    );
    check(
        "<Name>Zoë</Name>",
        "<Name>security</Name>",
        "service user \"security\": there is another of the same name; rename or remove one of them",
    );
    check(
        "<Name>Zoë</Name>",
        "",
        "service user \"\": a name has 2 to 31 characters"
            .replace("service user \"\"", "service users")
            .as_str(),
    );
}

#[test]
fn new_passwords_obey_the_policy() {
    let check = |complexity: &str, password: &str, expect: &[&str]| {
        let settings = edited(&[set(Setting::Complexity, complexity)]);
        let faults: Vec<_> = settings
            .password_faults("Zoë", password)
            .into_iter()
            .map(|fault| RuleKind::Password(fault).code())
            .collect();
        assert_eq!(faults, expect, "{complexity} {password}");
    };
    check("Low", "aaaaaaaa", &[]);
    check("Low", "aaaaaaa", &["password_too_short"]);
    check("Low", &"ü".repeat(31), &[]);
    check("Low", &"ü".repeat(32), &["password_too_long"]);
    check("Low", "ein\tTab-hier", &["password_control_character"]);
    check("Low", "xxxxzOËxxx", &["password_holds_name"]);
    check("Medium", "abcdefgh", &["password_too_few_kinds"]);
    check("Medium", "abcdefgH", &[]);
    check("Medium", "abcdefg1", &[]);
    check("Medium", "abcdefg-", &[]);
    check("Medium", "aabbccd-", &[]);
    check("Medium", "aaabccd-", &["password_repeats"]);
    check("High", "abcdefgH", &["password_too_few_kinds"]);
    check("High", "abcdef1H", &[]);
    check("High", "", &["password_too_short", "password_too_few_kinds"]);
}

#[test]
fn what_is_weak_is_pointed_out() {
    let check = |before: &str, after: &str, expect: &[(&str, Severity, &str)]| {
        assert!(TEXT.contains(before), "{before}");
        let bytes = TEXT.replacen(before, after, 1).into_bytes();
        let found = SecuritySettings::load(bytes).unwrap().findings();
        let found: Vec<_> = found
            .iter()
            .map(|f| (f.kind.code(), f.severity, f.name.as_str()))
            .collect();
        assert_eq!(found, expect, "{after}");
    };
    let http = "<Name>HTTP</Name>\n    <Level>Secure Medium";
    let with = |level: &str| http.replace("Secure Medium", level);
    check(http, &with("Unsecure Only"), &[("without_tls", Warning, "HTTP")]);
    check(
        http,
        &with("Unsecure + Secure"),
        &[("also_without_tls", Warning, "HTTP")],
    );
    check(http, &with("Secure Low"), &[("low_level", Advice, "HTTP")]);
    check(http, &with("Secure High"), &[]);
    check(http, &with("Disabled"), &[]);
    let set = "<PasswordSet>true";
    check(
        set,
        "<PasswordSet>default",
        &[("default_password", Warning, "security")],
    );
    check(set, "<PasswordSet>false", &[("no_password", Warning, "security")]);
    check(
        "<TcpDiscovery>false",
        "<TcpDiscovery>true",
        &[("discovery", Advice, "")],
    );
    let interface = "TFTP Server</Name>\n    <Enabled>false";
    check(
        interface,
        &interface.replace("false", "1"),
        &[("open_interface", Warning, "TFTP Server")],
    );
    check("Length>8<", "Length>7<", &[("short_passwords", Advice, "")]);
    check(
        "<Complexity>Medium",
        "<Complexity>Low",
        &[("simple_passwords", Advice, "")],
    );
    check("<RejectLimit>3", "<RejectLimit>0", &[("no_lock_out", Advice, "")]);
    check(
        "Log and Temporary Disable",
        "No Action",
        &[("no_lock_out", Advice, "")],
    );
    check(
        "<Enabled>true</Enabled>\n    <RightsGroup>Admins &amp; co</RightsGroup>",
        "<Enabled>true</Enabled>",
        &[("no_rights", Advice, "security")],
    );
}
