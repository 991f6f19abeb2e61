//! One Whois question over TCP (protocol.md 2.2), and what its failures mean.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Client, Event, LinkError, Whois};

use crate::{Error, ErrorKind, Result, Step};

/// What is read at once, in bytes: a Whois answer has a few hundred, and thousands of questions run side by side.
const READ: usize = 1024;

/// What is said of a port that speaks TLS.
pub(super) const TLS_ONLY: &str = "TLS answers there, and discovery does not";

/// Why a question brought no Whois.
#[derive(Debug)]
pub(super) enum Silence {
    /// Nothing answered the connection within its time.
    TimedOut,
    /// The host is there and nothing listens.
    Refused,
    /// There is no way there, in the system's words.
    Unreachable(io::Error),
    /// This computer has no room for another connection now.
    Exhausted(io::Error),
    /// Something listens and did not identify itself, as a sentence.
    Unidentified(String),
}

/// Asks the unit at `address` (its discovery port) who it is, and answers the time from question to answer.
///
/// Connecting and answering may each take `limit`. The answer is not authenticated.
///
/// # Errors
/// [`ErrorKind::NotReachable`] where nothing listens, [`ErrorKind::Protocol`] where something else does,
/// [`ErrorKind::Cancelled`]; all with the address and [`Step::Discover`].
pub async fn whois(
    address: SocketAddr,
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<(Whois, Duration)> {
    let asked = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(Error::new(ErrorKind::Cancelled("")).address(address)),
        asked = ask(address, limit) => asked,
    };
    asked.map_err(|silence| silence.into_error(address, limit))
}

/// Asks once. Dropping the future closes the connection.
pub(super) async fn ask(address: SocketAddr, limit: Duration) -> Result<(Whois, Duration), Silence> {
    let stream = connect(address, limit).await?;
    // Of thousands of questions few come this far: only these have room for a conversation.
    Box::pin(converse(address, stream, limit)).await
}

/// As [`ask`], where `tries` connections are begun within the limit, evenly, until one of them stands: a packet that is
/// lost then costs a part of the limit only.
pub(super) async fn ask_side_by_side(
    address: SocketAddr,
    limit: Duration,
    tries: u32,
) -> Result<(Whois, Duration), Silence> {
    let stream = Box::pin(connect_side_by_side(address, limit, tries)).await?;
    Box::pin(converse(address, stream, limit)).await
}

async fn connect(address: SocketAddr, limit: Duration) -> Result<TcpStream, Silence> {
    match timeout(limit, TcpStream::connect(address)).await {
        Err(_) => Err(Silence::TimedOut),
        Ok(Err(error)) => Err(not_connected(error)),
        Ok(Ok(stream)) => Ok(stream),
    }
}

async fn connect_side_by_side(
    address: SocketAddr,
    limit: Duration,
    tries: u32,
) -> Result<TcpStream, Silence> {
    let end = Instant::now() + limit;
    let mut begin = interval(limit / tries.max(1));
    let mut started = 0;
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = begin.tick(), if started < tries => {
                started += 1;
                open.spawn(connect(address, end.saturating_duration_since(Instant::now())));
            }
            Some(Ok(connected)) = open.join_next() => match connected {
                Err(Silence::TimedOut | Silence::Exhausted(_)) if !open.is_empty() => {}
                connected => return connected,
            },
            else => return Err(Silence::TimedOut),
        }
    }
}

/// Asks over this connection, and after a third of the limit over another one beside it: where the system had to repeat
/// itself in connecting, it takes seconds until it repeats what is lost after that.
async fn converse(
    address: SocketAddr,
    stream: TcpStream,
    limit: Duration,
) -> Result<(Whois, Duration), Silence> {
    let second = async {
        sleep(limit / 3).await;
        let asked = match connect(address, limit).await {
            Ok(stream) => talk(stream, limit).await,
            Err(silence) => Err(silence),
        };
        match asked {
            Ok(answer) => answer,
            // The first connection says how it ended.
            Err(_) => pending().await,
        }
    };
    let first = timeout(limit, talk(stream, limit));
    tokio::select! {
        biased;
        first = first => first.unwrap_or_else(|_| Err(Silence::Unidentified(nothing_within(limit)))),
        answer = second => Ok(answer),
    }
}

async fn talk(mut stream: TcpStream, limit: Duration) -> Result<(Whois, Duration), Silence> {
    stream.set_nodelay(true).ok();
    let asked = Instant::now();
    let mut client = Client::new(limit, asked);
    client.whois(asked);
    while let Some(bytes) = client.poll_transmit() {
        stream
            .write_all(&bytes)
            .await
            .map_err(|error| broken_off(&error, 0))?;
    }
    let mut input = BytesMut::new();
    let mut received = 0;
    loop {
        input.reserve(READ);
        match stream.read_buf(&mut input).await {
            Ok(0) => return Err(Silence::Unidentified(closed_after(received))),
            Ok(count) => received += count,
            Err(error) => return Err(broken_off(&error, received)),
        }
        client
            .handle_bytes(&mut input, Instant::now())
            .map_err(|error| Silence::Unidentified(not_whois(&error)))?;
        match client.poll_event() {
            Some(Event::Whois(whois)) => return Ok((whois, asked.elapsed())),
            Some(Event::Refused(refusal)) => {
                let number = refusal.outcome.number();
                return Err(Silence::Unidentified(format!(
                    "it refuses to say who it is, with result {number:08X}"
                )));
            }
            Some(_) | None => {}
        }
    }
}

fn not_connected(error: io::Error) -> Silence {
    if is_exhausted(&error) {
        Silence::Exhausted(error)
    } else {
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Silence::Refused,
            io::ErrorKind::TimedOut => Silence::TimedOut,
            _ => Silence::Unreachable(error),
        }
    }
}

/// Whether this computer is out of descriptors, buffers or local ports. The standard library has a name for the last
/// of them only; the numbers are EMFILE and ENFILE of every Unix, WSAEMFILE and WSAENOBUFS of Windows.
fn is_exhausted(error: &io::Error) -> bool {
    let numbers: &[i32] = if cfg!(windows) { &[10024, 10055] } else { &[23, 24] };
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error
            .raw_os_error()
            .is_some_and(|number| numbers.contains(&number))
}

fn broken_off(error: &io::Error, received: usize) -> Silence {
    Silence::Unidentified(match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            closed_after(received)
        }
        _ => format!("the port is open, and the connection failed: {error}"),
    })
}

fn closed_after(received: usize) -> String {
    if received == 0 {
        "the port is open, and the connection was closed without an answer".into()
    } else {
        format!("the answer was cut off after {received} bytes")
    }
}

fn nothing_within(limit: Duration) -> String {
    format!(
        "the port is open, and no complete answer came within {} ms",
        limit.as_millis()
    )
}

/// Names what speaks there from its first byte, where that is known.
fn not_whois(error: &LinkError) -> String {
    match error {
        LinkError::NotAFrame(0x14..=0x17) => TLS_ONLY.into(),
        LinkError::NotAFrame(b'H') => "it looks like a web server, not like discovery".into(),
        LinkError::NotAFrame(b'S') => "it looks like SSH, not like discovery".into(),
        other => format!("what answers does not follow the protocol: {other}"),
    }
}

impl Silence {
    /// The error for whoever asked this one address.
    pub(super) fn into_error(self, address: SocketAddr, limit: Duration) -> Error {
        let kind = match self {
            Self::TimedOut => {
                ErrorKind::NotReachable(format!("nothing answered within {} ms", limit.as_millis()))
            }
            Self::Refused => {
                ErrorKind::NotReachable("the connection was refused; nothing listens on this port".into())
            }
            Self::Unreachable(error) => ErrorKind::NotReachable(error.to_string()),
            Self::Exhausted(error) => ErrorKind::NotReachable(format!(
                "this computer can not open another connection now: {error}"
            )),
            Self::Unidentified(reason) => ErrorKind::Protocol(reason),
        };
        Error::new(kind).at(Step::Discover).address(address)
    }
}
