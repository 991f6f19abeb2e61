//! The single settings: the password policy and the system's.

use std::fmt;
use std::str::FromStr;

use crate::fields::{FieldType, field_type};

/// A setting that exists once (names as in the vendor's manuals; where they stand in the document is `project`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// Fewest characters of a service user's name, 1 to 31.
    MinimumNameLength,
    /// Fewest characters of a password, 1 to 31.
    MinimumPasswordLength,
    /// Wrong passwords before [`Setting::RejectAction`], 0 to 255.
    RejectLimit,
    /// What happens then.
    RejectAction,
    /// Which kinds of characters a password must have: Low, Medium or High.
    Complexity,
    /// Passwords of before that may not be used again, 0 to 24.
    PreviousPasswordLimit,
    /// Days after which a password must be changed, 0 for never.
    ChangePeriod,
    /// Days after which an account that nobody used is disabled, 0 for never.
    IdleTime,
    /// The Services Base TCP Port, 49152 to 65526.
    ServicesBasePort,
    /// Whether the unit answers discovery over TCP.
    TcpDiscovery,
    /// Whether it answers discovery over UDP.
    UdpDiscovery,
    /// Hours for which TLS sessions can be resumed, 0 to 100.
    SessionIdCacheHours,
}

impl Setting {
    /// Every setting, the policy first.
    pub const ALL: [Self; 12] = [
        Self::MinimumNameLength,
        Self::MinimumPasswordLength,
        Self::RejectLimit,
        Self::RejectAction,
        Self::Complexity,
        Self::PreviousPasswordLimit,
        Self::ChangePeriod,
        Self::IdleTime,
        Self::ServicesBasePort,
        Self::TcpDiscovery,
        Self::UdpDiscovery,
        Self::SessionIdCacheHours,
    ];

    /// As the document names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MinimumNameLength => "MinimumNameLength",
            Self::MinimumPasswordLength => "MinimumPasswordLength",
            Self::RejectLimit => "RejectLimit",
            Self::RejectAction => "RejectAction",
            Self::Complexity => "Complexity",
            Self::PreviousPasswordLimit => "PreviousPasswordLimit",
            Self::ChangePeriod => "ChangePeriod",
            Self::IdleTime => "IdleTime",
            Self::ServicesBasePort => "ServicesBasePort",
            Self::TcpDiscovery => "TcpDiscovery",
            Self::UdpDiscovery => "UdpDiscovery",
            Self::SessionIdCacheHours => "SessionIdCacheHours",
        }
    }

    /// The element in which it stands.
    pub fn entity(self) -> &'static str {
        match self {
            Self::MinimumNameLength
            | Self::MinimumPasswordLength
            | Self::RejectLimit
            | Self::RejectAction
            | Self::Complexity
            | Self::PreviousPasswordLimit
            | Self::ChangePeriod
            | Self::IdleTime => "General",
            Self::ServicesBasePort | Self::TcpDiscovery | Self::UdpDiscovery | Self::SessionIdCacheHours => {
                "System"
            }
        }
    }

    /// What it holds, with its bounds.
    pub fn field_type(self) -> Option<FieldType> {
        field_type(self.entity(), &self.name().parse().ok()?)
    }

    /// What it may be, in words: `a whole number from 1 to 31`.
    pub fn wanted(self) -> String {
        match self.field_type() {
            Some(FieldType::Switch) => "true or false".to_owned(),
            Some(FieldType::Number { min, max, .. }) => format!("a whole number from {min} to {max}"),
            Some(FieldType::Choice(choices)) => {
                let names: Vec<_> = choices.iter().map(|choice| choice.value).collect();
                format!("one of {}", names.join(", "))
            }
            Some(FieldType::Text { .. }) | None => "a text".to_owned(),
        }
    }

    /// Whether a unit would take this value; stricter than what is certainly wrong, since a person chose it now.
    pub fn takes(self, value: &str) -> bool {
        match self.field_type() {
            Some(FieldType::Switch) => matches!(value, "true" | "false"),
            Some(FieldType::Number { min, max, .. }) => {
                value.bytes().all(|byte| byte.is_ascii_digit())
                    && value.parse().is_ok_and(|number| (min..=max).contains(&number))
            }
            Some(FieldType::Choice(choices)) => choices.iter().any(|choice| choice.value == value),
            Some(FieldType::Text { .. }) | None => true,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no setting {0:?}; there are {known}", known = known())]
pub struct NoSetting(pub String);

impl FromStr for Setting {
    type Err = NoSetting;

    /// Without regard to case.
    fn from_str(text: &str) -> Result<Self, NoSetting> {
        Self::ALL
            .into_iter()
            .find(|setting| setting.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| NoSetting(text.to_owned()))
    }
}

fn known() -> String {
    Setting::ALL.map(Setting::name).join(", ")
}
