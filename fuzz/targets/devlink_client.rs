//! A client of DevLink3 whose unit sends whatever it likes, torn wherever the network likes (protocol.md section 8).
//!
//! The first byte says what was asked and whether the password itself may be sent, the second into how large pieces the
//! bytes are torn; the rest is what arrives.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use trunkline_protocol::devlink::{Client, DevLinkError, Event, FileName};

const PASSWORD: &str = "Geheim-42";

type Outcome = (Vec<Event>, Vec<u8>, Result<(), DevLinkError>);

/// What happens does not depend on where the bytes are torn; no file is longer than what arrived; and the password
/// leaves only where it may.
pub(crate) fn run(data: &[u8]) {
    let [question, step, arriving @ ..] = data else {
        return;
    };
    let whole = listen(*question, arriving, arriving.len().max(1));
    let torn = listen(*question, arriving, usize::from(*step) + 1);
    assert_eq!((&torn.0, &torn.2), (&whole.0, &whole.2));
    let (events, sent) = (whole.0, [torn.1, whole.1].concat());
    for event in events {
        if let Event::File(bytes) = event {
            assert!(bytes.len() < arriving.len());
        }
    }
    let leaks = sent
        .windows(PASSWORD.len())
        .any(|window| window == PASSWORD.as_bytes());
    assert!(!leaks || may_send(*question), "the password was sent");
}

fn may_send(question: u8) -> bool {
    question & 2 != 0
}

/// Everything that happens, and everything that is sent, until the bytes or the connection end.
fn listen(question: u8, arriving: &[u8], step: usize) -> Outcome {
    let now = Instant::now();
    let mut client = Client::new(Duration::from_secs(10), may_send(question), now);
    if question & 1 == 0 {
        client.log_in("Administrator", PASSWORD.into(), now).unwrap();
    } else {
        let name: FileName = "nasystem/user_list8".parse().unwrap();
        client.read_file(&name, now);
    }
    let (mut input, mut events) = (BytesMut::new(), Vec::new());
    let mut sent: Vec<u8> = std::iter::from_fn(|| client.poll_transmit()).flatten().collect();
    for piece in arriving.chunks(step) {
        input.extend_from_slice(piece);
        let result = client.handle_bytes(&mut input, now);
        events.extend(std::iter::from_fn(|| client.poll_event()));
        sent.extend(std::iter::from_fn(|| client.poll_transmit()).flatten());
        if result.is_err() {
            return (events, sent, result);
        }
    }
    (events, sent, Ok(()))
}
