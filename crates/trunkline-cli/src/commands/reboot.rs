use clap::Args;
use serde_json::json;
use trunkline_protocol::link::Service;

use super::{Ended, restarted};
use crate::arguments::{LogInArguments, RestartMode, TargetArguments, When};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::log_in;

/// Restarts a unit
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline reboot \"Head Office\" --mode when-free --bar-incoming --wait
  trunkline reboot 192.168.42.1 --user Administrator --mode timed --at 23:30

JSON: {\"address\",\"restart_in_s\",\"back\"}; back is null unless --wait was given")]
pub(crate) struct Arguments {
    /// When it restarts
    #[arg(long, value_enum)]
    mode: RestartMode,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let restart = arguments.when.restart(arguments.mode)?;
    let mut logged_in = log_in(context, &arguments.target, &arguments.who, Service::Configuration).await?;
    let session = &mut logged_in.session;
    let address = session.access().address();
    let restart_s = trunkline_core::reboot(session, restart).await?;
    context
        .output
        .say(&format!("{address}: {}", restarted::announce(restart_s)));
    if arguments.when.wait {
        restarted::wait(context, session, restart_s).await?;
    }
    logged_in.session.close().await;
    let document = json!({
        "address": address, "restart_in_s": restart_s, "back": arguments.when.wait.then_some(true),
    });
    context.output.document(&document, String::new)?;
    Ok(Exit::Done.into())
}
