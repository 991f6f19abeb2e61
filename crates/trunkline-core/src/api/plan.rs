//! What has to be written so that a unit holds somebody's changes, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hyper::Method;
use trunkline_document::{Comparison, Document, DocumentKind, Entity, EntityChange, EntityName, compare};

use super::collections::{COLLECTIONS, of_kind};
use super::read::Snapshot;
use crate::{ErrorKind, Result};

/// The name of the user that every unit has for what belongs to nobody. Removing it does harm (`observed`).
const NOBODY: &str = "NoUser";

/// One request that changes the unit.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) verb: Verb,
    /// The place of the collection in the table.
    pub(super) collection: usize,
    /// Which entity, in the unit's writing; `None` for one that has none.
    pub(super) guid: Option<String>,
    /// What people see: `User 201 Sales1`.
    pub(super) label: String,
    /// The entity's position in the document that is sent; in the unit's for a removal.
    position: usize,
}

/// What a change does. The order is that in which they are written: a change may free a number that a creation takes,
/// and what is removed is referred to by nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Change,
    Create,
    Remove,
}

impl Verb {
    pub(super) fn method(self) -> Method {
        match self {
            Self::Change => Method::PUT,
            Self::Create => Method::POST,
            Self::Remove => Method::DELETE,
        }
    }
}

impl Change {
    pub(super) fn collection(&self) -> &'static str {
        COLLECTIONS[self.collection].name
    }

    /// In a list of what was done: `changed User 201 Sales1`.
    pub(super) fn words(&self) -> String {
        let done = match self.verb {
            Verb::Change => "changed",
            Verb::Create => "created",
            Verb::Remove => "removed",
        };
        format!("{done} {}", self.label)
    }

    /// Where that is in the document that is sent; nowhere for a removal.
    pub(super) fn position(&self) -> Option<usize> {
        (self.verb != Verb::Remove).then_some(self.position)
    }

    /// The entity in the document that is sent; none is left of a removal.
    pub(super) fn entity<'d>(&self, mine: &'d Document) -> Option<Entity<'d>> {
        mine.entity(self.position()?)
    }

    /// The whole entity, as `<data>` with one object: what is left out of a PUT is cleared.
    pub(super) fn body(&self, mine: &Document) -> Option<Bytes> {
        let entity = self.entity(mine)?;
        let source = match &self.guid {
            Some(guid) if entity.guid().is_none() => with_guid(entity.source(), guid),
            _ => entity.source().to_owned(),
        };
        let (open, close) = if source.starts_with("<ws_object") {
            ("", "")
        } else {
            ("<ws_object>", "</ws_object>")
        };
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>{open}{source}{close}</data>");
        Some(text.into())
    }

    /// The order of writing; see [`COLLECTIONS`] and [`Verb`].
    fn rank(&self) -> (bool, Verb, isize) {
        let place = isize::try_from(self.collection).unwrap_or(isize::MAX);
        let moves_the_unit = !COLLECTIONS[self.collection].creates;
        let place = if self.verb == Verb::Remove { -place } else { place };
        (moves_the_unit, self.verb, place)
    }
}

fn with_guid(source: &str, guid: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '>');
    let at = source.find(is_end).unwrap_or(source.len());
    let hex_only: String = guid.chars().filter(|c| !matches!(c, '"' | '<' | '&')).collect();
    format!("{} GUID=\"{hex_only}\"{}", &source[..at], &source[at..])
}

/// What is different about an entity, seen from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Same,
    Changed,
    New,
}

/// Finds what has to be written.
///
/// `base` is what the changes in `mine` were made from; `None` where nobody knows, and then it is what the unit has
/// `now`. What somebody else changed meanwhile stays as it is, unless I changed the same entity: then it is a conflict,
/// and with `force` mine stands.
///
/// # Errors
/// [`ErrorKind::EntityConflict`]; [`ErrorKind::Usage`] for removals that rest on a guess, and for documents that are none;
/// [`ErrorKind::Unsupported`] for changes that the Management API can not make.
pub(super) fn plan(
    base: Option<&Document>,
    now: &Snapshot,
    mine: &Document,
    force: bool,
) -> Result<Vec<Change>> {
    if mine.kind() != DocumentKind::Configuration {
        return Err(no_document());
    }
    let (held, known) = (now.document(), base.is_some());
    let base = base.unwrap_or(held);
    let states_of_mine = states(base, mine)?;
    let states_of_theirs = states(base, held)?;
    let state_of = |states: &BTreeMap<usize, State>, position: usize| {
        states.get(&position).copied().unwrap_or(State::Same)
    };
    let mut planned = Planned {
        now,
        mine,
        known,
        changes: Vec::new(),
        collisions: Vec::new(),
        impossible: BTreeSet::new(),
    };
    let Comparison::Entities {
        added,
        removed,
        changed,
        ..
    } = compare(held, mine)
    else {
        return Err(no_document());
    };
    for change in changed.iter().filter(|change| differs(change)) {
        let (ours, theirs) = (
            state_of(&states_of_mine, change.after.position),
            state_of(&states_of_theirs, change.before.position),
        );
        planned.change(change, ours, theirs);
    }
    for name in &added {
        planned.create(name, state_of(&states_of_mine, name.position));
    }
    for name in &removed {
        planned.remove(name, state_of(&states_of_theirs, name.position));
    }
    planned.finish(force)
}

struct Planned<'d> {
    now: &'d Snapshot,
    mine: &'d Document,
    known: bool,
    changes: Vec<Change>,
    /// Labels of what I and somebody else changed.
    collisions: Vec<String>,
    /// Why something can not be done.
    impossible: BTreeSet<String>,
}

impl Planned<'_> {
    fn change(&mut self, change: &EntityChange, ours: State, theirs: State) {
        if ours == State::Same {
            return;
        }
        if theirs != State::Same || ours == State::New {
            self.collisions.push(change.after.label.clone());
        }
        let Some(collection) = self.now.origin(change.before.position) else {
            return;
        };
        let does = |collection: usize| COLLECTIONS[collection].changes;
        if self.allowed(does(collection), collection, &change.after, "changed") {
            self.push(
                Verb::Change,
                collection,
                change.before.guid.clone(),
                &change.after,
            );
        }
    }

    fn create(&mut self, name: &EntityName, ours: State) {
        match ours {
            // Somebody else removed what I left alone.
            State::Same => return,
            State::Changed => self.collisions.push(name.label.clone()),
            State::New => {}
        }
        let home = self.now.home_of(&name.kind).or_else(|| of_kind(&name.kind));
        let Some(collection) = home else {
            let why = format!("there is no collection for {}", name.label);
            self.impossible.insert(why);
            return;
        };
        if self.allowed(COLLECTIONS[collection].creates, collection, name, "created") {
            self.push(Verb::Create, collection, None, name);
        }
    }

    fn remove(&mut self, name: &EntityName, theirs: State) {
        match theirs {
            // Somebody else created it, and I never saw it.
            State::New => return,
            State::Changed => self.collisions.push(name.label.clone()),
            State::Same => {}
        }
        let Some(collection) = self.now.origin(name.position) else {
            return;
        };
        if !self.allowed(COLLECTIONS[collection].removes, collection, name, "removed") {
            return;
        }
        let held = self.now.document().entity(name.position);
        let is_nobody = held.is_some_and(|user| {
            let named = "Name".parse().ok().and_then(|path| user.get(&path));
            user.kind() == "User" && named.is_some_and(|value| value.reveal().trim() == NOBODY)
        });
        if is_nobody {
            let why = format!("the user {NOBODY} belongs to every unit and can not be removed");
            self.impossible.insert(why);
        } else if name.guid.is_none() {
            let why = format!("{} has no GUID by which it could be removed", name.label);
            self.impossible.insert(why);
        } else {
            self.push(Verb::Remove, collection, name.guid.clone(), name);
        }
    }

    /// Whether the collection does this. What follows from other values changes with them: without a known base, a
    /// difference there is nobody's change.
    fn allowed(&mut self, does: bool, collection: usize, name: &EntityName, what: &str) -> bool {
        if !does && self.known {
            let collection = COLLECTIONS[collection].name;
            let why = format!(
                "{} can not be {what}: {collection} does not take that",
                name.label
            );
            self.impossible.insert(why);
        }
        does
    }

    fn push(&mut self, verb: Verb, collection: usize, guid: Option<String>, name: &EntityName) {
        self.changes.push(Change {
            verb,
            collection,
            guid,
            label: name.label.clone(),
            position: name.position,
        });
    }

    fn finish(mut self, force: bool) -> Result<Vec<Change>> {
        if !self.collisions.is_empty() && !force {
            return Err(ErrorKind::EntityConflict {
                unit_revision: self.now.revision().to_owned(),
                entities: list(&self.collisions),
            }
            .into());
        }
        if !self.impossible.is_empty() {
            let why: Vec<String> = self.impossible.into_iter().collect();
            let why = format!(
                "the Management API can not do this, and nothing was written: {}",
                list(&why)
            );
            return Err(ErrorKind::Unsupported(why).into());
        }
        let removed: Vec<String> = self
            .changes
            .iter()
            .filter(|change| change.verb == Verb::Remove)
            .map(|change| change.label.clone())
            .collect();
        if !self.known && !force && !removed.is_empty() {
            let why = format!(
                "the unit has what the file has not, and nobody knows whether the file was made from this unit: {} would \
                 be removed. Receive again and make the changes on top, name the base revision (--base), or say that \
                 they are to go (--force)",
                list(&removed)
            );
            return Err(ErrorKind::Usage(why).into());
        }
        debug_assert!(
            self.changes
                .iter()
                .all(|change| change.verb == Verb::Remove || self.mine.entity(change.position).is_some()),
            "a change without its entity"
        );
        self.changes.sort_by_key(Change::rank);
        Ok(self.changes)
    }
}

/// A few of many, for a sentence.
fn list(labels: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = labels[..labels.len().min(SHOWN)].join(", ");
    match labels.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Which entities of `after` are not as they are in `base`.
fn states(base: &Document, after: &Document) -> Result<BTreeMap<usize, State>> {
    let Comparison::Entities { added, changed, .. } = compare(base, after) else {
        return Err(no_document());
    };
    let new = added.iter().map(|name| (name.position, State::New));
    let changed = changed
        .iter()
        .filter(|change| differs(change))
        .map(|change| (change.after.position, State::Changed));
    Ok(new.chain(changed).collect())
}

/// Whether two documents say the same.
pub(super) fn is_same(one: &Document, other: &Document) -> bool {
    match compare(one, other) {
        Comparison::Entities {
            added,
            removed,
            changed,
            ..
        } => added.is_empty() && removed.is_empty() && !changed.iter().any(differs),
        Comparison::Opaque { .. } => false,
    }
}

/// A GUID alone is no value: the unit gives one to what was created without.
pub(super) fn differs(change: &EntityChange) -> bool {
    change
        .fields
        .iter()
        .any(|field| field.path.to_string() != "@GUID")
}

fn no_document() -> crate::Error {
    let why =
        "this is no configuration that can be taken apart into entities, as the Management API wants it";
    ErrorKind::Usage(why.into()).into()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
