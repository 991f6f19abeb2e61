//! What differs between platforms when files are kept and many sockets are opened: Unix.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

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

/// Raises the number of files and sockets that this program may have open as far as an ordinary user may, and says what
/// it is then; `None` where there is no limit.
pub(crate) fn raise_open_files() -> Option<usize> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // macOS says "no limit" and refuses that; OPEN_MAX, which is 10,240 there, it takes.
    for wanted in [maximum, Some(10_240)] {
        let current = getrlimit(Resource::Nofile).current;
        if wanted.is_none_or(|wanted| current.is_some_and(|current| current < wanted)) {
            let raised = setrlimit(
                Resource::Nofile,
                Rlimit {
                    current: wanted,
                    maximum,
                },
            );
            if let Err(error) = raised {
                tracing::debug!(%error, ?wanted, "the limit of open files stays");
            }
        }
    }
    let current = getrlimit(Resource::Nofile).current?;
    Some(usize::try_from(current).unwrap_or(usize::MAX))
}

#[cfg(test)]
pub(crate) fn has_permissions(path: &Path, bits: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().unwrap().permissions().mode() & 0o777 == bits
}
