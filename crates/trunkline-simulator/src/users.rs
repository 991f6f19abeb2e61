//! Service users, of whom a running unit keeps no password but for what DevLink3 needs of it.

use std::collections::HashMap;
use std::{fmt, io};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use trunkline_protocol::devlink;
use trunkline_protocol::link::auth::{Challenge, Channel, Keys, Verifier};
use trunkline_protocol::link::{Rights, Service};
use zeroize::Zeroizing;

use crate::site::UserSpec;

/// Bytes of the salt.
const SALT: usize = 16;

/// A service user of a running unit.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, as a unit keeps them"
)]
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) verifier: Verifier,
    pub(crate) devlink: DevLinkKey,
    pub(crate) rights: Rights,
    pub(crate) enabled: bool,
    pub(crate) must_change_password: bool,
    pub(crate) expires_in_days: Option<u16>,
    pub(crate) last_log_in: Option<String>,
    pub(crate) default_password: bool,
    /// Removed; it keeps its number, since sessions know their user by it.
    pub(crate) is_gone: bool,
}

/// What DevLink3 makes a unit keep: the beginning of the password itself, since its challenge is answered with nothing else.
#[derive(Clone)]
pub(crate) struct DevLinkKey(Zeroizing<[u8; devlink::auth::PASSWORD]>);

impl DevLinkKey {
    pub(crate) fn new(password: &SecretString) -> Self {
        Self(devlink::auth::padded(password))
    }

    /// Whether this answers the challenge.
    pub(crate) fn is_answer(&self, challenge: &[u8; devlink::auth::CHALLENGE], response: &[u8]) -> bool {
        devlink::auth::is_same(&devlink::auth::response_of(challenge, &self.0), response)
    }

    /// Whether this is the password itself.
    pub(crate) fn is_password(&self, padded: &[u8]) -> bool {
        devlink::auth::is_same(&*self.0, padded)
    }
}

impl fmt::Debug for DevLinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevLinkKey(****)")
    }
}

/// Derives what units verify with. One salt serves a whole simulation, so that hundreds of units with the same
/// service users cost no more than one.
#[derive(Debug)]
pub(crate) struct Derivation {
    salt: Bytes,
    known: HashMap<(String, Vec<u8>, u32), Verifier>,
}

impl Derivation {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            salt: random::<SALT>()?.to_vec().into(),
            known: HashMap::new(),
        })
    }

    pub(crate) fn salt(&self) -> Bytes {
        self.salt.clone()
    }

    pub(crate) fn user(&mut self, spec: &UserSpec, iterations: u32) -> User {
        let key = (
            spec.name.clone(),
            spec.password.expose_secret().as_bytes().to_vec(),
            iterations,
        );
        let salt = &self.salt;
        let verifier = self
            .known
            .entry(key)
            .or_insert_with(|| derive(&spec.name, &spec.password, salt, iterations));
        User {
            name: spec.name.clone(),
            verifier: verifier.clone(),
            devlink: DevLinkKey::new(&spec.password),
            rights: spec.rights.0,
            enabled: spec.enabled,
            must_change_password: spec.must_change_password,
            expires_in_days: spec.expires_in_days,
            last_log_in: None,
            default_password: spec.default_password,
            is_gone: false,
        }
    }
}

/// Takes milliseconds: callers that must stay responsive run it on a thread of its own.
pub(crate) fn derive(name: &str, password: &SecretString, salt: &[u8], iterations: u32) -> Verifier {
    Keys::derive(name, password, salt, iterations).verifier()
}

/// What somebody who says name and password themselves could prove.
#[derive(Debug)]
pub(crate) struct Proof {
    channel: Channel,
    challenge: Challenge,
    client: [u8; 32],
}

/// Takes milliseconds, as [`derive()`] does.
pub(crate) fn proof_of(name: &str, password: &SecretString, salt: &Bytes, iterations: u32) -> Proof {
    let channel = Channel {
        service: Service::Configuration,
        certificate: None,
    };
    let challenge = Challenge {
        iterations,
        salt: salt.clone(),
        unit_nonce: Bytes::new(),
    };
    let keys = Keys::derive(name, password, salt, iterations);
    Proof {
        client: keys.prove(&channel, &challenge, &[]).client,
        channel,
        challenge,
    }
}

impl Proof {
    /// Whether it is this user's, in constant time.
    pub(crate) fn is_of(&self, verifier: &Verifier) -> bool {
        let proven = verifier.verify(&self.channel, &self.challenge, &[], &self.client);
        proven.is_some()
    }
}

/// The user whose proof this is, by number, and the unit proof. Every user is tried, whoever it is, so that the time
/// it takes tells nothing.
pub(crate) fn verify(
    users: &[User],
    channel: &Channel,
    challenge: &Challenge,
    client_nonce: &[u8],
    proof: &[u8; 32],
) -> Option<(usize, [u8; 32])> {
    let mut found = None;
    for (number, user) in users.iter().enumerate().filter(|(_, user)| !user.is_gone) {
        if let Some(unit_proof) = user.verifier.verify(channel, challenge, client_nonce, proof) {
            found = Some((number, unit_proof));
        }
    }
    found
}

/// Bytes of the system's random source.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
