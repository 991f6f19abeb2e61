//! A send that meets what somebody else changed meanwhile.

use tokio_util::sync::CancellationToken;
use trunkline_document::Document;
use trunkline_protocol::link::Object;

use super::Workbench;
use super::running::Work;
use super::transfers::off_the_reactor;
use crate::documents::conflict::{self, ConflictView};
use crate::documents::view::DocumentInfo;
use crate::progress::Report;
use crate::{Base, Conflict, ErrorKind, Result};

impl Workbench {
    /// What I changed in a configuration, what was changed on the unit meanwhile, and what collides.
    ///
    /// # Errors
    /// As [`Workbench::receive`].
    pub async fn look_at_conflict(
        &self,
        operation: &str,
        document: &str,
        report: Report<'_>,
    ) -> Result<ConflictView> {
        let started = self.running.start(operation, Work::Transfer)?;
        let (found, mine) = self.conflict(document, started.token(), report).await?;
        off_the_reactor(move || Ok(conflict::look(&found, &mine))).await
    }

    /// Puts the changes of a configuration on top of what the unit holds now. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where that can not be done by itself, and as [`Workbench::receive`].
    pub async fn rebase(&self, operation: &str, document: &str, report: Report<'_>) -> Result<DocumentInfo> {
        let started = self.running.start(operation, Work::Transfer)?;
        let (found, mine) = self.conflict(document, started.token(), report).await?;
        let (together, found, mine) = off_the_reactor(move || {
            let together = conflict::on_top(&found, &mine)?;
            Ok((together, found, mine))
        })
        .await?;
        self.documents.with(document, |open| {
            if open.content() != mine.as_bytes() {
                let why = "the configuration was changed while it was put together; try again";
                return Err(ErrorKind::Usage(why.into()).into());
            }
            open.rebase(found.theirs, together, &found.unit_revision);
            Ok(open.info())
        })
    }

    async fn conflict(
        &self,
        document: &str,
        token: CancellationToken,
        report: Report<'_>,
    ) -> Result<(Conflict, Document)> {
        let (unit, content, revision, sha256) = self.documents.with(document, |open| {
            let revision = open.revision().map(str::to_owned);
            Ok((
                open.info().unit,
                open.content().to_vec(),
                revision,
                open.base_sha256(),
            ))
        })?;
        let target = self.target(&unit)?;
        let mut borrowed = self.borrow(&unit, &target, token, report).await?;
        let archived = self
            .local
            .archive
            .list(&target.archive_key(borrowed.way.as_mut().key_port()))?;
        // A file may hold changes of its own: then what it is based on is known by its revision alone.
        let is_it = |entry: &crate::ArchiveEntry| {
            entry.sha256 == sha256 && Some(entry.revision.as_str()) == revision.as_deref()
        };
        let base = Base {
            sha256: archived.iter().any(is_it).then_some(sha256),
            revision,
        };
        let object = Object::Configuration;
        let found = self
            .local
            .look_at_conflict(&mut borrowed.way, &target, object, &base, report)
            .await?;
        self.sessions.give_back(borrowed).await;
        let mine = off_the_reactor(move || Ok(Document::load(content))).await?;
        Ok((found, mine))
    }
}
