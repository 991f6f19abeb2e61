//! My configuration beside what somebody else made of the unit meanwhile: what each side changed, what collides, and
//! both together.

pub use trunkline_document::CollisionKind;
use trunkline_document::{
    Collision, Difference, DifferenceKind, Document, FieldCollision, MASK, Side, ThreeWay, Value,
};

use super::columns;
use super::comparison::{changes, line, named};
use super::view::{Change, ChangeMark, EntityReference};
use crate::{Conflict, ErrorKind, Merged, Result, Sides, merge};

/// What a conflict is about, as it is shown. Secrets read [`MASK`] everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct ConflictView {
    /// The revision that the unit holds now.
    pub unit_revision: String,
    /// The revision that my changes are based on, where it is known.
    pub base_revision: Option<String>,
    /// What only I changed; where nobody can say who changed what, everything in which mine differs from what the unit
    /// holds.
    pub mine: Vec<Change>,
    /// What was changed there only.
    pub theirs: Vec<Change>,
    /// What was changed on both sides, and alike.
    pub alike: Vec<Change>,
    /// What was changed on both sides, and not alike.
    pub collisions: Vec<CollisionView>,
    /// Why my changes can not be put on top of theirs; `None` where they can.
    pub obstacle: Option<Obstacle>,
}

/// One place in which both sides changed something, and not alike.
#[derive(Debug, Clone, PartialEq)]
pub struct CollisionView {
    /// The entity.
    pub entity: EntityReference,
    /// The field; empty for the entity as a whole.
    pub path: String,
    /// How they collide.
    pub kind: CollisionKind,
    /// The values that are at stake.
    pub fields: Vec<ContestedField>,
}

/// A value that both sides want otherwise; empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContestedField {
    /// Where it stands in the entity.
    pub path: String,
    /// As it was before both changes.
    pub base: String,
    /// As I have it.
    pub mine: String,
    /// As the unit has it.
    pub theirs: String,
}

/// Why my changes can not be put on top of theirs by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Some of them collide.
    Collisions,
    /// What mine are based on is not in the archive, or is no document that can be taken apart.
    BaseUnknown,
    /// Together they would be wrong in a way in which neither is alone: what is wrong then.
    Problems(Vec<String>),
    /// What came out was read again and is not what was meant.
    Unsure(String),
}

/// Puts both sides beside each other.
pub fn look(conflict: &Conflict, mine: &Document) -> ConflictView {
    let mut view = ConflictView {
        unit_revision: conflict.unit_revision.clone(),
        base_revision: conflict.base_revision.clone(),
        mine: Vec::new(),
        theirs: Vec::new(),
        alike: Vec::new(),
        collisions: Vec::new(),
        obstacle: None,
    };
    if let (Some(base), Sides::Three(three)) = (&conflict.base, conflict.sides(mine)) {
        view.mine = differences(&three.mine, base, mine);
        view.theirs = differences(&three.theirs, base, &conflict.theirs);
        view.alike = differences(&three.alike, base, &conflict.theirs);
        view.collisions = collisions(&three, mine, &conflict.theirs);
        view.obstacle = together(&three, conflict, mine).err();
    } else {
        view.mine = changes(&conflict.theirs, mine);
        view.obstacle = Some(Obstacle::BaseUnknown);
    }
    view
}

/// What the unit holds now with my changes on top.
///
/// # Errors
/// [`ErrorKind::Conflict`] where [`look`] names an obstacle.
pub fn on_top(conflict: &Conflict, mine: &Document) -> Result<Document> {
    let put = match conflict.sides(mine) {
        Sides::Three(three) => together(&three, conflict, mine).ok(),
        Sides::Two(_) => None,
    };
    put.ok_or_else(|| {
        let unit_revision = Some(conflict.unit_revision.clone());
        ErrorKind::Conflict { unit_revision }.into()
    })
}

fn together(three: &ThreeWay<'_>, conflict: &Conflict, mine: &Document) -> Result<Document, Obstacle> {
    if !three.collisions.is_empty() {
        return Err(Obstacle::Collisions);
    }
    let merged = merge(three, mine, &conflict.theirs, |_| Side::Theirs);
    let Merged {
        document,
        new_problems,
    } = merged.map_err(|error| Obstacle::Unsure(error.to_string()))?;
    if new_problems.is_empty() {
        Ok(document)
    } else {
        let words = new_problems.iter().map(ToString::to_string).collect();
        Err(Obstacle::Problems(words))
    }
}

fn differences(differences: &[Difference], base: &Document, now: &Document) -> Vec<Change> {
    let mut lines = Vec::new();
    for Difference { entity, kind } in differences {
        let whole = |document, mark| Change {
            entity: outside(named(document, entity)),
            mark,
            path: String::new(),
            before: String::new(),
            after: String::new(),
        };
        match kind {
            DifferenceKind::Added => lines.push(whole(now, ChangeMark::Added)),
            DifferenceKind::Removed => lines.push(whole(base, ChangeMark::Removed)),
            DifferenceKind::Changed(fields) => {
                let entity = outside(named(now, entity));
                lines.extend(fields.iter().map(|field| line(&entity, field)));
            }
        }
    }
    lines
}

fn collisions(three: &ThreeWay<'_>, mine: &Document, theirs: &Document) -> Vec<CollisionView> {
    let view = |collision: &Collision| {
        let document = match collision.kind {
            CollisionKind::RemovedThere => mine,
            _ => theirs,
        };
        let entity = outside(named(document, &collision.entity));
        let field = |field: &FieldCollision| contested(&entity.kind, field);
        CollisionView {
            path: collision
                .path
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            kind: collision.kind,
            fields: collision.fields.iter().map(field).collect(),
            entity,
        }
    };
    three.collisions.iter().map(view).collect()
}

fn contested(kind: &str, field: &FieldCollision) -> ContestedField {
    let show = |value: &Option<Value>| match value {
        None => String::new(),
        Some(value) if value.is_secret() || field.secret => MASK.to_owned(),
        Some(value) => columns::in_words(kind, &field.path, value.reveal()),
    };
    ContestedField {
        path: field.path.to_string(),
        base: show(&field.base),
        mine: show(&field.mine),
        theirs: show(&field.theirs),
    }
}

/// The three documents number their entities each for itself: only the names are shown.
fn outside(entity: EntityReference) -> EntityReference {
    EntityReference {
        id: String::new(),
        ..entity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UnitRef;
    use crate::documents::{Documents, NewDocument};

    const BASE: &str = "<data><ws_object><User GUID=\"A1\"><Extension>201</Extension><FullName>Ann</FullName>\
                        <LoginCode>1111</LoginCode></User></ws_object><ws_object><User GUID=\"B2\"><Extension>202\
                        </Extension><FullName>Bea</FullName></User></ws_object></data>";

    fn conflict(base: Option<&str>, theirs: &str) -> Conflict {
        let load = |text: &str| Document::load(text.as_bytes().to_vec());
        Conflict {
            unit_revision: "r9".into(),
            base_revision: Some("r8".into()),
            base: base.map(load),
            theirs: load(theirs),
        }
    }

    fn mine(from: &str, to: &str) -> Document {
        Document::load(BASE.replace(from, to).into_bytes())
    }

    fn lines(changes: &[Change]) -> Vec<String> {
        let line = |change: &Change| {
            format!(
                "{} {} {}: {} → {}",
                change.entity.kind, change.entity.label, change.path, change.before, change.after
            )
        };
        changes.iter().map(line).collect()
    }

    #[test]
    fn what_does_not_collide_is_put_on_top() {
        let theirs = BASE.replace("Bea", "Bea Meyer");
        let (conflict, mine) = (conflict(Some(BASE), &theirs), mine("Ann", "Ann Frei"));
        let view = look(&conflict, &mine);
        assert_eq!(lines(&view.mine), ["User 201 FullName: Ann → Ann Frei"]);
        assert_eq!(lines(&view.theirs), ["User 202 FullName: Bea → Bea Meyer"]);
        assert_eq!(
            (view.alike.len(), view.collisions.len(), view.obstacle),
            (0, 0, None)
        );
        let together = on_top(&conflict, &mine).unwrap();
        let expect = theirs.replace("Ann", "Ann Frei");
        assert_eq!(together.as_bytes(), expect.as_bytes());
    }

    #[test]
    fn what_collides_is_named_and_stops_it_and_secrets_stay_masked() {
        let theirs = BASE.replace("Ann", "Anna").replace("1111", "3333");
        let mine = Document::load(
            BASE.replace("Ann", "Ann Frei")
                .replace("1111", "2222")
                .into_bytes(),
        );
        let conflict = conflict(Some(BASE), &theirs);
        let view = look(&conflict, &mine);
        assert_eq!(view.obstacle, Some(Obstacle::Collisions));
        let field = |at: usize| {
            let field = &view.collisions[at].fields[0];
            [&field.path, &field.base, &field.mine, &field.theirs].map(String::as_str)
        };
        assert_eq!(view.collisions.len(), 2);
        assert_eq!(field(0), ["FullName", "Ann", "Ann Frei", "Anna"]);
        assert_eq!(field(1), ["LoginCode", MASK, MASK, MASK]);
        assert_eq!(view.collisions[0].entity.label, "201");
        assert_eq!(on_top(&conflict, &mine).unwrap_err().code(), "conflict");
        let printed = format!("{view:?}");
        assert!(
            !printed.contains("2222") && !printed.contains("3333"),
            "{printed}"
        );
    }

    #[test]
    fn without_a_base_only_the_two_are_compared() {
        let theirs = BASE.replace("Bea", "Bea Meyer");
        let (conflict, mine) = (conflict(None, &theirs), mine("Ann", "Ann Frei"));
        let view = look(&conflict, &mine);
        assert_eq!(view.obstacle, Some(Obstacle::BaseUnknown));
        assert_eq!((view.mine.len(), view.theirs.len()), (2, 0));
        assert_eq!(on_top(&conflict, &mine).unwrap_err().code(), "conflict");
    }

    #[test]
    fn what_is_wrong_only_together_is_not_put_together() {
        let theirs = BASE.replace(">202", ">203");
        let (conflict, mine) = (conflict(Some(BASE), &theirs), mine(">201", ">203"));
        let view = look(&conflict, &mine);
        let Some(Obstacle::Problems(words)) = &view.obstacle else {
            panic!("{view:?}");
        };
        assert!(words[0].contains("203"), "{words:?}");
        assert_eq!(on_top(&conflict, &mine).unwrap_err().code(), "conflict");
    }

    #[test]
    fn an_open_configuration_goes_on_from_what_the_unit_has() {
        let documents = Documents::default();
        let new = NewDocument {
            document: Document::load(BASE.into()),
            name: "Bern".into(),
            unit: UnitRef::default(),
            revision: Some("r8".into()),
            limit_bytes: None,
            received_at: None,
        };
        let id = documents.add(new).id;
        let theirs = BASE.replace("Bea", "Bea Meyer");
        documents
            .with(&id, |open| {
                open.set("e0", "FullName", "Ann Frei")?;
                let mine = Document::load(open.content().to_vec());
                let conflict = conflict(Some(BASE), &theirs);
                let together = on_top(&conflict, &mine)?;
                open.rebase(conflict.theirs, together, "r9");
                assert_eq!(open.revision(), Some("r9"));
                assert_eq!(lines(open.changes()), ["User 201 FullName: Ann → Ann Frei"]);
                let state = open.state();
                assert_eq!(
                    (state.can_undo, state.can_redo, state.unsaved),
                    (false, false, true)
                );
                Ok(())
            })
            .unwrap();
    }
}
