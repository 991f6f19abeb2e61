//! Which entity of one document is which of another.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::entity::{Entity, Field};
use crate::path::FieldPath;
use crate::secret::Value;

/// Elements and attributes that change without anybody changing anything (protocol.md, section 5).
const NOISE: [&str; 2] = ["Etag", "Last-Modified"];

/// Entities of two documents, each beside its counterpart where it has one.
pub(crate) struct Matching<'d> {
    /// Without a counterpart, in document order.
    pub(crate) before: Vec<Entity<'d>>,
    /// Without a counterpart, in document order.
    pub(crate) after: Vec<Entity<'d>>,
    /// The same bytes on both sides.
    pub(crate) identical: Vec<(Entity<'d>, Entity<'d>)>,
    /// The same entity, with other bytes.
    pub(crate) pairs: Vec<(Entity<'d>, Entity<'d>)>,
}

impl<'d> Matching<'d> {
    /// From the surest sign to the weakest. Content beside the GUID or the natural key keeps doubles apart.
    pub(crate) fn of(before: Vec<Entity<'d>>, after: Vec<Entity<'d>>) -> Self {
        let (identical, pairs) = (Vec::new(), Vec::new());
        let mut matching = Self {
            before,
            after,
            identical,
            pairs,
        };
        let kind = |entity: &Entity<'_>| entity.kind().into_owned();
        matching.pair(|entity| Some(entity.source()));
        // Whoever carries the same bytes is the same entity.
        matching.identical = std::mem::take(&mut matching.pairs);
        matching.pair(|entity| Some((kind(entity), entity.guid_key()?, content(entity))));
        matching.pair(|entity| Some((kind(entity), entity.guid_key()?)));
        matching.pair(|entity| Some((kind(entity), entity.natural_key()?, content(entity))));
        matching.pair(|entity| Some((kind(entity), entity.natural_key()?)));
        matching.pair(|entity| Some((kind(entity), content(entity))));
        matching
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

/// Whether an element or attribute of this name changes by itself.
pub(crate) fn is_noise(name: &str) -> bool {
    NOISE.iter().any(|noise| name.eq_ignore_ascii_case(noise))
}

/// Whether the value at this path changes by itself.
pub(crate) fn is_noise_at(path: &FieldPath) -> bool {
    path.elements().any(is_noise) || is_noise(path.name())
}

/// The values of an entity by path, without noise.
pub(crate) fn values(entity: &Entity<'_>) -> BTreeMap<FieldPath, Value> {
    entity
        .meaning()
        .into_iter()
        .map(|field| (field.path, field.value))
        .collect()
}

impl Entity<'_> {
    /// The fields that a comparison looks at: all of [`Entity::fields`] but `Etag` and `Last-Modified`.
    pub fn meaning(&self) -> Vec<Field> {
        let mut fields = self.fields();
        fields.retain(|field| !is_noise_at(&field.path));
        fields
    }
}

fn content(entity: &Entity<'_>) -> Vec<(FieldPath, String)> {
    values(entity)
        .into_iter()
        .map(|(path, value)| (path, value.reveal().to_owned()))
        .collect()
}
