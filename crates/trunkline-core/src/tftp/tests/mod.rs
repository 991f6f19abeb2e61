//! Against a peer that is no more than a socket: it writes every byte itself, and reads every byte back.

mod receiving;
mod sending;
mod transport;

use std::cell::RefCell;
use std::net::{SocketAddr, UdpSocket};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Object, Stat};
use trunkline_protocol::tftp::transfer::TransferSettings;

use super::access::FileNames;
use super::{TftpAccess, TftpSession};
use crate::progress::silent;
use crate::receive::Received;
use crate::{ContentHash, Outgoing, Result, Step};

/// A test that waits longer than this waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the client asks for with the password `Grüße/42`, up to its options.
const READ: &[u8] = b"\0\x01nasystem/rconfig/Gr\xc3\xbc\xc3\x9fe%2F42\0octet\0";
/// The same for a write.
const WRITE: &[u8] = b"\0\x02nasystem/wconfig/Gr\xc3\xbc\xc3\x9fe%2F42\0octet\0";
const REBOOT: &[u8] = b"\0\x02nasystem/reboot/Gr\xc3\xbc\xc3\x9fe%2F42\0octet\0";
const OFFER: &[u8] = b"blksize\x001428\0tsize\x000\0windowsize\x0016\0";

/// One unit's end of a conversation.
struct Peer {
    socket: UdpSocket,
    /// The last that was expected: a client that is in a hurry says it again.
    last: RefCell<Vec<u8>>,
}

impl Peer {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            last: RefCell::default(),
        }
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().unwrap().port()
    }

    /// The next datagram, and where it came from.
    fn hears(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = vec![0; 65_535];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        (buffer[..length].to_vec(), from)
    }

    /// Waits for just these bytes, and says who sent them.
    #[track_caller]
    fn expects(&self, expect: &[u8]) -> SocketAddr {
        let (datagram, from) = loop {
            let heard = self.hears();
            if heard.0 == expect || heard.0 != *self.last.borrow() {
                break heard;
            }
        };
        self.last.replace(expect.to_vec());
        assert_eq!(
            datagram.escape_ascii().to_string(),
            expect.escape_ascii().to_string()
        );
        from
    }

    fn says(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).unwrap();
    }

    /// Answers with data and waits for its acknowledgement.
    #[track_caller]
    fn gives(&self, block: u16, data: &[u8], to: SocketAddr) {
        self.says(&[&[0, 3], &block.to_be_bytes()[..], data].concat(), to);
        self.expects(&[[0, 4], block.to_be_bytes()].concat());
    }

    /// Answers a request that has all options with one that goes by the plain rules, and gives this file in one block.
    #[track_caller]
    fn gives_whole(&self, file: &[u8]) {
        let client = self.expects(&[READ, OFFER].concat());
        let own = Self::new();
        own.gives(1, file, client);
    }
}

/// What a unit does, on a thread of its own.
fn unit(script: impl FnOnce(Peer) + Send + 'static) -> (u16, JoinHandle<()>) {
    let peer = Peer::new();
    (peer.port(), thread::spawn(move || script(peer)))
}

fn access(port: u16, settings: TransferSettings) -> TftpAccess {
    TftpAccess {
        host: "127.0.0.1".into(),
        port,
        key_port: 50804,
        names: FileNames {
            read: "nasystem/rconfig/{password}".into(),
            write: "nasystem/wconfig/{password}".into(),
            reboot: "nasystem/reboot/{password}".into(),
        },
        settings,
    }
}

/// Gives up after a moment, so that the end of a transfer can be awaited.
fn quick() -> TransferSettings {
    TransferSettings {
        timeout: Duration::from_millis(40),
        tries: 3,
        ..TransferSettings::default()
    }
}

async fn session(port: u16, settings: TransferSettings) -> TftpSession {
    session_with(port, settings, CancellationToken::new()).await
}

async fn session_with(port: u16, settings: TransferSettings, cancel: CancellationToken) -> TftpSession {
    TftpSession::open(access(port, settings), "Grüße/42".into(), cancel)
        .await
        .unwrap()
}

async fn receive(session: &mut TftpSession) -> Result<Received<Vec<u8>>> {
    session
        .receive(Object::Configuration, Vec::new(), Step::Receive, &silent)
        .await
}

fn held(content: &[u8]) -> Stat {
    Stat {
        length: content.len() as u64,
        sha256: *ContentHash::of(content).bytes(),
        revision: String::new(),
    }
}

async fn send(session: &mut TftpSession, before: &[u8], content: &'static [u8]) -> Result<String> {
    let outgoing = Outgoing::memory(content.into());
    let sent = session.send(&held(before), &outgoing, &silent).await?;
    Ok(sent.revision)
}
