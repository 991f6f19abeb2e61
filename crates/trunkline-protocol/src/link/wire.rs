//! Big-endian fields and tuples, read within bounds (protocol.md 4.1).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::LinkError;
use crate::printable::printable;

/// Reads fields from one frame's payload; every read is checked, none allocates more than the payload holds.
#[derive(Debug)]
pub struct Fields {
    rest: Bytes,
}

impl Fields {
    /// Reads from the start of `payload`.
    pub fn new(payload: Bytes) -> Self {
        Self { rest: payload }
    }

    fn need(&self, length: usize, what: &'static str) -> Result<(), LinkError> {
        if self.rest.len() < length {
            Err(LinkError::Truncated(what))
        } else {
            Ok(())
        }
    }

    /// One byte.
    ///
    /// # Errors
    /// [`LinkError::Truncated`] naming `what`, as for all of these.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, LinkError> {
        self.need(1, what)?;
        Ok(self.rest.get_u8())
    }

    /// Two bytes.
    ///
    /// # Errors
    /// [`LinkError::Truncated`].
    pub fn u16(&mut self, what: &'static str) -> Result<u16, LinkError> {
        self.need(2, what)?;
        Ok(self.rest.get_u16())
    }

    /// Four bytes.
    ///
    /// # Errors
    /// [`LinkError::Truncated`].
    pub fn u32(&mut self, what: &'static str) -> Result<u32, LinkError> {
        self.need(4, what)?;
        Ok(self.rest.get_u32())
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// [`LinkError::Truncated`].
    pub fn u64(&mut self, what: &'static str) -> Result<u64, LinkError> {
        self.need(8, what)?;
        Ok(self.rest.get_u64())
    }

    /// A SHA-256.
    ///
    /// # Errors
    /// [`LinkError::Truncated`].
    pub fn hash(&mut self, what: &'static str) -> Result<[u8; 32], LinkError> {
        self.need(32, what)?;
        let mut hash = [0; 32];
        self.rest.copy_to_slice(&mut hash);
        Ok(hash)
    }

    /// A `u16` length and as many bytes, without copying them.
    ///
    /// # Errors
    /// [`LinkError::Truncated`].
    pub fn short_bytes(&mut self, what: &'static str) -> Result<Bytes, LinkError> {
        let length = usize::from(self.u16(what)?);
        self.need(length, what)?;
        Ok(self.rest.split_to(length))
    }

    /// A `u32` length of at most `max`, and as many bytes, without copying them.
    ///
    /// # Errors
    /// [`LinkError::Truncated`], or [`LinkError::Invalid`] for a length above `max`.
    pub fn long_bytes(&mut self, max: u32, what: &'static str) -> Result<Bytes, LinkError> {
        let length = self.u32(what)?;
        if length > max {
            return Err(LinkError::Invalid("a length is above its limit"));
        }
        let length = usize::try_from(length).map_err(|_| LinkError::Truncated(what))?;
        self.need(length, what)?;
        Ok(self.rest.split_to(length))
    }

    /// Whatever is left.
    pub fn rest(self) -> Bytes {
        self.rest
    }

    /// The tuples that are left.
    ///
    /// # Errors
    /// [`LinkError::Truncated`] for a tuple that is not whole, [`LinkError::Invalid`] for more than 4,096 of them.
    pub fn tuples(mut self) -> Result<Tuples, LinkError> {
        let mut list = Vec::new();
        while !self.rest.is_empty() {
            if list.len() == MAX_TUPLES {
                return Err(LinkError::Invalid("there are more than 4,096 tuples"));
            }
            let tag = self.u32("a tuple")?;
            list.push((tag, self.short_bytes("a tuple")?));
        }
        Ok(Tuples(list))
    }

    /// The tuples that are left, up to the first that can not be understood: what follows a refusal is a help, and
    /// never a reason to lose the refusal itself.
    pub fn tuples_as_far_as_understood(mut self) -> Tuples {
        let mut list = Vec::new();
        while list.len() < MAX_TUPLES
            && let Ok(tag) = self.u32("a tuple")
            && let Ok(value) = self.short_bytes("a tuple")
        {
            list.push((tag, value));
        }
        Tuples(list)
    }
}

/// Tuples in the order in which they arrived; unknown tags are kept and do no harm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuples(Vec<(u32, Bytes)>);

/// An empty tuple takes 6 bytes in a frame and seven times as many in memory; the table has fewer than twenty tags.
const MAX_TUPLES: usize = 4096;
/// The longest text value that is shown, in characters.
const MAX_TEXT: usize = 256;

impl Tuples {
    /// Adds a tuple; a value above 65,535 bytes does not fit a tuple and is cut there.
    pub fn push(&mut self, tag: u32, value: impl Into<Bytes>) {
        let mut value = value.into();
        value.truncate(usize::from(u16::MAX));
        self.0.push((tag, value));
    }

    /// The first value with this tag.
    pub fn get(&self, tag: u32) -> Option<&Bytes> {
        self.0.iter().find(|(t, _)| *t == tag).map(|(_, value)| value)
    }

    /// A value as text that is safe to show, cut at 256 characters as they are shown; a text without a character is none.
    pub fn text(&self, tag: u32) -> Option<String> {
        let text: String = String::from_utf8_lossy(self.get(tag)?)
            .trim_end_matches('\0')
            .chars()
            .take(MAX_TEXT)
            .collect();
        (!text.is_empty()).then(|| printable(&text).chars().take(MAX_TEXT).collect())
    }

    /// A value of exactly eight bytes.
    pub fn u64(&self, tag: u32) -> Option<u64> {
        Some(u64::from_be_bytes(self.array(tag)?))
    }

    /// A value of exactly four bytes.
    pub fn u32(&self, tag: u32) -> Option<u32> {
        Some(u32::from_be_bytes(self.array(tag)?))
    }

    /// A value of exactly two bytes.
    pub fn u16(&self, tag: u32) -> Option<u16> {
        Some(u16::from_be_bytes(self.array(tag)?))
    }

    /// A value of exactly one byte.
    pub fn u8(&self, tag: u32) -> Option<u8> {
        Some(self.array::<1>(tag)?[0])
    }

    /// A value of exactly `N` bytes; one of another length is unknown rather than guessed.
    pub fn array<const N: usize>(&self, tag: u32) -> Option<[u8; N]> {
        self.get(tag)?.as_ref().try_into().ok()
    }

    /// Appends the tuples' bytes.
    pub fn encode(&self, out: &mut BytesMut) {
        for (tag, value) in &self.0 {
            out.put_u32(*tag);
            put_short(out, value);
        }
    }
}

impl<V: Into<Bytes>> FromIterator<(u32, V)> for Tuples {
    fn from_iter<I: IntoIterator<Item = (u32, V)>>(iter: I) -> Self {
        let mut tuples = Self::default();
        for (tag, value) in iter {
            tuples.push(tag, value);
        }
        tuples
    }
}

/// A `u16` length and the bytes; what does not fit the length is cut (callers bound their values well below it).
pub fn put_short(out: &mut BytesMut, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.put_u16(length);
    out.put_slice(&bytes[..usize::from(length)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuples(bytes: &'static [u8]) -> Result<Tuples, LinkError> {
        Fields::new(Bytes::from_static(bytes)).tuples()
    }

    #[test]
    fn tuples_are_read_in_bounds_and_unknown_ones_do_no_harm() {
        let all = tuples(b"\xDE\xAD\xBE\xEF\x00\x01x\x00\x54\x01\x01\x00\x02ab").unwrap();
        assert_eq!(all.text(0x0054_0101).as_deref(), Some("ab"));
        assert_eq!(all.get(0xDEAD_BEEF), Some(&Bytes::from_static(b"x")));
        assert_eq!(all.u16(0x0054_0101), Some(0x6162));
        assert_eq!(all.u32(0x0054_0101), None, "a value of another length is unknown");

        for cut in [
            &b"\x00\x54\x01"[..],
            b"\x00\x54\x01\x01\x00",
            b"\x00\x54\x01\x01\x00\x02a",
        ] {
            assert_eq!(
                Fields::new(Bytes::copy_from_slice(cut)).tuples(),
                Err(LinkError::Truncated("a tuple"))
            );
        }
    }

    #[test]
    fn after_a_refusal_what_can_not_be_understood_is_ignored() {
        let fields = Fields::new(Bytes::from_static(
            b"\x00\x54\x02\x06\x00\x02\x00\x05\x00\x54\x02\x05\x00\x09",
        ));
        let tuples = fields.tuples_as_far_as_understood();
        assert_eq!(tuples.u16(0x0054_0206), Some(5));
        assert_eq!(tuples.get(0x0054_0205), None);
    }

    #[test]
    fn text_from_a_stranger_can_not_drive_a_terminal() {
        let all = tuples(b"\x00\x00\x00\x01\x00\x09a\x1b[31m\xff\xe2\x80").unwrap();
        assert_eq!(all.text(1).as_deref(), Some("a\\u{1b}[31m\u{FFFD}\u{FFFD}"));
        let text = |value: Vec<u8>| [(1, value)].into_iter().collect::<Tuples>().text(1);
        assert_eq!(text(b"abc\0\0".to_vec()).as_deref(), Some("abc"));
        assert_eq!(text(b"\0".to_vec()), None);
        assert_eq!(text(vec![b'x'; 1000]).map(|text| text.len()), Some(MAX_TEXT));
        // What is longer when it is shown is cut as it is shown, and is then the same however often it is read.
        let shown = text(vec![0x1b; 300]).unwrap();
        assert_eq!(shown.len(), MAX_TEXT);
        assert_eq!(text(shown.clone().into_bytes()), Some(shown));
    }
}
