//! Sending an object: all or nothing, and afterwards the program knows which of the two it was.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Event, Object, Stat, WriteMode};

use crate::progress::{Progress, Report};
use crate::restart;
use crate::session::{Session, is_cut, out_of_order};
use crate::{Error, ErrorKind, Result, Step};

/// Bytes of the object in one data frame.
const PART: usize = 64 * 1024;
/// Parts that may wait for the network.
const PARTS_WAITING: usize = 4;
/// How long a commit that is already on its way may still be answered after somebody cancelled.
const LAST_WORD: Duration = Duration::from_millis(600);
/// How long a unit may go on with a commit whose connection is gone.
const LATE_COMMIT: Duration = Duration::from_millis(500);
/// How long a unit that restarts with the new object may stay away before nobody knows how it ended.
const RESTART_LIMIT: Duration = Duration::from_mins(2);

/// An object that is to be sent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    source: Source,
    length: u64,
    sha256: [u8; 32],
    /// The hash of what the unit keeps of it, where that is less than what is sent.
    kept_sha256: Option<[u8; 32]>,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Memory(Bytes),
}

impl Outgoing {
    /// A file; it is read once here for its hash, and again when it is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] where it can not be read.
    pub async fn file(path: &Path) -> Result<Self> {
        let source = Source::File(path.to_owned());
        let path = path.to_owned();
        let hash = move || -> Result<_> {
            let fail = |error| Error::storage(&path, &error);
            let mut file = File::open(&path).map_err(fail)?;
            let (mut hash, mut part, mut length) = (Sha256::new(), vec![0; 4 * PART], 0);
            loop {
                let read = file.read(&mut part).map_err(fail)?;
                if read == 0 {
                    return Ok((length, hash.finalize().into()));
                }
                hash.update(&part[..read]);
                length += read as u64;
            }
        };
        let (length, sha256) = tokio::task::spawn_blocking(hash)
            .await
            .map_err(|_| Error::new(ErrorKind::Cancelled("")))??;
        Ok(Self {
            source,
            length,
            sha256,
            kept_sha256: None,
        })
    }

    /// Bytes that are in memory.
    pub fn memory(bytes: Bytes) -> Self {
        Self {
            length: bytes.len() as u64,
            sha256: Sha256::digest(&bytes).into(),
            source: Source::Memory(bytes),
            kept_sha256: None,
        }
    }

    /// Says what the unit keeps of it, so that its holding that means that it took this.
    #[must_use]
    pub fn kept_as(mut self, kept: &[u8]) -> Self {
        self.kept_sha256 = Some(Sha256::digest(kept).into());
        self
    }

    /// Whether a unit that held `before` and holds this now took it. Where what it keeps is what it held, only a new
    /// revision tells.
    fn was_taken(&self, before: &Stat, held: &Stat) -> bool {
        let is_kept = self.kept_sha256 == Some(held.sha256);
        self.sha256 == held.sha256
            || is_kept && (held.sha256 != before.sha256 || held.revision != before.revision)
    }

    /// Whether this is the hash of what a unit keeps of it.
    pub(crate) fn is_kept_as(&self, sha256: &[u8; 32]) -> bool {
        self.kept_sha256.as_ref() == Some(sha256)
    }

    /// All of it, where it is no longer than `most`.
    pub(crate) fn bytes(&self, most: u64) -> Result<Option<Bytes>> {
        if self.length > most {
            return Ok(None);
        }
        match &self.source {
            Source::Memory(bytes) => Ok(Some(bytes.clone())),
            Source::File(path) => {
                let fail = |error| Error::storage(path, &error);
                let mut bytes = Vec::new();
                let file = File::open(path).map_err(fail)?;
                file.take(most).read_to_end(&mut bytes).map_err(fail)?;
                Ok(Some(bytes.into()))
            }
        }
    }

    /// Bytes of the whole object.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// SHA-256 of the whole object.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Reads the object part by part for as long as `take` wants more; on a thread where that may block. What comes out
    /// is checked: a file can change meanwhile.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`], [`ErrorKind::Usage`] where the file is not what it was, and what `take` fails with.
    pub(crate) fn for_each_part(self, mut take: impl FnMut(Bytes) -> Result<bool>) -> Result<()> {
        let mut hash = Sha256::new();
        let mut give = |part: Bytes| {
            hash.update(&part);
            take(part)
        };
        match self.source {
            Source::Memory(mut bytes) => {
                while !bytes.is_empty() {
                    if !give(bytes.split_to(PART.min(bytes.len())))? {
                        return Ok(());
                    }
                }
            }
            Source::File(path) => {
                let fail = |error| Error::storage(&path, &error);
                let mut file = File::open(&path).map_err(fail)?;
                let mut rest = self.length;
                while rest > 0 {
                    let mut part = vec![0; usize::try_from(rest).unwrap_or(PART).min(PART)];
                    file.read_exact(&mut part).map_err(fail)?;
                    rest -= part.len() as u64;
                    if !give(part.into())? {
                        return Ok(());
                    }
                }
            }
        }
        if hash.finalize()[..] != self.sha256[..] {
            return Err(ErrorKind::Usage(
                "the file changed while it was being sent; nothing was committed".into(),
            )
            .into());
        }
        Ok(())
    }
}

/// How a send ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The revision that the unit holds now.
    pub revision: String,
    /// Seconds until it restarts, where it does and said so.
    pub restart_s: Option<u32>,
}

/// Sends `outgoing` in place of `before`, which is what the unit holds; `before.revision` is the base revision.
///
/// A connection lost on the way is opened again, the unit is asked what it holds, and only if that is still `before`
/// the object is sent again: so far as the session's tries reach, with one kept to ask at the end.
///
/// # Errors
/// What the unit refuses; [`ErrorKind::ConnectionLost`] where the unit still has what it had;
/// [`ErrorKind::OutcomeUnknown`] where it could not be asked; [`ErrorKind::Conflict`] where it holds something else.
pub async fn send_object(
    session: &mut Session,
    object: Object,
    mode: WriteMode,
    before: &Stat,
    outgoing: &Outgoing,
    report: Report<'_>,
) -> Result<Committed> {
    let address = session.access().address();
    // A commit went out, and what became of it was not seen for certain.
    let mut in_doubt = false;
    loop {
        let mut committing = false;
        let error = match push(session, object, mode, before, outgoing, &mut committing, report).await {
            Ok(committed) => return Ok(committed),
            Err(error) => error
                .at(if committing { Step::Commit } else { Step::Send })
                .address(&address),
        };
        if matches!(error.kind(), ErrorKind::Cancelled(_)) {
            return last_word(session, committing)
                .await
                .map_err(|e| e.at(Step::Send).address(&address));
        }
        in_doubt |= committing;
        if in_doubt && matches!(error.kind(), ErrorKind::Conflict { .. }) {
            // It may be our own commit of before that this one is in conflict with.
            return match session.stat(object).await {
                Ok(held) if outgoing.was_taken(before, &held) => Ok(took_effect(held)),
                _ => Err(error),
            };
        }
        // An answer to the commit that makes no sense says as little as none.
        let may_have_ended = is_cut(&error) || (committing && is_garbled(&error));
        if !may_have_ended {
            return Err(error);
        }
        match ask_how_it_ended(session, object, mode, before, outgoing, committing, error, report).await {
            Ok(HowItEnded::TookEffect(committed)) => return Ok(committed),
            Ok(HowItEnded::StillBefore(_)) if session.may_reconnect() => {}
            Ok(HowItEnded::StillBefore(lost)) => return Err(kept(&lost).at(Step::Send).address(&address)),
            Err(error) => return Err(error.at(Step::Send).address(&address)),
        }
    }
}

enum HowItEnded {
    TookEffect(Committed),
    StillBefore(Error),
}

#[expect(
    clippy::too_many_arguments,
    reason = "the whole situation at the moment of the cut"
)]
async fn ask_how_it_ended(
    session: &mut Session,
    object: Object,
    mode: WriteMode,
    before: &Stat,
    outgoing: &Outgoing,
    committing: bool,
    lost: Error,
    report: Report<'_>,
) -> Result<HowItEnded> {
    report(Progress::AskingWhatItHolds);
    let what = what(object);
    let reason = lost.to_string();
    let again = || Error::new(ErrorKind::ConnectionLost(reason.clone()));
    let mut restarting = committing && matches!(mode, WriteMode::Restart(_));
    let held = loop {
        let asked = if std::mem::take(&mut restarting) {
            // A restart cuts the connection; that alone says nothing, and the tries are not meant for it.
            restart::come_back(session, RESTART_LIMIT, report).await
        } else {
            session.reconnect(again(), report).await
        };
        let held = match asked {
            Ok(()) if committing => held_at_last(session, object, before).await,
            Ok(()) => session.stat(object).await,
            Err(error) => Err(error),
        };
        match held {
            Err(error) if (is_cut(&error) || is_garbled(&error)) && session.may_reconnect() => {}
            held => break held,
        }
    };
    match held {
        Ok(held) if outgoing.was_taken(before, &held) => Ok(HowItEnded::TookEffect(took_effect(held))),
        Ok(held) if held.sha256 == before.sha256 => Ok(HowItEnded::StillBefore(lost)),
        Ok(held) => Err(ErrorKind::Conflict {
            unit_revision: Some(held.revision),
        }
        .into()),
        Err(error) if matches!(error.kind(), ErrorKind::Cancelled(_)) => Err(error),
        // Without a commit nothing took effect, whether the unit can be asked or not.
        Err(_) if !committing => Err(kept(&lost)),
        Err(_) => Err(ErrorKind::OutcomeUnknown(what.into()).into()),
    }
}

/// What the unit holds, after a commit that may have reached it: it may still be busy with that when it is asked.
async fn held_at_last(session: &mut Session, object: Object, before: &Stat) -> Result<Stat> {
    let held = session.stat(object).await?;
    if held.sha256 != before.sha256 || held.revision != before.revision {
        return Ok(held);
    }
    session.pause(LATE_COMMIT).await?;
    session.stat(object).await
}

fn took_effect(held: Stat) -> Committed {
    Committed {
        revision: held.revision,
        restart_s: None,
    }
}

/// Whether the unit said something that can not be understood.
fn is_garbled(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Protocol(_) | ErrorKind::Damaged(_))
}

/// The connection was lost for good, and nothing changed.
fn kept(lost: &Error) -> Error {
    let why = match lost.kind() {
        ErrorKind::ConnectionLost(why) => why.clone(),
        _ => lost.to_string(),
    };
    ErrorKind::ConnectionLost(format!(
        "{why}; nothing was changed, the unit still has what it had"
    ))
    .into()
}

fn what(object: Object) -> &'static str {
    match object {
        Object::Configuration => "configuration",
        Object::SecuritySettings => "security settings",
        Object::AuditTrail => "audit trail",
    }
}

/// One attempt on one connection.
async fn push(
    session: &mut Session,
    object: Object,
    mode: WriteMode,
    before: &Stat,
    outgoing: &Outgoing,
    committing: &mut bool,
    report: Report<'_>,
) -> Result<Committed> {
    let total = outgoing.length();
    let head = Stat {
        length: total,
        sha256: *outgoing.sha256(),
        revision: before.revision.clone(),
    };
    session.io.client.write(object, mode, &head, Instant::now());
    let Event::WriteAccepted = session.io.expect().await? else {
        return Err(out_of_order());
    };

    let (queue, mut parts) = mpsc::channel(PARTS_WAITING);
    let source = outgoing.clone();
    let reader = tokio::task::spawn_blocking(move || {
        source.for_each_part(|part| Ok(queue.blocking_send(part).is_ok()))
    });
    let mut offset = 0;
    report(Progress::Sending { done: 0, total });
    while let Some(part) = parts.recv().await {
        let length = part.len() as u64;
        session.io.client.data(offset, part, Instant::now());
        session.io.flush().await?;
        offset += length;
        report(Progress::Sending { done: offset, total });
    }
    drop(parts);
    reader.await.map_err(|_| Error::new(ErrorKind::Cancelled("")))??;

    report(Progress::Committing);
    // A commit that did not leave is none: whoever stopped before it may know that nothing changed.
    session.go_on()?;
    *committing = true;
    session.io.client.commit(*outgoing.sha256(), Instant::now());
    match session.io.expect().await? {
        Event::Committed { revision, restart_s } => Ok(Committed { revision, restart_s }),
        _ => Err(out_of_order()),
    }
}

/// After a cancel: what was not committed did not happen; an answer that is on its way may still arrive.
async fn last_word(session: &mut Session, committing: bool) -> Result<Committed> {
    if !committing {
        return Err(ErrorKind::Cancelled("nothing was changed, the unit still has what it had").into());
    }
    session.set_cancel(CancellationToken::new());
    match tokio::time::timeout(LAST_WORD, session.io.expect()).await {
        Ok(Ok(Event::Committed { revision, restart_s })) => Ok(Committed { revision, restart_s }),
        Ok(Err(error)) if !is_cut(&error) => Err(error),
        _ => Err(ErrorKind::Cancelled(
            "it is not known whether the unit took what was sent; receive and compare",
        )
        .into()),
    }
}
