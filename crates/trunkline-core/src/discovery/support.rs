//! Which of the found units this program can work with, and how.

use trunkline_protocol::link::Capabilities;
use trunkline_protocol::version::SoftwareVersion;

use super::report::{Method, Services};

/// The methods that this version of the program speaks.
const SPOKEN: &[Method] = &[Method::Service, Method::Tftp, Method::Api];

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
        check(Some("3.1(48)"), None, (Some(Method::Tftp), true));
        check(Some("3.1(48)"), Some(16), (Some(Method::Tftp), true));
        check(Some("11.1"), Some(32), (Some(Method::Api), true));
        check(Some("11.1"), Some(12), (None, false));
        check(Some("who knows"), None, (None, false));
        check(None, None, (None, false));
        check(None, Some(1), (Some(Method::Service), true));
    }
}
