//! Two sets of changes to one document (protocol.md section 5). NULs part what it was, mine and theirs.

use trunkline_document::{Document, Side, compare, three_way};

/// What only one side changed comes out as that side has it; what nobody changed on top of theirs leaves theirs as it is;
/// and a merge that is done leaves nothing to merge.
pub(crate) fn run(data: &[u8]) {
    let mut parts = data
        .splitn(3, |byte| *byte == 0)
        .map(|part| Document::load(part.to_vec()));
    let (Some(base), Some(mine), Some(theirs)) = (parts.next(), parts.next(), parts.next()) else {
        return;
    };
    let _ = compare(&mine, &theirs);
    if let Some(nothing) = three_way(&base, &base, &theirs) {
        assert!(nothing.is_settled());
        let merged = nothing.merged(|_| Side::Mine).unwrap();
        assert_eq!(merged.as_bytes(), theirs.as_bytes());
    }
    if let Some(all) = three_way(&base, &mine, &base) {
        assert!(all.collisions.is_empty() && all.theirs.is_empty());
        if let Ok(merged) = all.merged(|_| Side::Theirs) {
            assert!(compare(&merged, &mine).is_same());
        }
    }
    let Some(both) = three_way(&base, &mine, &theirs) else {
        return;
    };
    for side in [Side::Mine, Side::Theirs] {
        let Ok(merged) = both.merged(|_| side) else {
            continue;
        };
        if both.is_settled() {
            assert_eq!(merged.as_bytes(), theirs.as_bytes());
        }
        let again = three_way(&theirs, &merged, &theirs).unwrap();
        assert!(again.collisions.is_empty() && again.theirs.is_empty());
    }
}
