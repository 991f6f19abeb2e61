//! Security settings on the desk: what the unit holds, and each change to it, forth and back.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use trunkline_document::MASK;
use trunkline_document::security::{
    FindingKind, SecurityEdit, SecurityEditError, SecurityFinding, SecurityProblem, SecuritySettings,
    SettingChange, Severity, changes,
};
use zeroize::Zeroizing;

use super::consequences::{Consequence, consequences};
use crate::{ErrorKind, Result};

/// Security settings that somebody changes.
///
/// The document never holds a new password; those are kept as secrets beside it, and are put in by what sends it.
pub struct Editor {
    base: SecuritySettings,
    revision: String,
    /// Who is logged in.
    user: String,
    is_delivered: bool,
    done: Vec<Step>,
    undone: Vec<Step>,
    now: SecuritySettings,
}

/// One change.
#[derive(Clone)]
enum Step {
    Edit(SecurityEdit),
    Password { user: String, password: SecretString },
}

/// What is to be known before changes are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForReview {
    /// What is different from what was received; new passwords are masked.
    pub changes: Vec<SettingChange>,
    /// The rules that the changes break: with any of them nothing is sent.
    pub broken: Vec<SecurityProblem>,
    /// What the changes bring with them.
    pub consequences: Vec<Consequence>,
}

/// What somebody else did to the unit meanwhile.
#[derive(Debug, Clone)]
pub struct Theirs {
    /// The revision that the unit holds.
    pub revision: String,
    /// What is different from what was received here.
    pub changes: Vec<SettingChange>,
    /// Those of `changes` that are in a place that was changed here too.
    pub collisions: Vec<SettingChange>,
    settings: SecuritySettings,
}

/// A change of before that can not be made to what the unit holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Why.
    pub reason: String,
}

impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Editor")
            .field("revision", &self.revision)
            .field("changes", &self.done.len())
            .finish_non_exhaustive()
    }
}

impl Editor {
    pub(super) fn new(base: SecuritySettings, revision: String, user: String, is_delivered: bool) -> Self {
        Self {
            now: base.clone(),
            base,
            revision,
            user,
            is_delivered,
            done: Vec::new(),
            undone: Vec::new(),
        }
    }

    /// The settings as they are with the changes.
    pub fn settings(&self) -> &SecuritySettings {
        &self.now
    }

    /// The settings as the unit has them, or had them when they were received.
    pub fn base(&self) -> &SecuritySettings {
        &self.base
    }

    /// The revision that the changes are based on.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Who is logged in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Somebody else may have logged in since the settings were received.
    pub(crate) fn logged_in_as(&mut self, user: &crate::ServiceUser) {
        if self.user != user.name {
            user.name.clone_into(&mut self.user);
            self.is_delivered = super::is_delivered(user);
        }
    }

    /// Makes a change; says whether anything is different now.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] saying why it can not be done; nothing is changed then.
    pub fn apply(&mut self, edit: SecurityEdit) -> Result<bool> {
        let differs = self.now.apply(&edit).map_err(|error| usage(&error))?;
        if differs {
            self.done.push(Step::Edit(edit));
            self.undone.clear();
        }
        Ok(differs)
    }

    /// Gives a service user a new password, in the place of one that was given before.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where there is no such user, or the password does not obey the policy.
    pub fn set_password(&mut self, user: &str, password: SecretString) -> Result<()> {
        let users = self.now.users();
        if users.iter().all(|known| known.name != user) {
            let known: Vec<_> = users.into_iter().map(|user| user.name).collect();
            let (what, name) = ("service user", user.to_owned());
            return Err(usage(&SecurityEditError::NotFound { what, name, known }));
        }
        let faults = self.now.password_faults(user, password.expose_secret());
        if let Some(fault) = faults.first() {
            return Err(ErrorKind::Usage(format!("service user {user:?}: the new password {fault}")).into());
        }
        self.now.mark_password_set(user);
        self.done.push(Step::Password {
            user: user.to_owned(),
            password,
        });
        self.undone.clear();
        Ok(())
    }

    /// Takes the last change back; says whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(step) = self.done.pop() else { return false };
        self.undone.push(step);
        self.replay();
        true
    }

    /// Makes the change again that was taken back last; says whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(step) = self.undone.pop() else {
            return false;
        };
        self.done.push(step);
        self.replay();
        true
    }

    /// Whether there is anything to take back, and to make again.
    pub fn can_undo_redo(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    /// The service users for whom a new password waits.
    pub fn users_with_new_password(&self) -> Vec<String> {
        let users = self.now.users().into_iter().map(|user| user.name);
        users.filter(|user| self.password_of(user).is_some()).collect()
    }

    /// Whether a new password waits.
    pub fn has_new_passwords(&self) -> bool {
        !self.users_with_new_password().is_empty()
    }

    /// What is different from what was received. A new password is masked.
    pub fn changes(&self) -> Vec<SettingChange> {
        let users = self.users_with_new_password();
        let mut found = changes(&self.base, &self.now);
        // That a password is set follows from the password.
        found.retain(|change| change.field != "PasswordSet" || !users.contains(&change.name));
        found.extend(users.into_iter().map(|name| SettingChange {
            kind: "ServiceUser".into(),
            name,
            field: "NewPassword".into(),
            before: None,
            after: Some(MASK.into()),
        }));
        found
    }

    /// Every rule that is broken now, whoever broke it.
    pub fn problems(&self) -> Vec<SecurityProblem> {
        self.now.problems(&[])
    }

    /// What is weak now, whoever chose it.
    pub fn findings(&self) -> Vec<SecurityFinding> {
        let mut found = self.now.findings();
        let renewed = self.password_of(&self.user).is_some();
        if self.is_delivered && !renewed {
            let finding = SecurityFinding {
                kind: FindingKind::DefaultLogIn,
                severity: Severity::Warning,
                entity: "ServiceUser".into(),
                name: self.user.clone(),
                field: String::new(),
            };
            found.insert(0, finding);
        }
        found
    }

    /// What is to be known before the changes are sent.
    pub fn review(&self) -> ForReview {
        let changes = self.changes();
        let before = self.base.problems(&[]);
        let broken = self
            .problems()
            .into_iter()
            .filter(|problem| !before.contains(problem));
        ForReview {
            broken: broken.collect(),
            consequences: consequences(self, &changes),
            changes,
        }
    }

    /// Compares with what the unit holds now.
    pub(super) fn beside(&self, settings: SecuritySettings, revision: String) -> Theirs {
        let theirs = changes(&self.base, &settings);
        let mine = self.changes();
        let collides = |change: &&SettingChange| mine.iter().any(|other| other.is_at(change));
        Theirs {
            revision,
            collisions: theirs.iter().filter(collides).cloned().collect(),
            changes: theirs,
            settings,
        }
    }

    /// Makes the changes to what the unit holds now, in place of what was received; answers those that can not be made.
    pub fn rebase(&mut self, theirs: Theirs) -> Vec<Dropped> {
        self.base = theirs.settings;
        self.revision = theirs.revision;
        self.undone.clear();
        self.replay()
    }

    /// What is to be sent, which is wiped when it is dropped, and what the unit keeps of it.
    pub(super) fn content(&self) -> (Zeroizing<Vec<u8>>, SecuritySettings) {
        let password_of = |user: &str| self.password_of(user).map(ExposeSecret::expose_secret);
        (self.now.with_new_passwords(password_of), self.now.clone())
    }

    /// The unit holds this now.
    pub(super) fn sent(&mut self, kept: SecuritySettings, revision: &str) {
        self.is_delivered &= self.password_of(&self.user).is_none();
        self.base = kept.clone();
        self.now = kept;
        revision.clone_into(&mut self.revision);
        self.done.clear();
        self.undone.clear();
    }

    /// The Services Base TCP Port, where it is another than was received.
    pub(super) fn changed_base_port(&self) -> Option<u16> {
        self.now
            .base_port()
            .filter(|port| self.base.base_port() != Some(*port))
    }

    /// Whether whoever is logged in can log in again after the changes.
    pub(super) fn keeps_own_access(&self) -> bool {
        let users = self.now.users();
        users.iter().any(|known| known.name == self.user && known.enabled)
    }

    pub(super) fn refuse_broken_rules(&self) -> Result<()> {
        let broken = self.review().broken;
        if broken.is_empty() {
            return Ok(());
        }
        let all: Vec<_> = broken.iter().map(ToString::to_string).collect();
        Err(ErrorKind::Usage(format!("nothing was sent: {}", all.join("; "))).into())
    }

    /// The password that was given last. A user who was removed and added again is another one.
    pub(super) fn password_of(&self, user: &str) -> Option<&SecretString> {
        self.done.iter().rev().find_map(|step| match step {
            Step::Password {
                user: other,
                password,
            } if other == user => Some(Some(password)),
            Step::Edit(SecurityEdit::RemoveUser { user: other }) if other == user => Some(None),
            _ => None,
        })?
    }

    /// Makes every change to the base again; answers those that can not be made, and forgets them.
    fn replay(&mut self) -> Vec<Dropped> {
        self.now = self.base.clone();
        let mut dropped = Vec::new();
        for step in std::mem::take(&mut self.done) {
            let made = match &step {
                Step::Edit(edit) => self.now.apply(edit).map(drop).map_err(|error| error.to_string()),
                Step::Password { user, .. } if self.now.users().iter().any(|known| known.name == *user) => {
                    self.now.mark_password_set(user);
                    Ok(())
                }
                Step::Password { user, .. } => Err(format!("there is no service user {user:?} any more")),
            };
            match made {
                Ok(()) => self.done.push(step),
                Err(reason) => dropped.push(Dropped { reason }),
            }
        }
        dropped
    }
}

fn usage(error: &SecurityEditError) -> crate::Error {
    ErrorKind::Usage(error.to_string()).into()
}
