//! Which file came from which unit: so that a send knows what the file was made from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Notice;
use super::json_file::{Document, JsonFile};
use crate::error::{Error, Result};
use crate::fingerprint::ContentHash;
use crate::paths::DataDir;

/// What is remembered of a file that was received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceivedFile {
    /// The content as it was received; the file may have been edited since.
    pub sha256: ContentHash,
    /// The unit's revision at that time: the base revision of a send.
    pub revision: String,
    /// `configuration`, `security` or `audit`.
    pub object: String,
    /// The unit, as [`super::unit_key`] writes it.
    pub unit: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// What a newer program wrote and this one does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// The record of received files, `received.json` in the data folder: the latest 10,000.
#[derive(Debug)]
pub struct ReceivedFiles {
    file: JsonFile<Record>,
}

const MAX_FILES: usize = 10_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Record {
    #[serde(default)]
    files: BTreeMap<String, ReceivedFile>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

impl Document for Record {
    const VERSION: u32 = 1;
}

impl ReceivedFiles {
    /// Opens the record, with the same care as [`super::Store::open`].
    ///
    /// # Errors
    /// As [`super::Store::open`].
    pub fn open(data: &DataDir) -> Result<Self> {
        Ok(Self {
            file: JsonFile::open(data.received())?,
        })
    }

    /// Remembers where `path`, which must exist, came from.
    ///
    /// # Errors
    /// `storage` where `path` does not exist or the record can not be written.
    pub fn remember(&self, path: &Path, file: ReceivedFile) -> Result<()> {
        let key = key(path)?;
        self.file.update(|record| {
            record.files.insert(key, file);
            record.forget_the_oldest(MAX_FILES);
            Ok(())
        })
    }

    /// Where the file `path` came from, if that is known.
    ///
    /// # Errors
    /// `storage` where `path` does not exist or the record can not be read.
    pub fn find(&self, path: &Path) -> Result<Option<ReceivedFile>> {
        let key = key(path)?;
        Ok(self.file.read()?.files.get(&key).cloned())
    }

    /// What a person must be told; each notice is handed out once.
    pub fn take_notices(&self) -> Vec<Notice> {
        self.file.take_notices()
    }
}

impl Record {
    fn forget_the_oldest(&mut self, max: usize) {
        while self.files.len() > max {
            let oldest = self.files.iter().min_by_key(|(_, file)| file.received_at);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.files.remove(&key);
        }
    }
}

/// One file has one key, however it is named. What is not Unicode is written with escapes and quotes, which no other
/// absolute path begins with.
fn key(path: &Path) -> Result<String> {
    let canonical = fs::canonicalize(path).map_err(|error| Error::storage(path, &error))?;
    Ok(match canonical.to_str() {
        Some(text) => text.to_owned(),
        None => format!("\"{}\"", canonical.as_os_str().as_encoded_bytes().escape_ascii()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(second: i64) -> ReceivedFile {
        ReceivedFile {
            sha256: ContentHash::of(b"x"),
            revision: format!("r{second}"),
            object: "configuration".into(),
            unit: "10.0.0.1:50805".into(),
            received_at: Timestamp::from_second(second).unwrap(),
            extra: BTreeMap::new(),
        }
    }

    #[test]
    fn a_file_is_known_under_every_name_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let record = ReceivedFiles::open(&DataDir::at(folder.path().join("data"))).unwrap();
        let path = folder.path().join("zürich.xml");
        fs::write(&path, "x").unwrap();
        record.remember(&path, received(1)).unwrap();
        let around = folder.path().join("data/../zürich.xml");
        assert_eq!(record.find(&around).unwrap(), Some(received(1)));
        record.remember(&around, received(2)).unwrap();
        assert_eq!(record.find(&path).unwrap().unwrap().revision, "r2");
        assert_eq!(record.file.read().unwrap().files.len(), 1);
    }

    #[test]
    fn an_unknown_file_is_not_known_and_a_missing_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let record = ReceivedFiles::open(&DataDir::at(folder.path())).unwrap();
        let path = folder.path().join("a.xml");
        let error = record.find(&path).unwrap_err();
        assert!(
            error.code() == "storage" && error.to_string().contains("a.xml"),
            "{error}"
        );
        fs::write(&path, "x").unwrap();
        assert_eq!(record.find(&path).unwrap(), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut record = Record::default();
        for (name, second) in [("a", 5), ("b", 1), ("c", 9), ("d", 3)] {
            record.files.insert(name.into(), received(second));
        }
        record.forget_the_oldest(2);
        assert_eq!(record.files.keys().collect::<Vec<_>>(), ["a", "c"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_unicode_is_a_name_of_its_own() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let record = ReceivedFiles::open(&DataDir::at(folder.path().join("data"))).unwrap();
        let paths = [b"\xff", b"\xfe"].map(|name| folder.path().join(std::ffi::OsStr::from_bytes(name)));
        fs::write(&paths[0], "x").unwrap();
        fs::write(&paths[1], "x").unwrap();
        record.remember(&paths[0], received(1)).unwrap();
        assert_eq!(record.find(&paths[0]).unwrap(), Some(received(1)));
        assert_eq!(record.find(&paths[1]).unwrap(), None);
    }
}
