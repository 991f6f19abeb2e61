//! A client whose unit sends whatever it likes, torn wherever the network likes (protocol.md section 4).
//!
//! The first byte says what was asked, the second and third where the bytes are cut; the rest is what arrives.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use trunkline_protocol::link::auth::Proofs;
use trunkline_protocol::link::{Client, Event, Inbound, LinkError, Object, Restart, Stat, WriteMode};

type Outcome = (Vec<Event>, Result<(), LinkError>);

/// What happens does not depend on where the bytes are cut, and no more data comes out than went in.
pub(crate) fn run(data: &[u8]) {
    let [question, first, step, arriving @ ..] = data else {
        return;
    };
    let whole = listen(*question, &[arriving]);
    let (head, tail) = arriving.split_at(usize::from(*first).min(arriving.len()));
    let mut pieces = vec![head];
    pieces.extend(tail.chunks(usize::from(*step) + 1));
    assert_eq!(listen(*question, &pieces), whole);

    let handed_over: usize = whole
        .0
        .iter()
        .map(|event| {
            if let Event::Data(bytes) = event {
                bytes.len()
            } else {
                0
            }
        })
        .sum();
    assert!(handed_over <= arriving.len());
}

/// Everything that happens until the pieces or the connection end.
fn listen(question: u8, pieces: &[&[u8]]) -> Outcome {
    let now = Instant::now();
    let mut client = Client::new(Duration::from_secs(10), now).with_object_limit(1 << 20);
    ask(&mut client, question, now);
    let mut input = BytesMut::new();
    let mut events = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        let result = client.handle_bytes(&mut input, now);
        events.extend(std::iter::from_fn(|| client.poll_event()));
        if result.is_err() {
            return (events, result);
        }
    }
    (events, Ok(()))
}

/// One question; its request id is 1.
fn ask(client: &mut Client, question: u8, now: Instant) {
    let object = Object::Configuration;
    match question % 11 {
        0 => client.whois(now),
        1 => client.test(Bytes::from_static(b"ping"), now),
        2 => client.request_challenge("fuzz", now),
        3 => client.prove(
            Bytes::from_static(&[7; 32]),
            &Proofs {
                client: [1; 32],
                unit: [2; 32],
            },
            now,
        ),
        4 => client.read(object, Inbound::new(), now),
        5 => client.write(
            object,
            WriteMode::Merge,
            &Stat {
                length: 0,
                sha256: [0; 32],
                revision: String::new(),
            },
            now,
        ),
        6 => client.commit([0; 32], now),
        7 => client.reboot(Restart::Immediately, now),
        8 => client.change_password("new".into(), now),
        9 => client.stat(object, now),
        _ => {}
    }
}
