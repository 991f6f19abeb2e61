//! The way to a system before 3.2.

use trunkline_protocol::link::{MAX_OBJECT, Service};
use trunkline_protocol::tftp::transfer::TransferSettings;

use crate::access::join;
use crate::local::Overrides;
use crate::security;
use crate::store::StoreData;
use crate::target::Target;
use crate::{Result, Step};

/// Everything needed to configure one system over TFTP.
#[derive(Debug, Clone)]
pub struct TftpAccess {
    /// The address or DNS name, as the user or the site has it.
    pub host: String,
    /// The UDP port that requests go to.
    pub port: u16,
    /// The port by which archive, keychain and the record of received files know a unit that is no saved site: its
    /// Services Base TCP Port as far as one is known, so that a unit has one history whichever way it is reached.
    pub key_port: u16,
    /// The names of its files; `{password}` marks the place.
    pub(super) names: FileNames,
    /// How transfers go about.
    pub(super) settings: TransferSettings,
}

/// The templates of the preferences.
#[derive(Debug, Clone)]
pub(super) struct FileNames {
    pub(super) read: String,
    pub(super) write: String,
    pub(super) reboot: String,
}

impl TftpAccess {
    /// `host:port`, as messages show it.
    pub fn address(&self) -> String {
        join(&self.host, self.port)
    }

    /// Goes about transfers in this way, instead of as protocol.md says.
    #[must_use]
    pub fn with_settings(mut self, settings: TransferSettings) -> Self {
        self.settings = settings;
        self
    }
}

/// The way over TFTP to `target`, as target, site, preferences and user have it.
///
/// # Errors
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for security settings, which such systems do not have.
pub(crate) fn access(
    target: &Target,
    service: Service,
    overrides: &Overrides,
    data: &StoreData,
) -> Result<TftpAccess> {
    if service != Service::Configuration {
        return Err(security::has_none(target, None).at(Step::Connect));
    }
    let preferences = &data.preferences;
    Ok(TftpAccess {
        host: target.host.clone(),
        port: port(target, overrides, data),
        key_port: target.base_port.unwrap_or(preferences.services_base_port),
        names: FileNames {
            read: preferences.tftp_read_name.clone(),
            write: preferences.tftp_write_name.clone(),
            reboot: preferences.tftp_reboot_name.clone(),
        },
        settings: TransferSettings {
            limit: MAX_OBJECT,
            ..TransferSettings::default()
        },
    })
}

/// Where TFTP is spoken.
pub(crate) fn port(target: &Target, overrides: &Overrides, data: &StoreData) -> u16 {
    let of_site = target.site.as_ref().and_then(|site| site.tftp_port);
    overrides
        .tftp_port
        .or(of_site)
        .unwrap_or(data.preferences.tftp_port)
}
