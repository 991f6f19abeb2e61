use super::*;

#[test]
fn the_table_and_the_fields_are_the_same() {
    let fields = Preferences::default().fields();
    let mut names: Vec<_> = TABLE.iter().map(|preference| preference.name).collect();
    names.sort_unstable();
    assert_eq!(names, fields.keys().map(String::as_str).collect::<Vec<_>>());
    for preference in TABLE {
        preference.check(&fields[preference.name]).unwrap();
    }
}

#[test]
fn defaults_are_those_of_the_command_line_contract() {
    for (name, expect) in [
        ("services_base_port", "50804"),
        ("discovery_port", "50802"),
        ("tftp_port", "69"),
        ("connect_timeout_ms", "5000"),
        ("transfer_timeout_ms", "10000"),
        ("transfer_tries", "3"),
        ("broadcast_addresses", ""),
        ("ip_search_criteria", ""),
        ("tftp_read_name", "nasystem/rconfig/{password}"),
        ("tftp_write_name", "nasystem/wconfig/{password}"),
        ("tftp_reboot_name", "nasystem/reboot/{password}"),
    ] {
        assert_eq!(Preferences::default().get(name).unwrap(), expect, "{name}");
    }
}

#[test]
fn values_are_taken_and_shown() {
    for (name, value, shown) in [
        ("services_base_port", " 50000 ", "50000"),
        ("services-base-port", "65526", "65526"),
        ("idle_minutes", "0", "0"),
        (
            "ip_search_criteria",
            "10.0.0.1-9; pbx.example",
            "10.0.0.1-9; pbx.example",
        ),
        (
            "broadcast_addresses",
            "10.0.0.255 10.1.0.255,10.2.0.255",
            "10.0.0.255, 10.1.0.255, 10.2.0.255",
        ),
        ("tftp_read_name", "{password}.cfg", "{password}.cfg"),
    ] {
        let mut preferences = Preferences::default();
        preferences.set(name, value).unwrap();
        assert_eq!(preferences.get(name).unwrap(), shown);
        preferences.reset(name).unwrap();
        assert_eq!(preferences, Preferences::default());
    }
}

#[test]
fn what_is_out_of_bounds_is_refused_with_the_bounds() {
    let long = "x".repeat((64 << 10) + 1);
    let long_name = "x".repeat(255) + "{password}";
    let many = "10.0.0.1,".repeat(65);
    for (name, value, expect) in [
        ("services_base_port", "65527", "from 1 to 65526"),
        ("tftp_port", "0", "from 1 to 65535"),
        ("connect_timeout_ms", "5s", "from 100 to 120000 (ms)"),
        ("connect_timeout_ms", "99", "from 100"),
        ("transfer_tries", "-1", "from 1 to 20"),
        ("transfer_tries", "", "from 1 to 20"),
        ("transfer_tries", "4294967297", "from 1 to 20"),
        ("ip_search_criteria", &long, "65536 bytes"),
        ("tftp_read_name", "nasystem/rconfig", "{password}"),
        ("tftp_write_name", "a{password}b{password}", "once"),
        ("tftp_reboot_name", &long_name, "255"),
        ("broadcast_addresses", "10.0.0.255, fe80::1", "IPv4"),
        ("broadcast_addresses", &many, "64"),
    ] {
        let mut preferences = Preferences::default();
        let error = preferences.set(name, value).unwrap_err();
        assert!(
            error.code() == "usage" && error.to_string().contains(expect),
            "{name}: {error}"
        );
        assert_eq!(preferences, Preferences::default());
    }
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let error = Preferences::default().get("colour").unwrap_err();
    assert_eq!(error.code(), "not_found");
    assert!(
        error.to_string().contains("services_base_port, discovery_port"),
        "{error}"
    );
    assert_eq!(
        Preferences::default().set("extra", "1").unwrap_err().code(),
        "not_found"
    );
}
