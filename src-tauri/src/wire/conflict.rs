//! My configuration beside what somebody else made of the unit meanwhile.

use serde::Serialize;
use specta::Type;
use trunkline_core::documents::conflict::{self, CollisionKind as Core, ConflictView};

use super::documents::{Change, EntityReference};

/// How two changes collide.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CollisionKind {
    /// Both gave it a value.
    BothChanged,
    /// Both added it.
    BothAdded,
    /// I removed what was changed there.
    RemovedHere,
    /// I changed what was removed there.
    RemovedThere,
}

impl From<Core> for CollisionKind {
    fn from(kind: Core) -> Self {
        match kind {
            Core::BothChanged => Self::BothChanged,
            Core::BothAdded => Self::BothAdded,
            Core::RemovedHere => Self::RemovedHere,
            Core::RemovedThere => Self::RemovedThere,
        }
    }
}

/// A value that both sides want otherwise; empty where there is none.
#[derive(Debug, Clone, Serialize, Type)]
pub struct ContestedField {
    path: String,
    base: String,
    mine: String,
    theirs: String,
}

/// One place in which both sides changed something, and not alike.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Collision {
    entity: EntityReference,
    /// Empty for the entity as a whole.
    path: String,
    kind: CollisionKind,
    fields: Vec<ContestedField>,
}

impl From<conflict::CollisionView> for Collision {
    fn from(collision: conflict::CollisionView) -> Self {
        let field = |field: conflict::ContestedField| ContestedField {
            path: field.path,
            base: field.base,
            mine: field.mine,
            theirs: field.theirs,
        };
        Self {
            entity: collision.entity.into(),
            path: collision.path,
            kind: collision.kind.into(),
            fields: collision.fields.into_iter().map(field).collect(),
        }
    }
}

/// Why my changes can not be put on top of theirs by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Obstacle {
    /// They can.
    None,
    /// Some of them collide.
    Collisions,
    /// What they are based on is not known any more.
    BaseUnknown,
    /// Together they would be wrong; `reasons` says how.
    Problems,
    /// What came out is not what was meant; `reasons` says how.
    Unsure,
}

/// What a conflict is about. Secrets are masked everywhere.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    unit_revision: String,
    base_revision: String,
    /// Everything in which mine differs from what the unit holds, where the base is not known.
    mine: Vec<Change>,
    theirs: Vec<Change>,
    alike: Vec<Change>,
    collisions: Vec<Collision>,
    obstacle: Obstacle,
    reasons: Vec<String>,
}

impl From<ConflictView> for Conflict {
    fn from(view: ConflictView) -> Self {
        let changes = |changes: Vec<_>| changes.into_iter().map(Change::from).collect();
        let (obstacle, reasons) = match view.obstacle {
            None => (Obstacle::None, Vec::new()),
            Some(conflict::Obstacle::Collisions) => (Obstacle::Collisions, Vec::new()),
            Some(conflict::Obstacle::BaseUnknown) => (Obstacle::BaseUnknown, Vec::new()),
            Some(conflict::Obstacle::Problems(reasons)) => (Obstacle::Problems, reasons),
            Some(conflict::Obstacle::Unsure(reason)) => (Obstacle::Unsure, vec![reason]),
        };
        Self {
            unit_revision: view.unit_revision,
            base_revision: view.base_revision.unwrap_or_default(),
            mine: changes(view.mine),
            theirs: changes(view.theirs),
            alike: changes(view.alike),
            collisions: view.collisions.into_iter().map(Into::into).collect(),
            obstacle,
            reasons,
        }
    }
}
