//! Search by TCP: many Whois questions side by side.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use trunkline_protocol::link::Whois;

use super::heard::Heard;
use super::whois::{Silence, ask};

/// How long to wait where this computer has no room for even one connection.
const PAUSE: Duration = Duration::from_millis(50);

/// How often that may happen one after the other before the address counts as silent.
const MOST_PAUSES: u32 = 100;

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TcpTarget {
    pub(super) address: SocketAddr,
    /// Just this address was asked for, so a refusal is worth telling.
    pub(super) single: bool,
}

/// How to ask.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For connecting, and again for the answer.
    pub(super) timeout: Duration,
    /// How often to connect where nothing answers at all. What answered once is not asked again: TCP itself repeats
    /// what is lost after that.
    pub(super) attempts: u32,
    /// How many connections are open at a time.
    pub(super) concurrency: usize,
}

type Probed = (TcpTarget, Result<(Whois, Duration), Silence>);

/// Asks `first`, and what comes out of `more` until that closes.
pub(super) async fn search(
    first: Vec<TcpTarget>,
    mut more: mpsc::Receiver<TcpTarget>,
    patience: Patience,
    heard: mpsc::Sender<Heard>,
) {
    let mut seen = HashSet::new();
    let mut waiting: VecDeque<_> = first
        .into_iter()
        .filter(|target| seen.insert(target.address))
        .collect();
    let asking = waiting.iter().map(|target| target.address).collect();
    if heard.send(Heard::Asking(asking)).await.is_err() {
        return;
    }
    let most = patience.concurrency.max(1);
    let mut room = Room {
        limit: most,
        most,
        pauses: 0,
    };
    let mut running = JoinSet::new();
    let mut more_may_come = true;
    loop {
        while running.len() < room.limit
            && let Some(target) = waiting.pop_front()
        {
            running.spawn(probe(target, patience));
        }
        tokio::select! {
            Some(probed) = running.join_next() => {
                // A probe that panicked is not there any more; the others go on.
                let Ok((target, result)) = probed else { continue };
                match room.judge(&result, running.len()) {
                    Next::Again { after_pause } => {
                        waiting.push_back(target);
                        if after_pause {
                            sleep(PAUSE).await;
                        }
                    }
                    Next::Tell => {
                        if heard.send(outcome(target, result)).await.is_err() {
                            return;
                        }
                    }
                }
            }
            next = more.recv(), if more_may_come => match next {
                Some(target) if seen.insert(target.address) => {
                    if heard.send(Heard::Asking(vec![target.address])).await.is_err() {
                        return;
                    }
                    waiting.push_back(target);
                }
                Some(_) => {}
                None => more_may_come = false,
            },
            else => return,
        }
    }
}

async fn probe(target: TcpTarget, patience: Patience) -> Probed {
    let mut attempt = 1;
    loop {
        match ask(target.address, patience.timeout).await {
            Err(Silence::TimedOut) if attempt < patience.attempts => attempt += 1,
            result => return (target, result),
        }
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
    /// A question came back while `open` others are under way. Where there was no room for it, the limit falls to
    /// those, and rises again one by one.
    fn judge(&mut self, result: &Result<(Whois, Duration), Silence>, open: usize) -> Next {
        if !matches!(result, Err(Silence::Exhausted(_))) {
            self.limit = self.most.min(self.limit + 1);
            self.pauses = 0;
            return Next::Tell;
        }
        self.limit = open.clamp(1, self.limit);
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
        let mut room = Room {
            limit: 512,
            most: 512,
            pauses: 0,
        };
        assert_eq!(room.judge(&exhausted(), 100), Next::Again { after_pause: false });
        assert_eq!(room.limit, 100);
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
