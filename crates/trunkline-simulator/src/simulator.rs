//! A running site.

use std::fmt::Write as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use trunkline_protocol::ports::DISCOVERY;

use crate::clock::Clock;
use crate::endpoint::{self, Listen, Places};
use crate::fault::Fault;
use crate::lockout::Limits;
use crate::power::{self, Power};
use crate::site::{Site, SiteError};
use crate::tftp;
use crate::unit::{Inner, Parts, Unit};
use crate::users::{Derivation, random};

/// How a site is run; what is `None` or empty leaves it as its file says.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where units listen.
    pub listen: Listen,
    /// Bytes of every unit's configuration.
    pub size: Option<u64>,
    /// Faults of every unit, besides its own.
    pub faults: Vec<Fault>,
    /// PBKDF2 iterations of every unit; fewer than clients take make tests fast.
    pub iterations: Option<u32>,
    /// How long every unit is away when it restarts.
    pub restart: Option<Duration>,
    /// How long every unit then says that it is starting.
    pub starting: Option<Duration>,
    /// How many failed log-ins are taken.
    pub limits: Limits,
    /// The clock by which they are counted.
    pub clock: Clock,
    /// How long a unit waits for the acknowledgement of a who_is answer before it sends it again.
    pub retransmit: Duration,
    /// Where broadcasts are heard, such as 0.0.0.0:69: each unit answers them from its own address.
    pub broadcasts: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            size: None,
            faults: Vec::new(),
            iterations: None,
            restart: None,
            starting: None,
            limits: Limits::default(),
            clock: Clock::default(),
            retransmit: Duration::from_secs(1),
            broadcasts: None,
        }
    }
}

/// Why a simulation can not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The site says something that no unit can be.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A port can not be had.
    #[error("unit `{unit}` can not listen on {address}: {error}; choose another address with --listen")]
    Bind {
        /// The unit.
        unit: String,
        /// Where it should listen.
        address: IpAddr,
        /// What the system said.
        error: io::Error,
    },
    /// There are more units than addresses.
    #[error("there is no address left for unit `{0}`")]
    NoAddress(String),
    /// There is no way to hear broadcasts.
    #[error("broadcasts can not be heard on {address}: {error}")]
    Broadcasts {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// No certificate can be made.
    #[error("a certificate can not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// No TLS can be had.
    #[error("TLS can not be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The number of a unit makes no hardware address.
    #[error("there is no hardware address left")]
    Mac,
    /// The system has no random numbers, or no threads.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// A site whose units run until this value goes.
#[derive(Debug)]
pub struct Simulator {
    units: Vec<Unit>,
    tasks: TaskTracker,
    end: CancellationToken,
    clock: Clock,
    broadcasts: Option<SocketAddr>,
    _ends_with_this: DropGuard,
}

impl Simulator {
    /// Starts every unit of a site; when it returns, all of them listen.
    ///
    /// # Errors
    /// When the site is not valid, or a port can not be had.
    pub async fn start(site: Site, options: Options) -> Result<Self, StartError> {
        site.check()?;
        let clock = options.clock.clone();
        let hears = options.broadcasts;
        let runtime = tokio::runtime::Handle::current();
        // Deriving keys for the service users takes a while.
        let made = spawn_blocking(move || {
            let _runtime = runtime.enter();
            make(site, &options)
        });
        let made = made.await.map_err(io::Error::other)??;
        let (end, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut units = Vec::with_capacity(made.len());
        for Made {
            unit,
            sockets,
            orders,
        } in made
        {
            tasks.spawn(power::run(Arc::clone(&unit), sockets, orders, end.clone()));
            units.push(Unit(unit));
        }
        let mut broadcasts = None;
        if let Some(address) = hears {
            let wrong = |error| StartError::Broadcasts { address, error };
            let socket = endpoint::udp(address).map_err(wrong)?;
            broadcasts = Some(socket.local_addr().map_err(wrong)?);
            let units = units.iter().map(|unit| Arc::clone(&unit.0)).collect();
            tasks.spawn(tftp::answer_broadcasts(units, socket, end.clone()));
        }
        tasks.close();
        let guard = end.clone().drop_guard();
        Ok(Self {
            units,
            tasks,
            end,
            clock,
            broadcasts,
            _ends_with_this: guard,
        })
    }

    /// The units, in the order of the site.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The unit with this name.
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.name() == name)
    }

    /// Where broadcasts are heard, if they are.
    pub fn broadcasts(&self) -> Option<SocketAddr> {
        self.broadcasts
    }

    /// The clock by which failed log-ins are counted.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// IP Search Criteria that find every unit with TCP discovery.
    pub fn criteria(&self) -> String {
        let found: Vec<String> = self
            .units
            .iter()
            .filter_map(Unit::discovery)
            .map(|at| {
                if at.port() == DISCOVERY {
                    at.ip().to_string()
                } else {
                    at.to_string()
                }
            })
            .collect();
        found.join(";")
    }

    /// What `trunkline simulate` prints once everything listens: a line for each unit, then one with the IP Search
    /// Criteria that find them (`criteria …`), then `ready`.
    pub fn announcement(&self) -> String {
        let mut text = String::new();
        for unit in &self.units {
            // Writing to a String can not fail.
            let _ = writeln!(text, "{unit}");
        }
        text + &format!("criteria {}\nready\n", self.criteria())
    }

    /// Closes every port and connection; when it returns, nothing listens any more.
    pub async fn shutdown(self) {
        for unit in &self.units {
            unit.0.order(power::Order::Stop);
        }
        for unit in &self.units {
            unit.wait_for(Power::Off).await;
        }
        self.end.cancel();
        self.tasks.wait().await;
    }
}

struct Made {
    unit: Arc<Inner>,
    sockets: endpoint::Sockets,
    orders: mpsc::UnboundedReceiver<power::Order>,
}

fn make(site: Site, options: &Options) -> Result<Vec<Made>, StartError> {
    let mut places = Places::new(options.listen.clone(), u16::from_be_bytes(random()?));
    let mut derivation = Derivation::new()?;
    let mut made = Vec::with_capacity(site.units.len());
    for (number, mut spec) in (0..).zip(site.units) {
        spec.size = options.size.unwrap_or(spec.size);
        spec.iterations = options.iterations.unwrap_or(spec.iterations);
        spec.restart_seconds = options.restart.map_or(spec.restart_seconds, |d| d.as_secs_f64());
        spec.starting_seconds = options
            .starting
            .map_or(spec.starting_seconds, |d| d.as_secs_f64());
        spec.faults.extend(options.faults.iter().cloned());
        let users = if spec.users.is_empty() {
            &site.users
        } else {
            &spec.users
        };
        let users = users
            .iter()
            .map(|user| derivation.user(user, spec.iterations))
            .collect();
        // From here on nobody needs the passwords.
        spec.users = Vec::new();
        let (address, ports, sockets) = places.next(&spec)?;
        let (orders, received) = mpsc::unbounded_channel();
        let unit = Inner::new(Parts {
            spec,
            number,
            address,
            ports,
            users,
            salt: derivation.salt(),
            clock: options.clock.clone(),
            limits: options.limits,
            retransmit: options.retransmit,
            orders,
        })?;
        made.push(Made {
            unit: Arc::new(unit),
            sockets,
            orders: received,
        });
    }
    Ok(made)
}
