//! The text with which a unit answers discovery over TFTP (protocol.md, section 2.1; `observed`).
//!
//! One line of ISO-8859-1: at least six pairs of `LABEL "value"`, separated by commas. The spelling of the labels is
//! not known for certain, so a value is found by its label where that is recognised, and else by its position.

use crate::{mac::MacAddress, printable::printable, version::SoftwareVersion};

/// How many bytes of an answer are looked at.
pub const MAX_ANSWER: usize = 4096;

const MAX_PAIRS: usize = 64;

/// What a unit said of itself. Nothing of this is authenticated.
///
/// Every text is safe to show: control characters are written out as `\u{…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoIsAnswer {
    /// Hardware address of the first LAN port.
    pub mac: Option<MacAddress>,
    /// Type of the unit, such as `IP 500 V2`.
    pub unit_type: Option<String>,
    /// Software version.
    pub version: Option<SoftwareVersion>,
    /// The system's name, in any Latin-1 letters.
    pub name: Option<String>,
    /// The whole answer as it came, without the line's end.
    pub raw: String,
}

/// Why an answer is not a who_is answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhoIsError {
    /// Nothing, or white space only.
    #[error("the answer is empty")]
    Empty,
    /// Not one recognisable value.
    #[error("the answer holds no value that a unit gives: neither address, type, version nor name")]
    NoPairs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Mac,
    Type,
    Version,
    Name,
}

impl WhoIsAnswer {
    /// Reads an answer. What is missing or can not be read is `None`, never an error; only the first
    /// [`MAX_ANSWER`] bytes and 64 pairs count.
    ///
    /// # Errors
    /// When there is nothing in it that a unit would say.
    pub fn decode(bytes: &[u8]) -> Result<Self, WhoIsError> {
        let considered = &bytes[..bytes.len().min(MAX_ANSWER)];
        let text: String = considered.iter().copied().map(char::from).collect();
        let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\0');
        if text.is_empty() {
            return Err(WhoIsError::Empty);
        }
        let pairs = pairs(text);
        let answer = Self {
            mac: value(&pairs, Field::Mac).and_then(|text| text.parse().ok()),
            unit_type: value(&pairs, Field::Type).map(printable),
            version: value(&pairs, Field::Version).map(|text| SoftwareVersion::parse(&printable(text))),
            name: value(&pairs, Field::Name).map(printable),
            raw: printable(text),
        };
        let says_something = answer.mac.is_some()
            || answer.unit_type.is_some()
            || answer.version.is_some()
            || answer.name.is_some();
        if says_something {
            Ok(answer)
        } else {
            Err(WhoIsError::NoPairs)
        }
    }
}

/// The answer of a (virtual) unit, with the labels of the sample in protocol.md.
///
/// A quote in a value becomes an apostrophe and a character outside Latin-1 a question mark: the format can hold
/// neither. What would go beyond [`MAX_ANSWER`] bytes is cut.
pub fn encode(mac: MacAddress, unit_type: &str, version: &str, name: &str) -> Vec<u8> {
    let mac: String = mac
        .to_string()
        .chars()
        .filter(|&character| character != ':')
        .collect();
    let fields = [
        ("MAC", &*mac),
        ("TYPE", unit_type),
        ("P3", "0"),
        ("P4", "1"),
        ("VERSION", version),
        ("NAME", name),
    ];
    let mut out = Vec::new();
    for (index, (label, value)) in fields.into_iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(label.as_bytes());
        out.extend_from_slice(b" \"");
        out.extend(value.chars().map(latin1));
        out.push(b'"');
    }
    out.truncate(MAX_ANSWER);
    out
}

fn latin1(character: char) -> u8 {
    match character {
        '"' => b'\'',
        _ => u8::try_from(character).unwrap_or(b'?'),
    }
}

impl Field {
    fn by_label(label: &str) -> Option<Self> {
        let named = [
            ("MAC", Self::Mac),
            ("TYPE", Self::Type),
            ("VERSION", Self::Version),
            ("NAME", Self::Name),
        ];
        named
            .into_iter()
            .find(|(name, _)| label.eq_ignore_ascii_case(name))
            .map(|(_, field)| field)
    }

    /// Where the value stands when no label says so, from 0.
    const fn position(self) -> usize {
        match self {
            Self::Mac => 0,
            Self::Type => 1,
            Self::Version => 4,
            Self::Name => 5,
        }
    }
}

fn value<'a>(pairs: &[(Option<Field>, &'a str)], field: Field) -> Option<&'a str> {
    let labelled = pairs.iter().find(|(label, _)| *label == Some(field));
    // A pair whose label says that it is something else never stands in.
    let placed = || pairs.get(field.position()).filter(|(label, _)| label.is_none());
    let (_, text) = labelled.or_else(placed)?;
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// The pairs in order. A part without quotes keeps its place with an empty value; a value whose closing quote is
/// missing was cut off, and is left out.
fn pairs(text: &str) -> Vec<(Option<Field>, &str)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && pairs.len() < MAX_PAIRS {
        let Some(end) = rest.find([',', '"']) else { break };
        let (label, quote) = rest.split_at(end);
        if let Some(after_comma) = quote.strip_prefix(',') {
            pairs.push((None, ""));
            rest = after_comma;
            continue;
        }
        let Some((value, after)) = quoted(&quote[1..]) else {
            break;
        };
        pairs.push((Field::by_label(label.trim()), value));
        rest = after;
    }
    pairs
}

/// The value up to its closing quote, and what follows the comma behind it. A quote inside a value is told from the
/// closing one by what follows: only the closing quote stands before a comma or the end.
fn quoted(text: &str) -> Option<(&str, &str)> {
    for (index, _) in text.match_indices('"') {
        let after = text[index + 1..].trim_start();
        if after.is_empty() {
            return Some((&text[..index], ""));
        }
        if let Some(next) = after.strip_prefix(',') {
            return Some((&text[..index], next));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = b"MAC \"00E00705918F\", TYPE \"IP 500 V2\", P3 \"0\", P4 \"1\", \
        VERSION \"11.1.2.3 build 23\", NAME \"Z\xfcrich, Filiale 2\"";

    /// MAC, type, version and name, with `-` for what is not known.
    fn fields(bytes: &[u8]) -> Result<[String; 4], WhoIsError> {
        let answer = WhoIsAnswer::decode(bytes)?;
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        Ok([
            or_dash(answer.mac.map(|mac| mac.to_string())),
            or_dash(answer.unit_type),
            or_dash(answer.version.map(|version| version.text().to_owned())),
            or_dash(answer.name),
        ])
    }

    #[track_caller]
    fn check(bytes: &[u8], expect: [&str; 4]) {
        assert_eq!(fields(bytes).unwrap(), expect);
    }

    #[test]
    fn the_sample_reads_and_writes() {
        check(
            SAMPLE,
            [
                "00:E0:07:05:91:8F",
                "IP 500 V2",
                "11.1.2.3 build 23",
                "Zürich, Filiale 2",
            ],
        );
        let answer = WhoIsAnswer::decode(SAMPLE).unwrap();
        assert!(answer.raw.starts_with("MAC \"00E00705918F\", TYPE") && answer.raw.ends_with("Filiale 2\""));
        let mac = "00E00705918F".parse().unwrap();
        assert_eq!(
            encode(mac, "IP 500 V2", "11.1.2.3 build 23", "Zürich, Filiale 2"),
            SAMPLE
        );
    }

    #[test]
    fn labels_win_over_positions_in_any_case_and_order() {
        let all = ["00:E0:07:05:91:8F", "t", "9.1", "n"];
        check(b"name \"n\",Version \"9.1\",type \"t\",mac \"00e00705918f\"", all);
        check(b"A \"00E00705918F\",B \"t\",C \"\",D \"\",E \"9.1\",F \"n\"", all);
        check(b"  \"00E00705918F\" , \"t\",\"\",\"\",\"9.1\",\"n\" ,\r\n\0", all);
        check(
            b"x, UNIT TYPE \"t\", y, z, SW VERSION \"9.1\", n",
            ["-", "t", "9.1", "-"],
        );
        // What stands first says that it is the name, so there is no address.
        check(b"NAME \"00E00705918F\"", ["-", "-", "-", "00E00705918F"]);
    }

    #[test]
    fn quotes_and_commas_inside_a_value_belong_to_it() {
        check(
            b"NAME \"Bob's \"old\" unit, cellar\", TYPE \"t\"",
            ["-", "t", "-", "Bob's \"old\" unit, cellar"],
        );
    }

    #[test]
    fn what_is_missing_or_cut_off_is_unknown() {
        check(b"MAC \"00E00705918F\"", ["00:E0:07:05:91:8F", "-", "-", "-"]);
        check(b"MAC \"none\", TYPE \"\", NAME \"n\"", ["-", "-", "-", "n"]);
        check(b"TYPE \"t\", NAME \"cut o", ["-", "t", "-", "-"]);
        check(b"TYPE \"t\", VERSION \"who knows\"", ["-", "t", "who knows", "-"]);
    }

    #[test]
    fn terminal_escapes_are_written_out() {
        check(b"NAME \"\x1b[2Ja\x9bb\"", ["-", "-", "-", "\\u{1b}[2Ja\\u{9b}b"]);
        assert!(
            !WhoIsAnswer::decode(b"NAME \"\x1b[2J\"")
                .unwrap()
                .raw
                .contains('\u{1b}')
        );
    }

    #[test]
    fn what_no_unit_says_is_refused() {
        let check = |bytes: &[u8], expect: WhoIsError| assert_eq!(fields(bytes), Err(expect));
        check(b"", WhoIsError::Empty);
        check(b" \r\n\0", WhoIsError::Empty);
        check(b"hello, world", WhoIsError::NoPairs);
        check(b"\"", WhoIsError::NoPairs);
        check(b",,,,,,,,", WhoIsError::NoPairs);
        check(b"A \"x\"", WhoIsError::NoPairs);
        check(&[0xff; 5000], WhoIsError::NoPairs);
    }

    #[test]
    fn only_a_bounded_part_is_looked_at() {
        let mut late = vec![b' '; MAX_ANSWER];
        late.extend_from_slice(b"NAME \"n\"");
        assert_eq!(fields(&late), Err(WhoIsError::Empty));
        let mut many = b"a,".repeat(MAX_PAIRS);
        many.extend_from_slice(b"NAME \"n\"");
        assert_eq!(fields(&many), Err(WhoIsError::NoPairs));
    }

    #[test]
    fn the_format_can_not_be_broken_out_of() {
        let mac = "00E00705918F".parse().unwrap();
        let bytes = encode(mac, "t", "9.1", "a\", NAME \"東");
        check(&bytes, ["00:E0:07:05:91:8F", "t", "9.1", "a', NAME '?"]);
        assert_eq!(encode(mac, "t", "9.1", &"x".repeat(5000)).len(), MAX_ANSWER);
    }
}
