//! Work that is under way, by the name that the window gave it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::{ErrorKind, Result};

/// Most characters of a name.
const NAME_CHARS: usize = 128;

#[derive(Debug, Default)]
pub(super) struct Running {
    tokens: Mutex<HashMap<String, CancellationToken>>,
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
    pub(super) fn start(&self, name: &str) -> Result<Started<'_>> {
        let mut tokens = self.tokens();
        if name.is_empty() || name.len() > NAME_CHARS || tokens.contains_key(name) {
            return Err(ErrorKind::Usage("every piece of work needs a name of its own".into()).into());
        }
        let token = CancellationToken::new();
        tokens.insert(name.to_owned(), token.clone());
        Ok(Started {
            running: self,
            name: name.to_owned(),
            token,
        })
    }

    pub(super) fn cancel(&self, name: &str) {
        if let Some(token) = self.tokens().get(name) {
            token.cancel();
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.running.tokens().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_stopped_by_its_name_and_the_name_is_free_afterwards() {
        let running = Running::default();
        let (one, two) = (running.start("1").unwrap(), running.start("2").unwrap());
        assert_eq!(running.start("1").unwrap_err().code(), "usage");
        running.cancel("1");
        running.cancel("unknown");
        assert!(one.token().is_cancelled() && !two.token().is_cancelled());
        drop(one);
        assert!(!running.start("1").unwrap().token().is_cancelled());
    }

    #[test]
    fn a_name_is_bounded() {
        let running = Running::default();
        for name in [String::new(), "x".repeat(NAME_CHARS + 1)] {
            assert_eq!(running.start(&name).unwrap_err().code(), "usage");
        }
    }
}
