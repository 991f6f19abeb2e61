//! Which addresses and ports a unit gets, and binding them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use trunkline_protocol::link::Service;
use trunkline_protocol::ports::{DEVLINK3, DEVLINK3_TLS, DISCOVERY, SERVICES_BASE, ServicesBasePort, TFTP};

use crate::simulator::StartError;
use crate::site::UnitSpec;

/// Where free ports are looked for: below the ports that systems give to outgoing connections, so that a unit that
/// restarts finds its own free again, and nobody who waits for it connects to himself.
const FREE_PORTS: std::ops::Range<u16> = 16_384..32_000;
/// From the base port to the port after the last service, then discovery, DevLink3 and the Management API.
const BLOCK: u16 = 14;
/// Where in a block discovery is, and (UDP) who_is.
const DISCOVERY_IN_BLOCK: u16 = 10;
/// Where in a block DevLink3 is, first over TLS, then over plain TCP.
const DEVLINK3_IN_BLOCK: u16 = 11;
/// Where in a block the Management API is.
const MANAGEMENT_API_IN_BLOCK: u16 = 13;
const BACKLOG: i32 = 1024;

/// Where the units of a simulation listen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Listen {
    /// Each unit on a loopback address of its own, 127.60.0.1 and so on, with the standard ports. Where the system has
    /// no such addresses (macOS), on 127.0.0.1 with ports of its own.
    #[default]
    OwnLoopback,
    /// All units on one address, each with free ports of its own.
    OneAddress(IpAddr),
    /// Each unit on one of these addresses, in this order, with the standard ports.
    Addresses(Vec<IpAddr>),
}

/// The ports of one unit; `None` for what it does not offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ports {
    /// TCP discovery.
    pub discovery: Option<u16>,
    /// The Services Base TCP Port, whichever of its services are offered.
    pub base: Option<u16>,
    /// Configuration over plain TCP.
    pub configuration: Option<u16>,
    /// Configuration over TLS.
    pub configuration_tls: Option<u16>,
    /// Security settings over plain TCP.
    pub security: Option<u16>,
    /// Security settings over TLS.
    pub security_tls: Option<u16>,
    /// UDP discovery.
    pub tftp: Option<u16>,
    /// DevLink3 over plain TCP.
    pub devlink3: Option<u16>,
    /// DevLink3 over TLS.
    pub devlink3_tls: Option<u16>,
    /// The Management API.
    pub management_api: Option<u16>,
}

/// What a TCP port of a unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Discovery,
    Service { service: Service, tls: bool },
    DevLink3 { tls: bool },
    ManagementApi,
}

/// The sockets of one unit, bound and listening.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) tcp: Vec<(Role, TcpListener)>,
    pub(crate) udp: Option<UdpSocket>,
}

impl Ports {
    /// The ports of a unit, from its base port, those of its discoveries, and those of DevLink3 over TLS and plain TCP.
    fn new(spec: &UnitSpec, base: ServicesBasePort, discovery: u16, tftp: u16, devlink3: [u16; 2]) -> Self {
        let second = usize::from(spec.second_security_ports);
        let (plain, tls) = (spec.has_plain(), spec.has_tls());
        let [devlink3_tls, devlink3] = devlink3;
        Self {
            discovery: spec.has_discovery().then_some(discovery),
            base: (plain || tls).then_some(base.number()),
            configuration: plain.then_some(base.configuration()),
            configuration_tls: tls.then_some(base.configuration_tls()),
            security: plain.then_some(base.security()[second]),
            security_tls: tls.then_some(base.security_tls()[second]),
            tftp: spec.udp.then_some(tftp),
            devlink3: (plain && spec.has_devlink3()).then_some(devlink3),
            management_api: spec.has_management_api().then_some(spec.management_api_port()),
            devlink3_tls: (tls && spec.has_devlink3()).then_some(devlink3_tls),
        }
    }

    /// The ports of the same unit with another base port, and with its discoveries on or off.
    pub(crate) fn at(
        self,
        spec: &UnitSpec,
        base: ServicesBasePort,
        has_discovery: bool,
        has_udp: bool,
    ) -> Self {
        let new = Self::new(spec, base, 0, 0, [0; 2]);
        Self {
            discovery: self.discovery.filter(|_| has_discovery),
            tftp: self.tftp.filter(|_| has_udp),
            base: new.base,
            configuration: new.configuration,
            configuration_tls: new.configuration_tls,
            security: new.security,
            security_tls: new.security_tls,
            ..self
        }
    }

    fn tcp(&self) -> impl Iterator<Item = (Role, u16)> {
        let service = |service, tls| Role::Service { service, tls };
        [
            (Role::Discovery, self.discovery),
            (service(Service::Configuration, false), self.configuration),
            (service(Service::Configuration, true), self.configuration_tls),
            (service(Service::Security, false), self.security),
            (service(Service::Security, true), self.security_tls),
            (Role::DevLink3 { tls: false }, self.devlink3),
            (Role::DevLink3 { tls: true }, self.devlink3_tls),
            (Role::ManagementApi, self.management_api),
        ]
        .into_iter()
        .filter_map(|(role, port)| Some((role, port?)))
    }

    /// Binds all of them at this address.
    pub(crate) fn bind(&self, address: IpAddr) -> io::Result<Sockets> {
        let tcp = self
            .tcp()
            .map(|(role, port)| Ok((role, listen(SocketAddr::new(address, port))?)))
            .collect::<io::Result<_>>()?;
        let udp = self
            .tftp
            .map(|port| udp(SocketAddr::new(address, port)))
            .transpose()?;
        Ok(Sockets { tcp, udp })
    }
}

/// Gives units their places, one after the other.
#[derive(Debug)]
pub(crate) struct Places {
    listen: Listen,
    given: u16,
    /// Where the next block of free ports is tried.
    next: u16,
}

impl Places {
    /// `random` says where the search for free ports begins, so that simulations side by side seldom meet.
    pub(crate) fn new(listen: Listen, random: u16) -> Self {
        let listen = match listen {
            Listen::OwnLoopback if !has_own_loopback() => Listen::OneAddress(Ipv4Addr::LOCALHOST.into()),
            other => other,
        };
        Self {
            listen,
            given: 0,
            next: FREE_PORTS.start + random % (FREE_PORTS.end - FREE_PORTS.start),
        }
    }

    /// The next unit's address and ports, bound.
    pub(crate) fn next(&mut self, spec: &UnitSpec) -> Result<(IpAddr, Ports, Sockets), StartError> {
        let number = self.given;
        self.given += 1;
        let address = match &self.listen {
            Listen::OneAddress(address) => return self.free_ports(*address, spec),
            Listen::OwnLoopback => own_loopback(number),
            Listen::Addresses(addresses) => *addresses
                .get(usize::from(number))
                .ok_or_else(|| StartError::NoAddress(spec.name.clone()))?,
        };
        let (ports, sockets) = standard_ports(address, spec).map_err(|error| StartError::Bind {
            unit: spec.name.clone(),
            address,
            error,
        })?;
        Ok((address, ports, sockets))
    }

    fn free_ports(
        &mut self,
        address: IpAddr,
        spec: &UnitSpec,
    ) -> Result<(IpAddr, Ports, Sockets), StartError> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..(FREE_PORTS.end - FREE_PORTS.start) / BLOCK {
            if self.next + BLOCK > FREE_PORTS.end {
                self.next = FREE_PORTS.start;
            }
            let at = self.next;
            self.next += BLOCK;
            let Ok(base) = ServicesBasePort::new(at) else {
                continue;
            };
            let discovery = at + DISCOVERY_IN_BLOCK;
            let devlink3 = [at + DEVLINK3_IN_BLOCK, at + DEVLINK3_IN_BLOCK + 1];
            let ports = Ports {
                management_api: spec.has_management_api().then_some(at + MANAGEMENT_API_IN_BLOCK),
                ..Ports::new(spec, base, discovery, discovery, devlink3)
            };
            match ports.bind(address) {
                Ok(sockets) => return Ok((address, ports, sockets)),
                Err(error) if is_taken(&error) => last = error,
                Err(error) => {
                    last = error;
                    break;
                }
            }
        }
        Err(StartError::Bind {
            unit: spec.name.clone(),
            address,
            error: last,
        })
    }
}

/// Windows says "permission denied" of ports that it keeps for others.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

/// The standard ports; UDP discovery on any free port where 69 is refused, as it is to ordinary users.
fn standard_ports(address: IpAddr, spec: &UnitSpec) -> io::Result<(Ports, Sockets)> {
    let base = ServicesBasePort::new(SERVICES_BASE).map_err(io::Error::other)?;
    let mut ports = Ports::new(spec, base, DISCOVERY, TFTP, [DEVLINK3_TLS, DEVLINK3]);
    let without_udp = Ports { tftp: None, ..ports };
    let mut sockets = without_udp.bind(address)?;
    if ports.tftp.is_some() {
        let bound = udp(SocketAddr::new(address, TFTP)).or_else(|_| udp(SocketAddr::new(address, 0)))?;
        ports.tftp = Some(bound.local_addr()?.port());
        sockets.udp = Some(bound);
    }
    Ok((ports, sockets))
}

fn own_loopback(number: u16) -> IpAddr {
    // From 127.60.0.1 to 127.60.x.250: an address that ends in 0 or 255 looks like a network's.
    let (high, low) = (number / 250, number % 250 + 1);
    let [_, high] = high.to_be_bytes();
    let [_, low] = low.to_be_bytes();
    Ipv4Addr::new(127, 60, high, low).into()
}

fn has_own_loopback() -> bool {
    std::net::TcpListener::bind((own_loopback(0), 0)).is_ok()
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // After a restart connections of before may still linger. On Windows it would let others take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// A UDP socket; one that shares its port with those of other addresses, and with one that hears broadcasts.
pub(crate) fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.port() == TFTP {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_stand_where_the_table_says() {
        let base = ServicesBasePort::new(50_804).unwrap();
        let mut spec = UnitSpec::named("U");
        let new = |spec: &UnitSpec| Ports::new(spec, base, 50_802, 69, [50_796, 50_797]);
        let ports = new(&spec);
        let expect = Ports {
            discovery: Some(50_802),
            base: Some(50_804),
            configuration: Some(50_804),
            configuration_tls: Some(50_805),
            security: Some(50_812),
            security_tls: Some(50_813),
            tftp: Some(69),
            devlink3: Some(50_797),
            devlink3_tls: Some(50_796),
            management_api: None,
        };
        assert_eq!(ports, expect);
        spec.second_security_ports = true;
        let ports = new(&spec);
        assert_eq!((ports.security, ports.security_tls), (Some(50_808), Some(50_809)));
        spec.management_api = true;
        assert_eq!(new(&spec).management_api, Some(8443));
        spec.unit_type = "IPO-Linux-PC".into();
        assert_eq!(new(&spec).management_api, Some(7070));
        spec.version = "2.1.36".into();
        let old = Ports {
            tftp: Some(69),
            ..Ports::default()
        };
        assert_eq!(new(&spec), old);
    }

    #[test]
    fn loopback_addresses_differ_and_never_look_like_a_network() {
        let all: std::collections::HashSet<IpAddr> = (0..10_000).map(own_loopback).collect();
        assert_eq!(all.len(), 10_000);
        assert_eq!(own_loopback(0).to_string(), "127.60.0.1");
        assert_eq!(own_loopback(250).to_string(), "127.60.1.1");
    }

    #[tokio::test]
    async fn a_taken_port_moves_the_whole_block() {
        let here: IpAddr = Ipv4Addr::LOCALHOST.into();
        let spec = UnitSpec::named("U");
        let (_, first, kept) = Places::new(Listen::OneAddress(here), 77).next(&spec).unwrap();
        let (_, second, _) = Places::new(Listen::OneAddress(here), 77).next(&spec).unwrap();
        assert_ne!(first.base, second.base);
        assert_eq!(first.configuration_tls, first.base.map(|base| base + 1));
        assert_eq!(first.security_tls, first.base.map(|base| base + 9));
        drop(kept);
    }
}
