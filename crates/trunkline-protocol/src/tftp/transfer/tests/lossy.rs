//! Both ends over a network that loses, repeats and reorders datagrams; the same ones in every run.

use std::collections::BTreeMap;

use super::*;

const CLIENT: &str = "10.0.0.9:50000";

/// What happens to datagrams, in percent.
#[derive(Clone, Copy, Default)]
struct Weather {
    lost: u64,
    repeated: u64,
    /// How many milliseconds a datagram can take above one; what takes longer is overtaken.
    jitter: u64,
}

struct Network {
    weather: Weather,
    random: u64,
    /// Datagrams under way, by arrival (in milliseconds) and number.
    under_way: BTreeMap<(u64, u64), (bool, Vec<u8>)>,
    /// How often each DATA block was sent.
    sent_blocks: u64,
    carried: u64,
}

impl Network {
    fn new(weather: Weather) -> Self {
        Self {
            weather,
            random: 42,
            under_way: BTreeMap::new(),
            sent_blocks: 0,
            carried: 0,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn carry(&mut self, at: u64, to_unit: bool, datagram: &[u8]) {
        self.sent_blocks += u64::from(datagram[1] == 3);
        let copies = if self.random(100) < self.weather.repeated {
            2
        } else {
            1
        };
        for _ in 0..copies {
            if self.random(100) >= self.weather.lost {
                let arrival = at + 1 + self.random(self.weather.jitter + 1);
                self.carried += 1;
                self.under_way
                    .insert((arrival, self.carried), (to_unit, datagram.to_vec()));
            }
        }
    }
}

struct Outcome {
    bytes: Vec<u8>,
    events: [Vec<TransferEvent>; 2],
    milliseconds: u64,
    sent_blocks: u64,
}

/// Runs a client against a unit until both are silent. The unit begins when the request reaches it.
fn run(begin: Instant, client: Side, weather: Weather, unit: impl Fn(Request, Instant) -> Side) -> Outcome {
    let mut network = Network::new(weather);
    let mut sides = [Some(client), None];
    let mut events = [Vec::new(), Vec::new()];
    let mut elapsed = 0;
    loop {
        for (index, side) in sides.iter_mut().enumerate() {
            let Some(side) = side else { continue };
            while let Some((_, datagram)) = side.poll_transmit() {
                network.carry(elapsed, index == 0, &datagram);
            }
            events[index].extend(std::iter::from_fn(|| side.poll_event()));
        }
        let dues = sides.iter().flatten().filter_map(Side::poll_timeout);
        let due = dues
            .min()
            .map(|due| u64::try_from((due - begin).as_millis()).unwrap());
        let arrival = network.under_way.keys().next().map(|&(at, _)| at);
        let Some(next) = due.into_iter().chain(arrival).min() else {
            break;
        };
        elapsed = elapsed.max(next);
        assert!(
            elapsed < 3_600_000 && network.carried < 1_000_000,
            "this never ends"
        );
        let now = begin + Duration::from_millis(elapsed);
        if arrival.is_some_and(|at| at <= elapsed) {
            let (_, (to_unit, datagram)) = network.under_way.pop_first().unwrap();
            match (to_unit, Packet::decode(&datagram)) {
                (true, Ok(Packet::Read(request) | Packet::Write(request))) => {
                    // A repeated request is no second transfer while the first runs.
                    sides[1].get_or_insert_with(|| unit(request, now));
                }
                (to_unit, _) => {
                    let from = address(if to_unit { CLIENT } else { PEER });
                    if let Some(side) = &mut sides[usize::from(to_unit)] {
                        side.handle_datagram(now, from, &datagram);
                    }
                }
            }
        } else {
            sides
                .iter_mut()
                .flatten()
                .for_each(|side| side.handle_timeout(now));
        }
    }
    let bytes = sides.into_iter().flatten().find_map(|side| match side {
        Side::In(_, bytes) => Some(bytes),
        Side::Out(..) => None,
    });
    Outcome {
        bytes: bytes.unwrap(),
        events,
        milliseconds: elapsed,
        sent_blocks: network.sent_blocks,
    }
}

fn read(file_content: &[u8], settings: TransferSettings, weather: Weather) -> Outcome {
    let begin = start();
    let client = Side::In(
        Incoming::read(address(SERVER), file(), settings, begin),
        Vec::new(),
    );
    run(begin, client, weather, |request, now| {
        let length = file_content.len() as u64;
        let outgoing = Outgoing::answer(address(CLIENT), request, length, settings, now);
        let mut side = Side::Out(outgoing, file_content.to_vec());
        side.move_data(now);
        side
    })
}

fn write(file_content: &[u8], settings: TransferSettings, weather: Weather) -> Outcome {
    let length = file_content.len() as u64;
    let begin = start();
    let outgoing = Outgoing::write(address(SERVER), file(), length, settings, begin);
    run(
        begin,
        Side::Out(outgoing, file_content.to_vec()),
        weather,
        |request, now| {
            Side::In(
                Incoming::answer(address(CLIENT), request, settings, now),
                Vec::new(),
            )
        },
    )
}

/// The file arrives whole, and both ends know.
#[track_caller]
fn check(length: usize, settings: TransferSettings, weather: Weather) -> [Outcome; 2] {
    let expect = content(length);
    let outcomes = [
        read(&expect, settings, weather),
        write(&expect, settings, weather),
    ];
    for outcome in &outcomes {
        assert!(
            outcome.bytes == expect,
            "{} of {length} bytes",
            outcome.bytes.len()
        );
        for events in &outcome.events {
            assert_eq!(
                events.last(),
                Some(&TransferEvent::Finished { bytes: length as u64 })
            );
        }
    }
    outcomes
}

fn small_blocks() -> TransferSettings {
    TransferSettings {
        block_size: 64,
        ..TransferSettings::default()
    }
}

#[test]
fn files_of_every_length_arrive() {
    for length in [0, 1, 511, 512, 513, 1427, 1428, 1429, 16 * 1428, 100_000] {
        check(length, TransferSettings::default(), Weather::default());
        check(length, plain(), Weather::default());
    }
}

#[test]
fn on_a_good_network_each_block_is_sent_once() {
    for outcome in check(640_000, small_blocks(), Weather::default()) {
        assert_eq!(outcome.sent_blocks, 10_001);
    }
}

#[test]
fn block_numbers_go_on_after_65535() {
    let settings = TransferSettings {
        block_size: 8,
        ..TransferSettings::default()
    };
    for outcome in check(8 * 66_000, settings, Weather::default()) {
        assert_eq!(outcome.sent_blocks, 66_001);
    }
    check(
        8 * 66_000,
        TransferSettings {
            window_size: 1,
            ..settings
        },
        Weather::default(),
    );
}

#[test]
fn a_fifth_of_all_datagrams_may_be_lost() {
    let weather = Weather {
        lost: 20,
        jitter: 5,
        ..Weather::default()
    };
    let patient = TransferSettings {
        tries: 8,
        ..small_blocks()
    };
    check(100_000, patient, weather);
    check(
        100_000,
        TransferSettings {
            options: false,
            ..patient
        },
        weather,
    );
}

/// With every datagram doubled, an acknowledgement that is answered twice would double all that follows.
#[test]
fn the_sorcerers_apprentice_stays_away() {
    let weather = Weather {
        repeated: 100,
        ..Weather::default()
    };
    for settings in [
        small_blocks(),
        TransferSettings {
            window_size: 1,
            ..small_blocks()
        },
        plain(),
    ] {
        for outcome in check(100_000, settings, weather) {
            let block_size = if settings.options { 64 } else { 512 };
            let blocks = 100_000 / block_size + 1;
            assert_eq!(outcome.sent_blocks, blocks, "{settings:?}");
            assert!(outcome.milliseconds < 10_000, "{} ms", outcome.milliseconds);
        }
    }
}

#[test]
fn overtaking_and_repetition_change_nothing() {
    let weather = Weather {
        lost: 2,
        repeated: 30,
        jitter: 40,
    };
    let patient = TransferSettings {
        tries: 8,
        ..small_blocks()
    };
    for outcome in check(50_000, patient, weather) {
        // Going back costs blocks, but a bounded number of them.
        assert!(
            outcome.sent_blocks < 50_000 / 64 * 16,
            "{} blocks",
            outcome.sent_blocks
        );
    }
    check(50_000, plain(), weather);
}

#[test]
fn a_dead_network_ends_in_an_error() {
    let begin = start();
    let client = Side::In(
        Incoming::read(address(SERVER), file(), plain(), begin),
        Vec::new(),
    );
    let outcome = run(
        begin,
        client,
        Weather {
            lost: 100,
            ..Weather::default()
        },
        |_, _| unreachable!("nothing arrives"),
    );
    assert_eq!(
        outcome.events[0],
        [TransferEvent::Failed(TransferError::NoAnswer { tries: 5 })]
    );
    assert_eq!(outcome.milliseconds, 31_000);
}
