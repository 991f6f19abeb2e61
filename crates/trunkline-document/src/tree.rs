//! The index over the source text: where each element begins and ends. The text itself is never copied or rebuilt.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attribute;

/// Where one element stands in the source text. Elements are kept in document order, so that a subtree is a run of
/// nodes and a child list needs no allocation of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Offset of the `<` of the start tag.
    pub(crate) start: u32,
    /// End of the name, which begins at `start + 1`.
    pub(crate) name_end: u32,
    /// Offset after the `>` of the start tag.
    pub(crate) open_end: u32,
    /// Offset of the `<` of the end tag; equal to `open_end` for a self-closing element.
    pub(crate) close_start: u32,
    /// Offset after the last `>` of the element.
    pub(crate) end: u32,
    /// This element's part of [`Tree::attributes`].
    pub(crate) attributes: Range<u32>,
    /// Index after the last node of this subtree.
    pub(crate) next: u32,
}

/// Where one attribute stands in the source text; the value is without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttributeSpan {
    pub(crate) name: Range<u32>,
    pub(crate) value: Range<u32>,
}

/// All elements of a document. Node 0 is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) attributes: Vec<AttributeSpan>,
}

/// One stretch of the text directly inside an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Character data with entity references, as written.
    Text(&'a str),
    /// The inside of a CDATA section.
    CData(&'a str),
    /// A comment or a processing instruction, with its marks.
    Other(&'a str),
}

impl Tree {
    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// The child elements of `index`, in document order.
    pub(crate) fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.nodes[index].next as usize;
        let first = (index + 1 < end).then_some(index + 1);
        std::iter::successors(first, move |&child| {
            let next = self.nodes[child].next as usize;
            (next < end).then_some(next)
        })
    }

    pub(crate) fn has_children(&self, index: usize) -> bool {
        self.nodes[index].next as usize > index + 1
    }

    pub(crate) fn name<'t>(&self, text: &'t str, index: usize) -> &'t str {
        let node = &self.nodes[index];
        slice(text, node.start + 1..node.name_end)
    }

    /// The element with its tags, as written.
    pub(crate) fn source<'t>(&self, text: &'t str, index: usize) -> &'t str {
        let node = &self.nodes[index];
        slice(text, node.start..node.end)
    }

    /// The attributes of an element with their values unescaped.
    pub(crate) fn attributes_of<'t>(
        &self,
        text: &'t str,
        index: usize,
    ) -> impl Iterator<Item = (&'t str, Cow<'t, str>)> {
        self.spans_of(index).iter().map(move |span| {
            (
                slice(text, span.name.clone()),
                attribute_value(slice(text, span.value.clone())),
            )
        })
    }

    pub(crate) fn spans_of(&self, index: usize) -> &[AttributeSpan] {
        let range = &self.nodes[index].attributes;
        &self.attributes[range.start as usize..range.end as usize]
    }

    pub(crate) fn attribute<'t>(&self, text: &'t str, index: usize, name: &str) -> Option<Cow<'t, str>> {
        self.attributes_of(text, index)
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// The text directly inside an element, unescaped, without that of its children.
    pub(crate) fn text_of<'t>(&self, text: &'t str, index: usize) -> Cow<'t, str> {
        let node = &self.nodes[index];
        if !self.has_children(index) {
            return inner_text(slice(text, node.open_end..node.close_start));
        }
        let mut joined = String::new();
        let mut from = node.open_end;
        for child in self.children(index) {
            let child = &self.nodes[child];
            joined.push_str(&inner_text(slice(text, from..child.start)));
            from = child.end;
        }
        joined.push_str(&inner_text(slice(text, from..node.close_start)));
        Cow::Owned(joined)
    }

    /// Moves every offset at or behind `from` by the difference between two lengths, after a replacement in the text.
    pub(crate) fn shift(&mut self, from: u32, old_len: usize, new_len: usize) {
        let shifted = |offset: &mut u32| {
            if *offset >= from {
                *offset = offset
                    .wrapping_add(offset_of(new_len))
                    .wrapping_sub(offset_of(old_len));
            }
        };
        for node in &mut self.nodes {
            for offset in [
                &mut node.start,
                &mut node.name_end,
                &mut node.open_end,
                &mut node.close_start,
                &mut node.end,
            ] {
                shifted(offset);
            }
        }
        for span in &mut self.attributes {
            for offset in [
                &mut span.name.start,
                &mut span.name.end,
                &mut span.value.start,
                &mut span.value.end,
            ] {
                shifted(offset);
            }
        }
    }
}

pub(crate) fn slice(text: &str, range: Range<u32>) -> &str {
    &text[range.start as usize..range.end as usize]
}

/// An offset into a text whose size [`crate::MAX_BYTES`] has bounded before.
pub(crate) fn offset_of(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Splits what stands between two tags. The text was parsed before, so that every mark is known to be closed.
pub(crate) fn pieces(mut rest: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, len) = next_piece(rest);
        rest = &rest[len..];
        Some(piece)
    })
}

fn next_piece(rest: &str) -> (Piece<'_>, usize) {
    let inside = |open: &str, close: &str| {
        let body = rest.strip_prefix(open)?;
        let end = body.find(close)?;
        Some((&body[..end], open.len() + end + close.len()))
    };
    if let Some((body, len)) = inside("<![CDATA[", "]]>") {
        (Piece::CData(body), len)
    } else if let Some((_, len)) = inside("<!--", "-->").or_else(|| inside("<?", "?>")) {
        (Piece::Other(&rest[..len]), len)
    } else {
        let len = rest
            .bytes()
            .skip(1)
            .position(|byte| byte == b'<')
            .map_or(rest.len(), |at| at + 1);
        (Piece::Text(&rest[..len]), len)
    }
}

fn inner_text(raw: &str) -> Cow<'_, str> {
    if !raw.contains('<') {
        return unescaped(raw);
    }
    let mut joined = String::new();
    for piece in pieces(raw) {
        match piece {
            Piece::Text(text) => joined.push_str(&unescaped(text)),
            Piece::CData(text) => joined.push_str(&normal_line_ends(text)),
            Piece::Other(_) => {}
        }
    }
    Cow::Owned(joined)
}

/// Line ends become LF before references are resolved, so that a CR written as `&#13;` stays one (XML 1.0, 2.11).
fn unescaped(raw: &str) -> Cow<'_, str> {
    match normal_line_ends(raw) {
        Cow::Borrowed(text) => quick_xml::escape::unescape(text).unwrap_or(Cow::Borrowed(text)),
        Cow::Owned(text) => match quick_xml::escape::unescape(&text) {
            Ok(Cow::Owned(resolved)) => Cow::Owned(resolved),
            _ => Cow::Owned(text),
        },
    }
}

fn normal_line_ends(raw: &str) -> Cow<'_, str> {
    if raw.contains('\r') {
        Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(raw)
    }
}

fn attribute_value(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['&', '\r', '\n', '\t']) {
        return Cow::Borrowed(raw);
    }
    let attribute = Attribute {
        key: quick_xml::name::QName(""),
        value: Cow::Borrowed(raw),
    };
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .unwrap_or(Cow::Borrowed(raw))
}
