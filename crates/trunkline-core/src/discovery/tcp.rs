//! Search by TCP: many Whois questions side by side.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use trunkline_protocol::link::Whois;

use super::heard::Heard;
use super::patience::Patience;
use super::whois::{Silence, ask, ask_side_by_side};

/// How long to wait where this computer has no room for even one connection.
const PAUSE: Duration = Duration::from_millis(50);

/// How often that may happen one after the other before the address counts as silent.
const MOST_PAUSES: u32 = 100;

/// The pause between two questions: 20,000 a second are what a line and the devices along it bear.
const PACE: Duration = Duration::from_micros(50);

/// How much of the pause is made up for at once where this computer was busy with other things.
const BURST: Duration = Duration::from_millis(10);

/// How often it is told how long the search will take.
const ESTIMATE: Duration = Duration::from_millis(250);

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TcpTarget {
    pub(super) address: SocketAddr,
    /// Just this address was asked for, so a refusal is worth telling.
    pub(super) single: bool,
}

type Probed = (Question, Result<(Whois, Duration), Silence>);

/// One address, and how often it was asked before.
#[derive(Debug, Clone, Copy)]
struct Question {
    target: TcpTarget,
    before: u32,
}

/// Asks `first`, and what comes out of `more` until that closes.
pub(super) async fn search(
    first: Vec<TcpTarget>,
    mut more: mpsc::Receiver<TcpTarget>,
    patience: Patience,
    heard: mpsc::Sender<Heard>,
) {
    let mut queue = Queue::new(patience);
    if heard.send(Heard::Asking(queue.add(first))).await.is_err() {
        return;
    }
    let mut room = Room::new(patience.concurrency);
    let mut running = JoinSet::new();
    let mut more_may_come = true;
    let mut told = None;
    loop {
        let now = Instant::now();
        while running.len() < room.limit
            && let Some(question) = queue.next(now)
        {
            running.spawn(probe(question, patience));
        }
        if told.is_none_or(|told| told + ESTIMATE < now) {
            told = Some(now);
            let until = now + queue.time_left(running.len(), room.limit);
            if heard.send(Heard::TcpUntil(until)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            Some(probed) = running.join_next() => {
                // A probe that panicked is not there any more; the others go on.
                let Ok((question, result)) = probed else { continue };
                match room.judge(&result, running.len()) {
                    Next::Again { after_pause } => {
                        queue.waiting.push_back(question);
                        if after_pause {
                            sleep(PAUSE).await;
                        }
                    }
                    Next::Tell if matches!(result, Err(Silence::TimedOut)) && queue.ask_again(question) => {}
                    Next::Tell => {
                        if heard.send(outcome(question.target, result)).await.is_err() {
                            return;
                        }
                    }
                }
            }
            next = more.recv(), if more_may_come => match next {
                Some(target) => {
                    let added = queue.add(vec![target]);
                    if !added.is_empty() && heard.send(Heard::Asking(added)).await.is_err() {
                        return;
                    }
                }
                None => more_may_come = false,
            },
            () = sleep_until(queue.next_begins), if !queue.waiting.is_empty() && running.len() < room.limit => {}
            else => return,
        }
    }
}

async fn probe(question: Question, patience: Patience) -> Probed {
    let address = question.target.address;
    let result = match patience.side_by_side {
        0 | 1 => ask(address, patience.timeout).await,
        tries => ask_side_by_side(address, patience.timeout, tries).await,
    };
    (question, result)
}

/// Whom to ask next, and when.
struct Queue {
    patience: Patience,
    seen: HashSet<SocketAddr>,
    waiting: VecDeque<Question>,
    /// When the next question may begin.
    next_begins: Instant,
    /// How often the address that was asked last had been asked before.
    round: u32,
}

impl Queue {
    fn new(patience: Patience) -> Self {
        Self {
            patience,
            seen: HashSet::new(),
            waiting: VecDeque::new(),
            next_begins: Instant::now(),
            round: 0,
        }
    }

    /// Has these asked, each once; says which are new.
    fn add(&mut self, targets: Vec<TcpTarget>) -> Vec<SocketAddr> {
        let new = targets
            .into_iter()
            .filter(|target| self.seen.insert(target.address));
        let before = self.waiting.len();
        self.waiting
            .extend(new.map(|target| Question { target, before: 0 }));
        let added = self.waiting.range(before..);
        added.map(|question| question.target.address).collect()
    }

    /// The next question, unless it must wait until [`Self::next_begins`].
    fn next(&mut self, now: Instant) -> Option<Question> {
        if self.next_begins > now {
            return None;
        }
        let question = self.waiting.pop_front()?;
        self.round = question.before;
        // What was missed is made up for, but not all at once.
        self.next_begins = self.next_begins.max(now.checked_sub(BURST).unwrap_or(now)) + PACE;
        Some(question)
    }

    /// Asks silence once more, after all the others, if it was not asked often enough.
    fn ask_again(&mut self, question: Question) -> bool {
        let before = question.before + 1;
        let again = before < self.patience.rounds;
        if again {
            self.waiting.push_back(Question { before, ..question });
        }
        again
    }

    /// How long it takes if nobody answers any more, while so many questions are under way.
    fn time_left(&self, running: usize, room: usize) -> Duration {
        let Patience { timeout, rounds, .. } = self.patience;
        let open = self.waiting.len() + running;
        if open == 0 {
            return Duration::ZERO;
        }
        let rounds_left = rounds.saturating_sub(1 + self.round);
        let to_begin = self.waiting.len() as f64 + open as f64 * f64::from(rounds_left);
        let each = PACE.as_secs_f64().max(timeout.as_secs_f64() / room as f64);
        (timeout * rounds_left).max(Duration::from_secs_f64(each * to_begin)) + timeout
    }
}

/// How many connections this computer bears.
struct Room {
    limit: usize,
    /// How many were asked for.
    most: usize,
    pauses: u32,
}

/// What to do with a question that came back.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It was asked: tell what came of it.
    Tell,
    /// There was no room to ask it: ask it later, when another one is done or after a pause.
    Again { after_pause: bool },
}

impl Room {
    fn new(most: usize) -> Self {
        Self {
            limit: most.max(1),
            most: most.max(1),
            pauses: 0,
        }
    }

    /// A question came back while `open` others are under way. Where there was no room for it, the limit falls below
    /// those, which leaves some to other programs, and rises again one by one.
    fn judge(&mut self, result: &Result<(Whois, Duration), Silence>, open: usize) -> Next {
        if !matches!(result, Err(Silence::Exhausted(_))) {
            self.limit = self.most.min(self.limit + 1);
            self.pauses = 0;
            return Next::Tell;
        }
        self.limit = (open - open / 8).clamp(1, self.limit);
        self.pauses += u32::from(open == 0);
        if self.pauses < MOST_PAUSES {
            Next::Again {
                after_pause: open == 0,
            }
        } else {
            Next::Tell
        }
    }
}

fn outcome(target: TcpTarget, result: Result<(Whois, Duration), Silence>) -> Heard {
    let address = canonical(target.address);
    match result {
        Ok((whois, round_trip)) => Heard::Tcp {
            address,
            whois: Box::new(whois),
            round_trip,
        },
        Err(Silence::Unidentified(reason)) => Heard::TcpUnidentified { address, reason },
        Err(Silence::Refused) => Heard::TcpRefused {
            address,
            single: target.single,
        },
        Err(Silence::TimedOut | Silence::Unreachable(_) | Silence::Exhausted(_)) => Heard::TcpSilent,
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_computer_without_room_asks_fewer_at_a_time_and_never_fails() {
        let exhausted = || Err(Silence::Exhausted(io::Error::from_raw_os_error(24)));
        let mut room = Room::new(512);
        assert_eq!(room.judge(&exhausted(), 100), Next::Again { after_pause: false });
        assert_eq!(room.limit, 88);
        assert_eq!(room.judge(&exhausted(), 0), Next::Again { after_pause: true });
        assert_eq!(room.limit, 1);
        assert_eq!(room.judge(&Err(Silence::Refused), 5), Next::Tell);
        assert_eq!((room.limit, room.pauses), (2, 0));
        for _ in 1..MOST_PAUSES {
            assert_eq!(room.judge(&exhausted(), 0), Next::Again { after_pause: true });
        }
        assert_eq!(room.judge(&exhausted(), 0), Next::Tell);
        for _ in 0..1000 {
            room.judge(&Err(Silence::Refused), 5);
        }
        assert_eq!(room.limit, 512);
    }
}
