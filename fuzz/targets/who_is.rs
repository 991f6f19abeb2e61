//! The text with which units answer UDP discovery (protocol.md 2.1).

use trunkline_protocol::who_is::{MAX_ANSWER, WhoIsAnswer};

/// No answer is too strange to read, and what is shown can not drive a terminal.
pub(crate) fn run(data: &[u8]) {
    let Ok(answer) = WhoIsAnswer::decode(data) else {
        return;
    };
    let texts = [Some(&answer.raw), answer.unit_type.as_ref(), answer.name.as_ref()];
    for text in texts.into_iter().flatten() {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    let considered = &data[..data.len().min(MAX_ANSWER)];
    assert_eq!(
        WhoIsAnswer::decode(considered),
        Ok(answer),
        "what is beyond the limit does not count"
    );
}
