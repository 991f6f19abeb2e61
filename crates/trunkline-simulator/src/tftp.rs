//! What a unit does over TFTP, each answer from a fresh port: discovery (`nasystem/who_is`, docs/protocol.md 2.1), text files where
//! it is told to, and before 3.2 the configuration with the system password in the file's name (3).

mod transfer;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_protocol::link::Object;
use trunkline_protocol::tftp::packet::{ErrorCode, FileName, Mode, Packet, PacketError, Request};
use trunkline_protocol::tftp::path;
use trunkline_protocol::who_is;

use crate::content::Content;
use crate::endpoint;
use crate::fault::{ConnectionFaults, FaultKind};
use crate::nasystem;
use crate::power::{Order, Power};
use crate::unit::Inner;
use transfer::{Client, give, refuse, take};

const FILES: [&[u8]; 2] = [b"nasystem/who_is", b"nasystem/who_is3"];
/// How often DATA is sent before a unit gives up.
const TRIES: u32 = 5;
/// Transfers of one unit at a time; more requests than that are lost.
const MAX_TRANSFERS: usize = 256;
/// The same for each of the units that hear a broadcast: it is repeated, and several may search at a time.
const MAX_TRANSFERS_EACH: usize = 8;
const MAX_DATAGRAM: usize = 2048;
/// How long a unit that is told to restart still acknowledges that.
const LAST_WORD: Duration = Duration::from_millis(100);

/// Answers what arrives at a unit's own socket until `end`.
pub(crate) async fn answer(unit: Arc<Inner>, socket: UdpSocket, tasks: TaskTracker, end: CancellationToken) {
    listen(&socket, &end, |datagram, from| {
        if tasks.len() < MAX_TRANSFERS {
            ask(&unit, datagram, from, Heard::Alone, &tasks, &end);
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
                ask(unit, datagram, from, Heard::ByAll, tasks, &end);
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

/// To whom a request went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// To this unit.
    Alone,
    /// To whoever is there: only discovery answers that.
    ByAll,
}

fn ask(
    unit: &Arc<Inner>,
    datagram: &[u8],
    from: SocketAddr,
    heard: Heard,
    tasks: &TaskTracker,
    end: &CancellationToken,
) {
    let mut faults = unit.faults.for_connection();
    if is_lost(&mut faults) {
        return;
    }
    let (request, writes) = match Packet::decode(datagram) {
        Ok(Packet::Read(request)) => (Ok(request), false),
        Ok(Packet::Write(request)) => (Ok(request), true),
        Err(PacketError::Option { .. }) if matches!(datagram, [0, 1 | 2, ..]) => {
            (Err(ErrorCode::OptionsRefused), false)
        }
        _ => return,
    };
    let is_who_is = request
        .as_ref()
        .is_ok_and(|request| FILES.contains(&request.file.as_bytes()));
    if heard == Heard::ByAll && (writes || !is_who_is) {
        return;
    }
    let (unit, end) = (Arc::clone(unit), end.clone());
    tasks.spawn(async move {
        let transfer = async {
            match request {
                Ok(_) if is_who_is && !writes => transfer(&unit, from, faults).await,
                Ok(request) => {
                    let client = Client {
                        address: from,
                        request,
                        faults,
                    };
                    serve(&unit, client, writes).await
                }
                Err(code) => {
                    let error = Packet::error(code, "The options can not be read").encode();
                    fresh_port(&unit)?.send_to(&error, from).await.map(drop)
                }
            }
        };
        if let Some(Err(error)) = end.run_until_cancelled(transfer).await {
            tracing::debug!(unit = unit.spec.name, %from, %error, "a TFTP transfer ended");
        }
    });
}

/// What a request is about.
enum Subject {
    Read,
    Write,
    Reboot,
    Text(String),
    WrongPassword,
    Nothing,
}

/// Everything but discovery.
async fn serve(unit: &Arc<Inner>, mut client: Client, writes: bool) -> io::Result<()> {
    let subject = subject(unit, &client.request, writes);
    let refusal = match subject {
        Subject::Nothing => Some((ErrorCode::FileNotFound, "File not found")),
        Subject::WrongPassword => Some((ErrorCode::AccessViolation, "Access violation")),
        _ if client.request.mode != Mode::Octet => Some((ErrorCode::NotDefined, "Octet only")),
        Subject::Read | Subject::Write | Subject::Reboot if *unit.power.borrow() == Power::Starting => {
            Some((ErrorCode::NotDefined, "The system is starting"))
        }
        Subject::Write if unit.write_refusal().is_some() => {
            Some((ErrorCode::NotDefined, "The system can not be written now"))
        }
        _ => None,
    };
    if let Some((code, text)) = refusal {
        return refuse(unit, &mut client, code, text).await;
    }
    match subject {
        Subject::Write => {
            take(unit, client, unit.max_size(), |content| {
                // Without revisions nothing can stand against it.
                let _ = unit.store(Object::Configuration, content, "");
            })
            .await
        }
        Subject::Reboot => take(unit, client, 0, |_| unit.order(Order::RestartIn(LAST_WORD))).await,
        Subject::Text(name) => {
            let of = Arc::clone(unit);
            let file = spawn_blocking(move || nasystem::file(&of, &name)).await;
            match file.map_err(io::Error::other)?? {
                Some(text) => give(unit, client, &Content::from_bytes(text.into())).await,
                None => refuse(unit, &mut client, ErrorCode::FileNotFound, "File not found").await,
            }
        }
        Subject::Read | Subject::Nothing | Subject::WrongPassword => {
            let of = Arc::clone(unit);
            let content = spawn_blocking(move || of.object(Object::Configuration)).await;
            let (content, _) = content.map_err(io::Error::other)??;
            give(unit, client, &content).await
        }
    }
}

fn subject(unit: &Inner, request: &Request, writes: bool) -> Subject {
    let name = request.file.as_bytes();
    let actions = [
        (path::READ_CONFIGURATION, false, Subject::Read),
        (path::WRITE_CONFIGURATION, true, Subject::Write),
        (path::REBOOT, true, Subject::Reboot),
    ];
    if !unit.spec.has_services() {
        for (template, is_write, subject) in actions {
            let folder = template.trim_end_matches(path::PASSWORD_PLACE).as_bytes();
            if is_write == writes && name.starts_with(folder) {
                let right = path::file_name(template, &unit.spec.tftp.password);
                let is_right = right.is_ok_and(|right: FileName| right.as_bytes() == name);
                return if is_right { subject } else { Subject::WrongPassword };
            }
        }
    }
    match std::str::from_utf8(name) {
        Ok(name) if unit.spec.tftp.files && !writes => Subject::Text(name.to_owned()),
        _ => Subject::Nothing,
    }
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
