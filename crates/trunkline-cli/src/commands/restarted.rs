//! After a restart was ordered: what comes next, and waiting until the unit is back.

use trunkline_core::{Due, RESTART_LIMIT, Returned, Session, Way, wait_until_back};
use trunkline_protocol::link::Restart;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::progress::Shown;
use crate::text::{count, one_line};

/// Seconds up to which a time is said in seconds.
const SOON: u32 = 120;

/// Waits where that was asked for, and says how it ended; answers whether the unit is back, and the exit status.
///
/// `revision` is what it should hold then, where something was sent.
pub(super) async fn wait(
    context: &Context,
    way: &mut Way,
    restart: Restart,
    seconds: Option<u32>,
    revision: Option<&str>,
) -> Result<(bool, Exit), Failure> {
    let address = way.address();
    say_that_it_waits(context, &address);
    let shown = Shown::new(&context.output);
    let due = Due::of(restart, seconds);
    let returned = way
        .wait_until_back(due, RESTART_LIMIT, &|p| shown.report(p))
        .await?;
    drop(shown);
    Ok(say_how_it_ended(context, &address, restart, revision, returned))
}

/// The same with a session of the unit's own service.
pub(super) async fn wait_with(
    context: &Context,
    session: &mut Session,
    restart: Restart,
    seconds: Option<u32>,
    revision: Option<&str>,
) -> Result<(bool, Exit), Failure> {
    let address = session.access().address();
    say_that_it_waits(context, &address);
    let shown = Shown::new(&context.output);
    let due = Due::of(restart, seconds);
    let returned = wait_until_back(session, due, RESTART_LIMIT, &|p| shown.report(p)).await?;
    drop(shown);
    Ok(say_how_it_ended(context, &address, restart, revision, returned))
}

fn say_that_it_waits(context: &Context, address: &str) {
    let minutes = RESTART_LIMIT.as_secs() / 60;
    context.output.say(&format!(
        "{address}: waiting until it is back, at most {minutes} minutes once it went"
    ));
}

fn say_how_it_ended(
    context: &Context,
    address: &str,
    restart: Restart,
    revision: Option<&str>,
    returned: Returned,
) -> (bool, Exit) {
    let Returned { went, revision: held } = returned;
    if !went {
        context.output.warn(&not_gone(address, restart));
        return (false, Exit::InPart);
    }
    let holds = held
        .as_deref()
        .map(|held| format!(", with revision {}", one_line(held)))
        .unwrap_or_default();
    context
        .output
        .say(&format!("{address}: the unit restarted and is back{holds}"));
    if let (Some(sent), Some(held)) = (revision, held.as_deref())
        && sent != held
    {
        let (sent, held) = (one_line(sent), one_line(held));
        context.output.warn(&format!(
            "{address}: what was sent is revision {sent}, and the unit holds {held} now; receive and compare"
        ));
    }
    (true, Exit::Done)
}

fn not_gone(address: &str, restart: Restart) -> String {
    let minutes = RESTART_LIMIT.as_secs() / 60;
    match restart {
        Restart::Immediately => format!("{address}: the unit still answers and was not seen to restart"),
        Restart::WhenFree { .. } | Restart::Timed { .. } => format!(
            "{address}: the unit has not restarted within {minutes} minutes, since somebody is on the phone; it does as soon \
             as nobody is"
        ),
    }
}

/// What comes next, for people.
pub(super) fn announce(restart: Restart, seconds: Option<u32>) -> String {
    let (when, bars) = match restart {
        Restart::Immediately => match seconds {
            None | Some(0) => return "the unit restarts now".into(),
            Some(seconds) => return format!("the unit restarts in {}", time(seconds)),
        },
        Restart::WhenFree {
            bar_incoming,
            bar_outgoing,
        } => {
            let at_least = seconds
                .filter(|seconds| *seconds > 0)
                .map(|seconds| format!(", in {} at the earliest", time(seconds)))
                .unwrap_or_default();
            (
                format!("the unit restarts as soon as nobody is on the phone{at_least}"),
                (bar_incoming, bar_outgoing),
            )
        }
        Restart::Timed {
            minutes,
            bar_incoming,
            bar_outgoing,
        } => {
            let left = seconds
                .map(|seconds| format!(" (in {})", time(seconds)))
                .unwrap_or_default();
            (
                format!(
                    "the unit restarts at {:02}:{:02} by its clock{left}, then as soon as nobody is on the phone",
                    minutes / 60,
                    minutes % 60
                ),
                (bar_incoming, bar_outgoing),
            )
        }
    };
    let barred = match bars {
        (false, false) => "",
        (true, false) => "; until then it refuses new incoming calls",
        (false, true) => "; until then it refuses new outgoing calls",
        (true, true) => "; until then it refuses new calls",
    };
    when + barred
}

/// `95 s`, `3 h 12 min`.
fn time(seconds: u32) -> String {
    let minutes = seconds.div_ceil(60);
    match (minutes / 60, minutes % 60) {
        _ if seconds <= SOON => format!("{seconds} s"),
        (0, minutes) => count(minutes.into(), "minute", "minutes"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_is_said_with_its_time_and_its_barred_calls() {
        let check = |restart, seconds, expect: &str| assert_eq!(announce(restart, seconds), expect);
        let free = |bar_incoming, bar_outgoing| Restart::WhenFree {
            bar_incoming,
            bar_outgoing,
        };
        let timed = |minutes| Restart::Timed {
            minutes,
            bar_incoming: true,
            bar_outgoing: true,
        };
        check(Restart::Immediately, Some(0), "the unit restarts now");
        check(Restart::Immediately, None, "the unit restarts now");
        check(Restart::Immediately, Some(120), "the unit restarts in 120 s");
        check(Restart::Immediately, Some(121), "the unit restarts in 3 minutes");
        check(
            free(false, false),
            None,
            "the unit restarts as soon as nobody is on the phone",
        );
        check(
            free(true, false),
            Some(5),
            "the unit restarts as soon as nobody is on the phone, in 5 s at the earliest; until then it refuses new \
             incoming calls",
        );
        check(
            free(false, true),
            Some(0),
            "the unit restarts as soon as nobody is on the phone; until then it refuses new outgoing calls",
        );
        check(
            timed(23 * 60 + 5),
            Some(11_500),
            "the unit restarts at 23:05 by its clock (in 3 h 12 min), then as soon as nobody is on the phone; until then it \
             refuses new calls",
        );
    }
}
