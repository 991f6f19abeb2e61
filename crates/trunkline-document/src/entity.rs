//! One entity of a document: a user, a line, a licence.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use crate::document::{ENVELOPE, Xml};
use crate::path::{FieldPath, Selector, Step};
use crate::secret::{Value, is_secret};
use crate::tree::Tree;

/// Most characters in a label; what is longer ends in `…`.
const LABEL_CHARS: usize = 80;

/// Attributes that tell repeated children apart, the first that is there (`LAN id`, `DSSKey Key` are documented).
const KEY_ATTRIBUTES: [&str; 6] = ["id", "key", "guid", "name", "number", "index"];

/// Fields that identify an entity where it has no GUID, the first that has a value (protocol.md, section 5).
const NATURAL_KEYS: [&str; 8] = [
    "Name",
    "Extension",
    "Code",
    "LicenseKey",
    "DisplayName",
    "Id",
    "Number",
    "LineNumber",
];

/// One entity of a [`crate::Document`].
#[derive(Clone, Copy)]
pub struct Entity<'d> {
    pub(crate) xml: &'d Xml,
    pub(crate) node: usize,
    pub(crate) position: usize,
}

/// One value of an entity.
#[derive(Clone, Debug)]
pub struct Field {
    /// Where it stands in the entity.
    pub path: FieldPath,
    /// The value, unescaped, and masked when printed if it is a secret.
    pub value: Value,
}

impl<'d> Entity<'d> {
    /// Where the entity stands in the document, counted from 0.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The kind: `User`, `Line`, `ShortCode` or any other element name. A `ws_object` that is itself the entity takes
    /// its `type` attribute (`project`), and is a `ws_object` without one.
    pub fn kind(&self) -> Cow<'d, str> {
        let name = self.name();
        if name == ENVELOPE {
            let kind = self
                .attributes()
                .find(|(name, _)| name.eq_ignore_ascii_case("type"));
            if let Some((_, kind)) = kind.filter(|(_, kind)| !kind.is_empty()) {
                return kind;
            }
        }
        Cow::Borrowed(name)
    }

    /// The `GUID` attribute as written.
    pub fn guid(&self) -> Option<Cow<'d, str>> {
        guid_of(&self.xml.tree, &self.xml.text, self.node)
    }

    /// The GUID for comparing: upper case, without braces and hyphens; `None` where there is none.
    pub fn guid_key(&self) -> Option<String> {
        self.guid().and_then(|guid| guid_key(&guid))
    }

    /// A short name for people, on one line and without secrets: `User 201 Sales1`, `ShortCode *17`.
    pub fn label(&self) -> String {
        let kind = self.kind();
        let mut parts = vec![kind.to_string()];
        parts.extend(self.plain("Extension"));
        let name = NATURAL_KEYS
            .iter()
            .filter(|key| **key != "Extension")
            .find_map(|key| self.plain(key));
        parts.extend(name);
        if parts.len() == 1 {
            parts.extend(self.guid_key().map(|guid| guid.chars().take(8).collect()));
        }
        one_line(&parts.join(" "))
    }

    /// What identifies the entity among others of its kind when there is no GUID. `System` and `General` exist once.
    pub(crate) fn natural_key(&self) -> Option<String> {
        if matches!(&*self.kind(), "System" | "General") {
            return Some(String::new());
        }
        NATURAL_KEYS
            .iter()
            .find_map(|key| Some(format!("{key}={}", self.plain(key)?)))
    }

    /// Every value in document order: each element without children, the text of those that have both text and
    /// children, and each attribute that is not already a key in a path. The entity's GUID is not among them.
    pub fn fields(&self) -> Vec<Field> {
        let kind = self.kind();
        let mut collected = Vec::new();
        let mut collect = |path: FieldPath, text: Cow<'_, str>| {
            let value = Value::new(text.into_owned(), is_secret(&kind, &path));
            collected.push(Field { path, value });
        };
        for (name, value) in self.attributes() {
            if !name.eq_ignore_ascii_case("GUID") {
                collect(FieldPath::of_attribute(name), value);
            }
        }
        if self.holds_text() {
            collect(
                FieldPath::default(),
                self.xml.tree.text_of(&self.xml.text, self.node),
            );
        }
        let mut steps = Vec::new();
        self.walk(self.node, &mut steps, &mut collect);
        collected
    }

    /// The value at a path; `None` where there is no such field, or more than one.
    pub fn get(&self, path: &FieldPath) -> Option<Value> {
        let (tree, text) = (&self.xml.tree, self.xml.text.as_str());
        let node = self.resolve(path)?;
        let value = match &path.attribute {
            Some(name) => tree.attribute(text, node, name)?,
            None => tree.text_of(text, node),
        };
        Some(Value::new(value.into_owned(), is_secret(&self.kind(), path)))
    }

    /// The entity with its tags, as written in the document. Holds secrets.
    pub fn source(&self) -> &'d str {
        self.xml.tree.source(&self.xml.text, self.node)
    }

    /// The element that a path leads to.
    pub(crate) fn resolve(&self, path: &FieldPath) -> Option<usize> {
        path.steps
            .iter()
            .try_fold(self.node, |node, step| self.child(node, step))
    }

    /// The value of a direct child, if it has one that is no secret.
    pub(crate) fn plain(&self, name: &str) -> Option<String> {
        let path = FieldPath {
            steps: vec![Step {
                name: name.to_owned(),
                selector: None,
            }],
            attribute: None,
        };
        let value = self.get(&path).filter(|value| !value.is_secret())?;
        let text = value.reveal().trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn name(&self) -> &'d str {
        self.xml.tree.name(&self.xml.text, self.node)
    }

    fn attributes(&self) -> impl Iterator<Item = (&'d str, Cow<'d, str>)> {
        self.xml.tree.attributes_of(&self.xml.text, self.node)
    }

    fn holds_text(&self) -> bool {
        holds_text(self.xml, self.node)
    }

    /// The values of a direct or indirect child and of everything in it, by their paths in the entity. `steps` lead to
    /// the child's parent.
    pub(crate) fn fields_of(&self, child: usize, selector: Option<Selector>, steps: &[Step]) -> Vec<Field> {
        let kind = self.kind();
        let mut collected = Vec::new();
        let mut collect = |path: FieldPath, text: Cow<'_, str>| {
            let value = Value::new(text.into_owned(), is_secret(&kind, &path));
            collected.push(Field { path, value });
        };
        self.walk_child(child, selector, &mut steps.to_vec(), &mut collect);
        collected
    }

    fn walk(&self, node: usize, steps: &mut Vec<Step>, collect: &mut impl FnMut(FieldPath, Cow<'d, str>)) {
        for (child, selector) in selected(&self.xml.tree, self.xml.text.as_str(), node) {
            self.walk_child(child, selector, steps, collect);
        }
    }

    fn walk_child(
        &self,
        child: usize,
        selector: Option<Selector>,
        steps: &mut Vec<Step>,
        collect: &mut impl FnMut(FieldPath, Cow<'d, str>),
    ) {
        let (tree, text) = (&self.xml.tree, self.xml.text.as_str());
        let key = match &selector {
            Some(Selector::Key { attribute, .. }) => Some(attribute.clone()),
            _ => None,
        };
        steps.push(Step {
            name: tree.name(text, child).to_owned(),
            selector,
        });
        for (name, value) in tree.attributes_of(text, child) {
            if key.as_deref() != Some(name) {
                collect(
                    FieldPath {
                        steps: steps.clone(),
                        attribute: Some(name.to_owned()),
                    },
                    value,
                );
            }
        }
        if !tree.has_children(child) || holds_text(self.xml, child) {
            collect(
                FieldPath {
                    steps: steps.clone(),
                    attribute: None,
                },
                tree.text_of(text, child),
            );
        }
        self.walk(child, steps, collect);
        steps.pop();
    }

    pub(crate) fn child(&self, node: usize, step: &Step) -> Option<usize> {
        let (tree, text) = (&self.xml.tree, self.xml.text.as_str());
        let mut named = tree
            .children(node)
            .filter(|&child| tree.name(text, child) == step.name);
        match &step.selector {
            Some(Selector::Index(index)) => named.nth(index.checked_sub(1)?),
            Some(Selector::Key { attribute, value }) => only(named.filter(|&child| {
                tree.attribute(text, child, attribute)
                    .is_some_and(|v| v == *value)
            })),
            None => only(named),
        }
    }
}

impl fmt::Debug for Entity<'_> {
    /// The label only: an entity holds passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entity({:?})", self.label())
    }
}

pub(crate) fn guid_of<'t>(tree: &Tree, text: &'t str, node: usize) -> Option<Cow<'t, str>> {
    tree.attributes_of(text, node)
        .find(|(name, _)| name.eq_ignore_ascii_case("GUID"))
        .map(|(_, value)| value)
}

pub(crate) fn guid_key(guid: &str) -> Option<String> {
    let key: String = guid
        .trim()
        .chars()
        .filter(|c| !matches!(c, '-' | '{' | '}'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    (!key.is_empty()).then_some(key)
}

/// Text that counts as a value: the only content, or something else than layout between children.
pub(crate) fn holds_text(xml: &Xml, node: usize) -> bool {
    !xml.tree.text_of(&xml.text, node).trim().is_empty()
}

/// The children of a node, each with what tells it apart from its siblings of the same name.
pub(crate) fn selected(tree: &Tree, text: &str, node: usize) -> Vec<(usize, Option<Selector>)> {
    let children: Vec<usize> = tree.children(node).collect();
    let mut same_name: HashMap<&str, usize> = HashMap::new();
    let mut same_key: HashMap<(&str, &str, Cow<'_, str>), usize> = HashMap::new();
    for &child in &children {
        let name = tree.name(text, child);
        *same_name.entry(name).or_default() += 1;
        // Every key attribute counts, not only the one chosen here: a path is looked up by attribute and value alone.
        for (attribute, value) in tree.attributes_of(text, child).filter(|(name, _)| is_key(name)) {
            *same_key.entry((name, attribute, value)).or_default() += 1;
        }
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut selected = Vec::with_capacity(children.len());
    for child in children {
        let name = tree.name(text, child);
        let index = seen.entry(name).or_default();
        *index += 1;
        let selector = match key_attribute(tree, text, child) {
            Some((attribute, value)) if same_key.get(&(name, attribute, value.clone())) == Some(&1) => {
                Some(Selector::Key {
                    attribute: attribute.to_owned(),
                    value: value.into_owned(),
                })
            }
            _ if same_name.get(name) == Some(&1) => None,
            _ => Some(Selector::Index(*index)),
        };
        selected.push((child, selector));
    }
    selected
}

fn key_attribute<'t>(tree: &Tree, text: &'t str, node: usize) -> Option<(&'t str, Cow<'t, str>)> {
    KEY_ATTRIBUTES.iter().find_map(|key| {
        tree.attributes_of(text, node)
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
    })
}

fn is_key(attribute: &str) -> bool {
    KEY_ATTRIBUTES
        .iter()
        .any(|key| attribute.eq_ignore_ascii_case(key))
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Control characters would let a name move a terminal's cursor.
fn one_line(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().map(clean).take(LABEL_CHARS).collect();
    if text.chars().nth(LABEL_CHARS).is_some() {
        line.pop();
        line.push('…');
    }
    line
}
