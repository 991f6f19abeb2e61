//! What was found, as a table for a spreadsheet.

use super::report::{Means, Method, State, Unit};
use crate::Result;
use crate::spreadsheet;

/// The headings: those that a list of sites has are called as there, so that it can be imported. The port of the
/// configuration is not: discovery tells it anew each time, and a site would keep it.
const HEADING: [&str; 16] = [
    "Name",
    "MAC Address",
    "Type",
    "IP Address",
    "Version",
    "Edition",
    "State",
    "Group",
    "Configuration Port",
    "Discovery Port",
    "Site",
    "Found By",
    "Round Trip (ms)",
    "Configuration By",
    "Warnings",
    "DNS Names",
];

/// The units as CSV (RFC 4180) with a heading, each as a line. What is not known is empty. A cell that a spreadsheet would
/// take for a formula has an apostrophe before it.
///
/// # Errors
/// [`crate::ErrorKind::Unsupported`] where it can not be written down.
pub fn units_table(units: &[Unit]) -> Result<Vec<u8>> {
    spreadsheet::table(&HEADING, units.iter().map(row))
}

fn row(unit: &Unit) -> [String; HEADING.len()] {
    let text = |known: &Option<String>| known.clone().unwrap_or_default();
    let port = |known: Option<u16>| known.map(|port| port.to_string()).unwrap_or_default();
    let state = unit.state.map_or("", |state| match state {
        State::Running => "running",
        State::ReadOnly => "read only",
        State::Starting => "starting",
    });
    let method = unit
        .method
        .filter(|_| unit.supported)
        .map_or("", |method| match method {
            Method::Service => "service",
            Method::Tftp => "tftp",
            Method::Api => "api",
        });
    let means = unit.found_by.iter().map(|means| match means {
        Means::Udp => "udp",
        Means::Tcp => "tcp",
        Means::Saved => "saved",
    });
    [
        text(&unit.name),
        text(&unit.mac),
        text(&unit.unit_type),
        unit.address.to_string(),
        text(&unit.version),
        text(&unit.edition),
        state.into(),
        text(&unit.group),
        port(unit.services.base_port),
        port(unit.discovery_port),
        text(&unit.site),
        means.collect::<Vec<_>>().join(" "),
        unit.round_trip_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        method.into(),
        unit.warnings.join("; "),
        unit.dns_names.join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::{ListFormat, read_sites};

    #[test]
    fn a_table_of_units_can_be_imported_as_sites() {
        let unit: Unit = serde_json::from_value(json!({
            "name": "=HYPERLINK(\"x\")", "address": "10.0.0.1", "mac": "00:E0:07:AA:BB:CC", "type": "IP 500 V2",
            "version": "11.1.2.3 build 23", "edition": null, "state": "read_only", "group": "North",
            "services": {"base_port": 50900, "configuration": null, "configuration_tls": null, "security": null,
                "security_tls": null, "tftp": null, "management_api": null, "devlink3": null},
            "found_by": ["udp", "tcp"], "round_trip_ms": 1.25, "supported": true, "method": "service",
            "discovery_port": 40802, "warnings": ["one", "two"],
            "dns_names": ["pbx.example", "north.example"]
        }))
        .unwrap();
        let table = units_table(&[unit]).unwrap();
        assert_eq!(
            String::from_utf8(table.clone()).unwrap(),
            "Name,MAC Address,Type,IP Address,Version,Edition,State,Group,Configuration Port,Discovery Port,Site,\
             Found By,Round Trip (ms),Configuration By,Warnings,DNS Names\r\n\
             \"'=HYPERLINK(\"\"x\"\")\",00:E0:07:AA:BB:CC,IP 500 V2,10.0.0.1,11.1.2.3 build 23,,read only,North,50900,40802,,\
             udp tcp,1.25,service,one; two,pbx.example north.example\r\n"
        );
        let list = read_sites(&table, ListFormat::Csv).unwrap();
        let site = &list.sites[0].1;
        assert_eq!(
            (
                site.name.as_str(),
                site.group.as_deref(),
                site.services_base_port,
                site.discovery_port
            ),
            ("=HYPERLINK(\"x\")", Some("North"), None, Some(40802))
        );
        assert_eq!((site.method, list.problems.len()), (crate::Method::Auto, 0));
    }
}
