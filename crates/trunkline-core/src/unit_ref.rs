//! Which unit an action of the window goes to, as it is kept beside documents and log-ins.

use trunkline_protocol::link::Service;

use crate::store::{StoreData, host};
use crate::{ErrorKind, Result, Target};

/// A saved site, or a unit that is only known by its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitRef {
    /// The site's id; empty for a unit that is not saved.
    pub site_id: String,
    /// The address or DNS name; empty where a document belongs to no unit yet.
    pub address: String,
    /// The Services Base TCP Port; 0 where site, unit and preferences are to say it.
    pub base_port: u16,
}

impl UnitRef {
    /// The unit as it is known now. A site that was removed meanwhile is still reached by its address.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where there is no unit, or its address is none.
    pub fn resolve(&self, data: &StoreData) -> Result<Target> {
        let port = Some(self.base_port).filter(|port| *port > 0);
        if let Some(site) = data.site_by_id(&self.site_id) {
            let target = Target::from(site);
            return Ok(Target {
                base_port: target.base_port.or(port),
                ..target
            });
        }
        if self.address.trim().is_empty() {
            let message = "this belongs to no unit yet; choose the unit that it is for";
            return Err(ErrorKind::Usage(message.into()).into());
        }
        Ok(Target {
            site: None,
            host: host(&self.address)?,
            base_port: port,
            heard: None,
        })
    }

    /// Under which key the log-in to this service of it is kept.
    pub(crate) fn key_of(&self, target: &Target, service: Service) -> String {
        match service {
            Service::Configuration => self.key(target),
            Service::Security => format!("security:{}", self.key(target)),
        }
    }

    /// Under which key the log-in to it is kept: a site's own, since its TLS level belongs to it.
    pub(crate) fn key(&self, target: &Target) -> String {
        match &target.site {
            Some(site) => format!("site:{}", site.id),
            None => format!("unit:{}:{}", target.host, self.base_port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Site;

    fn unit(site_id: &str, address: &str, base_port: u16) -> UnitRef {
        UnitRef {
            site_id: site_id.into(),
            address: address.into(),
            base_port,
        }
    }

    #[test]
    fn a_site_comes_before_the_address_and_its_port_before_the_other() {
        let mut data = StoreData::default();
        let mut site = Site::new("Bern", "192.0.2.7").unwrap();
        let id = data.add_site(site.clone()).unwrap().id.clone();
        let check = |data: &StoreData, unit: &UnitRef, expect: (&str, Option<u16>)| {
            let target = unit.resolve(data).unwrap();
            assert_eq!((target.host.as_str(), target.base_port), expect, "{unit:?}");
        };
        check(&data, &unit(&id, "198.51.100.1", 0), ("192.0.2.7", None));
        check(
            &data,
            &unit(&id, "198.51.100.1", 50900),
            ("192.0.2.7", Some(50900)),
        );
        site.services_base_port = Some(51000);
        data.edit_site("Bern", |kept| *kept = site).unwrap();
        check(&data, &unit(&id, "", 50900), ("192.0.2.7", Some(51000)));
        check(
            &data,
            &unit("gone", " [2001:DB8::1] ", 1),
            ("2001:db8::1", Some(1)),
        );
    }

    #[test]
    fn without_an_address_there_is_no_unit() {
        for unit in [unit("", "", 0), unit("gone", " ", 0), unit("", "10.0.0.256", 0)] {
            assert_eq!(
                unit.resolve(&StoreData::default()).unwrap_err().code(),
                "usage",
                "{unit:?}"
            );
        }
    }
}
