mod edits;
mod new_passwords;
mod set;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use trunkline_protocol::link::Object;

use super::Ended;
use crate::arguments::{LogInArguments, TargetArguments};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, log_in_to_security};
use crate::progress::Shown;
use crate::text::{count, one_line};

/// Shows and changes a unit's security settings: service users, rights groups, services, password policy
///
/// They have a log-in of their own, as security administrator, at the Services Base TCP Port + 8 or, where nothing listens
/// there, + 4. They are never written to disk, except by `export`. Systems before 3.2 have none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline security show \"Head Office\" --user security
  trunkline security set \"Head Office\" --user security MinimumPasswordLength=10 --level \"HTTP=Secure Medium\" --dry-run")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(show::Arguments),
    Set(Box<set::Arguments>),
    Export(Export),
}

/// Writes the security settings to a file, which nothing else does
///
/// The file says who may administer the unit and how it is protected; it holds no passwords. It can be sent back with
/// `trunkline send --object security`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  trunkline security export \"Head Office\" --user security --out settings.xml
  trunkline send \"Head Office\" settings.xml --object security --user security --mode merge

JSON: {\"address\",\"file\",\"revision\",\"bytes\",\"sha256\"}")]
struct Export {
    /// The file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    match arguments.action {
        Action::Show(arguments) => show::run(context, arguments).await,
        Action::Set(arguments) => set::run(context, *arguments).await,
        Action::Export(arguments) => export(context, arguments).await,
    }
}

async fn export(context: &Context, arguments: Export) -> Result<Ended, Failure> {
    let LoggedIn {
        local,
        target,
        mut session,
    } = log_in_to_security(context, &arguments.target, &arguments.who).await?;
    let shown = Shown::new(&context.output);
    let received = local
        .receive_to_file(
            &mut session,
            &target,
            Object::SecuritySettings,
            &arguments.out,
            &|p| shown.report(p),
        )
        .await;
    drop(shown);
    let address = session.access().address();
    session.close().await;
    let summary = received?;
    context.output.say(&format!(
        "{address}: exported its security settings, {}, revision {}, as {}",
        count(summary.bytes, "byte", "bytes"),
        one_line(&summary.revision),
        arguments.out.display()
    ));
    context
        .output
        .warn("the file says who may administer this unit and how it is protected; delete it when it has done its work");
    let document = json!({
        "address": address, "file": arguments.out.display().to_string(), "revision": summary.revision,
        "bytes": summary.bytes, "sha256": summary.sha256,
    });
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}
