//! An object that is received over several connections (protocol.md 4.2): cut at any byte, and on one of them spoilt.
//!
//! The first three bytes say how large the parts are, which byte of the second connection is spoilt, and how; then a
//! byte with how many cuts there are, that many bytes with where they are, and the object.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use trunkline_protocol::link::{Answer, Client, Event, Inbound, LinkError, Object, Request, Stat, frame};

/// What is handed over is a beginning of the object as long as nobody lies, each connection goes on at the very byte, and
/// an object that is called done is the object.
pub(crate) fn run(data: &[u8]) {
    let [part, at, mask, cuts, rest @ ..] = data else {
        return;
    };
    let (cuts, object) = rest.split_at(usize::from(cuts % 8).min(rest.len()));
    let (mut inbound, mut got) = (Inbound::new(), Vec::new());
    let cuts = cuts.iter().map(|cut| Some(usize::from(*cut)));
    for (number, cut) in cuts.chain([None]).enumerate() {
        let mut wire = answers(object, inbound.received(), usize::from(*part) + 1);
        wire.truncate(cut.unwrap_or(usize::MAX));
        let spoilt = number == 1 && *mask != 0 && usize::from(*at) < wire.len();
        if spoilt {
            wire[usize::from(*at)] ^= mask;
        }
        assert_eq!(inbound.received(), got.len() as u64);
        let (mut client, now) = (
            Client::new(Duration::from_secs(10), Instant::now()),
            Instant::now(),
        );
        client.read(Object::Configuration, inbound, now);
        assert_asks(&mut client, object, got.len());
        let (is_done, over) = listen(&mut client, &wire, &mut got);
        if is_done {
            assert_eq!(got, object);
            return;
        }
        if spoilt || over.is_err() {
            assert!(spoilt, "{over:?}");
            return;
        }
        assert!(cut.is_some(), "the last one brings all of it");
        assert_eq!(got, object[..got.len()]);
        inbound = client.take_inbound().unwrap_or_default();
    }
}

/// What an honest unit sends of the object from this byte on.
fn answers(object: &[u8], from: u64, part: usize) -> Vec<u8> {
    let sha256 = Sha256::digest(object).into();
    let head = Stat {
        length: object.len() as u64,
        sha256,
        revision: "r1".into(),
    };
    let mut wire = Answer::Read(Ok(head)).encode(1).to_vec();
    let mut offset = from;
    for bytes in object[usize::try_from(from).unwrap()..].chunks(part) {
        let bytes = Bytes::copy_from_slice(bytes);
        wire.extend(
            Answer::Data {
                offset,
                bytes: bytes.clone(),
            }
            .encode(1),
        );
        offset += bytes.len() as u64;
    }
    wire.extend(Answer::End { sha256 }.encode(1));
    wire
}

/// The one request names the byte and, where there is something, the object.
fn assert_asks(client: &mut Client, object: &[u8], from: usize) {
    let mut sent: BytesMut = std::iter::from_fn(|| client.poll_transmit()).flatten().collect();
    let payload = frame::take(&mut sent, usize::MAX).unwrap().unwrap();
    assert!(sent.is_empty());
    let resumed = if from == 0 {
        [0; 32]
    } else {
        Sha256::digest(object).into()
    };
    match Request::decode(payload) {
        Ok((
            1,
            Request::Read {
                object: Object::Configuration,
                offset,
                resumed: named,
            },
        )) => assert_eq!((offset, named), (from as u64, resumed)),
        other => panic!("{other:?}"),
    }
}

/// Whether the object is done, and whether the connection could go on.
fn listen(client: &mut Client, wire: &[u8], got: &mut Vec<u8>) -> (bool, Result<(), LinkError>) {
    let mut input = BytesMut::from(wire);
    let handled = client.handle_bytes(&mut input, Instant::now());
    client.handle_cut(&mut input);
    let mut is_done = false;
    while let Some(event) = client.poll_event() {
        match event {
            Event::Data(bytes) => got.extend(bytes),
            Event::ReadDone => is_done = true,
            _ => {}
        }
    }
    (is_done, handled)
}
