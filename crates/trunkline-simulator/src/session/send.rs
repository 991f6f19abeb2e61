//! Writing an object to the unit: nothing changes before a commit that is right in every respect.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use jiff::{Timestamp, tz::TimeZone};
use tokio::task::spawn_blocking;
use trunkline_protocol::link::message::{Failure, Write};
use trunkline_protocol::link::object::{Restart, WriteMode};
use trunkline_protocol::link::outcome::tag;
use trunkline_protocol::link::wire::Tuples;
use trunkline_protocol::link::{Answer, Object, Outcome};

use super::{Closed, Session, line, restart_right, right};
use crate::audit;
use crate::content::{Content, Draft};
use crate::fault::FaultKind;
use crate::security;
use crate::unit::{Conflict, Inner};
use crate::xml;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// An object on its way.
pub(super) struct Upload {
    head: Write,
    mode: WriteMode,
    draft: Draft,
    /// Something did not continue where the last data ended.
    is_damaged: bool,
}

impl<S: line::Stream> Session<'_, S> {
    pub(super) async fn write(&mut self, id: u32, head: Write) -> Result<(), Closed> {
        self.upload = None;
        match self.write_refusal(&head) {
            Err(Failure(outcome, tuples)) => self.answer(id, Answer::Write(outcome, tuples)).await,
            Ok(mode) => {
                self.upload = Some(Upload {
                    head,
                    mode,
                    draft: Draft::default(),
                    is_damaged: false,
                });
                self.answer(id, Answer::Write(Outcome::Done, Tuples::default()))
                    .await
            }
        }
    }

    fn write_refusal(&self, head: &Write) -> Result<WriteMode, Failure> {
        let refuse = |outcome| Err(Failure(outcome, Tuples::default()));
        if let Some(outcome) = self.service_refusal(head.object) {
            return refuse(outcome);
        }
        let Some(mode) = WriteMode::from_wire(head.mode, head.minutes, head.flags) else {
            return refuse(Outcome::NoRight);
        };
        let needed = match (head.object, mode) {
            (Object::AuditTrail, _) => return refuse(Outcome::NoRight),
            (Object::SecuritySettings, WriteMode::Merge) => right::WRITE_SECURITY,
            (Object::SecuritySettings, WriteMode::Restart(restart)) => {
                right::WRITE_SECURITY | restart_right(restart)
            }
            (Object::Configuration, WriteMode::Merge) => right::WRITE_CONFIGURATION | right::MERGE,
            (Object::Configuration, WriteMode::Restart(restart)) => {
                right::WRITE_CONFIGURATION | restart_right(restart)
            }
        };
        if !self.user().0.has(needed) {
            return refuse(Outcome::NoRight);
        }
        if let Some(refusal) = self.unit.write_refusal() {
            return refuse(refusal.outcome());
        }
        let largest = self.unit.max_size();
        if head.length > largest {
            let mut tuples = Tuples::default();
            tuples.push(tag::LARGEST_OBJECT, largest.to_be_bytes().to_vec());
            return Err(Failure(Outcome::TooLarge, tuples));
        }
        self.unit
            .check_base(head.object, &head.base_revision)
            .map_err(conflict)?;
        Ok(mode)
    }

    /// Data that was not asked for, or that came after a refusal, is ignored: it has no answer.
    pub(super) fn data(&mut self, offset: u64, bytes: &Bytes) -> Result<(), Closed> {
        let cut = self.line.faults.happens(|kind| match kind {
            FaultKind::CutWrite(after) if offset + bytes.len() as u64 > after => Some(()),
            _ => None,
        });
        if cut.is_some() {
            return Err(Closed::Fault);
        }
        let Some(upload) = &mut self.upload else {
            return Ok(());
        };
        let fits = upload
            .head
            .length
            .checked_sub(upload.draft.length())
            .is_some_and(|left| bytes.len() as u64 <= left);
        if offset == upload.draft.length() && fits && !upload.is_damaged {
            upload.draft.write_all(bytes)?;
        } else {
            upload.is_damaged = true;
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self, id: u32, sha256: [u8; 32]) -> Result<(), Closed> {
        if self.line.faults.is(FaultKind::CutBeforeCommit) {
            return Err(Closed::Fault);
        }
        let Some(upload) = self.upload.take() else {
            let failure = Failure(Outcome::HashMismatch, Tuples::default());
            return self.answer(id, Answer::Commit(Err(failure))).await;
        };
        let (object, mode) = (upload.head.object, upload.mode);
        let unit = Arc::clone(self.unit);
        let over_tls = self.channel.is_some_and(|channel| channel.certificate.is_some());
        let taken = spawn_blocking(move || take(&unit, upload, sha256, over_tls)).await;
        let taken = taken.map_err(std::io::Error::other)??;
        let restart_s = match mode {
            WriteMode::Merge => None,
            WriteMode::Restart(restart) => Some(self.seconds_until(restart)),
        };
        match &taken {
            Ok(Stored { revision, .. }) => self.record(
                format!("wrote object {}, now {revision}, {mode:?}", object.number()),
                audit::DONE,
            ),
            Err(failure) => self.record(
                format!("write of object {}", object.number()),
                format!("refused: {:?}", failure.0),
            ),
        }
        if self.line.faults.is(FaultKind::CutBeforeCommitAnswer) {
            match (taken, restart_s) {
                (Ok(_), Some(seconds)) => self.restart_in(seconds),
                (Ok(Stored { moves: true, .. }), None) => self.move_ports(),
                _ => {}
            }
            return Err(Closed::Fault);
        }
        let is_stored = taken.is_ok();
        let moves = taken.as_ref().is_ok_and(|stored| stored.moves) && restart_s.is_none();
        let answer = taken.map(|stored| (stored.revision, restart_s));
        self.answer(id, Answer::Commit(answer)).await?;
        if moves {
            self.move_ports();
        }
        if let Some(seconds) = restart_s.filter(|_| is_stored) {
            self.restart_in(seconds);
        }
        Ok(())
    }

    /// Seconds until a restart of this kind happens.
    pub(super) fn seconds_until(&self, restart: Restart) -> u32 {
        match restart {
            Restart::Immediately => 0,
            Restart::WhenFree { .. } => self.unit.spec.when_free_seconds,
            Restart::Timed { minutes, .. } => self
                .unit
                .spec
                .timed_seconds
                .unwrap_or_else(|| seconds_until_time(minutes)),
        }
    }
}

/// Seconds until so many minutes after midnight, UTC, which is the time of virtual units.
fn seconds_until_time(minutes: u16) -> u32 {
    let time = Timestamp::now().to_zoned(TimeZone::UTC).time();
    let now = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    let left = (i64::from(minutes) * 60 - now).rem_euclid(SECONDS_A_DAY);
    u32::try_from(left).unwrap_or_default()
}

/// Stores what was sent, if it is whole, valid, allowed and still based on what is there.
fn take(
    unit: &Inner,
    upload: Upload,
    sha256: [u8; 32],
    over_tls: bool,
) -> std::io::Result<Result<Stored, Failure>> {
    let refuse = |outcome| Ok(Err(Failure(outcome, Tuples::default())));
    let Upload {
        head,
        mode,
        draft,
        is_damaged,
    } = upload;
    let content = draft.finish()?;
    let is_whole = !is_damaged && content.length() == head.length;
    if !is_whole || content.sha256() != sha256 || sha256 != head.sha256 {
        return refuse(Outcome::HashMismatch);
    }
    let root = match head.object {
        Object::SecuritySettings => xml::SECURITY_ROOT,
        Object::Configuration | Object::AuditTrail => xml::CONFIGURATION_ROOT,
    };
    let parts = sensitive(unit, head.object);
    let Ok(new) = xml::inspect(content.reader()?, root, parts) else {
        return refuse(Outcome::InvalidDocument);
    };
    if let Err(current) = unit.check_base(head.object, &head.base_revision) {
        return Ok(Err(conflict(current)));
    }
    if mode == WriteMode::Merge && changes(unit, head.object, root, &new)? {
        return refuse(Outcome::NeedsReboot);
    }
    let (content, settings) = match head.object {
        Object::SecuritySettings => match security::take(unit, &content, over_tls)? {
            Ok((content, settings)) => (content, Some(settings)),
            Err(outcome) => return refuse(outcome),
        },
        Object::Configuration | Object::AuditTrail => (content, None),
    };
    let stored = unit.store(head.object, content, &head.base_revision);
    Ok(stored.map_err(conflict).map(|revision| Stored {
        revision,
        moves: settings.is_some_and(|settings| settings.take_effect(unit)),
    }))
}

/// What was stored.
struct Stored {
    revision: String,
    /// Whether the unit listens elsewhere from now on.
    moves: bool,
}

/// The parts of an object whose changes need a restart.
fn sensitive(unit: &Inner, object: Object) -> &[String] {
    match object {
        Object::Configuration => &unit.spec.merge_needs_reboot,
        Object::SecuritySettings => &unit.spec.security_merge_needs_reboot,
        Object::AuditTrail => &[],
    }
}

/// Whether anything is different where changes need a restart.
fn changes(unit: &Inner, object: Object, root: &str, new: &[[u8; 32]]) -> std::io::Result<bool> {
    let (current, _): (Content, _) = unit.object(object)?;
    let old = xml::inspect(current.reader()?, root, sensitive(unit, object));
    Ok(!old.is_ok_and(|old| old == new))
}

fn conflict(Conflict { current }: Conflict) -> Failure {
    let mut tuples = Tuples::default();
    tuples.push(tag::REVISION, current);
    Failure(Outcome::Conflict, tuples)
}
