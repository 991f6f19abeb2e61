//! A unit's DevLink3 written from docs/protocol.md section 8 alone: it uses none of Trunkline's crates, so that client and simulator can not
//! agree on the same mistake. It knows one service user and one file, and does on request what a unit should not do.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha1::{Digest, Sha1};

/// The service user's name.
pub const USER: &str = "Jürg";
/// The service user's password: longer than the 16 bytes that are hashed, shorter than the 32 that are sent.
pub const PASSWORD: &str = "Grüße-42-geheim-und-lang";
/// The one file.
pub const FILE: &str = "nasystem/hunt_list";
/// What is in it.
pub const CONTENTS: &[u8] = b"Verkauf,300,0,0,1,,,2\r\nK\xfcche,301,0,0,2,,,0\r\n";
const CHALLENGE: [u8; 16] = *b"0123456789abcdef";

/// How the unit behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As docs/protocol.md says, with a hash.
    Hash,
    /// The same, byte by byte, with long headers, unknown tags and events that nobody asked for.
    Odd,
    /// Asks for the password itself.
    Password,
    /// Asks for a hash on its first connection, closes it instead of giving out the file, and asks for the password itself then.
    HashThenPassword,
    /// Refuses whoever gives a name, with this result.
    RefuseName(u32),
    /// Refuses every answer to its challenge, and says how many attempts are left.
    RefuseAnswer(u16),
    /// Refuses the file, with this result.
    RefuseFile(u32),
    /// Lets in whoever gives a name.
    NoChallenge,
    /// Closes instead of giving out the file, on so many connections.
    CutFile(u32),
    /// Sends half the file, and closes.
    HalfFile,
    /// Announces a frame of 4 MB instead of a challenge.
    HugeFrame,
    /// Answers with noise.
    Noise,
    /// Answers with another request id.
    WrongId,
    /// Says nothing.
    Silent,
    /// Says nothing after the log-in.
    SilentFile,
}

/// What the unit saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Every byte that arrived, in the order of arrival, after TLS.
    pub heard: Vec<u8>,
    /// Connections in all.
    pub connections: u32,
}

/// A running unit; it ends with the test's process.
#[derive(Debug, Clone)]
pub struct ForeignDevLink {
    /// DevLink3 over plain TCP.
    pub plain: u16,
    /// DevLink3 over TLS.
    pub tls: u16,
    /// SHA-256 of the certificate in DER.
    pub fingerprint: [u8; 32],
    seen: Arc<Mutex<Seen>>,
}

impl ForeignDevLink {
    /// Starts a unit on two ports that the system chose.
    pub fn start(mood: Mood) -> Self {
        let certificate = rcgen::generate_simple_self_signed(vec!["unit.example".into()]).unwrap();
        let der = certificate.cert.der().clone();
        let fingerprint = <sha2::Sha256 as sha2::Digest>::digest(&der).into();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .unwrap();
        let config = Arc::new(config);
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        let plain = serve(move |stream| talk(stream, &shared, mood));
        let shared = Arc::clone(&seen);
        let tls = serve(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            talk(StreamOwned::new(connection, stream), &shared, mood)
        });
        Self {
            plain,
            tls,
            fingerprint,
            seen,
        }
    }

    /// What it saw.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

fn serve(talk: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = Arc::clone(&talk);
            // A client that goes away is no reason for a test to fail.
            thread::spawn(move || talk(stream).ok());
        }
    });
    port
}

/// One frame as it arrived, without its header: the client's are all short.
fn frame(stream: &mut impl Read, seen: &Mutex<Seen>) -> io::Result<Vec<u8>> {
    let mut header = [0; 3];
    stream.read_exact(&mut header)?;
    assert_eq!(header[0], 0x49, "each frame starts with 49");
    assert_eq!(header[1], 0, "what a client says here is short");
    let mut payload = vec![0; usize::from(header[2]) - 3];
    stream.read_exact(&mut payload)?;
    let mut seen = seen.lock().unwrap();
    seen.heard.extend(header);
    seen.heard.extend(&payload);
    Ok(payload)
}

/// A frame, in the mood's way.
fn send(stream: &mut impl Write, mood: Mood, parts: &[&[u8]]) -> io::Result<()> {
    let payload = parts.concat();
    let mut bytes = Vec::new();
    if mood == Mood::Odd {
        bytes.extend([0x49, 0, 0x0e, 0x10, 0x30, 0, 0x11, 0, 0, 0, 0, b'e', b'v', b'!']);
        let length = payload.len() + 4;
        bytes.extend([0x49, 0x80, (length >> 8) as u8, length as u8]);
    } else {
        let length = payload.len() + 3;
        bytes.extend([0x49, (length >> 8) as u8, length as u8]);
    }
    bytes.extend(payload);
    if mood == Mood::Odd {
        for byte in bytes {
            stream.write_all(&[byte])?;
            stream.flush()?;
        }
        return Ok(());
    }
    stream.write_all(&bytes)?;
    stream.flush()
}

fn talk<S: Read + Write>(mut stream: S, seen: &Mutex<Seen>, mood: Mood) -> io::Result<()> {
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.connections += 1;
        seen.connections
    };
    let asked = frame(&mut stream, seen)?;
    let id = asked[4..8].to_vec();
    assert_ne!(id, [0, 0, 0, 0], "request ids are not 0");
    let name = [&[0, 0x30, 0, 1][..], &id, &[0, 0, 0, 1], USER.as_bytes(), &[0]].concat();
    assert_eq!(asked, name, "a name, and nothing else");
    let answer = [0x80, 0x30, 0, 1];
    let wants_password = mood == Mood::Password || (mood == Mood::HashThenPassword && number > 1);
    match mood {
        Mood::Silent => return stream.read(&mut [0]).map(drop),
        Mood::Noise => return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Mood::HugeFrame => {
            stream.write_all(&[0x49, 0xFF, 0x7F, 0xFF])?;
            return stream.read(&mut [0]).map(drop);
        }
        Mood::WrongId => return send(&mut stream, mood, &[&answer, &[0, 0, 0, 99], &[0, 0, 0, 1]]),
        Mood::NoChallenge => return send(&mut stream, mood, &[&answer, &id, &[0; 4]]),
        Mood::RefuseName(result) => return send(&mut stream, mood, &[&answer, &id, &result.to_be_bytes()]),
        _ if wants_password => send(&mut stream, mood, &[&answer, &id, &[0, 0, 0, 1]])?,
        _ => send(
            &mut stream,
            mood,
            &[&answer, &id, &[0, 0, 0, 2, 0, 0, 0, 16], &CHALLENGE],
        )?,
    }

    let answered = frame(&mut stream, seen)?;
    let id = answered[4..8].to_vec();
    let right = if wants_password {
        let mut password = PASSWORD.as_bytes().to_vec();
        password.resize(32, 0);
        [
            &[0, 0x30, 0, 1][..],
            &id,
            &[0, 0, 0, 0x51, 0, 0, 0, 32],
            &password,
        ]
        .concat()
    } else {
        let hash = Sha1::digest([&CHALLENGE, &PASSWORD.as_bytes()[..16]].concat());
        [&[0, 0x30, 0, 1][..], &id, &[0, 0, 0, 0x50, 0, 0, 0, 20], &hash].concat()
    };
    if let Mood::RefuseAnswer(left) = mood {
        let left = [&[0, 0x54, 2, 6, 0, 2][..], &left.to_be_bytes()].concat();
        return send(&mut stream, mood, &[&answer, &id, &[0x80, 0, 0, 0x41], &left]);
    }
    if answered != right {
        return send(&mut stream, mood, &[&answer, &id, &[0x80, 0, 0, 0x41]]);
    }
    let mut done = vec![0, 0, 0, 0];
    if mood == Mood::Odd {
        done.extend([0x12, 0x34, 0x56, 0x78, 0, 3, b'a', b'b', b'c']);
    }
    done.extend([0, 0x7D, 0, 1, 0, 9]);
    done.extend(b"IP500\x0011\0");
    done.extend([0, 0x7D, 0, 2, 0, 1, b'S']);
    send(&mut stream, mood, &[&answer, &id, &done])?;
    files(&mut stream, seen, mood, number)
}

fn files<S: Read + Write>(stream: &mut S, seen: &Mutex<Seen>, mood: Mood, number: u32) -> io::Result<()> {
    loop {
        let asked = frame(stream, seen)?;
        let id = asked[4..8].to_vec();
        let length = u16::try_from(FILE.len() + 1).unwrap().to_be_bytes();
        let read = [&[0, 0x30, 0, 0x41][..], &id, &length, FILE.as_bytes(), &[0]].concat();
        assert_eq!(asked, read, "the file's name with its NUL, and nothing else");
        let answer = [0x80, 0x30, 0, 0x41];
        match mood {
            Mood::CutFile(times) if number <= times => return Ok(()),
            Mood::HashThenPassword if number == 1 => return Ok(()),
            Mood::HalfFile => {
                let length = (3 + 12 + CONTENTS.len()) as u8;
                stream
                    .write_all(&[&[0x49, 0, length][..], &answer, &id, &[0; 4], &CONTENTS[..9]].concat())?;
                return stream.flush();
            }
            Mood::SilentFile => return stream.read(&mut [0]).map(drop),
            Mood::RefuseFile(result) => send(stream, mood, &[&answer, &id, &result.to_be_bytes()])?,
            _ => send(stream, mood, &[&answer, &id, &[0; 4], CONTENTS])?,
        }
    }
}
