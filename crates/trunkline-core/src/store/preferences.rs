//! What a person prefers, for all sites.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::site::{MAX_SERVICES_BASE_PORT, usage};
use crate::error::{Error, ErrorKind, Result};

/// The preferences, each with its default. [`TABLE`] names, describes and bounds them.
///
/// The file keeps only what differs from the default, so that a better default reaches everybody else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Addresses that discovery asks by TCP, in the form of protocol.md 2.3. Kept as text; whoever sets it checks it.
    pub ip_search_criteria: String,
    /// The Services Base TCP Port where neither site nor Whois says another.
    pub services_base_port: u16,
    /// The TCP port for Whois.
    pub discovery_port: u16,
    /// The UDP port for TFTP.
    pub tftp_port: u16,
    /// Where UDP discovery is sent besides every interface's own broadcast addresses.
    pub broadcast_addresses: Vec<Ipv4Addr>,
    /// Milliseconds until a connection must stand.
    pub connect_timeout_ms: u32,
    /// Milliseconds without a byte after which a transfer counts as cut.
    pub transfer_timeout_ms: u32,
    /// Connections that one transfer may use in all.
    pub transfer_tries: u32,
    /// Milliseconds that one probe of discovery waits for its answer.
    pub discovery_timeout_ms: u32,
    /// How often discovery asks an address that does not answer; 0 follows the size of the search.
    pub discovery_attempts: u32,
    /// How many addresses discovery asks at the same time; 0 is as many as this computer bears.
    pub discovery_concurrency: u32,
    /// The TFTP file that is read to receive from a pre-3.2 system; `{password}` marks the place (protocol.md 3).
    pub tftp_read_name: String,
    /// The TFTP file that is written to send to a pre-3.2 system.
    pub tftp_write_name: String,
    /// The TFTP file that is written to restart a pre-3.2 system.
    pub tftp_reboot_name: String,
    /// Minutes without use after which the window logs off; 0: never.
    pub idle_minutes: u32,
    /// What a newer program wrote and this one does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            ip_search_criteria: String::new(),
            services_base_port: 50804,
            discovery_port: 50802,
            tftp_port: 69,
            broadcast_addresses: Vec::new(),
            connect_timeout_ms: 5_000,
            transfer_timeout_ms: 10_000,
            transfer_tries: 3,
            discovery_timeout_ms: 1_250,
            discovery_attempts: 0,
            discovery_concurrency: 0,
            tftp_read_name: "nasystem/rconfig/{password}".into(),
            tftp_write_name: "nasystem/wconfig/{password}".into(),
            tftp_reboot_name: "nasystem/reboot/{password}".into(),
            idle_minutes: 10,
            extra: BTreeMap::new(),
        }
    }
}

/// One preference, as `preferences get` lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preference {
    /// The stable name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// The unit of its number; empty for what is counted or is no number.
    pub unit: &'static str,
    /// What it may be.
    pub bounds: Bounds,
}

/// What a preference may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounds {
    /// A whole number.
    Number {
        /// The smallest.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// Text.
    Text {
        /// Bytes at most.
        max: usize,
    },
    /// A file name with `{password}` in it.
    FileName,
    /// IPv4 addresses.
    Addresses {
        /// How many at most.
        max: usize,
    },
}

/// Every preference, in the order in which people see them.
pub const TABLE: &[Preference] = &[
    text(
        "ip_search_criteria",
        "Addresses, ranges and names that discovery asks by TCP, separated by ;",
        64 << 10,
    ),
    addresses(
        "broadcast_addresses",
        "Broadcast addresses that discovery asks besides those of the interfaces",
    ),
    number(
        "services_base_port",
        "Services Base TCP Port where neither site nor unit says another",
        "",
        1,
        MAX_BASE,
    ),
    number(
        "discovery_port",
        "TCP port on which units answer Whois",
        "",
        1,
        65_535,
    ),
    number("tftp_port", "UDP port on which units speak TFTP", "", 1, 65_535),
    number(
        "connect_timeout_ms",
        "Time until a connection must stand",
        "ms",
        100,
        120_000,
    ),
    number(
        "transfer_timeout_ms",
        "Time without a byte after which a transfer counts as cut",
        "ms",
        500,
        600_000,
    ),
    number(
        "transfer_tries",
        "Connections that one transfer may use in all",
        "",
        1,
        20,
    ),
    number(
        "discovery_timeout_ms",
        "Time that one probe of discovery waits for its answer",
        "ms",
        50,
        60_000,
    ),
    number(
        "discovery_attempts",
        "How often discovery asks an address that does not answer; 0 follows the size of the search",
        "",
        0,
        10,
    ),
    number(
        "discovery_concurrency",
        "How many addresses discovery asks at the same time; 0 is as many as this computer bears",
        "",
        0,
        65_536,
    ),
    file_name(
        "tftp_read_name",
        "TFTP file that is read to receive from a system before 3.2",
    ),
    file_name(
        "tftp_write_name",
        "TFTP file that is written to send to a system before 3.2",
    ),
    file_name(
        "tftp_reboot_name",
        "TFTP file that is written to restart a system before 3.2",
    ),
    number(
        "idle_minutes",
        "Time without use after which the window logs off; 0 is never",
        "min",
        0,
        1_440,
    ),
];

const MAX_BASE: u32 = MAX_SERVICES_BASE_PORT as u32;
const PASSWORD_PLACE: &str = "{password}";

const fn number(
    name: &'static str,
    description: &'static str,
    unit: &'static str,
    min: u32,
    max: u32,
) -> Preference {
    Preference {
        name,
        description,
        unit,
        bounds: Bounds::Number { min, max },
    }
}

const fn text(name: &'static str, description: &'static str, max: usize) -> Preference {
    Preference {
        name,
        description,
        unit: "",
        bounds: Bounds::Text { max },
    }
}

const fn file_name(name: &'static str, description: &'static str) -> Preference {
    Preference {
        name,
        description,
        unit: "",
        bounds: Bounds::FileName,
    }
}

const fn addresses(name: &'static str, description: &'static str) -> Preference {
    Preference {
        name,
        description,
        unit: "",
        bounds: Bounds::Addresses { max: 64 },
    }
}

/// The preference of this name; `-` and `_` count as the same.
///
/// # Errors
/// `not_found`, listing the names there are.
pub fn find(name: &str) -> Result<&'static Preference> {
    let wanted = name.trim().replace('-', "_");
    TABLE
        .iter()
        .find(|preference| preference.name == wanted)
        .ok_or_else(|| {
            let known: Vec<_> = TABLE.iter().map(|preference| preference.name).collect();
            let message = format!("there is no preference {name:?}; known are {}", known.join(", "));
            Error::new(ErrorKind::NotFound(message))
        })
}

impl Preferences {
    /// The value for people; a list is parted by commas.
    ///
    /// # Errors
    /// `not_found` for an unknown name.
    pub fn get(&self, name: &str) -> Result<String> {
        Ok(match self.get_json(name)? {
            Value::String(text) => text,
            Value::Array(items) => {
                let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                items.join(", ")
            }
            other => other.to_string(),
        })
    }

    /// The value for programs: a number, a string or a list of strings.
    ///
    /// # Errors
    /// `not_found` for an unknown name.
    pub fn get_json(&self, name: &str) -> Result<Value> {
        let name = find(name)?.name;
        Ok(self.fields().remove(name).unwrap_or_default())
    }

    /// Takes the value that a person wrote.
    ///
    /// # Errors
    /// `not_found` for an unknown name; `usage` for a value that is out of bounds, saying what it may be.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let preference = find(name)?;
        let value = preference.parse(value).map_err(usage)?;
        self.put(preference.name, value).map_err(usage)
    }

    /// Goes back to the default.
    ///
    /// # Errors
    /// `not_found` for an unknown name.
    pub fn reset(&mut self, name: &str) -> Result<()> {
        let default = Self::default().get_json(name)?;
        self.put(find(name)?.name, default).map_err(usage)
    }

    fn put(&mut self, name: &str, value: Value) -> Result<(), String> {
        let mut fields = self.fields();
        fields.insert(name.to_owned(), value);
        *self = serde_json::from_value(Value::Object(fields)).map_err(|error| format!("{name}: {error}"))?;
        Ok(())
    }

    fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

impl Preference {
    fn parse(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let value = match self.bounds {
            Bounds::Number { .. } => text.parse::<u32>().map_or(Value::Null, Value::from),
            Bounds::Text { .. } | Bounds::FileName => Value::from(text),
            Bounds::Addresses { .. } => {
                let items = text.split([',', ';', ' ']).filter(|item| !item.is_empty());
                items.map(Value::from).collect()
            }
        };
        self.check(&value)?;
        Ok(value)
    }

    /// Also for what stands in a file that a person edited.
    fn check(&self, value: &Value) -> Result<(), String> {
        let name = self.name;
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.unit)
        };
        match self.bounds {
            Bounds::Number { min, max } => match value.as_u64() {
                Some(number) if (u64::from(min)..=u64::from(max)).contains(&number) => Ok(()),
                _ => Err(format!("{name} is a whole number from {min} to {max}{unit}")),
            },
            Bounds::Text { max } => match value.as_str() {
                Some(text) if text.len() <= max && !text.contains('\0') => Ok(()),
                _ => Err(format!("{name} is text of {max} bytes at most")),
            },
            Bounds::FileName => match value.as_str() {
                Some(text) if is_file_name(text) => Ok(()),
                _ => Err(format!(
                    "{name} is a file name of 255 bytes at most with {PASSWORD_PLACE} in it once"
                )),
            },
            Bounds::Addresses { max } => match value.as_array() {
                Some(items) if items.len() <= max && items.iter().all(is_ipv4) => Ok(()),
                _ => Err(format!(
                    "{name} are {max} IPv4 addresses at most, such as 192.168.42.255"
                )),
            },
        }
    }
}

fn is_file_name(text: &str) -> bool {
    text.len() <= 255 && !text.chars().any(char::is_control) && text.matches(PASSWORD_PLACE).count() == 1
}

fn is_ipv4(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.parse::<Ipv4Addr>().is_ok())
}

/// How the store keeps preferences: what differs from the default, checked when it is read.
pub(super) mod sparse {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::{Map, Value};

    use super::{Preferences, TABLE};

    pub(in crate::store) fn serialize<S: Serializer>(
        preferences: &Preferences,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let defaults = Preferences::default().fields();
        let mut fields = preferences.fields();
        fields.retain(|name, value| defaults.get(name) != Some(value));
        fields.serialize(serializer)
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Preferences, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        for preference in TABLE {
            if let Some(value) = fields.get(preference.name) {
                preference.check(value).map_err(D::Error::custom)?;
            }
        }
        serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[path = "preferences_tests.rs"]
mod tests;
