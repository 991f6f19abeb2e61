//! Reading an object off the unit, and what can go wrong with it on request.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use trunkline_protocol::link::message::Failure;
use trunkline_protocol::link::object::Stat;
use trunkline_protocol::link::wire::Tuples;
use trunkline_protocol::link::{Answer, Object, Outcome};

use super::{Closed, Session, line, right};
use crate::content::Content;
use crate::fault::{FaultKind, Lie};

/// Bytes of an object in one frame: enough for the long form of a frame's length, and far from the limit.
const PIECE: usize = 60 * 1024;
/// The smaller pieces around a gap or a repetition, which small objects have too.
const FAULTY_PIECE: usize = 512;

/// What happens to the pieces of one object.
#[derive(Debug, Default)]
struct Mishaps {
    cut: Option<u64>,
    stall: Option<u64>,
    in_the_middle: Option<Middle>,
    overrun: bool,
}

/// What happens to the piece in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Middle {
    Gap,
    Repeat,
    /// It is not sent, nor anything after it.
    Short,
}

impl<S: line::Stream> Session<'_, S> {
    pub(super) async fn read(
        &mut self,
        id: u32,
        object: Object,
        offset: u64,
        resumed: [u8; 32],
    ) -> Result<(), Closed> {
        if let Some(outcome) = self.read_refusal(object, false) {
            return self
                .answer(id, Answer::Read(Err(Failure(outcome, Tuples::default()))))
                .await;
        }
        let (content, revision) = self.held(object).await?;
        let is_other = offset > 0 && resumed != content.sha256();
        if is_other || offset > content.length() {
            let failure = Failure(Outcome::ObjectChanged, Tuples::default());
            return self.answer(id, Answer::Read(Err(failure))).await;
        }
        self.record(
            format!("read object {} from {offset}", object.number()),
            crate::audit::DONE,
        );
        let mut stat = stat(&content, revision);
        let lie = self.line.faults.happens(|kind| match kind {
            FaultKind::LieLength(lie) => Some(lie),
            _ => None,
        });
        stat.length = match lie {
            None => stat.length,
            Some(Lie::Long) => stat.length + 1000,
            Some(Lie::Short) => stat.length.saturating_sub(1),
            Some(Lie::Huge) => 1 << 40,
        };
        if self.line.faults.is(FaultKind::WrongHash) {
            stat.sha256[0] ^= 1;
        }
        let sha256 = stat.sha256;
        self.answer(id, Answer::Read(Ok(stat))).await?;
        self.pieces(id, &content, offset).await?;
        self.line.frame(Answer::End { sha256 }.encode(id)).await
    }

    pub(super) async fn stat(&mut self, id: u32, object: Object) -> Result<(), Closed> {
        if let Some(outcome) = self.read_refusal(object, true) {
            return self
                .answer(id, Answer::Stat(Err(Failure(outcome, Tuples::default()))))
                .await;
        }
        let (content, revision) = self.held(object).await?;
        self.answer(id, Answer::Stat(Ok(stat(&content, revision)))).await
    }

    /// The object as it is; making it for the first time takes a while.
    pub(super) async fn held(&self, object: Object) -> Result<(Content, String), Closed> {
        let unit = Arc::clone(self.unit);
        let held = spawn_blocking(move || unit.object(object)).await;
        Ok(held.map_err(std::io::Error::other)??)
    }

    /// Who may write may also ask what became of it.
    fn read_refusal(&self, object: Object, or_write: bool) -> Option<Outcome> {
        let (read, write) = match object {
            Object::Configuration => (right::READ_CONFIGURATION, right::WRITE_CONFIGURATION),
            Object::SecuritySettings => (right::READ_SECURITY, right::WRITE_SECURITY),
            Object::AuditTrail => (right::READ_AUDIT_TRAIL, right::READ_AUDIT_TRAIL),
        };
        let rights = self.user().0;
        let may = rights.has(read) || (or_write && rights.has(write));
        self.service_refusal(object)
            .or_else(|| (!may).then_some(Outcome::NoRight))
    }

    async fn pieces(&mut self, id: u32, content: &Content, offset: u64) -> Result<(), Closed> {
        let mishaps = self.mishaps(content.length() - offset);
        let limit = mishaps.cut.or(mishaps.stall);
        let middle = offset + (content.length() - offset) / 2;
        let mut in_the_middle = mishaps.in_the_middle;
        let mut pieces = content.pieces(offset)?;
        let mut at = offset;
        loop {
            let left = limit.map(|limit| limit.saturating_sub(at - offset));
            if left == Some(0) {
                return match mishaps.cut {
                    Some(_) => Err(Closed::Fault),
                    None => self.line.wait_for_end().await,
                };
            }
            let is_near = in_the_middle.is_some() && at + PIECE as u64 >= middle;
            let most = if is_near { FAULTY_PIECE } else { PIECE };
            let piece =
                pieces.next(left.map_or(most, |left| usize::try_from(left).unwrap_or(most).min(most)))?;
            if piece.is_empty() {
                break;
            }
            let next = at + piece.len() as u64;
            match in_the_middle.take_if(|_| next > middle) {
                None => self.piece(id, at, piece).await?,
                Some(Middle::Gap) => {}
                Some(Middle::Short) => return Ok(()),
                Some(Middle::Repeat) => {
                    self.piece(id, at, piece.clone()).await?;
                    self.piece(id, at, piece).await?;
                }
            }
            at = next;
        }
        if mishaps.overrun {
            self.piece(id, at, Bytes::from_static(b"<!-- more than was announced -->"))
                .await?;
        }
        Ok(())
    }

    async fn piece(&mut self, id: u32, offset: u64, bytes: Bytes) -> Result<(), Closed> {
        self.line.frame(Answer::Data { offset, bytes }.encode(id)).await
    }

    fn mishaps(&mut self, length: u64) -> Mishaps {
        let faults = &mut self.line.faults;
        Mishaps {
            cut: faults.happens(|kind| match kind {
                FaultKind::CutRead(after) if after < length => Some(after),
                _ => None,
            }),
            stall: faults.happens(|kind| match kind {
                FaultKind::Stall(after) if after < length => Some(after),
                _ => None,
            }),
            in_the_middle: faults.happens(|kind| match kind {
                FaultKind::Gap => Some(Middle::Gap),
                FaultKind::Repeat => Some(Middle::Repeat),
                FaultKind::Short => Some(Middle::Short),
                _ => None,
            }),
            overrun: faults.is(FaultKind::Overrun),
        }
    }
}

fn stat(content: &Content, revision: String) -> Stat {
    Stat {
        length: content.length(),
        sha256: content.sha256(),
        revision,
    }
}
