//! Two SHA-256 values that must not be mixed up: of a certificate, and of an object's content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};

/// The SHA-256 of a unit's leaf certificate in DER: what a pin remembers (protocol.md 4.5, `project`).
///
/// People see it as `9F:41:0C:…`; files and JSON hold 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// A fingerprint that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, as the log-in binds them.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            let colon = if i == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.hex())
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    /// Takes 64 hex digits of any case, plain or in pairs with a colon between all of them.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let plain = if text.contains(':') {
            without_colons(text)
        } else {
            Some(text.to_owned())
        };
        plain.as_deref().and_then(parse_hex).map(Self).ok_or_else(|| {
            Error::new(ErrorKind::Usage(
                "a fingerprint is the certificate's SHA-256: 64 hex digits, with or without colons".into(),
            ))
        })
    }
}

/// The SHA-256 of an object's content: the name of a file in the archive, and what a transfer is checked against.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// The hash of content that is in memory.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// A hash that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, as they travel.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl FromStr for ContentHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_hex(text)
            .map(Self)
            .ok_or_else(|| Error::new(ErrorKind::Usage("a SHA-256 is written as 64 hex digits".into())))
    }
}

macro_rules! serde_as_hex {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&hex(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

serde_as_hex!(Fingerprint);
serde_as_hex!(ContentHash);

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)])
        .collect()
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn without_colons(text: &str) -> Option<String> {
    text.split(':')
        .all(|pair| pair.len() == 2)
        .then(|| text.replace(':', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    // SHA-256 of "abc", FIPS 180-2 appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const ABC_SHOWN: &str = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
                             B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

    #[test]
    fn both_hashes_are_sha_256() {
        assert_eq!(Fingerprint::of(b"abc").hex(), ABC);
        assert_eq!(ContentHash::of(b"abc").to_string(), ABC);
        assert_eq!(Fingerprint::of(b"abc").to_string(), ABC_SHOWN);
    }

    #[test]
    fn a_fingerprint_is_read_in_every_usual_form() {
        let mixed = ABC.replace("ba", "Ba");
        for text in [
            ABC,
            ABC_SHOWN,
            &ABC.to_uppercase(),
            &ABC_SHOWN.to_lowercase(),
            &mixed,
            &format!(" {ABC}\n"),
        ] {
            assert_eq!(
                text.parse::<Fingerprint>().unwrap(),
                Fingerprint::of(b"abc"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        let g = ABC.replace('b', "g");
        let accent = format!("{}é", &ABC[..62]);
        let uneven = ABC_SHOWN.replacen("BA:78", "B:A78", 1);
        let few_colons = format!("{}:{}", &ABC[..2], &ABC[2..]);
        for text in [
            "",
            ":",
            &ABC[1..],
            &format!("{ABC}0"),
            &g,
            &accent,
            &uneven,
            &few_colons,
            &format!("{ABC_SHOWN}:"),
        ] {
            assert_eq!(
                text.parse::<Fingerprint>().unwrap_err().code(),
                "usage",
                "{text:?}"
            );
        }
    }

    #[test]
    fn json_holds_lower_case_hex() {
        assert_eq!(
            serde_json::to_string(&Fingerprint::of(b"abc")).unwrap(),
            format!("\"{ABC}\"")
        );
        let read: Fingerprint = serde_json::from_str(&format!("\"{}\"", ABC.to_uppercase())).unwrap();
        assert_eq!(read, Fingerprint::of(b"abc"));
        assert!(serde_json::from_str::<ContentHash>("\"12\"").is_err());
    }
}
