//! The audit trail of a unit: received now, or as it was received before.

use super::Workbench;
use super::running::Work;
use crate::activity::{Action, Outcome};
use crate::archive::ArchiveEntry;
use crate::progress::Report;
use crate::unit_ref::UnitRef;
use crate::{ErrorKind, KeptTrail, Result, Target};

/// An audit trail on screen.
#[derive(Debug, Clone)]
pub struct AuditView {
    /// The trail, and what the archive says of it.
    pub kept: KeptTrail,
    /// Everything that the archive has, the latest first.
    pub trails: Vec<ArchiveEntry>,
}

impl Workbench {
    /// Receives the audit trail, and keeps it in the archive.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is logged in, and as [`crate::receive()`].
    pub async fn receive_audit(
        &self,
        operation: &str,
        unit: &UnitRef,
        report: Report<'_>,
    ) -> Result<AuditView> {
        let started = self.running.start(operation, Work::Transfer)?;
        let target = self.target(unit)?;
        let user = self.user_of(unit, &target);
        let received = async {
            let mut borrowed = self.borrow(unit, &target, started.token(), report).await?;
            let kept = self
                .local
                .receive_audit_trail(borrowed.session()?, &target, report)
                .await?;
            let unit = target.archive_key(borrowed.way.as_mut().key_port());
            self.sessions.give_back(borrowed).await;
            let trails = self.local.kept_audit_trails(&unit)?;
            Ok(AuditView { kept, trails })
        }
        .await;
        let detail = received
            .as_ref()
            .map(|view| {
                format!(
                    "{}, {} entries",
                    view.kept.entry.revision,
                    view.kept.trail.rows.len()
                )
            })
            .unwrap_or_default();
        let done = (Outcome::Done, detail.as_str());
        self.note(Action::AuditReceived, &target, &user, &received, done);
        received
    }

    /// An audit trail as it was received before: of this SHA-256, or the latest where that is empty; `None` where there
    /// is none yet.
    ///
    /// # Errors
    /// As [`crate::Archive::list`].
    pub async fn kept_audit(&self, unit: &UnitRef, sha256: &str) -> Result<Option<AuditView>> {
        let target = self.target(unit)?;
        let key = self.archive_key(&target)?;
        let wanted = (!sha256.is_empty()).then(|| sha256.to_owned());
        let kept = match self.local.kept_audit_trail(key.clone(), wanted).await {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound(_)) => return Ok(None),
            kept => kept?,
        };
        let trails = self.local.kept_audit_trails(&key)?;
        Ok(Some(AuditView { kept, trails }))
    }

    fn archive_key(&self, target: &Target) -> Result<crate::UnitKey> {
        Ok(target.archive_key(self.base_port(target)?))
    }
}
