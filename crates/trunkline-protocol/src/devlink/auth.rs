//! What answers a challenge (docs/protocol.md section 8, documented).
//!
//! Both forms are weaker than Unit Link's log-in: the first lets whoever listens try passwords, the second tells it. They are as
//! published, and are used only where the user asked for DevLink3.

use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Bytes of a challenge, and of the password behind it.
pub const CHALLENGE: usize = 16;
/// Bytes of a SHA-1.
pub const RESPONSE: usize = 20;
/// Bytes of the password where it is sent itself.
pub const PASSWORD: usize = 32;

/// `SHA-1(challenge ‖ password cut or zero-padded to 16 bytes)`; the password in NFC and UTF-8.
pub fn response(challenge: &[u8; CHALLENGE], password: &SecretString) -> [u8; RESPONSE] {
    response_of(challenge, &padded(password))
}

/// As [`response`], from the first [`CHALLENGE`] bytes of what [`padded`] made.
pub fn response_of(challenge: &[u8; CHALLENGE], padded: &[u8; PASSWORD]) -> [u8; RESPONSE] {
    let mut hash = Sha1::new();
    hash.update(challenge);
    hash.update(&padded[..CHALLENGE]);
    hash.finalize().into()
}

/// The password itself, in NFC and UTF-8, zero-padded to 32 bytes; what is longer is cut there.
pub fn padded(password: &SecretString) -> Zeroizing<[u8; PASSWORD]> {
    let text = Zeroizing::new(password.expose_secret().nfc().collect::<String>());
    let mut bytes = Zeroizing::new([0; PASSWORD]);
    for (byte, given) in bytes.iter_mut().zip(text.bytes()) {
        *byte = given;
    }
    bytes
}

/// A user name as it is sent and compared: in NFC.
pub fn user_name(name: &str) -> String {
    name.nfc().collect()
}

/// Compares what was sent with what was expected, without telling by time where they differ.
pub fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::test_bytes::hex;

    fn challenge() -> [u8; CHALLENGE] {
        std::array::from_fn(|index| u8::try_from(index).unwrap())
    }

    #[test]
    fn the_response_is_the_vector_that_was_computed_elsewhere() {
        let response = response(&challenge(), &"Grüße-42".into());
        assert_eq!(response[..], hex("95da7be40b80cb244b9238cb0703065464b9c763"));
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        let decomposed = "Gru\u{308}ße-42".into();
        assert_eq!(
            response(&challenge(), &decomposed),
            response(&challenge(), &"Grüße-42".into())
        );
    }

    #[test]
    fn sixteen_bytes_count_for_the_hash_and_thirty_two_for_the_password() {
        let check = |one: &str, other: &str, hash: bool, password: bool| {
            let (one, other) = (one.into(), other.into());
            assert_eq!(
                response(&challenge(), &one) == response(&challenge(), &other),
                hash
            );
            assert_eq!(padded(&one) == padded(&other), password);
        };
        let sixteen = "0123456789abcdef";
        check(sixteen, &format!("{sixteen}g"), true, false);
        check(sixteen, "0123456789abcdeX", false, false);
        let thirty_two = sixteen.repeat(2);
        check(&thirty_two, &format!("{thirty_two}g"), true, true);
        assert_eq!(*padded(&"".into()), [0; 32], "an empty one works");
        assert_eq!(padded(&"ab".into())[..4], *b"ab\0\0");
    }
}
