//! The audit trail of a unit: received into the archive, and read from there.

use trunkline_document::{AuditTrail, MAX_BYTES};
use trunkline_protocol::link::Object;

use crate::archive::{ArchiveEntry, ArchiveReason, ArchivedObject, UnitKey};
use crate::progress::Report;
use crate::session::Session;
use crate::target::Target;
use crate::{ContentHash, Error, ErrorKind, Local, Result, Step};

/// Fewest digits by which a content is named.
const DIGITS: usize = 4;

/// An audit trail, and what the archive says of it.
#[derive(Debug, Clone)]
pub struct KeptTrail {
    /// When it was received, and which revision it is.
    pub entry: ArchiveEntry,
    /// What is in it.
    pub trail: AuditTrail,
}

impl KeptTrail {
    /// Whether the archive had just this before.
    pub fn was_known(&self) -> bool {
        self.entry.confirmed_at != self.entry.received_at
    }
}

impl Local {
    /// Receives the audit trail into the archive, where the same content is kept once.
    ///
    /// # Errors
    /// As [`Local::receive_to_archive`].
    pub async fn receive_audit_trail(
        &self,
        session: &mut Session,
        target: &Target,
        report: Report<'_>,
    ) -> Result<KeptTrail> {
        let (object, reason) = (Object::AuditTrail, ArchiveReason::Received);
        let summary = self
            .receive_to_archive(&mut *session, target, object, reason, report)
            .await?;
        let unit = target.archive_key(session.access().base_port);
        let (local, sha256) = (self.clone(), summary.sha256);
        off_the_reactor(move || local.trail(&unit, |entry| entry.sha256 == sha256)).await
    }

    /// An audit trail that was received before: that of this revision or hash, or the latest.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is none.
    pub async fn kept_audit_trail(&self, unit: UnitKey, wanted: Option<String>) -> Result<KeptTrail> {
        let local = self.clone();
        let is_wanted = move |entry: &ArchiveEntry| match &wanted {
            None => true,
            Some(wanted) => {
                entry.revision == *wanted
                    || wanted.len() >= DIGITS && entry.sha256.to_string().starts_with(&wanted.to_lowercase())
            }
        };
        off_the_reactor(move || local.trail(&unit, is_wanted)).await
    }

    /// The audit trails that were received from a unit, the latest first.
    ///
    /// # Errors
    /// As [`crate::Archive::list`].
    pub fn kept_audit_trails(&self, unit: &UnitKey) -> Result<Vec<ArchiveEntry>> {
        let mut entries = self.archive.list(unit)?;
        entries.retain(|entry| entry.object == ArchivedObject::Audit);
        Ok(entries)
    }

    fn trail(&self, unit: &UnitKey, is_wanted: impl Fn(&ArchiveEntry) -> bool) -> Result<KeptTrail> {
        let entry = self
            .kept_audit_trails(unit)?
            .into_iter()
            .find(is_wanted)
            .ok_or_else(|| {
                let message = "no such audit trail of this unit was received yet";
                Error::new(ErrorKind::NotFound(message.into())).at(Step::Store)
            })?;
        let trail = self.read_trail(&entry.sha256, entry.bytes)?;
        Ok(KeptTrail { entry, trail })
    }

    /// What is larger than any document stays where it is.
    fn read_trail(&self, sha256: &ContentHash, bytes: u64) -> Result<AuditTrail> {
        if bytes > MAX_BYTES as u64 {
            self.archive.open_verified(sha256)?;
            return Ok(AuditTrail::opaque());
        }
        Ok(AuditTrail::read(&self.archive.read_verified(sha256)?))
    }
}

async fn off_the_reactor<R: Send + 'static>(work: impl FnOnce() -> Result<R> + Send + 'static) -> Result<R> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::new(ErrorKind::Cancelled("")))?
}
