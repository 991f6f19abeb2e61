//! The security settings that are open, and what is shown of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use trunkline_document::security::{SecurityFinding, SecurityProblem, SecuritySettings, SettingChange};

use crate::security::{Editor, ForReview, SecuritySent, Theirs};
use crate::unit_ref::UnitRef;
use crate::{ErrorKind, Result};

/// Security settings that are open at once, at most; the window shows one.
const MOST: usize = 16;

/// Everything that is open.
#[derive(Debug, Default)]
pub(in crate::workbench) struct Desks {
    open: Mutex<Open>,
}

/// Security settings that one piece of work uses at a time.
type Shared = Arc<tokio::sync::Mutex<Desk>>;

#[derive(Debug, Default)]
struct Open {
    desks: HashMap<String, Shared>,
    /// How many there ever were.
    count: u64,
}

/// Security settings of one unit.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) info: SecurityInfo,
    pub(super) editor: Editor,
    /// What somebody else did meanwhile, once that was looked at.
    pub(super) theirs: Option<Theirs>,
    pub(super) used: Instant,
}

/// Whose security settings they are, and how they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityInfo {
    /// Names them in every call.
    pub id: String,
    /// The unit.
    pub unit: UnitRef,
    /// Its name.
    pub name: String,
    /// Its address and Services Base TCP Port.
    pub address: String,
    /// Whether they came over TLS: new passwords go no other way.
    pub tls: bool,
    /// When.
    pub received_at: Timestamp,
}

/// Everything that is shown of security settings. It holds no password.
#[derive(Debug, Clone)]
pub struct SecurityView {
    /// Whose they are.
    pub info: SecurityInfo,
    /// Who is logged in.
    pub user: String,
    /// The revision that the changes are based on.
    pub revision: String,
    /// As they are with the changes.
    pub settings: SecuritySettings,
    /// As the unit has them.
    pub base: SecuritySettings,
    /// The service users for whom a new password waits.
    pub new_passwords: Vec<String>,
    /// What is weak.
    pub findings: Vec<SecurityFinding>,
    /// Every broken rule, whoever broke it.
    pub problems: Vec<SecurityProblem>,
    /// What is different, what it breaks, and what it brings with it.
    pub review: ForReview,
    /// Whether there is anything to take back.
    pub can_undo: bool,
    /// Whether there is anything to make again.
    pub can_redo: bool,
}

/// What somebody else changed meanwhile.
#[derive(Debug, Clone)]
pub struct TheirsView {
    /// The revision that the unit has now.
    pub revision: String,
    /// What they changed.
    pub changes: Vec<SettingChange>,
    /// Those of them that were changed here too.
    pub collisions: Vec<SettingChange>,
}

/// How a send ended.
#[derive(Debug, Clone)]
pub struct SecuritySendResult {
    /// As for any send.
    pub sent: SecuritySent,
    /// The settings as the unit has them now.
    pub view: SecurityView,
}

impl Desk {
    pub(super) fn view(&self) -> SecurityView {
        let editor = &self.editor;
        let (can_undo, can_redo) = editor.can_undo_redo();
        SecurityView {
            info: self.info.clone(),
            user: editor.user().to_owned(),
            revision: editor.revision().to_owned(),
            settings: editor.settings().clone(),
            base: editor.base().clone(),
            new_passwords: editor.users_with_new_password(),
            findings: editor.findings(),
            problems: editor.problems(),
            review: editor.review(),
            can_undo,
            can_redo,
        }
    }
}

impl Desks {
    pub(super) fn add(&self, make: impl FnOnce(String) -> Desk) -> SecurityView {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.desks.len() >= MOST {
            // One without changes, if there is one: nobody looks at so many.
            let spare = open
                .desks
                .iter()
                .find(|(_, desk)| desk.try_lock().is_ok_and(|desk| desk.editor.changes().is_empty()));
            if let Some(id) = spare.map(|(id, _)| id.clone()) {
                open.desks.remove(&id);
            }
        }
        open.count += 1;
        let id = format!("s{}", open.count);
        let desk = make(id.clone());
        let view = desk.view();
        open.desks.insert(id, Arc::new(tokio::sync::Mutex::new(desk)));
        view
    }

    pub(super) fn get(&self, id: &str) -> Result<Shared> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.desks.get(id).cloned().ok_or_else(|| {
            let message = "these security settings are closed; open them again";
            ErrorKind::NotFound(message.into()).into()
        })
    }

    pub(super) fn all(&self) -> Vec<(String, Shared)> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.desks
            .iter()
            .map(|(id, desk)| (id.clone(), Arc::clone(desk)))
            .collect()
    }

    pub(super) fn close(&self, id: &str) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .desks
            .remove(id);
    }
}
