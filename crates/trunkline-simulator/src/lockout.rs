//! How many failed log-ins a unit takes (protocol.md 4.4), counted by source address and service, DevLink3 among them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use trunkline_protocol::link::Service;

/// More sources than this are forgotten, oldest first, so that an attacker can not fill the memory.
const MAX_SOURCES: usize = 1024;

/// What is taken before a source is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Failures within `window` that lock.
    pub failures: u16,
    /// How long a failure counts.
    pub window: Duration,
    /// How long a source is refused.
    pub lock: Duration,
}

impl Default for Limits {
    /// Three within ten minutes, for one minute.
    fn default() -> Self {
        Self {
            failures: 3,
            window: Duration::from_mins(10),
            lock: Duration::from_mins(1),
        }
    }
}

/// Where a log-in fails: each counts for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Door {
    Service(Service),
    DevLink3,
    ManagementApi,
}

impl From<Service> for Door {
    fn from(service: Service) -> Self {
        Self::Service(service)
    }
}

/// The failures of one unit.
#[derive(Debug, Default)]
pub(crate) struct Lockout {
    limits: Limits,
    sources: HashMap<(IpAddr, Door), Source>,
}

#[derive(Debug, Default)]
struct Source {
    failures: Vec<Instant>,
    locked_until: Option<Instant>,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) attempts_left: u16,
    /// Set by the failure that used up the last attempt.
    pub(crate) locked_for_s: Option<u32>,
}

impl Lockout {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            sources: HashMap::new(),
        }
    }

    /// Seconds, rounded up, for which this source is still refused.
    pub(crate) fn locked_for_s(&self, from: IpAddr, door: impl Into<Door>, now: Instant) -> Option<u32> {
        let until = self.sources.get(&(from, door.into()))?.locked_until?;
        let left = until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some(whole_seconds(left))
    }

    pub(crate) fn failed(&mut self, from: IpAddr, door: impl Into<Door>, now: Instant) -> Failed {
        self.make_room(now);
        let limits = self.limits;
        let source = self.sources.entry((from, door.into())).or_default();
        source
            .failures
            .retain(|at| now.saturating_duration_since(*at) < limits.window);
        source.failures.push(now);
        let used = u16::try_from(source.failures.len()).unwrap_or(u16::MAX);
        let attempts_left = limits.failures.saturating_sub(used);
        let locked_for_s = (attempts_left == 0).then(|| {
            source.locked_until = Some(now + limits.lock);
            source.failures.clear();
            whole_seconds(limits.lock)
        });
        Failed {
            attempts_left,
            locked_for_s,
        }
    }

    pub(crate) fn succeeded(&mut self, from: IpAddr, door: impl Into<Door>) {
        self.sources.remove(&(from, door.into()));
    }

    pub(crate) fn clear(&mut self) {
        self.sources.clear();
    }

    fn make_room(&mut self, now: Instant) {
        if self.sources.len() < MAX_SOURCES {
            return;
        }
        let window = self.limits.window;
        self.sources.retain(|_, source| {
            source.locked_until.is_some_and(|until| until > now)
                || source
                    .failures
                    .last()
                    .is_some_and(|at| now.saturating_duration_since(*at) < window)
        });
        if self.sources.len() >= MAX_SOURCES {
            let oldest = self
                .sources
                .iter()
                .min_by_key(|(_, s)| s.failures.last().copied());
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.sources.remove(&key);
            }
        }
    }
}

fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const CONFIGURATION: Service = Service::Configuration;

    fn failed(attempts_left: u16, locked_for_s: Option<u32>) -> Failed {
        Failed {
            attempts_left,
            locked_for_s,
        }
    }

    #[test]
    fn the_third_failure_within_ten_minutes_locks_for_one() {
        let mut lockout = Lockout::new(Limits::default());
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        assert_eq!(lockout.failed(HERE, CONFIGURATION, at(0)), failed(2, None));
        assert_eq!(lockout.failed(HERE, CONFIGURATION, at(300)), failed(1, None));
        assert_eq!(lockout.locked_for_s(HERE, CONFIGURATION, at(300)), None);
        assert_eq!(lockout.failed(HERE, CONFIGURATION, at(599)), failed(0, Some(60)));
        assert_eq!(lockout.locked_for_s(HERE, CONFIGURATION, at(599)), Some(60));
        assert_eq!(lockout.locked_for_s(HERE, CONFIGURATION, at(658)), Some(1));
        assert_eq!(lockout.locked_for_s(HERE, CONFIGURATION, at(659)), None);
        assert_eq!(
            lockout.failed(HERE, CONFIGURATION, at(660)),
            failed(2, None),
            "counts anew"
        );
    }

    #[test]
    fn old_failures_other_sources_and_other_services_do_not_count() {
        let mut lockout = Lockout::new(Limits::default());
        let start = Instant::now();
        let late = start + Duration::from_mins(10);
        let there = IpAddr::from([192, 0, 2, 1]);
        lockout.failed(HERE, CONFIGURATION, start);
        lockout.failed(HERE, CONFIGURATION, start);
        assert_eq!(lockout.failed(there, CONFIGURATION, start), failed(2, None));
        assert_eq!(lockout.failed(HERE, Service::Security, start), failed(2, None));
        assert_eq!(lockout.failed(HERE, CONFIGURATION, late), failed(2, None));
        lockout.succeeded(HERE, CONFIGURATION);
        assert_eq!(lockout.failed(HERE, CONFIGURATION, late), failed(2, None));
    }

    #[test]
    fn sources_do_not_fill_the_memory() {
        let mut lockout = Lockout::new(Limits::default());
        let now = Instant::now();
        for n in 0..5000_u32 {
            lockout.failed(IpAddr::V4(n.into()), CONFIGURATION, now);
        }
        assert!(lockout.sources.len() <= MAX_SOURCES);
    }
}
