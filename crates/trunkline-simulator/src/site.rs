//! A site of virtual units, as its TOML file describes it.

mod values;

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;

use secrecy::SecretString;
use serde::Deserialize;
use trunkline_protocol::link::{MAX_OBJECT, Rights};
use trunkline_protocol::ports::{MANAGEMENT_API_IP500, MANAGEMENT_API_SERVER_EDITION};
use trunkline_protocol::version::SoftwareVersion;

use crate::fault::Fault;
use crate::generate::SMALLEST;

use values::secret;
pub use values::{DevLink3, DevLink3Challenge, Mac, NamedRights, State, Tftp, TftpOptions, WriteRefusal};

/// Service users of one unit, at most (protocol.md 4.4).
const MAX_USERS: usize = 64;
/// Units of one site, at most.
const MAX_UNITS: usize = 10_000;
/// Seconds that a unit may stay away.
const MAX_SECONDS: f64 = 86_400.0;

/// Virtual units and the service users that they share.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Service users of every unit that names none of its own.
    #[serde(default, rename = "user")]
    pub users: Vec<UserSpec>,
    /// The units, in the order in which they are listed.
    #[serde(rename = "unit")]
    pub units: Vec<UnitSpec>,
}

/// One virtual unit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitSpec {
    /// The system name.
    pub name: String,
    /// The type of unit.
    #[serde(default = "defaults::unit_type", rename = "type")]
    pub unit_type: String,
    /// The software version. Before 3.2 a unit has TFTP only: discovery, and its configuration.
    #[serde(default = "defaults::version")]
    pub version: String,
    /// The edition.
    #[serde(default)]
    pub edition: Option<String>,
    /// The MAC address; made up from the unit's number where it is missing.
    #[serde(default)]
    pub mac: Option<Mac>,
    /// The address that it claims for LAN1; its own where this is missing.
    #[serde(default)]
    pub lan1: Option<IpAddr>,
    /// Name of its Small Community Network.
    #[serde(default)]
    pub network: Option<String>,
    /// The number of its revision: 418 is shown as `r418`.
    #[serde(default = "defaults::revision")]
    pub revision: u32,
    /// Bytes of its configuration, exactly.
    #[serde(default = "defaults::size")]
    pub size: u64,
    /// The largest object that it takes, in bytes; 2 MiB where this is missing, and twice its own size at least.
    #[serde(default)]
    pub max_size: Option<u64>,
    /// What it says of itself; a unit that is read only refuses to be written.
    #[serde(default)]
    pub state: State,
    /// The result with which writes are refused; `no_right` for a unit that is read only.
    #[serde(default)]
    pub refuse_writes: Option<WriteRefusal>,
    /// Services over plain TCP. Missing: yes from 3.2 on.
    #[serde(default)]
    pub plain: Option<bool>,
    /// Services over TLS. Missing: yes from 3.2 on.
    #[serde(default)]
    pub tls: Option<bool>,
    /// The SHA-256, in hex, of the only client certificate that its TLS lets in. Missing: nobody needs one.
    #[serde(default)]
    pub client_certificate: Option<String>,
    /// Discovery over TCP. Missing: yes from 3.2 on.
    #[serde(default)]
    pub discovery: Option<bool>,
    /// Discovery over UDP.
    #[serde(default = "defaults::yes")]
    pub udp: bool,
    /// Whether the security service is at base+4 and base+5, instead of base+8 and base+9.
    #[serde(default)]
    pub second_security_ports: bool,
    /// How it offers DevLink3; before 3.2 it never does.
    #[serde(default)]
    pub devlink3: DevLink3,
    /// What it does over TFTP besides discovery.
    #[serde(default)]
    pub tftp: Tftp,
    /// Whether it offers the Management API: on 7070 where it is Linux-based, else on 8443. It takes TLS for it.
    #[serde(default)]
    pub management_api: bool,
    /// PBKDF2 iterations of its log-in; clients take 50,000 to 1,000,000.
    #[serde(default = "defaults::iterations")]
    pub iterations: u32,
    /// Where a change needs a restart, such as `System` or `System/LANs`: a merge that changes it is refused.
    #[serde(default)]
    pub merge_needs_reboot: Vec<String>,
    /// The same for the security settings, such as `System/ServicesBasePort`.
    #[serde(default)]
    pub security_merge_needs_reboot: Vec<String>,
    /// Seconds for which it is away when it restarts.
    #[serde(default = "defaults::restart_seconds")]
    pub restart_seconds: f64,
    /// Seconds for which it then says that it is starting.
    #[serde(default = "defaults::starting_seconds")]
    pub starting_seconds: f64,
    /// Seconds until nobody is on the phone.
    #[serde(default = "defaults::when_free_seconds")]
    pub when_free_seconds: u32,
    /// Seconds until any time of day has come; missing: the clock decides (UTC).
    #[serde(default)]
    pub timed_seconds: Option<u32>,
    /// What it does wrong.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Its own service users, instead of the site's.
    #[serde(default, rename = "user")]
    pub users: Vec<UserSpec>,
}

/// One service user.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// The name, 1 to 31 characters.
    pub name: String,
    /// The password; a running unit keeps only what it verifies with.
    #[serde(deserialize_with = "secret")]
    pub password: SecretString,
    /// What the user may do, by the names of protocol.md 4.3, or `all`.
    pub rights: NamedRights,
    /// Whether the account may be used.
    #[serde(default = "defaults::yes")]
    pub enabled: bool,
    /// Whether the password must be changed before anything else.
    #[serde(default)]
    pub must_change_password: bool,
    /// Days until the password expires.
    #[serde(default)]
    pub expires_in_days: Option<u16>,
    /// Whether it says that the password is still the one that units are delivered with.
    #[serde(default)]
    pub default_password: bool,
}

mod defaults {
    pub(super) fn unit_type() -> String {
        "IP 500 V2".to_owned()
    }

    pub(super) fn version() -> String {
        "11.1.2.3 build 23".to_owned()
    }

    pub(super) fn revision() -> u32 {
        1
    }

    pub(super) fn size() -> u64 {
        300_000
    }

    pub(super) fn iterations() -> u32 {
        *trunkline_protocol::link::auth::ITERATIONS.start()
    }

    pub(super) fn restart_seconds() -> f64 {
        3.0
    }

    pub(super) fn starting_seconds() -> f64 {
        1.0
    }

    pub(super) fn when_free_seconds() -> u32 {
        5
    }

    pub(super) fn yes() -> bool {
        true
    }
}

/// Why a site can not be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The file can not be read.
    #[error("{file}: {error}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is not TOML, or holds a key that means nothing here.
    #[error("{}{text}", place(*line))]
    Toml {
        /// The line, counted from 1.
        line: Option<usize>,
        /// What is wrong; the line itself is not quoted, since passwords stand in such files.
        text: String,
    },
    /// It says something that no unit can be.
    #[error("{0}")]
    Invalid(String),
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

impl UnitSpec {
    /// A unit with this name and everything else as usual.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            unit_type: defaults::unit_type(),
            version: defaults::version(),
            edition: None,
            mac: None,
            lan1: None,
            network: None,
            revision: defaults::revision(),
            size: defaults::size(),
            max_size: None,
            state: State::default(),
            refuse_writes: None,
            plain: None,
            tls: None,
            client_certificate: None,
            discovery: None,
            udp: true,
            second_security_ports: false,
            devlink3: DevLink3::default(),
            tftp: Tftp::default(),
            management_api: false,
            iterations: defaults::iterations(),
            merge_needs_reboot: Vec::new(),
            security_merge_needs_reboot: Vec::new(),
            restart_seconds: defaults::restart_seconds(),
            starting_seconds: defaults::starting_seconds(),
            when_free_seconds: defaults::when_free_seconds(),
            timed_seconds: None,
            faults: Vec::new(),
            users: Vec::new(),
        }
    }

    /// Whether it has the services of 3.2 and later; without them it is configured over TFTP.
    pub(crate) fn has_services(&self) -> bool {
        !SoftwareVersion::parse(&self.version).is_before_3_2()
    }

    pub(crate) fn has_plain(&self) -> bool {
        self.plain.unwrap_or_else(|| self.has_services())
    }

    pub(crate) fn has_tls(&self) -> bool {
        self.tls.unwrap_or_else(|| self.has_services())
    }

    pub(crate) fn has_devlink3(&self) -> bool {
        self.devlink3.offered && self.has_services()
    }

    pub(crate) fn has_management_api(&self) -> bool {
        self.management_api && self.has_tls()
    }

    /// Where it offers the Management API, if nothing else is wanted.
    pub(crate) fn management_api_port(&self) -> u16 {
        if self.unit_type.contains("Linux") {
            MANAGEMENT_API_SERVER_EDITION
        } else {
            MANAGEMENT_API_IP500
        }
    }

    pub(crate) fn has_discovery(&self) -> bool {
        self.discovery.unwrap_or_else(|| self.has_services())
    }

    fn check(&self) -> Result<(), String> {
        let seconds = [
            ("restart_seconds", self.restart_seconds),
            ("starting_seconds", self.starting_seconds),
        ];
        for (key, value) in seconds {
            if !(0.0..=MAX_SECONDS).contains(&value) {
                return Err(format!("{key} is between 0 and {MAX_SECONDS}"));
            }
        }
        if self.name.trim().is_empty() {
            return Err("a unit has a name".to_owned());
        }
        if !(SMALLEST..=MAX_OBJECT).contains(&self.size) {
            return Err(format!("size is between {SMALLEST} and {MAX_OBJECT} bytes"));
        }
        if self.max_size.is_some_and(|max| max > MAX_OBJECT) {
            return Err(format!("max_size is at most {MAX_OBJECT} bytes"));
        }
        if self.iterations == 0 {
            return Err("iterations is 1 at least; clients take 50000 at least".to_owned());
        }
        let is_path = |path: &String| path.split('/').all(|name| !name.is_empty());
        let mut paths = self
            .merge_needs_reboot
            .iter()
            .chain(&self.security_merge_needs_reboot);
        match paths.find(|path| !is_path(path)) {
            Some(path) => Err(format!(
                "`{path}` names no part of a configuration; write `System` or `System/LANs`"
            )),
            None => Ok(()),
        }
    }
}

impl Site {
    /// The demo site that comes with the program.
    ///
    /// # Errors
    /// None, as long as its file is right, which a test keeps.
    pub fn demo() -> Result<Self, SiteError> {
        Self::from_toml(include_str!("../demo.toml"))
    }

    /// Reads a site's file.
    ///
    /// # Errors
    /// When it can not be read, or is not a site.
    pub fn load(path: &Path) -> Result<Self, SiteError> {
        let text = std::fs::read_to_string(path).map_err(|error| SiteError::File {
            file: path.display().to_string(),
            error,
        })?;
        Self::from_toml(&text)
    }

    /// Reads a site from TOML.
    ///
    /// # Errors
    /// With the line and what is wrong there.
    pub fn from_toml(text: &str) -> Result<Self, SiteError> {
        let site: Self = toml::from_str(text).map_err(|error| SiteError::Toml {
            line: error.span().map(|span| line_of(text, span.start)),
            text: error.message().to_owned(),
        })?;
        site.check()?;
        Ok(site)
    }

    /// A site of this many units that differ in name, type and version, with the service user `Administrator`,
    /// password `demo-Pass-1`, and `Operator`, password `demo-Pass-2`, who may only receive.
    pub fn generated(units: usize) -> Self {
        const TYPES: [(&str, &str); 4] = [
            ("IP 500 V2", "11.1.2.3 build 23"),
            ("IP 500 V2", "10.1.0.0 build 237"),
            ("IPO-Linux-PC", "12.2.0.0 build 91"),
            ("IP 500 V2", "9.1.12.0 build 213"),
        ];
        let unit = |number: usize| {
            let (unit_type, version) = TYPES[number % TYPES.len()];
            UnitSpec {
                unit_type: unit_type.to_owned(),
                version: version.to_owned(),
                ..UnitSpec::named(format!("Branch {:04}", number + 1))
            }
        };
        let user = |name: &str, password: &str, rights| UserSpec {
            name: name.to_owned(),
            password: password.into(),
            rights,
            enabled: true,
            must_change_password: false,
            expires_in_days: None,
            default_password: false,
        };
        Self {
            users: vec![
                user("Administrator", "demo-Pass-1", NamedRights::all()),
                user("Operator", "demo-Pass-2", NamedRights(Rights(1))),
            ],
            units: (0..units).map(unit).collect(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SiteError> {
        if self.units.is_empty() || self.units.len() > MAX_UNITS {
            return Err(SiteError::Invalid(format!("a site has 1 to {MAX_UNITS} units")));
        }
        check_users(&self.users).map_err(SiteError::Invalid)?;
        let mut names = HashSet::new();
        for unit in &self.units {
            let wrong = |text: String| SiteError::Invalid(format!("unit `{}`: {text}", unit.name));
            unit.check().map_err(wrong)?;
            check_users(&unit.users).map_err(wrong)?;
            if !names.insert(unit.name.as_str()) {
                return Err(wrong("another unit has the same name".to_owned()));
            }
        }
        Ok(())
    }
}

fn check_users(users: &[UserSpec]) -> Result<(), String> {
    if users.len() > MAX_USERS {
        return Err(format!("a unit has at most {MAX_USERS} service users"));
    }
    let mut names = HashSet::new();
    for user in users {
        if !(1..=31).contains(&user.name.chars().count()) {
            return Err(format!(
                "service user `{}`: a name has 1 to 31 characters",
                user.name
            ));
        }
        if !names.insert(user.name.as_str()) {
            return Err(format!("service user `{}` is there twice", user.name));
        }
    }
    Ok(())
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
