//! What is no document is kept as bytes, with a reason that names the place; nothing is expanded, nothing panics.

use trunkline_document::{Document, DocumentKind, MAX_BYTES, MAX_DEPTH, OpaqueReason, problems};

fn reason(source: &[u8]) -> OpaqueReason {
    let document = Document::load(source.to_vec());
    assert_eq!(document.as_bytes(), source, "opaque bytes are kept");
    assert_eq!(document.kind(), DocumentKind::Opaque);
    assert_eq!(document.entities().count(), 0);
    assert_eq!(problems(&document).len(), 1);
    document
        .opaque_reason()
        .cloned()
        .unwrap_or_else(|| panic!("this was read as a document"))
}

#[test]
fn other_bytes_are_kept_with_the_reason() {
    let check = |source: &[u8], expected: OpaqueReason| assert_eq!(reason(source), expected, "{source:?}");
    check(b"", OpaqueReason::NotXml);
    check(b"\0\x01\x02binary", OpaqueReason::NotXml);
    check(b"\xFF\xFE<\0d\0a\0t\0a\0/\0>\0", OpaqueReason::NotXml);
    check(b"plain text <data/>", OpaqueReason::NotXml);
    check(b"\xEF\xBB\xBF\xEF\xBB\xBF<data/>", OpaqueReason::NotXml);
    check(b"<data>\xC3\x28</data>", OpaqueReason::NotUtf8 { offset: 6 });
    check(b"<data>\xED\xA0\x80</data>", OpaqueReason::NotUtf8 { offset: 6 });
    check(
        b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><data/>",
        OpaqueReason::OtherEncoding,
    );
    check(b"<html><body/></html>", OpaqueReason::OtherRoot);
    check(b"<response status=\"0\"/>", OpaqueReason::OtherRoot);
}

#[test]
fn malformed_xml_is_reported_with_line_and_column() {
    let check = |source: &str, line: usize, column: usize, word: &str| match reason(source.as_bytes()) {
        OpaqueReason::Malformed {
            line: l,
            column: c,
            what,
        } => {
            assert_eq!((l, c), (line, column), "{source}: {what}");
            assert!(what.contains(word), "{source}: {what}");
        }
        other => panic!("{source}: {other:?}"),
    };
    check("<data>\n  <User>\n    <Name>a</Name>\n", 2, 3, "breaks off");
    check("<data><User><Name>a</Na", 1, 20, "not closed");
    check("<data><User a=\"x></User></data>", 1, 7, "not closed");
    check("<data>\n<!-- never closed </data>", 2, 1, "not closed");
    check("<data><![CDATA[ never closed </data>", 1, 7, "not closed");
    check("<data>\r\n  <A></B></data>", 2, 6, "another element");
    check("<data></data></data>", 1, 14, "not open");
    check("<data></data>\n<data/>", 2, 1, "second");
    check("<data></data>é text", 1, 14, "outside");
    check("\u{FEFF}<data></data>&amp;", 1, 14, "outside");
    check("<data><Ä>ä&unknown;</Ä></data>", 1, 11, "&amp;");
    check("<data>a & b</data>", 1, 9, "&amp;");
    check("<data>&#0;</data>", 1, 7, "&amp;");
    check("<data>&#xD800;</data>", 1, 7, "&amp;");
    check("<data><A b=\"&nbsp;\"/></data>", 1, 7, "&amp;");
    check("<data><A b=1/></data>", 1, 7, "attribute");
    check("<data><A b='1' b='2'/></data>", 1, 7, "attribute");
    check("<data><A b/></data>", 1, 7, "attribute");
    check("<data><1/></data>", 1, 7, "name");
    check("<data>< a/></data>", 1, 7, "name");
    check("<data><a/b/></data>", 1, 7, "name");
    check("<!-- only a comment -->", 1, 24, "no element");
    check("<", 1, 1, "not closed");
    check("<data", 1, 1, "not closed");
}

#[test]
fn a_document_cut_anywhere_is_kept_and_never_a_panic() {
    let source = "<?xml version='1.0'?><data><!-- c --><User a='1'>&amp;<![CDATA[x]]><N>é</N></User></data>";
    for cut in 0..source.len() {
        let document = Document::load(source.as_bytes()[..cut].to_vec());
        assert_eq!(document.as_bytes(), &source.as_bytes()[..cut]);
        assert!(document.opaque_reason().is_some(), "cut at {cut}");
    }
}

#[test]
fn a_stray_character_in_a_password_is_not_repeated_in_the_reason() {
    for source in [
        "<data><Password>hunter2&secret;</Password></data>",
        "<data><Password>hun<ter2</Password></data>",
        "<data><Password>hun<ter2></Password></data>",
        "<data><Password v='hun\"ter2></Password></data>",
        "<data><Password>hunter2&</Password></data>",
    ] {
        let shown = format!("{0} {0:?}", reason(source.as_bytes()));
        assert!(!shown.contains("ter2") && !shown.contains("secret"), "{shown}");
    }
}

#[test]
fn entity_expansion_is_refused_before_it_begins() {
    let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n <!ENTITY lol \"lol\">\n\
        <!ENTITY lol2 \"&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;\">\n]>\n<data>&lol2;</data>";
    assert_eq!(
        reason(laughs.as_bytes()),
        OpaqueReason::Doctype { line: 2, column: 1 }
    );
    let external = "<!DOCTYPE data SYSTEM \"file:///etc/passwd\"><data/>";
    assert_eq!(
        reason(external.as_bytes()),
        OpaqueReason::Doctype { line: 1, column: 1 }
    );
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        format!(
            "<data>{}{}</data>",
            "<a>".repeat(depth - 1),
            "</a>".repeat(depth - 1)
        )
        .into_bytes()
    };
    let deepest = Document::load(nested(MAX_DEPTH));
    assert_eq!(deepest.entity(0).unwrap().fields().len(), 1);
    let column = 1 + "<data>".len() + "<a>".len() * (MAX_DEPTH - 1);
    assert_eq!(
        reason(&nested(MAX_DEPTH + 1)),
        OpaqueReason::TooDeep { line: 1, column }
    );
    assert_eq!(
        reason(&nested(100_000)),
        OpaqueReason::TooDeep { line: 1, column }
    );
}

#[test]
fn attributes_of_one_element_are_bounded() {
    let with = |count: usize| {
        let attributes: Vec<String> = (0..count).map(|number| format!(" a{number}=''")).collect();
        format!("<data><User{}/></data>", attributes.concat()).into_bytes()
    };
    assert_eq!(Document::load(with(256)).entity(0).unwrap().fields().len(), 256);
    assert_eq!(reason(&with(257)), OpaqueReason::TooMany { line: 1, column: 7 });
    assert_eq!(
        reason(&with(100_000)),
        OpaqueReason::TooMany { line: 1, column: 7 }
    );
}

#[test]
fn size_and_number_of_elements_are_bounded() {
    let mut large = b"<data>".to_vec();
    large.resize(MAX_BYTES - "</data>".len(), b' ');
    large.extend_from_slice(b"</data>");
    assert_eq!(Document::load(large.clone()).opaque_reason(), None);
    large.push(b'\n');
    assert_eq!(reason(&large), OpaqueReason::TooLarge { bytes: MAX_BYTES + 1 });
    let many = format!("<data>{}</data>", "<a/>".repeat(4_000_000));
    assert!(matches!(
        reason(many.as_bytes()),
        OpaqueReason::TooMany { line: 1, .. }
    ));
}

#[test]
fn a_document_does_not_grow_over_the_bound() {
    let mut document = Document::load(b"<data><User><Name/></User></data>".to_vec());
    let before = document.clone();
    let error = document
        .set(0, &"Name".parse().unwrap(), &"x".repeat(MAX_BYTES))
        .unwrap_err();
    assert_eq!(error, trunkline_document::EditError::TooLarge);
    assert!(document == before);
}
