//! One file over TFTP, at the unit's end: the state machines of the protocol crate over a fresh port, with faults.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout_at};
use trunkline_protocol::tftp::packet::{ErrorCode, Packet, Request};
use trunkline_protocol::tftp::transfer::{Incoming, Outgoing, TransferEvent, TransferSettings};

use super::{MAX_DATAGRAM, fresh_port, is_lost};
use crate::content::{Content, Draft};
use crate::fault::{ConnectionFaults, FaultKind};
use crate::site::TftpOptions;
use crate::unit::Inner;

/// What a client wants, and where from.
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) request: Request,
    pub(super) faults: ConnectionFaults,
}

/// How this unit goes about transfers; the longest file that it takes is `limit` bytes.
fn settings(unit: &Inner, limit: u64) -> TransferSettings {
    TransferSettings {
        options: unit.spec.tftp.options == TftpOptions::Negotiated,
        timeout: unit.retransmit,
        limit,
        ..TransferSettings::default()
    }
}

/// A fresh port, unless the unit refuses the options that the client offers.
async fn opened(unit: &Inner, client: &mut Client) -> io::Result<Option<Port>> {
    let mut port = Port {
        socket: fresh_port(unit)?,
        stray: None,
    };
    if unit.spec.tftp.options == TftpOptions::Refused && !client.request.options.is_empty() {
        port.refuse(client, ErrorCode::OptionsRefused, "Options are refused")
            .await?;
        return Ok(None);
    }
    if client.faults.is(FaultKind::TftpStranger) {
        port.stray = Some(fresh_port(unit)?);
    }
    Ok(Some(port))
}

/// Answers with an ERROR from a fresh port.
pub(super) async fn refuse(unit: &Inner, client: &mut Client, code: ErrorCode, text: &str) -> io::Result<()> {
    let mut port = Port {
        socket: fresh_port(unit)?,
        stray: None,
    };
    port.refuse(client, code, text).await
}

/// Gives `content` to the client.
pub(super) async fn give(unit: &Inner, mut client: Client, content: &Content) -> io::Result<()> {
    let Some(mut port) = opened(unit, &mut client).await? else {
        return Ok(());
    };
    let Client {
        address,
        request,
        mut faults,
    } = client;
    let stops_after = faults.happens(|kind| match kind {
        FaultKind::CutRead(bytes) | FaultKind::Stall(bytes) => Some(bytes),
        _ => None,
    });
    let mut pieces = content.pieces(0)?;
    let settings = settings(unit, u64::MAX);
    let mut outgoing = Outgoing::answer(address, request, content.length(), settings, Instant::now());
    let mut given = 0;
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        while outgoing.wanted() > 0 {
            let piece = pieces.next(outgoing.wanted())?;
            given += piece.len() as u64;
            outgoing.push(Instant::now(), &piece);
        }
        if stops_after.is_some_and(|bytes| given > bytes) {
            return Ok(());
        }
        while let Some((to, datagram)) = outgoing.poll_transmit() {
            port.send(&datagram, to, &mut faults).await?;
        }
        if is_over(std::iter::from_fn(|| outgoing.poll_event())) {
            return Ok(());
        }
        let Some(due) = outgoing.poll_timeout() else {
            return Ok(());
        };
        match port.receive(&mut buffer, due, &mut faults).await {
            Some((length, from)) => outgoing.handle_datagram(Instant::now(), from, &buffer[..length]),
            None => outgoing.handle_timeout(Instant::now()),
        }
    }
}

/// Takes a file of at most `limit` bytes; `store` has it before the client hears that it arrived.
pub(super) async fn take(
    unit: &Inner,
    mut client: Client,
    limit: u64,
    store: impl FnOnce(Content),
) -> io::Result<()> {
    let Some(mut port) = opened(unit, &mut client).await? else {
        return Ok(());
    };
    let Client {
        address,
        request,
        mut faults,
    } = client;
    let stops_after = faults.happens(|kind| match kind {
        FaultKind::CutWrite(bytes) => Some(bytes),
        _ => None,
    });
    let mut store = Some((Draft::default(), store));
    let mut incoming = Incoming::answer(address, request, settings(unit, limit), Instant::now());
    let mut buffer = [0; MAX_DATAGRAM];
    loop {
        while let Some(piece) = incoming.poll_data() {
            if let Some((draft, _)) = &mut store {
                draft.write_all(&piece)?;
            }
        }
        if stops_after.is_some_and(|bytes| incoming.transferred() > bytes) {
            return Ok(());
        }
        while let Some(event) = incoming.poll_event() {
            if let TransferEvent::Finished { .. } = event
                && let Some((draft, store)) = store.take()
            {
                if faults.is(FaultKind::CutBeforeCommit) {
                    return Ok(());
                }
                store(draft.finish()?);
                if faults.is(FaultKind::CutBeforeCommitAnswer) {
                    return Ok(());
                }
            }
        }
        while let Some((to, datagram)) = incoming.poll_transmit() {
            port.send(&datagram, to, &mut faults).await?;
        }
        let Some(due) = incoming.poll_timeout() else {
            return Ok(());
        };
        match port.receive(&mut buffer, due, &mut faults).await {
            Some((length, from)) => incoming.handle_datagram(Instant::now(), from, &buffer[..length]),
            None => incoming.handle_timeout(Instant::now()),
        }
    }
}

fn is_over(mut events: impl Iterator<Item = TransferEvent>) -> bool {
    events.any(|event| !matches!(event, TransferEvent::Started { .. }))
}

/// A transfer's own port, and what goes wrong on it.
struct Port {
    socket: UdpSocket,
    /// Another one, from which somebody speaks who has no part in the transfer: once.
    stray: Option<UdpSocket>,
}

impl Port {
    async fn refuse(&mut self, client: &mut Client, code: ErrorCode, text: &str) -> io::Result<()> {
        let error = Packet::error(code, text).encode();
        self.send(&error, client.address, &mut client.faults).await
    }

    async fn send(
        &mut self,
        datagram: &[u8],
        to: SocketAddr,
        faults: &mut ConnectionFaults,
    ) -> io::Result<()> {
        let delay = faults.happens(|kind| match kind {
            FaultKind::Delay(delay) => Some(delay),
            _ => None,
        });
        if let Some(delay) = delay {
            sleep(delay).await;
        }
        let times = if faults.is(FaultKind::TftpTwice) { 2 } else { 1 };
        for _ in 0..times {
            if !is_lost(faults) {
                self.socket.send_to(datagram, to).await?;
            }
        }
        // After the first packet of the transfer, so that the client knows whom it talks to.
        if let Some(stray) = self.stray.take() {
            let data = b"from somebody else";
            let block = Packet::Data { block: 1, data }.encode();
            stray.send_to(&block, to).await?;
        }
        Ok(())
    }

    /// What arrives until `due`.
    async fn receive(
        &mut self,
        buffer: &mut [u8],
        due: Instant,
        faults: &mut ConnectionFaults,
    ) -> Option<(usize, SocketAddr)> {
        // An error is that of an earlier packet that nobody took; what counts is whether an answer comes.
        let received = async {
            loop {
                match self.socket.recv_from(buffer).await {
                    Ok(received) if !is_lost(faults) => return received,
                    Ok(_) => {}
                    Err(_) => sleep(Duration::from_millis(1)).await,
                }
            }
        };
        timeout_at(due.into(), received).await.ok()
    }
}
