//! A file that comes in over TFTP, from a peer that sends its blocks in any order, as often as it likes, and from
//! anywhere (RFC 1350 and 7440). The first byte says which options it agrees to and how long the file is; then each
//! byte is something that happens.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_protocol::tftp::packet::FileName;
use trunkline_protocol::tftp::transfer::{Incoming, TransferEvent, TransferSettings};

const BLOCK: usize = 512;

/// What is handed over is a beginning of the file, and all of it where that is what is said. What is sent goes to the
/// server and the one peer, and to a stranger only to send it away.
pub(crate) fn run(data: &[u8]) {
    let [form, steps @ ..] = data else { return };
    let [server, peer, stranger] = [69, 1024, 1025].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let file: Vec<u8> = (0..usize::from(form & 0x1F) * 300)
        .map(|at| (at * 7 / 3).to_le_bytes()[0])
        .collect();
    let settings = TransferSettings {
        options: form & 0x40 != 0,
        ..TransferSettings::default()
    };
    let mut now = Instant::now();
    let name = FileName::new(b"nasystem/rconfig/x").unwrap();
    let mut incoming = Incoming::read(server, name, settings, now);
    let block = if form & 0xC0 == 0xC0 { 128 } else { BLOCK };
    // The first answer decides who the peer is: strangers come later here.
    let mut has_peer = block != BLOCK;
    if has_peer {
        incoming.handle_datagram(now, peer, b"\0\x06blksize\x00128\0windowsize\x004\0");
    }
    let (mut got, mut finished) = (Vec::new(), None);
    for step in steps {
        let number = usize::from(step & 0x1F) + 1;
        let from = if step & 0x20 == 0 || !has_peer {
            peer
        } else {
            stranger
        };
        match step >> 6 {
            0 | 1 => {
                // A block of the honest file; a stranger's has something else in it.
                let start = ((number - 1) * block).min(file.len());
                let mut bytes = file[start..file.len().min(start + block)].to_vec();
                if from == stranger {
                    for byte in &mut bytes {
                        *byte ^= 0xFF;
                    }
                }
                let head = [0, 3, 0, number.to_le_bytes()[0]];
                has_peer |= number == 1;
                if (number - 1) * block <= file.len() {
                    incoming.handle_datagram(now, from, &[&head[..], &bytes].concat());
                }
            }
            2 if has_peer => incoming.handle_datagram(now, stranger, &[0, step & 7, 0, 1, *step]),
            _ => {
                now = incoming.poll_timeout().unwrap_or(now + Duration::from_secs(1));
                incoming.handle_timeout(now);
            }
        }
        got.extend(std::iter::from_fn(|| incoming.poll_data()).flatten());
        while let Some((to, datagram)) = incoming.poll_transmit() {
            let sends_away = to == stranger && datagram.starts_with(&[0, 5, 0, 5]);
            assert!(to == server || to == peer || sends_away, "{to}: {datagram:02x?}");
        }
        while let Some(event) = incoming.poll_event() {
            assert!(finished.is_none(), "nothing follows the end");
            match event {
                TransferEvent::Finished { bytes } => finished = Some(Some(bytes)),
                TransferEvent::Failed(_) => finished = Some(None),
                TransferEvent::Started { .. } => {}
            }
        }
        assert_eq!(got, file[..got.len().min(file.len())]);
    }
    if let Some(Some(bytes)) = finished {
        assert_eq!((bytes, got.len()), (file.len() as u64, file.len()));
    }
}
