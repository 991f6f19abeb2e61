//! Whether a new password obeys the policy (documented for the vendor's Manager and Web Manager).

use std::fmt;

use super::{MAX_CHARS, SecuritySettings, Setting};

/// Identical characters in a row that Medium and High refuse.
const TOO_MANY_ALIKE: usize = 3;

/// What is wrong with a new password. It never says the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// It has fewer characters than the policy asks for.
    TooShort {
        /// Fewest characters.
        minimum: usize,
    },
    /// It has more than 31 characters.
    TooLong,
    /// It has a control character, which no log-in could send.
    ControlCharacter,
    /// It has the service user's name in it.
    HoldsName,
    /// It has characters of too few of the four kinds.
    TooFewKinds {
        /// Kinds that it must have.
        wanted: usize,
    },
    /// It has three identical characters in a row, or more.
    Repeats,
}

impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { minimum } => write!(f, "is too short; the policy asks for {minimum} characters"),
            Self::TooLong => write!(f, "is too long; units take {MAX_CHARS} characters"),
            Self::ControlCharacter => f.write_str("has a control character in it; leave it out"),
            Self::HoldsName => f.write_str("has the user's name in it, which the policy refuses"),
            Self::TooFewKinds { wanted } => write!(
                f,
                "must have characters of {wanted} kinds: small letters, capital letters, digits, others"
            ),
            Self::Repeats => {
                f.write_str("has the same character three times in a row, which the policy refuses")
            }
        }
    }
}

impl SecuritySettings {
    /// Everything that is wrong with a new password for this user. Where the document does not say the complexity, it
    /// is taken to be Low.
    pub fn password_faults(&self, user: &str, password: &str) -> Vec<PasswordFault> {
        let minimum = self
            .setting(Setting::MinimumPasswordLength)
            .and_then(|text| text.parse().ok())
            .unwrap_or(1)
            .max(1);
        let chars = password.chars().count();
        let mut faults = Vec::new();
        if chars < minimum {
            faults.push(PasswordFault::TooShort { minimum });
        }
        if chars > MAX_CHARS {
            faults.push(PasswordFault::TooLong);
        }
        if password.chars().any(char::is_control) {
            faults.push(PasswordFault::ControlCharacter);
        }
        let name = user.to_lowercase();
        if !name.is_empty() && password.to_lowercase().contains(&name) {
            faults.push(PasswordFault::HoldsName);
        }
        let complexity = self.setting(Setting::Complexity).unwrap_or_default();
        let wanted = match complexity.as_str() {
            "High" => 3,
            "Medium" => 2,
            _ => return faults,
        };
        if kinds(password) < wanted {
            faults.push(PasswordFault::TooFewKinds { wanted });
        }
        if repeats(password) {
            faults.push(PasswordFault::Repeats);
        }
        faults
    }
}

/// How many of the four kinds of characters there are.
fn kinds(password: &str) -> usize {
    let other = |c: char| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric();
    let has = |kind: &dyn Fn(char) -> bool| usize::from(password.chars().any(kind));
    has(&char::is_lowercase) + has(&char::is_uppercase) + has(&char::is_numeric) + has(&other)
}

fn repeats(password: &str) -> bool {
    let mut row = 0;
    let mut last = None;
    password.chars().any(|c| {
        row = if last == Some(c) { row + 1 } else { 1 };
        last = Some(c);
        row >= TOO_MANY_ALIKE
    })
}
