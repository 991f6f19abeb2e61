//! Everything that was received, kept: content once, and who held it when.

mod index;

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use index::{ArchiveEntry, ArchiveReason, ArchivedObject, UnitKey};

use crate::atomic::PendingFile;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::fingerprint::ContentHash;
use crate::paths::DataDir;
use crate::platform;
use crate::store::Notice;
use crate::store::json_file::JsonFile;
use index::UnitIndex;

/// The archive: files named by the SHA-256 of their content, beside a small index for each unit.
///
/// Several processes may use it at the same time. On Unix everything in it is the owner's alone. Security settings
/// never come here: [`ArchivedObject`] has no word for them (protocol.md 5, the vendor's rule).
#[derive(Debug)]
pub struct Archive {
    root: PathBuf,
    notices: Mutex<Vec<Notice>>,
}

/// Content on its way into the archive, in pieces: nothing is there until [`Archive::keep`], and dropping it leaves
/// nothing behind.
#[derive(Debug)]
pub struct ArchiveWriter {
    file: PendingFile,
    hash: Sha256,
}

/// What is to be written down about received content.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// The unit that held it.
    pub unit: &'a UnitKey,
    /// What it is.
    pub object: ArchivedObject,
    /// The unit's revision of it.
    pub revision: &'a str,
    /// Why it was received.
    pub reason: ArchiveReason,
    /// The unit's system name at that time.
    pub system_name: Option<&'a str>,
}

/// What [`Archive::keep`] did.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    /// A new entry stands in the unit's history.
    Stored(ArchiveEntry),
    /// The unit still holds what the latest entry says; that entry's `confirmed_at` is now.
    Unchanged(ArchiveEntry),
}

impl Kept {
    /// The entry, new or confirmed.
    pub fn entry(&self) -> &ArchiveEntry {
        match self {
            Self::Stored(entry) | Self::Unchanged(entry) => entry,
        }
    }
}

/// The largest object that a unit may have (protocol.md 4.1).
const MAX_OBJECT: u64 = 1 << 30;
const CHUNK: usize = 64 << 10;

impl Archive {
    /// The archive in this data folder. Its folders are made when something is first kept.
    pub fn new(data: &DataDir) -> Self {
        Self {
            root: data.archive(),
            notices: Mutex::default(),
        }
    }

    /// Starts content that arrives in pieces.
    ///
    /// # Errors
    /// `storage` where nothing can be written there.
    pub fn begin(&self) -> Result<ArchiveWriter> {
        let folder = self.root.join("objects");
        platform::create_private_folder(&folder).map_err(|error| Error::storage(&folder, &error))?;
        Ok(ArchiveWriter {
            file: PendingFile::new_in(&folder)?,
            hash: Sha256::new(),
        })
    }

    /// Keeps what was written, and writes down who held it. Content that is there already is not kept twice, and
    /// where the unit's latest entry says the same, none is added.
    ///
    /// # Errors
    /// `storage`.
    pub fn keep(&self, writer: ArchiveWriter, received: &NewEntry<'_>) -> Result<Kept> {
        let bytes = writer.file.written();
        let sha256 = ContentHash::from_bytes(writer.hash.finalize().into());
        self.place(writer.file, sha256)?;
        let now = Timestamp::now();
        self.index(received.unit)?.update(|index| {
            if let Some(latest) = index.latest_mut(received.object)
                && latest.sha256 == sha256
                && latest.revision == received.revision
            {
                latest.confirmed_at = now;
                return Ok(Kept::Unchanged(latest.clone()));
            }
            let entry = ArchiveEntry::new(received, sha256, bytes, now);
            index.push(entry.clone());
            Ok(Kept::Stored(entry))
        })
    }

    /// Keeps content that is in memory (see [`Archive::keep`]).
    ///
    /// # Errors
    /// `storage`.
    pub fn put(&self, content: &[u8], received: &NewEntry<'_>) -> Result<Kept> {
        let mut writer = self.begin()?;
        writer.write(content)?;
        self.keep(writer, received)
    }

    /// A unit's history, the latest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn list(&self, unit: &UnitKey) -> Result<Vec<ArchiveEntry>> {
        Ok(self.index(unit)?.read()?.newest_first())
    }

    /// The latest entry of this revision, or of content whose SHA-256 begins with `text` (4 digits at least).
    ///
    /// # Errors
    /// `not_found`; `usage` where the digits are the beginning of different contents.
    pub fn find(&self, unit: &UnitKey, text: &str) -> Result<ArchiveEntry> {
        self.index(unit)?.read()?.find(text)
    }

    /// The content, after its hash was found right.
    ///
    /// # Errors
    /// `not_found` where it is not in the archive; `storage` where it can not be read or is damaged.
    pub fn open_verified(&self, sha256: &ContentHash) -> Result<File> {
        let path = self.object_path(sha256);
        let failed = |error| Error::storage(&path, &error);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let message = format!("{sha256} is not in the archive");
                return Err(Error::new(ErrorKind::NotFound(message)).at(Step::Store));
            }
            Err(error) => return Err(failed(error)),
        };
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).map_err(failed)? {
                0 => break,
                n => hash.update(&chunk[..n]),
            }
        }
        if hash.finalize()[..] != sha256.bytes()[..] {
            return Err(Error::storage(
                &path,
                &"what the archive keeps there is damaged: its SHA-256 is not its name",
            ));
        }
        file.rewind().map_err(failed)?;
        Ok(file)
    }

    /// The content in memory, after its hash was found right. For what is large see [`Archive::open_verified`].
    ///
    /// # Errors
    /// As [`Archive::open_verified`]; `too_large` above 1 GiB.
    pub fn read_verified(&self, sha256: &ContentHash) -> Result<Vec<u8>> {
        let path = self.object_path(sha256);
        let file = self.open_verified(sha256)?;
        let bytes = file
            .metadata()
            .map_err(|error| Error::storage(&path, &error))?
            .len();
        if bytes > MAX_OBJECT {
            return Err(Error::new(ErrorKind::TooLarge {
                limit: Some(MAX_OBJECT),
            })
            .at(Step::Store));
        }
        let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
        file.take(MAX_OBJECT)
            .read_to_end(&mut content)
            .map_err(|error| Error::storage(&path, &error))?;
        // Between the check and the reading somebody could have written into the file.
        if ContentHash::of(&content) != *sha256 {
            return Err(Error::storage(&path, &"it changed while it was read"));
        }
        Ok(content)
    }

    /// Where content of this hash is, or would be.
    pub fn object_path(&self, sha256: &ContentHash) -> PathBuf {
        let name = sha256.to_string();
        self.root.join("objects").join(&name[..2]).join(name)
    }

    /// What a person must be told, such as that a damaged index was moved aside; each notice is handed out once.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a file in its place, unless the same content is there and whole.
    fn place(&self, file: PendingFile, sha256: ContentHash) -> Result<()> {
        if self.open_verified(&sha256).is_ok() {
            return Ok(());
        }
        let path = self.object_path(&sha256);
        if let Some(folder) = path.parent() {
            platform::create_private_folder(folder).map_err(|error| Error::storage(folder, &error))?;
        }
        if path.is_dir() {
            fs::remove_dir(&path).map_err(|error| Error::storage(&path, &error))?;
        }
        file.commit(&path)
    }

    fn index(&self, unit: &UnitKey) -> Result<Opened<'_>> {
        let file = JsonFile::open(self.root.join("units").join(format!("{}.json", unit.file_stem())))?;
        Ok(Opened { archive: self, file })
    }
}

impl ArchiveWriter {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// `storage`, for instance on a full disk.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.file.write(bytes)
    }
}

/// A unit's index, whose notices become the archive's when it is closed.
struct Opened<'a> {
    archive: &'a Archive,
    file: JsonFile<UnitIndex>,
}

impl std::ops::Deref for Opened<'_> {
    type Target = JsonFile<UnitIndex>;

    fn deref(&self) -> &Self::Target {
        &self.file
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        let mut notices = self
            .archive
            .notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        notices.extend(self.file.take_notices());
    }
}

#[cfg(test)]
mod tests;
