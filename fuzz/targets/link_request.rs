//! What a client sends, as a unit reads it (protocol.md 4.2).

use bytes::Bytes;
use trunkline_protocol::link::{Request, frame};

/// What decodes is encoded into bytes that decode and encode to the same bytes.
pub(crate) fn run(data: &[u8]) {
    let Ok((id, request)) = Request::decode(Bytes::copy_from_slice(data)) else {
        return;
    };
    assert_ne!(id, 0);
    let bytes = request.encode(id);
    let payload = frame::take(&mut bytes.clone(), usize::MAX).unwrap().unwrap();
    let (same_id, same) = Request::decode(payload).unwrap();
    assert_eq!((same_id, same.encode(id)), (id, bytes));
}
