//! Fields that come and go: a child element more or less in an entity, and nothing else.

use crate::document::Document;
use crate::edit::{EditError, escaped_text, is_xml};
use crate::entity::Entity;
use crate::path::FieldPath;

impl Document {
    /// Puts a child element `name` with a value behind the last child of an entity, laid out like it.
    ///
    /// # Errors
    /// [`EditError::Character`] for a value that XML can not hold, [`EditError::NotAName`], [`EditError::Opaque`],
    /// [`EditError::NoEntity`] and [`EditError::Refused`]; the document is then as it was.
    pub fn add_field(&mut self, position: usize, name: &str, value: &str) -> Result<(), EditError> {
        let entity = self.editable(position)?;
        let path = path_of(name)?;
        if let Some(bad) = value.chars().find(|&c| !is_xml(c)) {
            return Err(EditError::Character {
                path,
                code: bad.into(),
            });
        }
        let place = place_for_a_child(&entity);
        let element = format!("<{name}>{}</{name}>", escaped_text(value));
        let (at, with) = match place {
            Place::Behind { at, layout } => (at..at, format!("{layout}{element}")),
            Place::In { at } => (at..at, element),
            Place::Opened { slash, end, own_name } => (slash..end, format!(">{element}</{own_name}>")),
        };
        self.replace(at, &with)
    }

    /// Takes one child element out of an entity, with the layout before it.
    ///
    /// # Errors
    /// [`EditError::NoField`] where there is no single one, or the path is an attribute's.
    pub fn remove_field(&mut self, position: usize, path: &FieldPath) -> Result<(), EditError> {
        let entity = self.editable(position)?;
        let node = entity
            .resolve(path)
            .filter(|&node| node != entity.node && !path.is_attribute())
            .ok_or_else(|| EditError::NoField {
                entity: entity.label(),
                path: path.clone(),
            })?;
        let node = entity.xml.tree.node(node);
        let (start, end) = (node.start as usize, node.end as usize);
        let from = entity.xml.text[..start].trim_end().len();
        self.replace(from..end, "")
    }
}

/// Where the next child of an entity goes.
pub(crate) enum Place {
    /// Behind its last child, with this white space before it.
    Behind { at: usize, layout: String },
    /// Before its end tag.
    In { at: usize },
    /// Into an element that has no end tag yet.
    Opened {
        slash: usize,
        end: usize,
        own_name: String,
    },
}

pub(crate) fn place_for_a_child(entity: &Entity<'_>) -> Place {
    let (tree, text) = (&entity.xml.tree, entity.xml.text.as_str());
    let node = tree.node(entity.node);
    if let Some(last) = tree.children(entity.node).last() {
        let last = tree.node(last);
        let before = &text[..last.start as usize];
        return Place::Behind {
            at: last.end as usize,
            layout: before[before.trim_end().len()..].to_owned(),
        };
    }
    let end = node.end as usize;
    if node.close_start == node.end {
        return Place::Opened {
            slash: end - "/>".len(),
            end,
            own_name: tree.name(text, entity.node).to_owned(),
        };
    }
    Place::In {
        at: node.close_start as usize,
    }
}

/// A plain element name; the names of the documents are all of this kind.
fn path_of(name: &str) -> Result<FieldPath, EditError> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    name.parse()
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(|| EditError::NotAName {
            name: name.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(inside: &str) -> Document {
        Document::load(format!("<security>\n  <!-- kept -->\n  {inside}\n</security>\n").into_bytes())
    }

    #[track_caller]
    fn check(document: &Document, inside: &str) {
        assert_eq!(
            std::str::from_utf8(document.as_bytes()).unwrap(),
            format!("<security>\n  <!-- kept -->\n  {inside}\n</security>\n")
        );
    }

    #[test]
    fn a_field_comes_behind_the_last_one_laid_out_like_it() {
        for (before, after) in [
            (
                "<U>\n    <N>a</N>\n  </U>",
                "<U>\n    <N>a</N>\n    <G>x &lt; y</G>\n  </U>",
            ),
            ("<U><N>a</N></U>", "<U><N>a</N><G>x &lt; y</G></U>"),
            ("<U a='1' />", "<U a='1' ><G>x &lt; y</G></U>"),
            ("<U></U>", "<U><G>x &lt; y</G></U>"),
            ("<U>text</U>", "<U>text<G>x &lt; y</G></U>"),
        ] {
            let mut changed = document(before);
            changed.add_field(0, "G", "x < y").unwrap();
            check(&changed, after);
        }
    }

    #[test]
    fn a_field_goes_with_the_layout_before_it() {
        let mut changed = document("<U>\n    <N>a</N>\n    <G>1</G>\n    <G>2</G>\n  </U>");
        changed.remove_field(0, &"G[2]".parse().unwrap()).unwrap();
        check(&changed, "<U>\n    <N>a</N>\n    <G>1</G>\n  </U>");
        changed.remove_field(0, &"G".parse().unwrap()).unwrap();
        check(&changed, "<U>\n    <N>a</N>\n  </U>");
    }

    #[test]
    fn what_can_not_be_done_changes_nothing() {
        let inside = "<U a='1'><G>1</G><G>2</G></U>";
        let mut same = document(inside);
        for name in ["", "1a", "a b", "a>", "é", "x:y", "-"] {
            let error = same.add_field(0, name, "v").unwrap_err();
            assert_eq!(error, EditError::NotAName { name: name.into() });
        }
        assert!(matches!(
            same.add_field(0, "N", "a\u{1}"),
            Err(EditError::Character { code: 1, .. })
        ));
        assert_eq!(
            same.add_field(1, "N", "a"),
            Err(EditError::NoEntity { position: 1 })
        );
        for path in [".", "@a", "G", "N", "G[3]"] {
            assert!(
                matches!(
                    same.remove_field(0, &path.parse().unwrap()),
                    Err(EditError::NoField { .. })
                ),
                "{path}"
            );
        }
        check(&same, inside);
        let mut opaque = Document::load(b"no document".to_vec());
        assert!(matches!(opaque.add_field(0, "N", "a"), Err(EditError::Opaque(_))));
    }
}
