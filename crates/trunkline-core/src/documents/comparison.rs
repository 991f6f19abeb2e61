//! Two configurations side by side, line by line.

use jiff::Timestamp;
use trunkline_document::{Comparison, Document, EntityName, FieldChange, compare};

use super::columns;
use super::open::OpenDocument;
use super::view::{Change, ChangeMark, EntityReference, UnitComparison};

/// Kinds of entities whose changes are known in the field to take effect without a restart. No document says so, and the
/// unit has the last word: this only chooses the words beside a merge, which may always be tried.
const MERGED: [&str; 10] = [
    "User",
    "HuntGroup",
    "ShortCode",
    "IncomingCallRoute",
    "License",
    "Directory",
    "TimeProfile",
    "FirewallProfile",
    "AccountCode",
    "UserRights",
];

impl OpenDocument {
    /// Puts it beside what the unit holds now.
    pub fn compare_with_unit(&self, unit: &Document, unit_revision: &str) -> UnitComparison {
        let changes = changes(unit, &self.now);
        UnitComparison {
            unit_revision: unit_revision.to_owned(),
            base_revision: self.revision().map(str::to_owned),
            conflict: self.revision().is_some_and(|base| base != unit_revision),
            merge_enough: changes
                .iter()
                .all(|change| MERGED.contains(&change.entity.kind.as_str())),
            changes,
            bytes: self.content().len(),
            limit_bytes: self.limit_bytes(),
            checked_at: Timestamp::now(),
        }
    }
}

/// What is in `now` and was not in `before`, and the other way round. Entities are named as they are in `now`.
pub(super) fn changes(before: &Document, now: &Document) -> Vec<Change> {
    match compare(before, now) {
        Comparison::Entities {
            added,
            removed,
            changed,
            ..
        } => {
            let whole = |entity, mark| Change {
                entity,
                mark,
                path: String::new(),
                before: String::new(),
                after: String::new(),
            };
            let mut lines = Vec::new();
            for change in changed {
                let entity = named(now, &change.after);
                lines.extend(change.fields.iter().map(|field| line(&entity, field)));
            }
            lines.extend(
                added
                    .iter()
                    .map(|name| whole(named(now, name), ChangeMark::Added)),
            );
            let gone = |name| EntityReference {
                id: String::new(),
                ..named(before, name)
            };
            lines.extend(removed.iter().map(|name| whole(gone(name), ChangeMark::Removed)));
            lines
        }
        Comparison::Opaque { same_bytes: true, .. } => Vec::new(),
        Comparison::Opaque {
            before_bytes,
            after_bytes,
            ..
        } => vec![Change {
            entity: EntityReference::default(),
            mark: ChangeMark::Changed,
            path: String::new(),
            before: format!("{before_bytes} bytes"),
            after: format!("{after_bytes} bytes"),
        }],
    }
}

pub(super) fn named(document: &Document, name: &EntityName) -> EntityReference {
    document
        .entity(name.position)
        .map_or_else(EntityReference::default, |entity| columns::reference(&entity))
}

pub(super) fn line(entity: &EntityReference, field: &FieldChange) -> Change {
    let show = |value: &Option<trunkline_document::Value>| match value {
        None => String::new(),
        // `Value` masks itself.
        Some(value) if value.is_secret() || field.secret => trunkline_document::MASK.to_owned(),
        Some(value) => columns::in_words(&entity.kind, &field.path, value.reveal()),
    };
    Change {
        entity: entity.clone(),
        mark: match (&field.before, &field.after) {
            (None, _) => ChangeMark::Added,
            (_, None) => ChangeMark::Removed,
            _ => ChangeMark::Changed,
        },
        path: field.path.to_string(),
        before: show(&field.before),
        after: show(&field.after),
    }
}
