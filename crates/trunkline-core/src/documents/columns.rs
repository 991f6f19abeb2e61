//! Which fields stand for an entity in a table, and what an entity is called by.

use std::collections::HashSet;

use trunkline_document::{Entity, Field, field_type};

use super::view::EntityReference;

/// Most columns of a table.
const COLUMNS: usize = 5;
/// What changes by itself and tells a person nothing.
const NOISE: [&str; 2] = ["Etag", "Last-Modified"];

/// Columns that people expect, where the entities have them: the documented names of protocol.md section 5.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "System",
        &[
            "Name",
            "LANs/LAN[id=LAN1]/IPAddress",
            "MajorVersion",
            "MinorVersion",
            "Configuration",
        ],
    ),
    (
        "User",
        &["Extension", "Name", "FullName", "AssignedPackage", "VoicemailOn"],
    ),
    (
        "Extension",
        &["BaseExtension", "Extension", "ExtensionID", "Type", "Location"],
    ),
    ("HuntGroup", &["Extension", "Name", "RingMode", "Members"]),
    (
        "ShortCode",
        &["Code", "Feature", "TelephoneNumber", "LineGroupId"],
    ),
    (
        "IncomingCallRoute",
        &["IncomingNumber", "Destination", "LineGroupId", "BearerCapability"],
    ),
    (
        "License",
        &["DisplayName", "Quantity", "Status", "ExpiryDate", "Source"],
    ),
    (
        "Line",
        &["LineNumber", "LineType", "Type", "Channels", "OutgoingGroupId"],
    ),
    ("ServiceUser", &["Name", "Enabled", "RightsGroup"]),
    ("Service", &["Name", "Level"]),
];

/// By what an entity of an unknown kind is called, the first that it has.
const NAMES: [&str; 9] = [
    "Name",
    "Extension",
    "Number",
    "Code",
    "DisplayName",
    "Id",
    "LineNumber",
    "IncomingNumber",
    "Title",
];

/// The columns of a table of these entities, all of one kind: paths of fields that are no secret.
pub(super) fn of(kind: &str, entities: &[Entity<'_>]) -> Vec<String> {
    let known = KNOWN
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or(&NAMES[..], |(_, columns)| columns);
    let mut columns: Vec<String> = known
        .iter()
        .filter(|path| entities.iter().any(|e| has_plain(e, path)))
        .map(|path| (*path).to_owned())
        .collect();
    columns.truncate(COLUMNS);
    if KNOWN.iter().any(|(known, _)| *known == kind) && !columns.is_empty() {
        return columns;
    }
    let mut seen: HashSet<String> = columns.iter().cloned().collect();
    for field in entities.first().map(Entity::fields).unwrap_or_default() {
        let path = field.path.to_string();
        if columns.len() < COLUMNS && is_plain(&field) && seen.insert(path.clone()) {
            columns.push(path);
        }
    }
    columns
}

/// What an entity is called by, and what it is called besides.
pub(super) fn names(entity: &Entity<'_>) -> (String, String) {
    let kind = entity.kind();
    let known = KNOWN
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or(&NAMES[..], |(_, columns)| columns);
    let mut values = known
        .iter()
        .filter_map(|path| plain(entity, path))
        .map(|value| one_line(&value));
    let label = values
        .next()
        .or_else(|| entity.guid_key().map(|guid| guid.chars().take(8).collect()));
    (
        label.unwrap_or_else(|| kind.to_string()),
        values.next().unwrap_or_default(),
    )
}

/// Names an entity of the open document.
pub(super) fn reference(entity: &Entity<'_>) -> EntityReference {
    EntityReference {
        id: id(entity.position()),
        kind: entity.kind().into_owned(),
        label: names(entity).0,
    }
}

/// What an entity is called in its document; entities are neither added nor removed while it is open.
pub(super) fn id(position: usize) -> String {
    format!("e{position}")
}

/// The position that an id stands for.
pub(super) fn position(id: &str) -> Option<usize> {
    id.strip_prefix('e')?.parse().ok()
}

/// A value in the words that are shown: the name of a choice, else the value itself.
pub(super) fn in_words(kind: &str, path: &trunkline_document::FieldPath, value: &str) -> String {
    match field_type(kind, path) {
        Some(known @ trunkline_document::FieldType::Choice(_)) => {
            known.in_words(value).unwrap_or(value).to_owned()
        }
        _ => value.to_owned(),
    }
}

/// The value of a field that is no secret and not empty.
pub(super) fn plain(entity: &Entity<'_>, path: &str) -> Option<String> {
    let value = entity
        .get(&path.parse().ok()?)
        .filter(|value| !value.is_secret())?;
    let text = value.reveal().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn has_plain(entity: &Entity<'_>, path: &str) -> bool {
    path.parse()
        .ok()
        .and_then(|path| entity.get(&path))
        .is_some_and(|value| !value.is_secret())
}

fn is_plain(field: &Field) -> bool {
    !field.value.is_secret()
        && !field.path.is_attribute()
        && field.path.elements().count() == 1
        && !NOISE.contains(&field.path.name())
}

/// Whether a field says nothing about the configuration itself.
pub(super) fn is_noise(field: &Field) -> bool {
    NOISE.contains(&field.path.name())
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(80)
        .collect()
}
