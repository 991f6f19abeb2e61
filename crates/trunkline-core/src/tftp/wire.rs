//! One transfer over one UDP socket, on a thread of its own: between two packets of a transfer without windows nothing
//! may lie but two calls of the system. The state machines are those of the protocol crate.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use trunkline_protocol::tftp::packet::{ErrorCode, FileName};
use trunkline_protocol::tftp::transfer::{
    Incoming, Outgoing, TransferError, TransferEvent, TransferSettings,
};

use crate::{Error, ErrorKind, Result};

/// The largest datagram that there is. Into a smaller buffer Windows receives an error instead of its beginning.
const DATAGRAM: usize = 65_535;
/// The longest wait without a look at whether somebody stopped the transfer.
const SLICE: Duration = Duration::from_millis(50);
/// The shortest wait that sockets know.
const SHORTEST: Duration = Duration::from_millis(1);
/// How often receiving may fail one after the other before the socket is given up.
const MOST_FAILURES: u32 = 100;
/// Bytes that are handed over at once.
pub(super) const PART: usize = 64 * 1024;
/// Parts that may wait for the disk.
pub(super) const PARTS_WAITING: usize = 4;

/// One file of one unit.
#[derive(Debug)]
pub(super) struct Asked {
    /// Where the request goes.
    pub(super) server: SocketAddr,
    /// Its name, which may hold the system password.
    pub(super) file: FileName,
    /// Whether it does.
    pub(super) with_password: bool,
    /// How to go about it.
    pub(super) settings: TransferSettings,
    /// Ends it.
    pub(super) stop: CancellationToken,
}

/// What comes in.
pub(super) enum Part {
    /// A file begins, of so many bytes; 0 where nobody said.
    Start(u64),
    /// The next bytes.
    Bytes(Bytes),
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Bytes that are at their end.
    pub(super) done: u64,
    /// Bytes in all; 0 where nobody said.
    pub(super) total: u64,
}

/// A write that did not come to its end.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// Why.
    pub(super) error: Error,
    /// Whether the last of the file may have left: only then can the unit have taken it.
    pub(super) may_be_there: bool,
}

/// A transfer that runs.
pub(super) struct Running<T> {
    /// How it ended.
    pub(super) outcome: oneshot::Receiver<T>,
    /// How far it is.
    pub(super) moved: watch::Receiver<Moved>,
}

impl<T> Running<T> {
    /// Waits for the end, and says each time how far it is. `None` where the thread is gone.
    pub(super) async fn watched(self, show: impl Fn(Moved)) -> Option<T> {
        let Self {
            mut outcome,
            mut moved,
        } = self;
        loop {
            tokio::select! {
                biased;
                outcome = &mut outcome => {
                    show(*moved.borrow());
                    return outcome.ok();
                }
                Ok(()) = moved.changed() => show(*moved.borrow_and_update()),
            }
        }
    }
}

/// Reads a file; its bytes go to `parts`, and the outcome is their number. With the bytes, the thread has done its work:
/// what it still does is to acknowledge the last block again where the unit missed that, and nobody waits for it.
pub(super) fn read(asked: Asked, parts: mpsc::Sender<Part>) -> Result<Running<Result<u64>>> {
    let (answer, outcome) = oneshot::channel();
    let (progress, moved) = watch::channel(Moved::default());
    spawn(move || {
        let (mut line, with_password) = match Line::open(&asked) {
            Ok(line) => (line, asked.with_password),
            Err(error) => return drop(answer.send(Err(error))),
        };
        let now = Instant::now();
        let mut incoming = Incoming::read(asked.server, asked.file, asked.settings, now);
        let outcome = pull(&mut line, &mut incoming, &parts, &progress, with_password);
        drop((parts, progress));
        let is_there = outcome.is_ok();
        answer.send(outcome).ok();
        if is_there {
            line.linger(&mut incoming);
        }
    })?;
    Ok(Running { outcome, moved })
}

/// Writes a file of `length` bytes, which come from `parts`. Where they end early, the unit is told, and has no whole
/// file.
pub(super) fn write(
    asked: Asked,
    length: u64,
    mut parts: mpsc::Receiver<Bytes>,
) -> Result<Running<Result<(), Unwritten>>> {
    let (answer, outcome) = oneshot::channel();
    let (progress, moved) = watch::channel(Moved {
        done: 0,
        total: length,
    });
    spawn(move || {
        let outcome = match Line::open(&asked) {
            Ok(mut line) => {
                let (with_password, now) = (asked.with_password, Instant::now());
                let mut outgoing = Outgoing::write(asked.server, asked.file, length, asked.settings, now);
                let mut given = Given::default();
                let moved = |done| {
                    progress.send_replace(Moved { done, total: length });
                };
                push(
                    &mut line,
                    &mut outgoing,
                    &mut parts,
                    &mut given,
                    moved,
                    with_password,
                )
                .map_err(|error| Unwritten {
                    error,
                    may_be_there: given.started && given.bytes == length,
                })
            }
            Err(error) => Err(Unwritten {
                error,
                may_be_there: false,
            }),
        };
        answer.send(outcome).ok();
    })?;
    Ok(Running { outcome, moved })
}

/// Not one of tokio's threads: those are waited for when the program ends.
fn spawn(work: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new()
        .name("tftp".into())
        .spawn(work)
        .map(drop)
        .map_err(|error| ErrorKind::NotReachable(format!("no thread for it: {error}")).into())
}

fn pull(
    line: &mut Line,
    incoming: &mut Incoming,
    parts: &mpsc::Sender<Part>,
    progress: &watch::Sender<Moved>,
    with_password: bool,
) -> Result<u64> {
    let mut part = Vec::with_capacity(PART);
    let mut moved = Moved::default();
    let give = |incoming: &mut Incoming, line: &mut Line, part: Part| {
        parts.blocking_send(part).map_err(|_| {
            // The disk's own words say more than that nobody takes the parts any more.
            incoming.abort("the file can not be kept");
            line.flush(incoming).ok();
            Error::new(ErrorKind::Cancelled(""))
        })
    };
    loop {
        line.flush(incoming)?;
        let mut finished = None;
        while let Some(event) = incoming.poll_event() {
            match event {
                TransferEvent::Started { total } => {
                    moved.total = total.unwrap_or_default();
                    progress.send_replace(moved);
                    give(incoming, line, Part::Start(moved.total))?;
                }
                TransferEvent::Finished { bytes } => finished = Some(bytes),
                TransferEvent::Failed(error) => {
                    line.flush(incoming).ok();
                    return Err(explain(error, with_password));
                }
            }
        }
        while let Some(chunk) = incoming.poll_data() {
            part.extend_from_slice(&chunk);
            if part.len() >= PART {
                moved.done += part.len() as u64;
                let full = std::mem::replace(&mut part, Vec::with_capacity(PART));
                give(incoming, line, Part::Bytes(full.into()))?;
                progress.send_replace(moved);
            }
        }
        if let Some(bytes) = finished {
            moved.done = bytes;
            give(incoming, line, Part::Bytes(part.into()))?;
            progress.send_replace(moved);
            return Ok(bytes);
        }
        line.wait(incoming)?;
    }
}

/// What a write has given out so far.
#[derive(Default)]
struct Given {
    /// The unit agreed to take the file.
    started: bool,
    bytes: u64,
}

fn push(
    line: &mut Line,
    outgoing: &mut Outgoing,
    parts: &mut mpsc::Receiver<Bytes>,
    given: &mut Given,
    moved: impl Fn(u64),
    with_password: bool,
) -> Result<()> {
    let mut part = Bytes::new();
    let mut shown = 0;
    loop {
        line.flush(outgoing)?;
        while outgoing.wanted() > 0 {
            if part.is_empty() {
                let Some(next) = parts.blocking_recv() else {
                    // Whoever reads the file knows why.
                    outgoing.abort("the file can not be read");
                    line.flush(outgoing).ok();
                    return Err(ErrorKind::Cancelled("").into());
                };
                part = next;
            }
            let taken = outgoing.push(Instant::now(), &part);
            given.bytes += taken as u64;
            part.advance(taken);
            line.flush(outgoing)?;
        }
        while let Some(event) = outgoing.poll_event() {
            match event {
                TransferEvent::Started { .. } => given.started = true,
                TransferEvent::Finished { bytes } => {
                    moved(bytes);
                    return Ok(());
                }
                TransferEvent::Failed(error) => {
                    line.flush(outgoing).ok();
                    return Err(explain(error, with_password));
                }
            }
        }
        if outgoing.transferred() >= shown + PART as u64 {
            shown = outgoing.transferred();
            moved(shown);
        }
        line.wait(outgoing)?;
    }
}

/// What the two directions have in common.
trait Machine {
    fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]);
    fn handle_timeout(&mut self, now: Instant);
    fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)>;
    fn poll_timeout(&self) -> Option<Instant>;
    fn abort(&mut self, why: &str);
}

macro_rules! machine {
    ($type:ty) => {
        impl Machine for $type {
            fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
                self.handle_datagram(now, from, datagram);
            }

            fn handle_timeout(&mut self, now: Instant) {
                self.handle_timeout(now);
            }

            fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
                self.poll_transmit()
            }

            fn poll_timeout(&self) -> Option<Instant> {
                self.poll_timeout()
            }

            fn abort(&mut self, why: &str) {
                self.abort(why);
            }
        }
    };
}

machine!(Incoming);
machine!(Outgoing);

/// The socket of one transfer. It is not connected: the unit answers from a port that nobody knows beforehand.
struct Line {
    socket: UdpSocket,
    buffer: Vec<u8>,
    /// How long the socket waits now.
    waits: Duration,
    failures: u32,
    stop: CancellationToken,
}

impl Line {
    fn open(asked: &Asked) -> Result<Self> {
        let any: IpAddr = if asked.server.is_ipv4() {
            Ipv4Addr::UNSPECIFIED.into()
        } else {
            Ipv6Addr::UNSPECIFIED.into()
        };
        let open = || {
            let socket = UdpSocket::bind((any, 0))?;
            socket.set_read_timeout(Some(SLICE))?;
            Ok(socket)
        };
        Ok(Self {
            socket: open().map_err(no_way)?,
            buffer: vec![0; DATAGRAM],
            waits: SLICE,
            failures: 0,
            stop: asked.stop.clone(),
        })
    }

    /// Sends what is to be sent. What a full queue loses comes again; where there is no way at all, that is said.
    fn flush(&mut self, machine: &mut impl Machine) -> Result<()> {
        while let Some((to, datagram)) = machine.poll_transmit() {
            match self.socket.send_to(&datagram, to) {
                Err(error) if has_no_way(&error) => return Err(no_way(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits for a datagram, or until something is due, or for one slice.
    fn wait(&mut self, machine: &mut impl Machine) -> Result<()> {
        if self.stop.is_cancelled() {
            machine.abort("stopped");
            self.flush(machine).ok();
            return Err(ErrorKind::Cancelled("").into());
        }
        self.turn(machine)
    }

    fn turn(&mut self, machine: &mut impl Machine) -> Result<()> {
        let left = machine
            .poll_timeout()
            .map_or(SLICE, |due| due.saturating_duration_since(Instant::now()));
        let wanted = left.clamp(SHORTEST, SLICE);
        if wanted != self.waits {
            self.socket.set_read_timeout(Some(wanted)).map_err(no_way)?;
            self.waits = wanted;
        }
        match self.socket.recv_from(&mut self.buffer) {
            Ok((length, from)) => {
                self.failures = 0;
                machine.handle_datagram(Instant::now(), from, &self.buffer[..length]);
            }
            Err(error) if is_nothing(&error) => machine.handle_timeout(Instant::now()),
            // That an earlier datagram found nobody: on some systems it comes this way, and proves nothing.
            Err(error) => {
                self.failures += 1;
                if self.failures > MOST_FAILURES {
                    return Err(no_way(error));
                }
                machine.handle_timeout(Instant::now());
            }
        }
        Ok(())
    }

    /// Acknowledges the last block again for a while, should the unit have missed that.
    fn linger(&mut self, incoming: &mut Incoming) {
        while incoming.poll_timeout().is_some() {
            if self.flush(incoming).and_then(|()| self.turn(incoming)).is_err() {
                return;
            }
        }
        self.flush(incoming).ok();
    }
}

fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

fn has_no_way(error: &io::Error) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, HostUnreachable, InvalidInput, NetworkDown, NetworkUnreachable, PermissionDenied,
    };
    matches!(
        error.kind(),
        AddrNotAvailable
            | HostUnreachable
            | InvalidInput
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
    )
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error")]
fn no_way(error: io::Error) -> Error {
    ErrorKind::NoTftpAnswer(error.to_string()).into()
}

/// A transfer's end in this crate's words.
fn explain(error: TransferError, with_password: bool) -> Error {
    let text = error.to_string();
    match error {
        TransferError::NoAnswer { .. } => ErrorKind::NoTftpAnswer(text),
        TransferError::Stalled { .. } => ErrorKind::ConnectionLost(text),
        TransferError::Refused { code, .. } if code == ErrorCode::AccessViolation && with_password => {
            ErrorKind::WrongSystemPassword
        }
        TransferError::Refused {
            code: ErrorCode::DiskFull,
            ..
        } => ErrorKind::TooLarge { limit: None },
        TransferError::Refused { code, text } => ErrorKind::TftpRefused {
            code: code.into(),
            text,
        },
        TransferError::WrongLength { .. } => ErrorKind::Damaged(text),
        _ => ErrorKind::Protocol(text),
    }
    .into()
}
