use std::sync::Arc;

use clap::Args;
use serde_json::json;
use tokio::task::spawn_blocking;
use trunkline_core::{Credential, CredentialKey, ErrorKind};
use trunkline_protocol::link::Rights;

use super::Ended;
use crate::arguments::{PasswordArguments, TargetArguments};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, log_in_anew, tls_as_used};

/// Tries a password and keeps it in the operating system's keychain
///
/// For a saved site, the user's name is kept with the site. With --credential the password is kept once, under a name of
/// its own, for every site that is given it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline login \"Head Office\" --user Administrator
  trunkline login \"Head Office\" --user Administrator --credential \"All branches\"
  trunkline sites edit Warehouse --credential \"All branches\"

JSON: {\"address\",\"user\",\"credential\",\"tls\",\"fingerprint\",\"rights\",\"password_expires_days\"}")]
pub(crate) struct Arguments {
    /// The service user
    #[arg(long, value_name = "NAME", help_heading = "Log-in")]
    user: String,
    /// Keeps it under this name, to be shared among sites
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    attempt: PasswordArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let Arguments {
        target,
        user,
        credential,
        attempt,
    } = arguments;
    let (logged_in, user) = log_in_anew(context, &target, &user, &attempt).await?;
    let LoggedIn {
        local,
        target,
        session,
    } = logged_in;
    let address = session.access().address();
    let key = match &credential {
        Some(name) => CredentialKey::Shared { name: name.clone() },
        None => CredentialKey::ServiceUser {
            place: target.place(session.access().base_port),
            user: user.name.clone(),
        },
    };
    let (tls, fingerprint) = tls_as_used(&session);
    let facts = session.log_in_facts();
    let document = json!({
        "address": address,
        "user": user.name,
        "credential": credential,
        "tls": tls,
        "fingerprint": fingerprint,
        "rights": facts.rights.map(Rights::names).unwrap_or_default(),
        "password_expires_days": facts.password_expires_days,
    });
    let must_change = facts.must_change_password;
    session.close().await;

    let kept = Credential {
        user: Some(user.name.clone()),
        password: user.password,
    };
    let (credentials, at) = (Arc::clone(&local.credentials), key.clone());
    spawn_blocking(move || credentials.set(&at, &kept))
        .await
        .map_err(|_| ErrorKind::Cancelled(""))??;
    if let Some(site) = &target.site {
        local.store.update(|data| {
            data.edit_site(&site.name, |site| {
                site.user = Some(user.name.clone());
                site.credential.clone_from(&credential);
            })
            .map(drop)
        })?;
    }
    if must_change {
        context.output.warn(&format!(
            "{address}: the password must be changed before this user may do anything else"
        ));
    }
    context.output.say(&format!(
        "{address}: the log-in works; the keychain has it as {key}"
    ));
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}
