//! TARGET: a saved site's name, an address or a DNS name, each with an optional Services Base TCP Port.

use std::net::IpAddr;

use crate::archive::UnitKey;
use crate::credentials::Place;
use crate::store::{Site, StoreData, host, unit_key};
use crate::{ErrorKind, Result};

/// The unit that a command or an action is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// The saved site, where it is one.
    pub site: Option<Site>,
    /// The address in its usual form, or the DNS name in lower case.
    pub host: String,
    /// The Services Base TCP Port, where the target or its site says it.
    pub base_port: Option<u16>,
    /// What the unit calls itself, where a search heard it.
    pub heard: Option<String>,
}

impl Target {
    /// Reads what a person wrote. A site of that name comes first: names may look like addresses.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for what is neither a site nor an address, [`ErrorKind::Usage`] for a wrong port.
    pub fn parse(text: &str, data: &StoreData) -> Result<Self> {
        let text = text.trim();
        if let Some(site) = data.site(text) {
            return Ok(Self::from(site));
        }
        let (address, port) = split_port(text)?;
        let host = host(address).map_err(|error| {
            ErrorKind::NotFound(format!(
                "no site is called {text:?}, and it can not be an address: {error}"
            ))
        })?;
        Ok(Self {
            site: None,
            host,
            base_port: port,
            heard: None,
        })
    }

    /// The name of the site, else what the unit calls itself, else the address: what messages call it.
    pub fn name(&self) -> &str {
        let heard = self.heard.as_ref().unwrap_or(&self.host);
        self.site.as_ref().map_or(heard, |site| &site.name)
    }

    /// Under which key the archive knows the unit.
    pub fn archive_key(&self, base_port: u16) -> UnitKey {
        self.site
            .as_ref()
            .map_or_else(|| UnitKey::address(&self.host, base_port), UnitKey::site)
    }

    /// Where the keychain keeps the unit's credentials.
    pub fn place(&self, base_port: u16) -> Place {
        match &self.site {
            Some(site) => Place::Site(site.name.clone()),
            None => Place::Unit(unit_key(&self.host, base_port)),
        }
    }

    /// How the record of received files knows the unit.
    pub(crate) fn record_key(&self, base_port: u16) -> String {
        self.site.as_ref().map_or_else(
            || unit_key(&self.host, base_port),
            |site| format!("site:{}", site.id),
        )
    }
}

impl From<&Site> for Target {
    fn from(site: &Site) -> Self {
        Self {
            host: site.address.clone(),
            base_port: site.services_base_port,
            site: Some(site.clone()),
            heard: None,
        }
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address, which has colons of its own.
fn split_port(text: &str) -> Result<(&str, Option<u16>)> {
    if text.parse::<IpAddr>().is_ok() || text.ends_with(']') {
        return Ok((text, None));
    }
    let Some((address, port)) = text.rsplit_once(':') else {
        return Ok((text, None));
    };
    match port.parse::<u16>() {
        Ok(port) if port > 0 => Ok((address, Some(port))),
        _ => Err(ErrorKind::Usage(format!("{text:?}: {port:?} is no port; ports are 1 to 65535")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: (&str, Option<u16>)) {
        let target = Target::parse(text, &StoreData::default()).unwrap();
        assert_eq!((target.host.as_str(), target.base_port), expect, "{text}");
    }

    #[test]
    fn addresses_and_names_with_and_without_a_port() {
        check("10.0.0.1", ("10.0.0.1", None));
        check(" 10.0.0.1:50804 ", ("10.0.0.1", Some(50804)));
        check("PBX.example.com:1", ("pbx.example.com", Some(1)));
        check("2001:DB8::1", ("2001:db8::1", None));
        check("[2001:db8::1]:65526", ("2001:db8::1", Some(65526)));
        check("[2001:db8::1]", ("2001:db8::1", None));
    }

    #[test]
    fn what_is_no_target_is_named() {
        for (text, code) in [
            ("10.0.0.1:0", "usage"),
            ("10.0.0.1:65536", "usage"),
            ("10.0.0.1:x", "usage"),
            ("10.0.0.256", "not_found"),
            ("Zürich, Filiale 2", "not_found"),
            ("", "not_found"),
        ] {
            assert_eq!(
                Target::parse(text, &StoreData::default()).unwrap_err().code(),
                code,
                "{text}"
            );
        }
    }

    #[test]
    fn a_site_s_name_comes_first() {
        let mut data = StoreData::default();
        let mut site = Site::new("10.0.0.1", "192.0.2.7").unwrap();
        site.services_base_port = Some(50900);
        data.add_site(site).unwrap();
        let target = Target::parse("10.0.0.1", &data).unwrap();
        assert_eq!(
            (target.host.as_str(), target.base_port, target.name()),
            ("192.0.2.7", Some(50900), "10.0.0.1")
        );
    }
}
