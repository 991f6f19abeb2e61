//! The options of TFTP (RFC 2347) that this program knows.

use super::packet::PacketError;

/// Options of a request or of its acknowledgement. An option that is not there is `None`; one that this program does
/// not know is counted, and otherwise ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `blksize` (RFC 2348): bytes in a full block, 8 to 65,464.
    pub block_size: Option<u16>,
    /// `tsize` (RFC 2349): bytes of the whole file; 0 in a read request asks for it.
    pub transfer_size: Option<u64>,
    /// `timeout` (RFC 2349): seconds before a retransmission, 1 to 255.
    pub timeout: Option<u8>,
    /// `windowsize` (RFC 7440): blocks in flight before an acknowledgement, 1 to 65,535.
    pub window_size: Option<u16>,
    /// How many options with other names were there; never written.
    pub unknown: usize,
}

/// The smallest block that can be agreed on, in bytes (RFC 2348).
pub const MIN_BLOCK_SIZE: u16 = 8;
/// The largest block that can be agreed on, in bytes (RFC 2348).
pub const MAX_BLOCK_SIZE: u16 = 65_464;
/// Bytes in a full block when nothing was agreed on (RFC 1350).
pub const DEFAULT_BLOCK_SIZE: u16 = 512;

impl Options {
    /// Whether there is not one option, known or not.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads `name NUL value NUL …` up to the end.
    pub(super) fn decode(mut rest: &[u8]) -> Result<Self, PacketError> {
        let mut options = Self::default();
        while !rest.is_empty() {
            let (name, after) = super::packet::text(rest)?;
            let (value, after) = super::packet::text(after)?;
            options.set(name, value)?;
            rest = after;
        }
        Ok(options)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let known = [
            ("blksize", self.block_size.map(u64::from)),
            ("tsize", self.transfer_size),
            ("timeout", self.timeout.map(u64::from)),
            ("windowsize", self.window_size.map(u64::from)),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                out.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
            }
        }
    }

    fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), PacketError> {
        let number = || number(value);
        if name.eq_ignore_ascii_case(b"blksize") {
            let in_range = number()
                .and_then(|size| u16::try_from(size).ok())
                .filter(|size| (MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(size));
            once(&mut self.block_size, in_range, "blksize")
        } else if name.eq_ignore_ascii_case(b"tsize") {
            once(&mut self.transfer_size, number(), "tsize")
        } else if name.eq_ignore_ascii_case(b"timeout") {
            let in_range = number()
                .and_then(|seconds| u8::try_from(seconds).ok())
                .filter(|&seconds| seconds > 0);
            once(&mut self.timeout, in_range, "timeout")
        } else if name.eq_ignore_ascii_case(b"windowsize") {
            let in_range = number()
                .and_then(|blocks| u16::try_from(blocks).ok())
                .filter(|&blocks| blocks > 0);
            once(&mut self.window_size, in_range, "windowsize")
        } else {
            self.unknown += 1;
            Ok(())
        }
    }
}

/// RFC 2347: an option may be given only once.
fn once<T>(slot: &mut Option<T>, value: Option<T>, name: &'static str) -> Result<(), PacketError> {
    if value.is_none() || slot.is_some() {
        return Err(PacketError::Option { name });
    }
    *slot = value;
    Ok(())
}

fn number(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    if digits {
        std::str::from_utf8(value).ok()?.parse().ok()
    } else {
        None
    }
}
