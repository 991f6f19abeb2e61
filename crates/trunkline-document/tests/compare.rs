//! Two documents, entity by entity; and what is wrong in one.

use trunkline_document::{Comparison, Document, ProblemKind, compare, problems};

fn load(inner: &str) -> Document {
    let document = Document::load(format!("<data>{inner}</data>").into_bytes());
    assert_eq!(document.opaque_reason(), None, "{inner}");
    document
}

/// `+ label`, `- label`, and `label path before → after` for what is different.
fn differences(before: &str, after: &str) -> Vec<String> {
    let Comparison::Entities {
        added,
        removed,
        changed,
        ..
    } = compare(&load(before), &load(after))
    else {
        panic!("not read");
    };
    let mut lines: Vec<String> = added.iter().map(|name| format!("+ {}", name.label)).collect();
    lines.extend(removed.iter().map(|name| format!("- {}", name.label)));
    for entity in &changed {
        for field in &entity.fields {
            let shown = |value: &Option<trunkline_document::Value>| {
                value.as_ref().map_or("∅".into(), ToString::to_string)
            };
            lines.push(format!(
                "{} {} {} → {}",
                entity.after.label,
                field.path,
                shown(&field.before),
                shown(&field.after)
            ));
        }
    }
    lines
}

#[test]
fn differences_are_found_entity_by_entity() {
    let check = |before: &str, after: &str, expected: &[&str]| {
        assert_eq!(differences(before, after), expected, "{before} | {after}");
    };
    let (a, b) = (
        "<User GUID='A'><Name>a</Name></User>",
        "<User GUID='B'><Name>b</Name></User>",
    );
    check(a, a, &[]);
    check(&format!("{a}{b}"), &format!("{b}\n{a}"), &[]);
    check(a, &format!("{b}{a}"), &["+ User b"]);
    check(&format!("{a}{b}"), b, &["- User a"]);
    check(
        a,
        "<User GUID='{a}'><Name>x</Name></User>",
        &["User x Name a → x"],
    );
    check(
        a,
        "<User GUID='A'><FullName>f</FullName></User>",
        &["User A FullName ∅ → f", "User A Name a → ∅"],
    );
    check(a, "<User GUID='C'><Name>a</Name></User>", &["User a @GUID A → C"]);
    check(
        a,
        "<Line GUID='A'><Name>a</Name></Line>",
        &["+ Line a", "- User a"],
    );
    check(a, &format!("<ws_object>{a}</ws_object>"), &[]);
    check(a, "<User   GUID=\"A\"><!-- c --><Name>&#97;</Name>\n</User>", &[]);
}

#[test]
fn noise_layout_and_order_are_no_change() {
    let check =
        |before: &str, after: &str| assert_eq!(differences(before, after), [""; 0], "{before} | {after}");
    check(
        "<User GUID='A'><Etag>1</Etag><Last-Modified>x</Last-Modified><N>1</N></User>",
        "<User GUID='A'><N>1</N><Etag>2</Etag></User>",
    );
    check("<User GUID='A' Etag='1'/>", "<User GUID='A' etag='2'/>");
    check(
        "<E GUID='A'><K Key='1'>a</K><K Key='2'>b</K></E>",
        "<E GUID='A'><K Key='2'>b</K><K Key='1'>a</K></E>",
    );
    let (one, two) = ("<E GUID='A'><N>1</N></E>", "<E GUID='A'><N>2</N></E>");
    check(&format!("{one}{two}"), &format!("{two}  {one}"));
    check(
        "<E GUID='A'><N>1</N></E><E GUID='A'><N>2</N></E>",
        "<E GUID='A'> <N>2</N></E><E GUID='A'> <N>1</N></E>",
    );
    check(
        "<R><X>1</X></R><R><X>2</X></R>",
        "<R> <X>2</X></R><R> <X>1</X></R>",
    );
}

#[test]
fn without_a_guid_the_natural_key_decides() {
    let check =
        |before: &str, after: &str, expected: &[&str]| assert_eq!(differences(before, after), expected);
    check(
        "<ShortCode><Code>*1</Code><Feature>Dial</Feature></ShortCode>",
        "<ShortCode><Code>*1</Code><Feature>Park</Feature></ShortCode>",
        &["ShortCode *1 Feature Dial → Park"],
    );
    check(
        "<System><Name>old</Name></System>",
        "<System><Name>new</Name></System>",
        &["System new Name old → new"],
    );
    check("<R><X>1</X></R>", "<R><X>2</X></R>", &["+ R", "- R"]);
    check(
        "<License GUID='A'><LicenseKey>k</LicenseKey><Status>1</Status></License>",
        "<License><LicenseKey>k</LicenseKey><Status>2</Status></License>",
        &["License k @GUID A → ∅", "License k Status 1 → 2"],
    );
}

#[test]
fn secrets_stay_masked_on_both_sides_until_they_are_asked_for() {
    let before = load("<User GUID='A'><Password>hunter2</Password><LoginCode/></User>");
    let after = load("<User GUID='A'><Password>s3cret-and-longer</Password><LoginCode>1</LoginCode></User>");
    let comparison = compare(&before, &after);
    let shown = format!("{comparison:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("s3cret"), "{shown}");
    let Comparison::Entities { changed, .. } = comparison else {
        panic!("not read")
    };
    let [code, password] = &changed[0].fields[..] else {
        panic!("two fields")
    };
    assert!(code.secret && password.secret);
    assert_eq!(code.before.as_ref().unwrap().to_string(), "••••••");
    assert_eq!(password.after.as_ref().unwrap().to_string(), "••••••");
    assert_eq!(password.before.as_ref().unwrap().reveal(), "hunter2");
}

#[test]
fn opaque_bytes_are_the_same_or_not() {
    let check = |before: &[u8], after: &[u8], same: bool| {
        let comparison = compare(&Document::load(before.to_vec()), &Document::load(after.to_vec()));
        assert_eq!(comparison.is_same(), same);
        assert!(
            matches!(comparison, Comparison::Opaque { before_bytes, after_bytes, .. }
            if (before_bytes, after_bytes) == (before.len(), after.len()))
        );
    };
    check(b"\0\x01", b"\0\x01", true);
    check(b"\0\x01", b"\0\x02", false);
    check(b"<data/>", b"\0", false);
}

#[test]
fn the_same_content_is_told_from_the_same_bytes() {
    let check = |after: &str, bytes: bool, same: bool| {
        let comparison = compare(&load("<User GUID='A'><N>1</N></User>"), &load(after));
        assert_eq!(comparison.is_same(), same);
        assert!(matches!(comparison, Comparison::Entities { same_bytes, .. } if same_bytes == bytes));
    };
    check("<User GUID='A'><N>1</N></User>", true, true);
    check("<User GUID='A'><N>1</N> </User>", false, true);
    check("<User GUID='A'><N>2</N></User>", false, false);
}

#[test]
fn what_is_certainly_wrong_is_listed() {
    let check = |inner: &str, expected: &[(ProblemKind, &str)]| {
        let document = load(inner);
        let found: Vec<(ProblemKind, String)> = problems(&document)
            .into_iter()
            .map(|problem| (problem.kind, problem.to_string()))
            .collect();
        let expected: Vec<(ProblemKind, String)> = expected
            .iter()
            .map(|(kind, text)| (*kind, (*text).to_owned()))
            .collect();
        assert_eq!(found, expected, "{inner}");
    };
    check("<User GUID='1'><Name>a</Name></User><Line GUID='2'/>", &[]);
    check(
        "<User GUID='aa'><Name>a</Name></User><Line GUID='AA'/>",
        &[(
            ProblemKind::DuplicateGuid,
            "Line AA: has the same GUID as User a; give one of them another",
        )],
    );
    check(
        "<User><Name>a</Name><Extension>201</Extension></User><User><Name>b</Name><Extension> 201 </Extension></User>",
        &[(
            ProblemKind::DuplicateExtension,
            "User 201 b: has the same extension as User 201 a; give one of them another",
        )],
    );
    check(
        "<User><Name>a</Name><Extension/></User><User><Name>b</Name><Extension/></User>",
        &[],
    );
    check(
        "<Extension><Extension>201</Extension></Extension><User><Name>b</Name><Extension>201</Extension></User>",
        &[],
    );
    check(
        "<HuntGroup><Name>Sales</Name></HuntGroup><HuntGroup><Name>Sales</Name></HuntGroup><User><Name>Sales</Name></User>",
        &[(
            ProblemKind::DuplicateName,
            "HuntGroup Sales: has the same name as HuntGroup Sales; rename one of them",
        )],
    );
    check(
        "<User><Name> </Name><Extension>201</Extension></User>",
        &[(ProblemKind::EmptyName, "User 201: has no name; a user needs one")],
    );
    check(
        "<User><Name>a</Name><DoNotDisturb>perhaps&#10;</DoNotDisturb><Priority>high</Priority></User>",
        &[
            (
                ProblemKind::BadValue,
                "User a: DoNotDisturb is \"perhaps\\n\" and should be true or false",
            ),
            (
                ProblemKind::BadValue,
                "User a: Priority is \"high\" and should be a whole number from 0",
            ),
        ],
    );
}
