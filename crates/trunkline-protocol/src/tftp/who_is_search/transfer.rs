//! One answer on its way: blocks of 512 bytes from one address and port, until a shorter one.

use std::{
    cmp::Reverse,
    net::SocketAddr,
    time::{Duration, Instant},
};

use super::{SearchError, Waiting, WhoIsSearch};
use crate::{
    tftp::{
        options::DEFAULT_BLOCK_SIZE,
        packet::{ErrorCode, Packet},
    },
    who_is::MAX_ANSWER,
};

/// How many answers of more than one block are held at a time, of 4 KiB each. A unit beyond that is not acknowledged
/// and so sends its first block again.
const MAX_RECEIVING: usize = 1024;

const FULL_BLOCK: usize = DEFAULT_BLOCK_SIZE as usize;

/// The state of one peer, by address and port. It stays after the end, so that a repeated block is known as such.
#[derive(Debug)]
pub(super) struct Transfer {
    /// The last block taken; 0 when the peer was sent an ERROR.
    last_block: u16,
    partial: Option<Partial>,
}

#[derive(Debug)]
struct Partial {
    body: Vec<u8>,
    round_trip: Duration,
    acknowledged: u32,
    due: Instant,
}

impl Transfer {
    pub(super) fn due(&self) -> Option<Instant> {
        self.partial.as_ref().map(|partial| partial.due)
    }
}

impl WhoIsSearch {
    pub(super) fn handle_data(&mut self, now: Instant, from: SocketAddr, block: u16, data: &[u8]) {
        let Some(transfer) = self.transfers.get(&from) else {
            return self.begin(now, from, block, data);
        };
        if transfer.partial.is_some() && transfer.last_block.checked_add(1) == Some(block) {
            self.append(now, from, block, data);
        } else if transfer.last_block == 0 {
            self.send_unknown(from);
        } else if (1..=transfer.last_block).contains(&block) {
            // Its acknowledgement was lost.
            self.send(from, &Packet::Ack { block });
        }
    }

    /// Takes the first block of a new peer.
    fn begin(&mut self, now: Instant, from: SocketAddr, block: u16, data: &[u8]) {
        let address = from.ip().to_canonical();
        if block != 1 || !self.is_solicited(address) {
            return self.send_unknown(from);
        }
        let full = data.len() >= FULL_BLOCK;
        if self.transfers.len() >= self.settings.max_peers || (full && self.receiving >= MAX_RECEIVING) {
            return;
        }
        let round_trip = self
            .last_request(address)
            .map_or(Duration::ZERO, |sent| now.duration_since(sent));
        if full {
            let due = now + self.settings.timeout;
            let partial = Partial {
                body: Vec::new(),
                round_trip,
                acknowledged: 0,
                due,
            };
            self.transfers.insert(
                from,
                Transfer {
                    last_block: 0,
                    partial: Some(partial),
                },
            );
            self.pending += 1;
            self.receiving += 1;
            self.append(now, from, block, data);
        } else {
            self.transfers.insert(
                from,
                Transfer {
                    last_block: 1,
                    partial: None,
                },
            );
            self.send(from, &Packet::Ack { block });
            self.report_answer(from, data, round_trip);
        }
    }

    /// Takes the next block of a transfer.
    fn append(&mut self, now: Instant, from: SocketAddr, block: u16, data: &[u8]) {
        let due = now + self.settings.timeout;
        let Some(transfer) = self.transfers.get_mut(&from) else {
            return;
        };
        let Some(partial) = &mut transfer.partial else {
            return;
        };
        if data.len() > FULL_BLOCK {
            return self.give_up(from, "block too long", SearchError::NotTftp);
        }
        if partial.body.len() + data.len() > MAX_ANSWER {
            return self.give_up(from, "answer too long", SearchError::TooLong);
        }
        transfer.last_block = block;
        partial.body.extend_from_slice(data);
        partial.acknowledged = 1;
        partial.due = due;
        if data.len() < FULL_BLOCK {
            if let Some(whole) = transfer.partial.take() {
                self.pending -= 1;
                self.receiving -= 1;
                self.send(from, &Packet::Ack { block });
                self.report_answer(from, &whole.body, whole.round_trip);
            }
        } else {
            self.timers.push(Reverse((due, Waiting::Transfer(from))));
            self.send(from, &Packet::Ack { block });
        }
    }

    /// What follows when the next block did not come: the acknowledgement once more, or the end.
    pub(super) fn acknowledge_again(&mut self, now: Instant, from: SocketAddr) {
        let due = now + self.settings.timeout;
        let Some(transfer) = self.transfers.get_mut(&from) else {
            return;
        };
        let block = transfer.last_block;
        let Some(partial) = &mut transfer.partial else {
            return;
        };
        if partial.acknowledged < self.settings.attempts {
            partial.acknowledged += 1;
            partial.due = due;
            self.timers.push(Reverse((due, Waiting::Transfer(from))));
            self.send(from, &Packet::Ack { block });
        } else {
            let received = partial.body.len();
            self.give_up(from, "the transfer stopped", SearchError::Stalled { received });
        }
    }

    fn give_up(&mut self, from: SocketAddr, text: &str, reason: SearchError) {
        self.transfers.insert(
            from,
            Transfer {
                last_block: 0,
                partial: None,
            },
        );
        self.pending -= 1;
        self.receiving -= 1;
        self.send(from, &Packet::error(ErrorCode::NotDefined, text));
        self.report_unidentified(from, reason);
    }

    fn send_unknown(&mut self, to: SocketAddr) {
        self.send(
            to,
            &Packet::error(ErrorCode::UnknownTransferId, "unknown transfer"),
        );
    }
}
