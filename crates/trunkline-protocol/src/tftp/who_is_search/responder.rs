//! What is known of each address that answered: its answers, and its refusals with the questions that follow them.

use std::{
    cmp::Reverse,
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use super::{Destination, SearchError, SearchEvent, Waiting, WhoIsSearch, transfer::Transfer};
use crate::{
    tftp::{
        netascii,
        options::Options,
        packet::{ErrorCode, FileName, Mode, Packet, Request},
    },
    who_is::WhoIsAnswer,
};

/// The three forms of the question, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Octet,
    Netascii,
    WhoIs3,
}

impl Question {
    const fn next(self) -> Option<Self> {
        match self {
            Self::Octet => Some(Self::Netascii),
            Self::Netascii => Some(Self::WhoIs3),
            Self::WhoIs3 => None,
        }
    }

    pub(super) fn datagram(self) -> Vec<u8> {
        let (file, mode) = match self {
            Self::Octet => ("nasystem/who_is", Mode::Octet),
            Self::Netascii => ("nasystem/who_is", Mode::Netascii),
            Self::WhoIs3 => ("nasystem/who_is3", Mode::Octet),
        };
        FileName::new(file.as_bytes())
            .map(|file| {
                Packet::Read(Request {
                    file,
                    mode,
                    options: Options::default(),
                })
                .encode()
            })
            .unwrap_or_default()
    }
}

/// One address that sent something.
#[derive(Debug, Default)]
pub(super) struct Responder {
    /// The hashes of its different answers, to report each of them once.
    answers: HashSet<u64>,
    unidentified: bool,
    refusal: Option<Refusal>,
}

/// An address that refused, and what it is asked since.
#[derive(Debug)]
struct Refusal {
    from: SocketAddr,
    reason: SearchError,
    question: Question,
    /// How often this question was sent.
    sent: u32,
    last_sent: Option<Instant>,
    /// When to ask again or give up; `None` when that is done.
    due: Option<Instant>,
}

impl Responder {
    pub(super) fn due(&self) -> Option<Instant> {
        self.refusal.as_ref().and_then(|refusal| refusal.due)
    }

    pub(super) fn last_sent(&self) -> Option<Instant> {
        self.refusal.as_ref().and_then(|refusal| refusal.last_sent)
    }

    /// The refusal that stands when the search ends before the other questions were answered.
    pub(super) fn unreported_refusal(&self) -> Option<(SocketAddr, SearchError)> {
        let refusal = self
            .refusal
            .as_ref()
            .filter(|_| self.answers.is_empty() && !self.unidentified)?;
        Some((refusal.from, refusal.reason.clone()))
    }
}

impl WhoIsSearch {
    /// Takes a complete answer in.
    pub(super) fn report_answer(&mut self, from: SocketAddr, body: &[u8], round_trip: Duration) {
        let address = from.ip().to_canonical();
        let expected = self.expected_answers(address);
        let Some(responder) = self.responder(address) else {
            return;
        };
        let in_netascii = responder
            .refusal
            .as_ref()
            .is_some_and(|refusal| refusal.question == Question::Netascii);
        let decoded = if in_netascii {
            WhoIsAnswer::decode(&netascii::decode(body))
        } else {
            WhoIsAnswer::decode(body)
        };
        let answer = match decoded {
            Ok(answer) => answer,
            Err(reason) => return self.report_unidentified(from, reason.into()),
        };
        let mut hash = DefaultHasher::new();
        answer.raw.hash(&mut hash);
        if !responder.answers.insert(hash.finish()) {
            return;
        }
        if responder.answers.len() >= expected {
            let was_waiting = responder
                .refusal
                .as_mut()
                .and_then(|refusal| refusal.due.take())
                .is_some();
            self.pending -= usize::from(was_waiting);
            self.stop_asking(address);
        }
        self.events.push_back(SearchEvent::Found {
            from,
            answer,
            round_trip,
        });
    }

    /// Reports something that answers and is no unit, once for each address and never beside an answer.
    pub(super) fn report_unidentified(&mut self, from: SocketAddr, reason: SearchError) {
        let address = from.ip().to_canonical();
        if !self.is_solicited(address) {
            return;
        }
        let Some(responder) = self.responder(address) else {
            return;
        };
        if responder.answers.is_empty() && !responder.unidentified {
            responder.unidentified = true;
            self.events.push_back(SearchEvent::Unidentified { from, reason });
        }
    }

    /// Takes an ERROR in: the next form of the question goes to whoever sent it.
    pub(super) fn handle_refusal(&mut self, now: Instant, from: SocketAddr, code: ErrorCode, text: &str) {
        let address = from.ip().to_canonical();
        if !self.is_solicited(address) || !self.end_transfer(from) {
            return;
        }
        let expected = self.expected_answers(address);
        let due = now + self.settings.timeout;
        let Some(responder) = self.responder(address) else {
            return;
        };
        if responder.answers.len() >= expected || responder.unidentified {
            return;
        }
        let reason = SearchError::Refused {
            code,
            text: text.to_owned(),
        };
        let before = responder.refusal.take();
        let was_waiting = before.as_ref().is_some_and(|refusal| refusal.due.is_some());
        let question = before
            .as_ref()
            .map_or(Question::Octet, |refusal| refusal.question);
        let last_sent = before.and_then(|refusal| refusal.last_sent);
        let next = question.next();
        responder.refusal = Some(Refusal {
            from,
            reason,
            question: next.unwrap_or(question),
            // Nothing is left to ask, but an earlier question may still be answered until the time is over.
            sent: if next.is_some() { 0 } else { u32::MAX },
            last_sent,
            due: Some(due),
        });
        self.pending += usize::from(!was_waiting);
        self.timers.push(Reverse((due, Waiting::Responder(address))));
        if expected == 1 {
            self.stop_asking(address);
        }
        if next.is_some() {
            self.ask_otherwise(now, address);
        }
    }

    /// What follows when a refusal's question went unanswered: once more, or the end.
    pub(super) fn follow_up(&mut self, now: Instant, address: IpAddr) {
        let attempts = self.settings.attempts;
        let due = now + self.settings.timeout;
        let Some(refusal) = self
            .responders
            .get_mut(&address)
            .and_then(|responder| responder.refusal.as_mut())
        else {
            return;
        };
        if refusal.sent < attempts {
            refusal.due = Some(due);
            self.timers.push(Reverse((due, Waiting::Responder(address))));
            self.ask_otherwise(now, address);
        } else {
            refusal.due = None;
            self.pending -= 1;
            let (from, reason) = (refusal.from, refusal.reason.clone());
            self.report_unidentified(from, reason);
        }
    }

    /// Sends the responder's own question, always to it alone and where it was asked before.
    fn ask_otherwise(&mut self, now: Instant, address: IpAddr) {
        let Some(refusal) = self
            .responders
            .get_mut(&address)
            .and_then(|responder| responder.refusal.as_mut())
        else {
            return;
        };
        refusal.sent += 1;
        refusal.last_sent = Some(now);
        let datagram = refusal.question.datagram();
        let from = refusal.from;
        let asked = self.by_address.get(&address).into_iter().flatten();
        let mut doors: Vec<SocketAddr> = asked
            .map(|&index| self.destinations[index].destination)
            .map(Destination::address)
            .collect();
        if let (true, Some((broadcast, _))) = (doors.is_empty(), self.last_broadcast) {
            // Not by `SocketAddr::new`, which would lose an IPv6 scope.
            let mut door = from;
            door.set_port(broadcast.port());
            doors.push(door);
        }
        self.transmits
            .extend(doors.into_iter().map(|door| (door, datagram.clone())));
    }

    /// Ends the transfer that an ERROR belongs to, if it belongs to one. False when that transfer was over before.
    ///
    /// Nothing stays of it, so that a unit which answers everything from one port can begin again.
    fn end_transfer(&mut self, from: SocketAddr) -> bool {
        match self.transfers.get(&from).map(Transfer::due) {
            None => {}
            Some(None) => return false,
            Some(Some(_)) => {
                self.transfers.remove(&from);
                self.pending -= 1;
                self.receiving -= 1;
            }
        }
        true
    }

    fn responder(&mut self, address: IpAddr) -> Option<&mut Responder> {
        if self.responders.len() >= self.settings.max_peers && !self.responders.contains_key(&address) {
            return None;
        }
        Some(self.responders.entry(address).or_default())
    }
}
