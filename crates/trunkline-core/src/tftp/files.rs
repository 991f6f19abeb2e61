//! What is on its way between a transfer and a disk; and text files, which need no password.

use std::net::SocketAddr;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::devlink::FileName as TextFile;
use trunkline_protocol::tftp::packet::FileName;
use trunkline_protocol::tftp::transfer::TransferSettings;

use super::TftpAccess;
use super::wire::{self, Asked, Moved, PARTS_WAITING, Part};
use crate::progress::{Progress, Report};
use crate::receive::Destination;
use crate::send::Outgoing;
use crate::{Error, ErrorKind, Result, Step, discovery};

/// A text file that is longer is none.
const LONGEST_TEXT: u64 = 16 << 20;

/// Reads a text file below `nasystem/`, without any password, where the unit allows that (protocol.md 7).
///
/// # Errors
/// [`ErrorKind::TftpRefused`], [`ErrorKind::NoTftpAnswer`], [`ErrorKind::ConnectionLost`] saying how far it got.
pub async fn read_text_file(
    access: &TftpAccess,
    file: &TextFile,
    cancel: CancellationToken,
    report: Report<'_>,
) -> Result<Vec<u8>> {
    let read = async {
        let name = FileName::new(file.as_str().as_bytes());
        let asked = Asked {
            server: resolve(access, &cancel).await?,
            file: name.map_err(|error| ErrorKind::Usage(error.to_string()))?,
            with_password: false,
            settings: TransferSettings {
                limit: LONGEST_TEXT,
                ..access.settings
            },
            stop: cancel.child_token(),
        };
        let _stops = asked.stop.clone().drop_guard();
        let (parts, queue) = mpsc::channel(PARTS_WAITING);
        let writer = tokio::task::spawn_blocking(move || keep(Vec::new(), queue));
        let show = |Moved { done, total }| report(Progress::Receiving { done, total });
        let outcome = wire::read(asked, parts)?.watched(show).await;
        let kept = writer.await.map_err(|_| Error::new(ErrorKind::Cancelled("")))?;
        match (
            outcome.unwrap_or_else(|| Err(Error::from(ErrorKind::Cancelled("")))),
            kept,
        ) {
            (Ok(_), Ok((contents, _))) => Ok(contents),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
        }
    };
    read.await
        .map_err(|e: Error| e.at(Step::Receive).address(access.address()))
}

/// The address that requests go to; systems before 3.2 speak IPv4, so that comes first.
pub(super) async fn resolve(access: &TftpAccess, cancel: &CancellationToken) -> Result<SocketAddr> {
    if let Ok(address) = access.host.parse() {
        return Ok(SocketAddr::new(address, access.port));
    }
    let found = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
        found = discovery::resolve(&access.host) => found,
    };
    let first = found.and_then(|found| {
        found
            .first()
            .copied()
            .ok_or_else(|| "the name has no address".to_owned())
    });
    let address = first.map_err(|why| {
        Error::new(ErrorKind::NotReachable(why))
            .at(Step::Resolve)
            .address(&access.host)
    })?;
    Ok(SocketAddr::new(address, access.port))
}

/// Disks are slow and block: they have a thread of their own, which also counts and hashes.
pub(super) fn keep<D: Destination>(
    mut destination: D,
    mut queue: mpsc::Receiver<Part>,
) -> Result<(D, [u8; 32])> {
    let mut hash = Sha256::new();
    while let Some(part) = queue.blocking_recv() {
        match part {
            Part::Start(total) => destination.start(total)?,
            Part::Bytes(bytes) => {
                hash.update(&bytes);
                destination.write(&bytes)?;
            }
        }
    }
    Ok((destination, hash.finalize().into()))
}

/// Reads what is to be sent. The last part waits until all before it was found to be what was hashed: a unit takes a file
/// when it has its end.
pub(super) fn give(source: Outgoing, queue: &mpsc::Sender<Bytes>) -> Result<()> {
    let mut last: Option<Bytes> = None;
    source.for_each_part(|part| match last.replace(part) {
        None => Ok(true),
        Some(before) => Ok(queue.blocking_send(before).is_ok()),
    })?;
    if let Some(last) = last {
        // Whoever takes no more has an error of its own.
        queue.blocking_send(last).ok();
    }
    Ok(())
}

/// Counts and hashes, and keeps nothing.
pub(super) struct Nowhere;

impl Destination for Nowhere {
    fn start(&mut self, _total: u64) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }
}
