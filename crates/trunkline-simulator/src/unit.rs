//! One virtual unit: what it holds, and the handle by which tests look behind it.

mod settings;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, watch};
use trunkline_protocol::devlink;
use trunkline_protocol::link::{Capabilities, Object, UnitState, Whois};
use trunkline_protocol::mac::MacAddress;

use crate::api::Sessions;
use crate::audit::AuditTrail;
use crate::clock::Clock;
use crate::content::{Content, Draft};
use crate::endpoint::Ports;
use crate::fault::{Fault, FaultList};
use crate::generate::{self, Subject};
use crate::lockout::{Limits, Lockout};
use crate::power::{Order, Power};
use crate::security;
use crate::simulator::StartError;
use crate::site::{State, UnitSpec, WriteRefusal};
use crate::tls::Identity;
use crate::users::User;

const DEFAULT_MAX_SIZE: u64 = 2 * 1024 * 1024;

/// A virtual unit that runs. Clones are the same unit.
#[derive(Clone)]
pub struct Unit(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) spec: UnitSpec,
    pub(crate) mac: MacAddress,
    pub(crate) address: IpAddr,
    /// Those of the start, switched on or not.
    first_ports: Ports,
    ports: Mutex<Ports>,
    pub(crate) salt: Bytes,
    pub(crate) clock: Clock,
    pub(crate) retransmit: Duration,
    pub(crate) faults: FaultList,
    pub(crate) power: watch::Sender<Power>,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    pub(crate) connections: AtomicU64,
    pub(crate) log_ins: AtomicU64,
    /// Changes that the Management API made.
    pub(crate) api_changes: AtomicU64,
    /// DevLink3 connections that may still be opened.
    pub(crate) devlink3: Semaphore,
    pub(crate) restarts: AtomicU64,
    state: Mutex<Changing>,
}

/// What changes while a unit runs. Passwords are not among it, but for what DevLink3 needs of them.
pub(crate) struct Changing {
    pub(crate) users: Vec<User>,
    pub(crate) lockout: Lockout,
    pub(crate) audit: AuditTrail,
    pub(crate) api: Sessions,
    pub(crate) identity: Option<Identity>,
    configuration: Versioned,
    security: Versioned,
    /// The ports from the next time on that they are opened.
    next_ports: Option<Ports>,
}

/// An object with its revision; generated when somebody first asks for it.
struct Versioned {
    revision: u32,
    content: Option<Content>,
}

impl Versioned {
    fn revision(&self) -> String {
        format!("r{}", self.revision)
    }
}

/// The revision that somebody's changes are based on is not the current one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) current: String,
}

/// What a unit is made from.
pub(crate) struct Parts {
    pub(crate) spec: UnitSpec,
    pub(crate) number: u32,
    pub(crate) address: IpAddr,
    pub(crate) ports: Ports,
    pub(crate) users: Vec<User>,
    pub(crate) salt: Bytes,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) retransmit: Duration,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
}

impl Inner {
    pub(crate) fn new(parts: Parts) -> Result<Self, StartError> {
        let [_, high, middle, low] = parts.number.to_be_bytes();
        let made_up = MacAddress::from_bytes([0x00, 0xE0, 0x07, 0x40 | high, middle, low]);
        let mac = parts
            .spec
            .mac
            .map(|mac| mac.0)
            .or(made_up)
            .ok_or(StartError::Mac)?;
        let faults = FaultList::default();
        faults.set(&parts.spec.faults);
        let identity = if parts.spec.has_tls() {
            Some(Identity::generate(&parts.spec, parts.address)?)
        } else {
            None
        };
        Ok(Self {
            mac,
            address: parts.address,
            first_ports: parts.ports,
            ports: Mutex::new(parts.ports),
            salt: parts.salt,
            clock: parts.clock,
            retransmit: parts.retransmit,
            faults,
            power: watch::Sender::new(Power::Running),
            orders: parts.orders,
            connections: AtomicU64::new(0),
            log_ins: AtomicU64::new(0),
            api_changes: AtomicU64::new(0),
            devlink3: Semaphore::new(devlink::MAX_CONNECTIONS),
            restarts: AtomicU64::new(0),
            state: Mutex::new(Changing {
                users: parts.users,
                lockout: Lockout::new(parts.limits),
                audit: AuditTrail::default(),
                api: Sessions::default(),
                identity,
                configuration: Versioned {
                    revision: parts.spec.revision,
                    content: None,
                },
                security: Versioned {
                    revision: 1,
                    content: None,
                },
                next_ports: None,
            }),
            spec: parts.spec,
        })
    }

    /// What changes; hold it for a moment only.
    pub(crate) fn changing(&self) -> MutexGuard<'_, Changing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn whois(&self, local: IpAddr) -> Whois {
        let ports = self.ports();
        let offered = [
            (ports.configuration, Capabilities::CONFIGURATION),
            (ports.configuration_tls, Capabilities::CONFIGURATION_TLS),
            (ports.security, Capabilities::SECURITY),
            (ports.security_tls, Capabilities::SECURITY_TLS),
            (ports.devlink3.or(ports.devlink3_tls), Capabilities::DEVLINK3),
            (ports.management_api, Capabilities::MANAGEMENT_API),
        ];
        let capabilities = offered
            .iter()
            .filter(|(port, _)| port.is_some())
            .fold(0, |all, (_, bit)| all | bit);
        let state = match *self.power.borrow() {
            Power::Starting => UnitState::Starting,
            Power::Running | Power::Off => self.spec.state.on_the_wire(),
        };
        Whois {
            name: Some(self.spec.name.clone()),
            unit_type: Some(self.spec.unit_type.clone()),
            version: Some(self.spec.version.clone()),
            mac: Some(self.mac.bytes()),
            lan1: Some(self.spec.lan1.unwrap_or(local)),
            base_port: ports.base,
            capabilities: Some(Capabilities(capabilities)),
            edition: self.spec.edition.clone(),
            state: Some(state),
            network: self.spec.network.clone(),
        }
    }

    /// The result with which every write is refused, if it is.
    pub(crate) fn write_refusal(&self) -> Option<WriteRefusal> {
        let read_only = (self.spec.state == State::ReadOnly).then_some(WriteRefusal::NoRight);
        self.spec.refuse_writes.or(read_only)
    }

    /// The largest object that the unit takes, in bytes.
    pub(crate) fn max_size(&self) -> u64 {
        self.spec
            .max_size
            .unwrap_or_else(|| DEFAULT_MAX_SIZE.max(2 * self.spec.size))
    }

    /// The object as it is now, with its revision. Takes a while when it has to be made first, so it is called where
    /// blocking is allowed.
    pub(crate) fn object(&self, object: Object) -> io::Result<(Content, String)> {
        let subject = self.subject();
        let mut state = self.changing();
        match object {
            Object::Configuration => {
                let versioned = &mut state.configuration;
                let content = if let Some(content) = &versioned.content {
                    content.clone()
                } else {
                    let mut draft = Draft::default();
                    generate::configuration(&subject, self.spec.size, &mut draft)?;
                    versioned.content.insert(draft.finish()?).clone()
                };
                Ok((content, versioned.revision()))
            }
            Object::SecuritySettings => {
                let state = &mut *state;
                let content = state.security.content.get_or_insert_with(|| {
                    let ports = self.ports();
                    let base = ports.base.unwrap_or_default();
                    let (discovery, udp) = (ports.discovery.is_some(), ports.tftp.is_some());
                    Content::from_bytes(security::document(&state.users, base, discovery, udp).into())
                });
                Ok((content.clone(), state.security.revision()))
            }
            Object::AuditTrail => {
                let content = Content::from_bytes(state.audit.document().into());
                Ok((content, state.audit.revision()))
            }
        }
    }

    fn subject(&self) -> Subject {
        Subject {
            name: self.spec.name.clone(),
            version: self.spec.version.clone(),
            address: self.spec.lan1.unwrap_or(self.address).to_string(),
        }
    }

    pub(crate) fn revision(&self, object: Object) -> String {
        let state = self.changing();
        match object {
            Object::Configuration => state.configuration.revision(),
            Object::SecuritySettings => state.security.revision(),
            Object::AuditTrail => state.audit.revision(),
        }
    }

    /// Whether changes based on this revision (empty: whatever is there) may be stored.
    pub(crate) fn check_base(&self, object: Object, base: &str) -> Result<(), Conflict> {
        let current = self.revision(object);
        if base.is_empty() || base == current {
            Ok(())
        } else {
            Err(Conflict { current })
        }
    }

    /// Stores a new configuration or new security settings, and returns the new revision.
    pub(crate) fn store(&self, object: Object, content: Content, base: &str) -> Result<String, Conflict> {
        let mut state = self.changing();
        let versioned = match object {
            Object::SecuritySettings => &mut state.security,
            Object::Configuration | Object::AuditTrail => &mut state.configuration,
        };
        let current = versioned.revision();
        if !base.is_empty() && base != current {
            return Err(Conflict { current });
        }
        versioned.content = Some(content);
        versioned.revision = versioned.revision.saturating_add(1);
        Ok(versioned.revision())
    }

    /// Whether this is the address by which a solution knows the unit.
    pub(crate) fn is_node(&self, text: &str) -> bool {
        let lan1 = self.spec.lan1.unwrap_or(self.address);
        text.parse()
            .is_ok_and(|node: IpAddr| node == lan1 || node == self.address)
    }

    /// Writes down what a service user did over the Management API.
    pub(crate) fn record_api(&self, user: usize, peer: IpAddr, action: String) {
        let mut state = self.changing();
        let name = state
            .users
            .get(user)
            .map(|user| user.name.clone())
            .unwrap_or_default();
        state.audit.record(&name, peer, action, crate::audit::DONE);
    }

    pub(crate) fn order(&self, order: Order) {
        // Nobody takes orders any more once the simulation is over.
        let _ = self.orders.send(order);
    }
}

impl Unit {
    /// The system name.
    pub fn name(&self) -> &str {
        &self.0.spec.name
    }

    /// The address on which it listens.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }

    /// Its ports.
    pub fn ports(&self) -> Ports {
        self.0.ports()
    }

    /// Where it answers Whois, if it does.
    pub fn discovery(&self) -> Option<SocketAddr> {
        self.0
            .ports()
            .discovery
            .map(|port| SocketAddr::new(self.0.address, port))
    }

    /// Its hardware address.
    pub fn mac(&self) -> MacAddress {
        self.0.mac
    }

    /// Its configuration as it is now.
    ///
    /// # Errors
    /// When temporary files can not be written or read.
    pub fn configuration(&self) -> io::Result<Bytes> {
        self.0.object(Object::Configuration)?.0.to_bytes()
    }

    /// The SHA-256 of its configuration.
    ///
    /// # Errors
    /// When temporary files can not be written.
    pub fn sha256(&self) -> io::Result<[u8; 32]> {
        Ok(self.0.object(Object::Configuration)?.0.sha256())
    }

    /// The revision of its configuration, such as `r418`.
    pub fn revision(&self) -> String {
        self.0.revision(Object::Configuration)
    }

    /// The audit trail as it is now.
    pub fn audit_trail(&self) -> String {
        self.0.changing().audit.document()
    }

    /// TCP connections accepted so far, on all ports.
    pub fn connections(&self) -> u64 {
        self.0.connections.load(Ordering::SeqCst)
    }

    /// Proofs received so far, right or wrong.
    pub fn log_in_attempts(&self) -> u64 {
        self.0.log_ins.load(Ordering::SeqCst)
    }

    /// Restarts so far that the unit has come back from.
    pub fn restarts(&self) -> u64 {
        self.0.restarts.load(Ordering::SeqCst)
    }

    /// Replaces its faults, for connections that begin from now on.
    pub fn set_faults(&self, faults: &[Fault]) {
        self.0.faults.set(faults);
    }

    /// Changes the configuration behind every client's back; returns the new revision.
    pub fn change_configuration(&self, bytes: impl Into<Bytes>) -> String {
        let content = Content::from_bytes(bytes.into());
        match self.0.store(Object::Configuration, content, "") {
            Ok(revision) | Err(Conflict { current: revision }) => revision,
        }
    }

    /// The certificate in DER, if it offers TLS.
    pub fn certificate(&self) -> Option<Vec<u8>> {
        let state = self.0.changing();
        state
            .identity
            .as_ref()
            .map(|identity| identity.certificate.to_vec())
    }

    /// The SHA-256 of the certificate in DER, which is what clients pin.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        self.0
            .changing()
            .identity
            .as_ref()
            .map(|identity| identity.fingerprint)
    }

    /// Gives it a new certificate, for connections that begin from now on.
    ///
    /// # Errors
    /// When none can be made.
    pub fn replace_certificate(&self) -> Result<(), StartError> {
        let identity = Identity::generate(&self.0.spec, self.0.address)?;
        self.0.changing().identity = Some(identity);
        Ok(())
    }

    /// Forgets every failed log-in.
    pub fn unlock(&self) {
        self.0.changing().lockout.clear();
    }

    /// Whether it is there.
    pub fn power(&self) -> Power {
        *self.0.power.borrow()
    }

    /// Waits until it is running, starting or off; forever, if that never happens.
    pub async fn wait_for(&self, power: Power) {
        // The sender lives as long as this handle, so there is no error.
        let _ = self.0.power.subscribe().wait_for(|now| *now == power).await;
    }

    /// Takes it away: every port closed, every connection cut.
    pub async fn stop(&self) {
        self.0.order(Order::Stop);
        self.wait_for(Power::Off).await;
    }

    /// Brings it back after [`Unit::stop`], on the same ports.
    pub async fn start(&self) {
        self.0.order(Order::Start);
        self.wait_for(Power::Running).await;
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit")
            .field("name", &self.name())
            .field("address", &self.address())
            .field("ports", &self.ports())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Unit {
    /// One line for people and scripts: the address, the ports by name, the name in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.ports();
        write!(f, "unit {}", self.address())?;
        let named = [
            ("discovery", ports.discovery),
            ("base", ports.base),
            ("tls", ports.configuration_tls),
            ("security", ports.security),
            ("security-tls", ports.security_tls),
            ("tftp", ports.tftp),
            ("devlink3", ports.devlink3),
            ("devlink3-tls", ports.devlink3_tls),
            ("api", ports.management_api),
        ];
        for (name, port) in named {
            if let Some(port) = port {
                write!(f, " {name} {port}")?;
            }
        }
        write!(f, " name \"{}\"", self.name().replace('"', "'"))
    }
}
