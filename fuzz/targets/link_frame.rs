//! Where frames end (protocol.md 4.1), torn wherever the network likes. The first byte says into how large pieces.

use bytes::{Bytes, BytesMut};
use trunkline_protocol::link::{LinkError, frame};

/// The same frames come out however the bytes arrive, nothing is added to them, and each can be written again.
pub(crate) fn run(data: &[u8]) {
    let [step, bytes @ ..] = data else { return };
    for limit in [64, frame::LIMIT_BEFORE_LOG_IN] {
        let whole = read(bytes, bytes.len().max(1), limit);
        assert_eq!(read(bytes, usize::from(*step) + 1, limit), whole);
        let taken: usize = whole.0.iter().map(Bytes::len).sum();
        assert!(taken <= bytes.len());
        for payload in whole.0 {
            assert!(payload.len() >= 8 && payload.len() < limit);
            let mut again = BytesMut::new();
            frame::put_header(&mut again, payload.len());
            again.extend_from_slice(&payload);
            assert_eq!(frame::take(&mut again, usize::MAX), Ok(Some(payload)));
            assert!(again.is_empty());
        }
    }
}

/// Every payload until the bytes or the connection end.
fn read(bytes: &[u8], step: usize, limit: usize) -> (Vec<Bytes>, Option<LinkError>) {
    let (mut input, mut payloads) = (BytesMut::new(), Vec::new());
    for piece in bytes.chunks(step) {
        input.extend_from_slice(piece);
        loop {
            match frame::take(&mut input, limit) {
                Ok(Some(payload)) => payloads.push(payload),
                Ok(None) => break,
                Err(error) => return (payloads, Some(error)),
            }
        }
    }
    (payloads, None)
}
