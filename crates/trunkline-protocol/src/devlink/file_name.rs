//! Which files are asked for: names below `nasystem/`, as they were seen (docs/protocol.md section 8).

use std::fmt;
use std::str::FromStr;

/// The folder that holds a unit's text files.
pub const FOLDER: &str = "nasystem/";
/// Bytes of a name, at most: it must fit a TFTP request of 512 bytes with its mode, whatever the transport.
pub const LONGEST: usize = 250;

/// The name of a text file on a unit: `nasystem/…` in printable ASCII, never a way out of that folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName(String);

/// Why a name is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// It is not below `nasystem/`.
    #[error("only files below {FOLDER} are read this way, such as {FOLDER}user_list8")]
    OtherFolder,
    /// It has more than [`LONGEST`] bytes.
    #[error("a file name has at most {LONGEST} bytes")]
    TooLong,
    /// It holds a NUL, a backslash, a control character, or a letter outside ASCII.
    #[error("a file name is printable ASCII without a backslash")]
    BadCharacter,
    /// A part of it is empty, `.` or `..`.
    #[error("a file name has no part that is empty, . or ..")]
    BadPart,
}

impl FileName {
    /// The name as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its folder.
    pub fn base(&self) -> &str {
        self.0.strip_prefix(FOLDER).unwrap_or(&self.0)
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        if text.len() > LONGEST {
            return Err(FileNameError::TooLong);
        }
        if !text
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\')
        {
            return Err(FileNameError::BadCharacter);
        }
        let Some(rest) = text.strip_prefix(FOLDER) else {
            return Err(FileNameError::OtherFolder);
        };
        if rest.split('/').any(|part| matches!(part.trim(), "" | "." | "..")) {
            return Err(FileNameError::BadPart);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, FileNameError>) {
        let name = text.parse::<FileName>();
        assert_eq!(
            name.as_ref().map(FileName::base).map_err(|e| *e),
            expect,
            "{text:?}"
        );
    }

    #[test]
    fn names_below_the_folder_are_asked_for_and_nothing_else() {
        check("nasystem/user_list8", Ok("user_list8"));
        check("nasystem/user_info3/201", Ok("user_info3/201"));
        check("nasystem/..a", Ok("..a"));
        for text in [
            "",
            "user_list8",
            "/nasystem/who_is",
            "NASYSTEM/who_is",
            "nasystem",
            "system/x",
        ] {
            check(text, Err(FileNameError::OtherFolder));
        }
        for text in [
            "nasystem/",
            "nasystem/..",
            "nasystem/../etc/passwd",
            "nasystem/a/../../b",
            "nasystem/a//b",
            "nasystem/./a",
            "nasystem/a/ .. /b",
        ] {
            check(text, Err(FileNameError::BadPart));
        }
        for text in [
            "nasystem/a\0b",
            "nasystem/a\nb",
            "nasystem/ä",
            "nasystem\\a",
            "nasystem/a\\..\\b",
        ] {
            check(text, Err(FileNameError::BadCharacter));
        }
    }

    #[test]
    fn the_longest_name_is_asked_for_and_the_next_one_not() {
        let name = |length: usize| format!("{FOLDER}{}", "x".repeat(length - FOLDER.len()));
        assert!(name(LONGEST).parse::<FileName>().is_ok());
        assert_eq!(name(LONGEST + 1).parse::<FileName>(), Err(FileNameError::TooLong));
    }
}
