//! What is shown of an open configuration, as values. Secrets are masked or left out.

use jiff::Timestamp;

use crate::unit_ref::UnitRef;

/// A configuration that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentInfo {
    /// What it is called among those that are open.
    pub id: String,
    /// The unit's name, or the file's.
    pub name: String,
    /// Where it is sent to.
    pub unit: UnitRef,
    /// The revision that the changes are based on, where it is known.
    pub revision: Option<String>,
    /// Its size in bytes.
    pub bytes: usize,
    /// The largest that the unit takes, in bytes, where it said so.
    pub limit_bytes: Option<u64>,
    /// When it was received, where it was.
    pub received_at: Option<Timestamp>,
    /// Whether it can only be kept and sent as it is.
    pub opaque: bool,
    /// How it stands.
    pub state: DocumentState,
}

/// How a configuration stands after each change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentState {
    /// Lines of [`super::OpenDocument::changes`].
    pub changes: usize,
    /// Lines of [`super::OpenDocument::problems`].
    pub problems: usize,
    /// Whether a change can be taken back.
    pub can_undo: bool,
    /// Whether a change that was taken back can be made again.
    pub can_redo: bool,
    /// Whether there are changes that were neither sent nor saved.
    pub unsaved: bool,
}

/// A configuration with changes that were neither sent nor saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsavedDocument {
    /// The unit's name, or the file's.
    pub name: String,
    /// How many changes.
    pub changes: usize,
}

/// The entities of one kind, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityKind {
    /// The element's name: `User`, `HuntGroup`.
    pub kind: String,
    /// How many there are.
    pub count: usize,
    /// In how many something was changed.
    pub changes: usize,
    /// Problems in them.
    pub problems: usize,
}

/// How an entity or a field differs from what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeMark {
    /// It does not.
    None,
    /// It has another value.
    Changed,
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
}

/// The entities of one kind as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTable {
    /// Paths of fields; the first is what the entity is called by.
    pub columns: Vec<String>,
    /// In document order.
    pub rows: Vec<EntityRow>,
}

/// One entity in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRow {
    /// What the entity is called in this document.
    pub id: String,
    /// One a column; a secret is never among them.
    pub cells: Vec<String>,
    /// Whether it was changed.
    pub mark: ChangeMark,
    /// The first problem; empty without one.
    pub problem: String,
}

/// One entity in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityView {
    /// What the entity is called in this document.
    pub id: String,
    /// The element's name.
    pub kind: String,
    /// What it is called by: `201`.
    pub label: String,
    /// What it is called besides: `Sales1`.
    pub name: String,
    /// Its GUID as written; empty without one.
    pub guid: String,
    /// Every value, in document order.
    pub fields: Vec<FieldView>,
    /// The entities that name this one.
    pub used_by: Vec<EntityReference>,
}

/// How a field is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// One of a list.
    Choice,
    /// Shown on request only.
    Secret,
    /// Not at all.
    ReadOnly,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldView {
    /// Where it stands in the entity, as [`trunkline_document::FieldPath`] writes it.
    pub path: String,
    /// How it is edited.
    pub kind: FieldKind,
    /// Its value; empty for a secret.
    pub value: String,
    /// What the unit has; empty for a secret.
    pub original: String,
    /// Whether the two differ.
    pub changed: bool,
    /// Whether it has a value at all; for a secret this is all that is said.
    pub is_set: bool,
    /// Values with their names, for [`FieldKind::Choice`] and what is read only.
    pub choices: Vec<(String, String)>,
    /// The smallest and the largest number.
    pub bounds: Option<(u64, u64)>,
    /// What is wrong with it; empty where nothing is.
    pub problem: String,
}

/// Names an entity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntityReference {
    /// What it is called in this document; empty where it is not in it.
    pub id: String,
    /// The element's name.
    pub kind: String,
    /// What it is called by.
    pub label: String,
}

/// One line of a comparison. Secrets read [`trunkline_document::MASK`] on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which entity.
    pub entity: EntityReference,
    /// How it differs.
    pub mark: ChangeMark,
    /// Which field; empty for a whole entity.
    pub path: String,
    /// The value as it was.
    pub before: String,
    /// The value as it is.
    pub after: String,
}

/// Something wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which entity; an empty one where the whole document is meant.
    pub entity: EntityReference,
    /// Which field; empty where the whole entity is meant.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// A value in which the text that was searched for stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// Which entity.
    pub entity: EntityReference,
    /// Which field.
    pub path: String,
    /// The text around the hit; never a secret.
    pub excerpt: String,
}

/// A configuration beside what the unit holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitComparison {
    /// The revision that the unit holds.
    pub unit_revision: String,
    /// The revision that the changes are based on, where it is known.
    pub base_revision: Option<String>,
    /// Whether somebody else changed the unit since then.
    pub conflict: bool,
    /// What a send would change on the unit.
    pub changes: Vec<Change>,
    /// Whether every change is of a kind that units take over without a restart.
    pub merge_enough: bool,
    /// What would be sent, in bytes.
    pub bytes: usize,
    /// The largest that the unit takes, in bytes, where it said so.
    pub limit_bytes: Option<u64>,
    /// When the unit was asked.
    pub checked_at: Timestamp,
}
