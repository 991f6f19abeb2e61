//! Whether what was sent is a document, and which parts of it changed; read as a stream, whatever its size.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use sha2::{Digest, Sha256};

/// The root element of a configuration.
pub(crate) const CONFIGURATION_ROOT: &str = "data";
/// The root element of security settings.
pub(crate) const SECURITY_ROOT: &str = "security";
/// Each entity of a configuration stands in one of these.
const WRAPPER: &str = "ws_object";
const MAX_DEPTH: usize = 64;
/// What changes by itself and means nothing.
const NOISE: [&str; 2] = ["Etag", "Last-Modified"];

/// Why something is not a document that a unit takes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotADocument(String);

/// Checks that `input` is one well-formed document with this root, and returns a fingerprint for each of `parts`
/// (such as `System` or `System/LANs`): equal fingerprints mean that nothing changed there.
///
/// # Errors
/// When it is not such a document.
pub(crate) fn inspect(
    input: impl BufRead,
    root: &str,
    parts: &[String],
) -> Result<Vec<[u8; 32]>, NotADocument> {
    let mut walk = Walk {
        root,
        parts: parts
            .iter()
            .map(|part| (part.split('/').collect(), Sha256::new()))
            .collect(),
        path: Vec::new(),
        seen_root: false,
        noise: None,
    };
    let mut reader = Reader::from_reader(input);
    reader.config_mut().enable_all_checks(true);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| not(&error))?;
        if !walk.event(event)? {
            break;
        }
    }
    if !walk.seen_root || !walk.path.is_empty() {
        return Err(not("the document is not complete"));
    }
    Ok(walk
        .parts
        .into_iter()
        .map(|(_, hash)| hash.finalize().into())
        .collect())
}

fn not(what: &(impl ToString + ?Sized)) -> NotADocument {
    NotADocument(what.to_string())
}

struct Walk<'a> {
    root: &'a str,
    parts: Vec<(Vec<&'a str>, Sha256)>,
    /// Names of the open elements.
    path: Vec<String>,
    seen_root: bool,
    /// How deep the open element of noise is.
    noise: Option<usize>,
}

impl Walk<'_> {
    /// `false` at the end.
    fn event(&mut self, event: Event<'_>) -> Result<bool, NotADocument> {
        match event {
            Event::Start(start) => self.open(&start)?,
            Event::Empty(start) => {
                self.open(&start)?;
                self.close();
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text)?,
            Event::CData(text) => self.character_data(&text)?,
            Event::GeneralRef(reference) => {
                let known = ["amp", "lt", "gt", "quot", "apos"].contains(&&*reference);
                if !known && !reference.is_char_ref() {
                    return Err(not("an entity is not known"));
                }
                if reference.is_char_ref() && !matches!(reference.resolve_char_ref(), Ok(Some(_))) {
                    return Err(not("a character does not exist"));
                }
                self.character_data(&format!("&{};", &*reference))?;
            }
            Event::DocType(_) => return Err(not("a document type definition is not taken")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), NotADocument> {
        let name = start.name();
        let name: &str = name.as_ref();
        if self.path.is_empty() {
            if self.seen_root || name != self.root {
                return Err(not("the root element is another one"));
            }
            self.seen_root = true;
        }
        if self.path.len() >= MAX_DEPTH {
            return Err(not("elements are nested too deep"));
        }
        for attribute in start.attributes() {
            attribute.map_err(|error| not(&error))?;
        }
        if self.noise.is_none() && NOISE.contains(&name) {
            self.noise = Some(self.path.len());
        }
        self.path.push(name.to_owned());
        self.hash(&format!("<{}>", &**start));
        Ok(())
    }

    fn close(&mut self) {
        self.hash("</>");
        self.path.pop();
        if self.noise == Some(self.path.len()) {
            self.noise = None;
        }
    }

    fn text(&mut self, text: &str) -> Result<(), NotADocument> {
        let text = text.trim();
        if text.is_empty() {
            Ok(())
        } else {
            self.character_data(text)
        }
    }

    fn character_data(&mut self, text: &str) -> Result<(), NotADocument> {
        if self.path.is_empty() {
            return Err(not("text stands outside the document"));
        }
        self.hash(text);
        Ok(())
    }

    fn hash(&mut self, text: &str) {
        if self.noise.is_some() {
            return;
        }
        let entity = self.path.get(1..).unwrap_or_default();
        let entity = match entity.first() {
            Some(first) if first == WRAPPER => &entity[1..],
            _ => entity,
        };
        for (part, hash) in &mut self.parts {
            if entity.len() >= part.len() && part.iter().zip(entity).all(|(a, b)| a == b) {
                hash.update(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect_text(text: &str, parts: &[&str]) -> Result<Vec<[u8; 32]>, NotADocument> {
        let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        inspect(text.as_bytes(), CONFIGURATION_ROOT, &parts)
    }

    #[test]
    fn what_is_not_one_whole_document_is_refused() {
        for good in [
            "<data/>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data><!-- x --><a b=\"c\">&amp;&#65;</a></data>\n",
        ] {
            assert_eq!(inspect_text(good, &[]), Ok(vec![]), "{good}");
        }
        let deep = format!("<data>{}{}</data>", "<a>".repeat(70), "</a>".repeat(70));
        for bad in [
            "",
            "no document",
            "<security/>",
            "<data>",
            "<data></dat>",
            "<data/><data/>",
            "<data/>x",
            "x<data/>",
            "<data><a></data></a>",
            "<data a=\"1\" a=\"2\"/>",
            "<data a=1/>",
            "<data>&unknown;</data>",
            "<data>&#xD800;</data>",
            "<data>a & b</data>",
            "<!DOCTYPE data><data/>",
            &deep,
        ] {
            assert!(inspect_text(bad, &[]).is_err(), "{bad}");
        }
        assert!(inspect(&b"<data>\xff</data>"[..], CONFIGURATION_ROOT, &[]).is_err());
    }

    #[test]
    fn a_change_shows_in_its_part_and_nowhere_else() {
        let document = |name: &str, lan: &str, user: &str, etag: &str| {
            format!(
                "<data>\n<ws_object><System GUID=\"1\"><Name>{name}</Name><LANs><LAN id=\"LAN1\">{lan}</LAN></LANs>\
                 <Etag>{etag}</Etag></System></ws_object><ws_object><User><Name>{user}</Name></User></ws_object></data>"
            )
        };
        let parts = ["System", "System/LANs", "User"];
        let before = inspect_text(&document("a", "b", "c", "1"), &parts).unwrap();
        let check = |text: String, expect: [bool; 3]| {
            let after = inspect_text(&text, &parts).unwrap();
            let changed: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a != b).collect();
            assert_eq!(changed, expect, "{text}");
        };
        check(document("a", "b", "c", "2"), [false; 3]);
        check(document("a", "b", "c", "1").replace("><", ">\n  <"), [false; 3]);
        check(document("x", "b", "c", "1"), [true, false, false]);
        check(document("a", "x", "c", "1"), [true, true, false]);
        check(document("a", "b", "x", "1"), [false, false, true]);
        check(
            document("a", "b", "c", "1").replace("LAN1", "LAN2"),
            [true, true, false],
        );
        check(document("&#65;", "b", "c", "1"), [true, false, false]);
    }
}
