//! Files that are either there as a whole or not at all.

use std::fs;
use std::io::{self, ErrorKind as IoKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::error::{Error, ErrorKind, Result, Step};
use crate::platform;

/// A file on its way: written under a temporary name in the folder where it will stay, then synced and renamed.
///
/// Dropped before [`PendingFile::commit`] it leaves nothing behind. On Unix the owner alone can read it (0600), also
/// where it replaces a file that others could read: what this program writes holds people's telephone secrets.
#[derive(Debug)]
pub struct PendingFile {
    file: NamedTempFile,
    written: u64,
}

impl PendingFile {
    /// Starts a file in `folder`, which must exist.
    ///
    /// # Errors
    /// `storage` where nothing can be written there.
    pub fn new_in(folder: &Path) -> Result<Self> {
        let file = tempfile::Builder::new()
            .prefix(".trunkline-")
            .suffix(".tmp")
            .tempfile_in(folder)
            .map_err(|error| Error::storage(folder, &without_path(&error)))?;
        Ok(Self { file, written: 0 })
    }

    /// Starts a file that will be committed as `target`.
    ///
    /// # Errors
    /// `storage` where nothing can be written in its folder; `usage` where `target` is a folder or a device.
    pub fn beside(target: &Path) -> Result<Self> {
        Self::new_in(folder_of(&resolve(target)?))
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// `storage`, for instance on a full disk.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| self.failed(&error))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Forgets everything that was written, to begin anew.
    ///
    /// # Errors
    /// `storage`.
    pub fn start_over(&mut self) -> Result<()> {
        let file = self.file.as_file_mut();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(|error| self.failed(&error))?;
        self.written = 0;
        Ok(())
    }

    /// Reads what was written from its start, for callers that pass it on instead of keeping it.
    ///
    /// # Errors
    /// `storage`.
    pub fn reader(&mut self) -> Result<impl Read + '_> {
        self.file
            .rewind()
            .map_err(|error| Error::storage(folder_of(self.file.path()), &error))?;
        Ok(&mut self.file)
    }

    /// How many bytes were written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Makes it the file `target`, in the same file system; what stood there before is replaced in one step. Where
    /// `target` is a symbolic link, the file that it points to is replaced and the link stays.
    ///
    /// # Errors
    /// `storage` where syncing or renaming fails, and `usage` where `target` is a folder or a device; then `target` is
    /// as it was.
    pub fn commit(self, target: &Path) -> Result<()> {
        let target = resolve(target)?;
        self.file
            .as_file()
            .sync_all()
            .map_err(|error| self.failed(&error))?;
        rename(self.file, &target)?;
        let folder = folder_of(&target);
        platform::sync_folder(folder).map_err(|error| Error::storage(folder, &error))
    }

    fn failed(&self, error: &io::Error) -> Error {
        Error::storage(folder_of(self.file.path()), error)
    }
}

/// Replaces `target` by `content` in one step (see [`PendingFile`]).
///
/// # Errors
/// As [`PendingFile::commit`]; then `target` is as it was.
pub fn write_file(target: &Path, content: &[u8]) -> Result<()> {
    let mut file = PendingFile::beside(target)?;
    file.write(content)?;
    file.commit(target)
}

fn rename(mut file: NamedTempFile, target: &Path) -> Result<()> {
    let mut retries = platform::RENAME_RETRIES;
    loop {
        match file.persist(target) {
            Ok(_) => return Ok(()),
            Err(failed) if retries > 0 && failed.error.kind() == IoKind::PermissionDenied => {
                file = failed.file;
            }
            Err(failed) => return Err(Error::storage(target, &failed.error)),
        }
        retries -= 1;
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Follows links, and refuses what a rename would destroy: root could otherwise replace `/dev/null` by a file.
fn resolve(target: &Path) -> Result<PathBuf> {
    let resolved = match fs::canonicalize(target) {
        Ok(path) => path,
        Err(error) if error.kind() == IoKind::NotFound => {
            if target.symlink_metadata().is_ok() {
                return Err(Error::storage(
                    target,
                    &"it is a link to a file that does not exist",
                ));
            }
            return Ok(target.to_owned());
        }
        Err(error) => return Err(Error::storage(target, &error)),
    };
    if resolved.is_file() {
        return Ok(resolved);
    }
    let what = if resolved.is_dir() { "a folder" } else { "a device" };
    let message = format!(
        "{} is {what}; name a file, or - for standard output",
        target.display()
    );
    Err(Error::new(ErrorKind::Usage(message)).at(Step::Store))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The error names the folder itself; tempfile adds a temporary name that nobody asked for.
fn without_path(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" at path ")
        .map_or(text.clone(), |(what, _)| what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_committed_file_is_whole_and_the_owner_s() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("unit.xml");
        let mut file = PendingFile::beside(&target).unwrap();
        file.write(b"one ").unwrap();
        file.write(b"two").unwrap();
        assert_eq!(file.written(), 7);
        assert!(!target.exists(), "nothing stands there before the commit");
        file.commit(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"one two");
        assert_eq!(names(folder.path()), ["unit.xml"]);
        assert!(platform::has_permissions(&target, 0o600));
    }

    #[test]
    fn a_dropped_file_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("unit.xml");
        fs::write(&target, "old").unwrap();
        let mut file = PendingFile::beside(&target).unwrap();
        file.write(b"half of the n").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), ["unit.xml"]);
        assert_eq!(fs::read(&target).unwrap(), b"old");
    }

    #[test]
    fn an_old_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("unit.xml");
        fs::write(&target, "old").unwrap();
        write_file(&target, b"new").unwrap();
        assert_eq!(
            (fs::read(&target).unwrap(), names(folder.path()).len()),
            (b"new".to_vec(), 1)
        );
    }

    #[test]
    fn a_folder_or_a_missing_folder_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_file(folder.path(), b"x").unwrap_err();
        assert_eq!(error.code(), "usage");
        assert!(
            error.to_string().contains(&folder.path().display().to_string()),
            "{error}"
        );
        let missing = folder.path().join("no/such/file");
        let error = write_file(&missing, b"x").unwrap_err();
        assert_eq!(error.code(), "storage");
        assert!(error.to_string().contains("such"), "{error}");
        assert!(
            !error.to_string().contains(".trunkline-"),
            "no temporary name in {error}"
        );
    }

    #[test]
    fn a_name_without_a_folder_is_in_the_working_folder() {
        assert_eq!(folder_of(Path::new("unit.xml")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/unit.xml")), Path::new("a"));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_never_replaced() {
        assert_eq!(
            write_file(Path::new("/dev/null"), b"x").unwrap_err().code(),
            "usage"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let (link, real) = (folder.path().join("link"), other.path().join("real"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_file(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
        assert_eq!(
            (names(folder.path()), names(other.path())),
            (vec!["link".into()], vec!["real".to_owned()])
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nothing_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("gone"), &link).unwrap();
        assert!(
            write_file(&link, b"x")
                .unwrap_err()
                .to_string()
                .contains("link to a file that does not exist")
        );
    }
}
