//! Security settings on screen: received into memory, changed there, sent. A file is written by an export alone.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use trunkline_document::security::{
    SecurityEdit, SecurityFinding, SecurityProblem, SecuritySettings, SettingChange,
};
use trunkline_protocol::link::{Restart, Service, WriteMode};

use super::running::Work;
use super::{SendRequest, Workbench};
use crate::activity::{Action, Outcome};
use crate::documents::view::UnsavedDocument;
use crate::progress::Report;
use crate::security::{Dropped, Editor, ForReview, SecurityOrder, SecuritySent, Theirs};
use crate::sessions::Borrowed;
use crate::unit_ref::UnitRef;
use crate::{Due, ErrorKind, RESTART_LIMIT, Result, Target, wait_until_back, write_file};

/// Security settings that are open at once, at most; the window shows one.
const MOST: usize = 16;

/// Everything that is open.
#[derive(Debug, Default)]
pub(super) struct Desks {
    open: Mutex<(HashMap<String, Arc<tokio::sync::Mutex<Desk>>>, u64)>,
}

/// Security settings of one unit.
#[derive(Debug)]
struct Desk {
    info: SecurityInfo,
    editor: Editor,
    /// What somebody else did meanwhile, once that was looked at.
    theirs: Option<Theirs>,
    used: Instant,
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
    fn view(&self) -> SecurityView {
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
    fn add(&self, make: impl FnOnce(String) -> Desk) -> SecurityView {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.0.len() >= MOST {
            // One without changes, if there is one: nobody looks at so many.
            let spare = open
                .0
                .iter()
                .find(|(_, desk)| desk.try_lock().is_ok_and(|desk| desk.editor.changes().is_empty()));
            if let Some(id) = spare.map(|(id, _)| id.clone()) {
                open.0.remove(&id);
            }
        }
        open.1 += 1;
        let id = format!("s{}", open.1);
        let desk = make(id.clone());
        let view = desk.view();
        open.0.insert(id, Arc::new(tokio::sync::Mutex::new(desk)));
        view
    }

    fn get(&self, id: &str) -> Result<Arc<tokio::sync::Mutex<Desk>>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.0.get(id).cloned().ok_or_else(|| {
            let message = "these security settings are closed; open them again";
            ErrorKind::NotFound(message.into()).into()
        })
    }

    fn all(&self) -> Vec<(String, Arc<tokio::sync::Mutex<Desk>>)> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.0
            .iter()
            .map(|(id, desk)| (id.clone(), Arc::clone(desk)))
            .collect()
    }

    fn close(&self, id: &str) {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .remove(id);
    }
}

impl Workbench {
    /// Receives the security settings of a unit into memory and opens them.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is logged in as security administrator, and as
    /// [`crate::Local::receive_security`].
    pub async fn open_security(
        &self,
        operation: &str,
        unit: &UnitRef,
        report: Report<'_>,
    ) -> Result<SecurityView> {
        let started = self.running.start(operation, Work::Transfer)?;
        let target = self.target(unit)?;
        let user = self.administrator_of(unit, &target);
        let received = async {
            let mut borrowed = self
                .borrow_security(unit, &target, started.token(), report)
                .await?;
            let editor = self.local.receive_security(borrowed.session()?, report).await?;
            let address = borrowed.session()?.access().address();
            let tls = borrowed.session()?.facts().fingerprint.is_some();
            self.sessions.give_back(borrowed).await;
            Ok((editor, address, tls))
        }
        .await;
        let detail = received
            .as_ref()
            .map(|(editor, ..)| editor.revision().to_owned())
            .unwrap_or_default();
        let done = (Outcome::Done, detail.as_str());
        self.note(Action::SecurityReceived, &target, &user, &received, done);
        let (editor, address, tls) = received?;
        Ok(self.security.add(|id| Desk {
            info: SecurityInfo {
                id,
                unit: unit.clone(),
                name: target.name().to_owned(),
                address,
                tls,
                received_at: Timestamp::now(),
            },
            editor,
            theirs: None,
            used: Instant::now(),
        }))
    }

    /// The security settings as they are now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where they were closed, [`ErrorKind::Usage`] while they are being sent.
    pub fn security(&self, id: &str) -> Result<SecurityView> {
        self.with_security(id, |_| Ok(()))
    }

    /// Makes a change.
    ///
    /// # Errors
    /// As [`Workbench::security`], and as [`Editor::apply`].
    pub fn edit_security(&self, id: &str, edit: SecurityEdit) -> Result<SecurityView> {
        self.with_security(id, |editor| editor.apply(edit).map(drop))
    }

    /// Gives a service user a new password, which waits in memory until it is sent.
    ///
    /// # Errors
    /// As [`Workbench::security`] and as [`Editor::set_password`]; [`ErrorKind::TlsRequired`] where the settings came
    /// over plain TCP.
    pub fn set_security_password(
        &self,
        id: &str,
        user: &str,
        password: SecretString,
    ) -> Result<SecurityView> {
        let desk = self.security.get(id)?;
        let tls = desk.try_lock().is_ok_and(|desk| desk.info.tls);
        if !tls {
            return Err(ErrorKind::TlsRequired.into());
        }
        self.with_security(id, |editor| editor.set_password(user, password))
    }

    /// Takes the last change back.
    ///
    /// # Errors
    /// As [`Workbench::security`].
    pub fn undo_security(&self, id: &str) -> Result<SecurityView> {
        self.with_security(id, |editor| {
            editor.undo();
            Ok(())
        })
    }

    /// Makes the change again that was taken back last.
    ///
    /// # Errors
    /// As [`Workbench::security`].
    pub fn redo_security(&self, id: &str) -> Result<SecurityView> {
        self.with_security(id, |editor| {
            editor.redo();
            Ok(())
        })
    }

    /// Sends what was changed. Where the unit restarts at once it is waited for.
    ///
    /// # Errors
    /// As [`crate::Local::send_security`]; after [`ErrorKind::Conflict`] see [`Workbench::compare_security`].
    pub async fn send_security(
        &self,
        operation: &str,
        id: &str,
        request: SendRequest,
        report: Report<'_>,
    ) -> Result<SecuritySendResult> {
        let started = self.running.start(operation, Work::Transfer)?;
        let desk = self.security.get(id)?;
        let mut desk = desk.try_lock().map_err(|_| busy())?;
        let unit = desk.info.unit.clone();
        let target = self.target(&unit)?;
        let user = self.administrator_of(&unit, &target);
        let sent = self
            .send_from(&mut desk, &target, started.token(), request, report)
            .await;
        let detail = sent
            .as_ref()
            .map(|sent| {
                format!(
                    "{} → {}",
                    sent.summary.revision_before, sent.summary.revision_after
                )
            })
            .unwrap_or_default();
        self.note(
            Action::SecuritySent,
            &target,
            &user,
            &sent,
            (Outcome::Done, &detail),
        );
        let sent = sent?;
        desk.used = Instant::now();
        Ok(SecuritySendResult {
            sent,
            view: desk.view(),
        })
    }

    async fn send_from(
        &self,
        desk: &mut Desk,
        target: &Target,
        token: CancellationToken,
        request: SendRequest,
        report: Report<'_>,
    ) -> Result<SecuritySent> {
        let unit = desk.info.unit.clone();
        let mut borrowed = self.borrow_security(&unit, target, token, report).await?;
        desk.editor.logged_in_as(borrowed.session()?.service_user());
        let renewed = desk.editor.users_with_new_password();
        let order = SecurityOrder {
            mode: request.mode,
            force: request.force,
        };
        let session = borrowed.session()?;
        let sent = self
            .local
            .send_security(session, target, &mut desk.editor, order, report)
            .await?;
        let at_once = request.mode == WriteMode::Restart(Restart::Immediately);
        if at_once && sent.moved.is_none() && !sent.summary.unchanged {
            let due = Due::of(Restart::Immediately, sent.summary.restart_in_s);
            wait_until_back(session, due, RESTART_LIMIT, report).await?;
        }
        // The other log-in may be with a password, or at a port, that is not right any more.
        let other = self.user_of(&unit, target);
        if sent.moved.is_some() || renewed.contains(&other) {
            self.sessions.end(&unit.key(target)).await;
        }
        if let Some(moved) = sent
            .moved
            .filter(|moved| moved.followed && desk.info.unit.base_port > 0)
        {
            desk.info.unit.base_port = moved.to;
        }
        desk.info.address = session.access().address();
        desk.info.tls = session.facts().fingerprint.is_some();
        let now = self.target(&desk.info.unit)?;
        let key = desk.info.unit.key_of(&now, Service::Security);
        self.sessions.give_back_changed(borrowed, key, &now).await;
        Ok(sent)
    }

    /// Receives what the unit has now and puts it beside what was changed here.
    ///
    /// # Errors
    /// As [`Workbench::open_security`].
    pub async fn compare_security(
        &self,
        operation: &str,
        id: &str,
        report: Report<'_>,
    ) -> Result<TheirsView> {
        let started = self.running.start(operation, Work::Transfer)?;
        let desk = self.security.get(id)?;
        let mut desk = desk.try_lock().map_err(|_| busy())?;
        let target = self.target(&desk.info.unit)?;
        let mut borrowed = self
            .borrow_security(&desk.info.unit, &target, started.token(), report)
            .await?;
        let theirs = self
            .local
            .compare_security(borrowed.session()?, &desk.editor, report)
            .await?;
        self.sessions.give_back(borrowed).await;
        let view = TheirsView {
            revision: theirs.revision.clone(),
            changes: theirs.changes.clone(),
            collisions: theirs.collisions.clone(),
        };
        desk.theirs = Some(theirs);
        desk.used = Instant::now();
        Ok(view)
    }

    /// Puts the changes on top of what [`Workbench::compare_security`] received; answers those that can not be made there.
    ///
    /// # Errors
    /// As [`Workbench::security`], and [`ErrorKind::Usage`] where nothing was received before.
    pub fn rebase_security(&self, id: &str) -> Result<(SecurityView, Vec<Dropped>)> {
        let desk = self.security.get(id)?;
        let mut desk = desk.try_lock().map_err(|_| busy())?;
        let theirs = desk
            .theirs
            .take()
            .ok_or_else(|| ErrorKind::Usage("look at what was changed there first".into()))?;
        let dropped = desk.editor.rebase(theirs);
        Ok((desk.view(), dropped))
    }

    /// Writes the settings, as the unit has them, to a file: the one way to disk, asked for by a person.
    ///
    /// # Errors
    /// As [`Workbench::security`], and [`ErrorKind::Storage`].
    pub fn export_security(&self, id: &str, path: &Path) -> Result<()> {
        let desk = self.security.get(id)?;
        let desk = desk.try_lock().map_err(|_| busy())?;
        let target = self.target(&desk.info.unit)?;
        let written = write_file(path, desk.editor.base().as_bytes());
        let detail = path.display().to_string();
        let done = (Outcome::Done, detail.as_str());
        self.note(
            Action::SecurityExported,
            &target,
            desk.editor.user(),
            &written,
            done,
        );
        written
    }

    /// Closes them; nothing is kept.
    pub fn close_security(&self, id: &str) {
        self.security.close(id);
    }

    /// Forgets those without changes that nobody used for this long.
    pub(super) fn close_idle_security(&self, idle: Duration) {
        for (id, desk) in self.security.all() {
            let is_idle = desk
                .try_lock()
                .is_ok_and(|desk| desk.used.elapsed() >= idle && desk.editor.changes().is_empty());
            if is_idle {
                self.security.close(&id);
                self.news.say(super::News::SecurityClosed { id });
            }
        }
    }

    /// What was changed and not sent.
    pub(super) fn unsent_security(&self) -> Vec<UnsavedDocument> {
        let desks = self.security.all();
        desks
            .iter()
            .filter_map(|(_, desk)| {
                let desk = desk.try_lock().ok()?;
                let changes = desk.editor.changes().len();
                let name = desk.info.name.clone();
                (changes > 0).then_some(UnsavedDocument { name, changes })
            })
            .collect()
    }

    fn with_security(
        &self,
        id: &str,
        action: impl FnOnce(&mut Editor) -> Result<()>,
    ) -> Result<SecurityView> {
        let desk = self.security.get(id)?;
        let mut desk = desk.try_lock().map_err(|_| busy())?;
        desk.used = Instant::now();
        action(&mut desk.editor)?;
        Ok(desk.view())
    }

    async fn borrow_security(
        &self,
        unit: &UnitRef,
        target: &Target,
        token: CancellationToken,
        report: Report<'_>,
    ) -> Result<Borrowed> {
        let key = unit.key_of(target, Service::Security);
        self.sessions
            .borrow(&self.local, &key, target, token, report)
            .await
    }

    /// Who is logged in as security administrator, for the record.
    fn administrator_of(&self, unit: &UnitRef, target: &Target) -> String {
        self.sessions
            .logged_in(&unit.key_of(target, Service::Security), target)
            .map(|facts| facts.user)
            .unwrap_or_default()
    }
}

fn busy() -> crate::Error {
    ErrorKind::Usage("these security settings are just being sent; wait until that has ended".into()).into()
}
