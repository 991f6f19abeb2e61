use secrecy::ExposeSecret;

use super::*;

#[test]
fn a_unit_needs_no_more_than_a_name() {
    let site = Site::from_toml("[[unit]]\nname = 'Zürich, Filiale 2'\n").unwrap();
    let unit = &site.units[0];
    assert_eq!(
        (unit.name.as_str(), unit.iterations, unit.size),
        ("Zürich, Filiale 2", 50_000, 300_000)
    );
    assert!(unit.has_plain() && unit.has_tls() && unit.has_discovery() && unit.udp);
}

#[test]
fn a_system_before_3_2_has_udp_discovery_only() {
    let site = Site::from_toml("[[unit]]\nname = 'Old'\nversion = '2.1.36'\n").unwrap();
    let unit = &site.units[0];
    assert!(!unit.has_plain() && !unit.has_tls() && !unit.has_discovery() && unit.udp);
}

#[test]
fn users_have_named_rights_and_their_passwords_do_not_show() {
    let text = "[[user]]\nname = 'A'\npassword = 'hush-hush'\nrights = ['read_configuration', 'merge']\n\
                [[unit]]\nname = 'U'\n[[unit.user]]\nname = 'B'\npassword = 'x'\nrights = ['all']\n";
    let site = Site::from_toml(text).unwrap();
    assert_eq!(site.users[0].rights.0, Rights(5));
    assert_eq!(site.users[0].password.expose_secret(), "hush-hush");
    assert_eq!(site.units[0].users[0].rights.0, Rights(511));
    assert!(!format!("{site:?}").contains("hush-hush"));
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_without_quoting_it() {
    let check = |text: &str, expect: &str| {
        let error = Site::from_toml(text).unwrap_err().to_string();
        assert!(error.starts_with(expect), "{error}");
        assert!(!error.contains("hush"), "{error}");
    };
    check(
        "[[unit]]\nname = 'U'\nnmae = 'V'\n",
        "line 3: unknown field `nmae`, expected one of `name`, `type`,",
    );
    check("[[unit]]\ntype = 'x'\n", "line 1: missing field `name`");
    check(
        "[[unit]]\nname = 'U'\nfaults = ['cut-raed:1']\n",
        "line 3: there is no fault `cut-raed`; there are cut-read",
    );
    check(
        "[[unit]]\nname = 'U'\nmac = '12'\n",
        "line 3: a hardware address is twelve",
    );
    check(
        "[[user]]\nname = 'A'\npassword = ['hush']\nrights = []\n[[unit]]\nname='U'",
        "line 3: invalid type",
    );
    let user = "[[user]]\nname = 'A'\npassword = 'hush'\n";
    check(
        &format!("{user}rights = ['everything']\n[[unit]]\nname = 'U'\n"),
        "line 4: there is no right `everything`; there are all, read_configuration",
    );
    check(
        &format!("{user}rights = []\n{user}rights = []\n[[unit]]\nname = 'U'\n"),
        "service user `A` is there twice",
    );
    check("unit = []\n", "a site has 1 to 10000 units");
    check(
        "[[unit]]\nname = 'U'\n[[unit]]\nname = 'U'\n",
        "unit `U`: another unit has the same name",
    );
    check(
        "[[unit]]\nname = 'U'\nsize = 3\n",
        "unit `U`: size is between 13 and",
    );
    check(
        "[[unit]]\nname = 'U'\nrestart_seconds = nan\n",
        "unit `U`: restart_seconds is between 0 and",
    );
    check(
        "[[unit]]\nname = 'U'\nmerge_needs_reboot = ['System/']\n",
        "unit `U`: `System/` names no part",
    );
    check(
        "[[unit]]\nname = 'U'\niterations = 0\n",
        "unit `U`: iterations is 1 at least",
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Site::load(Path::new("/no/such/site.toml"))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("/no/such/site.toml: "), "{error}");
}

#[test]
fn the_demo_site_is_a_dozen_units_like_a_real_customer_list() {
    let site = Site::demo().unwrap();
    assert_eq!(site.units.len(), 12);
    assert!(
        site.units
            .iter()
            .any(|u| u.name == "Head Office" && u.has_plain() && u.has_tls())
    );
    assert!(
        site.units
            .iter()
            .any(|u| SoftwareVersion::parse(&u.version).is_before_3_2())
    );
    assert!(site.units.iter().any(|u| !u.merge_needs_reboot.is_empty()));
    assert!(site.units.iter().any(|u| u.state == State::ReadOnly));
    assert!(site.units.iter().any(|u| !u.udp) && site.units.iter().any(|u| u.has_plain() && !u.has_tls()));
    assert!(
        site.units
            .iter()
            .any(|u| !u.name.is_ascii() && u.name.chars().count() > 60)
    );
}

#[test]
fn generated_units_pass_the_same_checks() {
    let site = Site::generated(500);
    site.check().unwrap();
    assert_eq!(
        (site.units.len(), site.units[499].name.as_str()),
        (500, "Branch 0500")
    );
}
