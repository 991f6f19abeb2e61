//! The fields of a saved site, as arguments.

use clap::Args;
use trunkline_core::Site;

use crate::arguments::{MethodArgument, TlsArgument};

/// What `sites add` and `sites edit` set. An empty text, and `none` for a port, leave a field without a value.
#[derive(Debug, Args)]
pub(super) struct SiteArguments {
    /// Sites of one customer or region
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// The Services Base TCP Port, instead of what the unit says; `none` for that
    #[arg(long, value_name = "PORT", value_parser = port)]
    base_port: Option<Port>,
    /// Where it answers TCP discovery, instead of 50802
    #[arg(long, value_name = "PORT", value_parser = port)]
    discovery_port: Option<Port>,
    /// Where it speaks TFTP, instead of 69
    #[arg(long, value_name = "PORT", value_parser = port)]
    tftp_port: Option<Port>,
    /// Where the security settings are, instead of base+8 or base+4
    #[arg(long, value_name = "PORT", value_parser = port)]
    security_port: Option<Port>,
    /// Where the Management API is, instead of 7070 or 8443
    #[arg(long, value_name = "PORT", value_parser = port)]
    management_api_port: Option<Port>,
    /// How the configuration is received and sent
    #[arg(long, value_enum)]
    method: Option<MethodArgument>,
    /// What the unit's certificate must satisfy
    #[arg(long, value_enum)]
    tls: Option<TlsArgument>,
    /// Whether plain TCP will do where the unit offers no TLS
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    allow_plain: Option<bool>,
    /// The file with the certificate for a unit that lets nobody in without one (PEM or PKCS#12)
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<String>,
    /// The service user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The name of a credential that several sites share
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// A word to find it by; may be given several times, and all replace those before
    #[arg(long = "tag", value_name = "WORD")]
    tags: Option<Vec<String>>,
    /// Anything else to know
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
}

/// A port, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port(Option<u16>);

fn port(text: &str) -> Result<Port, String> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(Port(Some(port))),
        _ if text == "none" => Ok(Port(None)),
        _ => Err("a port is a number from 1 to 65535, or none".into()),
    }
}

impl SiteArguments {
    /// Sets what was given, and leaves the rest.
    pub(super) fn apply(&self, site: &mut Site) {
        if let Some(file) = &self.client_certificate {
            // The site is used from other folders too.
            let whole = std::path::absolute(file)
                .map_or_else(|_| file.clone(), |path| path.to_string_lossy().into_owned());
            site.client_certificate = Some(whole).filter(|_| !file.is_empty());
        }
        // The site's own check turns an empty text into none.
        for (given, field) in [
            (&self.group, &mut site.group),
            (&self.user, &mut site.user),
            (&self.credential, &mut site.credential),
        ] {
            if given.is_some() {
                field.clone_from(given);
            }
        }
        for (given, field) in [
            (self.base_port, &mut site.services_base_port),
            (self.discovery_port, &mut site.discovery_port),
            (self.tftp_port, &mut site.tftp_port),
            (self.security_port, &mut site.security_port),
            (self.management_api_port, &mut site.management_api_port),
        ] {
            if let Some(Port(port)) = given {
                *field = port;
            }
        }
        site.method = self.method.map_or(site.method, MethodArgument::method);
        site.tls = self.tls.map_or(site.tls, TlsArgument::of_site);
        site.allow_plain = self.allow_plain.unwrap_or(site.allow_plain);
        if let Some(tags) = &self.tags {
            site.tags.clone_from(tags);
        }
        if let Some(notes) = &self.notes {
            site.notes.clone_from(notes);
        }
    }
}
