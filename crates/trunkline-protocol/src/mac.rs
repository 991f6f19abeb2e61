//! Hardware addresses.

use std::{fmt, str::FromStr};

/// The hardware address of a unit's first LAN port; shown as `00:E0:07:05:91:8F`.
///
/// It identifies a unit in lists, and proves nothing: anybody can claim one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

/// The text is not a hardware address of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hardware address is twelve hexadecimal digits, such as 00:E0:07:05:91:8F")]
pub struct MacAddressError;

impl MacAddress {
    /// The address with these six bytes; `None` for all zeros and for all ones, which units send when they do not
    /// know theirs. Taken for real, such an address would merge different units into one.
    pub fn from_bytes(bytes: [u8; 6]) -> Option<Self> {
        (bytes != [0; 6] && bytes != [0xff; 6]).then_some(Self(bytes))
    }

    /// The six bytes, in the order in which they are written.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for MacAddress {
    type Err = MacAddressError;

    /// Twelve hexadecimal digits in any case; `:`, `-`, `.` and spaces between them do not count.
    fn from_str(text: &str) -> Result<Self, MacAddressError> {
        let mut bytes = [0_u8; 6];
        let mut digits = 0_usize;
        for character in text.trim().chars() {
            if matches!(character, ':' | '-' | '.' | ' ') {
                continue;
            }
            let digit = character.to_digit(16).ok_or(MacAddressError)?;
            let byte = bytes.get_mut(digits / 2).ok_or(MacAddressError)?;
            *byte = (*byte << 4) | u8::try_from(digit).map_err(|_| MacAddressError)?;
            digits += 1;
        }
        if digits != 12 {
            return Err(MacAddressError);
        }
        Self::from_bytes(bytes).ok_or(MacAddressError)
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(out, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MacAddress;

    #[test]
    fn every_spelling_reads_the_same() {
        let check = |text: &str, expect: Option<&str>| {
            let parsed = text.parse::<MacAddress>().ok().map(|mac| mac.to_string());
            assert_eq!(parsed.as_deref(), expect, "{text}");
        };
        check("00E00705918F", Some("00:E0:07:05:91:8F"));
        check("00e00705918f", Some("00:E0:07:05:91:8F"));
        check("00-E0-07-05-91-8F", Some("00:E0:07:05:91:8F"));
        check("00e0.0705.918f", Some("00:E0:07:05:91:8F"));
        check(" 00:E0:07:05:91:8F ", Some("00:E0:07:05:91:8F"));
        check("00E00705918", None);
        check("00E00705918F0", None);
        check("00E00705918G", None);
        check("", None);
        check("000000000000", None);
        check("FFFFFFFFFFFF", None);
        check("00E0\u{e9}705918F", None);
    }
}
