//! What an SNMP agent says of itself (protocol.md 9): `sysDescr`, `sysObjectID` and `sysName` of RFC 1213, by SNMP v2c
//! and v1 at once.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use snmp2::{AsyncSession, Oid, Pdu, Value, Version};
use tokio::time::timeout;
use trunkline_protocol::identification::is_avaya;
use trunkline_protocol::printable::printable;

use super::unidentified::Unidentified;

const SYS_DESCR: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 1, 0];
const SYS_OBJECT_ID: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 2, 0];
const SYS_NAME: [u64; 9] = [1, 3, 6, 1, 2, 1, 1, 5, 0];

/// How much of each text is shown, in characters.
const SHOWN: usize = 128;

/// The longest community, in bytes.
const LONGEST_COMMUNITY: usize = 255;

/// The name of the community that may read. It is no password of this program's, but one that agents treat as such:
/// its debug form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Community(String);

impl Community {
    /// A community, 1 to 255 bytes; `None` for anything else.
    pub fn new(name: &str) -> Option<Self> {
        (1..=LONGEST_COMMUNITY)
            .contains(&name.len())
            .then(|| Self(name.to_owned()))
    }
}

impl Default for Community {
    /// `public`, as agents have it from the factory.
    fn default() -> Self {
        Self("public".into())
    }
}

impl fmt::Debug for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Community(…)")
    }
}

/// Asks one agent up to `attempts` times, and waits `limit` for each answer; `None` where nobody answers.
pub(super) async fn ask(
    place: SocketAddr,
    community: &Community,
    limit: Duration,
    attempts: u32,
) -> Option<Unidentified> {
    for _ in 0..attempts.max(1) {
        // An agent answers one of the two at least; where it is both, they say the same.
        let [newer, older] =
            [Version::V2C, Version::V1].map(|version| ask_once(place, community, version, limit));
        tokio::pin!(newer, older);
        let first = tokio::select! {
            said = &mut newer => match said {
                None => older.await,
                said => said,
            },
            said = &mut older => match said {
                None => newer.await,
                said => said,
            },
        };
        if let Some(said) = first {
            return Some(Unidentified::by_snmp(place, &said.to_string(), said.is_avaya()));
        }
    }
    None
}

async fn ask_once(
    place: SocketAddr,
    community: &Community,
    version: Version,
    limit: Duration,
) -> Option<Said> {
    // A late answer to an earlier question must not be taken for this one's.
    let mut number = [0; 4];
    getrandom::fill(&mut number).ok()?;
    let number = i32::from_be_bytes(number) & i32::MAX;
    let community = community.0.as_bytes();
    let conversation = async {
        let mut session = match version {
            Version::V1 => AsyncSession::new_v1(place, community, number).await,
            _ => AsyncSession::new_v2c(place, community, number).await,
        }
        .ok()?;
        let [descr, object_id, name] = [SYS_DESCR, SYS_OBJECT_ID, SYS_NAME].map(|id| Oid::from(&id).ok());
        let (descr, object_id, name) = (descr?, object_id?, name?);
        let answer = session.get_many(&[&descr, &object_id, &name]).await.ok()?;
        Some(Said::read(&answer))
    };
    timeout(limit, conversation).await.ok()?
}

/// What an agent said; what it did not say is empty.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    description: String,
    name: String,
    object_id: Vec<u64>,
}

impl Said {
    fn read(answer: &Pdu<'_>) -> Self {
        let mut said = Self::default();
        // Three were asked for; who sends more is not listened to.
        for (id, value) in answer.varbinds.clone().take(3) {
            match value {
                Value::OctetString(bytes) if numbers(&id) == SYS_DESCR => said.description = text(bytes),
                Value::OctetString(bytes) if numbers(&id) == SYS_NAME => said.name = text(bytes),
                Value::ObjectIdentifier(object_id) if numbers(&id) == SYS_OBJECT_ID => {
                    said.object_id = numbers(&object_id);
                }
                _ => {}
            }
        }
        said
    }

    fn is_avaya(&self) -> bool {
        is_avaya(&self.object_id)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            description,
            name,
            object_id,
        } = self;
        write!(f, "\"{description}\"")?;
        if !name.is_empty() {
            write!(f, ", name \"{name}\"")?;
        }
        if !object_id.is_empty() {
            let numbers: Vec<_> = object_id.iter().map(u64::to_string).collect();
            write!(f, ", object {}", numbers.join("."))?;
        }
        Ok(())
    }
}

/// The numbers of an object's name; empty where they are longer than any that is in use.
fn numbers(id: &Oid<'_>) -> Vec<u64> {
    if id.as_bytes().len() > LONGEST_COMMUNITY {
        return Vec::new();
    }
    id.iter().map(Iterator::collect).unwrap_or_default()
}

/// One line, cut and safe to show: UTF-8, else Latin-1 as units write it.
fn text(bytes: &[u8]) -> String {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    let words: Vec<_> = text.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(SHOWN).collect();
    printable(&cut)
}

#[cfg(test)]
#[path = "snmp_tests.rs"]
mod tests;
