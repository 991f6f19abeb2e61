//! What holds whatever two people did to one document.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use proptest::prelude::*;
use trunkline_document::{
    Comparison, Difference, DifferenceKind, Document, FieldChange, FieldPath, Side, Value, compare, three_way,
};

fn load(inner: &str) -> Document {
    let document = Document::load(format!("<data>{inner}</data>").into_bytes());
    assert_eq!(document.opaque_reason(), None, "{inner}");
    document
}

fn text(document: &Document) -> String {
    let text = String::from_utf8(document.as_bytes().to_vec()).unwrap();
    text.strip_prefix("<data>")
        .unwrap()
        .strip_suffix("</data>")
        .unwrap()
        .to_owned()
}

/// A person's work: entities removed and added, values changed, added and removed.
#[derive(Clone, Debug)]
enum Deed {
    Set(usize, usize, u8),
    Drop(usize),
    Add(u8, u8),
    AddField(usize, u8, u8),
    DropField(usize, usize),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (any::<usize>(), any::<usize>(), any::<u8>()).prop_map(|(e, f, v)| Deed::Set(e, f, v)),
        1 => any::<usize>().prop_map(Deed::Drop),
        1 => (0..6_u8, any::<u8>()).prop_map(|(g, v)| Deed::Add(g, v)),
        2 => (any::<usize>(), 0..6_u8, any::<u8>()).prop_map(|(e, k, v)| Deed::AddField(e, k, v)),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(e, f)| Deed::DropField(e, f)),
    ];
    prop::collection::vec(deed, 0..8)
}

/// Entities as lists of lines, so that a deed needs nothing of what is tested.
type Plain = Vec<(String, Vec<(String, String)>)>;

fn start() -> Plain {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let user = |guid: &str| {
        let fields = ["N", "O", "Key=1", "Key=2", "S", "S", "Password"];
        (
            guid.to_owned(),
            fields
                .iter()
                .map(|name| field(name, &format!("{guid}{name}")))
                .collect(),
        )
    };
    ["a", "b", "c", "d"].map(user).to_vec()
}

fn done(mut plain: Plain, deeds: &[Deed]) -> Plain {
    for deed in deeds {
        let entities = plain.len().max(1);
        match *deed {
            Deed::Set(entity, at, value) => {
                if let Some((_, fields)) = plain.get_mut(entity % entities) {
                    let fields_count = fields.len().max(1);
                    if let Some((_, text)) = fields.get_mut(at % fields_count) {
                        *text = format!("v{}", value % 4);
                    }
                }
            }
            Deed::Drop(entity) if !plain.is_empty() => drop(plain.remove(entity % entities)),
            Deed::Drop(_) => {}
            Deed::Add(guid, value) => {
                let guid = format!("n{guid}");
                if plain.iter().all(|(other, _)| *other != guid) {
                    plain.push((guid, vec![("N".into(), format!("{}", value % 3))]));
                }
            }
            Deed::AddField(entity, key, value) => {
                if let Some((_, fields)) = plain.get_mut(entity % entities) {
                    let name = if key < 3 {
                        format!("Key={}", key + 1)
                    } else {
                        ["S", "X", "Y"][usize::from(key) - 3].into()
                    };
                    if name == "S" || fields.iter().all(|(other, _)| *other != name) {
                        fields.push((name, format!("w{}", value % 3)));
                    }
                }
            }
            Deed::DropField(entity, at) => {
                if let Some((_, fields)) = plain.get_mut(entity % entities)
                    && !fields.is_empty()
                {
                    let at = at % fields.len();
                    fields.remove(at);
                }
            }
        }
    }
    plain
}

/// `tidy` lays it out in another way, with comments that belong to whoever wrote this one.
fn written(plain: &Plain, tidy: bool) -> Document {
    let gap = if tidy { "\n  " } else { "" };
    let comment = if tidy { "<!-- kept -->" } else { "" };
    let entity = |(guid, fields): &(String, Vec<(String, String)>)| {
        let (keys, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| name.starts_with("Key="));
        let key = |(name, value): &&(String, String)| {
            format!("{gap}<K Key=\"{}\"><Do>{value}</Do></K>", &name["Key=".len()..])
        };
        let other = |(name, value): &&(String, String)| format!("{gap}<{name}>{value}</{name}>");
        let keys: String = keys.iter().map(key).collect();
        let others: String = others.iter().map(other).collect();
        format!("{gap}<ws_object><User GUID='{guid}'>{comment}{others}<Ks>{keys}</Ks></User></ws_object>")
    };
    load(&plain.iter().map(entity).collect::<String>())
}

/// What is different, in an order that does not depend on the documents'.
fn sorted(differences: Vec<String>) -> Vec<String> {
    let mut differences = differences;
    differences.sort();
    differences
}

fn compared(before: &Document, after: &Document) -> Vec<String> {
    let Comparison::Entities {
        added,
        removed,
        changed,
        ..
    } = compare(before, after)
    else {
        panic!("not read")
    };
    let mut lines: Vec<String> = added
        .iter()
        .map(|name| format!("+ {}", name.guid.as_deref().unwrap()))
        .collect();
    lines.extend(
        removed
            .iter()
            .map(|name| format!("- {}", name.guid.as_deref().unwrap())),
    );
    for change in &changed {
        let guid = change.after.guid.as_deref().unwrap();
        lines.extend(change.fields.iter().map(|field| line_of(guid, field)));
    }
    sorted(lines)
}

fn line_of(guid: &str, field: &FieldChange) -> String {
    let revealed = |value: &Option<Value>| {
        value
            .as_ref()
            .map_or("∅".to_owned(), |value| value.reveal().to_owned())
    };
    format!(
        "{guid} {} {} → {}",
        field.path,
        revealed(&field.before),
        revealed(&field.after)
    )
}

fn as_compared(differences: &[Difference]) -> Vec<String> {
    let mut lines = Vec::new();
    for Difference { entity, kind } in differences {
        let guid = entity.guid.as_deref().unwrap();
        match kind {
            DifferenceKind::Added => lines.push(format!("+ {guid}")),
            DifferenceKind::Removed => lines.push(format!("- {guid}")),
            DifferenceKind::Changed(fields) => lines.extend(fields.iter().map(|field| line_of(guid, field))),
        }
    }
    sorted(lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_adds_my_changes_to_theirs_and_nothing_else(mine in deeds(), theirs in deeds()) {
        let base = written(&start(), false);
        let mine = written(&done(start(), &mine), false);
        let theirs = written(&done(start(), &theirs), true);
        let found = three_way(&base, &mine, &theirs).unwrap();
        let merged = found.merged(|_| Side::Theirs).unwrap();
        // An element that both emptied together, a half each, is the one thing that nobody wrote.
        let written = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().filter(|line| !line.ends_with(" Ks ∅ → ")).collect()
        };
        prop_assert_eq!(written(compared(&theirs, &merged)), written(as_compared(&found.mine)));
        let comments = |document: &Document| text(document).matches("<!-- kept -->").count();
        let gone = found.mine.iter().filter(|difference| matches!(difference.kind, DifferenceKind::Removed)).count();
        prop_assert_eq!(comments(&merged), comments(&theirs) - gone);
    }

    #[test]
    fn with_my_side_of_every_collision_all_of_mine_is_there(mine in deeds(), theirs in deeds()) {
        let base = written(&start(), false);
        let mine = written(&done(start(), &mine), false);
        let theirs = written(&done(start(), &theirs), true);
        let found = three_way(&base, &mine, &theirs).unwrap();
        let merged = found.merged(|_| Side::Mine).unwrap();
        // Seen from there, nothing that I did is missing or collides any more.
        let again = three_way(&base, &mine, &merged).unwrap();
        prop_assert_eq!(as_compared(&again.mine), Vec::<String>::new());
        // What both emptied together, a half each, looks different from both.
        let together = |path: &FieldPath| path.to_string() == "Ks";
        let collisions: Vec<_> =
            again.collisions.iter().filter(|collision| !collision.path.as_ref().is_some_and(together)).collect();
        prop_assert!(collisions.is_empty(), "{:?}", collisions);
    }

    #[test]
    fn it_is_the_same_from_both_sides(mine in deeds(), theirs in deeds()) {
        let base = written(&start(), false);
        let mine = written(&done(start(), &mine), false);
        let theirs = written(&done(start(), &theirs), true);
        let (one, other) = (three_way(&base, &mine, &theirs).unwrap(), three_way(&base, &theirs, &mine).unwrap());
        prop_assert_eq!(as_compared(&one.mine), as_compared(&other.theirs));
        prop_assert_eq!(as_compared(&one.theirs), as_compared(&other.mine));
        prop_assert_eq!(one.collisions.len(), other.collisions.len());
        if one.collisions.is_empty() {
            let merged = [one, other].map(|found| found.merged(|_| Side::Theirs).unwrap());
            prop_assert!(compare(&merged[0], &merged[1]).is_same(), "{} | {}", text(&merged[0]), text(&merged[1]));
        }
    }

    #[test]
    fn no_document_is_too_odd(texts in prop::array::uniform3(soup())) {
        let [base, mine, theirs] = texts.map(|text| Document::load(format!("<data>{text}</data>").into_bytes()));
        if let Some(found) = three_way(&base, &mine, &theirs) {
            for side in [Side::Mine, Side::Theirs] {
                // Not everything can be brought together; but what comes out holds what was meant.
                if let Ok(merged) = found.merged(|_| side) {
                    prop_assert_eq!(merged.opaque_reason(), None);
                }
            }
        }
    }
}

/// Well-formed more often than not, and never tidy.
fn soup() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("<N/>".to_owned()),
        Just("<N>1</N>".to_owned()),
        Just("<N a='1'>2</N>".to_owned()),
        Just("<Etag>3</Etag>".to_owned()),
        Just("text".to_owned()),
        Just("<!-- c -->".to_owned()),
        Just("<K Key='1'>a</K>".to_owned()),
        Just("<K Key='2'/>".to_owned()),
        Just(" \r\n".to_owned()),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, |inner| {
        (prop::collection::vec(inner, 0..4), 0..5_usize).prop_map(|(inner, kind)| {
            let (open, close) = [
                ("<User GUID='1'>", "</User>"),
                ("<User guid='{2}' x='y'>", "</User>"),
                ("<ws_object>", "</ws_object>"),
                ("<K Key='1' >", "</K >"),
                ("<System>", "</System>"),
            ][kind];
            format!("{open}{}{close}", inner.concat())
        })
    });
    prop::collection::vec(tree, 0..4).prop_map(|trees| trees.concat())
}
