use clap::Args;
use serde_json::json;
use trunkline_protocol::link::Service;

use super::{Ended, restarted};
use crate::arguments::{LogInArguments, RestartMode, TargetArguments, When};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::reach;

/// Restarts a unit
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline reboot \"Head Office\" --mode when-free --bar-incoming --wait
  trunkline reboot 192.168.42.1 --user Administrator --mode timed --at 23:30

JSON: {\"address\",\"restart_in_s\",\"back\"}; back is null unless --wait was given, and false (exit 7)
where calls held the restart up for 15 minutes")]
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
    let mut reached = reach(context, &arguments.target, &arguments.who, Service::Configuration).await?;
    let ordered = reached.way.reboot(restart).await.map_err(Failure::from);
    let (mut reached, restart_s) = reached.or_close(ordered).await?;
    let way = &mut reached.way;
    let address = way.address();
    context
        .output
        .say(&format!("{address}: {}", restarted::announce(restart, restart_s)));
    let (back, exit) = if arguments.when.wait {
        let (back, exit) = restarted::wait(context, way, restart, restart_s, None).await?;
        (Some(back), exit)
    } else {
        (None, Exit::Done)
    };
    reached.way.close().await;
    let document = json!({
        "address": address, "restart_in_s": restart_s, "back": back,
    });
    context.output.document(&document, String::new)?;
    Ok(exit.into())
}
