//! Which of the found units this program can work with, and how.

use trunkline_protocol::link::Capabilities;
use trunkline_protocol::version::SoftwareVersion;

use super::report::{Method, Services};

/// The methods that this version of the program speaks.
const SPOKEN: &[Method] = &[Method::Service, Method::Api];

/// How the configuration of a unit is received and sent, and whether this program can do it.
///
/// What the unit says that it offers counts first, then its software version. Where neither says anything, no method
/// is guessed: a guess may send a password where it does not belong.
pub fn method_for(version: Option<&str>, capabilities: Option<Capabilities>) -> (Option<Method>, bool) {
    let method = match capabilities {
        Some(offered) => by_capabilities(offered),
        None => version.and_then(by_version),
    };
    (method, method.is_some_and(|method| SPOKEN.contains(&method)))
}

/// Why there is no method, as a sentence; `None` where there is one.
pub(super) fn why_no_method(version: Option<&str>, capabilities: Option<Capabilities>) -> Option<String> {
    if method_for(version, capabilities).0.is_some() {
        return None;
    }
    Some(match (capabilities, version) {
        (Some(_), _) => {
            "it says that it offers neither the configuration service nor TFTP nor the Management API; see \
                         which services its security settings switch on"
                .into()
        }
        (None, Some(version)) => format!(
            "it says that its software version is {version:?}, which tells nothing, and not what it offers; search it by \
             TCP, or choose a method for its site"
        ),
        (None, None) => {
            "it says neither its software version nor what it offers; search it by TCP, or choose a method \
                         for its site"
                .into()
        }
    })
}

fn by_capabilities(offered: Capabilities) -> Option<Method> {
    if offered.has(Capabilities::CONFIGURATION) || offered.has(Capabilities::CONFIGURATION_TLS) {
        Some(Method::Service)
    } else if offered.has(Capabilities::TFTP) {
        Some(Method::Tftp)
    } else {
        offered.has(Capabilities::MANAGEMENT_API).then_some(Method::Api)
    }
}

fn by_version(text: &str) -> Option<Method> {
    let version = SoftwareVersion::parse(text);
    if version.is_before_3_2() {
        Some(Method::Tftp)
    } else {
        version.is_known().then_some(Method::Service)
    }
}

/// What a unit offers, as booleans; all unknown where it did not say.
pub(super) fn services(base_port: Option<u16>, capabilities: Option<Capabilities>) -> Services {
    let offers = |bit| capabilities.map(|offered| offered.has(bit));
    Services {
        base_port,
        configuration: offers(Capabilities::CONFIGURATION),
        configuration_tls: offers(Capabilities::CONFIGURATION_TLS),
        security: offers(Capabilities::SECURITY),
        security_tls: offers(Capabilities::SECURITY_TLS),
        tftp: offers(Capabilities::TFTP),
        management_api: offers(Capabilities::MANAGEMENT_API),
        devlink3: offers(Capabilities::DEVLINK3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_follows_capabilities_then_version() {
        let check = |version: Option<&str>, capabilities: Option<u32>, expect: (Option<Method>, bool)| {
            assert_eq!(
                method_for(version, capabilities.map(Capabilities)),
                expect,
                "{version:?} {capabilities:?}"
            );
        };
        check(
            Some("11.1.2.3 build 23"),
            Some(0x4F),
            (Some(Method::Service), true),
        );
        check(Some("11.1.2.3 build 23"), Some(2), (Some(Method::Service), true));
        check(Some("11.1.2.3 build 23"), None, (Some(Method::Service), true));
        check(Some("3.2(17)"), None, (Some(Method::Service), true));
        check(Some("3.1(48)"), None, (Some(Method::Tftp), false));
        check(Some("3.1(48)"), Some(16), (Some(Method::Tftp), false));
        check(Some("11.1"), Some(32), (Some(Method::Api), true));
        check(Some("11.1"), Some(12), (None, false));
        check(Some("who knows"), None, (None, false));
        check(None, None, (None, false));
        check(None, Some(1), (Some(Method::Service), true));
    }

    #[test]
    fn where_there_is_no_method_it_is_said_why() {
        let check = |version: Option<&str>, capabilities: Option<u32>, expect: Option<&str>| {
            let why = why_no_method(version, capabilities.map(Capabilities));
            assert_eq!(why.is_some(), expect.is_some(), "{why:?}");
            assert!(
                why.iter().all(|why| why.contains(expect.unwrap_or_default())),
                "{why:?}"
            );
        };
        check(Some("11.1"), None, None);
        check(Some("2.1.36"), None, None);
        check(None, Some(1), None);
        check(
            Some("11.1"),
            Some(12),
            Some("neither the configuration service nor TFTP"),
        );
        check(
            Some("who knows"),
            None,
            Some("\"who knows\", which tells nothing"),
        );
        check(None, None, Some("neither its software version nor"));
    }
}
