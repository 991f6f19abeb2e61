//! What others wrote, made safe for a terminal.

use trunkline_protocol::printable::printable;

/// Writes out what could move the cursor, change colours or turn the reading direction. Line breaks stay.
pub(crate) fn clean(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// As [`clean`], with line breaks written out too: for what others wrote and stands in a line of ours.
pub(crate) fn one_line(text: &str) -> String {
    printable(text)
}

/// `1 unit`, `2 units`, `300,000 bytes`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_nothing_to_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c\nd"), "a\\u{1b}[2Jb\\u{202e}c\nd");
        assert_eq!(clean("Zürich, Ω"), "Zürich, Ω");
        assert_eq!(one_line("a\nb"), "a\\u{a}b");
    }

    #[test]
    fn thousands_are_parted() {
        for (number, expect) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(grouped(number), expect);
        }
        assert_eq!(
            (count(1, "unit", "units"), count(0, "unit", "units")),
            ("1 unit".into(), "0 units".into())
        );
    }
}
