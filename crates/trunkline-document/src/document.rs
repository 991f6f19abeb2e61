//! A configuration or security settings object, kept byte for byte, with its entities found in it.

use std::fmt;

use crate::entity::Entity;
use crate::parse::{MAX_BYTES, OpaqueReason, parse};
use crate::tree::Tree;

/// The element that wraps an entity in a configuration.
pub(crate) const ENVELOPE: &str = "ws_object";

/// A unit's configuration or security settings (protocol.md, section 5).
///
/// Loading never fails and loses nothing: what can not be read as a document is kept as opaque bytes, with the reason.
/// Saving an untouched document gives the loaded bytes back, with byte order mark, comments, layout, quoting and line
/// ends; [`Document::set`] changes the bytes of the one value and no others.
///
/// ```
/// use trunkline_document::Document;
/// let mut document = Document::load(b"<data><ws_object><User GUID='1'><Name>Sales1</Name></User></ws_object></data>".to_vec());
/// document.set(0, &"Name".parse()?, "Zoë & co")?;
/// assert_eq!(document.as_bytes(), "<data><ws_object><User GUID='1'><Name>Zoë &amp; co</Name></User></ws_object></data>".as_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    pub(crate) body: Body,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Read(Xml),
    Opaque { bytes: Vec<u8>, reason: OpaqueReason },
}

/// The source text and what was found in it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Xml {
    pub(crate) text: String,
    pub(crate) tree: Tree,
    /// The nodes that are entities, in document order.
    pub(crate) entities: Vec<usize>,
    kind: DocumentKind,
}

/// What an object turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// Root element `data`.
    Configuration,
    /// Root element `security` (`project`).
    Security,
    /// Not read; [`Document::opaque_reason`] says why.
    Opaque,
}

impl Document {
    /// Takes an object as it came from a unit or a file. Use [`Document::opaque_reason`] to learn whether it was read.
    ///
    /// Reading is bounded by [`MAX_BYTES`], [`crate::MAX_DEPTH`] and [`crate::MAX_NODES`]; nothing is expanded.
    pub fn load(bytes: Vec<u8>) -> Self {
        if bytes.len() > MAX_BYTES {
            let reason = OpaqueReason::TooLarge { bytes: bytes.len() };
            return Self {
                body: Body::Opaque { bytes, reason },
            };
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let looks_like_text =
                    bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"\xEF\xBB\xBF");
                let reason = if looks_like_text {
                    OpaqueReason::NotUtf8 { offset }
                } else {
                    OpaqueReason::NotXml
                };
                return Self {
                    body: Body::Opaque { bytes, reason },
                };
            }
        };
        match Xml::read(text) {
            Ok(xml) => Self {
                body: Body::Read(xml),
            },
            Err((text, reason)) => Self {
                body: Body::Opaque {
                    bytes: text.into_bytes(),
                    reason,
                },
            },
        }
    }

    /// The bytes to save or send.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.body {
            Body::Read(xml) => xml.text.as_bytes(),
            Body::Opaque { bytes, .. } => bytes,
        }
    }

    /// The bytes to save or send, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        match self.body {
            Body::Read(xml) => xml.text.into_bytes(),
            Body::Opaque { bytes, .. } => bytes,
        }
    }

    /// What the object turned out to be.
    pub fn kind(&self) -> DocumentKind {
        self.xml().map_or(DocumentKind::Opaque, |xml| xml.kind)
    }

    /// Why the object is kept as opaque bytes; `None` for one that was read.
    pub fn opaque_reason(&self) -> Option<&OpaqueReason> {
        match &self.body {
            Body::Read(_) => None,
            Body::Opaque { reason, .. } => Some(reason),
        }
    }

    /// The entities in document order; none in an opaque object.
    pub fn entities(&self) -> impl Iterator<Item = Entity<'_>> {
        (0..self.entity_count()).filter_map(|position| self.entity(position))
    }

    /// How many entities there are.
    pub fn entity_count(&self) -> usize {
        self.xml().map_or(0, |xml| xml.entities.len())
    }

    /// The entity at a position, counted from 0 in document order. Positions stay valid until an entity is added or
    /// removed.
    pub fn entity(&self, position: usize) -> Option<Entity<'_>> {
        let xml = self.xml()?;
        let node = *xml.entities.get(position)?;
        Some(Entity { xml, node, position })
    }

    /// The first entity of a kind with a GUID, compared as [`crate::Entity::guid_key`] does.
    pub fn find(&self, kind: &str, guid: &str) -> Option<Entity<'_>> {
        let wanted = crate::entity::guid_key(guid);
        self.entities()
            .find(|entity| entity.kind() == kind && entity.guid_key() == wanted && wanted.is_some())
    }

    pub(crate) fn xml(&self) -> Option<&Xml> {
        match &self.body {
            Body::Read(xml) => Some(xml),
            Body::Opaque { .. } => None,
        }
    }
}

impl fmt::Debug for Document {
    /// Says what it is, never what is in it: a configuration holds passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("kind", &self.kind())
            .field("bytes", &self.as_bytes().len())
            .field("entities", &self.entity_count())
            .field("opaque_reason", &self.opaque_reason())
            .finish()
    }
}

impl Xml {
    /// Reads a text; gives it back, with the reason, when it is no document.
    pub(crate) fn read(text: String) -> Result<Self, (String, OpaqueReason)> {
        if text.len() > MAX_BYTES {
            let bytes = text.len();
            return Err((text, OpaqueReason::TooLarge { bytes }));
        }
        let tree = match parse(&text) {
            Ok(tree) => tree,
            Err(reason) => return Err((text, reason)),
        };
        let kind = match tree.name(&text, 0) {
            "data" => DocumentKind::Configuration,
            "security" => DocumentKind::Security,
            _ => return Err((text, OpaqueReason::OtherRoot)),
        };
        let entities = entities(&tree, &text);
        Ok(Self {
            text,
            tree,
            entities,
            kind,
        })
    }
}

/// Each child of the root is an entity, or an envelope around entities.
///
/// The vendor's Management API writes `<ws_object><User GUID="…">…</User></ws_object>`. Where `ws_object` has a GUID of its
/// own, or holds several plain values, it is itself the entity.
fn entities(tree: &Tree, text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for child in tree.children(0) {
        if is_wrapper(tree, text, child) {
            found.extend(tree.children(child));
        } else {
            found.push(child);
        }
    }
    found
}

fn is_wrapper(tree: &Tree, text: &str, node: usize) -> bool {
    let has_guid = |node| crate::entity::guid_of(tree, text, node).is_some();
    if tree.name(text, node) != ENVELOPE || !tree.has_children(node) || has_guid(node) {
        return false;
    }
    tree.children(node).count() == 1 || tree.children(node).all(has_guid)
}
