//! What is different between two documents, entity by entity.

use crate::document::Document;
use crate::entity::Entity;
use crate::matching::{Matching, values};
use crate::path::FieldPath;
use crate::secret::Value;

/// The answer of [`compare`].
#[derive(Clone, Debug)]
pub enum Comparison {
    /// Both documents were read. All lists are empty where only layout, order or noise differs.
    Entities {
        /// In the second document only, in its order.
        added: Vec<EntityName>,
        /// In the first document only, in its order.
        removed: Vec<EntityName>,
        /// In both, with other values, in the order of the second.
        changed: Vec<EntityChange>,
        /// Whether the two are the same byte for byte.
        same_bytes: bool,
    },
    /// At least one of the two is opaque, so that only bytes were compared.
    Opaque {
        /// Whether the two are the same byte for byte.
        same_bytes: bool,
        /// Size of the first in bytes.
        before_bytes: usize,
        /// Size of the second in bytes.
        after_bytes: usize,
    },
}

/// Names an entity without showing a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityName {
    /// Its position in its own document, for [`Document::entity`].
    pub position: usize,
    /// Its kind, such as `User`.
    pub kind: String,
    /// Its GUID as written.
    pub guid: Option<String>,
    /// Its label, such as `User 201 Sales1`.
    pub label: String,
}

/// An entity that is in both documents with other values.
#[derive(Clone, Debug)]
pub struct EntityChange {
    /// The entity as it was.
    pub before: EntityName,
    /// The entity as it is.
    pub after: EntityName,
    /// The fields that differ, by path. Never empty.
    pub fields: Vec<FieldChange>,
}

/// A value that differs. Secrets print as [`crate::MASK`] on both sides.
#[derive(Clone, Debug)]
pub struct FieldChange {
    /// Where it stands in the entity; `@GUID` for the entity's GUID.
    pub path: FieldPath,
    /// The value as it was; `None` where the field was not there.
    pub before: Option<Value>,
    /// The value as it is; `None` where the field is gone.
    pub after: Option<Value>,
    /// Whether the value is a secret.
    pub secret: bool,
}

impl Comparison {
    /// Whether the two say the same: no entity differs, or, for opaque bytes, they are equal.
    pub fn is_same(&self) -> bool {
        match self {
            Self::Entities {
                added,
                removed,
                changed,
                ..
            } => added.is_empty() && removed.is_empty() && changed.is_empty(),
            Self::Opaque { same_bytes, .. } => *same_bytes,
        }
    }
}

/// Compares two documents.
///
/// Entities belong together by kind and GUID, else by kind and natural key (name, extension, code, …), else, without
/// either, by having the same values. Their order does not count, nor do `Etag`, `Last-Modified` and the layout.
pub fn compare(before: &Document, after: &Document) -> Comparison {
    let same_bytes = before.as_bytes() == after.as_bytes();
    if before.xml().is_none() || after.xml().is_none() {
        return Comparison::Opaque {
            same_bytes,
            before_bytes: before.as_bytes().len(),
            after_bytes: after.as_bytes().len(),
        };
    }
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    if !same_bytes {
        let matching = Matching::of(before.entities().collect(), after.entities().collect());
        changed = matching
            .pairs
            .iter()
            .filter_map(|(old, new)| change(old, new))
            .collect();
        changed.sort_by_key(|change| change.after.position);
        added = matching.after.iter().map(name).collect();
        removed = matching.before.iter().map(name).collect();
    }
    Comparison::Entities {
        added,
        removed,
        changed,
        same_bytes,
    }
}

fn change(before: &Entity<'_>, after: &Entity<'_>) -> Option<EntityChange> {
    let mut fields = Vec::new();
    if before.guid_key() != after.guid_key() {
        let guid = |entity: &Entity<'_>| entity.guid().map(|guid| Value::new(guid.into_owned(), false));
        let path = FieldPath::of_attribute("GUID");
        fields.push(FieldChange {
            path,
            before: guid(before),
            after: guid(after),
            secret: false,
        });
    }
    let (mut old, new) = (values(before), values(after));
    for (path, after) in new {
        let before = old.remove(&path);
        if before
            .as_ref()
            .is_none_or(|before| before.reveal() != after.reveal())
        {
            let secret = after.is_secret();
            fields.push(FieldChange {
                path,
                before,
                after: Some(after),
                secret,
            });
        }
    }
    for (path, before) in old {
        let secret = before.is_secret();
        fields.push(FieldChange {
            path,
            before: Some(before),
            after: None,
            secret,
        });
    }
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    (!fields.is_empty()).then(|| EntityChange {
        before: name(before),
        after: name(after),
        fields,
    })
}

pub(crate) fn name(entity: &Entity<'_>) -> EntityName {
    EntityName {
        position: entity.position(),
        kind: entity.kind().into_owned(),
        guid: entity.guid().map(std::borrow::Cow::into_owned),
        label: entity.label(),
    }
}
