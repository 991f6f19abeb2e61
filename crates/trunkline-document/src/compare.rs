//! What is different between two documents, entity by entity.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::document::Document;
use crate::entity::Entity;
use crate::path::FieldPath;
use crate::secret::Value;

/// Elements and attributes that change without anybody changing anything (protocol.md, section 5).
const NOISE: [&str; 2] = ["Etag", "Last-Modified"];

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
        let mut matching = Matching::new(before, after);
        matching.run();
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

/// Entities that have not found their counterpart yet, and those that have, except where nothing can differ.
struct Matching<'d> {
    before: Vec<Entity<'d>>,
    after: Vec<Entity<'d>>,
    pairs: Vec<(Entity<'d>, Entity<'d>)>,
}

impl<'d> Matching<'d> {
    fn new(before: &'d Document, after: &'d Document) -> Self {
        Self {
            before: before.entities().collect(),
            after: after.entities().collect(),
            pairs: Vec::new(),
        }
    }

    /// From the surest sign to the weakest. Content beside the GUID or the natural key keeps doubles apart.
    fn run(&mut self) {
        let kind = |entity: &Entity<'_>| entity.kind().into_owned();
        self.pair(|entity| Some(entity.source()));
        // Whoever carries the same bytes is the same entity.
        self.pairs.clear();
        self.pair(|entity| Some((kind(entity), entity.guid_key()?, content(entity))));
        self.pair(|entity| Some((kind(entity), entity.guid_key()?)));
        self.pair(|entity| Some((kind(entity), entity.natural_key()?, content(entity))));
        self.pair(|entity| Some((kind(entity), entity.natural_key()?)));
        self.pair(|entity| Some((kind(entity), content(entity))));
    }

    fn pair<K: std::hash::Hash + Eq>(&mut self, key: impl Fn(&Entity<'d>) -> Option<K>) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (index, entity) in self.before.iter().enumerate() {
            if let Some(key) = key(entity) {
                waiting.entry(key).or_default().push_back(index);
            }
        }
        if waiting.is_empty() {
            return;
        }
        let mut found = vec![false; self.before.len()];
        let (before, pairs) = (&self.before, &mut self.pairs);
        self.after.retain(|entity| {
            let index = key(entity).and_then(|key| waiting.get_mut(&key)?.pop_front());
            if let Some(index) = index {
                found[index] = true;
                pairs.push((before[index], *entity));
            }
            index.is_none()
        });
        let mut found = found.into_iter();
        self.before.retain(|_| found.next() != Some(true));
    }
}

/// The values of an entity by path, without noise.
fn values(entity: &Entity<'_>) -> BTreeMap<FieldPath, Value> {
    let is_noise = |name: &str| NOISE.iter().any(|noise| name.eq_ignore_ascii_case(noise));
    entity
        .fields()
        .into_iter()
        .filter(|field| !field.path.elements().any(is_noise) && !is_noise(field.path.name()))
        .map(|field| (field.path, field.value))
        .collect()
}

fn content(entity: &Entity<'_>) -> Vec<(FieldPath, String)> {
    values(entity)
        .into_iter()
        .map(|(path, value)| (path, value.reveal().to_owned()))
        .collect()
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

fn name(entity: &Entity<'_>) -> EntityName {
    EntityName {
        position: entity.position(),
        kind: entity.kind().into_owned(),
        guid: entity.guid().map(std::borrow::Cow::into_owned),
        label: entity.label(),
    }
}
