//! What the tests of this module share: literal bytes, written as the hex of docs/protocol.md, and virtual time.

use std::time::Instant;

use bytes::Bytes;

/// Where the virtual time of a test begins; from here on it only ever moves by addition.
#[expect(
    clippy::disallowed_methods,
    reason = "an Instant can not be made in any other way"
)]
pub(crate) fn start() -> Instant {
    Instant::now()
}

/// The bytes of hex text; white space only makes it readable.
pub(crate) fn hex(text: &str) -> Bytes {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    let (pairs, odd) = digits.as_chunks::<2>();
    assert!(odd.is_empty(), "half a byte at the end of {text}");
    pairs.iter().map(|[high, low]| high << 4 | low).collect()
}

/// `frame` again, with the three-byte form of its length.
pub(crate) fn long_form(frame: &[u8]) -> Bytes {
    let length = u16::from_be_bytes([frame[1], frame[2]]) + 1;
    let [high, low] = length.to_be_bytes();
    assert!(high < 0x80, "already long");
    [&[0x49, 0x80, high, low], &frame[3..]].concat().into()
}
