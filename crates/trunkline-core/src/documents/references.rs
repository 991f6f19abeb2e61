//! Which entities name another one.

use trunkline_document::{Document, Entity, Field, FieldType, field_type};

use super::columns;
use super::view::EntityReference;

/// Most references that are shown.
const REFERENCES: usize = 200;
/// Names that are too short or too common to mean anybody.
const SHORTEST: usize = 2;

/// The entities in which a value names `wanted`: by its GUID, by its extension, or by its name.
pub(super) fn used_by(document: &Document, wanted: &Entity<'_>) -> Vec<EntityReference> {
    let kind = wanted.kind();
    let guid = wanted.guid_key();
    let named = matches!(&*kind, "User" | "HuntGroup");
    let words: Vec<String> = ["Extension", "Name"]
        .iter()
        .filter(|_| named)
        .filter_map(|path| columns::plain(wanted, path))
        .filter(|word| word.chars().count() >= SHORTEST)
        .collect();
    if guid.is_none() && words.is_empty() {
        return Vec::new();
    }
    let names_it = |entity: &Entity<'_>, field: &Field| {
        if field.value.is_secret() || !can_name(&entity.kind(), field) {
            return false;
        }
        let text = field.value.reveal();
        guid.as_deref().is_some_and(|guid| is_guid(text, guid))
            || words.iter().any(|word| mentions(text, word))
    };
    document
        .entities()
        .filter(|entity| entity.position() != wanted.position())
        .filter(|entity| entity.fields().iter().any(|field| names_it(entity, field)))
        .take(REFERENCES)
        .map(|entity| columns::reference(&entity))
        .collect()
}

/// A number that counts something names nobody, and an entity's own name or extension is not a reference to its twin.
fn can_name(kind: &str, field: &Field) -> bool {
    let own = matches!(kind, "User" | "HuntGroup") && field.path.to_string() == "Extension";
    let titles = [
        "Name",
        "FullName",
        "DisplayName",
        "Description",
        "Label",
        "VoicemailEmail",
    ];
    let counts = matches!(
        field_type(kind, &field.path),
        Some(FieldType::Number { .. } | FieldType::Switch | FieldType::Choice(_))
    );
    !own && !counts && !titles.contains(&field.path.name()) && !columns::is_noise(field)
}

fn is_guid(text: &str, guid: &str) -> bool {
    let bare = text.trim().chars().filter(|c| !matches!(c, '-' | '{' | '}'));
    bare.map(|c| c.to_ascii_uppercase()).eq(guid.chars())
}

/// Whether a list such as `201, 202` or `*201` or `Sales1;Sales2` has this word in it.
fn mentions(text: &str, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(letter);
        let after = text[at + word.len()..].chars().next().is_some_and(letter);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_by_itself() {
        let check =
            |text: &str, word: &str, expect: bool| assert_eq!(mentions(text, word), expect, "{text} {word}");
        check("201, 202", "202", true);
        check("*201", "201", true);
        check("200 Reception", "200", true);
        check("2010", "201", false);
        check("9201", "201", false);
        check("Sales1;Sales", "Sales", true);
        check("Sales1", "Sales", false);
        check("Zoë", "Zo", false);
    }
}
