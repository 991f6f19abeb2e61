//! A unit that goes by the rules, behind a line that does not.

use std::sync::Arc;
use std::time::Instant;

use trunkline_protocol::tftp::packet::Packet;
use trunkline_protocol::tftp::transfer::{Incoming, Outgoing as Giving, TransferEvent};

use super::*;

/// Loses one datagram of five, in either direction, by a generator that is the same each time; after so many datagrams none,
/// so that the end of the transfer reaches both.
struct Loss {
    state: u64,
    lossy: u32,
}

impl Loss {
    fn loses(&mut self) -> bool {
        self.lossy = self.lossy.saturating_sub(1);
        // Knuth's MMIX generator: what it makes does not matter, only that it is the same each time.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.lossy > 0 && (self.state >> 33).is_multiple_of(5)
    }
}

/// Gives the file until its client has it, or takes one.
fn transfer(peer: &Peer, settings: TransferSettings, file: &[u8], loss: &mut Option<Loss>) -> Vec<u8> {
    let mut is_lost = || loss.as_mut().is_some_and(Loss::loses);
    let (request, client) = loop {
        let heard = peer.hears();
        if !is_lost() {
            break heard;
        }
    };
    let own = Peer::new();
    let mut buffer = vec![0; 65_535];
    let mut taken = Vec::new();
    let now = Instant::now();
    let (mut giving, mut taking) = match Packet::decode(&request).unwrap() {
        Packet::Read(request) => {
            let length = file.len() as u64;
            (Some(Giving::answer(client, request, length, settings, now)), None)
        }
        Packet::Write(request) => (None, Some(Incoming::answer(client, request, settings, now))),
        other => panic!("{other:?}"),
    };
    let mut rest = file;
    let mut over = false;
    while !over {
        let mut out = Vec::new();
        let due = if let Some(giving) = &mut giving {
            while giving.wanted() > 0 {
                let given = giving.push(Instant::now(), rest);
                rest = &rest[given..];
            }
            out.extend(std::iter::from_fn(|| giving.poll_transmit()));
            let ends = |event| matches!(event, TransferEvent::Finished { .. } | TransferEvent::Failed(_));
            over = std::iter::from_fn(|| giving.poll_event()).any(ends);
            giving.poll_timeout()
        } else if let Some(taking) = &mut taking {
            taken.extend(std::iter::from_fn(|| taking.poll_data()).flatten());
            out.extend(std::iter::from_fn(|| taking.poll_transmit()));
            let due = taking.poll_timeout();
            over = due.is_none();
            due
        } else {
            None
        };
        for (to, datagram) in out {
            if !is_lost() {
                own.says(&datagram, to);
            }
        }
        let Some(due) = due.filter(|_| !over) else { break };
        let wait = due
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        own.socket.set_read_timeout(Some(wait)).unwrap();
        let heard = own.socket.recv_from(&mut buffer).ok().filter(|_| !is_lost());
        let now = Instant::now();
        match (&mut giving, &mut taking, heard) {
            (Some(giving), _, Some((length, from))) => giving.handle_datagram(now, from, &buffer[..length]),
            (Some(giving), _, None) => giving.handle_timeout(now),
            (_, Some(taking), Some((length, from))) => taking.handle_datagram(now, from, &buffer[..length]),
            (_, Some(taking), None) => taking.handle_timeout(now),
            _ => {}
        }
    }
    taken
}

/// A file whose every stretch of bytes differs from its neighbours.
fn content(length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
        .take(length)
        .collect()
}

/// Patient enough that no loss ends it.
fn patient() -> TransferSettings {
    TransferSettings {
        timeout: Duration::from_millis(15),
        tries: 100,
        ..TransferSettings::default()
    }
}

#[tokio::test]
async fn a_fifth_of_all_datagrams_may_be_lost_on_the_way_in() {
    for (state, options, lossy) in [(1, true, 250), (2, false, 1200)] {
        let (port, unit) = unit(move |peer| {
            let settings = TransferSettings { options, ..patient() };
            transfer(
                &peer,
                settings,
                &content(400_000),
                &mut Some(Loss { state, lossy }),
            );
        });
        let received = receive(&mut session(port, patient()).await).await.unwrap();
        assert!(received.destination == content(400_000), "{state}");
        unit.join().unwrap();
    }
}

#[tokio::test]
async fn a_fifth_of_all_datagrams_may_be_lost_on_the_way_out() {
    for (state, options, lossy) in [(3, true, 250), (4, false, 1200)] {
        let (port, unit) = unit(move |peer| {
            let settings = TransferSettings { options, ..patient() };
            let mut loss = Some(Loss { state, lossy });
            let taken = transfer(&peer, settings, b"", &mut loss);
            assert!(taken == content(400_000), "{state}");
            transfer(&peer, settings, &taken, &mut loss);
        });
        let outgoing = Outgoing::memory(content(400_000).into());
        let sent = session(port, patient())
            .await
            .send(&held(b"old"), &outgoing, &silent)
            .await;
        sent.unwrap();
        unit.join().unwrap();
    }
}

#[tokio::test]
async fn block_numbers_go_on_past_65535() {
    // 65,536 full blocks and an empty one, one by one: more than 32 MB.
    let file = Arc::new(content(512 * 65_536));
    let gives = Arc::clone(&file);
    let (port, unit) = unit(move |peer| {
        let settings = TransferSettings {
            options: false,
            ..TransferSettings::default()
        };
        transfer(&peer, settings, &gives, &mut None);
    });
    let sink = crate::PendingFile::new_in(tempfile::tempdir().unwrap().path()).unwrap();
    let mut session = session(
        port,
        TransferSettings {
            limit: 1 << 30,
            ..TransferSettings::default()
        },
    )
    .await;
    let received = session
        .receive(Object::Configuration, sink, Step::Receive, &silent)
        .await
        .unwrap();
    assert_eq!(received.stat.sha256, *ContentHash::of(&file).bytes());
    unit.join().unwrap();
}
