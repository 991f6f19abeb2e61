//! The meaning, unit and bounds of well-known fields, and nothing that is not written down (protocol.md, section 5).

use crate::path::FieldPath;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// On or off, written `true`/`false`, `1`/`0`, `yes`/`no` or `on`/`off` in any case.
    Switch,
    /// A whole number, both bounds included.
    Number {
        /// Smallest value.
        min: u64,
        /// Largest value; `u64::MAX` where none is known.
        max: u64,
        /// What is counted, such as `hours`; empty where nothing is.
        unit: &'static str,
    },
    /// Text of a length in characters, both bounds included.
    Text {
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// One of a known set. A unit of a newer release may know more, so that an unknown one is no error.
    Choice(&'static [Choice]),
}

/// One of the values that a field may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As written in the document.
    pub value: &'static str,
    /// As shown to people.
    pub name: &'static str,
}

/// What is known of the field at `path` in an entity of this kind; `None` for most fields.
///
/// Names and numbers of `User`, `ShortCode`, `License` and `System` are documented for the vendor's Management API; those of
/// the security settings are `project`.
pub fn field_type(kind: &str, path: &FieldPath) -> Option<FieldType> {
    let mut elements = path.elements();
    let (Some(name), None, false) = (elements.next(), elements.next(), path.is_attribute()) else {
        return None;
    };
    TABLE
        .iter()
        .find(|(kinds, names, _)| kinds.contains(&kind) && names.contains(&name))
        .map(|(_, _, field_type)| *field_type)
}

impl FieldType {
    /// A value in words: `Power` for AssignedPackage 4, `on` for `true`. `None` where the value says it best itself.
    pub fn in_words(&self, value: &str) -> Option<&'static str> {
        match self {
            Self::Switch => parse_switch(value).map(|on| if on { "on" } else { "off" }),
            Self::Choice(choices) => {
                let value = value.trim();
                choices
                    .iter()
                    .find(|choice| choice.value == value && choice.name != value)
                    .map(|c| c.name)
            }
            Self::Number { .. } | Self::Text { .. } => None,
        }
    }

    /// Whether a value is certainly wrong. An empty one means that nothing is set, and is right, except for a text that
    /// must have characters.
    pub(crate) fn wrong(&self, value: &str) -> bool {
        let trimmed = value.trim();
        match *self {
            Self::Text { min, max } => !(min..=max).contains(&value.chars().count()),
            _ if trimmed.is_empty() => false,
            Self::Switch => parse_switch(trimmed).is_none(),
            Self::Number { min, max, .. } => {
                !trimmed.parse().is_ok_and(|number| (min..=max).contains(&number))
            }
            Self::Choice(choices) => {
                let numbered = choices.iter().all(|choice| choice.value.parse::<u64>().is_ok());
                numbered && trimmed.parse::<u64>().is_err()
            }
        }
    }
}

fn parse_switch(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

type Row = (&'static [&'static str], &'static [&'static str], FieldType);

const fn number(unit: &'static str) -> FieldType {
    FieldType::Number {
        min: 0,
        max: u64::MAX,
        unit,
    }
}

const fn bounded(min: u64, max: u64, unit: &'static str) -> FieldType {
    FieldType::Number { min, max, unit }
}

const TABLE: &[Row] = &[
    (
        &["User"],
        &[
            "VoicemailOn",
            "DoNotDisturb",
            "ForwardUnconditional",
            "ForwardOnBusy",
            "ForwardOnNoAnswer",
            "OutgoingCallBar",
            "Receptionist",
            "RemoteWorker",
        ],
        FieldType::Switch,
    ),
    (&["User"], &["AssignedPackage"], FieldType::Choice(PACKAGES)),
    (&["User"], &["Priority"], number("")),
    (
        &["ShortCode"],
        &["ForceAccountCode", "ForceAuthCode"],
        FieldType::Switch,
    ),
    (&["License"], &["Status"], FieldType::Choice(LICENCE_STATES)),
    (&["License"], &["Quantity", "FreeInstances"], number("licences")),
    (&["System"], &["MajorVersion", "MinorVersion"], number("")),
    (
        &["System"],
        &["ServicesBasePort"],
        bounded(49_152, 65_526, "TCP port"),
    ),
    (&["System"], &["TcpDiscovery", "UdpDiscovery"], FieldType::Switch),
    (&["System"], &["SessionIdCacheHours"], bounded(0, 100, "hours")),
    (
        &["General"],
        &["MinimumNameLength", "MinimumPasswordLength"],
        bounded(1, 31, "characters"),
    ),
    (&["General"], &["RejectLimit"], bounded(0, 255, "attempts")),
    (
        &["General"],
        &["PreviousPasswordLimit"],
        bounded(0, 24, "passwords"),
    ),
    (
        &["General"],
        &["ChangePeriod", "IdleTime"],
        bounded(0, 999, "days"),
    ),
    (&["General"], &["Complexity"], FieldType::Choice(COMPLEXITIES)),
    (&["General"], &["RejectAction"], FieldType::Choice(REJECT_ACTIONS)),
    (&["Service"], &["Level"], FieldType::Choice(SERVICE_LEVELS)),
    (&["ServiceUser"], &["Name"], FieldType::Text { min: 1, max: 31 }),
    (&["ServiceUser"], &["Enabled", "PasswordSet"], FieldType::Switch),
    (&["UnsecuredInterface"], &["Enabled"], FieldType::Switch),
];

const fn choice(value: &'static str, name: &'static str) -> Choice {
    Choice { value, name }
}

const PACKAGES: &[Choice] = &[
    choice("1", "Basic"),
    choice("2", "Teleworker"),
    choice("3", "Mobile"),
    choice("4", "Power"),
    choice("5", "Office Worker"),
    choice("7", "Centralized"),
    choice("8", "Non-licensed"),
];

const LICENCE_STATES: &[Choice] = &[
    choice("0", "invalid"),
    choice("1", "valid"),
    choice("2", "expired"),
    choice("3", "token expired"),
    choice("4", "unknown"),
    choice("5", "dormant"),
    choice("6", "obsolete"),
];

const SERVICE_LEVELS: &[Choice] = &[
    choice("Disabled", "Disabled"),
    choice("Unsecure Only", "Unsecure Only"),
    choice("Unsecure + Secure", "Unsecure + Secure"),
    choice("Secure Low", "Secure Low"),
    choice("Secure Medium", "Secure Medium"),
    choice("Secure High", "Secure High"),
];

const COMPLEXITIES: &[Choice] = &[
    choice("Low", "Low"),
    choice("Medium", "Medium"),
    choice("High", "High"),
];

const REJECT_ACTIONS: &[Choice] = &[
    choice("No Action", "No Action"),
    choice("Log to Audit Trail", "Log to Audit Trail"),
    choice("Log and Disable Account", "Log and Disable Account"),
    choice("Log and Temporary Disable", "Log and Temporary Disable"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_have_words() {
        let check = |kind: &str, path: &str, value: &str, words: Option<&str>| {
            let found = field_type(kind, &path.parse().unwrap()).and_then(|known| known.in_words(value));
            assert_eq!(found, words, "{kind} {path} {value}");
        };
        check("User", "AssignedPackage", "1", Some("Basic"));
        check("User", "AssignedPackage", " 8 ", Some("Non-licensed"));
        check("User", "AssignedPackage", "6", None);
        check("User", "DoNotDisturb", "TRUE", Some("on"));
        check("User", "DoNotDisturb", "0", Some("off"));
        check("License", "Status", "3", Some("token expired"));
        check("Service", "Level", "Secure Low", None);
        check("HuntGroup", "AssignedPackage", "1", None);
        check("User", "Sub/AssignedPackage", "1", None);
        check("User", "@AssignedPackage", "1", None);
    }

    #[test]
    fn only_what_is_certainly_wrong_is_wrong() {
        let check = |kind: &str, path: &str, value: &str, wrong: bool| {
            let known = field_type(kind, &path.parse().unwrap()).unwrap();
            assert_eq!(known.wrong(value), wrong, "{kind} {path} {value}");
        };
        check("User", "DoNotDisturb", "maybe", true);
        check("User", "DoNotDisturb", "", false);
        check("User", "AssignedPackage", "Power", true);
        check("User", "AssignedPackage", "99", false);
        check("Service", "Level", "Secure Extreme", false);
        check("License", "Quantity", "-1", true);
        check("License", "Quantity", "12", false);
        check("License", "Quantity", "99999999999999999999", true);
        check("System", "ServicesBasePort", "49151", true);
        check("System", "ServicesBasePort", "49152", false);
        check("System", "ServicesBasePort", "65526", false);
        check("System", "ServicesBasePort", "65527", true);
        check("ServiceUser", "Name", "", true);
        check("ServiceUser", "Name", &"ü".repeat(31), false);
        check("ServiceUser", "Name", &"u".repeat(32), true);
    }
}
