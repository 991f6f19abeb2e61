//! Audit trails (protocol.md 4.2, object 3), which each unit writes as it likes.

use trunkline_document::{AuditForm, AuditTrail, MAX_ROWS};

/// There is always an answer, and always the same; nothing is lost but what is beyond the limit, and of lines not even
/// their order.
pub(crate) fn run(data: &[u8]) {
    let trail = AuditTrail::read(data);
    assert_eq!(AuditTrail::read(data), trail);
    assert!(trail.rows.len() <= MAX_ROWS);
    match trail.form {
        AuditForm::Opaque => assert!(trail.rows.is_empty() && trail.left_out == 0),
        AuditForm::Entries => assert!(trail.rows.len() + trail.left_out <= data.len()),
        AuditForm::Lines => {
            let text = std::str::from_utf8(data).unwrap();
            let lines: Vec<_> = text
                .lines()
                .map(str::trim_end)
                .filter(|line| !line.is_empty())
                .collect();
            let rows: Vec<_> = trail.rows.iter().map(|row| row.action.as_str()).collect();
            assert_eq!(rows, lines[..lines.len() - trail.left_out]);
        }
    }
}
