mod bounds;
mod exchange;
mod lossy;

use std::{net::SocketAddr, time::Instant};

use super::*;
use crate::tftp::{
    packet::{FileName, Mode, Packet, Request},
    virtual_time::start,
};

const SERVER: &str = "10.0.0.1:69";
const PEER: &str = "10.0.0.1:1024";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn file() -> FileName {
    FileName::new(b"nasystem/rconfig/secret").unwrap()
}

fn plain() -> TransferSettings {
    TransferSettings {
        options: false,
        ..TransferSettings::default()
    }
}

fn request(options: Options) -> Request {
    Request {
        file: file(),
        mode: Mode::Octet,
        options,
    }
}

/// A file whose every stretch of bytes differs from its neighbours.
fn content(length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
        .take(length)
        .collect()
}

/// Either direction, for tests that do not care.
enum Side {
    In(Incoming, Vec<u8>),
    Out(Outgoing, Vec<u8>),
}

impl Side {
    fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        match self {
            Self::In(incoming, _) => incoming.handle_datagram(now, from, datagram),
            Self::Out(outgoing, _) => outgoing.handle_datagram(now, from, datagram),
        }
        self.move_data(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::In(incoming, _) => incoming.handle_timeout(now),
            Self::Out(outgoing, _) => outgoing.handle_timeout(now),
        }
        self.move_data(now);
    }

    /// Empties what came in, and fills what is wanted.
    fn move_data(&mut self, now: Instant) {
        match self {
            Self::In(incoming, taken) => {
                taken.extend(std::iter::from_fn(|| incoming.poll_data()).flatten());
            }
            Self::Out(outgoing, rest) => {
                let given = outgoing.push(now, rest);
                rest.drain(..given);
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        match self {
            Self::In(incoming, _) => incoming.poll_transmit(),
            Self::Out(outgoing, _) => outgoing.poll_transmit(),
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::In(incoming, _) => incoming.poll_timeout(),
            Self::Out(outgoing, _) => outgoing.poll_timeout(),
        }
    }

    fn poll_event(&mut self) -> Option<TransferEvent> {
        match self {
            Self::In(incoming, _) => incoming.poll_event(),
            Self::Out(outgoing, _) => outgoing.poll_event(),
        }
    }
}
