//! Receiving, files, comparing, sending and telling to restart.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use trunkline_document::Document;
use trunkline_protocol::link::{MAX_OBJECT, Object, Restart, WriteMode};

use super::running::Work;
use super::{News, Workbench};
use crate::activity::{Action, Outcome};
use crate::archive::ArchiveReason;
use crate::documents::NewDocument;
use crate::documents::view::{DocumentInfo, UnitComparison};
use crate::progress::Report;
use crate::sessions::Borrowed;
use crate::store::ReceivedFile;
use crate::unit_ref::UnitRef;
use crate::{
    Base, ContentHash, Due, Error, ErrorKind, Outgoing, ReceiveSummary, Result, SendOrder, SendSummary, Step,
    Target, Way, write_file,
};

/// How a configuration is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendRequest {
    /// How it takes effect.
    pub mode: WriteMode,
    /// Send over whatever somebody else changed meanwhile, and what the unit has already.
    pub force: bool,
    /// The revision that somebody saw the unit hold and agreed to overwrite; a later one is a conflict all the same.
    pub over: Option<String>,
}

impl Workbench {
    /// Receives the unit's configuration, keeps it in the archive, and opens it.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is logged in, and as [`crate::receive()`].
    pub async fn receive(&self, operation: &str, unit: &UnitRef, report: Report<'_>) -> Result<DocumentInfo> {
        let started = self.running.start(operation, Work::Transfer)?;
        let target = self.target(unit)?;
        let user = self.user_of(unit, &target);
        let received = self.fetch(unit, &target, started.token(), report).await;
        let detail = received
            .as_ref()
            .map(|(_, summary)| said(summary))
            .unwrap_or_default();
        self.note(
            Action::Receive,
            &target,
            &user,
            &received,
            (Outcome::Done, &detail),
        );
        let (document, summary) = received?;
        self.say_of_api(&target, summary.restart_needed, &summary.not_offered, &[]);
        let facts = self.sessions.logged_in(&unit.key(&target), &target);
        Ok(self.documents.add(NewDocument {
            document,
            name: target.name().to_owned(),
            unit: unit.clone(),
            revision: Some(summary.revision),
            limit_bytes: facts.and_then(|facts| facts.largest_object),
            received_at: Some(Timestamp::now()),
        }))
    }

    /// Opens a configuration from a file, for `unit` or for none yet. The revision is known where this program
    /// received that file from that unit.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`], [`ErrorKind::TooLarge`] above 1 GiB.
    pub async fn open_file(&self, path: &Path, unit: &UnitRef) -> Result<DocumentInfo> {
        let target = if unit.site_id.is_empty() && unit.address.is_empty() {
            None
        } else {
            Some(self.target(unit)?)
        };
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let from = path.to_owned();
        let document = off_the_reactor(move || read(&from).map(Document::load)).await?;
        let known = self.local.received.find(path).ok().flatten();
        let known = match &target {
            Some(target) => {
                let key = target.record_key(self.base_port(target)?);
                known.filter(|known| known.unit == key)
            }
            None => None,
        };
        let activity = crate::activity::NewActivity {
            action: Action::FileOpened,
            unit: target.as_ref().map_or("", |target| target.name()),
            address: target.as_ref().map_or("", |target| &target.host),
            user: "",
            result: Outcome::Done,
            detail: &path.display().to_string(),
        };
        self.write_down(&activity);
        let facts = target
            .as_ref()
            .and_then(|target| self.sessions.logged_in(&unit.key(target), target));
        Ok(self.documents.add(NewDocument {
            document,
            name: target.as_ref().map_or(file, |target| target.name().to_owned()),
            unit: unit.clone(),
            limit_bytes: facts.and_then(|facts| facts.largest_object),
            received_at: known.as_ref().map(|known| known.received_at),
            revision: known.map(|known| known.revision),
        }))
    }

    /// Saves a configuration to a file, which is then known to be based on this unit's revision.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it was closed, [`ErrorKind::Storage`].
    pub async fn save_file(&self, document: &str, path: &Path) -> Result<()> {
        let (content, info) = self
            .documents
            .with(document, |open| Ok((open.content().to_vec(), open.info())))?;
        let sha256 = ContentHash::of(&content);
        let to = path.to_owned();
        off_the_reactor(move || write_file(&to, &content)).await?;
        // It may have been closed meanwhile; then there is nothing to lose.
        let saved = self.documents.with(document, |open| {
            open.saved(sha256);
            Ok(())
        });
        saved.ok();
        let target = self.target(&info.unit).ok();
        if let (Some(target), Some(revision)) = (&target, info.revision) {
            let unit = target.record_key(self.base_port(target)?);
            let (object, received_at) = (
                "configuration".to_owned(),
                info.received_at.unwrap_or_else(Timestamp::now),
            );
            let extra = std::collections::BTreeMap::new();
            self.local.received.remember(
                path,
                ReceivedFile {
                    sha256,
                    revision,
                    object,
                    unit,
                    received_at,
                    extra,
                },
            )?;
        }
        self.write_down(&crate::activity::NewActivity {
            action: Action::FileSaved,
            unit: target.as_ref().map_or(&info.name, |target| target.name()),
            address: target.as_ref().map_or("", |target| &target.host),
            user: "",
            result: Outcome::Done,
            detail: &path.display().to_string(),
        });
        Ok(())
    }

    /// A name to suggest for the file of a configuration.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where it was closed.
    pub fn file_name(&self, document: &str) -> Result<String> {
        let name = self.documents.with(document, |open| Ok(open.info().name))?;
        let usable = |c: char| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | ',') {
                c
            } else {
                '_'
            }
        };
        let name: String = name
            .trim_end_matches(".xml")
            .chars()
            .map(usable)
            .take(100)
            .collect();
        Ok(format!("{}.xml", name.trim()))
    }

    /// Receives what the unit has now, and puts the configuration beside it.
    ///
    /// # Errors
    /// As [`Workbench::receive`].
    pub async fn compare_with_unit(
        &self,
        operation: &str,
        document: &str,
        report: Report<'_>,
    ) -> Result<UnitComparison> {
        let started = self.running.start(operation, Work::Transfer)?;
        let unit = self.documents.with(document, |open| Ok(open.info().unit))?;
        let target = self.target(&unit)?;
        let (held, summary) = self.fetch(&unit, &target, started.token(), report).await?;
        let facts = self.sessions.logged_in(&unit.key(&target), &target);
        let limit_bytes = facts.and_then(|facts| facts.largest_object);
        self.documents.with(document, |open| {
            let compared = open.compare_with_unit(&held, &summary.revision);
            Ok(UnitComparison {
                limit_bytes: limit_bytes.or(compared.limit_bytes),
                ..compared
            })
        })
    }

    /// Sends a configuration, after a verified copy of what the unit has was kept.
    ///
    /// # Errors
    /// As [`crate::Local::send`].
    pub async fn send(
        &self,
        operation: &str,
        document: &str,
        request: SendRequest,
        report: Report<'_>,
    ) -> Result<SendSummary> {
        let started = self.running.start(operation, Work::Transfer)?;
        let (unit, content, base) = self.documents.with(document, |open| {
            Ok((
                open.info().unit,
                open.content().to_vec(),
                request
                    .over
                    .clone()
                    .or_else(|| open.revision().map(str::to_owned)),
            ))
        })?;
        let target = self.target(&unit)?;
        let user = self.user_of(&unit, &target);
        let outgoing = Outgoing::memory(Bytes::from(content.clone()));
        let order = SendOrder {
            object: Object::Configuration,
            mode: request.mode,
            base,
            force: request.force,
        };
        let sent = async {
            let mut borrowed = self.borrow(&unit, &target, started.token(), report).await?;
            let sent = self
                .local
                .send(&mut borrowed.way, &target, &outgoing, None, &order, report)
                .await?;
            if let WriteMode::Restart(restart) = request.mode
                && !sent.unchanged
            {
                borrowed.restart = Some(Due::of(restart, sent.restart_in_s));
            }
            let held = self.held_after(&mut borrowed, &target, &sent).await;
            self.sessions.give_back(borrowed).await;
            Ok((sent, held))
        }
        .await;
        let (sent, held) = match sent {
            Ok((sent, held)) => (Ok(sent), held),
            Err(error) => (Err(error), None),
        };
        let (result, detail) = match &sent {
            Ok(sent) if sent.unchanged => (
                Outcome::Unchanged,
                "the unit already has this configuration".to_owned(),
            ),
            Ok(sent) => (
                Outcome::Done,
                format!(
                    "{}, {} → {}",
                    mode(request.mode),
                    sent.revision_before,
                    sent.revision_after
                ),
            ),
            Err(_) => (Outcome::Failed, String::new()),
        };
        self.note(Action::Send, &target, &user, &sent, (result, &detail));
        let sent = sent?;
        self.say_of_api(&target, sent.restart_needed, &[], &sent.kept_otherwise);
        // It may have been closed meanwhile; then there is nobody to tell.
        self.documents
            .with(document, |open| {
                match held {
                    Some(held) => open.rebase(held.clone(), held, &sent.revision_after),
                    None => open.sent(content, &sent.revision_after),
                }
                Ok(())
            })
            .ok();
        Ok(sent)
    }

    /// What the unit holds after entities were sent one by one, where somebody else's may be among them: then what was sent
    /// is not what it has. `None` where it is, or where that can not be had any more.
    async fn held_after(
        &self,
        borrowed: &mut Borrowed,
        target: &Target,
        sent: &SendSummary,
    ) -> Option<Document> {
        if !matches!(borrowed.way, Way::Api(_)) {
            return None;
        }
        let base = Base {
            revision: Some(sent.revision_after.clone()),
            sha256: None,
        };
        let key_port = borrowed.way.as_mut().key_port();
        let sha256 = self.local.find_in_archive(target, key_port, &base)?;
        let archive = Arc::clone(&self.local.archive);
        let read = off_the_reactor(move || archive.read_verified(&sha256).map(Document::load));
        read.await.ok()
    }

    /// What only the Management API says.
    fn say_of_api(
        &self,
        target: &Target,
        restart_needed: bool,
        not_offered: &[&'static str],
        kept_otherwise: &[String],
    ) {
        if restart_needed || !not_offered.is_empty() || !kept_otherwise.is_empty() {
            self.news.say(News::Remarks {
                unit: target.name().to_owned(),
                restart_needed,
                not_offered: not_offered.iter().map(|&name| name.to_owned()).collect(),
                kept_otherwise: kept_otherwise.to_vec(),
            });
        }
    }

    /// Restarts a unit; answers the seconds until it does, where it said so.
    ///
    /// # Errors
    /// What the unit refuses.
    pub async fn reboot(&self, operation: &str, unit: &UnitRef, restart: Restart) -> Result<Option<u32>> {
        let started = self.running.start(operation, Work::Transfer)?;
        let target = self.target(unit)?;
        let user = self.user_of(unit, &target);
        let restarted = async {
            let mut borrowed = self
                .borrow(unit, &target, started.token(), &crate::silent)
                .await?;
            let restart_s = borrowed.way.reboot(restart).await?;
            borrowed.restart = Some(Due::of(restart, restart_s));
            self.sessions.give_back(borrowed).await;
            Ok(restart_s)
        }
        .await;
        self.note(
            Action::Restart,
            &target,
            &user,
            &restarted,
            (Outcome::Done, mode(WriteMode::Restart(restart))),
        );
        restarted
    }

    /// What the unit has now, received into the archive and read from there.
    async fn fetch(
        &self,
        unit: &UnitRef,
        target: &Target,
        token: CancellationToken,
        report: Report<'_>,
    ) -> Result<(Document, ReceiveSummary)> {
        let mut borrowed = self.borrow(unit, target, token, report).await?;
        let (object, reason) = (Object::Configuration, ArchiveReason::Received);
        let summary = self
            .local
            .receive_to_archive(&mut borrowed.way, target, object, reason, report)
            .await?;
        self.sessions.give_back(borrowed).await;
        let (archive, sha256) = (Arc::clone(&self.local.archive), summary.sha256);
        let document = off_the_reactor(move || archive.read_verified(&sha256).map(Document::load)).await?;
        Ok((document, summary))
    }

    pub(super) async fn borrow(
        &self,
        unit: &UnitRef,
        target: &Target,
        token: CancellationToken,
        report: Report<'_>,
    ) -> Result<Borrowed> {
        self.sessions
            .borrow(&self.local, &unit.key(target), target, token, report)
            .await
    }
}

/// Reading, hashing and parsing of megabytes: not on the threads that move bytes.
pub(super) async fn off_the_reactor<R: Send + 'static>(
    work: impl FnOnce() -> Result<R> + Send + 'static,
) -> Result<R> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Error::new(ErrorKind::Cancelled("")))?
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::storage(path, &error);
    let file = File::open(path).map_err(failed)?;
    let mut content = Vec::new();
    file.take(MAX_OBJECT + 1)
        .read_to_end(&mut content)
        .map_err(failed)?;
    if content.len() as u64 > MAX_OBJECT {
        return Err(Error::new(ErrorKind::TooLarge {
            limit: Some(MAX_OBJECT),
        })
        .at(Step::Store));
    }
    Ok(content)
}

fn said(summary: &ReceiveSummary) -> String {
    let again = if summary.resumed {
        ", after a lost connection"
    } else {
        ""
    };
    format!("{}, {} bytes{again}", summary.revision, summary.bytes)
}

fn mode(mode: WriteMode) -> &'static str {
    match mode {
        WriteMode::Merge => "merge",
        WriteMode::Restart(Restart::Immediately) => "restart immediately",
        WriteMode::Restart(Restart::WhenFree { .. }) => "restart when free",
        WriteMode::Restart(Restart::Timed { .. }) => "restart at a time",
    }
}
