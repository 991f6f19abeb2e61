//! A send that met somebody else's changes: what each side did since the revision that the changes are based on, and
//! how both come together.

use std::collections::HashSet;
use std::path::Path;

use trunkline_document::{
    Comparison, Document, MergeError, Problem, Side, ThreeWay, compare, problems, three_way,
};
use trunkline_protocol::link::Object;

use crate::archive::{ArchiveReason, ArchivedObject};
use crate::local::Local;
use crate::operations::SendOrder;
use crate::progress::Report;
use crate::target::Target;
use crate::way::WayRef;
use crate::{ContentHash, Error, ErrorKind, Result};

/// What changes are based on, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// The unit's revision at that time.
    pub revision: Option<String>,
    /// The SHA-256 of what it held then.
    pub sha256: Option<ContentHash>,
}

/// What a unit holds now, and what it held when the changes were begun.
#[derive(Debug)]
pub struct Conflict {
    /// The revision that the unit holds now.
    pub unit_revision: String,
    /// The revision that the changes are based on, where it is known.
    pub base_revision: Option<String>,
    /// What the unit held then; `None` where the archive does not have it, or not any more.
    pub base: Option<Document>,
    /// What the unit holds now.
    pub theirs: Document,
}

/// My version beside what the unit holds now.
#[derive(Debug)]
pub enum Sides<'d> {
    /// Who changed what is known.
    Three(ThreeWay<'d>),
    /// What the changes are based on is gone, or can not be read: only the two can be compared, from what the unit
    /// holds now to mine.
    Two(Comparison),
}

/// Both sets of changes in one document.
#[derive(Debug)]
pub struct Merged {
    /// The document.
    pub document: Document,
    /// What is wrong in it that was wrong in neither before, such as an extension that both gave to somebody.
    pub new_problems: Vec<Problem>,
}

impl Conflict {
    /// Puts my version beside what the unit holds now.
    pub fn sides<'d>(&'d self, mine: &'d Document) -> Sides<'d> {
        let three = self
            .base
            .as_ref()
            .and_then(|base| three_way(base, mine, &self.theirs));
        three.map_or_else(|| Sides::Two(compare(&self.theirs, mine)), Sides::Three)
    }
}

/// What the unit holds now with my changes on top, and of each collision the side that `choose` names.
///
/// # Errors
/// [`MergeError`].
pub fn merge(
    sides: &ThreeWay<'_>,
    mine: &Document,
    theirs: &Document,
    choose: impl Fn(usize) -> Side,
) -> Result<Merged, MergeError> {
    let document = sides.merged(choose)?;
    let known: HashSet<String> = [mine, theirs]
        .into_iter()
        .flat_map(problems)
        .map(|known| known.to_string())
        .collect();
    let new_problems = problems(&document)
        .into_iter()
        .filter(|problem| !known.contains(&problem.to_string()));
    Ok(Merged {
        new_problems: new_problems.collect(),
        document,
    })
}

impl Local {
    /// What the changes in a file are based on: what the order says, else what was recorded when the file was received
    /// from this unit.
    ///
    /// # Errors
    /// Where the record can not be read.
    pub fn base_of<'w>(
        &self,
        way: impl Into<WayRef<'w>>,
        target: &Target,
        path: Option<&Path>,
        order: &SendOrder,
    ) -> Result<Base> {
        self.find_base(&way.into(), target, path, order)
    }

    pub(crate) fn find_base(
        &self,
        way: &WayRef<'_>,
        target: &Target,
        path: Option<&Path>,
        order: &SendOrder,
    ) -> Result<Base> {
        let unit = target.record_key(way.key_port());
        let known = match path {
            Some(path) => self.received.find(path)?,
            None => None,
        };
        // Another unit's revision says nothing.
        let known = known.filter(|file| file.unit == unit && file.object == crate::name(order.object));
        Ok(match (&order.base, known) {
            (Some(said), Some(known)) if *said == known.revision => Base::from(known),
            (Some(said), _) => Base {
                revision: Some(said.clone()),
                sha256: None,
            },
            (None, Some(known)) => Base::from(known),
            (None, None) => Base::default(),
        })
    }

    /// Gathers what a conflict is about: what the unit holds now, received unless the archive has it already, and what
    /// it held at the base, from the archive.
    ///
    /// # Errors
    /// As [`crate::receive()`]; [`ErrorKind::Usage`] for anything but a configuration, of which nothing is kept.
    pub async fn look_at_conflict(
        &self,
        way: impl Into<WayRef<'_>>,
        target: &Target,
        object: Object,
        base: &Base,
        report: Report<'_>,
    ) -> Result<Conflict> {
        let way = &mut way.into();
        if object != Object::Configuration {
            return Err(ErrorKind::Usage(
                "only configurations are kept, so that only they can be compared".into(),
            )
            .into());
        }
        let (theirs, unit_revision) = self.held_now(way, target, object, report).await?;
        let found = self.find_in_archive(target, way.key_port(), base);
        let (archive, theirs_hash) = (std::sync::Arc::clone(&self.archive), theirs);
        let read = move || -> Result<_> {
            let theirs = archive.read_verified(&theirs_hash).map(Document::load)?;
            // What is damaged or gone can not be shown; the two that there are can.
            let base = found
                .and_then(|hash| archive.read_verified(&hash).ok())
                .map(Document::load);
            Ok((base, theirs))
        };
        let read = tokio::task::spawn_blocking(read).await;
        let (base_document, theirs) = read.map_err(|_| Error::new(ErrorKind::Cancelled("")))??;
        Ok(Conflict {
            unit_revision,
            base_revision: base.revision.clone(),
            base: base_document,
            theirs,
        })
    }

    /// What the unit holds now, in the archive; received only where it is not there already.
    async fn held_now(
        &self,
        way: &mut WayRef<'_>,
        target: &Target,
        object: Object,
        report: Report<'_>,
    ) -> Result<(ContentHash, String)> {
        if let Ok(stat) = way.stat(object).await {
            let sha256 = ContentHash::from_bytes(stat.sha256);
            if self.archive.open_verified(&sha256).is_ok() {
                return Ok((sha256, stat.revision));
            }
        }
        let reason = ArchiveReason::Received;
        let received = self
            .receive_to_archive(way, target, object, reason, report)
            .await?;
        Ok((received.sha256, received.revision))
    }

    /// The content at the base. Its hash says it for certain; a revision is the unit's word for it.
    pub(crate) fn find_in_archive(&self, target: &Target, key_port: u16, base: &Base) -> Option<ContentHash> {
        if base.sha256.is_some() {
            return base.sha256;
        }
        let revision = base.revision.as_deref()?;
        let entries = self.archive.list(&target.archive_key(key_port)).ok()?;
        let is_it = |entry: &crate::ArchiveEntry| {
            entry.revision == revision && entry.object == ArchivedObject::Configuration
        };
        entries.into_iter().find(is_it).map(|entry| entry.sha256)
    }
}

impl From<crate::ReceivedFile> for Base {
    fn from(file: crate::ReceivedFile) -> Self {
        Self {
            revision: Some(file.revision),
            sha256: Some(file.sha256),
        }
    }
}
