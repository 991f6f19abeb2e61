//! Changes of this computer's own addresses, noticed while the program runs.

use std::future::poll_fn;
use std::time::Duration;

use if_watch::tokio::IfWatcher;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::interfaces::Interfaces;

/// How long the interfaces settle after a change: a new address often comes in two or three steps.
const SETTLE: Duration = Duration::from_millis(250);

/// How often the interfaces are looked at without being told: a cable that is pulled out may leave its address behind,
/// and where the operating system tells nothing, this is how a change is noticed.
const LOOK: Duration = Duration::from_secs(3);

/// This computer's interfaces as they are now, and again whenever they change: `changed().await` returns after each
/// change, and [`Interfaces::changes_since`] says what it was. Quick changes after one another may come as one.
///
/// It ends by itself when the receiver, and every clone of it, is dropped. Must be called inside a tokio runtime.
pub fn watch_interfaces() -> watch::Receiver<Interfaces> {
    let (sender, receiver) = watch::channel(read().unwrap_or_default());
    tokio::spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            () = follow(&sender) => {}
        }
    });
    receiver
}

async fn follow(interfaces: &watch::Sender<Interfaces>) {
    let mut told = Told::begin();
    loop {
        if told.wait(Instant::now() + LOOK).await {
            sleep(SETTLE).await;
        }
        // What can not be read now is read the next time.
        if let Some(now) = read() {
            interfaces.send_if_modified(|known| {
                let changed = !now.changes_since(known).is_empty();
                if changed {
                    *known = now;
                }
                changed
            });
        }
    }
}

fn read() -> Option<Interfaces> {
    Interfaces::read()
        .inspect_err(|error| tracing::debug!("the network interfaces can not be read: {error}"))
        .ok()
}

/// What the operating system tells, as long as it does.
struct Told(Option<IfWatcher>);

impl Told {
    fn begin() -> Self {
        let watcher = IfWatcher::new();
        Self(
            watcher
                .inspect_err(|error| tracing::debug!("no news of the network interfaces: {error}"))
                .ok(),
        )
    }

    /// Waits for news until `deadline`; whether there is any.
    async fn wait(&mut self, deadline: Instant) -> bool {
        let Some(watcher) = &mut self.0 else {
            sleep_until(deadline).await;
            return false;
        };
        tokio::select! {
            event = poll_fn(|context| watcher.poll_if_event(context)) => {
                if let Err(error) = event {
                    tracing::debug!("no news of the network interfaces any more: {error}");
                    self.0 = None;
                }
                true
            }
            () = sleep_until(deadline) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_there_now_is_known_at_once_and_no_change_is_made_up() {
        let mut interfaces = watch_interfaces();
        let now = Interfaces::read().unwrap();
        assert_eq!(*interfaces.borrow_and_update(), now);
        let changed = tokio::time::timeout(2 * SETTLE, interfaces.changed()).await;
        assert!(changed.is_err() || Interfaces::read().unwrap() != now);
    }
}
