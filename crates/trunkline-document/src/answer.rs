//! What the Management API answers: entities, or a refusal inside of HTTP's success.

mod json;

use std::ops::Range;

use crate::parse::{MAX_BYTES, OpaqueReason, parse};
use crate::tree::Tree;

/// Most characters of a unit's own words that are kept.
const WORDS: usize = 300;

/// One answer of the Management API (docs/protocol.md, section 7, `documented`).
///
/// `<response status="1"><data set="…" totalRecords="…"><ws_object>…` brings entities; `status="0"` with an error element
/// refuses; a `REBOOT` node outside of the entities says that a restart is needed. JSON is taken as the XML that it stands
/// for: attributes as `@name`, one object or a list of them. Reading is bounded as that of a
/// [`crate::Document`] is. The default is a success that brings nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answer {
    text: String,
    refusal: Option<Refusal>,
    objects: Vec<Range<usize>>,
    announced: Option<u64>,
    restart_needed: bool,
}

/// Why the unit refused, in its own words; on one line and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Such as `461:SessionTimeout`; empty where the unit gave none.
    pub code: String,
    /// The rest of what it said; may be empty.
    pub text: String,
}

/// Why something is not an answer of the Management API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not XML that is read here.
    #[error("{0}")]
    Unreadable(OpaqueReason),
    /// Not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// JSON that can not be read, is nested too deep or would be too large as XML.
    #[error("line {line}, column {column}: this JSON can not be read")]
    Json {
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
    },
    /// The root element is not `response`.
    #[error("the outermost element is not `response`")]
    OtherRoot,
    /// The status is neither 0 nor 1.
    #[error("the response has no status that is 0 or 1")]
    NoStatus,
}

impl Answer {
    /// Reads an answer as it came. Units send JSON and call it XML (`observed`), so that the first character decides.
    ///
    /// # Errors
    /// [`AnswerError`], which quotes nothing of the text.
    pub fn read(bytes: &[u8]) -> Result<Self, AnswerError> {
        if bytes.trim_ascii_start().starts_with(b"{") {
            return Self::read_xml(json::to_xml(bytes, MAX_BYTES)?);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| AnswerError::NotUtf8)?;
        if text.len() > MAX_BYTES {
            let reason = OpaqueReason::TooLarge { bytes: text.len() };
            return Err(AnswerError::Unreadable(reason));
        }
        Self::read_xml(text.to_owned())
    }

    fn read_xml(text: String) -> Result<Self, AnswerError> {
        let tree = parse(&text).map_err(AnswerError::Unreadable)?;
        if tree.name(&text, 0) != "response" {
            return Err(AnswerError::OtherRoot);
        }
        let status = tree.attribute(&text, 0, "status").unwrap_or_default();
        let mut outside = Outside::default();
        outside.children(&tree, &text, 0);
        for data in outside.data.clone() {
            outside.children(&tree, &text, data);
        }
        let refusal = match status.trim() {
            "1" => None,
            "0" => Some(
                outside
                    .error
                    .map(|node| refusal(&words(&tree, &text, node)))
                    .unwrap_or_default(),
            ),
            _ => return Err(AnswerError::NoStatus),
        };
        let announced = outside
            .data
            .iter()
            .find_map(|&data| tree.attribute(&text, data, "totalRecords")?.trim().parse().ok());
        let span = |&node: &usize| tree.node(node).start as usize..tree.node(node).end as usize;
        Ok(Self {
            refusal,
            objects: outside.objects.iter().map(span).collect(),
            announced,
            restart_needed: outside.restart_needed,
            text,
        })
    }

    /// Why the unit refused, where it did.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The elements that stand in `data`, as they were written: each with its `ws_object`. They hold secrets.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().map(|span| &self.text[span.clone()])
    }

    /// How many objects there are.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// How many objects the unit announced (`totalRecords`), where it did.
    pub fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// Whether the unit says that it must restart before something takes effect.
    pub fn restart_needed(&self) -> bool {
        self.restart_needed
    }
}

impl std::fmt::Debug for Answer {
    /// Says what it is, never what is in it: entities hold passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("refusal", &self.refusal)
            .field("objects", &self.objects.len())
            .field("announced", &self.announced)
            .field("restart_needed", &self.restart_needed)
            .finish_non_exhaustive()
    }
}

/// What stands around the entities.
#[derive(Default)]
struct Outside {
    data: Vec<usize>,
    error: Option<usize>,
    objects: Vec<usize>,
    restart_needed: bool,
}

impl Outside {
    /// Sorts the children of the response or of its data. Names of what is not an entity are taken in any case.
    fn children(&mut self, tree: &Tree, text: &str, parent: usize) {
        for child in tree.children(parent) {
            let name = tree.name(text, child);
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("REBOOT") {
                let no = tree.text_of(text, child);
                self.restart_needed |= !matches!(no.trim(), "0" | "false" | "no");
            } else if is("error") || is("errors") {
                self.error.get_or_insert(child);
            } else if parent == 0 && is("data") {
                self.data.push(child);
            } else if parent != 0 {
                self.objects.push(child);
            }
        }
    }
}

/// Every attribute and every text in an element, in document order, on one line.
fn words(tree: &Tree, text: &str, node: usize) -> String {
    let mut words = Vec::new();
    for (name, value) in tree.attributes_of(text, node) {
        if !name.starts_with("xmlns") {
            words.push(value.into_owned());
        }
    }
    words.push(tree.text_of(text, node).into_owned());
    for child in tree.children(node) {
        words.push(self::words(tree, text, child));
    }
    let clean = words.join(" ").replace(char::is_control, " ");
    let one_line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().take(WORDS).collect()
}

/// The first word that begins with a number is the code.
fn refusal(words: &str) -> Refusal {
    let is_code = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let code = words.split(' ').find(is_code).unwrap_or_default();
    let text: Vec<&str> = words.split(' ').filter(|word| *word != code).collect();
    Refusal {
        code: code.trim_end_matches([',', '.', ':', ';']).to_owned(),
        text: text.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Answer, AnswerError> {
        Answer::read(text.as_bytes())
    }

    #[test]
    fn entities_are_given_back_as_they_were_written() {
        let user = "<ws_object><User GUID='1'><Name>A &amp; B</Name><!-- x --></User></ws_object>";
        let answer = read(&format!(
            "<?xml version=\"1.0\"?>\n<response status=\"1\" xmlns=\"urn:x\"><data set=\"users\" totalRecords=\"2\">\n  {user}\n  \
             <ws_object/></data></response>"
        ))
        .unwrap();
        assert_eq!(answer.objects().collect::<Vec<_>>(), [user, "<ws_object/>"]);
        assert_eq!(
            (
                answer.object_count(),
                answer.announced(),
                answer.refusal(),
                answer.restart_needed()
            ),
            (2, Some(2), None, false)
        );
    }

    #[test]
    fn a_refusal_has_the_code_and_the_words_wherever_they_stand() {
        #[track_caller]
        fn check(inside: &str, code: &str, text: &str) {
            let answer = read(&format!("<response status='0'>{inside}</response>")).unwrap();
            let expect = Refusal {
                code: code.into(),
                text: text.into(),
            };
            assert_eq!(answer.refusal(), Some(&expect), "{inside}");
            assert_eq!(answer.object_count(), 0);
        }
        check("<error>461:SessionTimeout</error>", "461:SessionTimeout", "");
        check(
            "<data><error><code>461:SessionTimeout</code><desc>Log in\n again</desc></error></data>",
            "461:SessionTimeout",
            "Log in again",
        );
        check(
            "<Error code='400' text='Extension 201 is taken'/>",
            "400",
            "Extension 201 is taken",
        );
        check("<error>No number here.</error>", "", "No number here.");
        check("<error>a\u{7f}b</error>", "", "a b");
        check("", "", "");
        let long = read(&format!(
            "<response status='0'><error>{}</error></response>",
            "é".repeat(999)
        ));
        assert_eq!(long.unwrap().refusal().unwrap().text.chars().count(), WORDS);
    }

    #[test]
    fn a_restart_notice_is_seen_outside_of_entities_only() {
        #[track_caller]
        fn check(inside: &str, expect: bool) {
            let answer = read(&format!("<response status='1'>{inside}</response>")).unwrap();
            assert_eq!(answer.restart_needed(), expect, "{inside}");
        }
        check("<REBOOT/>", true);
        check("<data><REBOOT>true</REBOOT></data>", true);
        check("<data><reboot> 0 </reboot></data>", false);
        check("<data><ws_object><X><REBOOT/></X></ws_object></data>", false);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = format!(
            "<response status='1'>{}{}</response>",
            "<a>".repeat(70),
            "</a>".repeat(70)
        );
        for (text, expect) in [
            (
                "<html><body>Log in</body></html>",
                "the outermost element is not `response`",
            ),
            ("<response/>", "the response has no status that is 0 or 1"),
            (
                "<response status='2'/>",
                "the response has no status that is 0 or 1",
            ),
            ("[]", "the object is not XML"),
            ("{}", "the response has no status that is 0 or 1"),
            ("{\n\"a b\":1}", "line 2, column 5: this JSON can not be read"),
            ("", "the object is not XML"),
            (
                "<!DOCTYPE response [<!ENTITY a 'b'>]><response status='1'>&a;</response>",
                "line 1, column 1: a document type definition (DOCTYPE) is not accepted",
            ),
            (
                "<response status='1'><data>",
                "line 1, column 22: this element is not closed: the document breaks off",
            ),
            (&deep, "line 1, column 211: elements are nested more than 64 deep"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expect, "{text}");
        }
    }

    #[test]
    fn json_stands_for_xml() {
        let answer = read(
            r#" {"response":{"@status":"1","data":{"@totalRecords":1,"ws_object":{"User":{"@GUID":"a"}}}}}"#,
        )
        .unwrap();
        assert_eq!(
            answer.objects().collect::<Vec<_>>(),
            ["<ws_object><User GUID=\"a\"></User></ws_object>"]
        );
        assert_eq!(answer.announced(), Some(1));
        let refused =
            read(r#"{"response":{"@status":0,"error":{"error_code":"461:SessionTimeout"}}}"#).unwrap();
        assert_eq!(refused.refusal().unwrap().code, "461:SessionTimeout");
        assert_eq!(
            Answer::read(b"<response>\xff</response>"),
            Err(AnswerError::NotUtf8)
        );
    }

    #[test]
    fn an_answer_does_not_print_what_is_in_it() {
        let answer = read("<response status='1'><data><ws_object><User><Password>geheim-7</Password></User></ws_object></data></response>").unwrap();
        assert!(!format!("{answer:?}").contains("geheim"));
    }
}
