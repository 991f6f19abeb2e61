//! What the archive says of its contents, as it stands in a file that anybody may have edited.

use trunkline_core::{ArchiveEntry, ArchivedObject};

/// What is read is written in a form that is read as the same, and names nothing outside of the archive.
pub(crate) fn run(data: &[u8]) {
    let Ok(entries) = serde_json::from_slice::<Vec<ArchiveEntry>>(data) else {
        return;
    };
    for entry in &entries {
        let name = entry.sha256.to_string();
        assert!(
            name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{name}"
        );
        assert_eq!(
            entry.object.as_str().parse::<ArchivedObject>().ok(),
            Some(entry.object)
        );
    }
    let written = serde_json::to_vec(&entries).unwrap();
    assert_eq!(
        serde_json::from_slice::<Vec<ArchiveEntry>>(&written).unwrap(),
        entries
    );
}
