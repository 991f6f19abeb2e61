use clap::{Args, ValueEnum};
use serde_json::json;
use trunkline_core::{Error, ErrorKind, KeptPassword, Step};
use trunkline_protocol::link::Service;

use super::Ended;
use crate::arguments::{LogInArguments, TargetArguments};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, log_in};
use crate::password;

/// The environment variable that holds the new password.
const VARIABLE: &str = "TRUNKLINE_NEW_PASSWORD";

/// Changes the password of a service user
///
/// It logs in with the password as it is, also where the unit allows nothing but a change, and only over TLS. What the
/// keychain has of it is changed too, except in a credential that sites share.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline password \"Head Office\" --user Administrator
  printf '%s\\n' \"$OLD\" \"$NEW\" | trunkline password 10.21.4.2 --user Administrator --password-stdin --new-password-stdin

JSON: {\"address\",\"user\",\"changed\",\"keychain\":\"not_kept|replaced|shared|failed\"}")]
pub(crate) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
    /// Takes the new password from standard input: its first line, or the second with --password-stdin; otherwise from
    /// TRUNKLINE_NEW_PASSWORD, or a question on the terminal
    #[arg(long, help_heading = "Log-in")]
    new_password_stdin: bool,
    /// The service that the user logs in to
    #[arg(long, value_enum, default_value_t = ServiceArgument::Configuration)]
    service: ServiceArgument,
}

/// The services that have users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ServiceArgument {
    /// Those who receive and send configurations
    Configuration,
    /// Security administrators
    Security,
}

impl ServiceArgument {
    pub(super) fn service(self) -> Service {
        match self {
            Self::Configuration => Service::Configuration,
            Self::Security => Service::Security,
        }
    }
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let service = arguments.service.service();
    // What can not be asked for must be there before anybody logs in.
    let early = match password::from_environment(VARIABLE)? {
        _ if arguments.new_password_stdin => None,
        None if !password::can_ask() => return Err(no_new_password()),
        early => early,
    };
    let (logged_in, user) = log_in(context, &arguments.target, &arguments.who, service).await?;
    let LoggedIn {
        local,
        target,
        mut session,
    } = logged_in;
    let address = session.access().address();
    if session.facts().fingerprint.is_none() {
        session.close().await;
        return Err(Error::new(ErrorKind::TlsRequired)
            .at(Step::LogIn)
            .address(address)
            .into());
    }
    let new = match early {
        Some(new) => new,
        None if arguments.new_password_stdin => password::line_of_stdin()?,
        None => password::ask_twice(&user).await?,
    };
    let kept = local.change_password(&mut session, &target, &user, new).await?;
    session.close().await;
    context
        .output
        .say(&format!("{address}: service user {user} has a new password"));
    let keychain = match &kept {
        KeptPassword::NotKept => "not_kept",
        KeptPassword::Replaced => "replaced",
        KeptPassword::Shared(name) => {
            context.output.warn(&format!(
                "the shared credential {name} still has the old password: other sites may use it. \
                 `trunkline login --credential` changes it"
            ));
            "shared"
        }
        KeptPassword::Failed(error) => {
            context.output.warn(&format!(
                "the keychain still has the old password: {error}. `trunkline login` keeps the new one"
            ));
            "failed"
        }
    };
    let document = json!({"address": address, "user": user, "changed": true, "keychain": keychain});
    context.output.document(&document, String::new)?;
    Ok(match kept {
        KeptPassword::Failed(_) => Exit::InPart,
        _ => Exit::Done,
    }
    .into())
}

fn no_new_password() -> Failure {
    let error = Error::new(ErrorKind::NoCredential("there is no new password".into())).at(Step::LogIn);
    Failure::from(error).hint(format!(
        "Give it on standard input (--new-password-stdin) or in {VARIABLE}."
    ))
}
