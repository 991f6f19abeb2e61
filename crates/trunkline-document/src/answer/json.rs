//! JSON answers of the Management API, made into the XML that they stand for.
//!
//! A key that begins with `@` is an attribute, a list is the same element several times, everything else is an element.
//! It is written while it is read: a document of JSON is never in memory as a tree.

use std::fmt;

use super::AnswerError;
use crate::parse::MAX_DEPTH;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Keys that hold the text of an element which has attributes too; which one a unit uses is not documented.
const TEXT_KEYS: [&str; 2] = ["#text", "$"];
/// The outermost element of every answer.
const ROOT: &str = "response";

/// Makes XML of JSON, of at most `limit` bytes.
///
/// # Errors
/// [`AnswerError::Json`], with the place and without a word of what stands there.
pub(super) fn to_xml(json: &[u8], limit: usize) -> Result<String, AnswerError> {
    let mut out = Out {
        text: String::with_capacity(json.len().min(limit)),
        limit,
    };
    let mut from = serde_json::Deserializer::from_slice(json);
    Root { out: &mut out }
        .deserialize(&mut from)
        .and_then(|()| from.end())
        .map_err(|error| AnswerError::Json {
            line: error.line(),
            column: error.column(),
        })?;
    Ok(out.text)
}

struct Out {
    text: String,
    limit: usize,
}

impl Out {
    fn push<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        if self.text.len() + text.len() > self.limit {
            return Err(E::custom("too large"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn escaped<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        for c in text.chars() {
            match c {
                '&' => self.push("&amp;"),
                '<' => self.push("&lt;"),
                '>' => self.push("&gt;"),
                '"' => self.push("&quot;"),
                '\t' => self.push("&#9;"),
                '\n' => self.push("&#10;"),
                '\r' => self.push("&#13;"),
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => Err(E::custom("no character of XML")),
                other => self.push(other.encode_utf8(&mut [0; 4])),
            }?;
        }
        Ok(())
    }
}

/// The outermost object: `{"response": {…}}`, or the inside of it alone.
struct Root<'o> {
    out: &'o mut Out,
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = map.next_key::<String>()?;
        let named = first.as_deref() == Some(ROOT);
        let element = Element {
            out: self.out,
            name: ROOT,
            depth: 1,
        };
        if !named {
            return element.object(first, map);
        }
        map.next_value_seed(element)?;
        match map.next_key::<String>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom("more than a response")),
        }
    }
}

/// One value, written as the element `name`; a list is written as several.
struct Element<'o, 'n> {
    out: &'o mut Out,
    name: &'n str,
    depth: usize,
}

impl Element<'_, '_> {
    fn scalar<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.out.push("<")?;
        self.out.push(self.name)?;
        self.out.push(">")?;
        self.out.escaped(value)?;
        self.close()
    }

    fn close<E: serde::de::Error>(self) -> Result<(), E> {
        self.out.push("</")?;
        self.out.push(self.name)?;
        self.out.push(">")
    }

    /// Attributes may come after children: they are gathered beside, and put into the start tag at the end.
    fn object<'de, A: MapAccess<'de>>(self, first: Option<String>, mut map: A) -> Result<(), A::Error> {
        self.out.push("<")?;
        self.out.push(self.name)?;
        let tag_end = self.out.text.len();
        self.out.push(">")?;
        let mut attributes = Out {
            text: String::new(),
            limit: self.out.limit,
        };
        let mut next = match first {
            Some(first) => Some(first),
            None => map.next_key()?,
        };
        while let Some(key) = next {
            if let Some(name) = key.strip_prefix('@') {
                check_name(name)?;
                map.next_value_seed(Attribute {
                    out: &mut attributes,
                    name,
                })?;
            } else if TEXT_KEYS.contains(&key.as_str()) {
                map.next_value_seed(Text { out: &mut *self.out })?;
            } else {
                check_name(&key)?;
                if self.depth >= MAX_DEPTH {
                    return Err(A::Error::custom("too deep"));
                }
                map.next_value_seed(Element {
                    out: &mut *self.out,
                    name: &key,
                    depth: self.depth + 1,
                })?;
            }
            next = map.next_key()?;
        }
        if self.out.text.len() + attributes.text.len() > self.out.limit {
            return Err(A::Error::custom("too large"));
        }
        if !attributes.text.is_empty() {
            self.out.text.insert_str(tag_end, &attributes.text);
        }
        self.close()
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($self:ident => $write:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }

        fn visit_str<E: serde::de::Error>($self, value: &str) -> Result<(), E> {
            $write(value)
        }

        fn visit_bool<E: serde::de::Error>($self, value: bool) -> Result<(), E> {
            $write(if value { "true" } else { "false" })
        }

        fn visit_i64<E: serde::de::Error>($self, value: i64) -> Result<(), E> {
            $write(&value.to_string())
        }

        fn visit_u64<E: serde::de::Error>($self, value: u64) -> Result<(), E> {
            $write(&value.to_string())
        }

        fn visit_f64<E: serde::de::Error>($self, value: f64) -> Result<(), E> {
            $write(&value.to_string())
        }

        fn visit_unit<E: serde::de::Error>($self) -> Result<(), E> {
            $write("")
        }
    };
}

impl<'de> Visitor<'de> for Element<'_, '_> {
    type Value = ();

    scalars!(self => |value: &str| self.scalar(value));

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.object(None, map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        // A list in a list would be the same elements again: it counts as one level.
        if self.depth >= MAX_DEPTH {
            return Err(A::Error::custom("too deep"));
        }
        while list
            .next_element_seed(Element {
                out: &mut *self.out,
                name: self.name,
                depth: self.depth + 1,
            })?
            .is_some()
        {}
        Ok(())
    }
}

/// A value in a start tag.
struct Attribute<'o, 'n> {
    out: &'o mut Out,
    name: &'n str,
}

impl Attribute<'_, '_> {
    fn write<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.out.push(" ")?;
        self.out.push(self.name)?;
        self.out.push("=\"")?;
        self.out.escaped(value)?;
        self.out.push("\"")
    }
}

impl<'de> DeserializeSeed<'de> for Attribute<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Visitor<'_> for Attribute<'_, '_> {
    type Value = ();

    scalars!(self => |value: &str| self.write(value));
}

/// The text of an element that has attributes or children besides.
struct Text<'o> {
    out: &'o mut Out,
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = ();

    scalars!(self => |value: &str| self.out.escaped(value));
}

/// What would be markup, or nothing at all, is no name. The XML that is made is read with stricter rules.
fn check_name<E: serde::de::Error>(name: &str) -> Result<(), E> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.');
    if !name.is_empty() && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(E::custom("no name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expect: &str) {
        assert_eq!(to_xml(json.as_bytes(), 10_000).unwrap(), expect, "{json}");
    }

    #[test]
    fn attributes_lists_and_values_become_what_they_stand_for() {
        check(
            r#"{"response":{"@status":"1","data":{"@totalRecords":2,"ws_object":[{"User":{"@GUID":"A1","Name":"Zoë & \"co\"","VoicemailOn":true,"Priority":5,"Locale":null}},{"User":{"@GUID":"A2"}}]}}}"#,
            "<response status=\"1\"><data totalRecords=\"2\"><ws_object><User GUID=\"A1\"><Name>Zoë &amp; &quot;co&quot;</Name>\
             <VoicemailOn>true</VoicemailOn><Priority>5</Priority><Locale></Locale></User></ws_object><ws_object>\
             <User GUID=\"A2\"></User></ws_object></data></response>",
        );
        check(
            r#"{"response":{"data":{"ws_object":{"User":{"Name":"only one"}}},"@status":"1"}}"#,
            "<response status=\"1\"><data><ws_object><User><Name>only one</Name></User></ws_object></data></response>",
        );
        check(
            r#" {"@status":1,"REBOOT":""} "#,
            "<response status=\"1\"><REBOOT></REBOOT></response>",
        );
        check(
            r##"{"response":{"Key":[{"@id":-1,"#text":"a"},{"@id":1.5,"$":2}],"none":[]}}"##,
            "<response><Key id=\"-1\">a</Key><Key id=\"1.5\">2</Key></response>",
        );
        check(
            r#"{"response":{"a":"\t\r\n<]]>"}}"#,
            "<response><a>&#9;&#13;&#10;&lt;]]&gt;</a></response>",
        );
        check("{}", "<response></response>");
    }

    #[test]
    fn hostile_json_is_refused_and_not_quoted() {
        let deep = |count: usize| {
            format!(
                r#"{{"response":{}"geheim"{}}}"#,
                r#"{"a":"#.repeat(count),
                "}".repeat(count)
            )
        };
        let lists = format!(
            r#"{{"response":{{"a":{}"geheim"{}}}}}"#,
            "[".repeat(70),
            "]".repeat(70)
        );
        assert!(to_xml(deep(63).as_bytes(), 10_000).is_ok());
        let (deep_64, deep_200) = (deep(64), deep(200));
        for json in [
            "",
            "[]",
            "1",
            r#"{"response":{"a":"geheim"#,
            r#"{"response":{"a":"geheim"}} geheim"#,
            r#"{"response":{},"geheim":1}"#,
            r#"{"response":{"a b":"geheim"}}"#,
            r#"{"response":{"a><b":"geheim"}}"#,
            r#"{"response":{"":"geheim"}}"#,
            r#"{"response":{"@":"geheim"}}"#,
            r#"{"response":{"@a":{"b":"geheim"}}}"#,
            r##"{"response":{"#text":["geheim"]}}"##,
            r#"{"response":{"a":"geheim\u0000"}}"#,
            r#"{"response":{"a":"geheim\uffff"}}"#,
            &deep_64,
            &deep_200,
            &lists,
        ] {
            let error = to_xml(json.as_bytes(), 10_000).unwrap_err();
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
        assert!(to_xml(b"{\"response\":{\"a\":\"\xff\"}}", 10_000).is_err());
    }

    #[test]
    fn what_would_grow_over_the_limit_is_refused_on_the_way() {
        let json = format!(r#"{{"response":{{"a":"{}"}}}}"#, "<".repeat(1000));
        let xml = to_xml(json.as_bytes(), 10_000).unwrap();
        assert_eq!(xml.len(), "<response><a></a></response>".len() + 4 * 1000);
        assert!(to_xml(json.as_bytes(), xml.len()).is_ok());
        assert!(to_xml(json.as_bytes(), xml.len() - 1).is_err());
        let attributes = format!(r#"{{"response":{{"@a":"{}"}}}}"#, "x".repeat(100));
        assert!(to_xml(attributes.as_bytes(), 100).is_err());
    }
}
