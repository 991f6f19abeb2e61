//! Further questions, by HTTP and SNMP, to what answered and did not say that it is a unit.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trunkline_protocol::ports;

use super::heard::Heard;
use super::patience::Patience;
use super::snmp::Community;
use super::unidentified::{Unidentified, UnidentifiedKind};
use super::{banner, snmp};

/// How many addresses are asked at a time: each question by SNMP has a quarter of a megabyte of buffers.
const AT_ONCE: usize = 64;

/// What else is asked where something answers and does not say that it is a unit; nothing, unless somebody asks for it.
///
/// It goes only to addresses that answered in another way, if only by refusing a connection, and to those that were
/// asked for by themselves. What it brings is [`Unidentified`], never a unit: neither says who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// Asks for the `Server:` line by HTTP and HTTPS. Any certificate will do, since nothing secret is sent.
    pub http: bool,
    /// Asks by SNMP v2c and v1, in the name of this community.
    pub snmp: Option<Community>,
    /// The TCP port of HTTP.
    pub http_port: u16,
    /// The TCP port of HTTPS.
    pub https_port: u16,
    /// The UDP port of SNMP.
    pub snmp_port: u16,
}

impl Default for Identification {
    fn default() -> Self {
        Self {
            http: false,
            snmp: None,
            http_port: ports::HTTP,
            https_port: ports::HTTPS,
            snmp_port: ports::SNMP,
        }
    }
}

impl Identification {
    /// Whether anything is asked.
    pub fn is_wanted(&self) -> bool {
        self.http || self.snmp.is_some()
    }
}

/// Asks these addresses, and tells what answers.
pub(super) async fn ask(
    addresses: Vec<IpAddr>,
    how: Identification,
    patience: Patience,
    heard: mpsc::Sender<Heard>,
) {
    let (limit, attempts) = (patience.timeout, patience.tries());
    let how = Arc::new(how);
    let mut running = JoinSet::new();
    for address in addresses {
        if running.len() >= AT_ONCE {
            running.join_next().await;
        }
        running.spawn(ask_one(address, Arc::clone(&how), limit, attempts, heard.clone()));
    }
    running.join_all().await;
}

async fn ask_one(
    address: IpAddr,
    how: Arc<Identification>,
    limit: Duration,
    attempts: u32,
    heard: mpsc::Sender<Heard>,
) {
    let by_http = async {
        if how.http {
            web(address, &how, limit).await
        } else {
            None
        }
    };
    let by_snmp = async {
        let community = how.snmp.as_ref()?;
        snmp::ask(
            SocketAddr::new(address, how.snmp_port),
            community,
            limit,
            attempts,
        )
        .await
    };
    let (by_http, by_snmp) = tokio::join!(by_http, by_snmp);
    for found in [by_http, by_snmp].into_iter().flatten() {
        heard.send(Heard::Identified(found)).await.ok();
    }
}

/// Both ports at once; the one that says more, HTTP where both do.
async fn web(address: IpAddr, how: &Identification, limit: Duration) -> Option<Unidentified> {
    let plain = banner::ask(SocketAddr::new(address, how.http_port), false, limit);
    let tls = banner::ask(SocketAddr::new(address, how.https_port), true, limit);
    let (plain, tls) = tokio::join!(plain, tls);
    let is_unit = |found: &Unidentified| found.kind == UnidentifiedKind::HttpUnit;
    match (plain, tls) {
        (Some(plain), Some(tls)) if is_unit(&tls) && !is_unit(&plain) => Some(tls),
        (plain, tls) => plain.or(tls),
    }
}
