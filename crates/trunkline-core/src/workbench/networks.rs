//! The networks that broadcasts leave from, as a person calls them.

use std::sync::Weak;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use trunkline_protocol::criteria::Criteria;

use super::{News, Workbench};
use crate::discovery::{InterfaceAddress, InterfaceKind, Interfaces};
use crate::{ErrorKind, Result};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `Ethernet`, `Wi-Fi` or `VPN`, else the system's name of the interface.
    pub name: String,
    /// The system's name of the interface, `eth0`.
    pub interface: String,
    /// What sort of line it is.
    pub kind: InterfaceKind,
    /// This computer's address there.
    pub address: String,
    /// `10.21.4.0/24`.
    pub subnet: String,
    /// Whether it has only a link-local address (169.254.0.0/16): it is searched only on request, as when this
    /// computer is plugged straight into a unit.
    pub link_local: bool,
}

/// The networks that a search goes out to, and after them those that it goes out to on request
/// ([`Network::link_local`]).
///
/// # Errors
/// [`ErrorKind::Unsupported`] where the operating system does not say.
pub fn networks() -> Result<Vec<Network>> {
    let interfaces = Interfaces::read().map_err(|error| {
        ErrorKind::Unsupported(format!("the network interfaces can not be read: {error}"))
    })?;
    Ok(networks_of(&interfaces))
}

/// As [`networks()`], of interfaces that were read already, as by [`crate::discovery::watch_interfaces`].
pub fn networks_of(interfaces: &Interfaces) -> Vec<Network> {
    let usable = interfaces.usable.iter().map(|address| named(address, false));
    let link_local = interfaces
        .link_local_only
        .iter()
        .map(|address| named(address, true));
    usable.chain(link_local).collect()
}

/// The IP Search Criteria with the range of this subnet (`10.21.4.0/24`) behind them; as they are where they cover it
/// already.
///
/// # Errors
/// [`ErrorKind::Usage`] where the subnet can not be searched, such as one that is larger than all criteria may be.
pub fn criteria_with_subnet(criteria: &str, subnet: &str) -> Result<String> {
    Criteria::with_entry(criteria, subnet)
        .map_err(|reason| ErrorKind::Usage(format!("{subnet} can not be searched: {reason}")).into())
}

/// Says whenever the interfaces are other than they are at this call, until the workbench is dropped; it is looked every
/// `look` whether it is.
pub(super) fn say_changes(
    bench: Weak<Workbench>,
    mut interfaces: watch::Receiver<Interfaces>,
    look: Duration,
) -> impl Future<Output = ()> {
    let before = interfaces.borrow_and_update().clone();
    follow(bench, interfaces, before, look)
}

async fn follow(
    bench: Weak<Workbench>,
    mut interfaces: watch::Receiver<Interfaces>,
    mut before: Interfaces,
    look: Duration,
) {
    loop {
        let changed = timeout(look, interfaces.changed()).await;
        let Some(bench) = bench.upgrade() else { return };
        match changed {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => continue,
        }
        let now = interfaces.borrow_and_update().clone();
        let changes = now.changes_since(&before);
        if !changes.is_empty() {
            tracing::info!("{changes}");
            let networks = networks_of(&now);
            bench.news.say(News::NetworksChanged { changes, networks });
        }
        before = now;
    }
}

fn named(address: &InterfaceAddress, link_local: bool) -> Network {
    let kind = address.kind();
    let name = match kind {
        InterfaceKind::Ethernet if is_a_person_s(&address.interface) => &address.interface,
        InterfaceKind::Ethernet => "Ethernet",
        InterfaceKind::WiFi => "Wi-Fi",
        InterfaceKind::Vpn => "VPN",
        InterfaceKind::Loopback | InterfaceKind::Other => &address.interface,
    };
    Network {
        name: name.to_owned(),
        interface: address.interface.clone(),
        kind,
        address: address.address.to_string(),
        subnet: address.subnet(),
        link_local,
    }
}

/// Whether a name says more than its kind: `Ethernet 2` of Windows, which people see and change.
fn is_a_person_s(interface: &str) -> bool {
    interface.contains(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(interface: &str, address: [u8; 4]) -> InterfaceAddress {
        InterfaceAddress {
            interface: interface.into(),
            address: address.into(),
            prefix_length: 24,
            broadcast: Some([address[0], address[1], address[2], 255].into()),
        }
    }

    #[test]
    fn interfaces_have_a_person_s_names() {
        for (interface, expect) in [
            ("eth0", "Ethernet"),
            ("wlp2s0", "Wi-Fi"),
            ("wg1", "VPN"),
            ("en0", "en0"),
            ("br-lan", "br-lan"),
            ("Ethernet 2", "Ethernet 2"),
        ] {
            assert_eq!(
                named(&address(interface, [10, 0, 0, 1]), false).name,
                expect,
                "{interface}"
            );
        }
    }

    #[test]
    fn those_that_are_searched_stand_before_those_that_are_not() {
        let interfaces = Interfaces {
            usable: vec![address("eth0", [10, 21, 4, 77])],
            link_local_only: vec![address("eth1", [169, 254, 9, 9])],
            ..Interfaces::default()
        };
        let shown: Vec<_> = networks_of(&interfaces)
            .into_iter()
            .map(|network| {
                (
                    network.interface,
                    network.address,
                    network.subnet,
                    network.link_local,
                )
            })
            .collect();
        let row = |interface: &str, address: &str, subnet: &str, link_local| {
            (
                interface.to_owned(),
                address.to_owned(),
                subnet.to_owned(),
                link_local,
            )
        };
        assert_eq!(
            shown,
            [
                row("eth0", "10.21.4.77", "10.21.4.0/24", false),
                row("eth1", "169.254.9.9", "169.254.9.0/24", true)
            ]
        );
    }

    #[tokio::test]
    async fn a_change_of_the_interfaces_is_said_with_what_is_there_now() {
        let folder = tempfile::tempdir().unwrap();
        let data = crate::DataDir::at(folder.path().join("data"));
        let credentials = std::sync::Arc::<crate::MemoryCredentials>::default();
        let bench = Workbench::open(data, credentials).unwrap();
        let mut heard = bench.listen();
        let with = |usable: Vec<InterfaceAddress>| Interfaces {
            usable,
            ..Interfaces::default()
        };
        let (sender, receiver) = watch::channel(with(vec![address("eth0", [10, 21, 4, 77])]));
        let look = Duration::from_millis(1);
        let saying = tokio::spawn(say_changes(std::sync::Arc::downgrade(&bench), receiver, look));
        // Nothing that matters changed: not worth a word.
        sender.send(with(vec![address("eth0", [10, 21, 4, 77])])).unwrap();
        sender
            .send(with(vec![address("wlan0", [192, 168, 1, 7])]))
            .unwrap();
        let Some(News::NetworksChanged { changes, networks }) = heard.recv().await else {
            panic!("something else")
        };
        assert_eq!(
            changes.to_string(),
            "wlan0 now has 192.168.1.7/24; eth0 no longer has 10.21.4.77/24"
        );
        assert_eq!(networks, [named(&address("wlan0", [192, 168, 1, 7]), false)]);
        assert!(heard.try_recv().is_err());
        drop(bench);
        saying.await.unwrap();
    }

    #[test]
    fn a_subnet_that_can_not_be_searched_is_refused_in_words() {
        assert_eq!(
            criteria_with_subnet("pbx.example", "10.0.0.0/24").unwrap(),
            "pbx.example; 10.0.0.0/24"
        );
        let error = criteria_with_subnet("", "10.0.0.0/8").unwrap_err();
        assert_eq!(error.code(), "usage");
        assert!(
            error
                .to_string()
                .starts_with("10.0.0.0/8 can not be searched: holds"),
            "{error}"
        );
    }
}
