//! A control unit written from docs/protocol.md alone: it uses none of Trunkline's crates, so that client and simulator
//! can not agree on the same mistake. It knows one service user, answers on one plain and one TLS port, and does on
//! request what a unit should not do.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use hmac::{Hmac, KeyInit, Mac};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

/// The service user's name: it must never be seen on the wire.
pub const USER: &str = "Administrator";
/// The service user's password: it must never be seen anywhere.
pub const PASSWORD: &str = "Grüße-42-geheim";
const SALT: [u8; 16] = *b"0123456789abcdef";

/// How the unit behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As docs/protocol.md says.
    Honest,
    /// Also as it says, but byte by byte, with long headers, unknown tags and messages that nobody asked for.
    Odd,
    /// Proves nothing with its unit proof.
    WrongProof,
    /// Sends no unit proof.
    NoProof,
    /// Asks for four billion iterations.
    Burn,
    /// Announces a frame of 4 MB before the log-in.
    HugeFrame,
    /// Leaves a part of the object out.
    Gap,
    /// Sends a part twice.
    Repeat,
    /// Sends more than it announced.
    Overrun,
    /// Ends before the object does.
    Short,
    /// Announces the hash of something else.
    WrongHash,
    /// Announces an object of more than a gibibyte.
    HugeObject,
    /// Closes once, after this many bytes of the object.
    CutReadOnce(usize),
    /// Closes always, after this many bytes of the object.
    CutReadAlways(usize),
    /// Closes always, after this many bytes of a new object.
    CutWriteAlways(usize),
    /// Takes a new object, and closes once instead of answering the commit.
    CutCommitAnswerOnce,
    /// Changes what it holds between the two halves of a read.
    ChangeWhileCut(usize),
    /// Says nothing after the log-in.
    Silent,
    /// Answers the log-in with noise.
    Noise,
    /// Answers every proof with this result, and 90 seconds to wait.
    RefuseLogIn(u32),
}

/// What the unit holds and saw.
#[derive(Debug, Default)]
pub struct Unit {
    /// The configuration.
    pub configuration: Vec<u8>,
    /// Counts changes.
    pub revision: u32,
    /// Every byte that arrived, in the order of arrival, after TLS.
    pub heard: Vec<u8>,
    /// Log-in attempts that reached a proof.
    pub proofs: u32,
    /// Wrong ones among them.
    pub wrong: u32,
    /// Connections in all.
    pub connections: u32,
    reads: u32,
    commits: u32,
}

/// A running unit; it ends with the test's process.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The Services Base TCP Port: plain here, TLS one above.
    pub base_port: u16,
    /// SHA-256 of the certificate in DER.
    pub fingerprint: [u8; 32],
    unit: Arc<Mutex<Unit>>,
}

impl Foreign {
    /// Starts a unit that holds `configuration`, with and without TLS.
    pub fn start(configuration: &[u8], mood: Mood) -> Self {
        let (plain, tls, base_port) = neighbours();
        let certificate = rcgen::generate_simple_self_signed(vec!["unit.example".into()]).unwrap();
        let der = certificate.cert.der().clone();
        let fingerprint = Sha256::digest(&der).into();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .unwrap();
        let config = Arc::new(config);
        let unit = Arc::new(Mutex::new(Unit {
            configuration: configuration.to_vec(),
            revision: 418,
            ..Unit::default()
        }));

        let shared = Arc::clone(&unit);
        serve(plain, move |stream| talk(stream, &shared, mood, None));
        let shared = Arc::clone(&unit);
        serve(tls, move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            talk(
                StreamOwned::new(connection, stream),
                &shared,
                mood,
                Some(fingerprint),
            )
        });
        Self {
            base_port,
            fingerprint,
            unit,
        }
    }

    /// `127.0.0.1:port`, as a TARGET.
    pub fn target(&self) -> String {
        format!("127.0.0.1:{}", self.base_port)
    }

    /// What it holds and saw.
    pub fn unit(&self) -> MutexGuard<'_, Unit> {
        self.unit.lock().unwrap()
    }
}

/// Two listeners on neighbouring ports that the system chose.
fn neighbours() -> (TcpListener, TcpListener, u16) {
    loop {
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = plain.local_addr().unwrap().port();
        if let Some(Ok(tls)) = port
            .checked_add(1)
            .map(|next| TcpListener::bind(("127.0.0.1", next)))
        {
            return (plain, tls, port);
        }
    }
}

fn serve(listener: TcpListener, talk: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) {
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = Arc::clone(&talk);
            // A client that goes away is no reason for a test to fail.
            thread::spawn(move || talk(stream).ok());
        }
    });
}

struct Line<S> {
    stream: S,
    mood: Mood,
    /// Whether a proof was right.
    known: bool,
}

impl<S: Read + Write> Line<S> {
    fn read(&mut self, length: usize, unit: &Mutex<Unit>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        unit.lock().unwrap().heard.extend_from_slice(&bytes);
        Ok(bytes)
    }

    /// One frame: type, request id, body.
    fn request(&mut self, unit: &Mutex<Unit>) -> io::Result<(u32, u32, Vec<u8>)> {
        let start = self.read(3, unit)?;
        assert_eq!(start[0], 0x49, "each frame starts with 49");
        let (header, length) = if start[1] & 0x80 == 0 {
            (3, usize::from(start[1]) << 8 | usize::from(start[2]))
        } else {
            let low = self.read(1, unit)?[0];
            (
                4,
                usize::from(start[1] & 0x7F) << 15 | usize::from(start[2]) << 8 | usize::from(low),
            )
        };
        let payload = self.read(length - header, unit)?;
        let word = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
        assert_ne!(word(4), 0, "request ids are not 0");
        Ok((word(0), word(4), payload[8..].to_vec()))
    }

    fn answer(&mut self, kind: u32, id: u32, body: &[u8]) -> io::Result<()> {
        let odd = self.mood == Mood::Odd;
        let mut frame = Vec::new();
        if odd {
            frame.extend(header(8 + 3, true));
            frame.extend([0x10, 0x99, 0, 1, 0, 0, 0, 9, 1, 2, 3]);
        }
        frame.extend(header(8 + body.len(), odd));
        frame.extend(kind.to_be_bytes());
        frame.extend(id.to_be_bytes());
        frame.extend(body);
        if odd && frame.len() < 2000 {
            for byte in frame {
                self.stream.write_all(&[byte])?;
                self.stream.flush()?;
            }
            return Ok(());
        }
        self.stream.write_all(&frame)?;
        self.stream.flush()
    }
}

fn header(payload: usize, long: bool) -> Vec<u8> {
    let short = payload + 3;
    if short <= 0x7FFF && !long {
        return vec![0x49, (short >> 8) as u8, short as u8];
    }
    let length = payload + 4;
    vec![
        0x49,
        (length >> 15) as u8 & 0x7F | 0x80,
        (length >> 8) as u8 & 0x7F,
        length as u8,
    ]
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn short(bytes: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend(bytes);
    out
}

fn talk<S: Read + Write>(
    stream: S,
    unit: &Mutex<Unit>,
    mood: Mood,
    certificate: Option<[u8; 32]>,
) -> io::Result<()> {
    unit.lock().unwrap().connections += 1;
    let mut line = Line {
        stream,
        mood,
        known: false,
    };
    let mut incoming = Vec::new();
    let mut announced = Vec::new();
    let mut nonce = [0x20_u8; 32];
    loop {
        let (kind, id, body) = line.request(unit)?;
        nonce[0] = nonce[0].wrapping_add(1);
        match kind {
            0x0030_0001 if body[..4] == [0, 0, 0, 3] => challenge(&mut line, id, &nonce)?,
            0x0030_0001 => prove(&mut line, unit, id, &body, &nonce, certificate)?,
            _ if !line.known => return Ok(()),
            0x0054_0061 => return Ok(()),
            0x0054_0011 if mood == Mood::Silent => {}
            0x0054_0011 => {
                if !read(&mut line, unit, id, &body)? {
                    return Ok(());
                }
            }
            0x0054_0021 => {
                announced.clone_from(&body);
                incoming = Vec::new();
                let base = String::from_utf8(body[47..].to_vec()).unwrap();
                let held = format!("r{}", unit.lock().unwrap().revision);
                if base.is_empty() || base == held {
                    line.answer(0x8054_0021, id, &[0, 0, 0, 0])?;
                } else {
                    let mut refusal = vec![0x80, 0, 0, 0x62, 0, 0x54, 3, 1];
                    refusal.extend(short(held.as_bytes()));
                    line.answer(0x8054_0021, id, &refusal)?;
                }
            }
            0x0054_0022 => {
                let offset = u64::from_be_bytes(body[..8].try_into().unwrap());
                assert_eq!(offset, incoming.len() as u64, "data comes in order");
                incoming.extend(&body[8..]);
                if matches!(mood, Mood::CutWriteAlways(at) if incoming.len() >= at) {
                    return Ok(());
                }
            }
            0x0054_0023 => {
                let hash: [u8; 32] = Sha256::digest(&incoming).into();
                assert_eq!(body, hash, "the commit names the hash of what was sent");
                assert_eq!(announced[5..13], (incoming.len() as u64).to_be_bytes());
                assert_eq!(announced[13..45], hash);
                let revision = {
                    let mut unit = unit.lock().unwrap();
                    unit.configuration.clone_from(&incoming);
                    unit.revision += 1;
                    unit.commits += 1;
                    if mood == Mood::CutCommitAnswerOnce && unit.commits == 1 {
                        return Ok(());
                    }
                    format!("r{}", unit.revision)
                };
                let mut done = vec![0, 0, 0, 0];
                done.extend(short(revision.as_bytes()));
                done.extend(if announced[1] == 1 {
                    [0xFF; 4]
                } else {
                    [0, 0, 0, 2]
                });
                line.answer(0x8054_0023, id, &done)?;
            }
            0x0054_0031 => line.answer(0x8054_0031, id, &[0, 0, 0, 0, 0, 0, 0, 2])?,
            0x0054_0071 => {
                let head = head(&unit.lock().unwrap());
                line.answer(0x8054_0071, id, &head)?;
            }
            other => panic!("message {other:08X} is not in docs/protocol.md"),
        }
    }
}

fn challenge<S: Read + Write>(line: &mut Line<S>, id: u32, nonce: &[u8; 32]) -> io::Result<()> {
    let iterations: u32 = if line.mood == Mood::Burn {
        4_000_000_000
    } else {
        50_000
    };
    let mut body = vec![0, 0, 0, 3];
    body.extend(iterations.to_be_bytes());
    body.extend(short(&SALT));
    // The answer to the next message is checked with the nonce that this one would have there.
    let mut next = *nonce;
    next[0] = next[0].wrapping_add(1);
    body.extend(short(&next));
    match line.mood {
        Mood::HugeFrame => line.stream.write_all(&[0x49, 0xFF, 0x7F, 0xFF]),
        Mood::Noise => line.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        _ => line.answer(0x8030_0001, id, &body),
    }
}

fn prove<S: Read + Write>(
    line: &mut Line<S>,
    unit: &Mutex<Unit>,
    id: u32,
    body: &[u8],
    nonce: &[u8; 32],
    certificate: Option<[u8; 32]>,
) -> io::Result<()> {
    assert_eq!(
        body[..6],
        [0, 0, 0, 0x53, 0, 32],
        "method 53 and a client nonce of 32 bytes"
    );
    unit.lock().unwrap().proofs += 1;
    if let Mood::RefuseLogIn(result) = line.mood {
        let mut refusal = result.to_be_bytes().to_vec();
        refusal.extend([0, 0x54, 2, 5, 0, 4, 0, 0, 0, 90]);
        return line.answer(0x8030_0001, id, &refusal);
    }
    let (client_nonce, proof) = (&body[6..38], &body[40..72]);
    let mut salt = short(&SALT);
    salt.extend(USER.as_bytes());
    let mut password = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(PASSWORD.as_bytes(), &salt, 50_000, &mut password);
    let client_key = mac(&password, b"client");
    let stored = Sha256::digest(client_key);
    let mut transcript = vec![1, u8::from(certificate.is_some())];
    transcript.extend(certificate.unwrap_or_default());
    transcript.extend(50_000_u32.to_be_bytes());
    for part in [&SALT[..], nonce, client_nonce] {
        transcript.extend(short(part));
    }
    let signature = mac(&stored, &transcript);
    let right = proof
        .iter()
        .zip(client_key)
        .zip(signature)
        .all(|((p, k), s)| *p == k ^ s);
    if !right {
        let left = {
            let mut unit = unit.lock().unwrap();
            unit.wrong += 1;
            3_u32.saturating_sub(unit.wrong)
        };
        let mut refusal = vec![0x80, 0, 0, 0x41, 0, 0x54, 2, 6, 0, 2];
        refusal.extend(&left.to_be_bytes()[2..]);
        return line.answer(0x8030_0001, id, &refusal);
    }
    line.known = true;
    let server_key = mac(&password, b"unit");
    let mut unit_proof = mac(&server_key, &transcript);
    if line.mood == Mood::WrongProof {
        unit_proof[31] ^= 1;
    }
    let mut done = vec![0, 0, 0, 0];
    if line.mood == Mood::Odd {
        done.extend([0x12, 0x34, 0x56, 0x78, 0, 3, b'a', b'b', b'c']);
    }
    if line.mood != Mood::NoProof {
        done.extend([0, 0x54, 2, 1, 0, 32]);
        done.extend(unit_proof);
    }
    done.extend([0, 0x54, 2, 2, 0, 4, 0, 0, 1, 0x3F]);
    done.extend([0, 0x54, 2, 3, 0, 2, 0, 30]);
    line.answer(0x8030_0001, id, &done)
}

/// Result 0, length, hash and revision of what the unit holds.
fn head(unit: &Unit) -> Vec<u8> {
    let mut head = vec![0, 0, 0, 0];
    head.extend((unit.configuration.len() as u64).to_be_bytes());
    head.extend(Sha256::digest(&unit.configuration));
    head.extend(short(format!("r{}", unit.revision).as_bytes()));
    head
}

/// Sends the object; `false` cuts the connection.
fn read<S: Read + Write>(line: &mut Line<S>, unit: &Mutex<Unit>, id: u32, body: &[u8]) -> io::Result<bool> {
    assert_eq!(body.len(), 41, "object, offset and the hash that is resumed");
    let offset = u64::from_be_bytes(body[1..9].try_into().unwrap());
    let (content, mut head, first) = {
        let mut unit = unit.lock().unwrap();
        unit.reads += 1;
        (unit.configuration.clone(), head(&unit), unit.reads == 1)
    };
    let hash: [u8; 32] = Sha256::digest(&content).into();
    if offset == 0 {
        assert_eq!(body[9..], [0; 32], "zeros at offset 0");
    } else if body[9..] != hash {
        line.answer(0x8054_0011, id, &[0x80, 0, 0, 0x61])?;
        return Ok(true);
    }
    match line.mood {
        Mood::WrongHash => head[12] ^= 1,
        Mood::HugeObject => head[4..12].copy_from_slice(&(2_u64 << 30).to_be_bytes()),
        _ => {}
    }
    line.answer(0x8054_0011, id, &head)?;
    let mut at = usize::try_from(offset).unwrap();
    let mut parts = 0;
    while at < content.len() {
        let end = content.len().min(at + 40_000);
        parts += 1;
        match line.mood {
            Mood::Gap if parts == 2 => at += 1,
            Mood::Repeat if parts == 2 => at = 0,
            Mood::Short if parts == 2 => break,
            Mood::CutReadOnce(cut) if first && at >= cut => return Ok(false),
            Mood::CutReadAlways(cut) if at >= cut => return Ok(false),
            Mood::ChangeWhileCut(cut) if first && at >= cut => {
                let mut unit = unit.lock().unwrap();
                unit.configuration.push(b'\n');
                unit.revision += 1;
                return Ok(false);
            }
            _ => {}
        }
        let mut data = (at as u64).to_be_bytes().to_vec();
        data.extend(&content[at..end]);
        line.answer(0x1054_0012, id, &data)?;
        at = end;
    }
    if line.mood == Mood::Overrun {
        let mut data = (content.len() as u64).to_be_bytes().to_vec();
        data.extend(b"more");
        line.answer(0x1054_0012, id, &data)?;
    }
    line.answer(0x1054_0013, id, &hash)?;
    Ok(true)
}
