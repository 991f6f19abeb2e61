//! Asks one unit who it is before it is worked with.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Capabilities, Whois};
use trunkline_protocol::version::SoftwareVersion;
use trunkline_protocol::who_is::WhoIsAnswer;

use super::heard::Heard;
use super::patience::Patience;
use super::report::Method;
use super::support::method_for;
use super::udp::Source;
use super::whois::{Silence, ask};
use super::{names, plan, udp};
use crate::{Error, ErrorKind, Result, Step};

/// How often each address is asked by UDP and connected to.
const ATTEMPTS: u32 = 2;

/// Who a unit says that it is; not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The address that answered.
    pub address: IpAddr,
    /// The software version.
    pub version: Option<SoftwareVersion>,
    /// The Services Base TCP Port; only Whois says it.
    pub base_port: Option<u16>,
    /// What it offers; only Whois says it.
    pub capabilities: Option<Capabilities>,
    /// All that it said by TCP, where it did.
    pub whois: Option<Whois>,
    /// All that it said by UDP, where TCP brought nothing.
    pub who_is: Option<WhoIsAnswer>,
    /// From question to answer.
    pub round_trip: Duration,
}

impl Identity {
    /// How its configuration is received and sent, and whether this program can do it.
    pub fn method(&self) -> (Option<Method>, bool) {
        method_for(
            self.version.as_ref().map(SoftwareVersion::text),
            self.capabilities,
        )
    }

    fn by_tcp(address: IpAddr, whois: Whois, round_trip: Duration) -> Self {
        Self {
            address,
            version: whois.version.as_deref().map(SoftwareVersion::parse),
            base_port: whois.base_port,
            capabilities: whois.capabilities,
            whois: Some(whois),
            who_is: None,
            round_trip,
        }
    }

    fn by_udp(address: IpAddr, answer: WhoIsAnswer, round_trip: Duration) -> Self {
        Self {
            address,
            version: answer.version.clone(),
            base_port: None,
            capabilities: None,
            whois: None,
            who_is: Some(answer),
            round_trip,
        }
    }
}

/// Asks `host` (an address, IPv6 without brackets, or a DNS name) by TCP and UDP at once; `None` where nothing says
/// that it is a unit.
///
/// Whois ends it at once. An answer by UDP counts only when TCP has failed, so that a forged datagram can not win a
/// race against the unit. `limit` is the wait for one question; silence is asked twice.
///
/// # Errors
/// [`ErrorKind::NotReachable`] at [`Step::Resolve`] where the name has no address, [`ErrorKind::Cancelled`].
pub async fn identify(
    host: &str,
    discovery_port: u16,
    tftp_port: u16,
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<Option<Identity>> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::new(ErrorKind::Cancelled("")).address(host)),
        identity = identify_host(host, discovery_port, tftp_port, limit) => identity,
    }
}

async fn identify_host(
    host: &str,
    discovery_port: u16,
    tftp_port: u16,
    limit: Duration,
) -> Result<Option<Identity>> {
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address.to_canonical()],
        Err(_) => names::resolve(host).await.map_err(|reason| {
            Error::new(ErrorKind::NotReachable(reason))
                .at(Step::Resolve)
                .address(host)
        })?,
    };
    let by_udp = ask_by_udp(&addresses, tftp_port, limit);
    let by_tcp = ask_by_tcp(&addresses, discovery_port, limit);
    tokio::pin!(by_udp, by_tcp);
    let mut heard = None;
    loop {
        tokio::select! {
            whois = &mut by_tcp => return Ok(match (whois, heard) {
                (Some(identity), _) => Some(identity),
                (None, Some(heard)) => heard,
                (None, None) => by_udp.await,
            }),
            answer = &mut by_udp, if heard.is_none() => heard = Some(answer),
        }
    }
}

/// The first Whois of any of the addresses.
async fn ask_by_tcp(addresses: &[IpAddr], port: u16, limit: Duration) -> Option<Identity> {
    let mut running = JoinSet::new();
    for &address in addresses {
        running.spawn(async move {
            let place = SocketAddr::new(address, port);
            let mut asked = ask(place, limit).await;
            for _ in 1..ATTEMPTS {
                if matches!(asked, Err(Silence::TimedOut)) {
                    asked = ask(place, limit).await;
                }
            }
            asked
                .ok()
                .map(|(whois, round_trip)| Identity::by_tcp(address, whois, round_trip))
        });
    }
    while let Some(asked) = running.join_next().await {
        if let Ok(Some(identity)) = asked {
            return Some(identity);
        }
    }
    None
}

/// The first unit that answers by UDP; the others are not waited for.
async fn ask_by_udp(addresses: &[IpAddr], port: u16, limit: Duration) -> Option<Identity> {
    let (heard, mut hearing) = mpsc::channel(16);
    let mut searches = JoinSet::new();
    for is_ipv4 in [true, false] {
        let mut source = Source::any(is_ipv4);
        let family = addresses.iter().filter(|address| address.is_ipv4() == is_ipv4);
        source.destinations = family.map(|&address| plan::unicast(address, port)).collect();
        if !source.destinations.is_empty() {
            searches.spawn(udp::search(
                source,
                Patience::explicit(limit, ATTEMPTS).by_udp(),
                heard.clone(),
            ));
        }
    }
    drop(heard);
    while let Some(heard) = hearing.recv().await {
        if let Heard::Udp {
            address,
            answer,
            round_trip,
        } = heard
            && addresses.contains(&address)
        {
            return Some(Identity::by_udp(address, *answer, round_trip));
        }
    }
    None
}
