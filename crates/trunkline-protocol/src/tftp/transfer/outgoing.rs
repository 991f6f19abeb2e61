//! Giving a file.

use std::{fmt, net::SocketAddr, time::Instant};

use zeroize::Zeroizing;

use super::{
    Agreement, TransferError, TransferEvent, TransferSettings,
    line::{Expired, Line, Opening},
    sender::Sender,
};
use crate::tftp::{
    options::Options,
    packet::{ErrorCode, FileName, Mode, Packet, PacketError, Request},
};

/// A file that goes out; see the [module](super) for how to drive it.
pub struct Outgoing {
    line: Line,
    state: State,
    request: Request,
    /// What is sent until the other end agrees: the request, or the acknowledgement of its options.
    opening: Opening,
    length: u64,
    sender: Sender,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Requesting,
    /// A unit has acknowledged options, and waits for the client to agree.
    Offering,
    Sending,
}

impl Outgoing {
    /// A client's transfer: writes `length` bytes to `file` on `server`, the address and port that requests go to.
    /// An empty file is a transfer too; it is how a pre-3.2 system is restarted.
    pub fn write(
        server: SocketAddr,
        file: FileName,
        length: u64,
        settings: TransferSettings,
        now: Instant,
    ) -> Self {
        let request = Request {
            file,
            mode: Mode::Octet,
            options: settings.offer(length),
        };
        let mut outgoing = Self::new(
            Line::to_server(server, settings),
            State::Requesting,
            request,
            length,
        );
        outgoing.ask(now);
        outgoing
    }

    /// A unit's transfer: gives the `length` bytes that `client` asked for with a read request. It runs over a socket
    /// of its own.
    pub fn answer(
        client: SocketAddr,
        request: Request,
        length: u64,
        settings: TransferSettings,
        now: Instant,
    ) -> Self {
        let (agreement, acknowledged) = Agreement::from_request(&request.options, &settings, Some(length));
        let mut outgoing = Self::new(
            Line::to_client(client, settings),
            State::Offering,
            request,
            length,
        );
        outgoing.sender = Sender::new(agreement.block_size, agreement.window_size, length);
        if acknowledged.is_empty() {
            outgoing.begin(now);
        } else {
            outgoing.opening = Zeroizing::new(Packet::OptionAck(acknowledged).encode());
            outgoing.line.send(outgoing.opening.to_vec());
            outgoing.line.wait_afresh(now);
        }
        outgoing
    }

    fn new(line: Line, state: State, request: Request, length: u64) -> Self {
        let plain = Agreement::PLAIN;
        Self {
            line,
            state,
            request,
            opening: Zeroizing::new(Vec::new()),
            length,
            sender: Sender::new(plain.block_size, plain.window_size, length),
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
            (State::Requesting, Ok(Packet::Ack { block: 0 })) => {
                self.line.set_peer(from);
                self.begin(now);
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
            (State::Offering, Ok(Packet::Ack { block: 0 })) => self.begin(now),
            (State::Sending, Ok(Packet::Ack { block })) => self.handle_acknowledgement(now, block),
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
        match (self.line.expire(now), self.state) {
            (Expired::NotYet, _) => {}
            (Expired::SendAgain, State::Requesting | State::Offering) => {
                self.line.send(self.opening.to_vec());
            }
            (Expired::SendAgain, State::Sending) => {
                self.sender.rewind();
                self.send_window();
            }
            (Expired::GiveUp, State::Requesting) => {
                let tries = self.line.tries();
                self.line.fail(TransferError::NoAnswer { tries }, None);
            }
            (Expired::GiveUp, _) => {
                let transferred = self.sender.acknowledged();
                let error = TransferError::Stalled {
                    transferred,
                    total: Some(self.length),
                };
                self.line
                    .fail(error, Some((ErrorCode::NotDefined, "the transfer stopped")));
            }
        }
    }

    /// How many of the file's next bytes can be given to [`Self::push`] now. 0 before the other end agreed, while two
    /// windows wait to be sent or acknowledged, and at the end.
    pub fn wanted(&self) -> usize {
        if self.state == State::Sending && !self.line.is_closed() {
            self.sender.wanted()
        } else {
            0
        }
    }

    /// Gives the file's next bytes, and sends what can be sent. Returns how many were taken: [`Self::wanted`] at most.
    /// While bytes are wanted and none come, nothing times out.
    pub fn push(&mut self, now: Instant, bytes: &[u8]) -> usize {
        let taken = self.sender.push(&bytes[..bytes.len().min(self.wanted())]);
        if taken > 0 {
            self.send_more(now);
        }
        taken
    }

    /// The next datagram to send, and where to.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.line.poll_transmit()
    }

    /// When to call [`Self::handle_timeout`] next; `None` when the transfer is over or waits for bytes.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.line.poll_timeout()
    }

    /// The next thing to report.
    pub fn poll_event(&mut self) -> Option<TransferEvent> {
        self.line.poll_event()
    }

    /// Stops here and now: the other end is told `why` in a last datagram, where it has answered already, and has no
    /// whole file. There is no event.
    pub fn abort(&mut self, why: &str) {
        self.line.abort(why);
    }

    /// Bytes that the other end has for certain.
    pub fn transferred(&self) -> u64 {
        self.sender.acknowledged()
    }

    fn ask(&mut self, now: Instant) {
        self.opening = Zeroizing::new(Packet::Write(self.request.clone()).encode());
        self.line.send(self.opening.to_vec());
        self.line.wait_afresh(now);
    }

    fn agree(&mut self, now: Instant, from: SocketAddr, options: Option<&Options>) {
        self.line.set_peer(from);
        let agreed = options.and_then(|options| Agreement::from_acknowledged(options, &self.request.options));
        if let Some(agreement) = agreed {
            self.sender = Sender::new(agreement.block_size, agreement.window_size, self.length);
            self.begin(now);
        } else {
            let tell = Some((ErrorCode::OptionsRefused, "these options were not offered"));
            self.line.fail(TransferError::Options, tell);
        }
    }

    fn begin(&mut self, now: Instant) {
        self.state = State::Sending;
        self.line.wait_no_more();
        self.line.report(TransferEvent::Started {
            total: Some(self.length),
        });
        self.send_more(now);
    }

    fn handle_acknowledgement(&mut self, now: Instant, block: u16) {
        if !self.sender.acknowledge(block) {
            return;
        }
        self.line.wait_no_more();
        if self.sender.is_complete() {
            self.line.report(TransferEvent::Finished { bytes: self.length });
            self.line.close();
        } else {
            self.send_more(now);
        }
    }

    fn send_more(&mut self, now: Instant) {
        self.send_window();
        if self.sender.is_waiting() && !self.line.is_waiting() {
            self.line.wait_afresh(now);
        }
    }

    fn send_window(&mut self) {
        while let Some((block, data)) = self.sender.next_block() {
            self.line.send(Packet::Data { block, data: &data }.encode());
        }
    }
}

impl fmt::Debug for Outgoing {
    // What it sends holds the system password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Outgoing")
            .field("state", &self.state)
            .field("length", &self.length)
            .field("sent", &self.sender.acknowledged())
            .finish_non_exhaustive()
    }
}
