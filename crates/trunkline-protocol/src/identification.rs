//! What HTTP and SNMP tell about a unit (protocol.md, section 9): for identification only, never for security.

/// The private enterprise number under which Avaya's objects stand in SNMP: 1.3.6.1.4.1.6889 (documented).
const AVAYA: [u64; 7] = [1, 3, 6, 1, 4, 1, 6889];

/// The release in a web server's `Server:` line, as `11.1.2.3` in `IPOffice/11.1.2.3` (observed); empty where an IP
/// Office names none, `None` where it is another server.
pub fn ip_office_release(server: &str) -> Option<&str> {
    server.split_ascii_whitespace().find_map(|product| {
        let (name, release) = product.split_once('/').unwrap_or((product, ""));
        let is_ours = name.eq_ignore_ascii_case("IPOffice");
        is_ours.then_some(release)
    })
}

/// Whether an SNMP `sysObjectID` is one of Avaya's. Units have theirs, and so have its telephones and switches.
pub fn is_avaya(object_id: &[u64]) -> bool {
    object_id.starts_with(&AVAYA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_office_says_so_in_its_server_line() {
        for (server, expect) in [
            ("IPOffice/11.1.2.3", Some("11.1.2.3")),
            ("IPOffice/", Some("")),
            ("IPOffice", Some("")),
            ("ipoffice/9.1.0.437 (build)", Some("9.1.0.437")),
            ("Apache IPOffice/10.0", Some("10.0")),
            ("NotIPOffice/10.0", None),
            ("IPOfficeX/10.0", None),
            ("nginx/1.25", None),
            ("", None),
        ] {
            assert_eq!(ip_office_release(server), expect, "{server:?}");
        }
    }

    #[test]
    fn avaya_s_objects_stand_under_its_number() {
        assert!(is_avaya(&[1, 3, 6, 1, 4, 1, 6889, 1, 2, 3]));
        assert!(is_avaya(&AVAYA));
        assert!(!is_avaya(&[1, 3, 6, 1, 4, 1, 688, 9]));
        assert!(!is_avaya(&[1, 3, 6, 1, 4, 1]));
    }
}
