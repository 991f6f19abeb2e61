//! Messages of DevLink3 in both directions (protocol.md section 8). The first byte says in which.

use bytes::BytesMut;
use trunkline_protocol::devlink::{Answer, Request};
use trunkline_protocol::link::frame;

/// What decodes is encoded into something that decodes to the same.
pub(crate) fn run(data: &[u8]) {
    let [direction, bytes @ ..] = data else { return };
    let mut input = BytesMut::from(bytes);
    while let Ok(Some(payload)) = frame::take(&mut input, frame::LIMIT_BEFORE_LOG_IN) {
        if direction % 2 == 0 {
            let Ok((id, answer)) = Answer::decode(payload) else {
                continue;
            };
            let mut again = answer.encode(id);
            let payload = frame::take(&mut again, usize::MAX).unwrap().unwrap();
            assert_eq!(Answer::decode(payload), Ok((id, answer)));
        } else {
            let Ok((id, request)) = Request::decode(payload) else {
                continue;
            };
            assert_ne!(id, 0);
            let mut again = request.encode(id);
            let payload = frame::take(&mut again, usize::MAX).unwrap().unwrap();
            assert!(Request::decode(payload) == Ok((id, request)));
        }
    }
}
