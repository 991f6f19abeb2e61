//! Configurations that are open: looked at, searched, changed and compared, until they are closed.
//!
//! - [`Documents`]: those that are open, by id.
//! - [`OpenDocument`]: one of them, with its way back and forth through the changes.
//! - [`conflict`]: it beside what somebody else made of the unit meanwhile.
//! - [`view`]: what is shown of it. A secret is shown by [`OpenDocument::reveal`] alone.

mod columns;
mod comparison;
pub mod conflict;
mod open;
mod references;
mod search;
pub mod view;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

pub use open::{NewDocument, OpenDocument};

use crate::{ErrorKind, Result};

/// The configurations that are open.
#[derive(Debug, Default)]
pub struct Documents {
    open: Mutex<HashMap<String, OpenDocument>>,
    next: AtomicU64,
}

impl Documents {
    /// Opens one, and answers how it stands.
    pub fn add(&self, new: NewDocument) -> view::DocumentInfo {
        let id = format!("d{}", self.next.fetch_add(1, Ordering::Relaxed));
        let document = OpenDocument::new(id.clone(), new);
        let info = document.info();
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, document);
        info
    }

    /// Does something with one that is open, while nobody else does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it was closed, and what `action` says.
    pub fn with<R>(&self, id: &str, action: impl FnOnce(&mut OpenDocument) -> Result<R>) -> Result<R> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let document = open.get_mut(id).ok_or_else(|| {
            ErrorKind::NotFound("this configuration is no longer open; receive or open it again".into())
        })?;
        action(document)
    }

    /// Those whose changes were neither sent nor saved, by name.
    pub fn unsaved(&self) -> Vec<view::UnsavedDocument> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let unsaved = open.values().filter(|document| document.is_unsaved());
        let mut unsaved: Vec<_> = unsaved
            .map(|document| view::UnsavedDocument {
                name: document.info().name,
                changes: document.changes().len(),
            })
            .collect();
        unsaved.sort_by(|a, b| a.name.cmp(&b.name));
        unsaved
    }

    /// Closes one; what was not saved or sent is gone.
    pub fn close(&self, id: &str) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }
}

#[cfg(test)]
mod tests;
