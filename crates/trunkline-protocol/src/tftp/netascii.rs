//! The netascii transfer mode (RFC 1350, which takes it from RFC 764): lines end in CR LF, and a bare CR is CR NUL.

/// `bytes` as they were before they were sent in netascii mode: CR LF becomes LF and CR NUL becomes CR. Anything
/// else, a CR before another byte included, stays as it is.
pub fn decode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match (byte, rest.peek()) {
            (b'\r', Some(b'\n')) => {}
            (b'\r', Some(0)) => {
                rest.next();
                out.push(byte);
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn line_ends_and_bare_returns_come_back() {
        let check = |bytes: &[u8], expect: &[u8]| assert_eq!(decode(bytes), expect);
        check(b"", b"");
        check(b"a\r\nb\r\0c", b"a\nb\rc");
        check(b"\r\r\n\r", b"\r\n\r");
        check(b"a\rb\0\n", b"a\rb\0\n");
    }
}
