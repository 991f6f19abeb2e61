//! What both directions share: who the other end is, what goes out to it, and when to send again.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{TransferError, TransferEvent, TransferSettings};
use crate::tftp::packet::{ErrorCode, Packet};

/// However often a wait is doubled, it ends.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The way to the other end.
pub(super) struct Line {
    pub(super) settings: TransferSettings,
    /// Where the request goes.
    server: SocketAddr,
    /// The other end's transfer ID, from its first answer on.
    peer: Option<SocketAddr>,
    transmits: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<TransferEvent>,
    /// How often the same thing was sent.
    tries: u32,
    due: Option<Instant>,
    closed: bool,
}

/// What is left to do when the time is up.
pub(super) enum Expired {
    NotYet,
    SendAgain,
    GiveUp,
}

impl Line {
    /// The line of a client, whose other end is not known before its first answer.
    pub(super) fn to_server(server: SocketAddr, settings: TransferSettings) -> Self {
        Self {
            settings,
            server,
            peer: None,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            tries: 0,
            due: None,
            closed: false,
        }
    }

    /// The line of a server, whose other end is whoever sent the request.
    pub(super) fn to_client(client: SocketAddr, settings: TransferSettings) -> Self {
        Self {
            peer: Some(client),
            ..Self::to_server(client, settings)
        }
    }

    /// Whether a datagram from there belongs to this transfer. A stranger is told that it does not, unless it sent an
    /// ERROR: those are never answered.
    pub(super) fn is_mine(&mut self, from: SocketAddr, packet: Option<&Packet<'_>>) -> bool {
        let mine = match self.peer {
            Some(peer) => from == peer,
            // The server answers from a port of its own choice.
            None => from.ip().to_canonical() == self.server.ip().to_canonical(),
        };
        if !mine && !matches!(packet, None | Some(Packet::Error { .. })) {
            self.transmits.push_back((from, unknown_transfer()));
        }
        mine
    }

    /// Fixes the other end's transfer ID.
    pub(super) fn set_peer(&mut self, peer: SocketAddr) {
        self.peer = Some(peer);
    }

    pub(super) fn send(&mut self, datagram: Vec<u8>) {
        self.transmits
            .push_back((self.peer.unwrap_or(self.server), datagram));
    }

    /// Starts waiting for an answer to what was just sent for the first time.
    pub(super) fn wait_afresh(&mut self, now: Instant) {
        self.tries = 1;
        self.due = Some(now + self.settings.timeout);
    }

    /// Stops waiting.
    pub(super) fn wait_no_more(&mut self) {
        self.due = None;
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.due.is_some()
    }

    /// Waits until then only to acknowledge late repetitions.
    pub(super) fn linger(&mut self, now: Instant) {
        self.due = Some(now + self.settings.timeout * 3);
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// What to do at `now`. For [`Expired::SendAgain`] the next, longer wait has begun.
    pub(super) fn expire(&mut self, now: Instant) -> Expired {
        if !self.is_due(now) {
            return Expired::NotYet;
        }
        if self.tries >= self.settings.tries {
            self.due = None;
            return Expired::GiveUp;
        }
        let longer = 2_u32.saturating_pow(self.tries);
        let wait = self.settings.timeout.saturating_mul(longer).min(LONGEST_WAIT);
        self.due = Some(now + wait);
        self.tries += 1;
        Expired::SendAgain
    }

    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    pub(super) fn report(&mut self, event: TransferEvent) {
        self.events.push_back(event);
    }

    /// Ends the transfer without success; with `tell`, the other end learns why.
    pub(super) fn fail(&mut self, error: TransferError, tell: Option<(ErrorCode, &str)>) {
        if let (Some((code, text)), Some(_)) = (tell, self.peer) {
            self.send(Packet::error(code, text).encode());
        }
        self.report(TransferEvent::Failed(error));
        self.close();
    }

    /// Ends the transfer from this side, without an event; the other end learns why, where it is known.
    pub(super) fn abort(&mut self, why: &str) {
        if self.closed {
            return;
        }
        if self.peer.is_some() {
            self.send(Packet::error(ErrorCode::NotDefined, why).encode());
        }
        self.close();
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.due = None;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.transmits.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn poll_event(&mut self) -> Option<TransferEvent> {
        self.events.pop_front()
    }
}

fn unknown_transfer() -> Vec<u8> {
    Packet::error(ErrorCode::UnknownTransferId, "unknown transfer").encode()
}

/// A datagram that is sent until it is answered. A request holds the system password, so it is wiped afterwards.
pub(super) type Opening = Zeroizing<Vec<u8>>;
