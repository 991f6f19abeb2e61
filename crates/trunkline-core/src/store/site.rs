//! A saved unit.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::hex;

/// A saved unit: where it is, how it is spoken to, and what a person noted about it. Never a password.
///
/// The optional ports override what discovery and the preferences say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// 32 hex digits that stay the same when the site is renamed; the archive is kept under them.
    pub id: String,
    /// Unique without regard to upper and lower case; 1 to 128 characters.
    pub name: String,
    /// Sites of one customer or region; at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// An IP address (IPv6 without brackets) or a DNS name, without a port.
    pub address: String,
    /// The Services Base TCP Port, 1 to 65526: the TLS port of the security settings is nine above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services_base_port: Option<u16>,
    /// Where Whois is asked instead of 50802.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery_port: Option<u16>,
    /// Where TFTP is spoken instead of 69.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tftp_port: Option<u16>,
    /// Where the security settings are, instead of base+8 or base+4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_port: Option<u16>,
    /// Where the Management API is, instead of 7070 or 8443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_api_port: Option<u16>,
    /// How the configuration is received and sent.
    #[serde(default)]
    pub method: Method,
    /// What the unit's certificate must satisfy.
    #[serde(default)]
    pub tls: TlsLevel,
    /// Whether everything but the password may travel readable where the unit offers no TLS.
    #[serde(default)]
    pub allow_plain: bool,
    /// The file that holds the certificate for a unit that lets nobody in without one (PEM or PKCS#12); at most 4,096
    /// characters. Its password is in the keychain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// The service user's name; at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The name of a credential that several sites share; at most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// At most 32 words of at most 64 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// At most 4,096 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// The unit's MAC address as it was last seen, `00:E0:07:AA:BB:CC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The unit's type as it was last seen, `IP 500 V2`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub unit_type: Option<String>,
    /// The unit's software as it was last seen, `11.1.2.3 build 23`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When the unit last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// What a newer program wrote and this one does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl Site {
    /// A site with a new id and everything else at its default. [`Site::check`] has not looked at it yet.
    ///
    /// # Errors
    /// `unsupported` where the system's random source fails.
    pub fn new(name: &str, address: &str) -> Result<Self> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| {
            Error::new(ErrorKind::Unsupported(format!(
                "the system gives no random numbers: {error}"
            )))
        })?;
        Ok(Self {
            id: hex(&id),
            name: name.to_owned(),
            group: None,
            address: address.to_owned(),
            services_base_port: None,
            discovery_port: None,
            tftp_port: None,
            security_port: None,
            management_api_port: None,
            method: Method::default(),
            tls: TlsLevel::default(),
            allow_plain: false,
            client_certificate: None,
            user: None,
            credential: None,
            tags: Vec::new(),
            notes: String::new(),
            mac: None,
            unit_type: None,
            version: None,
            last_seen: None,
            extra: BTreeMap::new(),
        })
    }

    /// Whether `name` is this site's name, without regard to upper and lower case.
    pub fn is_called(&self, name: &str) -> bool {
        folded(&self.name) == folded(name)
    }

    /// Brings every field into its one form (spaces around it, brackets, an empty text for none) and checks it.
    ///
    /// # Errors
    /// `usage`, naming the field and what it may be.
    pub fn check(&mut self) -> Result<()> {
        if self.id.len() != 32 || !self.id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(usage(format!("a site's id is 32 hex digits, not {:?}", self.id)));
        }
        self.name = line("name", &self.name, 128)?;
        if self.name.is_empty() {
            return Err(usage("a site needs a name"));
        }
        self.address = host(&self.address)?;
        for (field, value, max) in [
            ("group", &mut self.group, 128),
            ("client certificate", &mut self.client_certificate, 4096),
            ("user", &mut self.user, 64),
            ("credential", &mut self.credential, 128),
            ("type", &mut self.unit_type, 256),
            ("version", &mut self.version, 256),
        ] {
            let text = line(field, value.as_deref().unwrap_or_default(), max)?;
            *value = Some(text).filter(|text| !text.is_empty());
        }
        self.mac = self
            .mac
            .as_deref()
            .filter(|mac| !mac.trim().is_empty())
            .map(mac_address)
            .transpose()?;
        self.check_ports()?;
        self.check_tags()?;
        if self.notes.chars().count() > 4096 || self.notes.contains('\0') {
            return Err(usage("notes hold 4,096 characters at most"));
        }
        Ok(())
    }

    fn check_ports(&self) -> Result<()> {
        for (field, port, max) in [
            (
                "services base port",
                self.services_base_port,
                MAX_SERVICES_BASE_PORT,
            ),
            ("discovery port", self.discovery_port, u16::MAX),
            ("TFTP port", self.tftp_port, u16::MAX),
            ("security port", self.security_port, u16::MAX),
            ("Management API port", self.management_api_port, u16::MAX),
        ] {
            if port.is_some_and(|port| port == 0 || port > max) {
                return Err(usage(format!("the {field} is a number from 1 to {max}")));
            }
        }
        Ok(())
    }

    fn check_tags(&mut self) -> Result<()> {
        let mut tags = Vec::new();
        for tag in &self.tags {
            let tag = line("tag", tag, 64)?;
            if !tag.is_empty() && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if tags.len() > 32 {
            return Err(usage("a site has 32 tags at most"));
        }
        self.tags = tags;
        Ok(())
    }
}

/// The last service is at base+9 (security settings over TLS), which must be a port as well (protocol.md 1).
pub(crate) const MAX_SERVICES_BASE_PORT: u16 = 65526;

/// How the configuration is received and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By the unit's software version and capabilities.
    #[default]
    Auto,
    /// The configuration service (protocol.md 4).
    Service,
    /// TFTP, as systems before 3.2 want it (protocol.md 3).
    Tftp,
    /// The Management API (protocol.md 6).
    Api,
}

/// What a unit's certificate must satisfy (protocol.md 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsLevel {
    /// TLS; trust on first use, and only that certificate afterwards.
    #[default]
    Pin,
    /// TLS; an authority that the system trusts, and the right name.
    Verified,
    /// TLS with any certificate, for recovery.
    None,
    /// Plain TCP.
    Off,
}

macro_rules! choice {
    ($type:ident, $what:literal, $($variant:ident = $text:literal),+) => {
        impl $type {
            /// Every choice, in the order in which people see them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable word for it, as on the command line and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|choice| choice.as_str()).collect();
                    usage(format!("{text:?} is no {}; known are {}", $what, known.join(", ")))
                })
            }
        }
    };
}

choice!(
    Method,
    "method",
    Auto = "auto",
    Service = "service",
    Tftp = "tftp",
    Api = "api"
);
choice!(
    TlsLevel,
    "TLS level",
    Pin = "pin",
    Verified = "verified",
    None = "none",
    Off = "off"
);

/// A host as it is kept: an IP address in its usual form without brackets, or a DNS name in lower case.
///
/// # Errors
/// `usage`, with what is wrong.
pub fn host(text: &str) -> Result<String> {
    let text = text.trim();
    if let Some(address) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .or(Some(text))
        && let Ok(address) = address.parse::<IpAddr>()
    {
        return Ok(address.to_string());
    }
    let bad = |why: &str| Err(usage(format!("{text:?} is no address: {why}")));
    if text.is_empty() {
        return Err(usage("a site needs an address"));
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return bad("an IPv4 address has four numbers from 0 to 255");
    }
    if text.contains(':') {
        return bad("give the port on its own, not in the address");
    }
    if text.len() > 253 {
        return bad("a DNS name has 253 characters at most");
    }
    let labels = text.strip_suffix('.').unwrap_or(text).split('.');
    for label in labels {
        let hyphen_at_an_end = label.starts_with('-') || label.ends_with('-');
        let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if label.is_empty() || label.len() > 63 || hyphen_at_an_end || !label.bytes().all(known) {
            return bad(
                "a DNS name is made of letters without accents, digits and hyphens, parted by single points",
            );
        }
    }
    Ok(text.to_ascii_lowercase())
}

/// How names are compared.
pub(crate) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

pub(crate) fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage(message.into()))
}

fn line(field: &str, text: &str, max: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(usage(format!(
            "a site's {field} is one line of readable characters"
        )));
    }
    if text.chars().count() > max {
        return Err(usage(format!("a site's {field} has {max} characters at most")));
    }
    Ok(text.to_owned())
}

pub(crate) fn mac_address(text: &str) -> Result<String> {
    let digits: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, ':' | '-' | '.'))
        .collect();
    if digits.len() != 12 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(usage(format!(
            "{text:?} is no MAC address; it has 12 hex digits, as 00:E0:07:AA:BB:CC"
        )));
    }
    let pairs: Vec<_> = (0..6)
        .map(|i| digits[2 * i..2 * i + 2].to_ascii_uppercase())
        .collect();
    Ok(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: impl FnOnce(&mut Site)) -> Result<Site> {
        let mut site = Site::new("Zürich, Filiale 2", "10.0.0.1").unwrap();
        change(&mut site);
        site.check().map(|()| site)
    }

    #[test]
    fn a_new_site_is_good_and_its_id_its_own() {
        let (one, two) = (checked(|_| ()).unwrap(), checked(|_| ()).unwrap());
        assert_ne!(one.id, two.id);
        assert_eq!(one.id.len(), 32);
    }

    #[test]
    fn hosts_have_one_form() {
        for (text, expect) in [
            ("10.0.0.1", "10.0.0.1"),
            (" 10.0.0.1 ", "10.0.0.1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("2001:db8:0:0::1", "2001:db8::1"),
            ("PBX.Example.com", "pbx.example.com"),
            ("pbx_1", "pbx_1"),
            ("pbx.example.", "pbx.example."),
        ] {
            assert_eq!(host(text).unwrap(), expect);
        }
    }

    #[test]
    fn what_is_no_host_is_refused_in_plain_words() {
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127) + "b";
        for (text, expect) in [
            ("", "needs an address"),
            ("10.0.0", "four numbers"),
            ("10.0.0.256", "four numbers"),
            ("10.0.0.1:50804", "port on its own"),
            ("[::1]:50804", "port on its own"),
            ("pbx..example", "DNS name"),
            ("-pbx", "DNS name"),
            ("zürich.example", "without accents"),
            ("a b", "DNS name"),
            ("a/b", "DNS name"),
            (&long_label, "DNS name"),
            (&long_name, "253"),
        ] {
            let error = host(text).unwrap_err();
            assert!(
                error.code() == "usage" && error.to_string().contains(expect),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn fields_are_brought_into_one_form() {
        let site = checked(|site| {
            site.name = "  Bern ".into();
            site.group = Some("  ".into());
            site.user = Some(" Administrator ".into());
            site.mac = Some("00e007aabbcc".into());
            site.tags = vec!["vpn".into(), " vpn ".into(), String::new()];
        })
        .unwrap();
        assert_eq!(
            (site.name.as_str(), site.group, site.user.as_deref()),
            ("Bern", None, Some("Administrator"))
        );
        assert_eq!(
            (site.mac.as_deref(), site.tags),
            (Some("00:E0:07:AA:BB:CC"), vec!["vpn".to_owned()])
        );
    }

    #[test]
    fn bad_fields_are_refused_and_named() {
        fn check(change: fn(&mut Site), expect: &str) {
            let error = checked(change).unwrap_err();
            assert!(
                error.code() == "usage" && error.to_string().contains(expect),
                "{expect}: {error}"
            );
        }
        check(|site| site.name = " ".into(), "needs a name");
        check(|site| site.name = "a\nb".into(), "name is one line");
        check(|site| site.name = "é".repeat(129), "name has 128 characters");
        check(|site| site.group = Some("g".repeat(129)), "group");
        check(|site| site.user = Some("u".repeat(65)), "user");
        check(|site| site.credential = Some("a\u{7}".into()), "credential");
        check(|site| site.services_base_port = Some(65527), "1 to 65526");
        check(|site| site.tftp_port = Some(0), "TFTP port");
        check(
            |site| site.tags = (0..33).map(|i| i.to_string()).collect(),
            "32 tags",
        );
        check(|site| site.notes = "n".repeat(4097), "4,096");
        check(|site| site.mac = Some("00:E0:07:AA:BB".into()), "MAC");
        check(|site| site.id = "../../etc/passwd".into(), "id");
    }

    #[test]
    fn choices_are_read_and_shown_by_their_word() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse::<Method>().unwrap(), *method);
            assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
        }
        for level in TlsLevel::ALL {
            assert_eq!(level.to_string().parse::<TlsLevel>().unwrap(), *level);
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
        let error = "ssl".parse::<TlsLevel>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"ssl\" is no TLS level; known are pin, verified, none, off"
        );
    }

    #[test]
    fn the_least_that_a_file_may_hold_is_enough() {
        let text = r#"{"id":"00000000000000000000000000000001","name":"A","address":"a","colour":"red"}"#;
        let site: Site = serde_json::from_str(text).unwrap();
        assert_eq!(
            (site.method, site.tls, site.allow_plain),
            (Method::Auto, TlsLevel::Pin, false)
        );
        let again = serde_json::to_value(&site).unwrap();
        assert_eq!(again["colour"], "red");
    }
}
