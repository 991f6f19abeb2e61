//! Virtual IP Office units on real sockets, for tests, demonstrations and training.
//!
//! A [`Site`] says which units there are and comes from a TOML file, or is made up. [`Simulator::start`] binds every
//! port before it returns. What the units speak is docs/protocol.md: who_is over UDP (section 2.1), Whois over TCP
//! (2.2), Unit Link (section 4, provenance *project*) and DevLink3 (section 8). That a client works with these units proves that both follow
//! the same document, and no more.

mod api;
mod audit;
mod clock;
mod content;
mod endpoint;
mod fault;
mod generate;
mod lockout;
mod nasystem;
mod power;
mod security;
mod session;
mod simulator;
mod site;
mod tftp;
mod tls;
mod unit;
mod users;
mod xml;

pub use clock::Clock;
pub use endpoint::{Listen, Ports};
pub use fault::{FAULTS, Fault, FaultError, FaultHelp, FaultKind, Lie};
pub use lockout::Limits;
pub use power::Power;
pub use simulator::{Options, Simulator, StartError};
pub use site::{
    DevLink3, DevLink3Challenge, Mac, NamedRights, Site, SiteError, State, Tftp, TftpOptions, UnitSpec,
    UserSpec, WriteRefusal,
};
pub use unit::Unit;
