//! What stands in a site's file as a value: rights, addresses, states.

use std::fmt;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use trunkline_protocol::link::{Outcome, Rights, UnitState};
use trunkline_protocol::mac::MacAddress;

/// What a unit says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All is well.
    #[default]
    Running,
    /// Not running from its primary folder.
    ReadOnly,
}

impl State {
    pub(crate) fn on_the_wire(self) -> UnitState {
        match self {
            Self::Running => UnitState::Running,
            Self::ReadOnly => UnitState::ReadOnly,
        }
    }
}

/// The result with which a unit refuses to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteRefusal {
    /// 80000051.
    NoRight,
    /// 80000043.
    RetryLater,
    /// 80000052.
    TlsRequired,
    /// 80000053.
    WrongService,
}

impl WriteRefusal {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::NoRight => Outcome::NoRight,
            Self::RetryLater => Outcome::RetryLater,
            Self::TlsRequired => Outcome::TlsRequired,
            Self::WrongService => Outcome::WrongService,
        }
    }
}

/// How a unit offers DevLink3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DevLink3 {
    /// Whether it does.
    pub offered: bool,
    /// Whether it has the CTI licence for it.
    pub licence: bool,
    /// What it asks for at a log-in.
    pub challenge: DevLink3Challenge,
}

impl Default for DevLink3 {
    fn default() -> Self {
        Self {
            offered: true,
            licence: true,
            challenge: DevLink3Challenge::Hash,
        }
    }
}

/// What a unit asks for at a DevLink3 log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DevLink3Challenge {
    /// A hash of the password.
    Hash,
    /// The password itself; over plain TCP a hash all the same.
    Password,
}

/// A MAC address in a TOML file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Mac(pub MacAddress);

impl TryFrom<String> for Mac {
    type Error = trunkline_protocol::mac::MacAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// Rights, written as a list of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct NamedRights(pub Rights);

impl NamedRights {
    /// Every right there is.
    pub fn all() -> Self {
        Self(Rights(Rights::NAMES.iter().fold(0, |all, (bit, _)| all | bit)))
    }
}

impl TryFrom<Vec<String>> for NamedRights {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let mut rights = 0;
        for name in names {
            let known = Rights::NAMES.iter().find(|(_, known)| *known == name);
            rights |= match known {
                _ if name == "all" => Self::all().0.0,
                Some((bit, _)) => *bit,
                None => {
                    let known: Vec<&str> = Rights::NAMES.iter().map(|(_, name)| *name).collect();
                    return Err(format!(
                        "there is no right `{name}`; there are all, {}",
                        known.join(", ")
                    ));
                }
            };
        }
        Ok(Self(Rights(rights)))
    }
}

pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(Into::into)
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::ReadOnly => "read only",
        })
    }
}
