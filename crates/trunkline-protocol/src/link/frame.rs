//! Where a frame ends (protocol.md 4.1, documented for DevLink3).
//!
//! `49 | length | payload`; the length counts the whole frame. Two bytes of length while the frame has at most 0x7FFF
//! bytes, else three that carry 22 bits.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::LinkError;

/// The first byte of each frame.
pub const MAGIC: u8 = 0x49;
/// The largest frame accepted before a log-in, in bytes.
pub const LIMIT_BEFORE_LOG_IN: usize = 64 * 1024;
/// The largest frame accepted after a log-in, in bytes.
pub const LIMIT_AFTER_LOG_IN: usize = 1024 * 1024;
/// Type and request id stand in each payload.
const MIN_PAYLOAD: usize = 8;
/// Magic and a two-byte length.
const SHORT_HEADER: usize = 3;
/// Magic and a three-byte length.
const LONG_HEADER: usize = 4;
const LONGEST_SHORT_FRAME: usize = 0x7FFF;

/// Takes one whole frame's payload from the front of `input`, or `None` while it is not all there.
///
/// A frame above `limit` bytes is refused from its header alone, before anything is reserved for it. The payload
/// shares `input`'s memory.
///
/// # Errors
/// [`LinkError::NotAFrame`], [`LinkError::FrameTooLarge`] and [`LinkError::Truncated`]; `input` is then worthless.
pub fn take(input: &mut BytesMut, limit: usize) -> Result<Option<Bytes>, LinkError> {
    let Some((header, length)) = head(input, limit)? else {
        return Ok(None);
    };
    if input.len() < length {
        input.reserve(length - input.len());
        return Ok(None);
    }
    let mut frame = input.split_to(length).freeze();
    frame.advance(header);
    Ok(Some(frame))
}

/// Takes what is there of a frame that will never be whole, since the connection is over: the first part of its payload,
/// and how long all of it would have been. `None` where not even the header is there, or is wrong.
pub(super) fn take_torn(input: &mut BytesMut, limit: usize) -> Option<(Bytes, usize)> {
    let (header, length) = head(input, limit).ok().flatten()?;
    let mut torn = input.split().freeze();
    torn.truncate(length);
    torn.advance(header);
    Some((torn, length - header))
}

/// Bytes of the header and of the whole frame, or `None` while the header is not all there.
fn head(input: &[u8], limit: usize) -> Result<Option<(usize, usize)>, LinkError> {
    let Some(&first) = input.first() else {
        return Ok(None);
    };
    if first != MAGIC {
        return Err(LinkError::NotAFrame(first));
    }
    let (header, length) = match *input {
        [_, high, low, ..] if high & 0x80 == 0 => (SHORT_HEADER, usize::from(high) << 8 | usize::from(low)),
        [_, high, middle, low, ..] if high & 0x80 != 0 => {
            // Bit 7 of the middle byte is not part of the length.
            let length = usize::from(high & 0x7F) << 15 | usize::from(middle & 0x7F) << 8 | usize::from(low);
            (LONG_HEADER, length)
        }
        _ => return Ok(None),
    };
    if length < header + MIN_PAYLOAD {
        return Err(LinkError::Truncated("a frame"));
    }
    if length > limit {
        return Err(LinkError::FrameTooLarge {
            announced: length,
            limit,
        });
    }
    Ok(Some((header, length)))
}

/// Writes the header of a frame for a payload of `payload` bytes.
///
/// Payloads are bounded by their callers (at most [`LIMIT_AFTER_LOG_IN`]); 22 bits always hold them.
pub fn put_header(out: &mut BytesMut, payload: usize) {
    out.put_u8(MAGIC);
    let short = payload + SHORT_HEADER;
    if short <= LONGEST_SHORT_FRAME {
        out.put_u8(byte(short >> 8));
        out.put_u8(byte(short));
    } else {
        let long = payload + LONG_HEADER;
        out.put_u8(byte(long >> 15) & 0x7F | 0x80);
        out.put_u8(byte(long >> 8) & 0x7F);
        out.put_u8(byte(long));
    }
}

fn byte(value: usize) -> u8 {
    u8::try_from(value & 0xFF).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(payload: usize) -> Vec<u8> {
        let mut out = BytesMut::new();
        put_header(&mut out, payload);
        out.to_vec()
    }

    #[test]
    fn headers_are_the_published_bytes() {
        assert_eq!(header(9), [0x49, 0x00, 0x0c]);
        assert_eq!(header(32_764), [0x49, 0x7f, 0xff]);
        assert_eq!(header(32_765), [0x49, 0x81, 0x00, 0x01]);
        assert_eq!(header(100_000), [0x49, 0x83, 0x06, 0xa4]);
    }

    #[test]
    fn both_length_forms_are_read_even_for_a_short_frame() {
        for whole in [
            &b"\x49\x00\x0cPAYLOAD!!"[..],
            b"\x49\x80\x00\x0dPAYLOAD!!",
            // Bit 7 of the middle byte counts for nothing.
            b"\x49\x80\x80\x0dPAYLOAD!!",
        ] {
            let mut input = BytesMut::from(whole);
            assert_eq!(
                take(&mut input, LIMIT_BEFORE_LOG_IN),
                Ok(Some(Bytes::from_static(b"PAYLOAD!!")))
            );
            assert!(input.is_empty());
        }
    }

    #[test]
    fn a_frame_may_arrive_byte_by_byte_and_two_at_once() {
        let two = b"\x49\x00\x0cPAYLOAD!!\x49\x00\x0bSECOND..";
        let mut input = BytesMut::new();
        let mut seen = Vec::new();
        for &byte in two {
            input.put_u8(byte);
            seen.extend(take(&mut input, LIMIT_BEFORE_LOG_IN).unwrap());
        }
        assert_eq!(
            seen,
            [Bytes::from_static(b"PAYLOAD!!"), Bytes::from_static(b"SECOND..")]
        );

        let mut input = BytesMut::from(&two[..]);
        assert!(take(&mut input, LIMIT_BEFORE_LOG_IN).unwrap().is_some());
        assert_eq!(
            take(&mut input, LIMIT_BEFORE_LOG_IN),
            Ok(Some(Bytes::from_static(b"SECOND..")))
        );
        assert_eq!(take(&mut input, LIMIT_BEFORE_LOG_IN), Ok(None));
    }

    #[test]
    fn a_header_alone_is_enough_to_refuse_and_nothing_is_reserved() {
        for (bytes, limit, expect) in [
            (
                &b"\x49\xff\x7f\xff"[..],
                LIMIT_AFTER_LOG_IN,
                LinkError::FrameTooLarge {
                    announced: 4_194_303,
                    limit: LIMIT_AFTER_LOG_IN,
                },
            ),
            (
                b"\x49\x82\x00\x01",
                LIMIT_BEFORE_LOG_IN,
                LinkError::FrameTooLarge {
                    announced: 65_537,
                    limit: LIMIT_BEFORE_LOG_IN,
                },
            ),
            (
                b"\x49\x00\x0a",
                LIMIT_BEFORE_LOG_IN,
                LinkError::Truncated("a frame"),
            ),
            (
                b"\x49\x80\x00\x0b",
                LIMIT_BEFORE_LOG_IN,
                LinkError::Truncated("a frame"),
            ),
            (
                b"\x49\x00\x00",
                LIMIT_BEFORE_LOG_IN,
                LinkError::Truncated("a frame"),
            ),
            (b"H", LIMIT_BEFORE_LOG_IN, LinkError::NotAFrame(b'H')),
        ] {
            let mut input = BytesMut::from(bytes);
            let before = input.capacity();
            assert_eq!(take(&mut input, limit), Err(expect));
            assert!(input.capacity() <= before);
        }
    }
}
