//! After a restart was ordered: waiting until the unit is back.

use std::time::Duration;

use trunkline_core::Way;

use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Shown;

/// How long a unit may stay away.
const AWAY: Duration = Duration::from_mins(10);

/// Waits, and says when the unit is back.
pub(super) async fn wait(context: &Context, way: &mut Way, restart_s: Option<u32>) -> Result<(), Failure> {
    let shown = Shown::new(&context.output);
    let went = way.wait_until_back(restart_s, AWAY, &|p| shown.report(p)).await?;
    drop(shown);
    let address = way.address();
    context.output.say(&if went {
        format!("{address}: the unit restarted and is back")
    } else {
        format!("{address}: the unit answers; it was not seen to restart")
    });
    Ok(())
}

/// What comes next, for people.
pub(super) fn announce(restart_s: Option<u32>) -> String {
    match restart_s {
        Some(0) => "the unit restarts now".into(),
        Some(seconds) => format!("the unit restarts in {seconds} s"),
        None => "the unit did not say when it restarts".into(),
    }
}
