//! This computer's own addresses, from which broadcasts go out.

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

impl InterfaceAddress {
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
}
