use std::sync::Arc;

use clap::Args;
use secrecy::SecretString;
use serde_json::json;
use tokio::task::spawn_blocking;
use trunkline_core::api::ApiSession;
use trunkline_core::tftp::TftpSession;
use trunkline_core::{Credential, CredentialKey, ErrorKind, Fingerprint, Local, ServiceUser, Target};
use trunkline_protocol::link::{Rights, Service};

use super::Ended;
use super::password::ServiceArgument;
use crate::arguments::{PasswordArguments, TargetArguments};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, Tried, tls_as_used, tls_used, try_anew};
use crate::password::SYSTEM_VARIABLE;

/// Tries a password and keeps it in the operating system's keychain
///
/// For a saved site, the user's name is kept with the site. With --credential the password is kept once, under a name of
/// its own, for every site that is given it. A system before 3.2 has no service users: it is the system password that is tried and
/// kept, for this system alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline login \"Head Office\" --user Administrator
  trunkline login \"Head Office\" --user Administrator --credential \"All branches\"
  trunkline sites edit Warehouse --credential \"All branches\"
  trunkline login \"Head Office\" --user security --service security
  trunkline login \"Old Mill\" --system-password-stdin < password.txt

JSON: {\"address\",\"user\",\"credential\",\"tls\",\"fingerprint\",\"rights\",\"password_expires_days\"}")]
pub(crate) struct Arguments {
    /// The service user; a system before 3.2 has none
    #[arg(long, value_name = "NAME", help_heading = "Log-in")]
    user: Option<String>,
    /// The service that the user logs in to; a security administrator's name is not kept with the site
    #[arg(long, value_enum, default_value_t = ServiceArgument::Configuration, conflicts_with = "credential")]
    service: ServiceArgument,
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
        service,
        credential,
        attempt,
    } = arguments;
    let service = service.service();
    let worked = match try_anew(context, &target, user.as_deref(), service, &attempt).await? {
        Tried::LogIn(logged_in, user) => Worked::service(*logged_in, user).await,
        Tried::Api(local, target, session, user) => Worked::api(local, *target, *session, user).await,
        Tried::Tftp(local, target, session, password) => {
            return keep_system_password(context, &local, &target, &session, password, credential).await;
        }
    };
    keep_user(context, worked, service, credential).await
}

/// What a log-in that worked has taught, and where its password is to be kept.
struct Worked {
    local: Local,
    target: Target,
    user: ServiceUser,
    address: String,
    /// By which the keychain knows a unit that is no saved site.
    port: u16,
    tls: (&'static str, Option<Fingerprint>),
    rights: Vec<&'static str>,
    password_expires_days: Option<u16>,
    must_change_password: bool,
}

impl Worked {
    async fn service(logged_in: LoggedIn, user: ServiceUser) -> Self {
        let LoggedIn {
            local,
            target,
            session,
        } = logged_in;
        let facts = session.log_in_facts();
        let worked = Self {
            address: session.access().address(),
            port: session.access().base_port,
            tls: tls_as_used(&session),
            rights: facts.rights.map(Rights::names).unwrap_or_default(),
            password_expires_days: facts.password_expires_days,
            must_change_password: facts.must_change_password,
            local,
            target,
            user,
        };
        session.close().await;
        worked
    }

    async fn api(local: Local, target: Target, session: ApiSession, user: ServiceUser) -> Self {
        let worked = Self {
            address: session.access().address(),
            port: target.base_port.unwrap_or(session.access().port()),
            tls: tls_used(session.facts(), session.access().tls),
            rights: Vec::new(),
            password_expires_days: None,
            must_change_password: false,
            local,
            target,
            user,
        };
        session.close().await;
        worked
    }
}

async fn keep_system_password(
    context: &Context,
    local: &Local,
    target: &Target,
    session: &TftpSession,
    password: SecretString,
    credential: Option<String>,
) -> Result<Ended, Failure> {
    if credential.is_some() {
        return Err(Failure::usage(
            "a system password belongs to one system and is not shared; leave out --credential",
        ));
    }
    let access = session.access();
    let address = access.address();
    let kept = local.keep_system_password(target, access, password).await;
    let key = kept.map_err(|error| {
        let hint = format!(
            "The system password works, and is not kept; give it each time with --system-password-stdin or in {SYSTEM_VARIABLE}."
        );
        Failure::from(error).hint(hint)
    })?;
    context.output.say(&format!(
        "{address}: the system password works; the keychain has it as {key}"
    ));
    let document = json!({
        "address": address,
        "user": null,
        "credential": null,
        "tls": "off",
        "fingerprint": null,
        "rights": [],
        "password_expires_days": null,
    });
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}

async fn keep_user(
    context: &Context,
    worked: Worked,
    service: Service,
    credential: Option<String>,
) -> Result<Ended, Failure> {
    let Worked {
        local,
        target,
        user,
        address,
        ..
    } = &worked;
    let key = match &credential {
        Some(name) => CredentialKey::Shared { name: name.clone() },
        None => CredentialKey::ServiceUser {
            place: target.place(worked.port),
            user: user.name.clone(),
        },
    };
    let kept = Credential {
        user: Some(user.name.clone()),
        password: user.password.clone(),
    };
    let (credentials, at) = (Arc::clone(&local.credentials), key.clone());
    spawn_blocking(move || credentials.set(&at, &kept))
        .await
        .map_err(|_| ErrorKind::Cancelled(""))??;
    if let Some(site) = target.site.as_ref().filter(|_| service == Service::Configuration) {
        local.store.update(|data| {
            data.edit_site(&site.name, |site| {
                site.user = Some(user.name.clone());
                site.credential.clone_from(&credential);
            })
            .map(drop)
        })?;
    }
    if worked.must_change_password {
        context.output.warn(&format!(
            "{address}: the password must be changed before this user may do anything else"
        ));
    }
    context.output.say(&format!(
        "{address}: the log-in works; the keychain has it as {key}"
    ));
    let (tls, fingerprint) = worked.tls;
    let document = json!({
        "address": address,
        "user": user.name,
        "credential": credential,
        "tls": tls,
        "fingerprint": fingerprint,
        "rights": worked.rights,
        "password_expires_days": worked.password_expires_days,
    });
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}
