//! From bytes to the index of elements, within stated bounds and without expanding anything.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use crate::tree::{AttributeSpan, Node, Tree, offset_of};

/// Largest document that is read as XML, in bytes (64 MiB). Anything larger is kept as opaque bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Deepest nesting of elements that is read, the root counted as 1.
pub const MAX_DEPTH: usize = 64;

/// Most elements and attributes, counted together, that are read. Bounds the index to about 130 MB.
pub const MAX_NODES: usize = 4_000_000;

/// Most attributes of one element: the check for doubled names compares each with all others.
const MAX_ATTRIBUTES: usize = 256;

const BOM: &str = "\u{FEFF}";

/// Why bytes are kept as they are instead of being read as a document.
///
/// No variant quotes values from the document, since a stray `&` or `<` in a password is what makes many of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpaqueReason {
    /// Larger than [`MAX_BYTES`].
    #[error(
        "the object has {bytes} bytes; Trunkline shows the inside of objects of at most {MAX_BYTES} bytes"
    )]
    TooLarge {
        /// Size of the object in bytes.
        bytes: usize,
    },
    /// The bytes do not begin like XML.
    #[error("the object is not XML")]
    NotXml,
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8: byte {offset}, counted from 0, can not be read")]
    NotUtf8 {
        /// Offset of the first bad byte, counted from 0.
        offset: usize,
    },
    /// The XML declaration names an encoding other than UTF-8.
    #[error("the XML declaration names another encoding than UTF-8; save the file as UTF-8 to open it")]
    OtherEncoding,
    /// The root element is neither `data` nor `security` (protocol.md, section 5).
    #[error("the outermost element is neither `data` (a configuration) nor `security` (security settings)")]
    OtherRoot,
    /// A document type definition, which is where entity expansion attacks live.
    #[error("line {line}, column {column}: a document type definition (DOCTYPE) is not accepted")]
    Doctype {
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
    },
    /// Deeper than [`MAX_DEPTH`].
    #[error("line {line}, column {column}: elements are nested more than {MAX_DEPTH} deep")]
    TooDeep {
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
    },
    /// More than [`MAX_NODES`], or more than 256 attributes of one element.
    #[error(
        "line {line}, column {column}: there are more than {MAX_NODES} elements and attributes, or more than \
         {MAX_ATTRIBUTES} attributes of one element"
    )]
    TooMany {
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
    },
    /// Not well-formed XML.
    #[error("line {line}, column {column}: {what}")]
    Malformed {
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
        /// What is wrong there, in plain words.
        what: &'static str,
    },
}

/// What is wrong, before its place is turned into a line and a column.
enum Fault {
    Doctype,
    TooDeep,
    TooMany,
    OtherEncoding,
    Malformed(&'static str),
}

/// Reads the whole text. The root element's name is not judged here.
pub(crate) fn parse(text: &str) -> Result<Tree, OpaqueReason> {
    let body = text.strip_prefix(BOM).unwrap_or(text);
    if !body.trim_start().starts_with('<') {
        return Err(OpaqueReason::NotXml);
    }
    let mut index = Indexing {
        text,
        base: text.len() - body.len(),
        tree: Tree::default(),
        open: Vec::new(),
    };
    index
        .read_all(body)
        .map_err(|(fault, offset)| reason(text, &fault, offset))?;
    Ok(index.tree)
}

struct Indexing<'t> {
    text: &'t str,
    /// Length of the byte order mark: positions are counted from behind it, offsets from the very beginning.
    base: usize,
    tree: Tree,
    open: Vec<usize>,
}

impl Indexing<'_> {
    fn read_all(&mut self, body: &str) -> Result<(), (Fault, usize)> {
        let mut reader = Reader::from_str(body);
        let base = self.base;
        let position = |at: u64| base + usize::try_from(at).unwrap_or(body.len());
        loop {
            let from = position(reader.buffer_position());
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    return Err((
                        Fault::Malformed(meaning(&error)),
                        position(reader.error_position()),
                    ));
                }
            };
            let to = position(reader.buffer_position());
            if matches!(event, Event::Eof) {
                break;
            }
            self.take(&event, from, to).map_err(|fault| (fault, from))?;
        }
        let end = self.text.len();
        match self.open.last() {
            Some(&node) => Err((
                Fault::Malformed("this element is not closed: the document breaks off"),
                self.tree.node(node).start as usize,
            )),
            None if self.tree.nodes.is_empty() => Err((Fault::Malformed("there is no element"), end)),
            None => Ok(()),
        }
    }

    fn take(&mut self, event: &Event<'_>, from: usize, to: usize) -> Result<(), Fault> {
        match event {
            Event::Start(tag) => {
                self.start(tag, from, to)?;
                self.open.push(self.tree.nodes.len() - 1);
                Ok(())
            }
            Event::Empty(tag) => self.start(tag, from, to),
            Event::End(_) => {
                // The reader has matched the names, so that something is open here.
                let next = offset_of(self.tree.nodes.len());
                if let Some(node) = self.open.pop().and_then(|open| self.tree.nodes.get_mut(open)) {
                    (node.close_start, node.end, node.next) = (offset_of(from), offset_of(to), next);
                }
                Ok(())
            }
            Event::Text(text) if self.open.is_empty() && !text.trim().is_empty() => outside(),
            Event::CData(_) | Event::GeneralRef(_) if self.open.is_empty() => outside(),
            Event::GeneralRef(reference) => known(reference),
            Event::Decl(declaration) => utf8(declaration),
            Event::DocType(_) => Err(Fault::Doctype),
            Event::Text(_) | Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, from: usize, to: usize) -> Result<(), Fault> {
        if self.open.is_empty() && !self.tree.nodes.is_empty() {
            return Err(Fault::Malformed("there is a second outermost element"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        let name = tag.name();
        if !is_name(name.as_ref()) {
            return Err(Fault::Malformed(
                "this is not the name of an element; a `<` in a value is written &lt;",
            ));
        }
        let first = self.tree.attributes.len();
        self.attributes(tag)?;
        if self.tree.nodes.len() + self.tree.attributes.len() >= MAX_NODES {
            return Err(Fault::TooMany);
        }
        self.tree.nodes.push(Node {
            start: offset_of(from),
            name_end: offset_of(from + 1 + name.as_ref().len()),
            open_end: offset_of(to),
            close_start: offset_of(to),
            end: offset_of(to),
            attributes: offset_of(first)..offset_of(self.tree.attributes.len()),
            next: offset_of(self.tree.nodes.len() + 1),
        });
        Ok(())
    }

    fn attributes(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        for (count, attribute) in tag.attributes().enumerate() {
            let attribute = attribute.map_err(|_| Fault::Malformed(BAD_ATTRIBUTE))?;
            let name = attribute.key.as_ref();
            if !is_name(name) {
                return Err(Fault::Malformed(BAD_ATTRIBUTE));
            }
            if attribute.normalized_value(XmlVersion::Implicit1_0).is_err() {
                return Err(Fault::Malformed(BAD_REFERENCE));
            }
            if count >= MAX_ATTRIBUTES || self.tree.attributes.len() >= MAX_NODES {
                return Err(Fault::TooMany);
            }
            let (name, value) = (self.span(name), self.span(&attribute.value));
            self.tree.attributes.push(AttributeSpan { name, value });
        }
        Ok(())
    }

    /// Where a part of the text stands in it. The reader lends its events from the text itself.
    fn span(&self, part: &str) -> std::ops::Range<u32> {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        debug_assert!(
            self.text.get(start..start.wrapping_add(part.len())) == Some(part),
            "not lent from the text"
        );
        offset_of(start)..offset_of(start + part.len())
    }
}

const BAD_ATTRIBUTE: &str =
    "an attribute of this element can not be read; it is written name=\"value\", and once only";
const BAD_REFERENCE: &str = "an unknown reference; a `&` in a value is written &amp;";

fn outside() -> Result<(), Fault> {
    Err(Fault::Malformed("there is text outside of the outermost element"))
}

/// Only the five entities of XML itself and character references exist without a DTD.
fn known(reference: &BytesRef<'_>) -> Result<(), Fault> {
    let known = match reference.resolve_char_ref() {
        Ok(Some(_)) => true,
        Ok(None) => matches!(&**reference, "lt" | "gt" | "amp" | "apos" | "quot"),
        Err(_) => false,
    };
    if known {
        Ok(())
    } else {
        Err(Fault::Malformed(BAD_REFERENCE))
    }
}

fn utf8(declaration: &BytesDecl<'_>) -> Result<(), Fault> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8") => Ok(()),
        Some(_) => Err(Fault::OtherEncoding),
    }
}

/// A little wider than XML's own rule, but without any character that has a meaning in a field's path.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | ':'))
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.' | '\u{B7}'))
}

fn meaning(error: &Error) -> &'static str {
    match error {
        Error::Syntax(_) => "the markup that begins here is not closed",
        Error::IllFormed(IllFormedError::UnclosedReference) | Error::Escape(_) => BAD_REFERENCE,
        Error::IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
            "this end tag closes an element that is not open"
        }
        Error::IllFormed(IllFormedError::MismatchedEndTag { .. }) => {
            "this end tag closes another element than the one that is open"
        }
        Error::IllFormed(_) => "the markup is not well-formed",
        Error::InvalidAttr(_) => BAD_ATTRIBUTE,
        _ => "this can not be read",
    }
}

fn reason(text: &str, fault: &Fault, offset: usize) -> OpaqueReason {
    let before = text.get(..offset).unwrap_or(text);
    let before = before.strip_prefix(BOM).unwrap_or(before);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    match *fault {
        Fault::Doctype => OpaqueReason::Doctype { line, column },
        Fault::TooDeep => OpaqueReason::TooDeep { line, column },
        Fault::TooMany => OpaqueReason::TooMany { line, column },
        Fault::OtherEncoding => OpaqueReason::OtherEncoding,
        Fault::Malformed(what) => OpaqueReason::Malformed { line, column, what },
    }
}
