//! What the archive knows of one unit.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NewEntry;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::fingerprint::ContentHash;
use crate::store::json_file::Document;
use crate::store::{Site, unit_key};

/// One state of a unit that was received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchiveEntry {
    /// What it is.
    pub object: ArchivedObject,
    /// The unit's revision of it.
    pub revision: String,
    /// Its content's name in the archive.
    pub sha256: ContentHash,
    /// How large it is.
    pub bytes: u64,
    /// When it was first received.
    pub received_at: Timestamp,
    /// When the unit was last seen to hold exactly this.
    pub confirmed_at: Timestamp,
    /// Why it was received.
    pub reason: ArchiveReason,
    /// The unit's system name at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_name: Option<String>,
    /// What a newer program wrote and this one does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl ArchiveEntry {
    pub(super) fn new(received: &NewEntry<'_>, sha256: ContentHash, bytes: u64, now: Timestamp) -> Self {
        Self {
            object: received.object,
            revision: received.revision.to_owned(),
            sha256,
            bytes,
            received_at: now,
            confirmed_at: now,
            reason: received.reason,
            system_name: received.system_name.map(str::to_owned),
            extra: BTreeMap::new(),
        }
    }
}

/// What the archive takes. Security settings are not among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArchivedObject {
    /// The configuration.
    Configuration,
    /// The audit trail.
    Audit,
}

impl ArchivedObject {
    /// The stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for ArchivedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ArchivedObject {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let message = match text {
            "configuration" => return Ok(Self::Configuration),
            "audit" => return Ok(Self::Audit),
            "security" => "security settings are never kept in the archive".to_owned(),
            _ => format!("the archive keeps configuration and audit, not {text:?}"),
        };
        Err(Error::new(ErrorKind::Usage(message)))
    }
}

/// Why something was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveReason {
    /// A backup was asked for.
    Backup,
    /// A person received it.
    Received,
    /// The copy of what the unit had before something was sent to it.
    BeforeSend,
    /// It was sent to the unit, which holds it since.
    Sent,
}

/// Under which name the archive knows a unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnitKey(String);

impl UnitKey {
    /// A saved site, by its id: renaming it or moving it to another address keeps its history.
    pub fn site(site: &Site) -> Self {
        Self(format!("site-{}", safe(&site.id)))
    }

    /// A unit that is not saved, by address and port.
    pub fn address(address: &str, port: u16) -> Self {
        let key = unit_key(address, port);
        let kind = if key.starts_with('[') {
            "address6"
        } else {
            "address"
        };
        Self(format!("{kind}-{}", safe(&key)))
    }

    /// The name of the unit's file without its ending: it fits every file system, and no two units share one.
    pub(crate) fn file_stem(&self) -> &str {
        &self.0
    }
}

/// Keeps what a file name may hold everywhere. What is too long ends in its hash.
fn safe(text: &str) -> String {
    let usable = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
            c
        } else {
            '_'
        }
    };
    let name: String = text.trim_matches(['[', ']']).chars().map(usable).collect();
    if name.len() <= 120 {
        return name;
    }
    format!("{}-{}", &name[..50], ContentHash::of(text.as_bytes()))
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct UnitIndex {
    /// In the order in which they were received.
    #[serde(default)]
    entries: Vec<ArchiveEntry>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

impl Document for UnitIndex {
    const VERSION: u32 = 1;
}

impl UnitIndex {
    pub(super) fn push(&mut self, entry: ArchiveEntry) {
        self.entries.push(entry);
    }

    pub(super) fn latest_mut(&mut self, object: ArchivedObject) -> Option<&mut ArchiveEntry> {
        self.entries.iter_mut().rev().find(|entry| entry.object == object)
    }

    pub(super) fn newest_first(&self) -> Vec<ArchiveEntry> {
        self.entries.iter().rev().cloned().collect()
    }

    pub(super) fn find(&self, text: &str) -> Result<ArchiveEntry> {
        let newest_first = || self.entries.iter().rev();
        if let Some(entry) = newest_first().find(|entry| entry.revision == text) {
            return Ok(entry.clone());
        }
        let digits = text.to_ascii_lowercase();
        let is_start =
            |entry: &&ArchiveEntry| digits.len() >= 4 && entry.sha256.to_string().starts_with(&digits);
        let Some(entry) = newest_first().find(is_start) else {
            let message = format!("the archive has no revision {text:?} of this unit");
            return Err(Error::new(ErrorKind::NotFound(message)).at(Step::Store));
        };
        if newest_first()
            .filter(is_start)
            .any(|other| other.sha256 != entry.sha256)
        {
            let message =
                format!("{text:?} is the beginning of more than one content; give more of its digits");
            return Err(Error::new(ErrorKind::Usage(message)).at(Step::Store));
        }
        Ok(entry.clone())
    }
}
