//! A Management API written by hand from docs/protocol.md 7, on plain sockets and rustls: it shares no HTTP with the
//! client, and writes down every byte that it hears.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use trunkline_core::Fingerprint;

/// What the peer does with a request.
pub(crate) enum Act {
    /// Answers, and listens for the next.
    Say(Vec<u8>),
    /// Answers, and closes.
    SayAndClose(Vec<u8>),
    /// Says nothing more.
    Silence,
    /// Says more than anybody wants to hear, for as long as somebody listens.
    Endless,
}

/// A running peer; it ends with the test's process.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) port: u16,
    pub(crate) fingerprint: Fingerprint,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Peer {
    /// Starts one that does what `script` says to each request, which it gets as it came: head, empty line, body.
    pub(crate) fn start(script: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let certificate = rcgen::generate_simple_self_signed(vec!["unit.example".into()]).unwrap();
        let der = certificate.cert.der().clone();
        let fingerprint = Fingerprint::of(&der);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = Self {
            port: listener.local_addr().unwrap().port(),
            fingerprint,
            heard: Arc::default(),
            connections: Arc::default(),
        };
        let (config, script, shared) = (Arc::new(config), Arc::new(script), peer.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (config, script, shared) = (Arc::clone(&config), Arc::clone(&script), shared.clone());
                thread::spawn(move || {
                    *shared.connections.lock().unwrap() += 1;
                    // Whoever hangs up ends the conversation.
                    let _ = shared.talk(stream.unwrap(), config, &*script);
                });
            }
        });
        peer
    }

    /// Every request so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The first line of every request so far, without the version.
    pub(crate) fn lines(&self) -> Vec<String> {
        let first = |request: &String| request.lines().next().unwrap().replace(" HTTP/1.1", "");
        self.heard().iter().map(first).collect()
    }

    /// Connections so far, whether anything was said on them or not.
    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    fn talk(
        &self,
        stream: TcpStream,
        config: Arc<ServerConfig>,
        script: &(dyn Fn(&str) -> Act + Send + Sync),
    ) -> io::Result<()> {
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut line = StreamOwned::new(connection, stream);
        loop {
            let request = read_request(&mut line)?;
            self.heard.lock().unwrap().push(request.clone());
            match script(&request) {
                Act::Say(bytes) => line.write_all(&bytes)?,
                Act::SayAndClose(bytes) => {
                    line.write_all(&bytes)?;
                    line.flush()?;
                    return Ok(());
                }
                Act::Silence => {
                    io::copy(&mut line, &mut io::sink())?;
                    return Ok(());
                }
                Act::Endless => {
                    let piece = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                    line.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                    loop {
                        line.write_all(piece.as_bytes())?;
                    }
                }
            }
            line.flush()?;
        }
    }
}

fn read_request(line: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        line.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes.clone()).unwrap().to_lowercase();
    let length = head
        .split_once("content-length: ")
        .map_or(0, |(_, rest)| rest.split("\r\n").next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    line.read_exact(&mut body)?;
    bytes.extend(body);
    Ok(String::from_utf8(bytes).unwrap())
}

/// An HTTP answer with this status line, these header lines and this body.
pub(crate) fn http(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut head = vec![
        format!("HTTP/1.1 {status}"),
        format!("Content-Length: {}", body.len()),
    ];
    head.extend(headers.iter().map(|header| (*header).to_owned()));
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}

/// A success with this body.
pub(crate) fn ok(body: &str) -> Act {
    Act::Say(http("200 OK", &["Content-Type: application/xml"], body))
}

/// A refusal inside of HTTP's success.
pub(crate) fn refusal(error: &str) -> Act {
    ok(&format!(
        "<response status=\"0\"><error>{error}</error></response>"
    ))
}

/// A collection of these objects.
pub(crate) fn collection(name: &str, objects: &[&str]) -> Act {
    let count = objects.len();
    let objects: Vec<String> = objects
        .iter()
        .map(|object| format!("<ws_object>{object}</ws_object>"))
        .collect();
    let objects = objects.concat();
    ok(&format!(
        "<?xml version=\"1.0\"?><response status=\"1\"><data set=\"{name}\" totalRecords=\"{count}\">{objects}</data></response>"
    ))
}

/// An answer to a log-in that gives a session.
pub(crate) fn session() -> Act {
    Act::Say(http(
        "200 OK",
        &[
            "Set-Cookie: JSESSIONID=0123ABCD; Path=/WebManagement; Secure; HttpOnly",
            "Set-Cookie: SDK-Token=tok/en+1=; Secure",
            "Content-Type: application/xml",
        ],
        "<response status=\"1\"/>",
    ))
}

/// What a simple unit does: one system, two users, nothing else.
pub(crate) fn unit(request: &str) -> Act {
    match what(request) {
        ("GET", "authenticate") => session(),
        ("GET", "systems") => collection("systems", &[SYSTEM]),
        ("GET", "users") => collection("users", &[ADA, BEN]),
        ("GET", other) => collection(other, &[]),
        _ => ok("<response status=\"1\"/>"),
    }
}

/// The method and the last part of the path.
pub(crate) fn what(request: &str) -> (&str, &str) {
    let mut words = request.split(' ');
    let method = words.next().unwrap();
    let path = words.next().unwrap().split('?').next().unwrap();
    (method, path.rsplit('/').next().unwrap())
}

pub(crate) const SYSTEM: &str =
    "<System GUID=\"00000000000000000000000000000001\"><Name>Office</Name></System>";
pub(crate) const ADA: &str =
    "<User GUID=\"a1\"><Name>Ada</Name><Password>geheim-201</Password><Extension>201</Extension></User>";
pub(crate) const BEN: &str = "<User GUID=\"b2\"><Name>Ben</Name><Extension>202</Extension></User>";
