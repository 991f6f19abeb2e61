//! Units of scripted bytes on loopback: what they answer is written out here, not made by the code under test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

/// The Whois request with request id 1 (protocol.md section 9 has it with id 7).
pub(crate) const REQUEST: [u8; 12] = [0x49, 0, 0x0c, 0, 0x54, 0, 1, 0, 0, 0, 1, 1];

/// A server that ends with the test.
pub(crate) struct Served {
    /// Where it is.
    pub(crate) place: SocketAddr,
    /// How many connections or datagrams came.
    pub(crate) asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Served {
    pub(crate) fn port(&self) -> u16 {
        self.place.port()
    }

    pub(crate) fn times_asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// What a scripted unit does after the question has come.
#[derive(Clone)]
pub(crate) enum Then {
    /// These bytes, one after the other in pieces of this size, then nothing more; the connection stays.
    Say(Vec<u8>, usize),
    /// These bytes, and the connection ends.
    SayAndClose(Vec<u8>),
}

/// A unit on 127.0.0.1 with a port of its own.
pub(crate) async fn tcp_unit(then: Then) -> Served {
    tcp_unit_at(IpAddr::V4(Ipv4Addr::LOCALHOST), then).await
}

pub(crate) async fn tcp_unit_at(address: IpAddr, then: Then) -> Served {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let task = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let then = then.clone();
            open.push(tokio::spawn(async move {
                let mut request = [0; 12];
                if stream.read_exact(&mut request).await.is_err() || request != REQUEST {
                    return;
                }
                match then {
                    Then::Say(bytes, piece) => {
                        for piece in bytes.chunks(piece) {
                            stream.write_all(piece).await.ok();
                            stream.flush().await.ok();
                            tokio::task::yield_now().await;
                        }
                        stream.read_u8().await.ok();
                    }
                    Then::SayAndClose(bytes) => drop(stream.write_all(&bytes).await),
                }
            }));
        }
    });
    Served { place, asked, task }
}

/// A unit that answers who_is at 127.0.0.1 or another loopback address, each time from a fresh port, until it is
/// acknowledged.
pub(crate) async fn udp_unit(address: Ipv4Addr, answer: &str) -> Served {
    udp_responder(address, data_block(answer.as_bytes())).await
}

/// Answers every request with this datagram, from a fresh port.
pub(crate) async fn udp_responder(address: Ipv4Addr, datagram: Vec<u8>) -> Served {
    let socket = UdpSocket::bind((address, 0)).await.unwrap();
    let place = socket.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let task = tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let request = &buffer[..length];
            if request.starts_with(b"\0\x01nasystem/who_is") {
                count.fetch_add(1, Ordering::SeqCst);
                let transfer = UdpSocket::bind((address, 0)).await.unwrap();
                transfer.send_to(&datagram, from).await.ok();
                // The port stays taken until an acknowledgement or an error has come.
                tokio::spawn(async move { transfer.recv_from(&mut [0; 600]).await.ok() });
            }
        }
    });
    Served { place, asked, task }
}

/// DATA, block 1.
pub(crate) fn data_block(body: &[u8]) -> Vec<u8> {
    [&[0, 3, 0, 1], body].concat()
}

/// A Whois answer to request 1: result 0 and these tuples.
pub(crate) fn whois(tuples: &[(u32, &[u8])]) -> Vec<u8> {
    let mut payload = vec![0x80, 0x54, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];
    for (tag, value) in tuples {
        payload.extend(tag.to_be_bytes());
        payload.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        payload.extend(*value);
    }
    let length = u16::try_from(payload.len() + 3).unwrap();
    [&[0x49][..], &length.to_be_bytes(), &payload].concat()
}

/// A Whois answer of a unit with this name and the last byte of its MAC.
pub(crate) fn named(name: &str, mac: u8) -> Vec<u8> {
    whois(&[
        (0x0054_0101, name.as_bytes()),
        (0x0054_0102, b"IP 500 V2"),
        (0x0054_0103, b"11.1.2.3 build 23"),
        (0x0054_0104, &[0, 0xE0, 7, 0, 0, mac]),
    ])
}
