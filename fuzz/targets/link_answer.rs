//! What a unit sends: frames, then answers (protocol.md 4.1 and 4.2).

use bytes::BytesMut;
use trunkline_protocol::link::{Answer, frame};

/// What decodes is encoded into something that decodes to the same, and no frame holds more than arrived.
pub(crate) fn run(data: &[u8]) {
    let mut input = BytesMut::from(data);
    loop {
        let before = input.len();
        let Ok(Some(payload)) = frame::take(&mut input, frame::LIMIT_BEFORE_LOG_IN) else {
            break;
        };
        assert!(
            payload.len() + input.len() < before,
            "a frame is longer than what arrived"
        );
        let Ok((id, answer)) = Answer::decode(payload) else {
            continue;
        };
        let mut again = answer.encode(id);
        let payload = frame::take(&mut again, usize::MAX).unwrap().unwrap();
        assert!(again.is_empty());
        assert_eq!(Answer::decode(payload), Ok((id, answer)));
    }
}
