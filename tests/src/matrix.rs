//! A client, a relay that spoils what passes, and a unit: receives and sends through them, and what must be true of
//! both ends afterwards, whatever happened in between.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use trunkline_core::{Error, Overrides};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_simulator::{Clock, Limits, Listen, Options, Simulator, Unit};

use crate::computer::{Computer, order, plain};
use crate::relay::{Heard, Plan, Relay};
use crate::simulated::{ADMINISTRATOR, ALONE, site};

/// Enough for two frames of data in either direction.
const BYTES: u64 = 70_000;
/// Long enough for a busy machine to answer, and short enough for hundreds of answers that never come.
pub const PATIENCE: Duration = Duration::from_millis(600);

/// One client with one unit behind a relay.
#[derive(Debug)]
pub struct Bench {
    /// The unit.
    pub unit: Unit,
    /// The relay.
    pub relay: Relay,
    original: Vec<u8>,
    sent: u32,
    _simulator: Simulator,
}

/// What an attempt came to.
#[derive(Debug)]
pub struct Outcome {
    /// The error, or nothing.
    pub result: Result<(), Error>,
    /// What passed the relay, by connection.
    pub heard: Vec<Heard>,
    /// Whether the unit took what was sent.
    pub is_new: bool,
    /// The unit's revision before.
    pub revision_before: String,
}

impl Outcome {
    /// The code of the error, or `ok`.
    pub fn code(&self) -> &'static str {
        self.result.as_ref().map_or_else(Error::code, |()| "ok")
    }
}

impl Bench {
    /// Starts a unit and a relay.
    pub async fn new() -> Self {
        let options = Options {
            listen: Listen::OneAddress([127, 0, 0, 1].into()),
            size: Some(BYTES),
            iterations: Some(1),
            // Lies about a log-in are wrong log-ins, and there are hundreds of them.
            limits: Limits {
                failures: u16::MAX,
                ..Limits::default()
            },
            clock: Clock::stopped(),
            ..Options::default()
        };
        let simulator = Simulator::start(site("Filiale", ALONE), options).await.unwrap();
        let unit = simulator.units()[0].clone();
        let address = SocketAddr::new(unit.address(), unit.ports().base.unwrap());
        let mut bench = Self {
            relay: Relay::start(address).await,
            original: unit.configuration().unwrap().to_vec(),
            unit,
            sent: 0,
            _simulator: simulator,
        };
        // From the second log-in on a unit says when the last one was: now all connections look alike.
        let first = bench.receive(Plan::HONEST, &"the first log-in").await;
        assert_eq!(first.code(), "ok");
        bench
    }

    fn target(&self) -> String {
        format!("127.0.0.1:{}", self.relay.port)
    }

    fn computer() -> Computer {
        let mut computer = Computer::default();
        computer.patience = PATIENCE;
        computer.in_a_hurry = true;
        computer
    }

    /// Receives the configuration. A file is there as a whole or not at all, and the unit stays as it was.
    pub async fn receive(&mut self, plan: Plan, what: &impl Debug) -> Outcome {
        let held = self.held();
        let computer = Self::computer();
        let path = computer.file("received.xml");
        self.relay.set(plan);
        let result = self.try_to_receive(&computer, &path).await;
        assert_eq!(path.exists(), result.is_ok(), "{what:?}: {result:?}");
        if result.is_ok() {
            assert!(
                std::fs::read(&path).unwrap() == held.0,
                "{what:?}: the file is another"
            );
        } else {
            let left = computer.files();
            let kept = left.iter().find(|(_, content)| content.len() > 1000);
            assert!(kept.is_none(), "{what:?}: {kept:?} is left over");
        }
        assert!(self.held() == held, "{what:?}: a receive changed the unit");
        Outcome {
            result,
            heard: self.relay.heard(),
            is_new: false,
            revision_before: held.1,
        }
    }

    async fn try_to_receive(&self, computer: &Computer, path: &std::path::Path) -> Result<(), Error> {
        let (target, cancel) = (self.target(), CancellationToken::new());
        let mut session = computer
            .log_in(
                &target,
                Service::Configuration,
                &three_tries(),
                ADMINISTRATOR,
                &cancel,
            )
            .await?;
        computer
            .receive(&mut session, &target, Object::Configuration, path)
            .await?;
        session.close().await;
        Ok(())
    }

    /// Sends another configuration. Afterwards the unit holds exactly what it held or exactly what was sent, and the
    /// outcome says which: `ok` is the new one, everything else the old one, and only `outcome_unknown` says neither.
    pub async fn send(&mut self, plan: Plan, what: &impl Debug) -> Outcome {
        let held = self.held();
        self.sent += 1;
        let mut new = self.original.clone();
        new.extend(format!("<!-- {:06} -->\n", self.sent).as_bytes());
        let computer = Self::computer();
        let path = computer.file("new.xml");
        std::fs::write(&path, &new).unwrap();
        self.relay.set(plan);
        let result = self.try_to_send(&computer, &path).await;
        let heard = self.relay.heard();
        let now = self.held();
        let is_new = now.0 == new;
        assert!(
            is_new || now == held,
            "{what:?}: the unit holds neither the old nor the new configuration"
        );
        assert_eq!(
            is_new,
            now.1 != held.1,
            "{what:?}: content and revision go together"
        );
        let outcome = Outcome {
            result,
            heard,
            is_new,
            revision_before: held.1,
        };
        match outcome.code() {
            "outcome_unknown" => {}
            code => assert_eq!(code == "ok", is_new, "{what:?}: it says {:?}", outcome.result),
        }
        outcome
    }

    async fn try_to_send(&self, computer: &Computer, path: &std::path::Path) -> Result<(), Error> {
        let (target, cancel) = (self.target(), CancellationToken::new());
        let mut session = computer
            .log_in(
                &target,
                Service::Configuration,
                &three_tries(),
                ADMINISTRATOR,
                &cancel,
            )
            .await?;
        computer
            .send(&mut session, &target, path, &order(WriteMode::Merge))
            .await?;
        session.close().await;
        Ok(())
    }

    /// Waits until the unit did what it still had in hand when a client gave up: it took what was sent.
    pub async fn until_new(&self, outcome: &Outcome) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.held().1 == outcome.revision_before {
            assert!(Instant::now() < deadline, "a commit that arrived was not taken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn held(&self) -> (Vec<u8>, String) {
        (self.unit.configuration().unwrap().to_vec(), self.unit.revision())
    }
}

fn three_tries() -> Overrides {
    Overrides {
        tries: Some(3),
        ..plain()
    }
}
