//! Search by TCP: many Whois questions side by side.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, sleep_until};
use trunkline_protocol::link::Whois;

use super::heard::Heard;
use super::patience::Patience;
use super::queue::{Next, Outcome, Question, Queue};
use super::whois::{Silence, ask, ask_side_by_side};

/// How long to wait where this computer has no room for even one connection.
const PAUSE: Duration = Duration::from_millis(50);

/// How often it is told how long the search will take.
const ESTIMATE: Duration = Duration::from_millis(250);

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TcpTarget {
    pub(super) address: SocketAddr,
    /// It was asked for by itself, not within a range or as a saved site: that it refuses or stays silent is worth
    /// telling.
    pub(super) alone: bool,
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
    let mut running = JoinSet::new();
    let mut more_may_come = true;
    let mut estimates = interval(ESTIMATE);
    loop {
        let now = Instant::now();
        while let Some(question) = queue.take(now, running.len()) {
            running.spawn(probe(question, patience));
        }
        let next_begins = queue.next_begins(running.len());
        let is_done = running.is_empty() && next_begins.is_none();
        if is_done && !more_may_come {
            match queue.ask_again_because_of_loss() {
                None => return,
                Some(count) => {
                    heard.send(Heard::TcpAgain(count)).await.ok();
                    continue;
                }
            }
        }
        tokio::select! {
            Some(probed) = running.join_next() => {
                // A probe that panicked is not there any more; the others go on.
                let Ok((question, outcome)) = probed else { continue };
                match queue.judge(question, &outcome, running.len()) {
                    Next::Again { after_pause: false } => {}
                    Next::Again { after_pause: true } => sleep(PAUSE).await,
                    Next::Tell => {
                        if heard.send(told(question.target, outcome.0)).await.is_err() {
                            return;
                        }
                    }
                }
            }
            next = more.recv(), if more_may_come => {
                more_may_come = next.is_some();
                let added = queue.add(next.into_iter().collect());
                if !added.is_empty() && heard.send(Heard::Asking(added)).await.is_err() {
                    return;
                }
            }
            () = sleep_until(next_begins.unwrap_or(now)), if next_begins.is_some() => {}
            _ = estimates.tick() => {
                let until = now + queue.time_left(running.len());
                heard.send(Heard::TcpUntil(until)).await.ok();
            }
        }
    }
}

async fn probe(question: Question, patience: Patience) -> (Question, Outcome) {
    let address = question.target.address;
    let begun = Instant::now();
    let result = match patience.side_by_side {
        0 | 1 => ask(address, patience.timeout).await,
        tries => ask_side_by_side(address, patience.timeout, tries).await,
    };
    (question, (result, begun.elapsed()))
}

fn told(target: TcpTarget, result: Result<(Whois, Duration), Silence>) -> Heard {
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
            alone: target.alone,
        },
        Err(Silence::TimedOut | Silence::Unreachable(_) | Silence::Exhausted(_)) => Heard::TcpSilent {
            address,
            alone: target.alone,
        },
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddr::new(v4.into(), address.port()),
        IpAddr::V6(_) => address,
    }
}
