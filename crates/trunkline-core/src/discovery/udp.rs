//! Search by UDP: the state machine of the protocol crate, driven over one socket.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant as TokioInstant, sleep, sleep_until};
use trunkline_protocol::tftp::who_is_search::{Destination, SearchEvent, SearchSettings, WhoIsSearch};

use super::heard::Heard;

/// The largest datagram that there is. Into a smaller buffer Windows receives an error instead of its beginning.
const DATAGRAM: usize = 65_535;

/// Room for the answers of a whole LAN at once; the system may give less.
const RECEIVE_BUFFER: usize = 1 << 20;

/// How often receiving may fail one after the other before the socket is given up.
const MOST_FAILURES: u32 = 100;

/// One socket and whom it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The address to send from; unspecified lets the system choose.
    pub(super) from: IpAddr,
    /// How to call it towards people.
    pub(super) name: String,
    /// Whom to ask.
    pub(super) destinations: Vec<Destination>,
    /// How many of them are asked by UDP alone, and so count as questions of their own.
    pub(super) counted: usize,
}

impl Source {
    /// A source whose address the system chooses, and which asks nobody yet.
    pub(super) fn any(is_ipv4: bool) -> Self {
        let from = if is_ipv4 {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        Self {
            from,
            name: "this computer".into(),
            destinations: Vec::new(),
            counted: 0,
        }
    }
}

/// Searches until the time is over. What goes wrong is told as a notice; other sources go on.
pub(super) async fn search(source: Source, settings: SearchSettings, heard: mpsc::Sender<Heard>) {
    let counted = source.counted;
    if heard.send(Heard::AskingByUdp(counted)).await.is_err() {
        return;
    }
    let asking = settings.timeout * settings.attempts.max(1);
    let begin = settings.pace * u32::try_from(source.destinations.len()).unwrap_or(u32::MAX);
    heard
        .send(Heard::UdpUntil(TokioInstant::now() + begin + asking))
        .await
        .ok();
    let result = match open(source.from) {
        Ok(socket) => drive(&socket, &source, settings, &heard).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        let notice = format!(
            "{}: units can not be searched for by UDP from here: {error}",
            source.name
        );
        heard.send(Heard::Notice(notice)).await.ok();
    }
    heard.send(Heard::UdpDone(counted)).await.ok();
}

fn open(from: IpAddr) -> io::Result<UdpSocket> {
    let domain = if from.is_ipv4() {
        Domain::IPV4
    } else {
        Domain::IPV6
    };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if from.is_ipv4() {
        socket.set_broadcast(true)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER).ok();
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    UdpSocket::from_std(socket.into())
}

async fn drive(
    socket: &UdpSocket,
    source: &Source,
    settings: SearchSettings,
    heard: &mpsc::Sender<Heard>,
) -> io::Result<()> {
    let ports = Ports::new(&source.destinations);
    let mut search = WhoIsSearch::new(source.destinations.clone(), settings, Instant::now());
    let mut buffer = vec![0; DATAGRAM];
    let mut failures = 0;
    let mut told = false;
    loop {
        while let Some((to, bytes)) = search.poll_transmit() {
            if let Err(error) = socket.send_to(&bytes, to).await
                && !is_of_another(&error)
                && error.kind() != io::ErrorKind::WouldBlock
                && !told
            {
                told = true;
                let notice = format!("{}: a request to {to} could not be sent: {error}", source.name);
                heard.send(Heard::Notice(notice)).await.ok();
            }
        }
        while let Some(event) = search.poll_event() {
            if let Some(event) = ports.heard(event)
                && heard.send(event).await.is_err()
            {
                return Ok(());
            }
        }
        if search.is_finished() {
            return Ok(());
        }
        let due = search.poll_timeout().unwrap_or_else(Instant::now);
        tokio::select! {
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, from)) => {
                    failures = 0;
                    search.handle_datagram(Instant::now(), from, &buffer[..length]);
                }
                // On Windows one comes for each address where nobody listens, however many those are.
                Err(error) if is_of_another(&error) => {}
                Err(error) if failures >= MOST_FAILURES => return Err(error),
                Err(_) => {
                    failures += 1;
                    if failures > MOST_FAILURES / 2 {
                        sleep(Duration::from_millis(10)).await;
                    }
                }
            },
            () = sleep_until(TokioInstant::from_std(due)) => {}
        }
        search.handle_timeout(Instant::now());
    }
}

/// Which port was asked where: an answer comes from a fresh one.
struct Ports {
    unicast: HashMap<IpAddr, u16>,
    otherwise: u16,
}

impl Ports {
    fn new(destinations: &[Destination]) -> Self {
        Self {
            unicast: destinations
                .iter()
                .map(|d| (d.address().ip().to_canonical(), d.address().port()))
                .collect(),
            otherwise: destinations.first().map_or(0, |d| d.address().port()),
        }
    }

    fn heard(&self, event: SearchEvent) -> Option<Heard> {
        match event {
            SearchEvent::Found {
                from,
                answer,
                round_trip,
            } => Some(Heard::Udp {
                address: from.ip().to_canonical(),
                answer: Box::new(answer),
                round_trip,
            }),
            SearchEvent::Unidentified { from, reason } => {
                let address = from.ip().to_canonical();
                let port = self.unicast.get(&address).copied().unwrap_or(self.otherwise);
                Some(Heard::UdpUnidentified {
                    address,
                    port,
                    reason: reason.to_string(),
                })
            }
            SearchEvent::Finished => None,
        }
    }
}

/// Whether this is what ICMP said of an earlier datagram, which the system repeats at the next occasion.
fn is_of_another(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::HostUnreachable
    )
}
