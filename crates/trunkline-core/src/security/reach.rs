//! The way to the security service, and the plain answer where there is none.

use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::Service;
use trunkline_protocol::version::SoftwareVersion;

use crate::access::Access;
use crate::local::Overrides;
use crate::progress::Report;
use crate::session::Connection;
use crate::store::Method;
use crate::target::Target;
use crate::{Error, ErrorKind, Local, Result, Step};

impl Local {
    /// How to reach the security service of `target`. It is always the unit's own service, whichever way its
    /// configuration goes.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a system before 3.2, which has no security settings; as [`Local::access`].
    pub async fn security_access(
        &self,
        target: &Target,
        overrides: &Overrides,
        cancel: &CancellationToken,
    ) -> Result<Access> {
        let site = target.site.as_ref();
        let over_tftp = overrides.method.or(site.map(|site| site.method)) == Some(Method::Tftp);
        let known = site
            .and_then(|site| site.version.as_deref())
            .map(SoftwareVersion::parse);
        if over_tftp || known.as_ref().is_some_and(SoftwareVersion::is_before_3_2) {
            return Err(has_none(target, known.as_ref()));
        }
        let mut target = target.clone();
        if target.base_port.is_none() {
            let identity = self.identify(&target, overrides, cancel).await?;
            let version = identity.as_ref().and_then(|identity| identity.version.as_ref());
            if let Some(version) = version.filter(|version| version.is_before_3_2()) {
                return Err(has_none(&target, Some(version)));
            }
            let preferred = self.store.read()?.preferences.services_base_port;
            target.base_port = Some(
                identity
                    .and_then(|identity| identity.base_port)
                    .unwrap_or(preferred),
            );
        }
        let overrides = Overrides {
            method: Some(Method::Service),
            ..overrides.clone()
        };
        self.access(&target, Service::Security, &overrides, cancel).await
    }

    /// Opens a connection to the security service. Where nothing listens, the unit is asked whether it is one that has
    /// none.
    ///
    /// # Errors
    /// As [`Connection::open`], and [`ErrorKind::Unsupported`] for a system before 3.2.
    pub async fn open_security(
        &self,
        target: &Target,
        access: Access,
        overrides: &Overrides,
        cancel: CancellationToken,
        report: Report<'_>,
    ) -> Result<Connection> {
        let error = match Connection::open(access, cancel.clone(), report).await {
            Err(error) if crate::session::is_cut(&error) => error,
            decided => return decided,
        };
        let identity = self.identify(target, overrides, &cancel).await.ok().flatten();
        let version = identity.and_then(|identity| identity.version);
        match version.filter(SoftwareVersion::is_before_3_2) {
            Some(version) => Err(has_none(target, Some(&version))),
            None => Err(error),
        }
    }
}

pub(crate) fn has_none(target: &Target, version: Option<&SoftwareVersion>) -> Error {
    let runs = version.map_or_else(
        || "it is configured over TFTP".to_owned(),
        |version| format!("it runs {version}"),
    );
    let why = format!(
        "{runs}, and systems before 3.2 have no security settings: they know one system password, in their \
         configuration"
    );
    Error::new(ErrorKind::Unsupported(why))
        .at(Step::Connect)
        .address(target.name())
}
