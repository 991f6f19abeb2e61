//! UDP discovery as a unit answers it (protocol.md 2.1): `nasystem/who_is` over TFTP, each answer from a fresh port.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_protocol::tftp::packet::{ErrorCode, Packet};
use trunkline_protocol::who_is;

use crate::endpoint;
use crate::fault::{ConnectionFaults, FaultKind};
use crate::power::Power;
use crate::unit::Inner;

const FILES: [&[u8]; 2] = [b"nasystem/who_is", b"nasystem/who_is3"];
/// How often DATA is sent before a unit gives up.
const TRIES: u32 = 5;
/// Transfers of one unit at a time; more requests than that are lost.
const MAX_TRANSFERS: usize = 256;
/// The same for each of the units that hear a broadcast: it is repeated, and several may search at a time.
const MAX_TRANSFERS_EACH: usize = 8;
const MAX_DATAGRAM: usize = 2048;

/// Answers what arrives at a unit's own socket until `end`.
pub(crate) async fn answer(unit: Arc<Inner>, socket: UdpSocket, tasks: TaskTracker, end: CancellationToken) {
    listen(&socket, &end, |datagram, from| {
        if tasks.len() < MAX_TRANSFERS {
            ask(&unit, datagram, from, &tasks, &end);
        }
    })
    .await;
}

/// Answers broadcasts for all `units`, each from its own address, until `end`.
pub(crate) async fn answer_broadcasts(units: Vec<Arc<Inner>>, socket: UdpSocket, end: CancellationToken) {
    // Each unit has its own: however many hear a broadcast, all of them answer it.
    let units: Vec<_> = units.into_iter().map(|unit| (unit, TaskTracker::new())).collect();
    listen(&socket, &end, |datagram, from| {
        for (unit, tasks) in units.iter().filter(|(unit, _)| unit.ports().tftp.is_some()) {
            if *unit.power.borrow() != Power::Off && tasks.len() < MAX_TRANSFERS_EACH {
                ask(unit, datagram, from, tasks, &end);
            }
        }
    })
    .await;
}

async fn listen(socket: &UdpSocket, end: &CancellationToken, mut ask: impl FnMut(&[u8], SocketAddr)) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    while let Some(received) = end.run_until_cancelled(socket.recv_from(&mut buffer)).await {
        // An error here is about an answer that somebody did not want; the next request may be better.
        if let Ok((length, from)) = received {
            ask(&buffer[..length], from);
        }
    }
}

fn ask(unit: &Arc<Inner>, datagram: &[u8], from: SocketAddr, tasks: &TaskTracker, end: &CancellationToken) {
    let mut faults = unit.faults.for_connection();
    if is_lost(&mut faults) {
        return;
    }
    let Ok(Packet::Read(request)) = Packet::decode(datagram) else {
        return;
    };
    let is_who_is = FILES.contains(&request.file.as_bytes());
    let (unit, end) = (Arc::clone(unit), end.clone());
    tasks.spawn(async move {
        let transfer = async {
            if is_who_is {
                transfer(&unit, from, faults).await
            } else {
                let error = Packet::error(ErrorCode::FileNotFound, "File not found").encode();
                fresh_port(&unit)?.send_to(&error, from).await.map(drop)
            }
        };
        if let Some(Err(error)) = end.run_until_cancelled(transfer).await {
            tracing::debug!(unit = unit.spec.name, %from, %error, "a who_is answer could not be sent");
        }
    });
}

fn fresh_port(unit: &Inner) -> io::Result<UdpSocket> {
    endpoint::udp(SocketAddr::new(unit.address, 0))
}

/// Sends the one block until it is acknowledged.
async fn transfer(unit: &Inner, to: SocketAddr, mut faults: ConnectionFaults) -> io::Result<()> {
    let socket = fresh_port(unit)?;
    let spec = &unit.spec;
    let text = who_is::encode(unit.mac, &spec.unit_type, &spec.version, &spec.name);
    // A block that is full would promise another one.
    let data = &text[..text.len().min(511)];
    let block = Packet::Data { block: 1, data }.encode();
    let delay = faults.happens(|kind| match kind {
        FaultKind::Delay(delay) => Some(delay),
        _ => None,
    });
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    for _ in 0..TRIES {
        if !is_lost(&mut faults) {
            socket.send_to(&block, to).await?;
        }
        if timeout(unit.retransmit, settled(&socket, to)).await.is_ok() {
            return Ok(());
        }
    }
    tracing::debug!(unit = spec.name, %to, "nobody acknowledged the who_is answer");
    Ok(())
}

/// Returns when the one who asked acknowledged the block, or wants no more of it.
async fn settled(socket: &UdpSocket, to: SocketAddr) {
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        // Errors are those of an earlier packet that nobody took; what counts is whether an answer comes.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            tokio::task::yield_now().await;
            continue;
        };
        if from != to {
            let error = Packet::error(ErrorCode::UnknownTransferId, "Unknown transfer ID").encode();
            let _ = socket.send_to(&error, from).await;
            continue;
        }
        let answer = Packet::decode(&buffer[..length]);
        if matches!(answer, Ok(Packet::Ack { block: 1 } | Packet::Error { .. })) {
            return;
        }
    }
}

fn is_lost(faults: &mut ConnectionFaults) -> bool {
    let percent = faults.happens(|kind| match kind {
        FaultKind::Loss(percent) => Some(percent),
        _ => None,
    });
    // Without random numbers nothing is lost: only a test asked for it.
    percent.is_some_and(|percent| {
        crate::users::random::<1>().is_ok_and(|[byte]| u16::from(byte) * 100 < u16::from(percent) * 256)
    })
}
