//! A relay between a client and a unit, over plain TCP, that spoils what it passes on where it is told to. It knows
//! where frames end (docs/protocol.md, 4.1) and nothing else of them, and uses none of Trunkline's crates.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// From the client.
    ToUnit,
    /// From the unit.
    ToClient,
}

/// Both.
pub const SIDES: [Side; 2] = [Side::ToUnit, Side::ToClient];

/// What is done to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mischief {
    /// Nothing.
    None,
    /// The connection ends after so many bytes of one side.
    Cut {
        /// Whose bytes are counted.
        side: Side,
        /// How many of them still pass.
        after: usize,
        /// With a reset instead of an orderly end.
        abrupt: bool,
    },
    /// Everything passes in pieces of this many bytes, each by itself.
    Torn(usize),
    /// Each piece waits for so long.
    Late(Duration),
    /// One frame passes twice.
    Doubled {
        /// Whose frame.
        side: Side,
        /// Which, from 0.
        frame: usize,
    },
    /// Some bytes of one frame are others.
    Replaced {
        /// Whose frame.
        side: Side,
        /// Which, from 0.
        frame: usize,
        /// From which byte of it.
        at: usize,
        /// What stands there instead.
        bytes: Vec<u8>,
    },
    /// The connection ends before anything passes.
    Refused,
}

/// What is done to the connections of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// To the first.
    pub first: Mischief,
    /// To all that follow.
    pub later: Mischief,
}

impl Plan {
    /// Nothing goes wrong.
    pub const HONEST: Self = Self {
        first: Mischief::None,
        later: Mischief::None,
    };

    /// The first connection alone is spoilt.
    pub fn once(first: Mischief) -> Self {
        Self {
            first,
            later: Mischief::None,
        }
    }

    /// Every connection is spoilt in the same way.
    pub fn always(mischief: Mischief) -> Self {
        Self {
            first: mischief.clone(),
            later: mischief,
        }
    }
}

/// What arrived on one connection, of each side, before it was spoilt.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// From the client.
    pub to_unit: Vec<u8>,
    /// From the unit.
    pub to_client: Vec<u8>,
}

impl Heard {
    /// One side of it.
    pub fn side(&self, side: Side) -> &[u8] {
        match side {
            Side::ToUnit => &self.to_unit,
            Side::ToClient => &self.to_client,
        }
    }
}

/// A relay; it ends with the test's runtime.
#[derive(Debug)]
pub struct Relay {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    heard: Hearing,
}

/// What arrived on the connections of one plan; those of a plan before keep their own.
type Hearing = Arc<Mutex<Vec<Heard>>>;

impl Relay {
    /// Passes everything on to this address.
    pub async fn start(unit: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            plan: Plan::HONEST,
            heard: Hearing::default(),
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let connection = {
                    let state = shared.lock().unwrap();
                    let mut heard = state.heard.lock().unwrap();
                    heard.push(Heard::default());
                    let (plan, number) = (&state.plan, heard.len() - 1);
                    let mischief = if number == 0 { &plan.first } else { &plan.later };
                    Connection {
                        heard: Arc::clone(&state.heard),
                        number,
                        mischief: mischief.clone(),
                        end: CancellationToken::new(),
                    }
                };
                tokio::spawn(connection.pass(client, unit));
            }
        });
        Self { port, state }
    }

    /// From now on connections are counted anew, and this is done to them.
    pub fn set(&self, plan: Plan) {
        *self.state.lock().unwrap() = State {
            plan,
            heard: Hearing::default(),
        };
    }

    /// What arrived since then, by connection.
    pub fn heard(&self) -> Vec<Heard> {
        let state = self.state.lock().unwrap();
        state.heard.lock().unwrap().clone()
    }
}

struct Connection {
    heard: Hearing,
    number: usize,
    mischief: Mischief,
    /// Nothing passes any more, either way.
    end: CancellationToken,
}

impl Connection {
    async fn pass(self, client: TcpStream, unit: SocketAddr) {
        if self.mischief == Mischief::Refused {
            return;
        }
        let Ok(unit) = TcpStream::connect(unit).await else {
            return;
        };
        for stream in [&client, &unit] {
            stream.set_nodelay(true).unwrap();
        }
        let ((from_client, to_client), (from_unit, to_unit)) = (client.into_split(), unit.into_split());
        let ((from_client, to_unit), (from_unit, to_client)) = tokio::join!(
            self.pump(Side::ToUnit, from_client, to_unit),
            self.pump(Side::ToClient, from_unit, to_client),
        );
        if !self.end.is_cancelled() {
            return;
        }
        let (Ok(client), Ok(unit)) = (from_client.reunite(to_client), from_unit.reunite(to_unit)) else {
            return;
        };
        if matches!(self.mischief, Mischief::Cut { abrupt: true, .. }) {
            for stream in [client, unit] {
                // Whoever is gone already needs no reset.
                stream.set_zero_linger().ok();
            }
            return;
        }
        tokio::join!(hang_up(client), hang_up(unit));
    }

    async fn pump(
        &self,
        side: Side,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
    ) -> (OwnedReadHalf, OwnedWriteHalf) {
        let (mut passed, mut frame, mut rest) = (0, 0, Vec::new());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = tokio::select! {
                biased;
                () = self.end.cancelled() => break,
                read = from.read(&mut buffer) => read,
            };
            let Ok(read @ 1..) = read else {
                to.shutdown().await.ok();
                break;
            };
            let mut bytes = buffer[..read].to_vec();
            self.note(side, &bytes);
            let left = match self.mischief {
                Mischief::Cut { side: cut, after, .. } if cut == side => Some(after - passed),
                _ => None,
            };
            if let Some(left) = left {
                bytes.truncate(left);
            }
            passed += bytes.len();
            if self.is_about_frames(side) {
                rest.extend(bytes);
                bytes = self.spoil(&mut rest, &mut frame);
            }
            if self.send(&mut to, &bytes).await.is_err() {
                break;
            }
            if left.is_some_and(|left| left <= read) {
                self.end.cancel();
                break;
            }
        }
        (from, to)
    }

    async fn send(&self, to: &mut OwnedWriteHalf, bytes: &[u8]) -> std::io::Result<()> {
        let piece = match self.mischief {
            Mischief::Torn(piece) => piece,
            _ => usize::MAX,
        };
        if let Mischief::Late(delay) = self.mischief {
            tokio::time::sleep(delay).await;
        }
        for piece in bytes.chunks(piece) {
            to.write_all(piece).await?;
            // Lets the other end run, so that it sees the pieces one by one more often than not.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn is_about_frames(&self, side: Side) -> bool {
        match self.mischief {
            Mischief::Doubled { side: spoilt, .. } | Mischief::Replaced { side: spoilt, .. } => {
                spoilt == side
            }
            _ => false,
        }
    }

    /// Takes the whole frames out of `rest`, spoilt where one is meant.
    fn spoil(&self, rest: &mut Vec<u8>, number: &mut usize) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some(length) = frame_length(rest) {
            let mut whole: Vec<u8> = rest.drain(..length).collect();
            match &self.mischief {
                Mischief::Doubled { frame, .. } if frame == number => out.extend(whole.clone()),
                Mischief::Replaced { frame, at, bytes, .. }
                    if frame == number && whole.len() >= at + bytes.len() =>
                {
                    whole[*at..at + bytes.len()].copy_from_slice(bytes);
                }
                _ => {}
            }
            out.extend(whole);
            *number += 1;
        }
        out
    }

    fn note(&self, side: Side, bytes: &[u8]) {
        let heard = &mut self.heard.lock().unwrap()[self.number];
        match side {
            Side::ToUnit => heard.to_unit.extend(bytes),
            Side::ToClient => heard.to_client.extend(bytes),
        }
    }
}

/// An orderly end: nothing is lost that was on its way, and no reset follows.
async fn hang_up(mut stream: TcpStream) {
    stream.shutdown().await.ok();
    let drain = async {
        let mut nothing = [0; 4096];
        while let Ok(1..) = stream.read(&mut nothing).await {}
    };
    tokio::time::timeout(Duration::from_secs(5), drain).await.ok();
}

/// The length of the frame at the front, once all of it is here.
pub fn frame_length(bytes: &[u8]) -> Option<usize> {
    let length = match *bytes {
        [0x49, high, low, ..] if high & 0x80 == 0 => usize::from(high) << 8 | usize::from(low),
        [0x49, high, middle, low, ..] => {
            usize::from(high & 0x7F) << 15 | usize::from(middle & 0x7F) << 8 | usize::from(low)
        }
        _ => return None,
    };
    (bytes.len() >= length).then_some(length)
}

/// The whole frames of a recording.
pub fn frames(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some(length) = frame_length(bytes) {
        let (frame, rest) = bytes.split_at(length);
        frames.push(frame);
        bytes = rest;
    }
    frames
}
