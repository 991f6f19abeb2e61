//! Objects as they come from a unit or a file (protocol.md section 5).

use trunkline_document::{Document, compare, problems};

/// A document is saved as it was loaded, is no different from itself, and can be looked at to its last field.
pub(crate) fn run(data: &[u8]) {
    let document = Document::load(data.to_vec());
    assert_eq!(document.as_bytes(), data);
    assert!(compare(&document, &document).is_same());
    let _ = problems(&document);
    for entity in document.entities() {
        for field in entity.fields() {
            let mut changed = document.clone();
            // Setting what is there changes nothing, whatever the field is.
            let same = entity.get(&field.path).map(|value| value.reveal().to_owned());
            if let Some(same) = same
                && changed.set(entity.position(), &field.path, &same).is_ok()
            {
                assert_eq!(changed.as_bytes(), data, "{}", field.path);
            }
        }
    }
    assert_eq!(document.into_bytes(), data);
}
