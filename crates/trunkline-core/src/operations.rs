//! Receive and send as a person means them: with the archive, the record of received files and the base revision.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use trunkline_protocol::link::{Object, Stat, WriteMode};

use crate::archive::{Archive, ArchiveReason, ArchiveWriter, ArchivedObject, NewEntry as Keep};
use crate::local::Local;
use crate::progress::Report;
use crate::receive::{Destination, Received};
use crate::security;
use crate::send::Outgoing;
use crate::store::ReceivedFile;
use crate::target::Target;
use crate::way::WayRef;
use crate::{ContentHash, ErrorKind, PendingFile, Result, Step, write_file};

/// The most that an IP500 V2 takes, in bytes: 2.0 MB (documented; protocol.md 5). A hint where a unit says nothing.
pub const IP500_V2_LIMIT: u64 = 2 * 1024 * 1024;

/// What was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiveSummary {
    /// The revision, in the unit's words.
    pub revision: String,
    /// Bytes of the object.
    pub bytes: u64,
    /// SHA-256 of the object.
    pub sha256: ContentHash,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether it took more than one connection.
    pub resumed: bool,
    /// Whether the unit says that it must restart before something takes effect; only the Management API says it.
    pub restart_needed: bool,
    /// Collections of the Management API that the unit does not have.
    pub not_offered: Vec<&'static str>,
}

/// What to send, and how it is to take effect.
#[derive(Debug, Clone)]
pub struct SendOrder {
    /// Which object.
    pub object: Object,
    /// How it takes effect.
    pub mode: WriteMode,
    /// The revision that the changes are based on, where the user says it.
    pub base: Option<String>,
    /// Send over somebody else's changes, and what the unit already has.
    pub force: bool,
}

/// How a send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendSummary {
    /// The revision that the unit had.
    pub revision_before: String,
    /// The revision that it has now; the same where nothing had to be sent.
    pub revision_after: String,
    /// Bytes of the object.
    pub bytes: u64,
    /// SHA-256 of the object.
    pub sha256: ContentHash,
    /// Seconds until the unit restarts, where it does and said so.
    pub restart_in_s: Option<u32>,
    /// SHA-256 of the copy of what the unit had, in the archive; never of security settings.
    pub backup_sha256: Option<ContentHash>,
    /// The unit already had just this, and nothing was sent.
    pub unchanged: bool,
    /// Whether the unit says that it must restart before something takes effect; only the Management API says it.
    pub restart_needed: bool,
    /// Over the Management API: each change, in the order in which it was written.
    pub written: Option<Vec<String>>,
    /// Over the Management API: what was written and is not there as it was sent.
    pub kept_otherwise: Vec<String>,
}

impl Local {
    /// Receives `object` into a file that is there as a whole or not at all, and keeps it in the archive as well.
    /// Security settings go to the file alone: asking for one is the explicit export.
    ///
    /// # Errors
    /// As [`crate::receive()`], and where the file or the archive can not be written.
    pub async fn receive_to_file(
        &self,
        way: impl Into<WayRef<'_>>,
        target: &Target,
        object: Object,
        path: &Path,
        report: Report<'_>,
    ) -> Result<ReceiveSummary> {
        let way = &mut way.into();
        let Some(kind) = archived(object) else {
            let (content, summary) = self.receive_to_memory(way, object, report).await?;
            write_file(path, &content)?;
            return Ok(summary);
        };
        let file = PendingFile::beside(path)?;
        let received = self
            .receive_kept(way, object, Some(file), Step::Receive, report)
            .await?;
        let (summary, kept) = (summarize(&received, way), received.destination);
        let key = target.archive_key(way.key_port());
        let keep = Keep {
            unit: &key,
            object: kind,
            revision: &summary.revision,
            reason: ArchiveReason::Received,
            system_name: Some(target.name()),
        };
        kept.archive.keep(kept.writer, &keep)?;
        if let Some(file) = kept.file {
            file.commit(path)?;
        }
        self.remember_file(path, target, way, object, &summary.revision, summary.sha256)?;
        Ok(summary)
    }

    /// Receives `object` into the archive alone; read it there by the hash. Not for security settings.
    ///
    /// # Errors
    /// As [`crate::receive()`], [`ErrorKind::Usage`] for security settings, and where the archive can not be written.
    pub async fn receive_to_archive(
        &self,
        way: impl Into<WayRef<'_>>,
        target: &Target,
        object: Object,
        reason: ArchiveReason,
        report: Report<'_>,
    ) -> Result<ReceiveSummary> {
        let way = &mut way.into();
        let Some(kind) = archived(object) else {
            return Err(ErrorKind::Usage("security settings are never kept in the archive".into()).into());
        };
        let step = if reason == ArchiveReason::BeforeSend {
            Step::Backup
        } else {
            Step::Receive
        };
        let received = self.receive_kept(way, object, None, step, report).await?;
        let summary = summarize(&received, way);
        let key = target.archive_key(way.key_port());
        let (revision, system_name) = (summary.revision.as_str(), Some(target.name()));
        let keep = Keep {
            unit: &key,
            object: kind,
            revision,
            reason,
            system_name,
        };
        received
            .destination
            .archive
            .keep(received.destination.writer, &keep)?;
        Ok(summary)
    }

    /// Receives `object` into memory alone.
    ///
    /// # Errors
    /// As [`crate::receive()`], and [`ErrorKind::TooLarge`] above 16 MiB.
    pub async fn receive_to_memory(
        &self,
        way: impl Into<WayRef<'_>>,
        object: Object,
        report: Report<'_>,
    ) -> Result<(Vec<u8>, ReceiveSummary)> {
        let way = &mut way.into();
        let received = way.receive(object, Vec::new(), Step::Receive, report).await?;
        let summary = summarize(&received, way);
        Ok((received.destination, summary))
    }

    /// Sends `outgoing`: first takes a verified copy of what the unit has (never of security settings), then refuses
    /// where that is not what the changes are based on, then sends and commits. `path` is the file that it came from.
    ///
    /// # Errors
    /// As [`crate::send_object`] and [`crate::receive()`]; [`ErrorKind::Conflict`], [`ErrorKind::TooLarge`].
    pub async fn send(
        &self,
        way: impl Into<WayRef<'_>>,
        target: &Target,
        outgoing: &Outgoing,
        path: Option<&Path>,
        order: &SendOrder,
        report: Report<'_>,
    ) -> Result<SendSummary> {
        let way = &mut way.into();
        let address = way.address();
        self.send_checked(way, target, outgoing, path, order, report)
            .await
            .map_err(|e| e.at(Step::Send).address(address))
    }

    async fn send_checked(
        &self,
        way: &mut WayRef<'_>,
        target: &Target,
        outgoing: &Outgoing,
        path: Option<&Path>,
        order: &SendOrder,
        report: Report<'_>,
    ) -> Result<SendSummary> {
        way.may_send(order.object, order.mode)?;
        if order.object == Object::AuditTrail {
            return Err(ErrorKind::Usage("the audit trail can only be read".into()).into());
        }
        if let WayRef::Api(session) = way {
            return self
                .send_entities(session, target, outgoing, path, order, report)
                .await;
        }
        if let Some(limit) = way.largest_object().filter(|limit| outgoing.length() > *limit) {
            return Err(ErrorKind::TooLarge { limit: Some(limit) }.into());
        }
        if order.object == Object::SecuritySettings && !way.is_over_tls() {
            security::refuse_passwords(outgoing)?;
        }
        let (before, backup_sha256) = self.copy_first(way, target, order.object, report).await?;
        let sha256 = ContentHash::from_bytes(*outgoing.sha256());
        let mut summary = SendSummary {
            revision_before: before.revision.clone(),
            revision_after: before.revision.clone(),
            bytes: outgoing.length(),
            sha256,
            restart_in_s: None,
            backup_sha256,
            unchanged: before.sha256 == *outgoing.sha256() && !order.force,
            restart_needed: false,
            written: None,
            kept_otherwise: Vec::new(),
        };
        if !summary.unchanged {
            let base = self.find_base(way, target, path, order)?;
            if !way.is_based_on(&base, &before) && !order.force {
                return Err(ErrorKind::Conflict {
                    unit_revision: Some(before.revision),
                }
                .into());
            }
            let committed = way
                .send(order.object, order.mode, &before, outgoing, report)
                .await?;
            summary.revision_after = committed.revision;
            summary.restart_in_s = committed.restart_s;
            if let Err(error) = self
                .keep_sent(way, target, outgoing, order.object, &summary)
                .await
            {
                tracing::warn!("what was sent could not be kept in the archive: {error}");
            }
        }
        // The file is now what the unit holds: changes to it are from here on based on this revision.
        if let Some(path) = path.filter(|_| archived(order.object).is_some()) {
            self.remember_file(path, target, way, order.object, &summary.revision_after, sha256)?;
        }
        if !summary.unchanged {
            summary.restart_in_s = way.restart_after(order.mode, summary.restart_in_s).await?;
        }
        Ok(summary)
    }

    /// What was sent is what the next changes are based on; a later conflict can then say who changed what.
    async fn keep_sent(
        &self,
        way: &WayRef<'_>,
        target: &Target,
        outgoing: &Outgoing,
        object: Object,
        summary: &SendSummary,
    ) -> Result<()> {
        let Some(kind) = archived(object) else {
            return Ok(());
        };
        let (archive, outgoing) = (Arc::clone(&self.archive), outgoing.clone());
        let (unit, name) = (target.archive_key(way.key_port()), target.name().to_owned());
        let revision = summary.revision_after.clone();
        let keep = move || {
            let mut writer = archive.begin()?;
            outgoing.for_each_part(|part| writer.write(&part).map(|()| true))?;
            let entry = Keep {
                unit: &unit,
                object: kind,
                revision: &revision,
                reason: ArchiveReason::Sent,
                system_name: Some(&name),
            };
            archive.keep(writer, &entry).map(drop)
        };
        tokio::task::spawn_blocking(keep)
            .await
            .map_err(|_| ErrorKind::Cancelled(""))?
    }

    /// What the unit has now, with a verified copy in the archive where that may be.
    async fn copy_first(
        &self,
        way: &mut WayRef<'_>,
        target: &Target,
        object: Object,
        report: Report<'_>,
    ) -> Result<(Stat, Option<ContentHash>)> {
        if archived(object).is_none() {
            return Ok((way.stat(object).await?, None));
        }
        let reason = ArchiveReason::BeforeSend;
        let copy = self
            .receive_to_archive(way, target, object, reason, report)
            .await?;
        let stat = Stat {
            length: copy.bytes,
            sha256: *copy.sha256.bytes(),
            revision: copy.revision,
        };
        Ok((stat, Some(copy.sha256)))
    }

    pub(crate) fn remember_file(
        &self,
        path: &Path,
        target: &Target,
        way: &WayRef<'_>,
        object: Object,
        revision: &str,
        sha256: ContentHash,
    ) -> Result<()> {
        let file = ReceivedFile {
            sha256,
            revision: revision.to_owned(),
            object: name(object).to_owned(),
            unit: target.record_key(way.key_port()),
            received_at: Timestamp::now(),
            extra: std::collections::BTreeMap::new(),
        };
        self.received.remember(path, file)
    }

    async fn receive_kept(
        &self,
        way: &mut WayRef<'_>,
        object: Object,
        file: Option<PendingFile>,
        step: Step,
        report: Report<'_>,
    ) -> Result<Received<InArchive>> {
        let archive = Arc::clone(&self.archive);
        let destination = InArchive {
            writer: archive.begin()?,
            archive,
            file,
        };
        way.receive(object, destination, step, report).await
    }
}

/// The words of `--object` and of JSON.
pub fn name(object: Object) -> &'static str {
    match object {
        Object::Configuration => "configuration",
        Object::SecuritySettings => "security",
        Object::AuditTrail => "audit",
    }
}

fn archived(object: Object) -> Option<ArchivedObject> {
    match object {
        Object::Configuration => Some(ArchivedObject::Configuration),
        Object::AuditTrail => Some(ArchivedObject::Audit),
        Object::SecuritySettings => None,
    }
}

fn summarize<D>(received: &Received<D>, way: &WayRef<'_>) -> ReceiveSummary {
    let remarks = way.remarks();
    ReceiveSummary {
        revision: received.stat.revision.clone(),
        bytes: received.stat.length,
        sha256: ContentHash::from_bytes(received.stat.sha256),
        elapsed: received.elapsed,
        resumed: received.resumed,
        restart_needed: remarks.restart_needed,
        not_offered: remarks.not_offered,
    }
}

/// On its way into the archive and, where one is named, into a file.
struct InArchive {
    archive: Arc<Archive>,
    writer: ArchiveWriter,
    file: Option<PendingFile>,
}

impl Destination for InArchive {
    fn start(&mut self, total: u64) -> Result<()> {
        self.writer = self.archive.begin()?;
        self.file
            .as_mut()
            .map_or(Ok(()), |file| Destination::start(file, total))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write(bytes)?;
        self.file.as_mut().map_or(Ok(()), |file| file.write(bytes))
    }
}
