//! The search for units over TFTP (protocol.md, section 2.1; the file names and the answer are `observed`).
//!
//! One request brings many answers: each unit answers from a fresh port, its transfer ID, and is a transfer of its
//! own that wants its own acknowledgements. So one search runs over one unconnected socket, and keeps every responder
//! apart by its address.
//!
//! The search does no I/O. After each call of [`WhoIsSearch::new`], [`WhoIsSearch::handle_datagram`] and
//! [`WhoIsSearch::handle_timeout`], empty [`WhoIsSearch::poll_transmit`] and [`WhoIsSearch::poll_event`], then wait
//! for a datagram or for [`WhoIsSearch::poll_timeout`].

mod responder;
mod transfer;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use responder::{Question, Responder};
use transfer::Transfer;

use super::packet::{ErrorCode, Packet};
use crate::who_is::{WhoIsAnswer, WhoIsError};

/// How many datagrams one call of [`WhoIsSearch::handle_timeout`] makes at most; what is still due is due at once.
const MAX_BURST: usize = 64;

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// One unit: only this address can answer, and when it has, it is not asked again.
    Unicast(SocketAddr),
    /// A broadcast address, or an address that may be one: anybody can answer, until the time is over.
    Broadcast(SocketAddr),
}

impl Destination {
    /// The address and port that the request is sent to.
    pub const fn address(self) -> SocketAddr {
        match self {
            Self::Unicast(address) | Self::Broadcast(address) => address,
        }
    }
}

/// How patiently to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchSettings {
    /// How often each destination is asked, at least once.
    pub attempts: u32,
    /// How long one request waits for its answer before the next attempt.
    pub timeout: Duration,
    /// The pause between the first requests to two destinations, so that many do not go out in one burst.
    pub pace: Duration,
    /// How many transfers are kept apart at most; more responders are not heard.
    pub max_peers: usize,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            attempts: 2,
            timeout: Duration::from_millis(1500),
            pace: Duration::from_micros(500),
            max_peers: 65_536,
        }
    }
}

/// What a search reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchEvent {
    /// A unit answered. The same answer from the same address is reported once.
    Found {
        /// The address that it answered from; the port is that of the one transfer, of no use later.
        from: SocketAddr,
        /// What it said of itself.
        answer: WhoIsAnswer,
        /// From the last request that could have caused it to its first block.
        round_trip: Duration,
    },
    /// Something answered that could not be identified as a unit; at most once for an address.
    Unidentified {
        /// The address that it answered from.
        from: SocketAddr,
        /// Why it was not identified.
        reason: SearchError,
    },
    /// The search is over; nothing follows.
    Finished,
}

/// Why something that answers is not identified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// It refused every form of the question.
    #[error("TFTP answers there, but refuses to say who it is (error {code}: {text})", code = u16::from(*code))]
    Refused {
        /// The code of the last refusal.
        code: ErrorCode,
        /// Its words, safe to show.
        text: String,
    },
    /// What it said is not what units say.
    #[error("TFTP answers there, but not as a unit does: {0}")]
    NotWhoIs(#[from] WhoIsError),
    /// It says more than any unit would.
    #[error("TFTP answers there, but with more than 4096 bytes, which no unit does")]
    TooLong,
    /// It stopped in the middle.
    #[error("the answer stopped after {received} bytes")]
    Stalled {
        /// How many bytes had arrived.
        received: usize,
    },
    /// It does not follow TFTP.
    #[error("something answers there, but not with TFTP")]
    NotTftp,
}

/// A search; see the [module](self) for how to drive it.
#[derive(Debug)]
pub struct WhoIsSearch {
    settings: SearchSettings,
    destinations: Vec<Asked>,
    /// Indices into `destinations`.
    by_address: HashMap<IpAddr, Vec<usize>>,
    broadcasts: bool,
    last_broadcast: Option<(SocketAddr, Instant)>,
    transfers: HashMap<SocketAddr, Transfer>,
    responders: HashMap<IpAddr, Responder>,
    /// How many destinations, transfers and responders still have something to wait for.
    pending: usize,
    /// How many transfers hold a part of an answer.
    receiving: usize,
    timers: BinaryHeap<Reverse<(Instant, Waiting)>>,
    transmits: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<SearchEvent>,
    finished: bool,
}

#[derive(Debug)]
struct Asked {
    destination: Destination,
    sent: u32,
    last_sent: Option<Instant>,
    /// When to go on; `None` when it is not asked any more.
    due: Option<Instant>,
}

/// Who waits for a point in time. A timer whose owner has another `due` by now is stale, and skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    Destination(usize),
    Transfer(SocketAddr),
    Responder(IpAddr),
}

impl WhoIsSearch {
    /// A search that asks each of `destinations` once and, where no answer comes, again. Of two with
    /// one address and port, the first counts.
    pub fn new(destinations: Vec<Destination>, settings: SearchSettings, now: Instant) -> Self {
        let mut search = Self {
            settings: SearchSettings {
                attempts: settings.attempts.max(1),
                ..settings
            },
            destinations: Vec::with_capacity(destinations.len()),
            by_address: HashMap::new(),
            broadcasts: false,
            last_broadcast: None,
            transfers: HashMap::new(),
            responders: HashMap::new(),
            pending: 0,
            receiving: 0,
            timers: BinaryHeap::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            finished: false,
        };
        let mut due = now;
        for destination in destinations {
            if search.add(destination, due) {
                due += settings.pace;
            }
        }
        search.handle_timeout(now);
        search
    }

    /// Takes one datagram in. `from` may be anybody, and the bytes anything.
    pub fn handle_datagram(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if self.finished {
            return;
        }
        match Packet::decode(datagram) {
            Ok(Packet::Data { block, data }) => self.handle_data(now, from, block, data),
            Ok(Packet::Error { code, text }) => self.handle_refusal(now, from, code, &text),
            // A request is somebody else's search, not an answer to this one.
            Ok(Packet::Read(_) | Packet::Write(_)) => {}
            Ok(Packet::Ack { .. } | Packet::OptionAck(_)) | Err(_) => {
                self.report_unidentified(from, SearchError::NotTftp);
            }
        }
        self.settle();
    }

    /// Does what is due at `now`: asks again, acknowledges again, gives up.
    pub fn handle_timeout(&mut self, now: Instant) {
        for _ in 0..MAX_BURST {
            self.drop_stale_timers();
            match self.timers.peek() {
                Some(&Reverse((due, waiting))) if due <= now && !self.finished => {
                    self.timers.pop();
                    match waiting {
                        Waiting::Destination(index) => self.ask(now, index),
                        Waiting::Transfer(peer) => self.acknowledge_again(now, peer),
                        Waiting::Responder(address) => self.follow_up(now, address),
                    }
                }
                _ => break,
            }
        }
        self.settle();
    }

    /// Ends the search at once. What arrives from now on is ignored; the last acknowledgements can still be sent.
    pub fn finish(&mut self) {
        if self.finished {
            return;
        }
        self.finished = true;
        let mut refused: Vec<_> = self
            .responders
            .values()
            .filter_map(Responder::unreported_refusal)
            .collect();
        refused.sort_by_key(|(from, _)| *from);
        for (from, reason) in refused {
            self.events.push_back(SearchEvent::Unidentified { from, reason });
        }
        self.events.push_back(SearchEvent::Finished);
        self.timers.clear();
        self.transfers.clear();
        self.responders.clear();
    }

    /// The next datagram to send, and where to.
    pub fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// When to call [`Self::handle_timeout`] next; `None` when the search is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.peek().map(|&Reverse((due, _))| due)
    }

    /// The next thing to report.
    pub fn poll_event(&mut self) -> Option<SearchEvent> {
        self.events.pop_front()
    }

    /// Whether the search is over.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    fn add(&mut self, destination: Destination, due: Instant) -> bool {
        let address = destination.address();
        let same_address = self.by_address.entry(address.ip().to_canonical()).or_default();
        if same_address
            .iter()
            .any(|&index| self.destinations[index].destination.address() == address)
        {
            return false;
        }
        let index = self.destinations.len();
        same_address.push(index);
        self.broadcasts |= matches!(destination, Destination::Broadcast(_));
        self.destinations.push(Asked {
            destination,
            sent: 0,
            last_sent: None,
            due: Some(due),
        });
        self.pending += 1;
        self.timers.push(Reverse((due, Waiting::Destination(index))));
        true
    }

    /// Asks a destination, or stops when it was asked often enough.
    fn ask(&mut self, now: Instant, index: usize) {
        let Some(asked) = self.destinations.get_mut(index) else {
            return;
        };
        if asked.sent >= self.settings.attempts {
            asked.due = None;
            self.pending -= 1;
            return;
        }
        let due = now + self.settings.timeout;
        asked.sent += 1;
        asked.last_sent = Some(now);
        asked.due = Some(due);
        let address = asked.destination.address();
        if matches!(asked.destination, Destination::Broadcast(_)) {
            self.last_broadcast = Some((address, now));
        }
        self.timers.push(Reverse((due, Waiting::Destination(index))));
        self.transmits.push_back((address, Question::Octet.datagram()));
    }

    /// Stops asking an address that has said all that it was asked for.
    fn stop_asking(&mut self, address: IpAddr) {
        for &index in self.by_address.get(&address).into_iter().flatten() {
            if self.destinations[index].due.take().is_some() {
                self.pending -= 1;
            }
        }
    }

    /// How many different units can answer from this address: as many as were asked there, by port.
    fn expected_answers(&self, address: IpAddr) -> usize {
        self.by_address.get(&address).map_or(1, Vec::len).max(1)
    }

    /// Whether an answer from there can belong to this search.
    fn is_solicited(&self, address: IpAddr) -> bool {
        self.broadcasts || self.by_address.contains_key(&address)
    }

    fn last_request(&self, address: IpAddr) -> Option<Instant> {
        let asked = self.by_address.get(&address).into_iter().flatten();
        let direct = asked
            .filter_map(|&index| self.destinations[index].last_sent)
            .max();
        let followed_up = self.responders.get(&address).and_then(Responder::last_sent);
        direct
            .max(followed_up)
            .or(self.last_broadcast.map(|(_, sent)| sent))
    }

    fn send(&mut self, to: SocketAddr, packet: &Packet<'_>) {
        self.transmits.push_back((to, packet.encode()));
    }

    fn drop_stale_timers(&mut self) {
        while let Some(&Reverse((due, waiting))) = self.timers.peek() {
            let current = match waiting {
                Waiting::Destination(index) => self.destinations.get(index).and_then(|asked| asked.due),
                Waiting::Transfer(peer) => self.transfers.get(&peer).and_then(Transfer::due),
                Waiting::Responder(address) => self.responders.get(&address).and_then(Responder::due),
            };
            if current == Some(due) {
                break;
            }
            self.timers.pop();
        }
    }

    fn settle(&mut self) {
        self.drop_stale_timers();
        if self.pending == 0 {
            self.finish();
        }
    }
}

#[cfg(test)]
mod tests;
