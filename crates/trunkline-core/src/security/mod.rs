//! The security settings of a unit: received into memory, changed with their rules, sent back. Nothing here writes a
//! file.
//!
//! - [`Local::security_access`]: the way to them, which systems before 3.2 do not have.
//! - [`Local::receive_security`]: an [`Editor`] for them.
//! - [`Local::send_security`]: sends what was changed, and follows a unit whose ports move.
//!
//! New passwords are kept apart from the document until the moment of sending, and go over TLS only.

mod consequences;
mod editor;
mod follow;
mod reach;

use bytes::Bytes;
use trunkline_protocol::link::{Object, WriteMode};

use crate::progress::Report;
use crate::session::{ServiceUser, Session, is_cut};
use crate::target::Target;
use crate::{
    ContentHash, Error, ErrorKind, KeptPassword, Local, Outgoing, Result, SendOrder, SendSummary, Step,
};

pub use consequences::Consequence;
pub use editor::{Dropped, Editor, ForReview, Theirs};
pub use follow::Moved;
use follow::Moving;
pub use trunkline_document::FieldType;
pub use trunkline_document::security::{
    FindingKind, Level, NoSetting, PasswordState, RIGHTS, SecurityEdit, SecurityFinding, SecurityProblem,
    SecuritySettings, ServiceUser as SettingsUser, Setting, SettingChange, Severity,
};

/// Security settings in bytes, at most; a document that is larger is none.
const LONGEST: u64 = 16 * 1024 * 1024;
/// Service users and the passwords that units are delivered with (the vendor's manuals up to release 10).
const DELIVERED: [(&str, &str); 3] = [
    ("security", "securitypwd"),
    ("Administrator", "Administrator"),
    ("EnhTcpaService", "EnhTcpaPwd1"),
];

/// How changed settings are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecurityOrder {
    /// How they take effect.
    pub mode: WriteMode,
    /// Send over somebody else's changes.
    pub force: bool,
}

/// How a send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecuritySent {
    /// As for any object. There is never a copy.
    pub summary: SendSummary,
    /// What became of a changed Services Base TCP Port.
    pub moved: Option<Moved>,
    /// Service users whose new password the unit took, while the keychain goes on with the old one.
    pub old_in_keychain: Vec<OldInKeychain>,
}

/// A password in the keychain that is not right any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldInKeychain {
    /// The service user.
    pub user: String,
    /// Why it could not be replaced.
    pub why: String,
}

impl Local {
    /// Receives the unit's security settings into memory, to be looked at and changed.
    ///
    /// # Errors
    /// As [`crate::receive()`], and [`ErrorKind::Unsupported`] for what is no such document.
    pub async fn receive_security(&self, session: &mut Session, report: Report<'_>) -> Result<Editor> {
        session.usable()?;
        let (settings, revision) = self.held(session, report).await?;
        Ok(Editor::new(
            settings,
            revision,
            session.user_name().to_owned(),
            is_delivered(session.service_user()),
        ))
    }

    /// What the unit holds now beside what was changed here.
    ///
    /// # Errors
    /// As [`Local::receive_security`].
    pub async fn compare_security(
        &self,
        session: &mut Session,
        editor: &Editor,
        report: Report<'_>,
    ) -> Result<Theirs> {
        let (settings, revision) = self.held(session, report).await?;
        Ok(editor.beside(settings, revision))
    }

    /// Sends what was changed, and answers with what the unit then is. The editor is then based on that.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where a rule is broken; [`ErrorKind::TlsRequired`] for a new password on plain TCP; both before
    /// anything is sent. [`ErrorKind::Conflict`] where somebody else changed the unit, and as [`Local::send`].
    pub async fn send_security(
        &self,
        session: &mut Session,
        target: &Target,
        editor: &mut Editor,
        order: SecurityOrder,
        report: Report<'_>,
    ) -> Result<SecuritySent> {
        let address = session.access().address();
        let at = |error: Error| error.at(Step::Send).address(&address);
        editor.refuse_broken_rules().map_err(at)?;
        if editor.has_new_passwords() && session.facts().fingerprint.is_none() {
            return Err(at(ErrorKind::TlsRequired.into()));
        }
        still_there(session, report).await.map_err(at)?;
        let (content, kept) = editor.content();
        let outgoing = Outgoing::memory(Bytes::from_owner(content)).kept_as(kept.as_bytes());
        let as_a_whole = SendOrder {
            object: Object::SecuritySettings,
            mode: order.mode,
            base: Some(editor.revision().to_owned()),
            force: order.force,
        };
        let ports = editor.changed_base_port();
        let moving = ports.map(|to| Moving {
            target,
            from: session.access().base_port,
            to,
            lets_in: editor.keeps_own_access(),
        });
        let password = editor.password_of(session.user_name()).cloned();
        let base_port = session.access().base_port;
        let sent = self
            .send(&mut *session, target, &outgoing, None, &as_a_whole, report)
            .await;
        // From here on the unit knows the new password, unless it took nothing.
        let took = !sent
            .as_ref()
            .is_err_and(|error| !matches!(error.kind(), ErrorKind::OutcomeUnknown(_)));
        if let Some(password) = password.filter(|_| took) {
            session.set_password(password);
        }
        let (summary, moved) = match (sent, moving) {
            (Ok(summary), Some(moving)) if !summary.unchanged => {
                let moved = self
                    .follow(session, &moving, order.mode, summary.restart_in_s, report)
                    .await?;
                (summary, Some(moved))
            }
            (Ok(summary), _) => (summary, None),
            // The answer may have been lost because the unit moved at once: it is asked there.
            (Err(error), Some(moving)) if matches!(error.kind(), ErrorKind::OutcomeUnknown(_)) => {
                let asked = self.ask_after_move(session, &moving, &outgoing, report).await?;
                let (revision, moved) = asked.ok_or(error)?;
                let summary = SendSummary {
                    revision_before: editor.revision().to_owned(),
                    revision_after: revision,
                    bytes: outgoing.length(),
                    sha256: ContentHash::from_bytes(*outgoing.sha256()),
                    restart_in_s: None,
                    backup_sha256: None,
                    unchanged: false,
                    restart_needed: false,
                    written: None,
                    kept_otherwise: Vec::new(),
                };
                (summary, Some(moved))
            }
            (Err(error), _) => return Err(error),
        };
        let old_in_keychain = self.renew_passwords(target, base_port, editor).await;
        editor.sent(kept, &summary.revision_after);
        Ok(SecuritySent {
            summary,
            moved,
            old_in_keychain,
        })
    }

    /// What the keychain has of service users with a new password is changed too, as far as it can be.
    async fn renew_passwords(&self, target: &Target, base_port: u16, editor: &Editor) -> Vec<OldInKeychain> {
        let mut old = Vec::new();
        for user in editor.users_with_new_password() {
            let Some(new) = editor.password_of(&user).cloned() else {
                continue;
            };
            let why = match self.renew_kept(target, base_port, &user, new).await {
                KeptPassword::NotKept | KeptPassword::Replaced => continue,
                KeptPassword::Shared(name) => match self.kept_user(target, base_port, Some(&user)).await {
                    Ok(Some(_)) => format!("the credential {name:?} is shared with other sites"),
                    _ => continue,
                },
                KeptPassword::Failed(error) => error.to_string(),
            };
            old.push(OldInKeychain { user, why });
        }
        old
    }

    async fn held(&self, session: &mut Session, report: Report<'_>) -> Result<(SecuritySettings, String)> {
        let address = session.access().address();
        let object = Object::SecuritySettings;
        let (bytes, summary) = self.receive_to_memory(session, object, report).await?;
        let settings = SecuritySettings::load(bytes).map_err(|error| {
            let why =
                format!("{error}; receive them with `trunkline receive --object security` to look at them");
            Error::new(ErrorKind::Unsupported(why))
                .at(Step::Receive)
                .address(address)
        })?;
        Ok((settings, summary.revision))
    }
}

/// A unit hangs up on who is silent for long, and a person may have looked at the changes for a while.
async fn still_there(session: &mut Session, report: Report<'_>) -> Result<()> {
    match session.stat(Object::SecuritySettings).await {
        Err(error) if is_cut(&error) => session.reconnect(error, report).await,
        // A refusal is an answer too; what it means is found out by what follows.
        _ => Ok(()),
    }
}

/// Refuses what could hold a new password: for a way on which everybody can read.
pub(crate) fn refuse_passwords(outgoing: &Outgoing) -> Result<()> {
    // What is too large for a document, or is none, could hold anything.
    let holds_none = outgoing
        .bytes(LONGEST)?
        .and_then(|bytes| SecuritySettings::load(bytes.to_vec()).ok())
        .is_some_and(|settings| settings.users_with_new_password().is_empty());
    if holds_none {
        return Ok(());
    }
    Err(ErrorKind::TlsRequired.into())
}

fn is_delivered(user: &ServiceUser) -> bool {
    use secrecy::ExposeSecret;
    let password = user.password.expose_secret();
    DELIVERED
        .iter()
        .any(|(name, delivered)| *name == user.name && *delivered == password)
}

#[cfg(test)]
mod tests;
