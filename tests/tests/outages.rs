//! Three seconds without a network, in the middle of a receive and of a send, on networks of the test's own: the line
//! falls silent, or breaks off and refuses whoever comes back. Needs root, `ip` and `nft`; says so and passes otherwise.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![cfg(target_os = "linux")]

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use trunkline_core::{Outgoing, Overrides, Progress, Session};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_simulator::{Listen, Options, Simulator, Unit};
use trunkline_tests::computer::{Computer, order};
use trunkline_tests::namespace::{Networks, skip};
use trunkline_tests::simulated::{self, ADMINISTRATOR, ALONE};

const UNIT: &str = "10.78.2.2";
const BYTES: u64 = 2_000_000;
const OUTAGE: Duration = Duration::from_secs(3);

/// How the network goes.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The router passes nothing on, and says nothing.
    Silent,
    /// The router breaks off what there is, and refuses what is new.
    Refusing,
}

/// A computer (`pc`), a router (`ro`) and a unit behind it (`u1`), with buffers so small that a transfer is nowhere near
/// its end when somebody sees that it has begun.
fn networks() -> Option<Arc<Networks>> {
    let networks = Networks::new(&["pc", "ro", "u1"])?;
    networks.cable(("pc", "wan", "10.78.1.2/24"), ("ro", "near", "10.78.1.1/24"));
    networks.cable(("ro", "far", "10.78.2.1/24"), ("u1", "lan", "10.78.2.2/24"));
    networks.ip("pc", "route add default via 10.78.1.1");
    networks.ip("u1", "route add default via 10.78.2.1");
    if !networks.set("ro", "ipv4/ip_forward", "1") {
        return skip("this machine does not allow its namespaces to forward");
    }
    for end in ["pc", "u1"] {
        for buffer in ["ipv4/tcp_rmem", "ipv4/tcp_wmem"] {
            assert!(networks.set(end, buffer, "4096 16384 65536"), "{buffer}");
        }
    }
    Some(Arc::new(networks))
}

/// What is typed after `nft`, on the router.
fn nft(networks: &Networks, words: &'static str) -> Result<(), String> {
    let done = networks.within("ro", move || Command::new("nft").arg(words).output());
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(String::from_utf8_lossy(&done.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

const REFUSE: &str = "add table ip outage; \
     add chain ip outage passing { type filter hook forward priority 0; }; \
     add rule ip outage passing ip protocol tcp reject with tcp reset";

/// The outage of one transfer: it begins once, and is over after three seconds.
#[derive(Debug, Clone)]
struct Outage {
    networks: Arc<Networks>,
    kind: Kind,
    began: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Outage {
    fn begin(&self) {
        if self.began.swap(true, Ordering::SeqCst) {
            return;
        }
        self.cut();
        let outage = self.clone();
        thread::spawn(move || {
            thread::sleep(OUTAGE);
            outage.over.store(true, Ordering::SeqCst);
            outage.mend();
        });
    }

    fn cut(&self) {
        match self.kind {
            Kind::Silent => assert!(self.networks.set("ro", "ipv4/ip_forward", "0")),
            Kind::Refusing => nft(&self.networks, REFUSE).unwrap(),
        }
    }

    fn mend(&self) {
        match self.kind {
            Kind::Silent => assert!(self.networks.set("ro", "ipv4/ip_forward", "1")),
            Kind::Refusing => nft(&self.networks, "delete table ip outage").unwrap(),
        }
    }
}

/// Runs work of the program's on the thread that it is called on, and on threads that this one makes.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work)
}

/// A unit in `u1`, until the sender goes.
fn start(networks: &Networks) -> (Unit, oneshot::Sender<()>) {
    let (ready, started) = mpsc::channel();
    let (end, ended) = oneshot::channel::<()>();
    networks.within("u1", move || {
        thread::spawn(move || {
            let options = Options {
                listen: Listen::Addresses(vec![UNIT.parse().unwrap()]),
                size: Some(BYTES),
                ..Options::default()
            };
            run(async move {
                let simulator = Simulator::start(simulated::site("Far", ALONE), options)
                    .await
                    .unwrap();
                ready.send(simulator.units()[0].clone()).unwrap();
                // The sender says nothing; that it goes is the message.
                let _ = ended.await;
            });
        });
    });
    (started.recv_timeout(Duration::from_mins(1)).unwrap(), end)
}

/// Everything that was reported, with the outage at the first bytes of the transfer itself.
fn watch<'a>(
    outage: &'a Outage,
    seen: &'a Mutex<Vec<Progress>>,
    begins: fn(&Progress) -> bool,
) -> impl Fn(Progress) + Send + Sync + 'a {
    move |progress| {
        if begins(&progress) {
            outage.begin();
        }
        seen.lock().unwrap().push(progress);
    }
}

async fn log_in(computer: &Computer, target: &str) -> Session {
    computer
        .log_in(
            target,
            Service::Configuration,
            &Overrides::default(),
            ADMINISTRATOR,
            &CancellationToken::new(),
        )
        .await
        .unwrap()
}

/// The shipped patience, pauses and number of tries.
fn computer() -> Computer {
    let mut computer = Computer::default();
    computer.patience = Duration::from_secs(10);
    computer
}

async fn receive(outage: &Outage, unit: &Unit, target: &str) {
    let computer = computer();
    let mut session = log_in(&computer, target).await;
    let (path, seen) = (computer.file("unit.xml"), Mutex::default());
    let report = watch(outage, &seen, |progress| {
        matches!(progress, Progress::Receiving { done: 1.., .. })
    });
    let place = computer.target(target);
    computer
        .local
        .receive_to_file(&mut session, &place, Object::Configuration, &path, &report)
        .await
        .unwrap();
    assert!(std::fs::read(&path).unwrap() == unit.configuration().unwrap());
    check(outage, &seen.lock().unwrap());
}

async fn send(outage: &Outage, unit: &Unit, target: &str) {
    let computer = computer();
    let mut session = log_in(&computer, target).await;
    let mut new = unit.configuration().unwrap().to_vec();
    new.extend(b"<!-- new -->\n");
    let (path, seen) = (computer.file("new.xml"), Mutex::default());
    std::fs::write(&path, &new).unwrap();
    let report = watch(outage, &seen, |progress| {
        matches!(progress, Progress::Sending { done: 1.., .. })
    });
    let (outgoing, place) = (Outgoing::file(&path).await.unwrap(), computer.target(target));
    computer
        .local
        .send(
            &mut session,
            &place,
            &outgoing,
            Some(&path),
            &order(WriteMode::Merge),
            &report,
        )
        .await
        .unwrap();
    assert!(unit.configuration().unwrap() == new, "the unit took it");
    check(outage, &seen.lock().unwrap());
}

fn check(outage: &Outage, seen: &[Progress]) {
    assert!(outage.began.load(Ordering::SeqCst), "there was an outage");
    assert!(
        outage.over.load(Ordering::SeqCst),
        "the transfer did not end while it lasted"
    );
    let again = seen
        .iter()
        .any(|progress| matches!(progress, Progress::Reconnecting { .. }));
    assert_eq!(again, matches!(outage.kind, Kind::Refusing), "{seen:?}");
}

fn survive(kind: Kind, is_send: bool) {
    let Some(networks) = networks() else { return };
    if matches!(kind, Kind::Refusing) {
        if let Err(why) = nft(&networks, REFUSE) {
            return skip(&format!("`nft` can not refuse connections here: {why}")).unwrap_or_default();
        }
        nft(&networks, "delete table ip outage").unwrap();
    }
    let (unit, _end) = start(&networks);
    let outage = Outage {
        networks: Arc::clone(&networks),
        kind,
        began: Arc::default(),
        over: Arc::default(),
    };
    networks.within("pc", move || {
        run(async move {
            let target = format!("{UNIT}:{}", unit.ports().base.unwrap());
            if is_send {
                send(&outage, &unit, &target).await;
            } else {
                receive(&outage, &unit, &target).await;
            }
        });
    });
}

#[test]
fn a_receive_outlasts_a_line_that_is_silent_for_three_seconds() {
    survive(Kind::Silent, false);
}

#[test]
fn a_send_outlasts_a_line_that_is_silent_for_three_seconds() {
    survive(Kind::Silent, true);
}

#[test]
fn a_receive_outlasts_a_line_that_breaks_off_and_refuses_for_three_seconds() {
    survive(Kind::Refusing, false);
}

#[test]
fn a_send_outlasts_a_line_that_breaks_off_and_refuses_for_three_seconds() {
    survive(Kind::Refusing, true);
}
