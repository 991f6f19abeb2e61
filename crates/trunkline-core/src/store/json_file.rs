//! One readable JSON file that several processes share without losing each other's changes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind as IoKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Notice;
use crate::atomic;
use crate::error::{Error, ErrorKind, Result, Step};
use crate::platform;

/// What a [`JsonFile`] can hold: a JSON object, to which the file adds `version`.
pub(crate) trait Document: Default + Clone + Serialize + DeserializeOwned {
    /// The newest form that this program knows. A file with a greater version is left alone.
    const VERSION: u32;
}

/// A file of the name `NAME.json`, with `NAME.lock` beside it.
///
/// Changes are made under the lock, from what the file holds at that moment. A file that can not be understood is
/// moved to `NAME.damaged-TIME.json`, and a [`Notice`] says so.
#[derive(Debug)]
pub(crate) struct JsonFile<T> {
    path: PathBuf,
    lock_wait: Duration,
    cache: Mutex<Option<Cached<T>>>,
    notices: Mutex<Vec<Notice>>,
    /// Whether the file is what this process left, as far as `cache` shows: what it writes itself empties the cache.
    written: AtomicBool,
    /// Whether another process was seen to have changed the file.
    changed_elsewhere: AtomicBool,
}

#[derive(Debug)]
struct Cached<T> {
    content: Arc<T>,
    bytes: Vec<u8>,
    stamp: Stamp,
    /// Whether an equal stamp proves equal content: see [`Stamp::is_settled`].
    settled: bool,
}

/// What tells cheaply that another process replaced the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

enum Loaded<T> {
    /// Nothing where there is no file.
    Content(Option<Cached<T>>),
    /// Why it can not be understood.
    Damaged(String),
}

/// More than any real address book; it only keeps a wrong file from filling the memory.
const MAX_BYTES: u64 = 64 << 20;
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(10);
/// The coarsest time stamps that a usual file system keeps (FAT: 2 s).
const STAMP_GRAIN: Duration = Duration::from_secs(2);

impl<T: Document> JsonFile<T> {
    /// Reads the file once, so that damage is known from the start. It need not exist.
    ///
    /// # Errors
    /// As [`JsonFile::read`].
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        Self::open_with_wait(path, LOCK_WAIT)
    }

    fn open_with_wait(path: PathBuf, lock_wait: Duration) -> Result<Self> {
        let file = Self {
            path,
            lock_wait,
            cache: Mutex::default(),
            notices: Mutex::default(),
            written: AtomicBool::new(true),
            changed_elsewhere: AtomicBool::default(),
        };
        file.read()?;
        if !file.path.exists() {
            let kept = file.set_aside_before();
            let mut notices = guard(&file.notices);
            if notices.is_empty() && !kept.is_empty() {
                notices.push(Notice::StartedEmpty {
                    file: file.path.clone(),
                    kept,
                });
            }
        }
        Ok(file)
    }

    /// What the file holds now: read again only when another process replaced it.
    ///
    /// # Errors
    /// `storage` where the file can not be read, or is damaged and can not be moved aside; `unsupported` where a newer
    /// program wrote it.
    pub(crate) fn read(&self) -> Result<Arc<T>> {
        let mut cache = guard(&self.cache);
        let stamp = self.stamp()?;
        if let (Some(cached), Some(stamp)) = (&*cache, stamp)
            && cached.settled
            && cached.stamp == stamp
        {
            return Ok(Arc::clone(&cached.content));
        }
        match self.load(cache.as_ref())? {
            Loaded::Content(content) => {
                self.compare(cache.as_ref(), content.as_ref());
                *cache = content;
            }
            Loaded::Damaged(_) => {
                // An update takes the lock first and the cache second; waiting the other way round would never end.
                drop(cache);
                let _lock = self.lock()?;
                let content = self.load_or_set_aside()?;
                cache = guard(&self.cache);
                *cache = content;
            }
        }
        Ok(cache
            .as_ref()
            .map_or_else(Arc::default, |cached| Arc::clone(&cached.content)))
    }

    /// Changes the content while no other process can, and writes it if it became different. Where `change` fails
    /// nothing is written. `change` must not use this file again: the lock is not reentrant.
    ///
    /// # Errors
    /// What `change` says; `storage` where another process keeps the lock for 5 s or writing fails; as
    /// [`JsonFile::read`].
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let _lock = self.lock()?;
        let loaded = self.load_or_set_aside()?;
        self.compare(guard(&self.cache).as_ref(), loaded.as_ref());
        let mut content = loaded.map_or_else(T::default, |cached| Arc::unwrap_or_clone(cached.content));
        let before = self.encode(&content)?;
        let result = change(&mut content)?;
        let after = self.encode(&content)?;
        if before != after {
            atomic::write_file(&self.path, &after)?;
            *guard(&self.cache) = None;
            self.written.store(true, Ordering::Relaxed);
        }
        Ok(result)
    }

    /// What has to be shown to a person; each notice is handed out once.
    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut guard(&self.notices))
    }

    /// Whether another process changed the file since this was last asked. What is changed by itself in between may
    /// hide it; then the change was read all the same.
    pub(crate) fn take_changed_elsewhere(&self) -> bool {
        self.changed_elsewhere.swap(false, Ordering::Relaxed)
    }

    fn compare(&self, before: Option<&Cached<T>>, now: Option<&Cached<T>>) {
        fn bytes<T>(cached: Option<&Cached<T>>) -> Option<&[u8]> {
            cached.map(|cached| cached.bytes.as_slice())
        }
        if !self.written.swap(false, Ordering::Relaxed) && bytes(before) != bytes(now) {
            self.changed_elsewhere.store(true, Ordering::Relaxed);
        }
    }

    /// Waits for the lock, which ends with the returned file or with this process.
    fn lock(&self) -> Result<File> {
        platform::create_private_folder(self.folder())
            .map_err(|error| Error::storage(self.folder(), &error))?;
        let path = self.path.with_extension("lock");
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| Error::storage(&path, &error))?;
        let deadline = Instant::now() + self.lock_wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(Error::storage(&path, &error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let seconds = self.lock_wait.as_secs();
                    let what = format!(
                        "another Trunkline has kept it locked for {seconds} s; close it and try again"
                    );
                    return Err(Error::storage(&path, &what));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            }
        }
    }

    /// Where the bytes are the `cached` ones the content is the same `Arc`, which spares the parsing.
    fn load(&self, cached: Option<&Cached<T>>) -> Result<Loaded<T>> {
        let failed = |error| Error::storage(&self.path, &error);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == IoKind::NotFound => return Ok(Loaded::Content(None)),
            Err(error) => return Err(failed(error)),
        };
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::storage(&self.path, &"this is not a file"));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::storage(
                &self.path,
                &"it is larger than 64 MiB, so it is no file of Trunkline",
            ));
        }
        let stamp = Stamp::of(&metadata);
        let content = match cached.filter(|cached| cached.bytes == bytes) {
            Some(cached) => Arc::clone(&cached.content),
            None => match self.decode(&bytes)? {
                Ok(content) => Arc::new(content),
                Err(reason) => return Ok(Loaded::Damaged(reason)),
            },
        };
        Ok(Loaded::Content(Some(Cached {
            content,
            bytes,
            stamp,
            settled: stamp.is_settled(),
        })))
    }

    /// With the lock held, since another process may just have repaired the file.
    fn load_or_set_aside(&self) -> Result<Option<Cached<T>>> {
        let reason = match self.load(None)? {
            Loaded::Content(content) => return Ok(content),
            Loaded::Damaged(reason) => reason,
        };
        let kept_as = self.free_name_aside();
        fs::rename(&self.path, &kept_as).map_err(|error| {
            let what = format!("it is damaged ({reason}) and could not be moved aside ({error})");
            Error::storage(&self.path, &what)
        })?;
        let synced = platform::sync_folder(self.folder());
        synced.map_err(|error| Error::storage(self.folder(), &error))?;
        guard(&self.notices).push(Notice::Damaged {
            file: self.path.clone(),
            kept_as,
            reason,
        });
        Ok(None)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Result<T, String>> {
        #[derive(Deserialize)]
        struct VersionOnly {
            #[serde(default = "first_version")]
            version: u32,
        }
        match serde_json::from_slice::<VersionOnly>(bytes) {
            Ok(VersionOnly { version }) if version > T::VERSION => {
                let message = format!(
                    "{} was written by a newer Trunkline (form {version}; this program knows {} at most); update this \
                     program, or use another data folder (TRUNKLINE_DATA_DIR)",
                    self.path.display(),
                    T::VERSION
                );
                Err(Error::new(ErrorKind::Unsupported(message)).at(Step::Store))
            }
            Ok(_) => Ok(serde_json::from_slice::<Envelope<T>>(bytes)
                .map(|envelope| envelope.content)
                .map_err(|error| error.to_string())),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    fn encode(&self, content: &T) -> Result<Vec<u8>> {
        let envelope = Envelope {
            version: T::VERSION,
            content,
        };
        let mut bytes =
            serde_json::to_vec_pretty(&envelope).map_err(|error| Error::storage(&self.path, &error))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn stamp(&self) -> Result<Option<Stamp>> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Some(Stamp::of(&metadata))),
            Err(error) if error.kind() == IoKind::NotFound => Ok(None),
            Err(error) => Err(Error::storage(&self.path, &error)),
        }
    }

    fn free_name_aside(&self) -> PathBuf {
        let prefix = self.aside_prefix();
        let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let name = |suffix: &str| {
            let mut name = prefix.clone();
            name.push(&time);
            name.push(suffix);
            name.push(".json");
            self.path.with_file_name(name)
        };
        let mut free = name("");
        let mut count = 1;
        while free.exists() {
            count += 1;
            free = name(&format!("-{count}"));
        }
        free
    }

    fn set_aside_before(&self) -> BTreeSet<PathBuf> {
        let prefix = self.aside_prefix();
        let prefix = prefix.as_encoded_bytes();
        let entries = fs::read_dir(self.folder()).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(prefix))
            .map(|entry| entry.path())
            .collect()
    }

    fn aside_prefix(&self) -> OsString {
        let mut prefix = self.path.file_stem().unwrap_or_default().to_owned();
        prefix.push(".damaged-");
        prefix
    }

    pub(crate) fn folder(&self) -> &Path {
        self.path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    #[serde(default = "first_version")]
    version: u32,
    #[serde(flatten)]
    content: T,
}

fn first_version() -> u32 {
    1
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            modified: metadata.modified().ok(),
            bytes: metadata.len(),
        }
    }

    /// Two changes within one tick of the file system's clock can leave the same stamp. So a file that changed a
    /// moment ago is read again, until its time stamp is old enough that every later change must move it.
    fn is_settled(&self) -> bool {
        let age = self.modified.and_then(|modified| modified.elapsed().ok());
        age.is_some_and(|age| age > STAMP_GRAIN)
    }
}

/// What a thread that panicked has left is still whole: each value behind these locks is replaced in one step.
fn guard<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "json_file_tests.rs"]
mod tests;
