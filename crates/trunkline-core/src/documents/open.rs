//! One open configuration: what was received, what it is now, and the steps between.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use trunkline_document::{Document, Entity, Field, FieldPath, FieldType, field_type, problems};

use super::view::{
    Change, ChangeMark, DocumentInfo, DocumentState, EntityKind, EntityReference, EntityRow, EntityTable,
    EntityView, FieldKind, FieldView, Problem, SearchHit,
};
use super::{columns, comparison, references, search};
use crate::unit_ref::UnitRef;
use crate::{ContentHash, ErrorKind, Result};

/// Most steps that can be taken back.
const STEPS: usize = 1_000;

/// What is to be opened.
#[derive(Debug)]
pub struct NewDocument {
    /// The content, as it came.
    pub document: Document,
    /// The unit's name, or the file's.
    pub name: String,
    /// Where it is sent to.
    pub unit: UnitRef,
    /// The revision that it is, where that is known.
    pub revision: Option<String>,
    /// The largest that the unit takes, in bytes, where it said so.
    pub limit_bytes: Option<u64>,
    /// When it was received, where it was.
    pub received_at: Option<Timestamp>,
}

/// A configuration that is open.
pub struct OpenDocument {
    id: String,
    name: String,
    unit: UnitRef,
    revision: Option<String>,
    limit_bytes: Option<u64>,
    received_at: Option<Timestamp>,
    base: Document,
    pub(super) now: Document,
    done: Vec<Edit>,
    undone: Vec<Edit>,
    changes: Vec<Change>,
    problems: Vec<Problem>,
    /// What was saved to a file last.
    saved: Option<ContentHash>,
}

/// One step. The values can be secrets, so that it does not print itself.
struct Edit {
    position: usize,
    path: FieldPath,
    before: String,
    after: String,
}

impl fmt::Debug for OpenDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDocument")
            .field("id", &self.id)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

impl OpenDocument {
    pub(super) fn new(id: String, new: NewDocument) -> Self {
        let NewDocument {
            document,
            name,
            unit,
            revision,
            limit_bytes,
            received_at,
        } = new;
        let (done, undone, changes) = (Vec::new(), Vec::new(), Vec::new());
        let (base, now, problems) = (document.clone(), document, Vec::new());
        let mut open = Self {
            id,
            name,
            unit,
            revision,
            limit_bytes,
            received_at,
            base,
            now,
            done,
            undone,
            changes,
            problems,
            saved: None,
        };
        open.look();
        open
    }

    /// How it stands, in full.
    pub fn info(&self) -> DocumentInfo {
        DocumentInfo {
            id: self.id.clone(),
            name: self.name.clone(),
            unit: self.unit.clone(),
            revision: self.revision.clone(),
            bytes: self.now.as_bytes().len(),
            limit_bytes: self.limit_bytes,
            received_at: self.received_at,
            opaque: self.now.opaque_reason().is_some(),
            state: self.state(),
        }
    }

    /// How it stands, in numbers.
    pub fn state(&self) -> DocumentState {
        DocumentState {
            changes: self.changes.len(),
            problems: self.problems.len(),
            can_undo: !self.done.is_empty(),
            can_redo: !self.undone.is_empty(),
            unsaved: self.is_unsaved(),
        }
    }

    /// Whether there are changes that were neither sent nor saved.
    pub fn is_unsaved(&self) -> bool {
        !self.changes.is_empty() && self.saved != Some(ContentHash::of(self.content()))
    }

    /// Content of this hash is in a file.
    pub fn saved(&mut self, content: ContentHash) {
        self.saved = Some(content);
    }

    /// The content as it is now, to be saved or sent.
    pub fn content(&self) -> &[u8] {
        self.now.as_bytes()
    }

    /// The revision that the changes are based on.
    pub fn revision(&self) -> Option<&str> {
        self.revision.as_deref()
    }

    /// The kinds of entities, in the order in which they first appear.
    pub fn kinds(&self) -> Vec<EntityKind> {
        let mut kinds: Vec<EntityKind> = Vec::new();
        let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
        let changed = self.changed_entities();
        for entity in self.now.entities() {
            let place = *places.entry(entity.kind()).or_insert_with(|| {
                kinds.push(EntityKind {
                    kind: entity.kind().into_owned(),
                    count: 0,
                    changes: 0,
                    problems: 0,
                });
                kinds.len() - 1
            });
            kinds[place].count += 1;
            kinds[place].changes += usize::from(changed.contains(columns::id(entity.position()).as_str()));
        }
        for problem in &self.problems {
            if let Some(&place) = places.get(problem.entity.kind.as_str()) {
                kinds[place].problems += 1;
            }
        }
        kinds
    }

    /// The entities of one kind.
    pub fn table(&self, kind: &str) -> EntityTable {
        let entities: Vec<_> = self
            .now
            .entities()
            .filter(|entity| entity.kind() == kind)
            .collect();
        let columns = columns::of(kind, &entities);
        let paths: Vec<FieldPath> = columns.iter().filter_map(|path| path.parse().ok()).collect();
        let changed = self.changed_entities();
        let mut first_problem: HashMap<&str, &str> = HashMap::new();
        for problem in &self.problems {
            first_problem
                .entry(&problem.entity.id)
                .or_insert(&problem.message);
        }
        let cell = |entity: &Entity<'_>, path| {
            let value = entity.get(path).filter(|value| !value.is_secret());
            value
                .map(|value| columns::in_words(kind, path, value.reveal()))
                .unwrap_or_default()
        };
        let row = |entity: &Entity<'_>| {
            let id = columns::id(entity.position());
            EntityRow {
                cells: paths.iter().map(|path| cell(entity, path)).collect(),
                mark: if changed.contains(id.as_str()) {
                    ChangeMark::Changed
                } else {
                    ChangeMark::None
                },
                problem: first_problem
                    .get(id.as_str())
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                id,
            }
        };
        EntityTable {
            rows: entities.iter().map(row).collect(),
            columns,
        }
    }

    /// One entity in full, secrets left out.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`].
    pub fn entity(&self, id: &str) -> Result<EntityView> {
        let entity = self.find(id)?;
        let (label, name) = columns::names(&entity);
        let before = self.base.entity(entity.position());
        let wrong: HashMap<&str, &str> = self
            .problems
            .iter()
            .filter(|problem| problem.entity.id == id)
            .rev()
            .map(|problem| (problem.path.as_str(), problem.message.as_str()))
            .collect();
        let fields = entity.fields();
        let shown = fields.iter().filter(|field| !columns::is_noise(field));
        Ok(EntityView {
            id: id.to_owned(),
            kind: entity.kind().into_owned(),
            label,
            name,
            guid: entity.guid().unwrap_or_default().into_owned(),
            fields: shown
                .map(|field| view_field(&entity, before.as_ref(), field, &wrong))
                .collect(),
            used_by: references::used_by(&self.now, &entity),
        })
    }

    /// Gives a field another value.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Usage`] where there is no such field, it can not be changed, or can not
    /// hold this. The document is then as it was.
    pub fn set(&mut self, id: &str, path: &str, value: &str) -> Result<DocumentState> {
        let entity = self.find(id)?;
        let path: FieldPath = path.parse().map_err(usage)?;
        let kind = entity.kind();
        let before = entity
            .get(&path)
            .ok_or_else(|| usage(format!("{} has no field {path}", entity.label())))?;
        if is_read_only(&kind, &path) {
            return Err(usage(format!("{path} is told by the unit and can not be changed")).into());
        }
        let value = match field_type(&kind, &path) {
            Some(FieldType::Switch) => switch_in_the_words_of(before.reveal(), value),
            _ => value.to_owned(),
        };
        let (position, before) = (entity.position(), before.reveal().to_owned());
        if self.now.set(position, &path, &value).map_err(usage)? {
            self.done.push(Edit {
                position,
                path,
                before,
                after: value,
            });
            if self.done.len() > STEPS {
                self.done.remove(0);
            }
            self.undone.clear();
            self.look();
        }
        Ok(self.state())
    }

    /// Takes the last change back, where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where the document does not take the value any more.
    pub fn undo(&mut self) -> Result<DocumentState> {
        if let Some(edit) = self.done.pop() {
            self.now
                .set(edit.position, &edit.path, &edit.before)
                .map_err(usage)?;
            self.undone.push(edit);
            self.look();
        }
        Ok(self.state())
    }

    /// Makes the change again that was taken back last, where there is one.
    ///
    /// # Errors
    /// As [`OpenDocument::undo`].
    pub fn redo(&mut self) -> Result<DocumentState> {
        if let Some(edit) = self.undone.pop() {
            self.now
                .set(edit.position, &edit.path, &edit.after)
                .map_err(usage)?;
            self.done.push(edit);
            self.look();
        }
        Ok(self.state())
    }

    /// What differs from what was received, or was last sent.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What is certainly wrong.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Where this text stands; secrets are neither searched nor shown.
    pub fn search(&self, text: &str) -> Vec<SearchHit> {
        search::search(&self.now, text)
    }

    /// One value in the open, secret or not, since somebody asked to see it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] and [`ErrorKind::Usage`].
    pub fn reveal(&self, id: &str, path: &str) -> Result<SecretString> {
        let entity = self.find(id)?;
        let path: FieldPath = path.parse().map_err(usage)?;
        let value = entity
            .get(&path)
            .ok_or_else(|| usage(format!("{} has no field {path}", entity.label())))?;
        Ok(value.reveal().into())
    }

    /// What was sent is what the unit has from now on: changes begin anew from here. What was changed while it was on
    /// its way stays a change.
    pub fn sent(&mut self, content: Vec<u8>, revision: &str) {
        self.base = Document::load(content);
        self.revision = Some(revision.to_owned());
        if self.base.as_bytes() == self.now.as_bytes() {
            self.done.clear();
            self.undone.clear();
        }
        self.look();
    }

    /// What the unit holds now becomes what the changes are based on, and `now` is both together. The steps on the way
    /// there can not be taken back any more: they were made in another document.
    pub fn rebase(&mut self, base: Document, now: Document, revision: &str) {
        self.base = base;
        self.now = now;
        self.revision = Some(revision.to_owned());
        self.done.clear();
        self.undone.clear();
        self.look();
    }

    /// The largest that the unit takes, in bytes, where it said so.
    pub(super) fn limit_bytes(&self) -> Option<u64> {
        self.limit_bytes
    }

    /// SHA-256 of what the changes are counted from.
    pub fn base_sha256(&self) -> ContentHash {
        ContentHash::of(self.base.as_bytes())
    }

    fn find(&self, id: &str) -> Result<Entity<'_>> {
        let found = columns::position(id).and_then(|position| self.now.entity(position));
        found.ok_or_else(|| ErrorKind::NotFound("this entry is not in the configuration".into()).into())
    }

    fn changed_entities(&self) -> HashSet<&str> {
        self.changes
            .iter()
            .map(|change| change.entity.id.as_str())
            .collect()
    }

    /// Compares and checks once after each change, so that looking is quick.
    fn look(&mut self) {
        self.changes = comparison::changes(&self.base, &self.now);
        self.problems = problems(&self.now)
            .into_iter()
            .map(|problem| Problem {
                entity: problem
                    .position
                    .and_then(|position| self.now.entity(position))
                    .map_or_else(EntityReference::default, |entity| columns::reference(&entity)),
                path: problem.path.map(|path| path.to_string()).unwrap_or_default(),
                message: problem.message,
            })
            .collect();
    }
}

fn view_field(
    entity: &Entity<'_>,
    before: Option<&Entity<'_>>,
    field: &Field,
    wrong: &HashMap<&str, &str>,
) -> FieldView {
    let (kind, path) = (entity.kind(), field.path.to_string());
    let original = before.and_then(|before| before.get(&field.path));
    let original = original.as_ref().map(trunkline_document::Value::reveal);
    let value = field.value.reveal();
    let known = field_type(&kind, &field.path);
    let show = |text: &str| match known {
        _ if field.value.is_secret() => String::new(),
        Some(FieldType::Switch) => switch(text).map_or_else(|| text.to_owned(), |on| on.to_string()),
        _ => text.to_owned(),
    };
    let choices = match known {
        Some(FieldType::Choice(choices)) => {
            let mut list: Vec<_> = choices
                .iter()
                .map(|c| (c.value.to_owned(), c.name.to_owned()))
                .collect();
            // A unit of a newer release may have a value that nobody has named: it must not get lost.
            if !list.iter().any(|(known, _)| known == value) {
                list.push((value.to_owned(), value.to_owned()));
            }
            list
        }
        _ => Vec::new(),
    };
    FieldView {
        kind: match known {
            _ if field.value.is_secret() => FieldKind::Secret,
            _ if is_read_only(&kind, &field.path) => FieldKind::ReadOnly,
            Some(FieldType::Switch) if value.trim().is_empty() || switch(value).is_some() => {
                FieldKind::Switch
            }
            Some(FieldType::Number { .. }) => FieldKind::Number,
            Some(FieldType::Choice(_)) => FieldKind::Choice,
            _ => FieldKind::Text,
        },
        value: show(value),
        original: show(original.unwrap_or_default()),
        changed: original != Some(value),
        is_set: !value.is_empty(),
        choices,
        bounds: match known {
            Some(FieldType::Number { min, max, .. }) => Some((min, max)),
            _ => None,
        },
        problem: wrong.get(path.as_str()).copied().unwrap_or_default().to_owned(),
        path,
    }
}

/// What the unit tells of itself, and what keeps entities apart.
fn is_read_only(kind: &str, path: &FieldPath) -> bool {
    path.is_attribute()
        || kind == "License"
        || matches!(path.name(), "Etag" | "Last-Modified")
        || (kind == "System" && matches!(path.name(), "MajorVersion" | "MinorVersion" | "BuildVersion"))
}

fn switch(text: &str) -> Option<bool> {
    FieldType::Switch.in_words(text).map(|word| word == "on")
}

/// Units write switches in several ways; a change keeps the way of this one.
fn switch_in_the_words_of(before: &str, value: &str) -> String {
    let Some(on) = switch(value) else {
        return value.to_owned();
    };
    let (yes, no) = match before.trim().to_ascii_lowercase().as_str() {
        "1" | "0" => ("1", "0"),
        "yes" | "no" => ("yes", "no"),
        "on" | "off" => ("on", "off"),
        _ => ("true", "false"),
    };
    if switch(before) == Some(on) {
        before.to_owned()
    } else {
        (if on { yes } else { no }).to_owned()
    }
}

fn usage(error: impl fmt::Display) -> ErrorKind {
    ErrorKind::Usage(error.to_string())
}
