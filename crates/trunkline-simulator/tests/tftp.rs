//! Systems before 3.2 over TFTP, and text files, in literal bytes.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{options, soon, unit, unit_with};
use tokio::net::UdpSocket;
use trunkline_simulator::{Options, Power, Simulator, Unit};

const READ: &[u8] = b"\0\x01nasystem/rconfig/Gr\xc3\xbc\xc3\x9fe%2F%25\0octet\0";
const WRITE: &[u8] = b"\0\x02nasystem/wconfig/Gr\xc3\xbc\xc3\x9fe%2F%25\0octet\0";
const REBOOT: &[u8] = b"\0\x02nasystem/reboot/Gr\xc3\xbc\xc3\x9fe%2F%25\0octet\0";
const OLD: &str = "size = 1200\nversion = '2.1.36'\ntftp = { password = 'Grüße/%'";

/// A client that is no more than a socket.
struct Client {
    socket: UdpSocket,
    unit: SocketAddr,
}

impl Client {
    async fn new(unit: &Unit) -> Self {
        Self {
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            unit: (unit.address(), unit.ports().tftp.unwrap()).into(),
        }
    }

    async fn asks(&self, request: &[u8]) {
        self.says(request, self.unit).await;
    }

    async fn says(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).await.unwrap();
    }

    /// The next datagram, which comes from a fresh port.
    async fn hears(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 2048];
        let (length, from) = soon(self.socket.recv_from(&mut buffer)).await.unwrap();
        assert_ne!(from, self.unit);
        (buffer[..length].to_vec(), from)
    }

    #[track_caller]
    fn is(heard: &(Vec<u8>, SocketAddr), expect: &[u8]) {
        assert_eq!(
            heard.0.escape_ascii().to_string(),
            expect.escape_ascii().to_string()
        );
    }

    /// What comes next, once what was said before does not come again.
    async fn hears_after(&self, before: &[u8]) -> (Vec<u8>, SocketAddr) {
        loop {
            let heard = self.hears().await;
            if heard.0 != before {
                return heard;
            }
        }
    }
}

/// An old system with these further keys of its `tftp` table.
async fn old(keys: &str) -> (Simulator, Unit) {
    unit(&format!("{OLD}{keys} }}")).await
}

/// Retransmits slowly, so that a test hears each packet once.
async fn slow(keys: &str) -> (Simulator, Unit) {
    let options = Options {
        retransmit: Duration::from_secs(30),
        ..options()
    };
    unit_with(&format!("{OLD}{keys} }}"), options).await
}

#[tokio::test]
async fn a_configuration_is_read_in_blocks_of_512_bytes() {
    let (_simulator, unit) = slow("").await;
    let client = Client::new(&unit).await;
    client.asks(READ).await;
    let content = unit.configuration().unwrap();
    for (block, data) in (1_u8..).zip(content.chunks(512)) {
        let heard = client.hears().await;
        Client::is(&heard, &[&[0, 3, 0, block][..], data].concat());
        client.says(&[0, 4, 0, block], heard.1).await;
    }
}

#[tokio::test]
async fn options_are_negotiated_ignored_or_refused() {
    let offer = [READ, b"blksize\x001428\0tsize\x000\0windowsize\x004\0"].concat();
    let (_simulator, unit) = slow("").await;
    let client = Client::new(&unit).await;
    client.asks(&offer).await;
    let heard = client.hears().await;
    Client::is(&heard, b"\0\x06blksize\x001428\0tsize\x001200\0windowsize\x004\0");
    client.says(b"\0\x04\0\0", heard.1).await;
    let content = unit.configuration().unwrap();
    Client::is(&client.hears().await, &[&b"\0\x03\0\x01"[..], &content].concat());

    let (_simulator, unit) = slow(", options = 'ignored'").await;
    let client = Client::new(&unit).await;
    client.asks(&offer).await;
    Client::is(
        &client.hears().await,
        &[&b"\0\x03\0\x01"[..], &unit.configuration().unwrap()[..512]].concat(),
    );

    let (_simulator, unit) = slow(", options = 'refused'").await;
    let client = Client::new(&unit).await;
    client.asks(&offer).await;
    Client::is(&client.hears().await, b"\0\x05\0\x08Options are refused\0");
    client.asks(READ).await;
    assert_eq!(client.hears().await.0[..4], *b"\0\x03\0\x01");
}

#[tokio::test]
async fn what_is_not_allowed_has_its_error() {
    let (_simulator, unit) = slow("").await;
    let client = Client::new(&unit).await;
    for (request, answer) in [
        (
            &b"\0\x01nasystem/rconfig/wrong\0octet\0"[..],
            &b"\0\x05\0\x02Access violation\0"[..],
        ),
        (
            b"\0\x02nasystem/wconfig/\0octet\0",
            b"\0\x05\0\x02Access violation\0",
        ),
        (
            b"\0\x01nasystem/user_list8\0octet\0",
            b"\0\x05\0\x01File not found\0",
        ),
        (b"\0\x02nasystem/who_is\0octet\0", b"\0\x05\0\x01File not found\0"),
        (
            b"\0\x01nasystem/rconfig/Gr\xc3\xbc\xc3\x9fe%2F%25\0netascii\0",
            b"\0\x05\0\0Octet only\0",
        ),
        (
            b"\0\x01nasystem/who_is\0octet\0blksize\x001\0",
            b"\0\x05\0\x08The options can not be read\0",
        ),
    ] {
        client.asks(request).await;
        Client::is(&client.hears().await, answer);
    }
    // From 3.2 on there is no such file.
    let (_simulator, unit) = self::unit("").await;
    let client = Client::new(&unit).await;
    client.asks(b"\0\x01nasystem/rconfig/password\0octet\0").await;
    Client::is(&client.hears().await, b"\0\x05\0\x01File not found\0");
}

#[tokio::test]
async fn a_write_changes_the_unit_when_its_end_is_there_and_not_before() {
    let (_simulator, unit) = slow("").await;
    let before = unit.configuration().unwrap();
    let client = Client::new(&unit).await;
    client.asks(WRITE).await;
    let heard = client.hears().await;
    Client::is(&heard, b"\0\x04\0\0");
    client
        .says(&[&b"\0\x03\0\x01"[..], &[b'n'; 512]].concat(), heard.1)
        .await;
    Client::is(&client.hears().await, b"\0\x04\0\x01");
    assert_eq!(unit.configuration().unwrap(), before);
    client.says(b"\0\x03\0\x02ew", heard.1).await;
    Client::is(&client.hears().await, b"\0\x04\0\x02");
    assert_eq!(unit.configuration().unwrap(), [&[b'n'; 512][..], b"ew"].concat());
    assert_eq!(unit.restarts(), 0);
}

#[tokio::test]
async fn a_write_that_ends_early_or_is_too_large_changes_nothing() {
    let (_simulator, unit) = slow("").await;
    let before = unit.sha256().unwrap();
    let client = Client::new(&unit).await;
    client.asks(WRITE).await;
    let (_, port) = client.hears().await;
    client
        .says(&[&b"\0\x03\0\x01"[..], &[b'n'; 512]].concat(), port)
        .await;
    Client::is(&client.hears().await, b"\0\x04\0\x01");
    client.says(b"\0\x05\0\0stopped\0", port).await;
    client.asks(&[WRITE, b"tsize\x002097153\0"].concat()).await;
    Client::is(&client.hears().await, b"\0\x05\0\x03the file is too large\0");
    assert_eq!(unit.sha256().unwrap(), before);
}

#[tokio::test]
async fn an_empty_file_restarts_the_unit() {
    let (_simulator, unit) = old("").await;
    let client = Client::new(&unit).await;
    client.asks(REBOOT).await;
    let (_, port) = client.hears().await;
    client.says(b"\0\x03\0\x01no", port).await;
    let refused = client.hears_after(b"\0\x04\0\0").await;
    Client::is(&refused, b"\0\x05\0\x03the file is too large\0");
    assert_eq!((unit.restarts(), unit.power()), (0, Power::Running));

    client.asks(REBOOT).await;
    let (_, port) = client.hears().await;
    client.says(b"\0\x03\0\x01", port).await;
    Client::is(&client.hears_after(b"\0\x04\0\0").await, b"\0\x04\0\x01");
    soon(async {
        while unit.restarts() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(unit.restarts(), 1);
}

#[tokio::test]
async fn text_files_are_given_out_where_the_unit_is_told_to() {
    let (_simulator, unit) = unit("tftp = { files = true }").await;
    let client = Client::new(&unit).await;
    client
        .asks(b"\0\x01nasystem/hunt_list\0octet\0blksize\x0065464\0")
        .await;
    let (_, port) = client.hears().await;
    client.says(b"\0\x04\0\0", port).await;
    let (data, _) = client.hears_after(b"\0\x06blksize\x001428\0").await;
    assert!(data.starts_with(b"\0\x03\0\x01"), "{}", data.escape_ascii());
    client.asks(b"\0\x01nasystem/nothing\0octet\0").await;
    let (answer, _) = client.hears_after(&data).await;
    assert_eq!(answer, b"\0\x05\0\x01File not found\0");
}

#[tokio::test]
async fn faults_double_packets_and_send_some_from_wrong_ports() {
    let (_simulator, unit) = slow("").await;
    unit.set_faults(&["tftp-twice".parse().unwrap(), "tftp-stranger".parse().unwrap()]);
    let client = Client::new(&unit).await;
    client.asks(READ).await;
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(client.hears().await);
    }
    let (stray, data): (Vec<_>, Vec<_>) = heard
        .into_iter()
        .partition(|(bytes, _)| bytes == b"\0\x03\0\x01from somebody else");
    assert_eq!((stray.len(), data.len()), (1, 2));
    assert_eq!(data[0], data[1]);
    assert_ne!(stray[0].1, data[0].1);
}
