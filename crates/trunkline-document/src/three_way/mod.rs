//! What two people changed in the same document: side by side, and brought together.
//!
//! - [`three_way`]: finds what I changed, what was changed there, and what collides.
//! - [`ThreeWay::merged`]: their document with my changes in it.
//! - `trio`: three states of one entity, walked together.
//! - `splice`: changes to the text of their document.

mod splice;
mod trio;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::compare::{EntityName, FieldChange, name};
use crate::document::{Document, DocumentKind};
use crate::entity::{Entity, guid_key};
use crate::matching::{Matching, values};
use crate::parse::OpaqueReason;
use crate::path::FieldPath;
use crate::secret::Value;
use splice::{Edit, Splice};
use trio::{Found, Trio, Who};

/// Two sets of changes to one document. The three lists of differences and the collisions have nothing in common.
#[derive(Debug)]
pub struct ThreeWay<'d> {
    /// What only I changed.
    pub mine: Vec<Difference>,
    /// What was changed there only.
    pub theirs: Vec<Difference>,
    /// What was changed in the same way on both sides.
    pub alike: Vec<Difference>,
    /// What was changed on both sides in different ways.
    pub collisions: Vec<Collision>,
    document: &'d Document,
    wanted: Vec<Unit<'d>>,
    /// For each collision, what makes my side of it out of theirs.
    contested: Vec<Unit<'d>>,
}

/// One entity that differs from what it was. Secrets print as [`crate::MASK`].
#[derive(Clone, Debug)]
pub struct Difference {
    /// The entity as it is, or, where it was removed, as it was.
    pub entity: EntityName,
    /// How it differs.
    pub kind: DifferenceKind,
}

/// How an entity differs from what it was.
#[derive(Clone, Debug)]
pub enum DifferenceKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// It has other values. Never empty.
    Changed(Vec<FieldChange>),
}

/// One place in which both sides changed something, and not in the same way.
#[derive(Clone, Debug)]
pub struct Collision {
    /// The entity: theirs, or mine where they have none.
    pub entity: EntityName,
    /// What collides in it; `None` for the entity as a whole. It may have other values inside.
    pub path: Option<FieldPath>,
    /// How.
    pub kind: CollisionKind,
    /// The values that are at stake, by path. Empty where nothing but the order of things differs.
    pub fields: Vec<FieldCollision>,
}

/// How two changes collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollisionKind {
    /// Both gave it a value.
    BothChanged,
    /// Both added it, and not the same.
    BothAdded,
    /// I removed what was changed there.
    RemovedHere,
    /// I changed what was removed there.
    RemovedThere,
}

/// A value in a collision. Secrets print as [`crate::MASK`].
#[derive(Clone, Debug)]
pub struct FieldCollision {
    /// Where it stands in the entity.
    pub path: FieldPath,
    /// As it was before both changes; `None` where it was not there.
    pub base: Option<Value>,
    /// As I have it.
    pub mine: Option<Value>,
    /// As they have it.
    pub theirs: Option<Value>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// Whose change counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Mine.
    Mine,
    /// Theirs: the safe choice, since it loses no work of somebody who is not asked.
    Theirs,
}

/// Why two sets of changes were not brought together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The result can not be read as a document.
    #[error("the two sets of changes make no document together: {0}")]
    Refused(OpaqueReason),
    /// The result was looked at and is not what was meant.
    #[error("the two sets of changes can not be put together by themselves; make yours again by hand")]
    Unsure,
}

/// Finds what was changed on each side since `base`. Layout, order and noise do not count, as in [`crate::compare()`].
///
/// `None` where one of the three is opaque, or they are of different kinds: then only bytes can be compared.
pub fn three_way<'d>(base: &'d Document, mine: &'d Document, theirs: &'d Document) -> Option<ThreeWay<'d>> {
    let kind = base.kind();
    if kind == DocumentKind::Opaque || mine.kind() != kind || theirs.kind() != kind {
        return None;
    }
    let to_mine = Matching::of(base.entities().collect(), mine.entities().collect());
    let to_theirs = Matching::of(base.entities().collect(), theirs.entities().collect());
    let (of_mine, of_theirs) = (counterparts(&to_mine), counterparts(&to_theirs));
    let mut result = ThreeWay {
        mine: Vec::new(),
        theirs: Vec::new(),
        alike: Vec::new(),
        collisions: Vec::new(),
        document: theirs,
        wanted: Vec::new(),
        contested: Vec::new(),
    };
    for entity in base.entities() {
        let position = entity.position();
        result.entity(entity, of_mine.get(&position), of_theirs.get(&position));
    }
    result.added(Matching::of(to_mine.after, to_theirs.after));
    Some(result)
}

fn counterparts<'d>(matching: &Matching<'d>) -> HashMap<usize, Entity<'d>> {
    let both = matching.identical.iter().chain(&matching.pairs);
    both.map(|(base, other)| (base.position(), *other)).collect()
}

/// One change that makes mine out of theirs.
struct Unit<'d> {
    /// What it does to the text.
    edit: Edit<'d>,
    /// The values that it changes, for the check afterwards.
    values: Vec<Trio>,
}

impl<'d> ThreeWay<'d> {
    /// Their document with my changes in it, and of each collision the side that `choose` names by its index. Nothing
    /// else of theirs changes, by not one byte.
    ///
    /// # Errors
    /// [`MergeError`]: what comes out was read again, and is not what it should be.
    pub fn merged(&self, choose: impl Fn(usize) -> Side) -> Result<Document, MergeError> {
        let chosen = self.contested.iter().enumerate();
        let chosen = chosen.filter(|(index, _)| choose(*index) == Side::Mine);
        let units: Vec<&Unit<'d>> = self.wanted.iter().chain(chosen.map(|(_, unit)| unit)).collect();
        if units.is_empty() {
            return Ok(self.document.clone());
        }
        let text =
            Splice::of(self.document, units.iter().map(|unit| &unit.edit)).ok_or(MergeError::Unsure)?;
        let merged = Document::load(text.into_bytes());
        if let Some(reason) = merged.opaque_reason() {
            return Err(MergeError::Refused(reason.clone()));
        }
        if self.is_as_meant(&merged, &units) {
            Ok(merged)
        } else {
            Err(MergeError::Unsure)
        }
    }

    /// Whether nothing that was changed is the same in both: there is nothing to bring together.
    pub fn is_settled(&self) -> bool {
        self.mine.is_empty() && self.collisions.is_empty()
    }

    fn entity(&mut self, base: Entity<'d>, mine: Option<&Entity<'d>>, theirs: Option<&Entity<'d>>) {
        match (mine, theirs) {
            (Some(mine), Some(theirs)) => {
                if mine.source() != base.source() || theirs.source() != base.source() {
                    self.sort(base, *mine, *theirs);
                }
            }
            (Some(mine), None) if state(mine) == state(&base) => {
                self.theirs.push(difference(&base, DifferenceKind::Removed));
            }
            (Some(mine), None) => {
                let values = trio::of_entities(Some(&base), Some(mine), None);
                let edit = Edit::Add(*mine);
                self.collide(mine, None, CollisionKind::RemovedThere, Unit { edit, values });
            }
            (None, Some(theirs)) => {
                let unit = Unit {
                    edit: Edit::Remove(*theirs),
                    values: trio::of_entities(Some(&base), None, Some(theirs)),
                };
                if state(theirs) == state(&base) {
                    self.mine.push(difference(&base, DifferenceKind::Removed));
                    self.wanted.push(unit);
                } else {
                    self.collide(theirs, None, CollisionKind::RemovedHere, unit);
                }
            }
            (None, None) => self.alike.push(difference(&base, DifferenceKind::Removed)),
        }
    }

    fn added(&mut self, added: Matching<'d>) {
        for (mine, theirs) in added.identical.into_iter().chain(added.pairs) {
            if state(&mine) == state(&theirs) {
                self.alike.push(difference(&theirs, DifferenceKind::Added));
            } else {
                let values = trio::of_entities(None, Some(&mine), Some(&theirs));
                let edit = Edit::replace(&theirs, mine);
                self.collide(&theirs, None, CollisionKind::BothAdded, Unit { edit, values });
            }
        }
        for entity in added.before {
            self.mine.push(difference(&entity, DifferenceKind::Added));
            self.wanted.push(Unit {
                edit: Edit::Add(entity),
                values: trio::of_entities(None, Some(&entity), None),
            });
        }
        let there = added.after.iter();
        self.theirs
            .extend(there.map(|entity| difference(entity, DifferenceKind::Added)));
    }

    /// An entity that all three have: each difference goes to its list.
    fn sort(&mut self, base: Entity<'d>, mine: Entity<'d>, theirs: Entity<'d>) {
        let (mut here, mut there, mut alike) = (Vec::new(), Vec::new(), Vec::new());
        for Found {
            who,
            path,
            values,
            edit,
        } in trio::walk(base, mine, theirs)
        {
            match who {
                Who::Mine => {
                    here.extend(values.iter().filter_map(Trio::here));
                    self.wanted.push(Unit { edit, values });
                }
                Who::Theirs => there.extend(values.iter().filter_map(Trio::there)),
                Who::Alike => alike.extend(values.iter().filter_map(Trio::there)),
                Who::Both(kind) => self.collide(&theirs, path, kind, Unit { edit, values }),
            }
        }
        for (list, entity, fields) in [
            (&mut self.mine, &mine, here),
            (&mut self.theirs, &theirs, there),
            (&mut self.alike, &theirs, alike),
        ] {
            if !fields.is_empty() {
                list.push(difference(entity, DifferenceKind::Changed(fields)));
            }
        }
    }

    fn collide(&mut self, entity: &Entity<'d>, path: Option<FieldPath>, kind: CollisionKind, unit: Unit<'d>) {
        let at_stake = |trio: &&Trio| match kind {
            CollisionKind::RemovedHere => trio.there().is_some(),
            CollisionKind::RemovedThere => trio.here().is_some(),
            CollisionKind::BothAdded | CollisionKind::BothChanged => trio.is_contested(),
        };
        let values = unit.values.iter().filter(at_stake);
        self.collisions.push(Collision {
            entity: name(entity),
            path,
            kind,
            fields: values.map(Trio::collision).collect(),
        });
        self.contested.push(unit);
    }

    /// Reads the result as anybody would: every entity of theirs must be there, with my values where they were wanted
    /// and its own everywhere else, and every entity of mine that was added.
    fn is_as_meant(&self, merged: &Document, units: &[&Unit<'d>]) -> bool {
        let theirs = self.document.entities();
        let mut wanted: Vec<Option<State>> = theirs.map(|entity| Some(state(&entity))).collect();
        let mut removed = Vec::new();
        for unit in units {
            match &unit.edit {
                Edit::Add(entity) => wanted.push(Some(state(entity))),
                Edit::Remove(entity) => wanted[entity.position()] = None,
                Edit::Inside { position, .. } => {
                    let Some((_, texts)) = &mut wanted[*position] else {
                        return false;
                    };
                    for trio in &unit.values {
                        texts.remove(&trio.path);
                        match &trio.mine {
                            Some(mine) => drop(texts.insert(trio.path.clone(), text_of(&trio.path, mine))),
                            None => removed.push(&trio.path),
                        }
                    }
                }
            }
        }
        // An element that lost everything in it has an empty value, which nobody gave it.
        let is_emptied = |path: &FieldPath, text: &str| {
            text.is_empty() && removed.iter().any(|removed| removed.is_below(path))
        };
        let mut found = merged.entities().map(|entity| state(&entity));
        let as_wanted = wanted.into_iter().flatten().all(|(kind, texts)| {
            found.next().is_some_and(|(found_kind, mut found)| {
                found.retain(|path, text| texts.contains_key(path) || !is_emptied(path, text));
                kind == found_kind && texts == found
            })
        });
        as_wanted && found.next().is_none()
    }
}

impl fmt::Debug for Unit<'_> {
    /// Where, never what: a change holds values in the open.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.values.iter().map(|trio| trio.path.to_string()))
            .finish()
    }
}

/// Kind, GUID and values of an entity, without noise: what must not get lost.
type State = (String, BTreeMap<FieldPath, String>);

fn state(entity: &Entity<'_>) -> State {
    let mut texts: BTreeMap<FieldPath, String> = values(entity)
        .into_iter()
        .map(|(path, value)| (path, value.reveal().to_owned()))
        .collect();
    texts.extend(entity.guid_key().map(|guid| (trio::guid_path(), guid)));
    (entity.kind().into_owned(), texts)
}

/// A value as [`state`] has it.
fn text_of(path: &FieldPath, value: &Value) -> String {
    let guid = (*path == trio::guid_path())
        .then(|| guid_key(value.reveal()))
        .flatten();
    guid.unwrap_or_else(|| value.reveal().to_owned())
}

fn difference(entity: &Entity<'_>, kind: DifferenceKind) -> Difference {
    let entity = name(entity);
    Difference { entity, kind }
}
