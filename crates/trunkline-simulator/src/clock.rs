//! The time by which a simulator counts failed log-ins, which a test can move on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The machine's own clock, or one that stands still, plus what a test added. Clones share what was added.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Where it stands still.
    stopped_at: Option<Instant>,
    added_ms: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that only moves by [`Clock::advance`].
    pub fn stopped() -> Self {
        Self {
            stopped_at: Some(Instant::now()),
            ..Self::default()
        }
    }

    /// Now.
    pub fn now(&self) -> Instant {
        self.stopped_at.unwrap_or_else(Instant::now)
            + Duration::from_millis(self.added_ms.load(Ordering::SeqCst))
    }

    /// Moves the clock on, by whole milliseconds, for everybody who shares it.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.added_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together() {
        let clock = Clock::default();
        let before = clock.now();
        clock.clone().advance(Duration::from_mins(1));
        assert!(clock.now() - before >= Duration::from_mins(1));
    }

    #[test]
    fn a_stopped_clock_moves_by_what_is_added_and_by_nothing_else() {
        let clock = Clock::stopped();
        let before = clock.now();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now() - before, Duration::from_millis(1500));
    }
}
