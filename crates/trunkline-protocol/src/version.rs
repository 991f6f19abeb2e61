//! Software versions as units write them: `11.1.2.3 build 23`, `2.1.36`, `3.1(48)`.

use std::{cmp::Ordering, fmt};

/// The software version of a unit. Text that this program can not read is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SoftwareVersion {
    text: String,
    numbers: Vec<u32>,
    build: Option<u32>,
}

/// More components than this are not a version number.
const MAX_NUMBERS: usize = 8;

impl SoftwareVersion {
    /// Reads `text`; never fails. What is not understood leaves [`Self::is_known`] false, and the text as it was.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (numbers, build) = read(text).unwrap_or_default();
        Self {
            text: text.to_owned(),
            numbers,
            build,
        }
    }

    /// The text as the unit wrote it, without surrounding spaces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text could be read as a version.
    pub fn is_known(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// The numbers before the build, most significant first; empty when the version is not known.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// The build number, where one is written.
    pub fn build(&self) -> Option<u32> {
        self.build
    }

    /// Whether this is certainly a system before release 3.2, which is configured over TFTP (protocol.md, section 3).
    ///
    /// An unknown version is not: a text that nobody can read must never lead to a password sent readable.
    pub fn is_before_3_2(&self) -> bool {
        match self.numbers[..] {
            [] => false,
            [major] => major < 3,
            [major, minor, ..] => (major, minor) < (3, 2),
        }
    }

    /// What fits a table's column: the numbers without build and without the zeros at their end (`12.2`), or the
    /// whole text when it can not be read.
    pub fn short(&self) -> String {
        if !self.is_known() {
            return self.text.clone();
        }
        let significant = significant(&self.numbers).len().max(2);
        let shown: Vec<String> = self
            .numbers
            .iter()
            .take(significant)
            .map(u32::to_string)
            .collect();
        shown.join(".")
    }

    /// Older, same or newer; `None` when either is not known. Missing numbers count as 0: 11.1 is 11.1.0.0, and comes
    /// before its build 23.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if !self.is_known() || !other.is_known() {
            return None;
        }
        let numbers = significant(&self.numbers).cmp(significant(&other.numbers));
        Some(numbers.then(self.build.unwrap_or(0).cmp(&other.build.unwrap_or(0))))
    }
}

impl fmt::Display for SoftwareVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

fn significant(numbers: &[u32]) -> &[u32] {
    let end = numbers
        .iter()
        .rposition(|&number| number != 0)
        .map_or(0, |last| last + 1);
    &numbers[..end]
}

fn read(text: &str) -> Option<(Vec<u32>, Option<u32>)> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let mut numbers = Vec::new();
    for number in digits.split('.') {
        if numbers.len() == MAX_NUMBERS {
            return None;
        }
        numbers.push(number.parse().ok()?);
    }
    let rest = rest.trim();
    let build = if rest.is_empty() { None } else { Some(build(rest)?) };
    Some((numbers, build))
}

/// The number in `build 23` or `(48)`.
fn build(text: &str) -> Option<u32> {
    let number = if let Some(inner) = text.strip_prefix('(') {
        inner.strip_suffix(')')?.trim()
    } else {
        let (word, number) = text.split_at_checked("build".len())?;
        if !word.eq_ignore_ascii_case("build") || !number.starts_with(char::is_whitespace) {
            return None;
        }
        number.trim()
    };
    let all_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { number.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_spelling_is_read() {
        let check = |text: &str, numbers: &[u32], build: Option<u32>, short: &str| {
            let version = SoftwareVersion::parse(text);
            assert_eq!(version.numbers(), numbers, "{text}");
            assert_eq!(version.build(), build, "{text}");
            assert_eq!(version.short(), short, "{text}");
            assert_eq!(version.text(), text.trim());
        };
        check("11.1.2.3 build 23", &[11, 1, 2, 3], Some(23), "11.1.2.3");
        check("12.2.0.0.0 build 23", &[12, 2, 0, 0, 0], Some(23), "12.2");
        check("10.0.0.0 BUILD 5", &[10, 0, 0, 0], Some(5), "10.0");
        check("2.1.36", &[2, 1, 36], None, "2.1.36");
        check("3.1(48)", &[3, 1], Some(48), "3.1");
        check("3.1 ( 48 )", &[3, 1], Some(48), "3.1");
        check("V4.2(11)", &[4, 2], Some(11), "4.2");
        check(" 9 ", &[9], None, "9");
        // Not versions: the text stays, and nothing is made of it.
        for text in [
            "",
            "unknown",
            "11.",
            ".1",
            "11..2",
            "11.1 build",
            "11.1 build x",
            "11.1 built 3",
            "3.1(48",
            "3.1()",
            "99999999999.1",
            "1.2.3.4.5.6.7.8.9",
            "11.1 build 23 beta",
            "11.1 build +3",
            "11.1 buildé",
        ] {
            check(text, &[], None, text);
        }
    }

    #[test]
    fn versions_are_older_or_newer() {
        let check = |left: &str, right: &str, expect: Option<Ordering>| {
            let (a, b) = (SoftwareVersion::parse(left), SoftwareVersion::parse(right));
            assert_eq!(a.compare(&b), expect, "{left} and {right}");
            assert_eq!(b.compare(&a), expect.map(Ordering::reverse), "{right} and {left}");
        };
        check("11.1.2.3 build 23", "11.1.2.3 build 23", Some(Ordering::Equal));
        check("11.1", "11.1.0.0", Some(Ordering::Equal));
        check("9.1.0.0", "11.0", Some(Ordering::Less));
        check("11.1.2.3", "11.1.2.3 build 23", Some(Ordering::Less));
        check("11.1.2.4 build 1", "11.1.2.3 build 23", Some(Ordering::Greater));
        check("3.1(48)", "3.1(5)", Some(Ordering::Greater));
        check("unknown", "11.1", None);
        check("unknown", "unknown", None);
    }

    #[test]
    fn only_a_certainly_old_system_is_before_3_2() {
        let check = |text: &str, expect: bool| {
            assert_eq!(SoftwareVersion::parse(text).is_before_3_2(), expect, "{text}");
        };
        check("2.1.36", true);
        check("3.1(48)", true);
        check("3.1.999", true);
        check("2", true);
        check("3", false);
        check("3.2", false);
        check("3.2(17)", false);
        check("4.0.5", false);
        check("11.1.2.3 build 23", false);
        check("unknown", false);
        check("", false);
    }
}
