//! The log-in's arithmetic (protocol.md 4.4): SCRAM (RFC 5802) with the name inside the hash and the channel bound.
//!
//! Neither name nor password is ever sent. [`Keys::derive`] takes up to a second of one core; callers that must stay
//! responsive run it on a thread of its own.

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::LinkError;
use super::wire::put_short;

/// The PBKDF2 iterations that the shipped client accepts.
pub const ITERATIONS: std::ops::RangeInclusive<u32> = 50_000..=1_000_000;
/// Bytes of salt that the client accepts.
pub const SALT_LENGTH: std::ops::RangeInclusive<usize> = 16..=64;
/// Bytes of nonce that the client accepts.
pub const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 16..=64;
/// Bytes of the client's own nonce.
pub const CLIENT_NONCE_LENGTH: usize = 32;
/// SHA-256's block, to which HMAC pads its key (RFC 2104).
const HMAC_BLOCK: usize = 64;

/// The service that a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// 1: configuration.
    Configuration,
    /// 2: security settings.
    Security,
}

/// What a proof is bound to, so that it is worth nothing on any other connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// The service that is logged in to.
    pub service: Service,
    /// SHA-256 of the unit's leaf certificate in DER; `None` on plain TCP.
    pub certificate: Option<[u8; 32]>,
}

/// The unit's half of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// PBKDF2 iterations.
    pub iterations: u32,
    /// Salt of the password hash.
    pub salt: Bytes,
    /// The unit's nonce, good for one attempt.
    pub unit_nonce: Bytes,
}

impl Challenge {
    /// Refuses what is too weak, or so strong that it only burns time.
    ///
    /// # Errors
    /// [`LinkError::ChallengeOutOfBounds`] naming the field.
    pub fn check(&self, iterations: &std::ops::RangeInclusive<u32>) -> Result<(), LinkError> {
        let within = |what, value: u64, min: u64, max: u64| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(LinkError::ChallengeOutOfBounds {
                    what,
                    value,
                    min,
                    max,
                })
            }
        };
        let length = |bytes: &Bytes| bytes.len() as u64;
        let (salt, nonce) = (SALT_LENGTH, NONCE_LENGTH);
        within(
            "iterations",
            self.iterations.into(),
            (*iterations.start()).into(),
            (*iterations.end()).into(),
        )?;
        within(
            "a salt of length",
            length(&self.salt),
            *salt.start() as u64,
            *salt.end() as u64,
        )?;
        within(
            "a nonce of length",
            length(&self.unit_nonce),
            *nonce.start() as u64,
            *nonce.end() as u64,
        )
    }
}

/// What both sides compute from name and password.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    client: [u8; 32],
    stored: [u8; 32],
    server: [u8; 32],
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(****)")
    }
}

/// What a client sends, and what it must get back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proofs {
    /// Sent by the client.
    pub client: [u8; 32],
    /// Expected from the unit.
    pub unit: [u8; 32],
}

impl Keys {
    /// Derives the keys; name and password are normalised to NFC first.
    pub fn derive(name: &str, password: &SecretString, salt: &[u8], iterations: u32) -> Self {
        let password = Zeroizing::new(password.expose_secret().nfc().collect::<String>());
        let name: String = name.nfc().collect();
        let mut salted_name = BytesMut::with_capacity(2 + salt.len() + name.len());
        put_short(&mut salted_name, salt);
        salted_name.put_slice(name.as_bytes());
        let mut derived = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salted_name, iterations, &mut *derived);
        let client = hmac(&derived, b"client");
        Self {
            stored: Sha256::digest(client).into(),
            server: hmac(&derived, b"unit"),
            client,
        }
    }

    /// The two proofs of one attempt.
    pub fn prove(&self, channel: &Channel, challenge: &Challenge, client_nonce: &[u8]) -> Proofs {
        let transcript = transcript(channel, challenge, client_nonce);
        let mut client = hmac(&self.stored, &transcript);
        for (byte, key) in client.iter_mut().zip(self.client) {
            *byte ^= key;
        }
        Proofs {
            client,
            unit: hmac(&self.server, &transcript),
        }
    }

    /// What a unit keeps of a service user: never the password.
    pub fn verifier(&self) -> Verifier {
        Verifier {
            stored: self.stored,
            server: self.server,
        }
    }
}

/// StoredKey and ServerKey of one service user, as a unit keeps them.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Verifier {
    stored: [u8; 32],
    server: [u8; 32],
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(****)")
    }
}

impl Verifier {
    /// The unit proof for a client proof that is right, in constant time for one that is not.
    pub fn verify(
        &self,
        channel: &Channel,
        challenge: &Challenge,
        client_nonce: &[u8],
        proof: &[u8; 32],
    ) -> Option<[u8; 32]> {
        let transcript = transcript(channel, challenge, client_nonce);
        let mut client = hmac(&self.stored, &transcript);
        for (byte, sent) in client.iter_mut().zip(proof) {
            *byte ^= sent;
        }
        let stored: [u8; 32] = Sha256::digest(client).into();
        bool::from(stored.ct_eq(&self.stored)).then(|| hmac(&self.server, &transcript))
    }
}

/// Compares two proofs without telling by time where they differ.
pub fn same_proof(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.ct_eq(other).into()
}

/// `T` of protocol.md 4.4.
fn transcript(channel: &Channel, challenge: &Challenge, client_nonce: &[u8]) -> BytesMut {
    let mut out = BytesMut::with_capacity(256);
    out.put_u8(match channel.service {
        Service::Configuration => 1,
        Service::Security => 2,
    });
    out.put_u8(channel.certificate.is_some().into());
    out.put_slice(&channel.certificate.unwrap_or_default());
    out.put_u32(challenge.iterations);
    put_short(&mut out, &challenge.salt);
    put_short(&mut out, &challenge.unit_nonce);
    put_short(&mut out, client_nonce);
    out
}

/// HMAC-SHA-256 with a 32-byte key; padding it to the block first, as RFC 2104 says, leaves nothing that could fail.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut block = Zeroizing::new([0; HMAC_BLOCK]);
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8; 32]) -> String {
        let [high, low] = [0, 16].map(|at| u128::from_be_bytes(bytes[at..at + 16].try_into().unwrap()));
        format!("{high:032x}{low:032x}")
    }

    fn vector() -> (Keys, Channel, Challenge, Vec<u8>) {
        let salt: Vec<u8> = (0x00..=0x0F).collect();
        let keys = Keys::derive("Administrator", &"Grüße-42".into(), &salt, 50_000);
        let channel = Channel {
            service: Service::Configuration,
            certificate: None,
        };
        let challenge = Challenge {
            iterations: 50_000,
            salt: salt.into(),
            unit_nonce: (0x20..=0x3F).collect(),
        };
        (keys, channel, challenge, (0x40..=0x5F).collect())
    }

    #[test]
    fn the_log_in_matches_the_vector_that_was_computed_elsewhere() {
        let (keys, channel, challenge, nonce) = vector();
        assert_eq!(
            hex(&keys.client),
            "19496a11b04233c7c3d1dfa23bec3c1a5b702149c7589bbfe6737309ffb126f5"
        );
        assert_eq!(
            hex(&keys.stored),
            "3303b0a6a3c7e6f07949f2c2ebad4ef2d8b24484403faa0ea9984474531c7934"
        );
        assert_eq!(
            hex(&keys.server),
            "10f3f02d8f26fa5ceca4b712c930f547385f0cd80a17a91f4c9f6821cf1cfc7d"
        );
        let proofs = keys.prove(&channel, &challenge, &nonce);
        assert_eq!(
            hex(&proofs.client),
            "e4f12b345f9e5c4d464bb14f184cd33acf36e11ae492eb576212e10b524ca49d"
        );
        assert_eq!(
            hex(&proofs.unit),
            "09c716579703c689b2cf87cf6f86fe709803e3c966d3ab9cabd0a4d63c44978e"
        );
        assert_eq!(
            keys.verifier()
                .verify(&channel, &challenge, &nonce, &proofs.client),
            Some(proofs.unit)
        );
    }

    #[test]
    fn a_proof_is_worth_nothing_anywhere_else() {
        let (keys, channel, challenge, nonce) = vector();
        let proof = keys.prove(&channel, &challenge, &nonce).client;
        let verifier = keys.verifier();
        let security = Channel {
            service: Service::Security,
            ..channel
        };
        let over_tls = Channel {
            certificate: Some([0; 32]),
            ..channel
        };
        let other_nonce = Challenge {
            unit_nonce: vec![0; 32].into(),
            ..challenge.clone()
        };
        assert_eq!(verifier.verify(&security, &challenge, &nonce, &proof), None);
        assert_eq!(
            verifier.verify(&over_tls, &challenge, &nonce, &proof),
            None,
            "not even a certificate of zeros"
        );
        assert_eq!(verifier.verify(&channel, &other_nonce, &nonce, &proof), None);
        assert_eq!(verifier.verify(&channel, &challenge, &[0; 32], &proof), None);
        let someone_else = Keys::derive("Operator", &"Grüße-42".into(), &challenge.salt, 50_000).verifier();
        assert_eq!(someone_else.verify(&channel, &challenge, &nonce, &proof), None);
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password_and_one_name() {
        let derive = |name: &str, password: &str| Keys::derive(name, &password.into(), &[7; 16], 2).stored;
        assert_eq!(
            derive("J\u{fc}rg", "Gr\u{fc}n"),
            derive("Ju\u{308}rg", "Gru\u{308}n")
        );
        assert_ne!(derive("a", "bc"), derive("ab", "c"));
        assert_eq!(derive("", "").len(), 32, "empty ones work");
    }

    #[test]
    fn challenges_outside_the_bounds_are_refused() {
        let good = vector().2;
        assert_eq!(good.check(&ITERATIONS), Ok(()));
        let iterations = |iterations| Challenge {
            iterations,
            ..good.clone()
        };
        let salt = |n: usize| Challenge {
            salt: vec![0; n].into(),
            ..good.clone()
        };
        let nonce = |n: usize| Challenge {
            unit_nonce: vec![0; n].into(),
            ..good.clone()
        };
        for (challenge, what) in [
            (iterations(49_999), "iterations"),
            (iterations(1_000_001), "iterations"),
            (iterations(4_000_000_000), "iterations"),
            (salt(15), "a salt of length"),
            (salt(65), "a salt of length"),
            (nonce(15), "a nonce of length"),
            (nonce(65), "a nonce of length"),
        ] {
            let error = challenge.check(&ITERATIONS).unwrap_err();
            assert!(
                matches!(error, LinkError::ChallengeOutOfBounds { what: w, .. } if w == what),
                "{error}"
            );
        }
        for edge in [
            iterations(50_000),
            iterations(1_000_000),
            salt(16),
            salt(64),
            nonce(16),
            nonce(64),
        ] {
            assert_eq!(edge.check(&ITERATIONS), Ok(()));
        }
    }

    #[test]
    fn keys_do_not_show_themselves() {
        let keys = vector().0;
        assert_eq!(
            format!("{keys:?} {:?}", keys.verifier()),
            "Keys(****) Verifier(****)"
        );
    }
}
