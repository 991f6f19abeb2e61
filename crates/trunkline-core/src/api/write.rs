//! Writing changes one after the other, and knowing afterwards which of them the unit has.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use trunkline_document::{Comparison, Document, MAX_BYTES, Refusal, compare};

use super::http::Lost;
use super::plan::{Change, Verb, differs, plan};
use super::read::{FIRST_PAUSE, Snapshot};
use super::reply::refused;
use super::session::{ApiSession, Call};
use crate::error::InPart;
use crate::progress::{Progress, Report};
use crate::session::is_cut;
use crate::{Error, ErrorKind, Result, Step};

/// How long a change that is on its way may still be asked after once somebody cancelled.
const LAST_WORD: Duration = Duration::from_secs(3);

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Each change, in the order in which it was written: `changed User 201 Sales1`.
    pub changes: Vec<String>,
    /// Where these entities stand in the document that was sent.
    positions: BTreeSet<usize>,
}

impl Written {
    /// What was written and is not there as it was sent: `User 201 Sales1: Priority`. Units correct values, and leave
    /// out what they do not know.
    pub(super) fn kept_otherwise(&self, after: &Snapshot, mine: &Document) -> Vec<String> {
        let Comparison::Entities { added, changed, .. } = compare(after.document(), mine) else {
            return Vec::new();
        };
        let ours = |position: usize| self.positions.contains(&position);
        let missing = added.iter().filter(|name| ours(name.position));
        let missing = missing.map(|name| format!("{}: it is not there", name.label));
        let other = changed
            .iter()
            .filter(|change| ours(change.after.position) && differs(change));
        let other = other.map(|change| {
            let fields = change.fields.iter().map(|field| field.path.to_string());
            let fields: Vec<String> = fields.filter(|path| path != "@GUID").collect();
            format!("{}: {}", change.after.label, fields.join(", "))
        });
        missing.chain(other).collect()
    }
}

impl ApiSession {
    /// Writes what is different in `mine`, and no more than that.
    ///
    /// `base` is what the changes were made from, `None` where nobody knows; `now` is what the unit has, as it was just
    /// read. What somebody else changed meanwhile stays, unless `force` is set and I changed the same entity.
    ///
    /// # Errors
    /// Before anything is written: [`ErrorKind::EntityConflict`], and [`ErrorKind::Usage`] or
    /// [`ErrorKind::Unsupported`] for what can not be done. The first change's own error where it was refused.
    /// [`ErrorKind::DoneInPart`] once something was written, with what was and what was not.
    pub async fn write(
        &mut self,
        base: Option<&Document>,
        now: &Snapshot,
        mine: &Document,
        force: bool,
        report: Report<'_>,
    ) -> Result<Written> {
        let address = self.access().address();
        self.write_planned(base, now, mine, force, report)
            .await
            .map_err(|error| error.at(Step::Send).address(address))
    }

    async fn write_planned(
        &mut self,
        base: Option<&Document>,
        now: &Snapshot,
        mine: &Document,
        force: bool,
        report: Report<'_>,
    ) -> Result<Written> {
        let changes = plan(base, now, mine, force)?;
        let (total, cancel) = (changes.len() as u64, self.http.cancel());
        let mut written = Written::default();
        for (done, change) in changes.iter().enumerate() {
            report(Progress::Writing {
                done: done as u64,
                total,
            });
            let outcome = if cancel.is_cancelled() {
                Err(not_acted(ErrorKind::Cancelled("").into()))
            } else {
                self.write_one(change, now, mine, report).await
            };
            let Err(lost) = outcome else {
                written.changes.push(change.words());
                written.positions.extend(change.position());
                continue;
            };
            if written.changes.is_empty() && !lost.may_have_acted {
                return Err(lost.error);
            }
            let words = |changes: &[Change]| changes.iter().map(Change::words).collect();
            let (unknown, rest) = changes[done..].split_at(usize::from(lost.may_have_acted));
            return Err(ErrorKind::DoneInPart(Box::new(InPart {
                why: lost.error,
                written: written.changes,
                unknown: words(unknown),
                not_written: words(rest),
                restart_needed: self.restart_needed,
            }))
            .into());
        }
        report(Progress::Writing { done: total, total });
        Ok(written)
    }

    /// Writes one change. Where the answer was lost, the unit is asked whether it has it.
    async fn write_one(
        &mut self,
        change: &Change,
        now: &Snapshot,
        mine: &Document,
        report: Report<'_>,
    ) -> Result<(), Lost> {
        let call = Call::change(
            change.verb.method(),
            change.collection(),
            change.guid.as_deref(),
            change.body(mine),
        );
        loop {
            let Err(lost) = self.call(&call, report).await else {
                return Ok(());
            };
            let may_try_again = is_cut(&lost.error) && self.http.may_reconnect();
            let lost = Lost {
                error: in_words(lost.error, change, mine),
                ..lost
            };
            if !lost.may_have_acted && !may_try_again {
                return Err(lost);
            }
            match self.settle(change, now, mine, &lost, report).await {
                Some(true) => return Ok(()),
                Some(false) if may_try_again => {}
                Some(false) => return Err(not_acted(lost.error)),
                None => return Err(lost),
            }
        }
    }

    /// Whether the unit has this change now; `None` where that can not be learnt.
    async fn settle(
        &mut self,
        change: &Change,
        now: &Snapshot,
        mine: &Document,
        lost: &Lost,
        report: Report<'_>,
    ) -> Option<bool> {
        report(Progress::AskingWhatItHolds);
        let fresh = if matches!(lost.error.kind(), ErrorKind::Cancelled(_)) {
            // Somebody who cancelled still wants to know, and does not want to wait.
            self.http.set_cancel(CancellationToken::new());
            timeout(LAST_WORD, self.get(change.collection(), MAX_BYTES, report))
                .await
                .ok()?
        } else if self.http.may_reconnect() {
            self.http.reconnect_later(FIRST_PAUSE, report).await.ok()?;
            self.get(change.collection(), MAX_BYTES, report).await
        } else {
            return None;
        };
        let objects: String = fresh.ok()?.objects().collect();
        has(&wrapped(&objects), change, now, mine)
    }
}

/// Whether this is in the collection as it is now, or as it was before; `None` where it is neither.
fn has(fresh: &Document, change: &Change, now: &Snapshot, mine: &Document) -> Option<bool> {
    let guid = change.guid.as_deref();
    let before = now
        .document()
        .entities()
        .find(|entity| guid.is_some() && entity.guid().as_deref() == guid);
    if let Some(entity) = change.entity(mine) {
        match find(entity.source(), fresh)? {
            Found::Same => return Some(true),
            Found::Nowhere if change.verb == Verb::Create => return Some(false),
            Found::Nowhere | Found::Other => {}
        }
    }
    match (find(before?.source(), fresh)?, change.verb) {
        (Found::Same, Verb::Change | Verb::Remove) => Some(false),
        (Found::Nowhere, Verb::Remove) => Some(true),
        _ => None,
    }
}

enum Found {
    Same,
    Other,
    Nowhere,
}

fn find(entity: &str, fresh: &Document) -> Option<Found> {
    let Comparison::Entities { removed, changed, .. } = compare(&wrapped(entity), fresh) else {
        return None;
    };
    Some(match (removed.is_empty(), changed.iter().any(differs)) {
        (false, _) => Found::Nowhere,
        (true, true) => Found::Other,
        (true, false) => Found::Same,
    })
}

fn wrapped(objects: &str) -> Document {
    Document::load(format!("<data>{objects}</data>").into_bytes())
}

/// Says which entity a refusal is about, and repeats none of its secrets.
fn in_words(error: Error, change: &Change, mine: &Document) -> Error {
    let ErrorKind::UnitRefused { code, text } = error.kind() else {
        return error;
    };
    let secrets: Vec<String> = change
        .entity(mine)
        .map(|entity| entity.fields())
        .unwrap_or_default()
        .into_iter()
        .filter(|field| field.value.is_secret())
        .map(|field| field.value.reveal().to_owned())
        .collect();
    let refusal = Refusal {
        code: code.clone(),
        text: format!("{}: {text}", change.label),
    };
    refused(&refusal, secrets.iter().map(String::as_str)).into()
}

fn not_acted(error: Error) -> Lost {
    Lost {
        error,
        may_have_acted: false,
    }
}
