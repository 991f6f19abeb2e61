//! The client against a unit that is a script of literal bytes, in virtual time.

use super::*;
use crate::link::auth::{Channel, Keys, Service};
use crate::link::test_bytes::{hex, long_form, start};

#[path = "client_tests/line.rs"]
mod line;
#[path = "client_tests/log_in.rs"]
mod log_in;
#[path = "client_tests/receive.rs"]
mod receive;
#[path = "client_tests/send.rs"]
mod send;

const SALT: &str = "000102030405060708090a0b0c0d0e0f";
const UNIT_NONCE: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
const CLIENT_NONCE: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
const PROOF: &str = "e4f12b345f9e5c4d464bb14f184cd33acf36e11ae492eb576212e10b524ca49d";
const UNIT_PROOF: &str = "09c716579703c689b2cf87cf6f86fe709803e3c966d3ab9cabd0a4d63c44978e";
/// SHA-256 of `abcdef`.
const HASH: &str = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
/// SHA-256 of `ABCDEF`.
const OTHER_HASH: &str = "e9c0f8b575cbfcb42ab3b78ecc87efa3b011d9a5d10b09fa4e96f240bf6a82f5";
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const PATIENCE: Duration = Duration::from_secs(10);

/// A client, what arrived for it, and a clock that stands still until a test moves it.
struct Line {
    client: Client,
    input: BytesMut,
    now: Instant,
    /// Everything that the client sent so far.
    wire: Vec<u8>,
}

impl Line {
    fn new() -> Self {
        let now = start();
        Self {
            client: Client::new(PATIENCE, now),
            input: BytesMut::new(),
            now,
            wire: Vec::new(),
        }
    }

    /// A line whose log-in is done; the next request id is 3.
    fn logged_in() -> Self {
        let mut line = Self::new();
        line.challenged();
        line.prove();
        let events = line.arrives(&format!(
            "490035 80300001 00000002 00000000 00540201 0020 {UNIT_PROOF}"
        ));
        assert_eq!(events, Ok(vec![Event::LoggedIn(LogIn::default())]));
        line
    }

    /// Up to the challenge of protocol.md section 9.
    fn challenged(&mut self) -> Challenge {
        self.client.request_challenge("Trunkline", self.now);
        self.sends("49001f 00300001 00000001 00000003 007e0001 000a 5472756e6b6c696e6500");
        match self.arrives(&challenge(0x0000_C350)).as_deref() {
            Ok([Event::Challenge(challenge)]) => challenge.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn prove(&mut self) {
        let proofs = Proofs {
            client: array(PROOF),
            unit: array(UNIT_PROOF),
        };
        self.client.prove(hex(CLIENT_NONCE), &proofs, self.now);
        self.sends(&format!(
            "490053 00300001 00000002 00000053 0020 {CLIENT_NONCE} 0020 {PROOF}"
        ));
    }

    /// The client's next bytes are these and no others.
    fn sends(&mut self, expect: &str) {
        let sent: Vec<u8> = std::iter::from_fn(|| self.client.poll_transmit())
            .flatten()
            .collect();
        self.wire.extend(&sent);
        assert_eq!(Bytes::from(sent), hex(expect));
    }

    /// Bytes arrive together; what happened, or why the connection is over.
    fn arrives(&mut self, bytes: &str) -> Result<Vec<Event>, LinkError> {
        self.arrives_in_pieces([hex(bytes)])
    }

    fn arrives_in_pieces(
        &mut self,
        pieces: impl IntoIterator<Item = Bytes>,
    ) -> Result<Vec<Event>, LinkError> {
        let mut events = Vec::new();
        for piece in pieces {
            self.input.extend_from_slice(&piece);
            self.client.handle_bytes(&mut self.input, self.now)?;
            events.extend(self.events());
        }
        Ok(events)
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }
}

/// The challenge of protocol.md section 9, with this many iterations.
fn challenge(iterations: u32) -> String {
    format!("490047 80300001 00000001 00000003 {iterations:08x} 0010 {SALT} 0020 {UNIT_NONCE}")
}

fn array(text: &str) -> [u8; 32] {
    hex(text).as_ref().try_into().unwrap()
}

/// A refusal that says nothing more.
fn refusal(outcome: Outcome) -> Refusal {
    Refusal {
        outcome,
        retry_after_s: None,
        attempts_left: None,
        revision: None,
        largest_object: None,
    }
}

/// What `abcdef` is, at revision `r41`.
fn stat() -> Stat {
    Stat {
        length: 6,
        sha256: array(HASH),
        revision: "r41".into(),
    }
}
