//! Whom the search by TCP asks next, when, and how many at a time.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;
use trunkline_protocol::link::Whois;

use super::patience::Patience;
use super::tcp::TcpTarget;
use super::whois::Silence;

/// The pause between two questions: 20,000 a second are what a line and the devices along it bear.
const PACE: Duration = Duration::from_micros(50);

/// How much of the pause is made up for at once where this computer was busy with other things.
const BURST: Duration = Duration::from_millis(10);

/// How often one after the other there may be no room for even one connection before an address counts as silent.
const MOST_PAUSES: u32 = 100;

/// When a system repeats the first packet of a connection (RFC 6298, section 2): what answers later than this answered
/// the repetition, or is far away.
const REPEATED_AFTER: Duration = Duration::from_secs(1);

/// The line loses packets where so many answers were late, and one of so many.
const LOSSY: (usize, usize) = (3, 32);

/// One address, and how often it was asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) target: TcpTarget,
    pub(super) before: u32,
}

/// What came of a question, and how long it took from the beginning of the connection.
pub(super) type Outcome = (Result<(Whois, Duration), Silence>, Duration);

/// What to do with a question that came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It was asked to the end: tell what came of it.
    Tell,
    /// It waits to be asked again; `after_pause` where this computer has no room for even one connection now.
    Again { after_pause: bool },
}

/// Whom to ask next, and when.
pub(super) struct Queue {
    patience: Patience,
    seen: HashSet<SocketAddr>,
    waiting: VecDeque<Question>,
    /// When the next question may begin.
    next_begins: Instant,
    /// How often the address that was asked last had been asked before.
    round: u32,
    room: Room,
    loss: Loss,
}

impl Queue {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            patience,
            seen: HashSet::new(),
            waiting: VecDeque::new(),
            next_begins: Instant::now(),
            round: 0,
            room: Room::new(patience.concurrency),
            loss: Loss {
                watched: patience.follows_loss,
                ..Loss::default()
            },
        }
    }

    /// Has these asked, each once; says which are new.
    pub(super) fn add(&mut self, targets: Vec<TcpTarget>) -> Vec<SocketAddr> {
        let new: Vec<_> = targets
            .into_iter()
            .filter(|target| self.seen.insert(target.address))
            .collect();
        self.waiting
            .extend(new.iter().map(|&target| Question { target, before: 0 }));
        new.iter().map(|target| target.address).collect()
    }

    /// The next question while `open` are under way, unless there is no room for it, or it must wait for
    /// [`Self::next_begins`].
    pub(super) fn take(&mut self, now: Instant, open: usize) -> Option<Question> {
        if open >= self.room.limit || self.next_begins > now {
            return None;
        }
        let question = self.waiting.pop_front()?;
        self.round = question.before;
        // What was missed is made up for, but not all at once.
        self.next_begins = self.next_begins.max(now.checked_sub(BURST).unwrap_or(now)) + PACE;
        Some(question)
    }

    /// When another question begins while `open` are under way and none of them ends.
    pub(super) fn next_begins(&self, open: usize) -> Option<Instant> {
        (open < self.room.limit && !self.waiting.is_empty()).then_some(self.next_begins)
    }

    /// Takes a question back, while `open` others are under way.
    pub(super) fn judge(&mut self, question: Question, outcome: &Outcome, open: usize) -> Next {
        let next = self
            .room
            .judge(matches!(outcome.0, Err(Silence::Exhausted(_))), open);
        let before = question.before + 1;
        match outcome {
            _ if next != Next::Tell => {
                self.waiting.push_back(question);
                next
            }
            (Err(Silence::TimedOut), _) if before < self.patience.rounds => {
                self.waiting.push_back(Question { before, ..question });
                Next::Again { after_pause: false }
            }
            (Err(Silence::TimedOut), _) => {
                self.loss.silent(question);
                next
            }
            (result, time) => {
                self.loss.answered(result.is_ok() && *time >= REPEATED_AFTER);
                next
            }
        }
    }

    /// Has those that stayed silent asked once more where, at the end, the line turns out to lose packets; how many.
    pub(super) fn ask_again_because_of_loss(&mut self) -> Option<usize> {
        let silent = self.loss.end().filter(|silent| !silent.is_empty())?;
        self.waiting.extend(&silent);
        Some(silent.len())
    }

    /// How long it takes if nobody answers any more, while `open` questions are under way.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(super) fn time_left(&self, open: usize) -> Duration {
        let Patience { timeout, rounds, .. } = self.patience;
        let left = self.waiting.len() + open;
        if left == 0 {
            return Duration::ZERO;
        }
        let rounds_left = rounds.saturating_sub(1 + self.round);
        let to_begin = self.waiting.len() as f64 + left as f64 * f64::from(rounds_left);
        let each = PACE
            .as_secs_f64()
            .max(timeout.as_secs_f64() / self.room.limit as f64);
        (timeout * rounds_left).max(Duration::from_secs_f64(each * to_begin)) + timeout
    }
}

/// Whether the line loses packets, as far as the answers show; what stayed silent is kept for that case.
#[derive(Default)]
struct Loss {
    watched: bool,
    answered: usize,
    late: usize,
    silent: Vec<Question>,
}

impl Loss {
    fn answered(&mut self, late: bool) {
        self.answered += 1;
        self.late += usize::from(late);
    }

    fn silent(&mut self, question: Question) {
        if self.watched {
            self.silent.push(question);
        }
    }

    /// What is to be asked again; once.
    fn end(&mut self) -> Option<Vec<Question>> {
        let (most, one_of) = LOSSY;
        let is_lossy = self.watched && self.late >= most && self.late * one_of >= self.answered;
        self.watched = false;
        let silent = std::mem::take(&mut self.silent);
        is_lossy.then_some(silent)
    }
}

/// How many connections this computer bears.
struct Room {
    limit: usize,
    /// How many were asked for.
    most: usize,
    pauses: u32,
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
    fn judge(&mut self, is_exhausted: bool, open: usize) -> Next {
        if !is_exhausted {
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::options::DiscoveryOptions;
    use super::*;

    fn target(last: u8) -> TcpTarget {
        TcpTarget {
            address: ([10, 0, 0, last], 50802).into(),
            alone: false,
        }
    }

    fn queue(attempts: Option<u32>, concurrency: usize, targets: u8) -> Queue {
        let options = DiscoveryOptions {
            attempts,
            concurrency: Some(concurrency),
            timeout: Duration::from_secs(1),
            ..DiscoveryOptions::default()
        };
        let mut queue = Queue::new(Patience::new(&options, targets.into()));
        queue.add((0..targets).map(target).collect());
        queue
    }

    fn silence() -> Outcome {
        (Err(Silence::TimedOut), Duration::from_secs(1))
    }

    fn answer(time: Duration) -> Outcome {
        (Ok((Whois::default(), Duration::ZERO)), time)
    }

    #[test]
    fn a_computer_without_room_asks_fewer_at_a_time_and_never_fails() {
        let mut room = Room::new(512);
        assert_eq!(room.judge(true, 100), Next::Again { after_pause: false });
        assert_eq!(room.limit, 88);
        assert_eq!(room.judge(true, 0), Next::Again { after_pause: true });
        assert_eq!(room.limit, 1);
        assert_eq!(room.judge(false, 5), Next::Tell);
        assert_eq!((room.limit, room.pauses), (2, 0));
        for _ in 1..MOST_PAUSES {
            assert_eq!(room.judge(true, 0), Next::Again { after_pause: true });
        }
        assert_eq!(room.judge(true, 0), Next::Tell);
        for _ in 0..1000 {
            room.judge(false, 5);
        }
        assert_eq!(room.limit, 512);
    }

    #[tokio::test]
    async fn what_finds_no_room_waits_and_is_asked_as_before() {
        let mut queue = queue(Some(1), 8, 2);
        let question = queue.take(Instant::now(), 0).unwrap();
        let exhausted = (
            Err(Silence::Exhausted(io::Error::from_raw_os_error(24))),
            Duration::ZERO,
        );
        let again = Next::Again { after_pause: false };
        assert_eq!(queue.judge(question, &exhausted, 1), again);
        assert_eq!(queue.waiting.back(), Some(&question));
    }

    #[tokio::test]
    async fn questions_begin_one_after_the_other_and_what_was_missed_not_all_at_once() {
        let mut queue = queue(Some(1), 255, 255);
        let now = queue.next_begins;
        assert!(queue.take(now, 0).is_some());
        assert!(queue.take(now, 1).is_none(), "not yet");
        assert_eq!(queue.next_begins(1), Some(now + PACE));
        assert!(queue.take(now + PACE, 1).is_some());
        let later = now + Duration::from_secs(9);
        let made_up = std::iter::from_fn(|| queue.take(later, 2)).count();
        assert_eq!(made_up, 201, "what fits into {BURST:?}");
        assert!(queue.take(later + BURST, 255).is_none(), "no room");
        assert_eq!(queue.next_begins(255), None);
    }

    #[tokio::test]
    async fn silence_is_asked_again_after_all_the_others_and_answers_are_not() {
        let mut queue = queue(Some(2), 8, 2);
        let now = Instant::now() + BURST;
        let first = queue.take(now, 0).unwrap();
        let again = Next::Again { after_pause: false };
        assert_eq!(queue.judge(first, &silence(), 0), again);
        let second = queue.take(now, 0).unwrap();
        assert_eq!((second.target, second.before), (target(1), 0));
        assert_eq!(
            queue.judge(second, &(Err(Silence::Refused), Duration::ZERO), 0),
            Next::Tell
        );
        let repeated = queue.take(now, 0).unwrap();
        assert_eq!((repeated.target, repeated.before), (target(0), 1));
        assert_eq!(queue.judge(repeated, &silence(), 0), Next::Tell);
        assert_eq!(queue.take(now, 0), None);
        assert_eq!(queue.add(vec![target(1)]), [], "each is asked once");
    }

    #[tokio::test]
    async fn a_line_that_loses_packets_has_silence_asked_once_more() {
        let check = |attempts: Option<u32>, concurrency: usize, late: usize, expect: Option<usize>| {
            let mut queue = queue(attempts, concurrency, 100);
            let now = Instant::now() + BURST;
            for number in 0..100 {
                let question = queue.take(now, 0).unwrap();
                let outcome = match number {
                    _ if number < late => answer(REPEATED_AFTER),
                    0..50 => answer(Duration::from_millis(3)),
                    _ => silence(),
                };
                assert_eq!(queue.judge(question, &outcome, 0), Next::Tell);
            }
            assert_eq!(queue.ask_again_because_of_loss(), expect, "{late}");
            assert_eq!(queue.waiting.len(), expect.unwrap_or(0));
            assert_eq!(queue.ask_again_because_of_loss(), None, "once");
        };
        check(None, 100, 0, None);
        check(None, 100, 2, None);
        check(None, 100, 3, Some(50));
        check(Some(1), 100, 50, None);
        // Where there is room, each address was asked several times.
        check(None, 400, 50, None);
    }

    #[tokio::test]
    async fn the_time_left_counts_rounds_pace_and_room() {
        let check = |attempts: u32, concurrency: usize, targets: u8, expect_ms: u64| {
            let mut queue = queue(Some(attempts), concurrency, targets);
            // Otherwise it would also depend on how many connections this computer lets a program have.
            queue.room = Room::new(concurrency);
            let left = queue.time_left(0).as_millis();
            assert_eq!(left, u128::from(expect_ms), "{attempts} {concurrency} {targets}");
        };
        check(1, 100, 0, 0);
        check(1, 100, 100, 2_000);
        check(1, 10_000, 200, 1_020);
        check(3, 10_000, 200, 3_000);
        check(2, 10, 100, 21_000);
    }
}
