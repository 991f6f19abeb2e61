//! What differs between platforms when files are kept and many sockets are opened: Windows and whatever is not Unix.

use std::fs;
use std::io;
use std::path::Path;

/// Windows refuses to replace a file while a reader or a virus scanner holds it open, for some milliseconds.
pub(crate) const RENAME_RETRIES: u32 = 50;

/// Makes a folder and what is missing above it. The profile's own access list keeps other people out.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// A folder can not be synced here; NTFS keeps a journal of renames.
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every platform")]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// How many files and sockets this program may have open: nothing is to be raised. There are 16,384 local ports for
/// outgoing connections, of which other programs need some too.
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every platform")]
pub(crate) fn raise_open_files() -> Option<usize> {
    Some(8_192)
}

#[cfg(test)]
pub(crate) fn has_permissions(path: &Path, _bits: u32) -> bool {
    path.exists()
}
