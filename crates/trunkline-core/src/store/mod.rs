//! Sites, preferences and pins: one readable file that the command line and the window share.

mod data;
pub(crate) mod json_file;
mod notice;
pub mod preferences;
mod received;
mod site;
mod site_import;
mod site_list;
mod site_table;

use std::sync::Arc;

pub use data::{Pin, StoreData, unit_key};
pub use notice::Notice;
pub use preferences::Preferences;
pub use received::{ReceivedFile, ReceivedFiles};
pub use site::{Method, Site, TlsLevel, host};
pub use site_import::Imported;
pub use site_list::{
    LARGEST_LIST, ListFormat, ListProblem, SiteList, read_site_file, read_sites, write_site_file, write_sites,
};

use crate::error::Result;
use crate::paths::DataDir;
use json_file::JsonFile;

/// The local store, `store.json` in the data folder.
///
/// Any number of processes may use it at the same time: changes are made under a lock, written atomically, and seen by
/// the others when they next [`Store::read`]. Everything here blocks, for 5 s at most; call it from `spawn_blocking`
/// where that matters.
#[derive(Debug)]
pub struct Store {
    file: JsonFile<StoreData>,
}

impl Store {
    /// Opens the store; without a file it is empty, and reading makes none. Show [`Store::take_notices`] afterwards.
    ///
    /// # Errors
    /// `storage` where the file can not be read, or is damaged and can not be moved aside; `unsupported` where a newer
    /// program wrote it.
    pub fn open(data: &DataDir) -> Result<Self> {
        Ok(Self {
            file: JsonFile::open(data.store())?,
        })
    }

    /// What the store holds now. Cheap: the file is read again only when another process changed it, and the same
    /// `Arc` is returned until then.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn read(&self) -> Result<Arc<StoreData>> {
        self.file.read()
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.file.folder()
    }

    /// Changes the store while no other process can. Where `change` fails, nothing is written. `change` must not call
    /// the store itself.
    ///
    /// # Errors
    /// What `change` says; `storage` where the lock is not free within 5 s or the file can not be written.
    pub fn update<R>(&self, change: impl FnOnce(&mut StoreData) -> Result<R>) -> Result<R> {
        self.file.update(change)
    }

    /// Whether another process changed the store since this was last asked.
    pub fn take_changed_elsewhere(&self) -> bool {
        self.file.take_changed_elsewhere()
    }

    /// What a person must be told, such as that a damaged file was moved aside; each notice is handed out once.
    pub fn take_notices(&self) -> Vec<Notice> {
        self.file.take_notices()
    }
}
