//! Text from the network, made safe to show.

/// `text` with everything that could steer a terminal or reorder a line written out as `\u{…}`.
///
/// These are the control characters (a unit's name can hold terminal escapes), the line and paragraph separators
/// and the characters that change the writing direction. Everything else, any script, stays as it is.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn only_what_steers_a_terminal_is_written_out() {
        let check = |text: &str, expect: &str| assert_eq!(printable(text), expect);
        check("Zürich, Filiale 2", "Zürich, Filiale 2");
        check("東京 – ٣", "東京 – ٣");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("a\r\nb\tc\0", "a\\u{d}\\u{a}b\\u{9}c\\u{0}");
        check("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}");
        check("a\u{202e}b\u{2066}c\u{2028}", "a\\u{202e}b\\u{2066}c\\u{2028}");
    }
}
