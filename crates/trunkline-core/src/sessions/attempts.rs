//! Log-ins that wait for an answer. The password waits here, not in the window.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use trunkline_protocol::link::Service;

use crate::local::Overrides;
use crate::session::ServiceUser;
use crate::unit_ref::UnitRef;
use crate::{ErrorKind, Fingerprint, Result};

/// How long a question may go unanswered.
const LIFE: Duration = Duration::from_mins(5);
/// Most log-ins that wait; the window asks one question at a time.
const WAITING: usize = 16;

/// A log-in, as far as it came.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) unit: UnitRef,
    pub(super) service: Service,
    pub(super) user: ServiceUser,
    pub(super) remember: bool,
    /// The password came from the keychain.
    pub(super) from_keychain: bool,
    pub(super) overrides: Overrides,
    /// The one to change to, once somebody chose it.
    pub(super) new_password: Option<secrecy::SecretString>,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Certificate(Fingerprint),
    LastAttempt,
    Weaker,
    Plain,
    MustChange,
    /// Another password; what was accepted on the way here counts on.
    Password,
}

#[derive(Default)]
pub(super) struct Attempts {
    waiting: HashMap<String, (Attempt, Question, Instant)>,
    next: u64,
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempts({} waiting)", self.waiting.len())
    }
}

impl Attempts {
    /// Keeps a log-in until it is answered; answers its name.
    pub(super) fn keep(&mut self, attempt: Attempt, question: Question, now: Instant) -> String {
        self.forget_old(now);
        if self.waiting.len() >= WAITING {
            let oldest = self
                .waiting
                .iter()
                .min_by_key(|(_, (_, _, since))| *since)
                .map(|(name, _)| name.clone());
            oldest.and_then(|name| self.waiting.remove(&name));
        }
        self.next += 1;
        let name = format!("l{}", self.next);
        self.waiting.insert(name.clone(), (attempt, question, now));
        name
    }

    /// The log-in of this name; it is no longer kept.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it was answered, or waited for too long.
    pub(super) fn take(&mut self, name: &str, now: Instant) -> Result<(Attempt, Question)> {
        self.forget_old(now);
        let (attempt, question, _) = self.waiting.remove(name).ok_or_else(|| {
            ErrorKind::NotFound("this log-in waited too long and is over; log in again".into())
        })?;
        Ok((attempt, question))
    }

    pub(super) fn unit_of(&self, name: &str) -> Option<(UnitRef, Service)> {
        self.waiting
            .get(name)
            .map(|(attempt, _, _)| (attempt.unit.clone(), attempt.service))
    }

    pub(super) fn forget_old(&mut self, now: Instant) {
        self.waiting
            .retain(|_, (_, _, since)| now.saturating_duration_since(*since) < LIFE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(name: &str) -> Attempt {
        Attempt {
            unit: UnitRef::default(),
            service: Service::Configuration,
            user: ServiceUser {
                name: name.into(),
                password: "Grüße-42".into(),
            },
            remember: true,
            from_keychain: false,
            overrides: Overrides::default(),
            new_password: Some("Neu-Grüße-43".into()),
        }
    }

    #[test]
    fn an_attempt_is_answered_once_and_in_time() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        let a = attempts.keep(attempt("a"), Question::Plain, start);
        let b = attempts.keep(
            attempt("b"),
            Question::LastAttempt,
            start + Duration::from_mins(3),
        );
        assert_ne!(a, b);
        let (taken, question) = attempts.take(&b, start + Duration::from_mins(4)).unwrap();
        assert_eq!((taken.user.name.as_str(), question), ("b", Question::LastAttempt));
        assert_eq!(attempts.take(&b, start).unwrap_err().code(), "not_found");
        assert_eq!(attempts.take(&a, start + LIFE).unwrap_err().code(), "not_found");
    }

    #[test]
    fn only_so_many_wait_and_the_oldest_goes() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        let second = |n: u64| start + Duration::from_secs(n);
        let names: Vec<_> = (0..17_u64)
            .map(|n| attempts.keep(attempt("x"), Question::MustChange, second(n)))
            .collect();
        assert_eq!(attempts.waiting.len(), WAITING);
        assert!(attempts.take(&names[0], second(20)).is_err());
        assert!(attempts.take(&names[1], second(20)).is_ok());
    }

    #[test]
    fn no_password_is_printed() {
        let mut attempts = Attempts::default();
        attempts.keep(attempt("a"), Question::Plain, Instant::now());
        let printed = format!("{attempts:?} {:?}", attempt("a"));
        assert!(
            printed.contains("1 waiting") && !printed.contains("Grüße"),
            "{printed}"
        );
    }
}
