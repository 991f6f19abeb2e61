//! Taking a file.

use std::{collections::VecDeque, fmt, net::SocketAddr, time::Instant};

use zeroize::Zeroizing;

use super::{
    Agreement, TransferError, TransferEvent, TransferSettings,
    line::{Expired, Line, Opening},
    receiver::{Receiver, Taken},
};
use crate::tftp::{
    options::Options,
    packet::{ErrorCode, FileName, Mode, Packet, PacketError, Request},
};

/// A file that comes in; see the [module](super) for how to drive it.
pub struct Incoming {
    line: Line,
    state: State,
    request: Request,
    /// What is sent until the first block is there: the request, or the acknowledgement of options or request.
    opening: Opening,
    agreement: Agreement,
    receiver: Receiver,
    received: u64,
    chunks: VecDeque<Vec<u8>>,
    queued: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Requesting,
    Receiving,
    /// All is there; only the last acknowledgement may have to be repeated.
    Lingering,
}

impl Incoming {
    /// A client's transfer: reads `file` from `server`, the address and port that requests go to.
    pub fn read(server: SocketAddr, file: FileName, settings: TransferSettings, now: Instant) -> Self {
        let request = Request {
            file,
            mode: Mode::Octet,
            options: settings.offer(0),
        };
        let mut incoming = Self::new(Line::to_server(server, settings), State::Requesting, request);
        incoming.ask(now);
        incoming
    }

    /// A unit's transfer: takes the file that `client` offers with a write request. It runs over a socket of its own.
    pub fn answer(client: SocketAddr, request: Request, settings: TransferSettings, now: Instant) -> Self {
        let announced = request.options.transfer_size;
        let (agreement, acknowledged) = Agreement::from_request(&request.options, &settings, announced);
        let mut incoming = Self::new(Line::to_client(client, settings), State::Receiving, request);
        let opening = if acknowledged.is_empty() {
            Packet::Ack { block: 0 }
        } else {
            Packet::OptionAck(acknowledged)
        };
        incoming.opening = Zeroizing::new(opening.encode());
        if incoming.start(agreement) {
            incoming.send_again();
            incoming.line.wait_afresh(now);
        }
        incoming
    }

    fn new(line: Line, state: State, request: Request) -> Self {
        Self {
            line,
            state,
            request,
            opening: Zeroizing::new(Vec::new()),
            agreement: Agreement::PLAIN,
            receiver: Receiver::new(Agreement::PLAIN.block_size, Agreement::PLAIN.window_size),
            received: 0,
            chunks: VecDeque::new(),
            queued: 0,
        }
    }

    /// Takes one datagram in. `from` may be anybody, and the bytes anything.
    pub fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if self.line.is_closed() {
            return;
        }
        let packet = Packet::decode(datagram);
        if !self.line.is_mine(from, packet.as_ref().ok()) {
            return;
        }
        match (self.state, packet) {
            (State::Requesting, Ok(Packet::Data { block: 1, data })) => {
                self.line.set_peer(from);
                if self.start(Agreement::PLAIN) {
                    self.handle_block(now, 1, data);
                }
            }
            (State::Requesting, Ok(Packet::OptionAck(options))) => self.agree(now, from, Some(&options)),
            (State::Requesting, Err(PacketError::Option { .. })) => self.agree(now, from, None),
            (
                State::Requesting,
                Ok(Packet::Error {
                    code: ErrorCode::OptionsRefused,
                    ..
                }),
            ) if !self.request.options.is_empty() => {
                self.request.options = Options::default();
                self.ask(now);
            }
            // The acknowledgement of the options was lost.
            (State::Receiving, Ok(Packet::OptionAck(_))) if self.receiver.last() == 0 => self.send_again(),
            (State::Receiving | State::Lingering, Ok(Packet::Data { block, data })) => {
                self.handle_block(now, block, data);
            }
            (State::Lingering, Ok(Packet::Error { .. })) => self.line.close(),
            (_, Ok(Packet::Error { code, text })) => {
                self.line.fail(
                    TransferError::Refused {
                        code,
                        text: text.into_owned(),
                    },
                    None,
                );
            }
            _ => {}
        }
    }

    /// Does what is due at `now`: sends again, or gives up.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Lingering {
            if self.line.is_due(now) {
                self.line.close();
            }
            return;
        }
        match (self.line.expire(now), self.state) {
            (Expired::NotYet, _) => {}
            (Expired::SendAgain, _) => {
                self.receiver.wait_is_over();
                self.send_again();
            }
            (Expired::GiveUp, State::Requesting) => {
                let tries = self.line.tries();
                self.line.fail(TransferError::NoAnswer { tries }, None);
            }
            (Expired::GiveUp, _) => {
                let error = TransferError::Stalled {
                    transferred: self.received,
                    total: self.agreement.total,
                };
                self.line
                    .fail(error, Some((ErrorCode::NotDefined, "the transfer stopped")));
            }
        }
    }

    /// The next piece of the file, in order and never empty. While two windows wait here, no more is taken in.
    pub fn poll_data(&mut self) -> Option<Vec<u8>> {
        let chunk = self.chunks.pop_front()?;
        self.queued -= chunk.len();
        Some(chunk)
    }

    /// The next datagram to send, and where to.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.line.poll_transmit()
    }

    /// When to call [`Self::handle_timeout`] next; `None` when the transfer is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.line.poll_timeout()
    }

    /// The next thing to report.
    pub fn poll_event(&mut self) -> Option<TransferEvent> {
        self.line.poll_event()
    }

    /// Stops here and now. The other end is told `why` in a last datagram, where it has answered already; there is no
    /// event.
    pub fn abort(&mut self, why: &str) {
        self.line.abort(why);
    }

    /// Bytes that have arrived.
    pub fn transferred(&self) -> u64 {
        self.received
    }

    fn ask(&mut self, now: Instant) {
        self.opening = Zeroizing::new(Packet::Read(self.request.clone()).encode());
        self.line.send(self.opening.to_vec());
        self.line.wait_afresh(now);
    }

    fn agree(&mut self, now: Instant, from: SocketAddr, options: Option<&Options>) {
        self.line.set_peer(from);
        let agreed = options.and_then(|options| Agreement::from_acknowledged(options, &self.request.options));
        let Some(agreement) = agreed else {
            let tell = Some((ErrorCode::OptionsRefused, "these options were not offered"));
            return self.line.fail(TransferError::Options, tell);
        };
        self.opening = Zeroizing::new(Packet::Ack { block: 0 }.encode());
        if self.start(agreement) {
            self.send_again();
            self.line.wait_afresh(now);
        }
    }

    /// Begins to receive; false when what is announced is too large.
    fn start(&mut self, agreement: Agreement) -> bool {
        self.agreement = agreement;
        self.receiver = Receiver::new(agreement.block_size, agreement.window_size);
        self.state = State::Receiving;
        if agreement
            .total
            .is_some_and(|total| total > self.line.settings.limit)
        {
            self.refuse_length();
            return false;
        }
        self.line.report(TransferEvent::Started {
            total: agreement.total,
        });
        true
    }

    fn handle_block(&mut self, now: Instant, block: u16, data: &[u8]) {
        let held = 2 * usize::from(self.agreement.block_size) * usize::from(self.agreement.window_size);
        if self.queued >= held && self.state == State::Receiving {
            // Whoever drives this is slower than the network; the block will come again.
            return;
        }
        match self.receiver.take(block, data.len()) {
            Taken::Next { acknowledge, last } => {
                if !self.keep(data, last) {
                    return;
                }
                if acknowledge {
                    self.acknowledge();
                }
                self.line.wait_afresh(now);
                if last {
                    self.state = State::Lingering;
                    self.line.report(TransferEvent::Finished { bytes: self.received });
                    self.line.linger(now);
                }
            }
            Taken::Acknowledge => self.acknowledge(),
            Taken::Ignore => {}
            Taken::TooLong => {
                let tell = Some((ErrorCode::IllegalOperation, "the block is longer than agreed"));
                self.line.fail(TransferError::BlockTooLong, tell);
            }
        }
    }

    /// Keeps a block's bytes; false when that makes the file longer than it may be, or ends it at a wrong length.
    fn keep(&mut self, data: &[u8], last: bool) -> bool {
        self.received += data.len() as u64;
        let wrong = |total: &u64| self.received > *total || (last && self.received < *total);
        if self.received > self.line.settings.limit {
            self.refuse_length();
            return false;
        }
        if let Some(announced) = self.agreement.total.filter(wrong) {
            let error = TransferError::WrongLength {
                announced,
                received: self.received,
            };
            self.line.fail(
                error,
                Some((ErrorCode::NotDefined, "the length is not the one announced")),
            );
            return false;
        }
        if !data.is_empty() {
            self.queued += data.len();
            self.chunks.push_back(data.to_vec());
        }
        true
    }

    fn acknowledge(&mut self) {
        self.receiver.acknowledge();
        self.line.send(
            Packet::Ack {
                block: self.receiver.last(),
            }
            .encode(),
        );
    }

    /// Sends what the other end still waits for.
    fn send_again(&mut self) {
        if self.received == 0 && self.receiver.last() == 0 {
            self.line.send(self.opening.to_vec());
        } else {
            self.acknowledge();
        }
    }

    fn refuse_length(&mut self) {
        let limit = self.line.settings.limit;
        self.line.fail(
            TransferError::TooLarge { limit },
            Some((ErrorCode::DiskFull, "the file is too large")),
        );
    }
}

impl fmt::Debug for Incoming {
    // What it sends holds the system password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Incoming")
            .field("state", &self.state)
            .field("agreement", &self.agreement)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
