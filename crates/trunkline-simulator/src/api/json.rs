//! The same tree as JSON: attributes as `@name`, elements of the same name as a list.

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// The text of an element that has attributes besides.
const TEXT: &str = "#text";
const MAX_DEPTH: usize = 64;

/// Writes XML of our own making as JSON; `None` for what is no XML.
pub(super) fn from_xml(xml: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<(String, Map<String, Value>, String)> = vec![Default::default()];
    loop {
        let event = reader.read_event().ok()?;
        match event {
            Event::Start(start) => open.push(begin(&start)?),
            Event::Empty(start) => {
                open.push(begin(&start)?);
                close(&mut open)?;
            }
            Event::End(_) => close(&mut open)?,
            Event::Text(text) => open.last_mut()?.2.push_str(&text),
            Event::CData(text) => open.last_mut()?.2.push_str(&text),
            Event::GeneralRef(reference) => {
                let text = &mut open.last_mut()?.2;
                match reference.resolve_char_ref().ok()? {
                    Some(character) => text.push(character),
                    None => text.push_str(resolve_predefined_entity(&reference)?),
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let (_, root, _) = open.pop().filter(|_| open.is_empty())?;
    serde_json::to_string(&root).ok()
}

fn begin(start: &BytesStart<'_>) -> Option<(String, Map<String, Value>, String)> {
    let mut fields = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = quick_xml::escape::unescape(&attribute.value).ok()?.into_owned();
        fields.insert(format!("@{}", attribute.key.as_ref()), value.into());
    }
    Some((start.name().as_ref().to_owned(), fields, String::new()))
}

fn close(open: &mut Vec<(String, Map<String, Value>, String)>) -> Option<()> {
    let (name, mut fields, text) = open.pop()?;
    let value = if fields.is_empty() {
        match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => text.into(),
        }
    } else {
        if !text.trim().is_empty() {
            fields.insert(TEXT.to_owned(), text.into());
        }
        Value::Object(fields)
    };
    let (_, parent, _) = open.last_mut()?;
    match parent.get_mut(&name) {
        None => {
            parent.insert(name, value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
    Some(())
}

/// Reads the JSON of a client as the XML that it stands for; `None` for what is none.
pub(super) fn to_xml(json: &[u8]) -> Option<String> {
    let Value::Object(root) = serde_json::from_slice(json).ok()? else {
        return None;
    };
    let mut xml = String::new();
    for (name, value) in &root {
        element(name, value, 1, &mut xml)?;
    }
    Some(xml)
}

fn element(name: &str, value: &Value, depth: usize, xml: &mut String) -> Option<()> {
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if !is_name || depth > MAX_DEPTH {
        return None;
    }
    if let Value::Array(list) = value {
        return list
            .iter()
            .try_for_each(|value| element(name, value, depth + 1, xml));
    }
    xml.extend(["<", name]);
    let mut inside = String::new();
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let Some(attribute) = key.strip_prefix('@') {
                    xml.extend([" ", attribute, "=\"", &escape(&plain(value)?), "\""]);
                } else if key == TEXT {
                    inside.push_str(&escape(&plain(value)?));
                } else {
                    element(key, value, depth + 1, &mut inside)?;
                }
            }
        }
        other => inside.push_str(&escape(&plain(other)?)),
    }
    xml.extend([">", &inside, "</", name, ">"]);
    Some(())
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tree_has_two_writings() {
        let check = |xml: &str, json: &str| {
            let written: Value = serde_json::from_str(&from_xml(xml).unwrap()).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(json).unwrap(), "{xml}");
            assert_eq!(to_xml(json.as_bytes()).as_deref(), Some(xml), "{json}");
        };
        check(
            "<response status=\"1\"><data><ws_object><User GUID=\"1\"><Name>A &amp; B</Name></User></ws_object></data></response>",
            r#"{"response":{"@status":"1","data":{"ws_object":{"User":{"@GUID":"1","Name":"A & B"}}}}}"#,
        );
        check(
            "<a><b>1</b><b>true</b><c></c></a>",
            r#"{"a":{"b":["1",true],"c":""}}"#,
        );
        check(
            "<a><b id=\"1\">x</b></a>",
            r##"{"a":{"b":{"@id":"1","#text":"x"}}}"##,
        );
        assert_eq!(
            from_xml("<a>&#65;<![CDATA[<]]></a>").as_deref(),
            Some(r#"{"a":"A<"}"#)
        );
    }

    #[test]
    fn what_is_neither_is_refused() {
        for json in ["", "[]", "{\"a b\":1}", "{\"a\":{\"@b\":[]}}", "{\"a\":"] {
            assert_eq!(to_xml(json.as_bytes()), None, "{json}");
        }
        for xml in ["<a>", "<a></b>", "<a>&x;</a>"] {
            assert_eq!(from_xml(xml), None, "{xml}");
        }
    }
}
