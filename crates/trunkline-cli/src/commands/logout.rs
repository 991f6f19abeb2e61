use clap::Args;
use serde_json::json;
use tokio::task::spawn_blocking;
use trunkline_core::tftp::system_password_key;
use trunkline_core::{CredentialKey, ErrorKind, Local, Method, StoreData, Target};

use super::Ended;
use crate::arguments::Way;
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Removes a password from the operating system's keychain
///
/// A credential that other sites share stays for them. Of a system before 3.2 (--method tftp, or the site's method) it is the
/// system password.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline logout \"Head Office\"
  trunkline logout 192.168.42.1 --user Administrator

JSON: {\"target\",\"removed\",\"kept_for\"}")]
pub(crate) struct Arguments {
    /// The unit, as it was named at `login`
    target: String,
    /// The service user; otherwise the site's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    way: Way,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let local = context.local()?;
    let data = local.store.read()?;
    let target = Target::parse(&arguments.target, &data)?;
    let (key, others) = key(context, &local, &data, &target, &arguments).await?;
    let mut removed = false;
    if others.is_empty() {
        let (credentials, at) = (local.credentials.clone(), key.clone());
        removed = spawn_blocking(move || credentials.delete(&at))
            .await
            .map_err(|_| ErrorKind::Cancelled(""))??;
    }
    if let Some(site) = &target.site {
        local.store.update(|data| {
            data.edit_site(&site.name, |site| site.credential = None)
                .map(drop)
        })?;
    }
    context.output.say(&match (removed, others.is_empty()) {
        (true, _) => format!("{}: removed from the keychain: {key}", target.name()),
        (false, true) => format!("{}: the keychain has nothing as {key}", target.name()),
        (false, false) => format!(
            "{}: no longer uses {key}, which stays for {}",
            target.name(),
            others.join(", ")
        ),
    });
    let document = json!({"target": target.name(), "removed": removed, "kept_for": others});
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}

/// What is removed, and which other sites use it.
async fn key(
    context: &Context,
    local: &Local,
    data: &StoreData,
    target: &Target,
    arguments: &Arguments,
) -> Result<(CredentialKey, Vec<String>), Failure> {
    let site = target.site.as_ref();
    let base_port = target.base_port.unwrap_or(data.preferences.services_base_port);
    let system_password = system_password_key(target, base_port);
    let method = arguments
        .way
        .overrides(None)
        .method
        .or(site.map(|site| site.method));
    if method == Some(Method::Tftp) && arguments.user.is_none() {
        return Ok((system_password, Vec::new()));
    }
    if let (Some(name), None) = (site.and_then(|site| site.credential.as_ref()), &arguments.user) {
        let others = data.sites().into_iter().filter(|other| {
            other.credential.as_ref() == Some(name)
                && target.site.as_ref().is_none_or(|site| site.id != other.id)
        });
        return Ok((
            CredentialKey::Shared { name: name.clone() },
            others.map(|site| site.name.clone()).collect(),
        ));
    }
    let Some(user) = arguments
        .user
        .clone()
        .or_else(|| site.and_then(|site| site.user.clone()))
    else {
        // A system before 3.2 has no service user, and may have this.
        if is_kept(local, &system_password).await? {
            return Ok((system_password, Vec::new()));
        }
        let why = format!("no service user is known for {}", target.name());
        return Err(Failure::from(ErrorKind::NoCredential(why)).hint("Name one with --user."));
    };
    let base_port = match (site, target.base_port) {
        (Some(_), _) => 0,
        (None, Some(port)) => port,
        // The same way as at `login`: the unit says its port, else the preferences.
        (None, None) => {
            let overrides = arguments.way.overrides(None);
            let identity = local.identify(target, &overrides, &context.cancel).await?;
            identity
                .and_then(|identity| identity.base_port)
                .unwrap_or(data.preferences.services_base_port)
        }
    };
    Ok((
        CredentialKey::ServiceUser {
            place: target.place(base_port),
            user,
        },
        Vec::new(),
    ))
}

async fn is_kept(local: &Local, key: &CredentialKey) -> Result<bool, Failure> {
    let (credentials, at) = (local.credentials.clone(), key.clone());
    let kept = spawn_blocking(move || credentials.get(&at))
        .await
        .map_err(|_| ErrorKind::Cancelled(""))?;
    match kept {
        Ok(kept) => Ok(kept.is_some()),
        // Where there is no keychain nothing is in it.
        Err(error) if error.code() == "keychain_unavailable" => Ok(false),
        Err(error) => Err(error.into()),
    }
}
