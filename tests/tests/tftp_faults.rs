//! A file over TFTP in both directions, cut after every datagram, and over networks that lose, double and reorder: what
//! arrives is the file or a beginning of it, and each end says which. In virtual time, without sockets.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_protocol::tftp::packet::{FileName, Packet};
use trunkline_protocol::tftp::transfer::{Incoming, Outgoing, TransferEvent, TransferSettings};
use trunkline_tests::random::Random;

/// Networks of random weather, for each direction and form.
const NETWORKS: usize = 200;

/// What the network does.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    /// After so many datagrams nothing arrives any more.
    cut_after: Option<usize>,
    /// In percent.
    lost: usize,
    doubled: usize,
    /// Milliseconds that one may take more than another.
    jitter: usize,
}

/// One end of a transfer, and its side of the file.
enum End {
    Takes(Box<Incoming>, Vec<u8>),
    Gives(Box<Outgoing>, Vec<u8>),
}

impl End {
    fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        match self {
            Self::Takes(end, _) => end.handle_datagram(now, from, datagram),
            Self::Gives(end, _) => end.handle_datagram(now, from, datagram),
        }
        self.move_data(now);
    }

    fn time(&mut self, now: Instant) {
        match self {
            Self::Takes(end, _) => end.handle_timeout(now),
            Self::Gives(end, _) => end.handle_timeout(now),
        }
        self.move_data(now);
    }

    fn move_data(&mut self, now: Instant) {
        match self {
            Self::Takes(end, file) => file.extend(std::iter::from_fn(|| end.poll_data()).flatten()),
            Self::Gives(end, rest) => {
                let given = end.push(now, rest);
                rest.drain(..given);
            }
        }
    }

    fn send(&mut self) -> Vec<Vec<u8>> {
        let poll = || match self {
            Self::Takes(end, _) => end.poll_transmit(),
            Self::Gives(end, _) => end.poll_transmit(),
        };
        std::iter::from_fn(poll).map(|(_, datagram)| datagram).collect()
    }

    fn due(&self) -> Option<Instant> {
        match self {
            Self::Takes(end, _) => end.poll_timeout(),
            Self::Gives(end, _) => end.poll_timeout(),
        }
    }

    /// Whether the transfer is over, and how.
    fn ended(&mut self) -> Option<bool> {
        let poll = || match self {
            Self::Takes(end, _) => end.poll_event(),
            Self::Gives(end, _) => end.poll_event(),
        };
        let over = |event| match event {
            TransferEvent::Finished { .. } => Some(true),
            TransferEvent::Failed(_) => Some(false),
            TransferEvent::Started { .. } => None,
        };
        std::iter::from_fn(poll).filter_map(over).last()
    }
}

/// How a transfer ended at both ends.
struct Ended {
    client: Option<bool>,
    unit: Option<bool>,
    /// What arrived where it should.
    arrived: Vec<u8>,
    datagrams: usize,
}

fn transfer(is_write: bool, options: bool, file: &[u8], weather: Weather, random: &mut Random) -> Ended {
    let settings = TransferSettings {
        options,
        window_size: 4,
        ..TransferSettings::default()
    };
    let [server, peer, client_address] = [69, 1024, 5000].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let name = FileName::new(b"nasystem/wconfig/x").unwrap();
    let start = Instant::now();
    let (mut now, mut unit) = (start, None::<End>);
    let mut client = if is_write {
        let length = file.len() as u64;
        End::Gives(
            Box::new(Outgoing::write(server, name, length, settings, now)),
            file.to_vec(),
        )
    } else {
        End::Takes(Box::new(Incoming::read(server, name, settings, now)), Vec::new())
    };
    let (mut under_way, mut carried) = (BTreeMap::new(), 0);
    let mut ended = Ended {
        client: None,
        unit: None,
        arrived: Vec::new(),
        datagrams: 0,
    };
    loop {
        let from_unit = unit.as_mut().map(End::send).unwrap_or_default();
        let sent = client.send().into_iter().map(|datagram| (true, datagram));
        for (to_unit, datagram) in sent.chain(from_unit.into_iter().map(|datagram| (false, datagram))) {
            ended.datagrams += 1;
            let copies = 1 + usize::from(random.percent(weather.doubled));
            for _ in 0..copies {
                let is_cut = weather.cut_after.is_some_and(|after| ended.datagrams > after);
                if !is_cut && !random.percent(weather.lost) {
                    let takes = Duration::from_millis(1 + random.below(weather.jitter + 1) as u64);
                    carried += 1;
                    under_way.insert((now + takes, carried), (to_unit, datagram.clone()));
                }
            }
        }
        ended.client = client.ended().or(ended.client);
        ended.unit = unit.as_mut().and_then(End::ended).or(ended.unit);
        let arrival = under_way.first_key_value().map(|((at, _), _)| *at);
        let due = [client.due(), unit.as_ref().and_then(End::due), arrival];
        let Some(next) = due.into_iter().flatten().min() else {
            break;
        };
        now = now.max(next);
        assert!(now < start + Duration::from_mins(30), "it ends");
        if arrival == Some(next) {
            let (_, (to_unit, datagram)) = under_way.pop_first().unwrap();
            if !to_unit {
                client.handle(now, peer, &datagram);
            } else if let Some(unit) = &mut unit {
                // A request that comes again goes to the port of requests, where this unit knows it already.
                if matches!(datagram[..], [0, 1 | 2, ..]) {
                    continue;
                }
                unit.handle(now, client_address, &datagram);
            } else {
                let mut end = match Packet::decode(&datagram) {
                    Ok(Packet::Read(request)) => {
                        let length = file.len() as u64;
                        let end = Outgoing::answer(client_address, request, length, settings, now);
                        End::Gives(Box::new(end), file.to_vec())
                    }
                    Ok(Packet::Write(request)) => {
                        let end = Incoming::answer(client_address, request, settings, now);
                        End::Takes(Box::new(end), Vec::new())
                    }
                    _ => continue,
                };
                end.move_data(now);
                unit = Some(end);
            }
            continue;
        }
        for end in [Some(&mut client), unit.as_mut()].into_iter().flatten() {
            if end.due().is_some_and(|due| due <= now) {
                end.time(now);
            }
        }
    }
    for end in [Some(client), unit].into_iter().flatten() {
        if let End::Takes(_, file) = end {
            ended.arrived = file;
        }
    }
    ended
}

fn check(is_write: bool, options: bool, weather: Weather, random: &mut Random) -> Ended {
    let file: Vec<u8> = (0..20_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let ended = transfer(is_write, options, &file, weather, random);
    let arrived = &ended.arrived;
    assert!(file.starts_with(arrived), "{weather:?}: something else arrived");
    assert!(
        ended.client.is_some(),
        "{weather:?}: the client says how it ended"
    );
    let taker = if is_write { ended.unit } else { ended.client };
    assert_eq!(
        taker == Some(true),
        arrived.len() == file.len() && taker != Some(false),
        "{weather:?}"
    );
    if taker == Some(true) {
        assert!(*arrived == file);
    }
    // Who gives a file says that it arrived only where it did; that it did may be lost with the last word.
    let giver = if is_write { ended.client } else { ended.unit };
    assert!(
        giver != Some(true) || taker == Some(true),
        "{weather:?}: {giver:?} {taker:?}"
    );
    ended
}

#[test]
fn cut_after_every_datagram() {
    let mut random = Random::new(1);
    for is_write in [true, false] {
        for options in [true, false] {
            let whole = check(is_write, options, Weather::default(), &mut random);
            assert_eq!((whole.client, whole.unit), (Some(true), Some(true)));
            let mut failed = 0;
            for after in 0..whole.datagrams {
                let weather = Weather {
                    cut_after: Some(after),
                    ..Weather::default()
                };
                let ended = check(is_write, options, weather, &mut random);
                failed += usize::from(ended.client == Some(false));
            }
            // At the end of a read the last acknowledgement alone is missing, and the client has everything.
            assert!(failed >= whole.datagrams - 2, "{failed} of {}", whole.datagrams);
        }
    }
}

#[test]
fn lost_doubled_and_reordered() {
    let mut random = Random::of_test();
    for is_write in [true, false] {
        for options in [true, false] {
            let mut done = 0;
            for _ in 0..NETWORKS {
                let weather = Weather {
                    cut_after: None,
                    lost: random.below(25),
                    doubled: random.below(40),
                    jitter: random.below(60),
                };
                done += usize::from(check(is_write, options, weather, &mut random).client == Some(true));
            }
            println!("write {is_write}, options {options}: {done} of {NETWORKS} arrived");
            assert!(done > NETWORKS / 2);
        }
    }
}
