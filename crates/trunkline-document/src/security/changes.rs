//! What is different between two security settings, by name and not by where it stands.

use std::collections::BTreeMap;

use super::{GROUP, SecuritySettings, USER, text};
use crate::entity::Entity;
use crate::secret::MASK;

/// One value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// The kind of entity: `General`, `System`, `Service`, `RightsGroup`, `ServiceUser`, `UnsecuredInterface` or another.
    pub kind: String,
    /// The entity's name; empty for what exists once.
    pub name: String,
    /// The field; empty where the whole entity was added or removed.
    pub field: String,
    /// The value as it was; lists are joined by a comma and a space. `None` where there was none.
    pub before: Option<String>,
    /// The value as it is.
    pub after: Option<String>,
}

impl SettingChange {
    /// Whether it changes the same place as another.
    pub fn is_at(&self, other: &Self) -> bool {
        let whole = self.field.is_empty() || other.field.is_empty();
        self.kind == other.kind && self.name == other.name && (whole || self.field == other.field)
    }
}

/// Lists what is different, in the order of the second, then what is gone. The order of entities and fields, and the
/// layout, do not count. A secret is [`MASK`] on both sides.
pub fn changes(before: &SecuritySettings, after: &SecuritySettings) -> Vec<SettingChange> {
    let mut old = entities(before);
    let mut found = Vec::new();
    for ((kind, name, nth), new) in entities(after) {
        let key = (kind.clone(), name.clone(), nth);
        let at = old.iter().position(|(other, _)| *other == key);
        match at.map(|at| old.remove(at).1) {
            Some(old) => compare(&kind, &name, old, new, &mut found),
            None => found.push(whole(&kind, &name, None, Some(summary(&kind, &new)))),
        }
    }
    for ((kind, name, _), old) in old {
        let was = summary(&kind, &old);
        found.push(whole(&kind, &name, Some(was), None));
    }
    found
}

/// Kind, name, and which of several of the same name.
type Key = (String, String, usize);
type Fields = BTreeMap<String, Vec<Text>>;
type Text = (String, bool);

fn entities(settings: &SecuritySettings) -> Vec<(Key, Fields)> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    settings
        .document()
        .entities()
        .map(|entity| {
            let (kind, name) = (entity.kind().into_owned(), text(&entity, "Name"));
            let count = seen.entry((kind.clone(), name.clone())).or_default();
            let nth = *count;
            *count += 1;
            ((kind, name, nth), fields(&entity))
        })
        .collect()
}

/// The values by the names of the elements that lead to them: fields that repeat are a list.
fn fields(entity: &Entity<'_>) -> Fields {
    let mut fields = Fields::new();
    for field in entity.fields() {
        let mut name: Vec<&str> = field.path.elements().collect();
        let attribute = format!("@{}", field.path.name());
        if field.path.is_attribute() {
            name.push(&attribute);
        }
        let value = field.value.reveal().trim().to_owned();
        fields
            .entry(name.join("/"))
            .or_default()
            .push((value, field.value.is_secret()));
    }
    for values in fields.values_mut() {
        values.sort();
    }
    fields
}

fn compare(kind: &str, name: &str, mut old: Fields, new: Fields, found: &mut Vec<SettingChange>) {
    let mut differ = |field: String, before: Option<Vec<Text>>, after: Option<Vec<Text>>| {
        if before != after {
            found.push(SettingChange {
                kind: kind.to_owned(),
                name: name.to_owned(),
                field,
                before: before.map(|values| shown(&values)),
                after: after.map(|values| shown(&values)),
            });
        }
    };
    for (field, after) in new {
        let before = old.remove(&field);
        differ(field, before, Some(after));
    }
    for (field, before) in old {
        differ(field, Some(before), None);
    }
}

fn shown(values: &[Text]) -> String {
    let texts: Vec<&str> = values
        .iter()
        .map(|(text, secret)| if *secret { MASK } else { text.as_str() })
        .collect();
    texts.join(", ")
}

fn whole(kind: &str, name: &str, before: Option<String>, after: Option<String>) -> SettingChange {
    SettingChange {
        kind: kind.to_owned(),
        name: name.to_owned(),
        field: String::new(),
        before,
        after,
    }
}

/// What a person wants to know of an entity that comes or goes.
fn summary(kind: &str, fields: &Fields) -> String {
    let field = match kind {
        USER => GROUP,
        GROUP => "Rights",
        super::SERVICE => "Level",
        _ => "Enabled",
    };
    fields.get(field).map(|values| shown(values)).unwrap_or_default()
}
