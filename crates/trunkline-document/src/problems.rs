//! What is certainly wrong in a document, as far as a document alone can tell.

use std::collections::HashMap;
use std::fmt;

use crate::document::Document;
use crate::entity::Entity;
use crate::fields::{FieldType, field_type};
use crate::path::FieldPath;
use crate::secret::MASK;

/// Something wrong, in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The entity's position, for [`Document::entity`]; `None` where the whole object is meant.
    pub position: Option<usize>,
    /// The entity's label; empty where the whole object is meant.
    pub entity: String,
    /// The field, where one is at fault.
    pub path: Option<FieldPath>,
    /// What is wrong and what to do, for people, without secrets.
    pub message: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The object could not be read as a document.
    Unreadable,
    /// Two entities have the same GUID.
    DuplicateGuid,
    /// Two users have the same extension.
    DuplicateExtension,
    /// Two users, or two hunt groups, have the same name.
    DuplicateName,
    /// A user has no name.
    EmptyName,
    /// A value is not of its field's type, or out of its bounds.
    BadValue,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entity.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.entity, self.message)
        }
    }
}

/// Lists what is certainly wrong, in document order. Of doubles, every one but the first is named, with the first.
pub fn problems(document: &Document) -> Vec<Problem> {
    if let Some(reason) = document.opaque_reason() {
        return vec![Problem {
            kind: ProblemKind::Unreadable,
            position: None,
            entity: String::new(),
            path: None,
            message: reason.to_string(),
        }];
    }
    let mut found = Vec::new();
    let (mut guids, mut extensions, mut names) = (HashMap::new(), HashMap::new(), HashMap::new());
    for entity in document.entities() {
        let kind = entity.kind();
        if let Some(guid) = entity.guid_key() {
            let message = |first: &str| format!("has the same GUID as {first}; give one of them another");
            let place = Some(FieldPath::of_attribute("GUID"));
            double(
                &mut guids,
                guid,
                &entity,
                ProblemKind::DuplicateGuid,
                place,
                message,
                &mut found,
            );
        }
        if let Some(extension) = entity.plain("Extension").filter(|_| kind == "User") {
            let message =
                |first: &str| format!("has the same extension as {first}; give one of them another");
            let place = child("Extension");
            double(
                &mut extensions,
                extension,
                &entity,
                ProblemKind::DuplicateExtension,
                place,
                message,
                &mut found,
            );
        }
        if let Some(name) = entity
            .plain("Name")
            .filter(|_| matches!(&*kind, "User" | "HuntGroup"))
        {
            let message = |first: &str| format!("has the same name as {first}; rename one of them");
            let key = (kind.to_string(), name);
            double(
                &mut names,
                key,
                &entity,
                ProblemKind::DuplicateName,
                child("Name"),
                message,
                &mut found,
            );
        }
        if kind == "User" && entity.plain("Name").is_none() {
            let message = "has no name; a user needs one".to_owned();
            found.push(problem(&entity, ProblemKind::EmptyName, child("Name"), message));
        }
        bad_values(&entity, &kind, &mut found);
    }
    found
}

fn double<K: std::hash::Hash + Eq>(
    seen: &mut HashMap<K, String>,
    key: K,
    entity: &Entity<'_>,
    kind: ProblemKind,
    path: Option<FieldPath>,
    message: impl Fn(&str) -> String,
    found: &mut Vec<Problem>,
) {
    match seen.entry(key) {
        std::collections::hash_map::Entry::Occupied(first) => {
            found.push(problem(entity, kind, path, message(first.get())));
        }
        std::collections::hash_map::Entry::Vacant(free) => {
            free.insert(entity.label());
        }
    }
}

fn bad_values(entity: &Entity<'_>, kind: &str, found: &mut Vec<Problem>) {
    for field in entity.fields() {
        let Some(expected) = field_type(kind, &field.path) else {
            continue;
        };
        if !expected.wrong(field.value.reveal()) {
            continue;
        }
        let shown: String = if field.value.is_secret() {
            MASK.to_owned()
        } else {
            field
                .value
                .reveal()
                .chars()
                .take(40)
                .flat_map(char::escape_debug)
                .collect()
        };
        let message = format!("{} is \"{shown}\" and should be {}", field.path, wanted(expected));
        found.push(problem(entity, ProblemKind::BadValue, Some(field.path), message));
    }
}

fn wanted(field_type: FieldType) -> String {
    match field_type {
        FieldType::Switch => "true or false".to_owned(),
        FieldType::Number {
            min, max: u64::MAX, ..
        } => format!("a whole number from {min}"),
        FieldType::Number { min, max, .. } => format!("a whole number from {min} to {max}"),
        FieldType::Text { min, max } => format!("{min} to {max} characters long"),
        FieldType::Choice(_) => "one of the known numbers".to_owned(),
    }
}

fn child(name: &str) -> Option<FieldPath> {
    name.parse().ok()
}

fn problem(entity: &Entity<'_>, kind: ProblemKind, path: Option<FieldPath>, message: String) -> Problem {
    Problem {
        kind,
        position: Some(entity.position()),
        entity: entity.label(),
        path,
        message,
    }
}
