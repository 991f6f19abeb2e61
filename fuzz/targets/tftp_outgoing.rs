//! A file that goes out over TFTP, to a peer that acknowledges whatever it likes, from anywhere (RFC 1350 and 7440). The
//! first byte says which options the peer agrees to and how long the file is; then each byte is something that happens.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use trunkline_protocol::tftp::packet::FileName;
use trunkline_protocol::tftp::transfer::{Outgoing, TransferEvent, TransferSettings};

/// Every block that is sent has its own bytes of the file, none comes before the window reaches it, and a transfer is
/// called finished only when the peer acknowledged the last block.
pub(crate) fn run(data: &[u8]) {
    let [form, steps @ ..] = data else { return };
    let [server, peer, stranger] = [69, 1024, 1025].map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
    let file: Vec<u8> = (0..usize::from(form & 0x1F) * 100)
        .map(|at| (at * 7 / 3).to_le_bytes()[0])
        .collect();
    let (block, window) = if form & 0x80 == 0 { (512, 1) } else { (128, 4) };
    let settings = TransferSettings {
        options: window > 1,
        ..TransferSettings::default()
    };
    let mut now = Instant::now();
    let name = FileName::new(b"nasystem/wconfig/x").unwrap();
    let mut outgoing = Outgoing::write(server, name, file.len() as u64, settings, now);
    let agreed: &[u8] = if window > 1 {
        b"\0\x06blksize\x00128\0windowsize\x004\0"
    } else {
        b"\0\x04\0\0"
    };
    outgoing.handle_datagram(now, peer, agreed);
    let last = file.len() / block + 1;
    let (mut given, mut sent, mut acknowledged, mut over) = (0, 0, 0, false);
    for step in [0xC0].iter().chain(steps) {
        let number = usize::from(step & 0x1F);
        match step >> 6 {
            0 | 1 if step & 0x20 == 0 => {
                outgoing.handle_datagram(now, peer, &[0, 4, 0, number.to_le_bytes()[0]]);
                if number <= sent && !over {
                    acknowledged = acknowledged.max(number);
                }
            }
            0 | 1 => outgoing.handle_datagram(now, stranger, &[0, 4, 0, number.to_le_bytes()[0]]),
            2 => {
                now = outgoing.poll_timeout().unwrap_or(now + Duration::from_secs(1));
                outgoing.handle_timeout(now);
            }
            _ => {}
        }
        while outgoing.wanted() > 0 {
            given += outgoing.push(now, &file[given..file.len().min(given + 100)]);
        }
        while let Some((to, datagram)) = outgoing.poll_transmit() {
            let [0, kind, high, low, bytes @ ..] = &*datagram else {
                panic!("{datagram:02x?}")
            };
            if *kind != 3 {
                continue;
            }
            assert_eq!(to, peer);
            let number = usize::from(u16::from_be_bytes([*high, *low]));
            let start = (number - 1) * block;
            assert_eq!(
                *bytes,
                file[start..file.len().min(start + block)],
                "block {number}"
            );
            assert!(number <= acknowledged + window, "{number} after {acknowledged}");
            sent = sent.max(number);
        }
        while let Some(event) = outgoing.poll_event() {
            assert!(!over, "nothing follows the end");
            over = matches!(event, TransferEvent::Finished { .. } | TransferEvent::Failed(_));
            if let TransferEvent::Finished { bytes } = event {
                assert_eq!((bytes, acknowledged), (file.len() as u64, last));
            }
        }
    }
}
