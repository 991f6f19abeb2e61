//! Receiving an object: in bounded memory, verified, resumed after a cut.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use trunkline_protocol::link::{Event, Inbound, Object, Stat};

use crate::progress::{Progress, Report};
use crate::session::{Session, is_cut, out_of_order};
use crate::{Error, ErrorKind, PendingFile, Result, Step};

/// Parts that may wait for the disk. Each has at most a frame's 1 MiB, so this bounds the memory of a transfer.
const PARTS_WAITING: usize = 2;
/// The largest object that is kept in memory alone, in bytes.
const MEMORY_LIMIT: u64 = 16 * 1024 * 1024;

/// Where an object goes while it is not yet known to be right. It is given back with the verified object, and the
/// caller decides what becomes of it; when receiving fails it is dropped.
pub trait Destination: Send + 'static {
    /// An object of `total` bytes begins; what came before, if anything, was another object and is forgotten.
    ///
    /// # Errors
    /// Where there is no room for it.
    fn start(&mut self, total: u64) -> Result<()>;

    /// The next bytes.
    ///
    /// # Errors
    /// Where they can not be kept.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
}

/// A verified object.
#[derive(Debug)]
pub struct Received<D> {
    /// Where it is.
    pub destination: D,
    /// Its length, SHA-256 and revision.
    pub stat: Stat,
    /// Whether it took more than one connection.
    pub resumed: bool,
    /// How long it took.
    pub elapsed: Duration,
}

impl Destination for PendingFile {
    fn start(&mut self, _total: u64) -> Result<()> {
        self.start_over()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        Self::write(self, bytes)
    }
}

/// For objects that are never written to disk.
impl Destination for Vec<u8> {
    fn start(&mut self, total: u64) -> Result<()> {
        if total > MEMORY_LIMIT {
            return Err(ErrorKind::TooLarge {
                limit: Some(MEMORY_LIMIT),
            }
            .into());
        }
        self.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// Receives `object`, going on after lost connections as far as the tries of the session's access allow.
///
/// `step` is [`Step::Receive`], or [`Step::Backup`] for the copy before a send.
///
/// # Errors
/// What the unit refuses, [`ErrorKind::Damaged`], [`ErrorKind::ConnectionLost`] saying how far it got, and what
/// `destination` fails with.
pub async fn receive<D: Destination>(
    session: &mut Session,
    object: Object,
    destination: D,
    step: Step,
    report: Report<'_>,
) -> Result<Received<D>> {
    let address = session.access().address();
    receive_parts(session, object, destination, step, report)
        .await
        .map_err(|e| e.at(step).address(address))
}

async fn receive_parts<D: Destination>(
    session: &mut Session,
    object: Object,
    destination: D,
    step: Step,
    report: Report<'_>,
) -> Result<Received<D>> {
    session.usable()?;
    let started = Instant::now();
    let (parts, queue) = mpsc::channel(PARTS_WAITING);
    let writer = tokio::task::spawn_blocking(move || write_parts(destination, queue));
    let mut inbound = Inbound::new();
    let mut resumed = false;
    let outcome = loop {
        let was_resumed = inbound.received() > 0;
        let error = match read_once(session, object, inbound, &parts, step, report).await {
            Ok(stat) => break Ok(stat),
            Err(error) => error,
        };
        let left = session.io.client.take_inbound();
        let is_refused = left.is_none();
        inbound = left.unwrap_or_default();
        let error = match error.kind() {
            // What is here belongs to an object that is gone: start over, on this connection where the unit said so
            // itself. It can not say so of a start.
            ErrorKind::ObjectChanged if is_refused && was_resumed => {
                resumed = false;
                continue;
            }
            ErrorKind::ObjectChanged if session.may_reconnect() => {
                inbound = Inbound::new();
                error
            }
            _ if is_cut(&error) => so_far(error, &inbound),
            _ => break Err(error),
        };
        if let Err(error) = session.reconnect(error, report).await {
            break Err(error);
        }
        resumed = inbound.received() > 0;
    };
    drop(parts);
    let written = writer.await.map_err(|_| Error::new(ErrorKind::Cancelled("")))?;
    match (outcome, written) {
        (Ok(stat), Ok(destination)) => Ok(Received {
            destination,
            stat,
            resumed,
            elapsed: started.elapsed(),
        }),
        // The disk's own words say more than "nobody takes the parts any more".
        (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
    }
}

/// What one connection brings.
async fn read_once(
    session: &mut Session,
    object: Object,
    inbound: Inbound,
    parts: &mpsc::Sender<Part>,
    step: Step,
    report: Report<'_>,
) -> Result<Stat> {
    let mut done = inbound.received();
    session.io.client.read(object, inbound, Instant::now());
    let Event::ReadStarted(stat) = session.io.expect().await? else {
        return Err(out_of_order());
    };
    let total = stat.length;
    let show = |done| {
        report(if step == Step::Backup {
            Progress::BackingUp { done, total }
        } else {
            Progress::Receiving { done, total }
        });
    };
    if done == 0 {
        hand_over(parts, Part::Start(total)).await?;
    }
    show(done);
    loop {
        match session.io.expect().await? {
            Event::Data(bytes) => {
                done += bytes.len() as u64;
                hand_over(parts, Part::Bytes(bytes)).await?;
                show(done);
            }
            Event::ReadDone => return Ok(stat),
            _ => return Err(out_of_order()),
        }
    }
}

enum Part {
    Start(u64),
    Bytes(Bytes),
}

async fn hand_over(parts: &mpsc::Sender<Part>, part: Part) -> Result<()> {
    // The writer's own error replaces this one.
    parts
        .send(part)
        .await
        .map_err(|_| ErrorKind::Cancelled("").into())
}

/// Disks are slow and block: they get a thread of their own.
fn write_parts<D: Destination>(mut destination: D, mut queue: mpsc::Receiver<Part>) -> Result<D> {
    while let Some(part) = queue.blocking_recv() {
        match part {
            Part::Start(total) => destination.start(total)?,
            Part::Bytes(bytes) => destination.write(&bytes)?,
        }
    }
    Ok(destination)
}

/// Adds how far it got to a connection that was lost.
fn so_far(error: Error, inbound: &Inbound) -> Error {
    match (error.kind(), inbound.announced()) {
        (ErrorKind::ConnectionLost(why), Some(stat)) => ErrorKind::ConnectionLost(format!(
            "{why}, after {} of {} bytes",
            inbound.received(),
            stat.length
        ))
        .into(),
        _ => error,
    }
}
