//! The networks that broadcasts leave from, as a person calls them.

use crate::discovery::{InterfaceAddress, Interfaces};
use crate::{ErrorKind, Result};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `Ethernet`, `Wi-Fi` or `VPN`, else the system's name of the interface.
    pub name: String,
    /// `10.21.4.0/24`.
    pub subnet: String,
}

/// The networks that a search goes out to.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where the operating system does not say.
pub fn networks() -> Result<Vec<Network>> {
    let interfaces = Interfaces::read().map_err(|error| {
        ErrorKind::Unsupported(format!("the network interfaces can not be read: {error}"))
    })?;
    Ok(interfaces.usable.iter().map(named).collect())
}

fn named(address: &InterfaceAddress) -> Network {
    let mask = u32::MAX
        .checked_shl(32 - u32::from(address.prefix_length.min(32)))
        .unwrap_or(0);
    let network = std::net::Ipv4Addr::from(u32::from(address.address) & mask);
    Network {
        name: in_words(&address.interface),
        subnet: format!("{network}/{}", address.prefix_length),
    }
}

/// By the names that Linux gives. Elsewhere `en0` can be either, and names like `Ethernet 2` say it themselves.
fn in_words(interface: &str) -> String {
    let begins = |beginnings: &[&str]| {
        beginnings.iter().any(|start| {
            interface
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()))
        })
    };
    let word = if begins(&["tun", "tap", "utun", "wg", "ppp"]) {
        "VPN"
    } else if begins(&["wlan", "wlp", "wlx", "wlo"]) {
        "Wi-Fi"
    } else if begins(&["eth", "enp", "ens", "eno", "enx"]) {
        "Ethernet"
    } else {
        interface
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_have_a_person_s_names() {
        for (interface, expect) in [
            ("eth0", "Ethernet"),
            ("enp3s0", "Ethernet"),
            ("enx00e007", "Ethernet"),
            ("wlan0", "Wi-Fi"),
            ("wlp2s0", "Wi-Fi"),
            ("tun0", "VPN"),
            ("wg1", "VPN"),
            ("utun4", "VPN"),
            ("en0", "en0"),
            ("br-lan", "br-lan"),
            ("Ethernet 2", "Ethernet 2"),
            ("wg", "wg"),
        ] {
            assert_eq!(in_words(interface), expect, "{interface}");
        }
    }

    #[test]
    fn a_subnet_is_the_network_s_own_address() {
        let check = |address: [u8; 4], prefix_length, expect: &str| {
            let address = InterfaceAddress {
                interface: "x".into(),
                address: address.into(),
                prefix_length,
                broadcast: None,
            };
            assert_eq!(named(&address).subnet, expect);
        };
        check([10, 21, 4, 77], 24, "10.21.4.0/24");
        check([172, 20, 9, 1], 12, "172.16.0.0/12");
        check([10, 9, 0, 2], 32, "10.9.0.2/32");
        check([10, 9, 0, 2], 0, "0.0.0.0/0");
    }
}
