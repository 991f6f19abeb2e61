//! A client that is no more than a socket: tests write every byte themselves, and read every byte back.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests, though no #[test] stands here"
)]

use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use trunkline_protocol::link::auth::{Challenge, Channel, Keys, Service};
use trunkline_simulator::{Clock, Listen, Options, Simulator, Site, Unit};

pub(crate) const PASSWORD: &str = "Grüße-42";
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const USERS: &str = "
[[user]]
name = 'Administrator'
password = 'Grüße-42'
rights = ['all']
expires_in_days = 60
[[user]]
name = 'Auditor'
password = 'Grüße-42'
rights = ['read_configuration', 'read_audit_trail']
[[user]]
name = 'Merger'
password = 'Grüße-42'
rights = ['write_configuration', 'merge']
[[user]]
name = 'Newcomer'
password = 'Grüße-42'
rights = ['read_configuration']
must_change_password = true
[[user]]
name = 'Former'
password = 'Grüße-42'
rights = ['all']
enabled = false
";

/// Fast log-ins and restarts, on free ports of this machine.
pub(crate) fn options() -> Options {
    Options {
        listen: Listen::OneAddress([127, 0, 0, 1].into()),
        iterations: Some(3),
        restart: Some(Duration::from_millis(20)),
        starting: Some(Duration::ZERO),
        retransmit: Duration::from_millis(30),
        clock: Clock::stopped(),
        ..Options::default()
    }
}

/// One unit with these keys, and the users above.
pub(crate) async fn unit(keys: &str) -> (Simulator, Unit) {
    unit_with(keys, options()).await
}

pub(crate) async fn unit_with(keys: &str, options: Options) -> (Simulator, Unit) {
    let size = if keys.starts_with("size = ") {
        ""
    } else {
        "size = 20000\n"
    };
    let text = format!("{USERS}\n[[unit]]\nname = 'Zürich, Filiale 2'\n{size}revision = 418\n{keys}\n");
    let simulator = Simulator::start(Site::from_toml(&text).unwrap(), options)
        .await
        .unwrap();
    let unit = simulator.units()[0].clone();
    (simulator, unit)
}

/// Ends a test that would wait for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("nothing happened for too long")
}

/// Bytes from hexadecimal digits; spaces do not count.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// A frame with a two-byte length around this payload.
pub(crate) fn framed(payload: &str) -> Vec<u8> {
    let payload = hex(payload);
    let length = u16::try_from(payload.len() + 3).unwrap();
    assert!(length < 0x8000, "the short form ends here");
    [&[0x49], &length.to_be_bytes()[..], &payload].concat()
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// One connection.
pub(crate) struct Raw {
    stream: Box<dyn Stream>,
    input: BytesMut,
    channel: Channel,
    pub(crate) local: SocketAddr,
}

impl Raw {
    pub(crate) async fn discovery(unit: &Unit) -> Self {
        Self::plain(unit, unit.ports().discovery, Service::Configuration).await
    }

    pub(crate) async fn configuration(unit: &Unit) -> Self {
        Self::plain(unit, unit.ports().configuration, Service::Configuration).await
    }

    pub(crate) async fn security(unit: &Unit) -> Self {
        Self::plain(unit, unit.ports().security, Service::Security).await
    }

    pub(crate) async fn devlink3(unit: &Unit) -> Self {
        Self::plain(unit, unit.ports().devlink3, Service::Configuration).await
    }

    pub(crate) async fn devlink3_tls(unit: &Unit) -> Self {
        Self::over_tls(unit, unit.ports().devlink3_tls, Service::Configuration)
            .await
            .unwrap()
    }

    async fn plain(unit: &Unit, port: Option<u16>, service: Service) -> Self {
        let stream = soon(TcpStream::connect((unit.address(), port.unwrap())))
            .await
            .unwrap();
        Self {
            local: stream.local_addr().unwrap(),
            stream: Box::new(stream),
            input: BytesMut::new(),
            channel: Channel {
                service,
                certificate: None,
            },
        }
    }

    pub(crate) async fn configuration_tls(unit: &Unit) -> Self {
        Self::over_tls(unit, unit.ports().configuration_tls, Service::Configuration)
            .await
            .unwrap()
    }

    pub(crate) async fn security_tls(unit: &Unit) -> Self {
        Self::over_tls(unit, unit.ports().security_tls, Service::Security)
            .await
            .unwrap()
    }

    pub(crate) async fn over_tls(unit: &Unit, port: Option<u16>, service: Service) -> std::io::Result<Self> {
        let stream = soon(TcpStream::connect((unit.address(), port.unwrap()))).await?;
        let local = stream.local_addr()?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate))
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        let stream = soon(connector.connect(ServerName::from(unit.address()), stream)).await?;
        let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
        Ok(Self {
            stream: Box::new(stream),
            input: BytesMut::new(),
            channel: Channel {
                service,
                certificate: Some(Sha256::digest(&certificate).into()),
            },
            local,
        })
    }

    /// The certificate's SHA-256.
    pub(crate) fn fingerprint(&self) -> Option<[u8; 32]> {
        self.channel.certificate
    }

    /// From now on proofs are made for another channel than this one.
    pub(crate) fn pretend(&mut self, channel: Channel) {
        self.channel = channel;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Sends a payload, as hexadecimal digits, in a frame.
    pub(crate) async fn send(&mut self, payload: &str) {
        self.send_bytes(&framed(payload)).await;
    }

    /// The next frame, header and all.
    pub(crate) async fn frame(&mut self) -> Bytes {
        soon(self.next()).await.expect("the unit closed the connection")
    }

    /// The next frame's payload as hexadecimal digits.
    pub(crate) async fn receive(&mut self) -> String {
        let mut frame = self.frame().await;
        frame.advance(if frame[1] & 0x80 == 0 { 3 } else { 4 });
        to_hex(&frame)
    }

    /// Sends a payload and returns the answer's.
    pub(crate) async fn ask(&mut self, payload: &str) -> String {
        self.send(payload).await;
        self.receive().await
    }

    /// Whether the unit closes without another frame.
    pub(crate) async fn is_closed(&mut self) -> bool {
        soon(self.next()).await.is_none()
    }

    /// What has arrived so far that makes no frame, once `length` bytes of it are there.
    pub(crate) async fn bytes(&mut self, length: usize) -> Vec<u8> {
        soon(async {
            while self.input.len() < length {
                assert_ne!(self.stream.read_buf(&mut self.input).await.unwrap(), 0, "closed");
            }
        })
        .await;
        self.input.to_vec()
    }

    /// Whether nothing arrives: the unit is asked on another connection meanwhile, and answers there.
    pub(crate) async fn is_silent(&mut self, meanwhile: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            _ = self.stream.read_u8() => false,
            () = meanwhile => true,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let length = match &self.input[..] {
                [0x49, high, low, ..] if high & 0x80 == 0 => {
                    Some(usize::from(*high) << 8 | usize::from(*low))
                }
                [0x49, high, middle, low, ..] if high & 0x80 != 0 => {
                    Some(usize::from(high & 0x7F) << 15 | usize::from(middle & 0x7F) << 8 | usize::from(*low))
                }
                _ => None,
            };
            if let Some(length) = length.filter(|length| *length <= self.input.len()) {
                return Some(self.input.split_to(length).freeze());
            }
            if !matches!(self.stream.read_buf(&mut self.input).await, Ok(1..)) {
                assert!(self.input.is_empty(), "half a frame before the end");
                return None;
            }
        }
    }

    /// Asks for a challenge; returns its answer's payload.
    pub(crate) async fn request_challenge(&mut self) -> String {
        self.ask("00300001 00000001 00000003 007e0001 000a 5472756e6b6c696e6500")
            .await
    }

    /// The proof message for this challenge, by the arithmetic that the vectors of protocol.md check, and the unit
    /// proof that must come back.
    pub(crate) fn proof(&self, challenge: &str, user: &str, password: &str) -> (String, String) {
        let mut challenge = Bytes::from(hex(challenge));
        assert_eq!(to_hex(&challenge.split_to(12)), "803000010000000100000003");
        let iterations = challenge.get_u32();
        let salt_length = challenge.get_u16().into();
        let salt = challenge.split_to(salt_length);
        let nonce_length = usize::from(challenge.get_u16());
        assert_eq!(challenge.len(), nonce_length);
        let keys = Keys::derive(user, &password.into(), &salt, iterations);
        let challenge = Challenge {
            iterations,
            salt,
            unit_nonce: challenge,
        };
        let proofs = keys.prove(&self.channel, &challenge, &[0x42; 32]);
        let message = format!(
            "00300001 00000002 00000053 0020 {} 0020 {}",
            "42".repeat(32),
            to_hex(&proofs.client)
        );
        (message, to_hex(&proofs.unit))
    }

    /// A whole log-in; returns the last answer's payload after `80300001 00000002`.
    pub(crate) async fn try_log_in(&mut self, user: &str, password: &str) -> String {
        let challenge = self.request_challenge().await;
        let (message, _) = self.proof(&challenge, user, password);
        let answer = self.ask(&message).await;
        answer.strip_prefix("8030000100000002").unwrap().to_owned()
    }

    /// A log-in that succeeds and is proven.
    pub(crate) async fn log_in(&mut self, user: &str) {
        let challenge = self.request_challenge().await;
        let (message, unit_proof) = self.proof(&challenge, user, PASSWORD);
        let answer = self.ask(&message).await;
        let expect = format!("803000010000000200000000005402010020{unit_proof}");
        assert!(answer.starts_with(&expect), "{answer}");
    }

    /// Everything that answers a read with this request: the announced length, hash and revision, and each part with
    /// its offset, until the end mark, whose hash comes last.
    pub(crate) async fn read(&mut self, object: u8, offset: u64, resumed: &str) -> Object {
        let head = self
            .ask(&format!("00540011 00000009 {object:02x} {offset:016x} {resumed}"))
            .await;
        let head = head
            .strip_prefix("805400110000000900000000")
            .unwrap_or_else(|| panic!("{head}"))
            .to_owned();
        let mut object = Object {
            length: u64::from_str_radix(&head[..16], 16).unwrap(),
            sha256: head[16..80].to_owned(),
            revision: String::from_utf8(hex(&head[84..])).unwrap(),
            parts: Vec::new(),
            end: None,
        };
        while let Some(frame) = soon(self.next()).await {
            let header = if frame[1] & 0x80 == 0 { 3 } else { 4 };
            let payload = frame.slice(header..);
            match &to_hex(&payload[..8])[..] {
                "1054001200000009" => {
                    let offset = u64::from_be_bytes(payload[8..16].try_into().unwrap());
                    object.parts.push((offset, payload.slice(16..)));
                }
                "1054001300000009" => {
                    object.end = Some(to_hex(&payload[8..]));
                    break;
                }
                other => panic!("{other} has no place in an object"),
            }
        }
        object
    }

    /// Announces and sends an object in two parts; returns the answers to write and commit, without type and id.
    pub(crate) async fn write(&mut self, head: &Write<'_>, content: &[u8]) -> String {
        let announced = self.announce(head, content).await;
        if announced != "00000000" {
            return announced;
        }
        let (first, second) = content.split_at(content.len() / 2);
        for (offset, part) in [(0, first), (first.len(), second)] {
            for (number, piece) in part.chunks(30_000).enumerate() {
                let offset = offset + number * 30_000;
                self.send(&format!("00540022 0000000b {offset:016x} {}", to_hex(piece)))
                    .await;
            }
        }
        let answer = self.ask(&format!("00540023 0000000c {}", sha256(content))).await;
        answer.strip_prefix("805400230000000c").unwrap().to_owned()
    }

    /// The head of a write alone; returns its answer without type and id.
    pub(crate) async fn announce(&mut self, head: &Write<'_>, content: &[u8]) -> String {
        let answer = self
            .ask(&format!(
                "00540021 0000000b {:02x} {:02x} {:04x} 00 {:016x} {} {:04x} {}",
                head.object,
                head.mode,
                head.minutes,
                content.len(),
                sha256(content),
                head.base.len(),
                to_hex(head.base.as_bytes())
            ))
            .await;
        answer.strip_prefix("805400210000000b").unwrap().to_owned()
    }
}

/// The head of an object that is sent.
#[derive(Clone, Copy)]
pub(crate) struct Write<'a> {
    pub(crate) object: u8,
    pub(crate) mode: u8,
    pub(crate) minutes: u16,
    pub(crate) base: &'a str,
}

/// A merge of the configuration, based on whatever is there.
pub(crate) const MERGE: Write<'static> = Write {
    object: 1,
    mode: 1,
    minutes: 0,
    base: "",
};
pub(crate) const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An object as it arrived.
pub(crate) struct Object {
    pub(crate) length: u64,
    pub(crate) sha256: String,
    pub(crate) revision: String,
    pub(crate) parts: Vec<(u64, Bytes)>,
    pub(crate) end: Option<String>,
}

impl Object {
    /// The parts one after the other, whatever their offsets say.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.parts.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect()
    }

    /// Whether each part begins where the last one ended.
    pub(crate) fn continues_from(&self, offset: u64) -> bool {
        let mut at = offset;
        self.parts.iter().all(|(offset, bytes)| {
            let fits = *offset == at;
            at += bytes.len() as u64;
            fits
        })
    }
}

/// Takes any certificate: what it is worth is not what these tests are about.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}
