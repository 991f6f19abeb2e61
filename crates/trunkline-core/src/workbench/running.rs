//! Work that is under way, by the name that the window gave it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::{ErrorKind, Result};

/// Most characters of a name.
const NAME_CHARS: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Running {
    works: Mutex<HashMap<String, (Work, CancellationToken)>>,
}

/// What kind of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Nothing is lost when it ends early.
    Asking,
    /// A configuration is on its way, or a unit is restarting.
    Transfer,
}

/// One piece of work; it counts as ended when this is dropped.
#[derive(Debug)]
pub(super) struct Started<'a> {
    running: &'a Running,
    name: String,
    token: CancellationToken,
}

impl Running {
    /// Begins a piece of work under a new name.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where work of this name is under way.
    pub(super) fn start(&self, name: &str, work: Work) -> Result<Started<'_>> {
        let mut works = self.works();
        if name.is_empty() || name.len() > NAME_CHARS || works.contains_key(name) {
            return Err(ErrorKind::Usage("every piece of work needs a name of its own".into()).into());
        }
        let token = CancellationToken::new();
        works.insert(name.to_owned(), (work, token.clone()));
        Ok(Started {
            running: self,
            name: name.to_owned(),
            token,
        })
    }

    pub(super) fn cancel(&self, name: &str) {
        if let Some((_, token)) = self.works().get(name) {
            token.cancel();
        }
    }

    /// How many transfers are under way.
    pub(super) fn transfers(&self) -> usize {
        let works = self.works();
        works.values().filter(|(work, _)| *work == Work::Transfer).count()
    }

    fn works(&self) -> MutexGuard<'_, HashMap<String, (Work, CancellationToken)>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Started<'_> {
    pub(super) fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Waits until somebody stops it.
    pub(super) async fn cancelled(&self) {
        self.token.cancelled().await;
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.running.works().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_stopped_by_its_name_and_the_name_is_free_afterwards() {
        let running = Running::default();
        let one = running.start("1", Work::Transfer).unwrap();
        let two = running.start("2", Work::Asking).unwrap();
        assert_eq!(running.start("1", Work::Asking).unwrap_err().code(), "usage");
        assert_eq!(running.transfers(), 1);
        running.cancel("1");
        running.cancel("unknown");
        assert!(one.token().is_cancelled() && !two.token().is_cancelled());
        drop(one);
        assert_eq!(running.transfers(), 0);
        assert!(!running.start("1", Work::Asking).unwrap().token().is_cancelled());
    }

    #[test]
    fn a_name_is_bounded() {
        let running = Running::default();
        for name in [String::new(), "x".repeat(NAME_CHARS + 1)] {
            assert_eq!(running.start(&name, Work::Asking).unwrap_err().code(), "usage");
        }
    }
}
