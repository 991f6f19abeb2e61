//! One end alone, against literal datagrams.

use super::*;

const ASKED: &[u8] = b"\0\x01nasystem/rconfig/secret\0octet\0blksize\x001428\0tsize\x000\0windowsize\x0016\0";
const ASKED_PLAINLY: &[u8] = b"\0\x01nasystem/rconfig/secret\0octet\0";
const OFFERED: &[u8] =
    b"\0\x02nasystem/rconfig/secret\0octet\0blksize\x001428\0tsize\x003\0windowsize\x0016\0";
const OFFERED_PLAINLY: &[u8] = b"\0\x02nasystem/rconfig/secret\0octet\0";
const REFUSES_OPTIONS: &[u8] = b"\0\x05\0\x08no options here\0";

/// One end in virtual time.
struct Bench {
    side: Side,
    now: Instant,
}

impl Bench {
    fn read(settings: TransferSettings) -> Self {
        let now = start();
        Self {
            side: Side::In(Incoming::read(address(SERVER), file(), settings, now), Vec::new()),
            now,
        }
    }

    fn write(bytes: &[u8], settings: TransferSettings) -> Self {
        let now = start();
        let outgoing = Outgoing::write(address(SERVER), file(), bytes.len() as u64, settings, now);
        Self {
            side: Side::Out(outgoing, bytes.to_vec()),
            now,
        }
    }

    fn receive(&mut self, from: &str, datagram: &[u8]) -> &mut Self {
        self.side.handle_datagram(self.now, address(from), datagram);
        self
    }

    /// Lets milliseconds pass, and does everything that becomes due on the way.
    fn pass(&mut self, milliseconds: u64) -> &mut Self {
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(due) = self.side.poll_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.side.handle_timeout(self.now);
        }
        self.now = end;
        self
    }

    #[track_caller]
    fn sends(&mut self, expect: &[(&str, &[u8])]) -> &mut Self {
        let sent: Vec<_> = std::iter::from_fn(|| self.side.poll_transmit()).collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|&(to, bytes)| (address(to), bytes.to_vec()))
            .collect();
        assert_eq!(sent, expect);
        self
    }

    #[track_caller]
    fn reports(&mut self, expect: &[TransferEvent]) -> &mut Self {
        let events: Vec<_> = std::iter::from_fn(|| self.side.poll_event()).collect();
        assert_eq!(events, expect);
        self
    }

    #[track_caller]
    fn fails(&mut self, error: TransferError) {
        self.reports(&[TransferEvent::Failed(error)]);
        assert_eq!(self.side.poll_timeout(), None);
        self.receive(PEER, b"\0\x03\0\x01abc")
            .receive(PEER, b"\0\x04\0\0")
            .sends(&[])
            .reports(&[]);
    }

    #[track_caller]
    fn holds(&mut self, expect: &[u8]) -> &mut Self {
        let (Side::In(_, bytes) | Side::Out(_, bytes)) = &self.side;
        assert_eq!(bytes, expect);
        self
    }
}

const fn started(total: Option<u64>) -> TransferEvent {
    TransferEvent::Started { total }
}

const fn finished(bytes: u64) -> TransferEvent {
    TransferEvent::Finished { bytes }
}

#[test]
fn a_unit_that_knows_options_is_read_with_them() {
    Bench::read(TransferSettings::default())
        .sends(&[(SERVER, ASKED)])
        .receive(PEER, b"\0\x06TSIZE\x005\0blksize\x008\0windowsize\x002\0")
        .sends(&[(PEER, b"\0\x04\0\0")])
        .reports(&[started(Some(5))])
        // The acknowledgement of the options was lost.
        .receive(PEER, b"\0\x06tsize\x005\0blksize\x008\0windowsize\x002\0")
        .sends(&[(PEER, b"\0\x04\0\0")])
        .receive(PEER, b"\0\x03\0\x01hello")
        .sends(&[(PEER, b"\0\x04\0\x01")])
        .reports(&[finished(5)])
        .holds(b"hello")
        // The last acknowledgement was lost.
        .pass(2999)
        .receive(PEER, b"\0\x03\0\x01hello")
        .sends(&[(PEER, b"\0\x04\0\x01")])
        .holds(b"hello")
        .pass(1)
        .receive(PEER, b"\0\x03\0\x01hello")
        .sends(&[])
        .reports(&[]);
}

#[test]
fn a_unit_that_ignores_options_is_read_without() {
    let block = [b"\0\x03\0\x01", &[b'x'; 512][..]].concat();
    Bench::read(TransferSettings::default())
        .receive(PEER, &block)
        .sends(&[(SERVER, ASKED), (PEER, b"\0\x04\0\x01")])
        .reports(&[started(None)])
        .receive(PEER, b"\0\x03\0\x02")
        .sends(&[(PEER, b"\0\x04\0\x02")])
        .reports(&[finished(512)])
        .holds(&[b'x'; 512]);
}

#[test]
fn a_unit_that_refuses_options_is_asked_again_without() {
    Bench::read(TransferSettings::default())
        .receive(PEER, REFUSES_OPTIONS)
        .sends(&[(SERVER, ASKED), (SERVER, ASKED_PLAINLY)])
        .receive("10.0.0.1:1025", b"\0\x03\0\x01hello")
        .sends(&[("10.0.0.1:1025", b"\0\x04\0\x01")])
        .reports(&[started(None), finished(5)]);
    Bench::write(b"abc", TransferSettings::default())
        .receive(PEER, REFUSES_OPTIONS)
        .sends(&[(SERVER, OFFERED), (SERVER, OFFERED_PLAINLY)])
        .receive(PEER, b"\0\x04\0\0")
        .sends(&[(PEER, b"\0\x03\0\x01abc")])
        .receive(PEER, b"\0\x04\0\x01")
        .reports(&[started(Some(3)), finished(3)])
        .holds(b"");
    // Refused without having been offered, it is a refusal like any other.
    Bench::read(plain())
        .receive(PEER, REFUSES_OPTIONS)
        .sends(&[(SERVER, ASKED_PLAINLY)])
        .fails(TransferError::Refused {
            code: ErrorCode::OptionsRefused,
            text: "no options here".to_owned(),
        });
}

#[test]
fn a_file_is_written_with_options() {
    Bench::write(b"abc", TransferSettings::default())
        .sends(&[(SERVER, OFFERED)])
        .receive(PEER, b"\0\x06blksize\x00512\0tsize\x003\0")
        .sends(&[(PEER, b"\0\x03\0\x01abc")])
        .receive(PEER, b"\0\x04\0\0")
        .receive(PEER, b"\0\x04\0\x02")
        .sends(&[])
        .receive(PEER, b"\0\x04\0\x01")
        .reports(&[started(Some(3)), finished(3)])
        .receive(PEER, b"\0\x04\0\x01")
        .sends(&[])
        .reports(&[]);
}

#[test]
fn an_empty_file_is_one_empty_block() {
    Bench::write(b"", plain())
        .receive(PEER, b"\0\x04\0\0")
        .sends(&[(SERVER, OFFERED_PLAINLY), (PEER, b"\0\x03\0\x01")])
        .receive(PEER, b"\0\x04\0\x01")
        .reports(&[started(Some(0)), finished(0)]);
    Bench::read(plain())
        .receive(PEER, b"\0\x03\0\x01")
        .reports(&[started(None), finished(0)])
        .holds(b"");
}

#[test]
fn a_request_is_repeated_more_and_more_slowly_and_then_given_up() {
    let check = |mut bench: Bench, request: &[u8]| {
        for wait in [1000, 2000, 4000, 8000] {
            bench
                .sends(&[(SERVER, request)])
                .pass(wait - 1)
                .sends(&[])
                .pass(1);
        }
        bench
            .sends(&[(SERVER, request)])
            .pass(15_999)
            .sends(&[])
            .reports(&[]);
        bench.pass(1).fails(TransferError::NoAnswer { tries: 5 });
    };
    check(Bench::read(TransferSettings::default()), ASKED);
    check(Bench::write(b"abc", plain()), OFFERED_PLAINLY);
}

#[test]
fn a_transfer_that_stalls_says_how_far_it_got() {
    let settings = TransferSettings {
        tries: 2,
        ..TransferSettings::default()
    };
    let stopped: &[u8] = b"\0\x05\0\0the transfer stopped\0";
    Bench::read(settings)
        .receive(PEER, b"\0\x06tsize\x00100\0blksize\x008\0windowsize\x004\0")
        .receive(PEER, b"\0\x03\0\x0112345678")
        .sends(&[(SERVER, ASKED), (PEER, b"\0\x04\0\0")])
        .reports(&[started(Some(100))])
        .pass(1000)
        .sends(&[(PEER, b"\0\x04\0\x01")])
        .pass(2000)
        .sends(&[(PEER, stopped)])
        .fails(TransferError::Stalled {
            transferred: 8,
            total: Some(100),
        });
    let mut write = Bench::write(
        &[b'x'; 600],
        TransferSettings {
            options: false,
            ..settings
        },
    );
    write.receive(PEER, b"\0\x04\0\0").receive(PEER, b"\0\x04\0\x01");
    let last = [b"\0\x03\0\x02", &[b'x'; 88][..]].concat();
    let first = [b"\0\x03\0\x01", &[b'x'; 512][..]].concat();
    write
        .sends(&[(SERVER, OFFERED_PLAINLY), (PEER, &first), (PEER, &last)])
        .reports(&[started(Some(600))])
        .pass(1000)
        .sends(&[(PEER, &last)])
        .pass(2000)
        .sends(&[(PEER, stopped)])
        .fails(TransferError::Stalled {
            transferred: 512,
            total: Some(600),
        });
    let words = TransferError::Stalled {
        transferred: 512,
        total: Some(600),
    }
    .to_string();
    assert_eq!(words, "the transfer stopped after 512 bytes of 600");
}

#[test]
fn a_wrong_password_is_a_refusal() {
    let error = TransferError::Refused {
        code: ErrorCode::AccessViolation,
        text: "Access violation".to_owned(),
    };
    let refusal = b"\0\x05\0\x02Access violation\0";
    Bench::read(plain())
        .receive(PEER, refusal)
        .sends(&[(SERVER, ASKED_PLAINLY)])
        .fails(error.clone());
    Bench::write(b"abc", plain())
        .receive(PEER, refusal)
        .sends(&[(SERVER, OFFERED_PLAINLY)])
        .fails(error.clone());
    let mut late = Bench::write(b"abc", plain());
    late.receive(PEER, b"\0\x04\0\0")
        .reports(&[started(Some(3))])
        .receive(PEER, refusal);
    late.sends(&[(SERVER, OFFERED_PLAINLY), (PEER, b"\0\x03\0\x01abc")])
        .fails(error);
}

#[test]
fn a_stranger_is_told_so_and_changes_nothing() {
    let unknown: &[u8] = b"\0\x05\0\x05unknown transfer\0";
    let (same_host, other_host) = ("10.0.0.1:1025", "10.0.0.2:1024");
    Bench::read(plain())
        .sends(&[(SERVER, ASKED_PLAINLY)])
        .receive(other_host, b"\0\x03\0\x01evil")
        .receive(other_host, b"\0\x05\0\x02no\0")
        .receive(other_host, b"noise")
        .sends(&[(other_host, unknown)])
        .receive(PEER, &[b"\0\x03\0\x01", &[b'x'; 512][..]].concat())
        .receive(same_host, b"\0\x03\0\x02evil")
        .receive(same_host, b"\0\x05\0\x02no\0")
        .sends(&[(PEER, b"\0\x04\0\x01"), (same_host, unknown)])
        .receive(PEER, b"\0\x03\0\x02y")
        .reports(&[started(None), finished(513)]);
    Bench::write(b"abc", plain())
        .receive(PEER, b"\0\x04\0\0")
        .receive(same_host, b"\0\x04\0\x01")
        .sends(&[
            (SERVER, OFFERED_PLAINLY),
            (PEER, b"\0\x03\0\x01abc"),
            (same_host, unknown),
        ])
        .reports(&[started(Some(3))]);
}

#[test]
fn options_that_were_not_offered_end_the_transfer() {
    let tell: &[u8] = b"\0\x05\0\x08these options were not offered\0";
    let check = |settings: TransferSettings, options: &[u8]| {
        let datagram = [b"\0\x06", options].concat();
        for mut bench in [Bench::read(settings), Bench::write(b"abc", settings)] {
            while bench.side.poll_transmit().is_some() {}
            bench
                .receive(PEER, &datagram)
                .sends(&[(PEER, tell)])
                .fails(TransferError::Options);
        }
    };
    let offered = TransferSettings::default();
    check(offered, b"blksize\x001429\0");
    check(offered, b"windowsize\x0017\0");
    check(offered, b"multicast\0x\0");
    check(offered, b"timeout\x001\0");
    check(offered, b"blksize\x000\0");
    check(plain(), b"tsize\x003\0");
    check(plain(), b"blksize\x00512\0");
}

#[test]
fn a_file_of_another_length_than_announced_is_damaged() {
    let told: &[u8] = b"\0\x05\0\0the length is not the one announced\0";
    for (bytes, received) in [(&b"12"[..], 2), (b"1234", 4)] {
        let mut bench = Bench::read(TransferSettings::default());
        bench
            .receive(PEER, b"\0\x06tsize\x003\0")
            .receive(PEER, &[b"\0\x03\0\x01", bytes].concat());
        bench
            .sends(&[(SERVER, ASKED), (PEER, b"\0\x04\0\0"), (PEER, told)])
            .holds(b"");
        bench.reports(&[
            started(Some(3)),
            TransferEvent::Failed(TransferError::WrongLength {
                announced: 3,
                received,
            }),
        ]);
    }
}

#[test]
fn a_file_that_is_too_large_is_not_taken() {
    let told: &[u8] = b"\0\x05\0\x03the file is too large\0";
    let settings = TransferSettings {
        limit: 600,
        ..TransferSettings::default()
    };
    Bench::read(settings)
        .receive(PEER, b"\0\x06tsize\x00601\0")
        .sends(&[(SERVER, ASKED), (PEER, told)])
        .fails(TransferError::TooLarge { limit: 600 });
    let block = |number: u8| [&[0, 3, 0, number][..], &[b'x'; 512]].concat();
    Bench::read(settings)
        .receive(PEER, &block(1))
        .reports(&[started(None)])
        .receive(PEER, &block(2))
        .sends(&[(SERVER, ASKED), (PEER, b"\0\x04\0\x01"), (PEER, told)])
        .fails(TransferError::TooLarge { limit: 600 });
}

#[test]
fn a_block_longer_than_agreed_ends_the_transfer() {
    Bench::read(plain())
        .receive(PEER, &[b"\0\x03\0\x01", &[b'x'; 513][..]].concat())
        .sends(&[
            (SERVER, ASKED_PLAINLY),
            (PEER, b"\0\x05\0\x04the block is longer than agreed\0"),
        ])
        .holds(b"")
        .reports(&[started(None), TransferEvent::Failed(TransferError::BlockTooLong)]);
}

#[test]
fn a_gap_that_stays_is_told_again_after_each_wait() {
    let mut bench = Bench::read(TransferSettings::default());
    let gap: &[u8] = b"\0\x03\0\x03too soon";
    bench
        .receive(PEER, b"\0\x06blksize\x008\0windowsize\x004\0")
        .receive(PEER, b"\0\x03\0\x0112345678");
    bench.sends(&[(SERVER, ASKED), (PEER, b"\0\x04\0\0")]);
    bench
        .receive(PEER, gap)
        .receive(PEER, gap)
        .sends(&[(PEER, b"\0\x04\0\x01")]);
    bench.pass(1000).sends(&[(PEER, b"\0\x04\0\x01")]);
    bench
        .receive(PEER, gap)
        .receive(PEER, gap)
        .sends(&[(PEER, b"\0\x04\0\x01")]);
}

/// No datagram whatever may make a transfer panic, or keep it from ending.
#[test]
fn noise_never_hurts() {
    for seed in 1..=50_u64 {
        let file = content(5000);
        let mut benches = [
            Bench::read(TransferSettings::default()),
            Bench::write(&file, plain()),
        ];
        let mut state = seed;
        let mut next = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..200 {
            let [kind, block] = [next(6), next(5)].map(|number| u8::try_from(number).unwrap());
            let length = usize::try_from(next(1500)).unwrap();
            let mut datagram = match kind {
                0 => b"\0\x06blksize\x0016\0windowsize\x003\0".to_vec(),
                1 => vec![0, 3, 0, block],
                2 | 3 => vec![0, 4, 0, block],
                _ => [&[0, 3, 0, block][..], &[b'1'; 1500]].concat(),
            };
            datagram.truncate(4 + length);
            for bench in &mut benches {
                bench.receive(PEER, &datagram).pass(next(3));
            }
        }
        for bench in &mut benches {
            bench.pass(600_000);
            let last = std::iter::from_fn(|| bench.side.poll_event()).last();
            let ended = matches!(
                last,
                Some(TransferEvent::Finished { .. } | TransferEvent::Failed(_))
            );
            assert!(
                ended && bench.side.poll_timeout().is_none(),
                "seed {seed}: {last:?}"
            );
        }
    }
}
