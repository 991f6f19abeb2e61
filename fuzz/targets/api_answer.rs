//! Answers of the Management API, in XML and JSON (docs/protocol.md section 7).

use trunkline_document::{Answer, Document, DocumentKind};

/// What is read is made of objects that can stand in a configuration, and of words that fit on a line.
pub(crate) fn run(data: &[u8]) {
    let Ok(answer) = Answer::read(data) else { return };
    assert_eq!(Answer::read(data).as_ref(), Ok(&answer));
    assert_eq!(answer.objects().count(), answer.object_count());
    for object in answer.objects() {
        let alone = Document::load(format!("<data>{object}</data>").into_bytes());
        assert_eq!(alone.kind(), DocumentKind::Configuration, "{object}");
    }
    if let Some(refusal) = answer.refusal() {
        for words in [&refusal.code, &refusal.text] {
            assert!(!words.contains(char::is_control) && words.chars().count() <= 300);
        }
    }
}
