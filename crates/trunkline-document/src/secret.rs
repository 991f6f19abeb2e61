//! Which values are secret, and a value that does not show itself.

use std::fmt;

use crate::path::FieldPath;

/// What stands in the place of a secret. Always the same, so that neither length nor equality can be read off it.
pub const MASK: &str = "••••••";

/// Whether the value at `path` in an entity of this kind is a secret (documented names; protocol.md, section 5).
///
/// `Password`, `LoginCode`, `VoicemailCode`, `VoicemailPin` and everything whose name ends in `Password` are secret
/// anywhere, and so is everything inside such an element. A name that ends in `Code` is secret under `User`, except
/// inside a `ShortCode`, where `Code` is what is dialled. Case does not matter, nor does a namespace prefix.
/// An entity whose kind is not known (see [`crate::Entity::kind`]) is treated like a `User`.
pub fn is_secret(kind: &str, path: &FieldPath) -> bool {
    let names: Vec<&str> = path
        .elements()
        .chain(path.attribute.as_deref())
        .map(local)
        .collect();
    if names
        .iter()
        .any(|name| ANYWHERE.iter().any(|known| name.eq_ignore_ascii_case(known)) || ends(name, "password"))
    {
        return true;
    }
    let belongs_to = |owner: &str| {
        local(kind).eq_ignore_ascii_case(owner) || names.iter().any(|name| name.eq_ignore_ascii_case(owner))
    };
    let of_a_person = belongs_to("User") || belongs_to("ServiceUser") || kind == crate::document::ENVELOPE;
    of_a_person && !belongs_to("ShortCode") && names.iter().any(|name| ends(name, "code"))
}

const ANYWHERE: [&str; 4] = ["Password", "LoginCode", "VoicemailCode", "VoicemailPin"];

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn ends(name: &str, suffix: &str) -> bool {
    let Some(at) = name.len().checked_sub(suffix.len()) else {
        return false;
    };
    name.as_bytes()[at..].eq_ignore_ascii_case(suffix.as_bytes())
}

/// A value of a field. A secret one prints as [`MASK`], in `Display` and in `Debug`, until it is asked for by name.
///
/// There is no `PartialEq`: two masked values say nothing about each other.
#[derive(Clone)]
pub struct Value {
    text: String,
    secret: bool,
}

impl Value {
    pub(crate) fn new(text: String, secret: bool) -> Self {
        Self { text, secret }
    }

    /// Whether the value is a secret.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// The value itself, unescaped, secret or not. Only for writing it back or when somebody asked to see it.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The value for the screen: the text, or [`MASK`] for a secret that nobody asked to see.
    pub fn shown(&self, reveal_secrets: bool) -> &str {
        if self.secret && !reveal_secrets {
            MASK
        } else {
            &self.text
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.shown(false))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret {
            write!(f, "Value({MASK})")
        } else {
            write!(f, "Value({:?})", self.text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide_what_is_secret() {
        let check = |kind: &str, path: &str, secret: bool| {
            assert_eq!(is_secret(kind, &path.parse().unwrap()), secret, "{kind} {path}");
        };
        check("User", "Password", true);
        check("User", "LoginCode", true);
        check("User", "VoicemailCode", true);
        check("User", "VoicemailPin", true);
        check("User", "SIPPassword", true);
        check("User", "AccountCode", true);
        check("ns:User", "x:AccountCode", true);
        check("User", "accountcode", true);
        check("User", "Phones/Phone[1]/UnlockCode", true);
        check("User", "Phones/Phone[1]/@UnlockCode", true);
        check("User", "Password/Value", true);
        check("User", "Password/@hint", true);
        check("System", "VoicemailPin", true);
        check("Line", "Registration/AuthPassword", true);
        check("ServiceUser", "NewPassword", true);
        check("Solution", "Users/User[1]/DoorCode", true);
        check("ws_object", "DoorCode", true);
        check("ws_object", "Name", false);
        check("ServiceUser", "PasswordSet", false);
        check("General", "MinimumPasswordLength", false);
        check("ShortCode", "Code", false);
        check("ShortCode", "ForceAuthCode", false);
        check("User", "ShortCodes/ShortCode[1]/Code", false);
        check("User", "Extension", false);
        check("User", "Codec", false);
        check("System", "CountryCode", false);
        check("User", ".", false);
        check("User", "é", false);
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        let secret = Value::new("hunter2".into(), true);
        assert_eq!(secret.to_string(), "••••••");
        assert_eq!(format!("{secret:?}"), "Value(••••••)");
        assert_eq!(secret.shown(true), "hunter2");
        let empty = Value::new(String::new(), true);
        assert_eq!(empty.to_string(), secret.to_string());
        let open = Value::new("201".into(), false);
        assert_eq!(
            (open.to_string(), format!("{open:?}")),
            ("201".into(), "Value(\"201\")".into())
        );
    }
}
