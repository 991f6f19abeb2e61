//! Simulated units in network namespaces.

use std::net::IpAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use trunkline_simulator::{Listen, Options, Simulator, Site};

use crate::namespace::Networks;

/// Units that run in a namespace until this value goes.
#[derive(Debug)]
pub struct Placed {
    /// Their MAC addresses, in the order of the site.
    pub macs: Vec<String>,
    _end: oneshot::Sender<()>,
}

/// Starts the units of a site in a namespace, each at one of these addresses on its standard ports. They hear broadcasts.
pub fn place(networks: &Networks, namespace: &str, site: Site, addresses: &[&str]) -> Placed {
    let (ready, started) = mpsc::channel();
    let (end, ended) = oneshot::channel::<()>();
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    networks.within(namespace, move || {
        // A thread stays in the namespace of the one that made it.
        thread::spawn(move || {
            let options = Options {
                listen: Listen::Addresses(addresses),
                broadcasts: Some(([0, 0, 0, 0], 69).into()),
                ..Options::default()
            };
            here(async move {
                let simulator = Simulator::start(site, options).await.unwrap();
                let macs = simulator.units().iter().map(|unit| unit.mac().to_string());
                ready.send(macs.collect()).unwrap();
                // The sender says nothing; that it goes is the message.
                let _ = ended.await;
            });
        });
    });
    let macs = started.recv_timeout(Duration::from_secs(30)).unwrap();
    Placed { macs, _end: end }
}

/// Runs work on the thread that it is called on, and on threads that this one makes: in their namespace.
pub fn here<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}
