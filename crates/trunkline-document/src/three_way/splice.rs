//! Changes to the text of a document, all made at once: what is not changed keeps every byte.

use std::collections::HashMap;
use std::ops::Range;

use crate::document::{Document, ENVELOPE, Xml};
use crate::edit::{escaped_attribute, escaped_text, replaced_content};
use crate::entity::Entity;
use crate::tree::slice;

/// What makes mine out of theirs in one place. The values can be secrets, so that it does not print itself.
pub(super) enum Edit<'d> {
    /// Puts an entity of mine behind the last one.
    Add(Entity<'d>),
    /// Takes an entity of theirs out.
    Remove(Entity<'d>),
    /// Changes the entity of theirs at this position.
    Inside { position: usize, change: Change<'d> },
}

/// A change inside an entity. Nodes without an entity are of their document.
pub(super) enum Change<'d> {
    /// Gives an attribute a value, or takes it away.
    Attribute {
        node: usize,
        name: String,
        value: Option<String>,
    },
    /// Gives an element without children a text.
    Text { node: usize, value: String },
    /// Puts elements of mine in the place of theirs; where there are none of theirs, behind `after`, or first.
    Elements {
        parent: usize,
        old: Vec<usize>,
        after: Option<usize>,
        new: Vec<(Entity<'d>, usize)>,
    },
}

impl<'d> Edit<'d> {
    /// Puts an entity of mine in the place of theirs.
    pub(super) fn replace(theirs: &Entity<'d>, mine: Entity<'d>) -> Self {
        Self::Inside {
            position: theirs.position,
            change: Change::Elements {
                parent: theirs.node,
                old: vec![theirs.node],
                after: None,
                new: vec![(mine, mine.node)],
            },
        }
    }
}

/// What is to be replaced in a text.
pub(super) struct Splice<'d> {
    xml: &'d Xml,
    parts: Vec<(Range<usize>, String)>,
    /// Entities that go, by the child of the root that they are or stand in.
    removed: HashMap<usize, Vec<usize>>,
    added: String,
}

impl<'d> Splice<'d> {
    /// The text of their document after these changes; `None` where two of them are about the same bytes.
    pub(super) fn of<'e>(document: &'d Document, edits: impl Iterator<Item = &'e Edit<'d>>) -> Option<String>
    where
        'd: 'e,
    {
        let mut splice = Self {
            xml: document.xml()?,
            parts: Vec::new(),
            removed: HashMap::new(),
            added: String::new(),
        };
        let layout = splice.layout_of_entities().to_owned();
        for edit in edits {
            match edit {
                Edit::Add(entity) => splice.added.extend([layout.as_str(), &in_its_envelope(entity)]),
                Edit::Remove(entity) => {
                    let outer = splice.child_of_root(entity.node);
                    splice.removed.entry(outer).or_default().push(entity.node);
                }
                Edit::Inside { change, .. } => splice.change(change),
            }
        }
        splice.remove_entities();
        splice.add_entities();
        splice.finish()
    }

    fn change(&mut self, change: &Change<'d>) {
        match change {
            Change::Attribute { node, name, value } => self.attribute(*node, name, value.as_deref()),
            Change::Text { node, value } => self.text(*node, value),
            Change::Elements {
                parent,
                old,
                after,
                new,
            } => self.elements(*parent, old, *after, new),
        }
    }

    fn attribute(&mut self, node: usize, name: &str, value: Option<&str>) {
        let text = &self.xml.text;
        let spans = self.xml.tree.spans_of(node);
        let span = spans.iter().find(|span| slice(text, span.name.clone()) == name);
        match (span, value) {
            (Some(span), Some(value)) => {
                let range = span.value.start as usize..span.value.end as usize;
                self.parts.push((range, escaped_attribute(value)));
            }
            (Some(span), None) => {
                let start = text[..span.name.start as usize].trim_end().len();
                let end = span.value.end as usize + "'".len();
                self.parts.push((start..end, String::new()));
            }
            (None, Some(value)) => {
                let last = spans.last().map(|span| span.value.end as usize + "'".len());
                let at = last.unwrap_or(self.xml.tree.node(node).name_end as usize);
                let with = format!(" {name}=\"{}\"", escaped_attribute(value));
                self.parts.push((at..at, with));
            }
            (None, None) => {}
        }
    }

    fn text(&mut self, index: usize, value: &str) {
        let (text, node) = (&self.xml.text, self.xml.tree.node(index));
        if node.close_start == node.end {
            let end = node.end as usize;
            let head = text[..end - "/>".len()].trim_end().len();
            let name = self.xml.tree.name(text, index);
            let with = format!(">{}</{name}>", escaped_text(value));
            self.parts.push((head..end, with));
        } else {
            let range = node.open_end..node.close_start;
            let with = replaced_content(slice(text, range.clone()), value);
            self.parts.push((range.start as usize..range.end as usize, with));
        }
    }

    fn elements(&mut self, parent: usize, old: &[usize], after: Option<usize>, new: &[(Entity<'d>, usize)]) {
        let source = |(entity, node): &(Entity<'d>, usize)| entity.xml.tree.source(&entity.xml.text, *node);
        let with_layout = |(entity, node): &(Entity<'d>, usize)| {
            let before = &entity.xml.text[..entity.xml.tree.node(*node).start as usize];
            let layout = &before[before.trim_end().len()..];
            [layout, source(&(*entity, *node))].concat()
        };
        let Some((first, others)) = old.split_first() else {
            let at = match after {
                Some(sibling) => self.xml.tree.node(sibling).end,
                None => self.xml.tree.node(parent).open_end,
            };
            let at = at as usize;
            self.parts.push((at..at, new.iter().map(with_layout).collect()));
            return;
        };
        if let Some((new_first, new_others)) = new.split_first() {
            let node = self.xml.tree.node(*first);
            let mut with = source(new_first).to_owned();
            with.extend(new_others.iter().map(with_layout));
            self.parts.push((node.start as usize..node.end as usize, with));
        } else {
            self.remove(*first);
        }
        for other in others {
            self.remove(*other);
        }
    }

    /// Takes an element out, with the layout before it.
    fn remove(&mut self, index: usize) {
        let node = self.xml.tree.node(index);
        let start = self.xml.text[..node.start as usize].trim_end().len();
        self.parts.push((start..node.end as usize, String::new()));
    }

    /// An envelope goes with the last of what is in it.
    fn remove_entities(&mut self) {
        for (outer, entities) in std::mem::take(&mut self.removed) {
            if entities.len() == self.xml.tree.children(outer).count() && entities != [outer] {
                self.remove(outer);
            } else {
                for entity in entities {
                    self.remove(entity);
                }
            }
        }
    }

    fn add_entities(&mut self) {
        if self.added.is_empty() {
            return;
        }
        let added = std::mem::take(&mut self.added);
        let (root, text) = (self.xml.tree.node(0), &self.xml.text);
        if let Some(last) = self.xml.tree.children(0).last() {
            let at = self.xml.tree.node(last).end as usize;
            self.parts.push((at..at, added));
        } else if root.close_start == root.end {
            let (end, name) = (root.end as usize, self.xml.tree.name(text, 0));
            self.parts
                .push((end - "/>".len()..end, format!(">{added}</{name}>")));
        } else {
            let at = root.close_start as usize;
            self.parts.push((at..at, added));
        }
    }

    /// What stands before the last entity: line end and indentation, most of the time.
    fn layout_of_entities(&self) -> &'d str {
        let xml = self.xml;
        let Some(last) = xml.tree.children(0).last() else {
            return "";
        };
        let before = &xml.text[..xml.tree.node(last).start as usize];
        &before[before.trim_end().len()..]
    }

    fn child_of_root(&self, node: usize) -> usize {
        let children = self.xml.tree.children(0);
        children.take_while(|child| *child <= node).last().unwrap_or(node)
    }

    fn finish(mut self) -> Option<String> {
        self.parts.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut text, mut at) = (String::with_capacity(self.xml.text.len()), 0);
        for (range, with) in &self.parts {
            text.push_str(self.xml.text.get(at..range.start)?);
            text.push_str(with);
            at = range.end;
        }
        text.push_str(&self.xml.text[at..]);
        Some(text)
    }
}

/// As the entity stands in its document, where it does not share its envelope.
fn in_its_envelope(entity: &Entity<'_>) -> String {
    let xml = entity.xml;
    let outer = xml.outermost(entity.node);
    let shares = outer == entity.node && xml.tree.children(0).all(|child| child != entity.node);
    let source = xml.tree.source(&xml.text, outer);
    if shares {
        format!("<{ENVELOPE}>{source}</{ENVELOPE}>")
    } else {
        source.to_owned()
    }
}
