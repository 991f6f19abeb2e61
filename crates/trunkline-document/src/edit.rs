//! Changes to the text: one value, or one entity, and nothing else.

use std::ops::Range;

use crate::document::{Body, Document, ENVELOPE, Xml};
use crate::parse::{MAX_BYTES, OpaqueReason};
use crate::path::FieldPath;
use crate::tree::{AttributeSpan, Piece, offset_of, pieces, slice};

/// Why a document was left as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The object was not read.
    #[error("this object can not be edited: {0}")]
    Opaque(OpaqueReason),
    /// No entity at this position.
    #[error("there is no entity number {position} (counted from 0)")]
    NoEntity {
        /// The position asked for.
        position: usize,
    },
    /// No field at this path, or several.
    #[error("{entity} has no single field {path}; check the spelling against the fields it has")]
    NoField {
        /// The entity's label.
        entity: String,
        /// The path asked for.
        path: FieldPath,
    },
    /// The path leads to an element with other elements inside.
    #[error("{path} of {entity} holds other fields and has no value of its own; name one of those")]
    NotAValue {
        /// The entity's label.
        entity: String,
        /// The path asked for.
        path: FieldPath,
    },
    /// XML has no way to write this character (XML 1.0, 2.2).
    #[error(
        "the value of {path} has a control character (U+{code:04X}) that a configuration can not hold; remove it"
    )]
    Character {
        /// The path asked for.
        path: FieldPath,
        /// The character's code point.
        code: u32,
    },
    /// The result would be larger than [`MAX_BYTES`].
    #[error("the document would grow over {MAX_BYTES} bytes")]
    TooLarge,
    /// The text of a new entity is not exactly one entity.
    #[error("the new entity is not exactly one entity in XML")]
    NotAnEntity,
    /// The name of a new field is no plain element name.
    #[error("{name:?} can not be the name of a field")]
    NotAName {
        /// The name asked for.
        name: String,
    },
    /// The document can not take the new entity.
    #[error("the document can not take the new entity: {0}")]
    Refused(OpaqueReason),
}

impl Document {
    /// Gives an existing field another value, escaped as needed; says whether anything changed.
    ///
    /// Only the bytes of the value change. An element written `<Name/>` becomes `<Name>…</Name>`; a CDATA section stays
    /// one where the value allows; comments inside the element stay. Setting the value that is there changes nothing.
    ///
    /// # Errors
    /// [`EditError`]; the document is then as it was.
    pub fn set(&mut self, position: usize, path: &FieldPath, value: &str) -> Result<bool, EditError> {
        let entity = self.editable(position)?;
        let no_field = || EditError::NoField {
            entity: entity.label(),
            path: path.clone(),
        };
        let before = entity.get(path).ok_or_else(no_field)?;
        let node = entity.resolve(path).ok_or_else(no_field)?;
        if path.attribute.is_none() && entity.xml.tree.has_children(node) {
            return Err(EditError::NotAValue {
                entity: entity.label(),
                path: path.clone(),
            });
        }
        if before.reveal() == value {
            return Ok(false);
        }
        if let Some(bad) = value.chars().find(|&c| !is_xml(c)) {
            return Err(EditError::Character {
                path: path.clone(),
                code: bad.into(),
            });
        }
        let Body::Read(xml) = &mut self.body else {
            return Ok(false);
        };
        match &path.attribute {
            Some(name) => xml.set_attribute(node, name, value)?,
            None => xml.set_text(node, value)?,
        }
        Ok(true)
    }

    /// Takes an entity out, with its envelope if that holds nothing else and with the layout before it. Gives back its
    /// source text. Later entities move down one position.
    ///
    /// # Errors
    /// [`EditError::Opaque`] and [`EditError::NoEntity`].
    pub fn remove_entity(&mut self, position: usize) -> Result<String, EditError> {
        let entity = self.editable(position)?;
        let xml = entity.xml;
        let outer = xml.tree.node(xml.outermost(entity.node));
        let (start, end) = (outer.start as usize, outer.end as usize);
        let source = xml.text[start..end].to_owned();
        let from = xml.text[..start].trim_end().len();
        self.replace(from..end, "")?;
        Ok(source)
    }

    /// Puts an entity behind the last one, laid out like it, and gives its position. The text is one entity as it would
    /// stand in this document: `<ws_object><User GUID="…">…</User></ws_object>`.
    ///
    /// # Errors
    /// [`EditError::NotAnEntity`] for anything else than one entity; [`EditError::Opaque`] and [`EditError::Refused`].
    pub fn add_entity(&mut self, source: &str) -> Result<usize, EditError> {
        if let Some(reason) = self.opaque_reason() {
            return Err(EditError::Opaque(reason.clone()));
        }
        let source = source.trim();
        let alone = Document::load(format!("<data>{source}</data>").into_bytes());
        if alone.entity_count() != 1 || alone.xml().is_none_or(|xml| xml.tree.children(0).count() != 1) {
            return Err(EditError::NotAnEntity);
        }
        let Some(xml) = self.xml() else {
            return Err(EditError::NotAnEntity);
        };
        let root = xml.tree.node(0);
        let position = xml.entities.len();
        if let Some(last) = xml.tree.children(0).last() {
            let last = xml.tree.node(last);
            let before = &xml.text[..last.start as usize];
            let layout = before[before.trim_end().len()..].to_owned();
            let at = last.end as usize;
            self.replace(at..at, &format!("{layout}{source}"))?;
        } else if root.close_start == root.end {
            let name = xml.tree.name(&xml.text, 0).to_owned();
            let end = root.end as usize;
            self.replace(end - "/>".len()..end, &format!(">{source}</{name}>"))?;
        } else {
            let at = root.close_start as usize;
            self.replace(at..at, source)?;
        }
        Ok(position)
    }

    pub(crate) fn editable(&self, position: usize) -> Result<crate::Entity<'_>, EditError> {
        if let Some(reason) = self.opaque_reason() {
            return Err(EditError::Opaque(reason.clone()));
        }
        self.entity(position).ok_or(EditError::NoEntity { position })
    }

    /// Replaces a part and reads the whole text anew; what can not be read then is not done.
    pub(crate) fn replace(&mut self, range: Range<usize>, with: &str) -> Result<(), EditError> {
        let Some(xml) = self.xml() else { return Ok(()) };
        let text = [&xml.text[..range.start], with, &xml.text[range.end..]].concat();
        match Xml::read(text) {
            Ok(xml) => {
                self.body = Body::Read(xml);
                Ok(())
            }
            Err((_, reason)) => Err(EditError::Refused(reason)),
        }
    }
}

impl Xml {
    /// The entity itself, or the envelope that holds nothing else.
    pub(crate) fn outermost(&self, entity: usize) -> usize {
        let direct = self
            .tree
            .children(0)
            .take_while(|&child| child <= entity)
            .last()
            .unwrap_or(entity);
        let alone = direct != entity
            && self.tree.name(&self.text, direct) == ENVELOPE
            && self.tree.children(direct).count() == 1;
        if alone { direct } else { entity }
    }

    fn set_text(&mut self, index: usize, value: &str) -> Result<(), EditError> {
        let node = self.tree.node(index).clone();
        if node.close_start == node.end {
            let head = self.text[..node.end as usize - "/>".len()].trim_end().len();
            let name = self.tree.name(&self.text, index);
            let with = format!(">{}</{name}>", escaped_text(value));
            let close = "</>".len() + name.len();
            let end = head + with.len();
            self.splice(offset_of(head)..node.end, &with)?;
            let node = &mut self.tree.nodes[index];
            (node.open_end, node.close_start, node.end) =
                (offset_of(head + 1), offset_of(end - close), offset_of(end));
            return Ok(());
        }
        let with = replaced_content(slice(&self.text, node.open_end..node.close_start), value);
        self.splice(node.open_end..node.close_start, &with)?;
        self.tree.nodes[index].open_end = node.open_end;
        Ok(())
    }

    fn set_attribute(&mut self, index: usize, name: &str, value: &str) -> Result<(), EditError> {
        let first = self.tree.node(index).attributes.start as usize;
        let spans = self.tree.spans_of(index);
        let Some(at) = spans
            .iter()
            .position(|span| slice(&self.text, span.name.clone()) == name)
        else {
            return Ok(());
        };
        let AttributeSpan { value: range, .. } = spans[at].clone();
        self.splice(range.clone(), &escaped_attribute(value))?;
        self.tree.attributes[first + at].value.start = range.start;
        Ok(())
    }

    /// Replaces a part of the text and moves everything behind it. Offsets equal to the end of an empty part are taken
    /// as behind it; the callers put right the one that is not.
    fn splice(&mut self, range: Range<u32>, with: &str) -> Result<(), EditError> {
        let old = (range.end - range.start) as usize;
        if self.text.len() - old + with.len() > MAX_BYTES {
            return Err(EditError::TooLarge);
        }
        self.text
            .replace_range(range.start as usize..range.end as usize, with);
        self.tree.shift(range.end, old, with.len());
        Ok(())
    }
}

/// The content with its text replaced: the first stretch of text takes the value, the others go, comments stay.
pub(crate) fn replaced_content(content: &str, value: &str) -> String {
    let mut with = String::with_capacity(content.len() + value.len());
    let mut written = false;
    for piece in pieces(content) {
        match piece {
            Piece::Other(kept) => with.push_str(kept),
            Piece::Text(_) | Piece::CData(_) if written => {}
            Piece::CData(_) if !value.contains("]]>") && !value.contains('\r') => {
                with.extend(["<![CDATA[", value, "]]>"]);
                written = true;
            }
            Piece::Text(_) | Piece::CData(_) => {
                with.push_str(&escaped_text(value));
                written = true;
            }
        }
    }
    if !written {
        with.push_str(&escaped_text(value));
    }
    with
}

/// A bare CR would come back as LF, so it is written as a reference (XML 1.0, 2.11).
pub(crate) fn escaped_text(value: &str) -> String {
    escaped(value, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

/// White space would come back as plain spaces (XML 1.0, 3.3.3); either quote may surround the value.
pub(crate) fn escaped_attribute(value: &str) -> String {
    escaped(value, |c| match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&apos;"),
        '\t' => Some("&#9;"),
        '\n' => Some("&#10;"),
        '\r' => Some("&#13;"),
        _ => None,
    })
}

fn escaped(value: &str, reference: impl Fn(char) -> Option<&'static str>) -> String {
    // Made in one piece: growing would leave copies of a password behind.
    let length = value
        .chars()
        .map(|c| reference(c).map_or(c.len_utf8(), str::len))
        .sum();
    let mut text = String::with_capacity(length);
    for c in value.chars() {
        match reference(c) {
            Some(reference) => text.push_str(reference),
            None => text.push(c),
        }
    }
    text
}

/// XML 1.0, production 2. Surrogates are no `char`.
pub(crate) fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}
