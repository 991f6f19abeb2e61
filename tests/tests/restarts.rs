//! A unit that was told to restart, from the order until it is back: every state on the way, and every way in which it
//! does not come back.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Mutex;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_core::{Due, Progress, Returned, Session, reboot, silent, wait_until_back};
use trunkline_protocol::link::{Object, Restart, Service};
use trunkline_simulator::{Clock, Listen, Options, Power, Simulator};
use trunkline_tests::computer::Computer;
use trunkline_tests::desk::{Desk, code, over_tls};
use trunkline_tests::simulated::{self, ADMINISTRATOR, ALONE};

const LIMIT: Duration = Duration::from_mins(1);
const WHEN_FREE: Restart = Restart::WhenFree {
    bar_incoming: false,
    bar_outgoing: false,
};

/// A unit that is away, and then starting, for so long.
async fn slow_unit(restart: Duration, starting: Duration) -> Desk {
    let options = Options {
        listen: Listen::OneAddress([127, 0, 0, 1].into()),
        restart: Some(restart),
        starting: Some(starting),
        clock: Clock::stopped(),
        ..Options::default()
    };
    let simulator = Simulator::start(simulated::site("Filiale", ALONE), options)
        .await
        .unwrap();
    let unit = simulator.units()[0].clone();
    Desk {
        computer: Computer::default(),
        target: simulated::target(&unit),
        unit,
        simulator,
    }
}

async fn watch(
    session: &mut Session,
    due: Due,
    limit: Duration,
) -> (Result<Returned, trunkline_core::Error>, Vec<Progress>) {
    let seen = Mutex::new(Vec::new());
    let report = |progress| seen.lock().unwrap().push(progress);
    let returned = wait_until_back(session, due, limit, &report).await;
    (returned, seen.into_inner().unwrap())
}

#[tokio::test]
async fn every_state_is_seen() {
    let desk = slow_unit(Duration::from_millis(1_500), Duration::from_millis(3_500)).await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    let seconds = reboot(&mut session, Restart::Immediately).await.unwrap();
    let (returned, seen) = watch(&mut session, Due::of(Restart::Immediately, seconds), LIMIT).await;
    let revision = Some("r418".to_owned());
    assert_eq!(returned.unwrap(), Returned { went: true, revision });
    let mut states = seen;
    states.retain(|state| !matches!(state, Progress::RestartingIn { .. }));
    assert_eq!(
        states,
        [
            Progress::WaitingUntilGone,
            Progress::WaitingUntilBack,
            Progress::Starting,
            Progress::Back
        ]
    );
}

#[tokio::test]
async fn a_unit_that_stays_away_or_is_never_ready_is_given_up_after_the_limit() {
    let at_once = || Due::of(Restart::Immediately, None);
    let desk = Desk::new(ALONE).await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    desk.unit.stop().await;
    let (returned, _) = watch(&mut session, at_once(), Duration::from_millis(50)).await;
    let error = returned.unwrap_err();
    assert_eq!(error.code(), "not_reachable");
    let said = error.to_string();
    assert!(
        said.contains(
            "restarting: the unit can not be reached: it did not come back within 0 s of its restart"
        ),
        "{said}"
    );
    assert!(said.contains(&desk.target), "{said}");
    desk.unit.start().await;
    let (returned, _) = watch(&mut session, at_once(), LIMIT).await;
    assert!(returned.unwrap().went);
    let held = session.stat(Object::Configuration).await.unwrap();
    assert_eq!(
        held.revision, "r418",
        "the same session goes on once the unit is there again"
    );

    let desk = slow_unit(Duration::from_millis(10), Duration::from_mins(10)).await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    reboot(&mut session, Restart::Immediately).await.unwrap();
    let (returned, seen) = watch(&mut session, at_once(), Duration::from_secs(4)).await;
    let said = returned.unwrap_err().to_string();
    assert!(
        said.contains("it answers again, and was not ready within 4 s of its restart"),
        "{said}"
    );
    assert_eq!(seen.last(), Some(&Progress::Starting));
}

#[tokio::test]
async fn a_restart_that_calls_hold_up_is_no_error() {
    let desk = Desk::new(&format!("when_free_seconds = 600\n{ALONE}")).await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    reboot(&mut session, WHEN_FREE).await.unwrap();
    // As a unit that does not know when nobody will be on the phone.
    let (returned, seen) = watch(&mut session, Due::of(WHEN_FREE, None), Duration::from_millis(300)).await;
    let revision = Some("r418".to_owned());
    assert_eq!(
        returned.unwrap(),
        Returned {
            went: false,
            revision
        }
    );
    assert_eq!(seen, [Progress::WaitingUntilGone]);
    assert_eq!(desk.unit.power(), Power::Running);
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_time_is_no_restart() {
    let desk = Desk::new(ALONE).await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    // The unit goes and is back at once, long before its time: as if it had hung up on a silent connection.
    desk.unit.stop().await;
    desk.unit.start().await;
    let due = Due::of(WHEN_FREE, None);
    let (returned, seen) = watch(&mut session, due, Duration::from_secs(2)).await;
    assert!(!returned.unwrap().went, "{seen:?}");
    assert_eq!(seen, [Progress::WaitingUntilGone]);
}

#[tokio::test]
async fn who_stops_waiting_is_heard_at_once() {
    let desk = Desk::new(&format!("when_free_seconds = 600\n{ALONE}")).await;
    let cancel = CancellationToken::new();
    let mut session = desk
        .computer
        .log_in(
            &desk.target,
            Service::Configuration,
            &over_tls(),
            ADMINISTRATOR,
            &cancel,
        )
        .await
        .unwrap();
    reboot(&mut session, WHEN_FREE).await.unwrap();
    let report = |progress| {
        if progress == Progress::WaitingUntilGone {
            cancel.cancel();
        }
    };
    let waited = wait_until_back(&mut session, Due::of(WHEN_FREE, None), LIMIT, &report).await;
    assert_eq!(code(waited), "cancelled");
}

#[tokio::test]
async fn another_certificate_after_the_restart_ends_the_wait() {
    let desk = Desk::new(ALONE).await;
    let mut session = desk.log_in(&over_tls(), ADMINISTRATOR).await;
    desk.unit.stop().await;
    desk.unit.replace_certificate().unwrap();
    desk.unit.start().await;
    let waited = wait_until_back(&mut session, Due::of(Restart::Immediately, None), LIMIT, &silent).await;
    assert_eq!(code(waited), "certificate_changed");
}
