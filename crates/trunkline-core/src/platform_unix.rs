//! What differs between platforms when files are kept: Unix.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// How often a rename is tried again while the target is in use; here that never stands in its way.
pub(crate) const RENAME_RETRIES: u32 = 0;

/// Makes a folder, and what is missing above it, for the owner only. A folder that exists stays as it is.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a rename inside this folder outlast a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
pub(crate) fn has_permissions(path: &Path, bits: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().unwrap().permissions().mode() & 0o777 == bits
}
