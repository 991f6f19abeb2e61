//! Open configurations.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::documents::view;

use super::sites::Target;
use super::{Amount, count, instant};

/// A configuration that is open in the program.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DocumentInfo {
    id: String,
    name: String,
    target: Target,
    revision: String,
    bytes: Amount,
    limit_bytes: Amount,
    received_at: String,
    opaque: bool,
    state: DocumentState,
}

impl From<view::DocumentInfo> for DocumentInfo {
    fn from(info: view::DocumentInfo) -> Self {
        Self {
            id: info.id,
            name: info.name,
            target: info.unit.into(),
            revision: info.revision.unwrap_or_default(),
            bytes: info.bytes.into(),
            limit_bytes: info.limit_bytes.into(),
            received_at: instant(info.received_at),
            opaque: info.opaque,
            state: info.state.into(),
        }
    }
}

/// How a document stands after each change.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DocumentState {
    changes: u32,
    problems: u32,
    can_undo: bool,
    can_redo: bool,
    /// Changes that were neither sent nor saved.
    unsaved: bool,
}

impl From<view::DocumentState> for DocumentState {
    fn from(state: view::DocumentState) -> Self {
        let view::DocumentState {
            changes,
            problems,
            can_undo,
            can_redo,
            unsaved,
        } = state;
        Self {
            changes: count(changes),
            problems: count(problems),
            can_undo,
            can_redo,
            unsaved,
        }
    }
}

/// The entities of one kind, in numbers.
#[derive(Debug, Clone, Serialize, Type)]
pub struct EntityKind {
    kind: String,
    count: u32,
    changes: u32,
    problems: u32,
}

impl From<view::EntityKind> for EntityKind {
    fn from(kind: view::EntityKind) -> Self {
        let view::EntityKind {
            kind,
            count: all,
            changes,
            problems,
        } = kind;
        Self {
            kind,
            count: count(all),
            changes: count(changes),
            problems: count(problems),
        }
    }
}

/// How something differs.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChangeMark {
    /// Not at all.
    None,
    /// In its value.
    Changed,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

impl From<view::ChangeMark> for ChangeMark {
    fn from(mark: view::ChangeMark) -> Self {
        match mark {
            view::ChangeMark::None => Self::None,
            view::ChangeMark::Changed => Self::Changed,
            view::ChangeMark::Added => Self::Added,
            view::ChangeMark::Removed => Self::Removed,
        }
    }
}

/// The entities of one kind.
#[derive(Debug, Clone, Serialize, Type)]
pub struct EntityTable {
    columns: Vec<String>,
    rows: Vec<EntityRow>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Type)]
pub struct EntityRow {
    id: String,
    cells: Vec<String>,
    mark: ChangeMark,
    problem: String,
}

impl From<view::EntityTable> for EntityTable {
    fn from(table: view::EntityTable) -> Self {
        let row = |row: view::EntityRow| EntityRow {
            id: row.id,
            cells: row.cells,
            mark: row.mark.into(),
            problem: row.problem,
        };
        Self {
            columns: table.columns,
            rows: table.rows.into_iter().map(row).collect(),
        }
    }
}

/// How a field is edited.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
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

impl From<view::FieldKind> for FieldKind {
    fn from(kind: view::FieldKind) -> Self {
        match kind {
            view::FieldKind::Text => Self::Text,
            view::FieldKind::Number => Self::Number,
            view::FieldKind::Switch => Self::Switch,
            view::FieldKind::Choice => Self::Choice,
            view::FieldKind::Secret => Self::Secret,
            view::FieldKind::ReadOnly => Self::ReadOnly,
        }
    }
}

/// One value of a list.
#[derive(Debug, Clone, Serialize, Type)]
pub struct FieldChoice {
    value: String,
    label: String,
}

/// One field.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    path: String,
    kind: FieldKind,
    value: String,
    original: String,
    changed: bool,
    is_set: bool,
    choices: Vec<FieldChoice>,
    min: Amount,
    max: Amount,
    problem: String,
}

impl From<view::FieldView> for Field {
    fn from(field: view::FieldView) -> Self {
        let (min, max) = field
            .bounds
            .map_or((Amount::from(0_u32), Amount::UNKNOWN), |(min, max)| {
                (min.into(), max.into())
            });
        let choice = |(value, label)| FieldChoice { value, label };
        Self {
            path: field.path,
            kind: field.kind.into(),
            value: field.value,
            original: field.original,
            changed: field.changed,
            is_set: field.is_set,
            choices: field.choices.into_iter().map(choice).collect(),
            min,
            max,
            problem: field.problem,
        }
    }
}

/// Names an entity; the id is empty where it is not in this document.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct EntityReference {
    id: String,
    kind: String,
    label: String,
}

impl From<view::EntityReference> for EntityReference {
    fn from(reference: view::EntityReference) -> Self {
        let view::EntityReference { id, kind, label } = reference;
        Self { id, kind, label }
    }
}

/// One entity in full.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Entity {
    id: String,
    kind: String,
    label: String,
    name: String,
    guid: String,
    fields: Vec<Field>,
    used_by: Vec<EntityReference>,
}

impl From<view::EntityView> for Entity {
    fn from(entity: view::EntityView) -> Self {
        Self {
            id: entity.id,
            kind: entity.kind,
            label: entity.label,
            name: entity.name,
            guid: entity.guid,
            fields: entity.fields.into_iter().map(Into::into).collect(),
            used_by: entity.used_by.into_iter().map(Into::into).collect(),
        }
    }
}

/// One line of a comparison.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Change {
    entity: EntityReference,
    mark: ChangeMark,
    path: String,
    before: String,
    after: String,
}

impl From<view::Change> for Change {
    fn from(change: view::Change) -> Self {
        let view::Change {
            entity,
            mark,
            path,
            before,
            after,
        } = change;
        Self {
            entity: entity.into(),
            mark: mark.into(),
            path,
            before,
            after,
        }
    }
}

/// Something wrong in one place.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Problem {
    entity: EntityReference,
    path: String,
    message: String,
}

impl From<view::Problem> for Problem {
    fn from(problem: view::Problem) -> Self {
        let view::Problem {
            entity,
            path,
            message,
        } = problem;
        Self {
            entity: entity.into(),
            path,
            message,
        }
    }
}

/// Where the text that was searched for stands.
#[derive(Debug, Clone, Serialize, Type)]
pub struct SearchHit {
    entity: EntityReference,
    path: String,
    excerpt: String,
}

impl From<view::SearchHit> for SearchHit {
    fn from(hit: view::SearchHit) -> Self {
        let view::SearchHit {
            entity,
            path,
            excerpt,
        } = hit;
        Self {
            entity: entity.into(),
            path,
            excerpt,
        }
    }
}

/// A document beside what the unit holds now.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UnitComparison {
    unit_revision: String,
    base_revision: String,
    conflict: bool,
    changes: Vec<Change>,
    merge_enough: bool,
    bytes: Amount,
    limit_bytes: Amount,
    checked_at: String,
}

impl From<view::UnitComparison> for UnitComparison {
    fn from(comparison: view::UnitComparison) -> Self {
        Self {
            unit_revision: comparison.unit_revision,
            base_revision: comparison.base_revision.unwrap_or_default(),
            conflict: comparison.conflict,
            changes: comparison.changes.into_iter().map(Into::into).collect(),
            merge_enough: comparison.merge_enough,
            bytes: comparison.bytes.into(),
            limit_bytes: comparison.limit_bytes.into(),
            checked_at: instant(Some(comparison.checked_at)),
        }
    }
}
