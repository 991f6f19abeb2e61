//! Where this program keeps its files.

use std::path::{Path, PathBuf};

use directories::BaseDirs;

use crate::error::{Error, ErrorKind, Result, Step};
use crate::platform;

/// The bundle identifier, which names the data folder of the command line and of the window.
pub const IDENTIFIER: &str = "org.trunkline.manager";

/// The folder that holds the store, the record of received files and the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir {
    folder: PathBuf,
}

impl DataDir {
    /// The folder that the command line and the window share: `org.trunkline.manager` in `~/.local/share` on Linux
    /// (or in `$XDG_DATA_HOME`), `~/Library/Application Support` on macOS, `%APPDATA%` on Windows.
    ///
    /// # Errors
    /// `usage` where this user has no home folder.
    pub fn standard() -> Result<Self> {
        let base = BaseDirs::new().ok_or_else(|| {
            let message = "this user has no home folder to keep files in; name a folder with --data-dir";
            Error::new(ErrorKind::Usage(message.into())).at(Step::Store)
        })?;
        Ok(Self::at(base.data_dir().join(IDENTIFIER)))
    }

    /// A folder that was asked for. It need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder if it is missing; on Unix for its owner only (0700).
    ///
    /// # Errors
    /// `storage` where it can not be made.
    pub fn create(&self) -> Result<()> {
        platform::create_private_folder(&self.folder).map_err(|error| Error::storage(&self.folder, &error))
    }

    /// Sites, preferences and pins.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store.json")
    }

    /// Which file was received from which unit, at which revision.
    pub fn received(&self) -> PathBuf {
        self.folder.join("received.json")
    }

    /// The folder of the archive.
    pub fn archive(&self) -> PathBuf {
        self.folder.join("archive")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_is_the_owner_s_alone() {
        let parent = tempfile::tempdir().unwrap();
        let data = DataDir::at(parent.path().join("a/b"));
        data.create().unwrap();
        data.create().unwrap();
        assert!(platform::has_permissions(data.folder(), 0o700));
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataDir::at(file.path().join("sub")).create().unwrap_err();
        assert_eq!(error.code(), "storage");
        assert!(error.to_string().contains("sub"), "{error}");
    }

    #[test]
    fn the_standard_folder_ends_in_the_identifier() {
        let data = DataDir::standard().unwrap();
        assert!(data.folder().is_absolute() && data.folder().ends_with(IDENTIFIER));
        assert_eq!(data.store(), data.folder().join("store.json"));
    }
}
