//! TFTP together with what this computer keeps: the choice by software version, system passwords, and the warning.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::Service;

use super::access::{TftpAccess, access, port};
use crate::credentials::{Credential, CredentialKey};
use crate::discovery::{self, Identity};
use crate::local::{Local, Overrides};
use crate::security;
use crate::store::{Method, Site};
use crate::target::Target;
use crate::{Error, ErrorKind, Result, Step};

/// What a person is told once for each unit, before a system password is first sent there.
pub const CLEAR_TEXT: &str = "TFTP: the system password and the configuration travel readable, and whoever is on the way can read \
                              and change them";

impl Local {
    /// How to read files of `target` over TFTP, whatever way its configuration goes.
    ///
    /// # Errors
    /// Where the store can not be read.
    pub fn tftp_access(&self, target: &Target, overrides: &Overrides) -> Result<TftpAccess> {
        access(target, Service::Configuration, overrides, &*self.store.read()?)
    }

    /// Whether text files of `target` are read over TFTP where nobody says how: where its site says that it is a system
    /// before 3.2, else the unit. A target with a port of its own is not asked: its services are meant.
    ///
    /// # Errors
    /// As [`Local::identify`].
    pub async fn reads_over_tftp(
        &self,
        target: &Target,
        overrides: &Overrides,
        cancel: &CancellationToken,
    ) -> Result<bool> {
        match target.site.as_ref().map(|site| site.method) {
            Some(Method::Tftp) => return Ok(true),
            Some(Method::Service | Method::Api) => return Ok(false),
            Some(Method::Auto) | None => {}
        }
        if target.base_port.is_some() {
            return Ok(false);
        }
        let identity = self.identify(target, overrides, cancel).await?;
        Ok(identity.is_some_and(|identity| identity.method().0 == Some(discovery::Method::Tftp)))
    }

    /// The way over TFTP to a unit that says that its software is older than 3.2. Nobody vouches for what it says: a unit
    /// that this computer has known by its service does not become one of these by saying so.
    pub(crate) fn by_version(
        &self,
        identity: &Identity,
        target: &Target,
        service: Service,
        overrides: &Overrides,
    ) -> Result<TftpAccess> {
        if service != Service::Configuration {
            return Err(security::has_none(target, identity.version.as_ref()));
        }
        let data = self.store.read()?;
        if data.knows_service_of(&target.host) {
            let runs = identity.version.as_ref().map_or_else(String::new, |version| {
                format!("it says that it runs {version}, and ")
            });
            let why = format!(
                "{runs}it was configured over its service before, so nothing goes there over TFTP by itself; if the unit was \
                 replaced, choose --method tftp, or that method for its site"
            );
            return Err(Error::new(ErrorKind::Unsupported(why))
                .at(Step::Connect)
                .address(target.name()));
        }
        access(target, service, overrides, &data)
    }

    /// The system password that the keychain has for this unit.
    ///
    /// # Errors
    /// The keychain's.
    pub async fn kept_system_password(
        &self,
        target: &Target,
        access: &TftpAccess,
    ) -> Result<Option<SecretString>> {
        let key = system_password_key(target, access.key_port);
        let credentials = Arc::clone(&self.credentials);
        let kept = spawn_blocking(move || credentials.get(&key))
            .await
            .map_err(|_| Error::new(ErrorKind::Cancelled("")))??;
        Ok(kept.map(|kept| kept.password))
    }

    /// Puts a system password into the keychain, and answers under which name.
    ///
    /// # Errors
    /// The keychain's.
    pub async fn keep_system_password(
        &self,
        target: &Target,
        access: &TftpAccess,
        password: SecretString,
    ) -> Result<CredentialKey> {
        let key = system_password_key(target, access.key_port);
        let credentials = Arc::clone(&self.credentials);
        let at = key.clone();
        let credential = Credential { user: None, password };
        spawn_blocking(move || credentials.set(&at, &credential))
            .await
            .map_err(|_| Error::new(ErrorKind::Cancelled("")))??;
        Ok(key)
    }

    /// Whether the keychain may have a system password of this site: whoever kept one was told [`CLEAR_TEXT`] first.
    ///
    /// # Errors
    /// Where the store can not be read.
    pub fn may_have_system_password(&self, site: &Site) -> Result<bool> {
        let data = self.store.read()?;
        let port = port(&Target::from(site), &Overrides::default(), &data);
        Ok(site.method == Method::Tftp || data.is_clear_text_warned(&site.address, port))
    }

    /// Whether a person was told [`CLEAR_TEXT`] of this unit.
    ///
    /// # Errors
    /// Where the store can not be read.
    pub fn is_clear_text_known(&self, access: &TftpAccess) -> Result<bool> {
        Ok(self.store.read()?.is_clear_text_warned(&access.host, access.port))
    }

    /// Remembers that a person was told so.
    ///
    /// # Errors
    /// Where the store can not be written.
    pub fn clear_text_is_known(&self, access: &TftpAccess) -> Result<()> {
        if self.is_clear_text_known(access)? {
            return Ok(());
        }
        self.store.update(|data| {
            data.set_clear_text_warned(&access.host, access.port);
            Ok(())
        })
    }
}

/// Under what the keychain has the system password of this unit.
pub fn system_password_key(target: &Target, key_port: u16) -> CredentialKey {
    CredentialKey::SystemPassword {
        place: target.place(key_port),
    }
}
