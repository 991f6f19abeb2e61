//! What the searches by UDP, TCP and ping tell the one place that puts it together.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;
use trunkline_protocol::link::Whois;
use trunkline_protocol::who_is::WhoIsAnswer;

use super::ping::Echo;
use super::report::Problem;
use super::row::{NamedAt, SavedAt};
use super::unidentified::Unidentified;

/// One thing heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// These will be asked Whois, each once.
    Asking(Vec<SocketAddr>),
    /// These many questions go out by UDP alone.
    AskingByUdp(usize),
    /// These many that stayed silent are asked once more, because the line loses packets.
    TcpAgain(usize),
    /// The search by TCP is over then, if nobody answers any more.
    TcpUntil(Instant),
    /// One search by UDP is over then.
    UdpUntil(Instant),
    /// A unit answered Whois.
    Tcp {
        address: SocketAddr,
        whois: Box<Whois>,
        round_trip: Duration,
    },
    /// A port is open and did not identify itself.
    TcpUnidentified { address: SocketAddr, reason: String },
    /// Nothing listens there; `alone` where it was asked for by itself.
    TcpRefused { address: SocketAddr, alone: bool },
    /// Nothing answered there; `alone` where it was asked for by itself.
    TcpSilent { address: SocketAddr, alone: bool },
    /// A unit answered by UDP.
    Udp {
        address: IpAddr,
        answer: Box<WhoIsAnswer>,
        round_trip: Duration,
    },
    /// Something answered by UDP and is no unit.
    UdpUnidentified {
        address: IpAddr,
        port: u16,
        reason: String,
    },
    /// One source has asked all that [`Heard::AskingByUdp`] announced for it.
    UdpDone(usize),
    /// Just this address was asked for.
    Single(IpAddr),
    /// The ping of a single address ended.
    Ping { address: IpAddr, echo: Echo },
    /// A further question brought this.
    Identified(Unidentified),
    /// A DNS name stands for this address.
    Named { address: IpAddr, named: NamedAt },
    /// A saved site has this address.
    Saved { address: IpAddr, site: SavedAt },
    /// A name that was asked for has this address.
    Named { address: IpAddr, name: String },
    /// An entry can not be searched.
    Problem(Problem),
    /// Something to know.
    Notice(String),
}
