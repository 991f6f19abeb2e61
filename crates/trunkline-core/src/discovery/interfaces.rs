//! This computer's own addresses, from which broadcasts go out.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use if_addrs::{IfAddr, Interface};

/// One IPv4 address of an interface that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The interface's name, such as `eth0`.
    pub interface: String,
    /// The address.
    pub address: Ipv4Addr,
    /// How many bits of it name the network, 0 to 32.
    pub prefix_length: u8,
    /// The broadcast address of its network; `None` where there is no such thing.
    pub broadcast: Option<Ipv4Addr>,
}

/// What sort of line an interface is, as far as its name and its addresses tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InterfaceKind {
    /// A cable.
    Ethernet,
    /// Radio.
    WiFi,
    /// A tunnel or another point-to-point line: broadcasts do not go through most of them.
    Vpn,
    /// This computer itself.
    Loopback,
    /// The name does not say.
    Other,
}

/// What there is to broadcast from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// Loopback: used only when one of its addresses is asked for.
    pub loopback: Vec<InterfaceAddress>,
    /// The addresses from which a search of every interface goes out.
    pub usable: Vec<InterfaceAddress>,
    /// Interfaces that have a link-local address (169.254.0.0/16) and no other: not searched by themselves.
    pub link_local_only: Vec<InterfaceAddress>,
}

impl InterfaceKind {
    /// By the names that Linux and macOS give, and by words in those of Windows, where people can rename them. macOS
    /// calls both cable and radio `en0`.
    fn of(interface: &str) -> Self {
        let name = interface.to_ascii_lowercase();
        let begins = |beginnings: &[&str]| {
            beginnings.iter().any(|start| {
                name.strip_prefix(start).is_some_and(|rest| {
                    rest.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                })
            })
        };
        if begins(&["tun", "tap", "utun", "wg", "ppp", "ipsec"]) || name.contains("vpn") {
            Self::Vpn
        } else if begins(&["wlan", "wlp", "wlx", "wlo"])
            || name.contains("wi-fi")
            || name.contains("wireless")
        {
            Self::WiFi
        } else if begins(&["eth", "enp", "ens", "eno", "enx"]) || name.contains("ethernet") {
            Self::Ethernet
        } else {
            Self::Other
        }
    }
}

impl InterfaceAddress {
    /// What sort of line it is.
    pub fn kind(&self) -> InterfaceKind {
        if self.address.is_loopback() {
            return InterfaceKind::Loopback;
        }
        match InterfaceKind::of(&self.interface) {
            // Whatever it is called: a line with one other end.
            InterfaceKind::Other if self.broadcast.is_none() && self.prefix_length < 31 => InterfaceKind::Vpn,
            kind => kind,
        }
    }

    /// The network that it is in, such as `10.21.4.0/24`: an entry of the IP Search Criteria, too.
    pub fn subnet(&self) -> String {
        let network = Ipv4Addr::from(u32::from(self.address) & mask(self.prefix_length));
        format!("{network}/{}", self.prefix_length)
    }

    /// Whether `address` is in this interface's network.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        let mask = mask(self.prefix_length);
        u32::from(self.address) & mask == u32::from(address) & mask
    }
}

impl Interfaces {
    /// Asks the operating system.
    ///
    /// # Errors
    /// The operating system's own.
    pub fn read() -> io::Result<Self> {
        if_addrs::get_if_addrs().map(|all| Self::sort(&all))
    }

    fn sort(all: &[Interface]) -> Self {
        let mut sorted = Self::default();
        let mut link_local = Vec::new();
        for interface in all.iter().filter(|interface| interface.is_oper_up()) {
            let IfAddr::V4(v4) = &interface.addr else { continue };
            let prefix_length = u32::from(v4.netmask).leading_ones().try_into().unwrap_or(32);
            let address = InterfaceAddress {
                interface: interface.name.clone(),
                address: v4.ip,
                prefix_length,
                // Not what the system says: it may have none set, or the far end of a point-to-point line.
                broadcast: (prefix_length < 31 && !interface.is_p2p)
                    .then(|| Ipv4Addr::from(u32::from(v4.ip) | !mask(prefix_length))),
            };
            if v4.ip.is_loopback() {
                sorted.loopback.push(address);
            } else if v4.ip.is_link_local() {
                link_local.push(address);
            } else {
                sorted.usable.push(address);
            }
        }
        link_local.retain(|address| {
            !sorted
                .usable
                .iter()
                .any(|usable| usable.interface == address.interface)
        });
        sorted.link_local_only = link_local;
        sorted
    }

    /// The addresses from which a search of every interface goes out; with those of `link_local_only` where somebody
    /// asked for them, as for a computer that is plugged straight into a unit.
    pub fn to_search(&self, include_link_local: bool) -> impl Iterator<Item = &InterfaceAddress> {
        let link_local = self.link_local_only.iter().filter(move |_| include_link_local);
        self.usable.iter().chain(link_local)
    }

    /// What is here and was not in `before`, and the other way round. Loopback does not count.
    pub fn changes_since(&self, before: &Self) -> InterfaceChanges {
        let only_in = |these: &Self, others: &Self| -> Vec<InterfaceAddress> {
            these
                .to_search(true)
                .filter(|address| !others.to_search(true).any(|other| other == *address))
                .cloned()
                .collect()
        };
        InterfaceChanges {
            added: only_in(self, before),
            removed: only_in(before, self),
        }
    }

    /// The interface in whose network `address` is, loopback and link-local included.
    pub fn towards(&self, address: Ipv4Addr) -> Option<&InterfaceAddress> {
        [&self.usable, &self.loopback, &self.link_local_only]
            .into_iter()
            .flatten()
            .find(|interface| interface.contains(address))
    }

    /// Whether `address` is a broadcast address here: 255.255.255.255 or that of an interface's network.
    pub fn is_broadcast(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else {
            return false;
        };
        let here = [&self.usable, &self.loopback, &self.link_local_only];
        address.is_broadcast()
            || here
                .into_iter()
                .flatten()
                .any(|interface| interface.broadcast == Some(address))
    }
}

/// How this computer's addresses changed. Displayed, it is a sentence for a person, such as `eth0 now has 10.0.1.5/22;
/// wlan0 no longer has 192.168.1.7/24`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InterfaceChanges {
    /// Addresses that came.
    pub added: Vec<InterfaceAddress>,
    /// Addresses that went.
    pub removed: Vec<InterfaceAddress>,
}

impl InterfaceChanges {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl fmt::Display for InterfaceChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came = self.added.iter().map(|address| (address, "now has"));
        let went = self.removed.iter().map(|address| (address, "no longer has"));
        for (index, (address, verb)) in came.chain(went).enumerate() {
            let InterfaceAddress {
                interface,
                address,
                prefix_length,
                ..
            } = address;
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{interface} {verb} {address}/{prefix_length}")?;
        }
        Ok(())
    }
}

fn mask(prefix_length: u8) -> u32 {
    u32::MAX
        .checked_shl(32 - u32::from(prefix_length.min(32)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use if_addrs::{IfOperStatus, Ifv4Addr};

    use super::*;

    fn interface(name: &str, ip: [u8; 4], netmask: [u8; 4], up: bool, is_p2p: bool) -> Interface {
        let addr = Ifv4Addr {
            ip: ip.into(),
            netmask: netmask.into(),
            prefixlen: 0,
            broadcast: None,
        };
        let oper_status = if up {
            IfOperStatus::Up
        } else {
            IfOperStatus::Unknown
        };
        Interface {
            name: name.into(),
            addr: IfAddr::V4(addr),
            index: None,
            oper_status,
            is_p2p,
            #[cfg(windows)]
            adapter_name: String::new(),
        }
    }

    fn sample() -> Interfaces {
        Interfaces::sort(&[
            interface("lo", [127, 0, 0, 1], [255, 0, 0, 0], true, false),
            interface("eth0", [10, 0, 1, 5], [255, 255, 252, 0], true, false),
            interface("eth0", [169, 254, 1, 1], [255, 255, 0, 0], true, false),
            interface("eth1", [169, 254, 9, 9], [255, 255, 0, 0], true, false),
            interface("tun0", [10, 9, 0, 2], [255, 255, 255, 255], true, true),
            interface("eth2", [192, 168, 1, 2], [255, 255, 255, 0], false, false),
        ])
    }

    #[test]
    fn loopback_link_local_and_what_is_down_are_told_apart() {
        let sorted = sample();
        let names = |list: &[InterfaceAddress]| list.iter().map(|a| a.interface.clone()).collect::<Vec<_>>();
        assert_eq!(names(&sorted.usable), ["eth0", "tun0"]);
        assert_eq!(names(&sorted.loopback), ["lo"]);
        assert_eq!(names(&sorted.link_local_only), ["eth1"]);
        assert_eq!(
            (sorted.usable[0].prefix_length, sorted.usable[0].broadcast),
            (22, Some([10, 0, 3, 255].into()))
        );
        assert_eq!(sorted.usable[1].broadcast, None);
    }

    #[test]
    fn an_address_finds_its_interface_and_whether_it_is_a_broadcast() {
        let sorted = sample();
        let check = |address: [u8; 4], towards: Option<&str>, broadcast: bool| {
            let found = sorted.towards(address.into()).map(|a| a.interface.as_str());
            assert_eq!(
                (found, sorted.is_broadcast(IpAddr::from(address))),
                (towards, broadcast),
                "{address:?}"
            );
        };
        check([10, 0, 3, 255], Some("eth0"), true);
        check([10, 0, 1, 255], Some("eth0"), false);
        check([10, 0, 4, 255], None, false);
        check([255, 255, 255, 255], None, true);
        check([127, 0, 0, 9], Some("lo"), false);
        check([127, 255, 255, 255], Some("lo"), true);
        check([169, 254, 0, 1], Some("eth1"), false);
        check([10, 9, 0, 2], Some("tun0"), false);
        check([10, 9, 0, 3], None, false);
    }

    fn one(
        interface: &str,
        address: [u8; 4],
        prefix_length: u8,
        broadcast: Option<[u8; 4]>,
    ) -> InterfaceAddress {
        InterfaceAddress {
            interface: interface.into(),
            address: address.into(),
            prefix_length,
            broadcast: broadcast.map(Into::into),
        }
    }

    #[test]
    fn the_kind_follows_the_name_and_else_the_addresses() {
        use InterfaceKind::{Ethernet, Loopback, Other, Vpn, WiFi};
        for (name, expect) in [
            ("eth0", Ethernet),
            ("enp3s0", Ethernet),
            ("enx00e007", Ethernet),
            ("Ethernet 2", Ethernet),
            ("wlan0", WiFi),
            ("wlp2s0", WiFi),
            ("Wi-Fi", WiFi),
            ("Wireless Network Connection", WiFi),
            ("tun0", Vpn),
            ("wg1", Vpn),
            ("utun4", Vpn),
            ("Company VPN", Vpn),
            ("en0", Other),
            ("br-lan", Other),
            ("wg", Other),
        ] {
            let address = one(name, [10, 0, 0, 1], 24, Some([10, 0, 0, 255]));
            assert_eq!(address.kind(), expect, "{name}");
        }
        assert_eq!(one("en0", [10, 0, 0, 1], 24, None).kind(), Vpn);
        assert_eq!(one("en0", [10, 0, 0, 1], 32, None).kind(), Other);
        assert_eq!(
            one("eth9", [127, 0, 0, 1], 8, Some([127, 255, 255, 255])).kind(),
            Loopback
        );
    }

    #[test]
    fn a_subnet_is_the_network_s_own_address() {
        let check = |address, prefix_length, expect: &str| {
            assert_eq!(one("x", address, prefix_length, None).subnet(), expect);
        };
        check([10, 21, 4, 77], 24, "10.21.4.0/24");
        check([172, 20, 9, 1], 12, "172.16.0.0/12");
        check([10, 9, 0, 2], 32, "10.9.0.2/32");
        check([10, 9, 0, 2], 0, "0.0.0.0/0");
    }

    #[test]
    fn link_local_interfaces_are_searched_on_request_only() {
        let sorted = sample();
        let names = |with| {
            sorted
                .to_search(with)
                .map(|a| a.interface.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["eth0", "tun0"]);
        assert_eq!(names(true), ["eth0", "tun0", "eth1"]);
    }

    #[test]
    fn a_change_is_told_in_a_sentence() {
        let before = sample();
        let mut after = before.clone();
        assert!(after.changes_since(&before).is_empty());
        after.loopback.clear();
        assert!(after.changes_since(&before).is_empty());
        after.usable[0].address = [10, 0, 2, 6].into();
        after.link_local_only.clear();
        let changes = after.changes_since(&before);
        assert_eq!(
            changes.to_string(),
            "eth0 now has 10.0.2.6/22; eth0 no longer has 10.0.1.5/22; eth1 no longer has 169.254.9.9/16"
        );
    }
}
