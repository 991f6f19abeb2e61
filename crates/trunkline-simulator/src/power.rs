//! Going away and coming back: a unit that restarts closes every port and connection, and opens them again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::endpoint::Sockets;
use crate::session;
use crate::tftp;
use crate::unit::Inner;

/// How long a unit that can not have its ports back waits before it tries again.
const PORTS_AGAIN: Duration = Duration::from_millis(50);

/// Whether a unit is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// Nothing listens.
    Off,
    /// It answers discovery, and asks everybody to come back later.
    Starting,
    /// It is there.
    Running,
}

/// What a unit is told to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    RestartIn(Duration),
    /// Open the ports anew, where they have changed.
    MoveIn(Duration),
    Stop,
    Start,
}

/// Runs a unit until `end`.
pub(crate) async fn run(
    unit: Arc<Inner>,
    sockets: Sockets,
    mut orders: mpsc::UnboundedReceiver<Order>,
    end: CancellationToken,
) {
    let _ = end
        .run_until_cancelled(async {
            let mut sockets = sockets;
            let mut starting = Duration::ZERO;
            while let Some(end) = up(&unit, sockets, starting, &mut orders).await {
                let restarts = end == End::Restarts;
                starting = Duration::ZERO;
                if end != End::Moves {
                    unit.power.send_replace(Power::Off);
                    starting = away(&unit, restarts, &mut orders).await;
                }
                sockets = ports_again(&unit).await;
                unit.restarts.fetch_add(u64::from(restarts), Ordering::SeqCst);
            }
        })
        .await;
    unit.power.send_replace(Power::Off);
}

/// Why a unit closes its ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It comes back by itself.
    Restarts,
    /// Somebody must start it again.
    Stops,
    /// It listens elsewhere at once.
    Moves,
}

/// Serves until the ports are to be closed; returns why, or `None` when nobody gives orders.
async fn up(
    unit: &Arc<Inner>,
    sockets: Sockets,
    starting: Duration,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Option<End> {
    unit.power.send_replace(if starting.is_zero() {
        Power::Running
    } else {
        Power::Starting
    });
    let running_at = Instant::now() + starting;
    let token = CancellationToken::new();
    // Dropped with this future, it ends every task of the unit, whoever ends this one.
    let _closes = token.clone().drop_guard();
    let tasks = TaskTracker::new();
    for (role, listener) in sockets.tcp {
        tasks.spawn(session::accept(
            Arc::clone(unit),
            role,
            listener,
            tasks.clone(),
            token.clone(),
        ));
    }
    if let Some(socket) = sockets.udp {
        tasks.spawn(tftp::answer(
            Arc::clone(unit),
            socket,
            tasks.clone(),
            token.clone(),
        ));
    }
    let mut restart_at: Option<Instant> = None;
    let mut move_at: Option<Instant> = None;
    let why = loop {
        let is_starting = *unit.power.borrow() == Power::Starting;
        tokio::select! {
            order = orders.recv() => match order? {
                Order::RestartIn(delay) => {
                    let at = Instant::now() + delay;
                    restart_at = Some(restart_at.map_or(at, |earlier| earlier.min(at)));
                }
                Order::MoveIn(delay) => move_at = Some(Instant::now() + delay),
                Order::Stop => break End::Stops,
                Order::Start => {}
            },
            () = sleep_until(restart_at.unwrap_or(running_at)), if restart_at.is_some() => break End::Restarts,
            () = sleep_until(move_at.unwrap_or(running_at)), if move_at.is_some() => break End::Moves,
            () = sleep_until(running_at), if is_starting => { unit.power.send_replace(Power::Running); }
        }
    };
    token.cancel();
    tasks.close();
    tasks.wait().await;
    Some(why)
}

/// Waits until the unit is to come back; returns how long it then is starting.
async fn away(unit: &Inner, restarts: bool, orders: &mut mpsc::UnboundedReceiver<Order>) -> Duration {
    let back = sleep(Duration::from_secs_f64(unit.spec.restart_seconds));
    tokio::pin!(back);
    let mut restarts = restarts;
    loop {
        tokio::select! {
            () = &mut back, if restarts => return Duration::from_secs_f64(unit.spec.starting_seconds),
            order = orders.recv() => match order {
                Some(Order::Start) => return Duration::ZERO,
                Some(Order::Stop) => restarts = false,
                Some(Order::RestartIn(_) | Order::MoveIn(_)) => {}
                None => std::future::pending().await,
            },
        }
    }
}

async fn ports_again(unit: &Inner) -> Sockets {
    let ports = unit.ports_to_open();
    loop {
        match ports.bind(unit.address) {
            Ok(sockets) => return sockets,
            Err(error) => tracing::warn!(unit = unit.spec.name, %error, "the ports are taken; trying again"),
        }
        sleep(PORTS_AGAIN).await;
    }
}
