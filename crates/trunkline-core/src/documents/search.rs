//! Searching an open configuration. Secrets are never compared with anything, so that no search can guess one.

use trunkline_document::{Document, Field};

use super::columns;
use super::view::SearchHit;

/// Most hits that are shown.
const HITS: usize = 500;
/// Characters around a hit, on each side.
const AROUND: usize = 30;

/// Where `text` stands in a value, without regard to upper and lower case.
pub(super) fn search(document: &Document, text: &str) -> Vec<SearchHit> {
    let wanted = text.trim().to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut hits = Vec::new();
    for entity in document.entities() {
        let kind = entity.kind();
        let open = |field: &Field| !field.value.is_secret() && !columns::is_noise(field);
        for field in entity.fields().into_iter().filter(open) {
            let shown = columns::in_words(&kind, &field.path, field.value.reveal());
            if let Some(excerpt) = excerpt(&shown, &wanted) {
                hits.push(SearchHit {
                    entity: columns::reference(&entity),
                    path: field.path.to_string(),
                    excerpt,
                });
                if hits.len() == HITS {
                    return hits;
                }
            }
        }
    }
    hits
}

/// The text around the first place where `wanted`, in lower case, stands.
fn excerpt(text: &str, wanted: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let at = lower[..lower.find(wanted)?].chars().count();
    // Lower case can have another length: then the excerpt begins a little off, which harms nobody.
    let start = at.saturating_sub(AROUND);
    let length = at - start + wanted.chars().count() + AROUND;
    let mut shown = String::new();
    if start > 0 {
        shown.push('…');
    }
    shown.extend(
        text.chars()
            .skip(start)
            .take(length)
            .map(|c| if c.is_control() { ' ' } else { c }),
    );
    if text.chars().nth(start + length).is_some() {
        shown.push('…');
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_the_hit_and_a_little_around_it() {
        let check = |text: &str, wanted: &str, expect: Option<&str>| {
            assert_eq!(excerpt(text, wanted).as_deref(), expect, "{text} {wanted}");
        };
        check("Sales desk", "DESK".to_lowercase().as_str(), Some("Sales desk"));
        check("ZÜRICH\nSÜD", "zürich", Some("ZÜRICH SÜD"));
        check("Sales", "desk", None);
        check(
            &format!("{}x{}", "a".repeat(50), "b".repeat(50)),
            "x",
            Some(&format!("…{}x{}…", "a".repeat(30), "b".repeat(30))),
        );
        check("İİİİ", "i", Some("İİİİ"));
    }
}
