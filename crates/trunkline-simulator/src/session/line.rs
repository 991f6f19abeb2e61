//! Frames on one connection, and the faults that touch frames.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use trunkline_protocol::link::frame::{self, LIMIT_AFTER_LOG_IN, LIMIT_BEFORE_LOG_IN};
use trunkline_protocol::link::message::Failure;
use trunkline_protocol::link::{Answer, LinkError, Request};

use super::Closed;
use crate::fault::{ConnectionFaults, FaultKind};

/// How much is read at once.
const READ: usize = 64 * 1024;
/// A stranger who says nothing for so long is sent away; somebody who is logged in, later.
const STRANGERS_PATIENCE: Duration = Duration::from_mins(1);
const PATIENCE: Duration = Duration::from_mins(10);
/// How much of a large frame is sent byte by byte; the rest goes in pieces.
const TORN_BYTES: usize = 256;
const TORN_PIECE: usize = 997;
/// A tag, a message type and a payload that nobody knows.
const UNKNOWN_TAG: u32 = 0x0054_7FFF;
const UNKNOWN_MESSAGE: &[u8] = b"\x49\x00\x12\x10\x54\x00\x7f\x00\x00\x00\x07unasked";

/// What a connection runs on.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection as frames.
pub(super) struct Line<S> {
    stream: S,
    input: BytesMut,
    limit: usize,
    pub(super) faults: ConnectionFaults,
}

impl<S: Stream> Line<S> {
    pub(super) fn new(stream: S, faults: ConnectionFaults) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            limit: LIMIT_BEFORE_LOG_IN,
            faults,
        }
    }

    /// From now on larger frames are taken, or no more.
    pub(super) fn logged_in(&mut self, logged_in: bool) {
        self.limit = if logged_in {
            LIMIT_AFTER_LOG_IN
        } else {
            LIMIT_BEFORE_LOG_IN
        };
    }

    /// The next request of Unit Link with its id.
    pub(super) async fn next(&mut self) -> Result<(u32, Request), Closed> {
        Ok(Request::decode(self.payload().await?)?)
    }

    /// The payload of the next frame.
    pub(super) async fn payload(&mut self) -> Result<Bytes, Closed> {
        let patience = if self.limit == LIMIT_BEFORE_LOG_IN {
            STRANGERS_PATIENCE
        } else {
            PATIENCE
        };
        loop {
            if let Some(payload) = frame::take(&mut self.input, self.limit)? {
                return Ok(payload);
            }
            self.input.reserve(READ);
            let read = timeout(patience, self.stream.read_buf(&mut self.input)).await;
            match read {
                Ok(Ok(0)) => return Err(Closed::Done),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_) => return Err(LinkError::Stalled(patience.as_secs()).into()),
            }
        }
    }

    /// Sends an answer, late and with more than was asked for where a fault says so.
    pub(super) async fn answer(&mut self, id: u32, answer: Answer) -> Result<(), Closed> {
        self.delay().await;
        if self.faults.is(FaultKind::UnknownTags) {
            self.frame(BytesMut::from(UNKNOWN_MESSAGE)).await?;
            return self.frame(with_unknown_tag(answer).encode(id)).await;
        }
        self.frame(answer.encode(id)).await
    }

    /// Waits where a fault says so.
    pub(super) async fn delay(&mut self) {
        let delay = self.faults.happens(|kind| match kind {
            FaultKind::Delay(delay) => Some(delay),
            _ => None,
        });
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
    }

    /// Sends a frame as it is, apart from the faults that change how a frame looks or leaves.
    pub(super) async fn frame(&mut self, frame: BytesMut) -> Result<(), Closed> {
        let frame = if self.faults.is(FaultKind::LongHeaders) {
            long_header(frame.freeze())
        } else {
            frame.freeze()
        };
        if self.faults.is(FaultKind::Torn) {
            let (bytes, rest) = frame.split_at(frame.len().min(TORN_BYTES));
            for piece in bytes.chunks(1).chain(rest.chunks(TORN_PIECE)) {
                self.stream.write_all(piece).await?;
                self.stream.flush().await?;
                // Lets the client's side run, so that it sees the pieces one by one more often than not.
                tokio::task::yield_now().await;
            }
            return Ok(());
        }
        self.stream.write_all(&frame).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Bytes that are no frame; then nothing until the client goes.
    pub(super) async fn garbage(&mut self) -> Result<(), Closed> {
        self.stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\x00\xff\xfe\x49\x49")
            .await?;
        self.stream.flush().await?;
        self.wait_for_end().await
    }

    /// The header of the largest frame there is; then nothing until the client goes.
    pub(super) async fn oversized_header(&mut self) -> Result<(), Closed> {
        self.stream.write_all(&[0x49, 0xFF, 0x7F, 0xFF]).await?;
        self.stream.flush().await?;
        self.wait_for_end().await
    }

    /// Says nothing until the client goes.
    pub(super) async fn wait_for_end(&mut self) -> Result<(), Closed> {
        loop {
            self.input.clear();
            self.input.reserve(READ);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(Closed::Done);
            }
        }
    }

    /// Closes in order.
    pub(super) async fn close(&mut self) -> Result<(), Closed> {
        self.stream.shutdown().await?;
        Err(Closed::Done)
    }
}

fn with_unknown_tag(mut answer: Answer) -> Answer {
    let tuples = match &mut answer {
        Answer::Whois(_, tuples)
        | Answer::LoggedIn(_, tuples)
        | Answer::Write(_, tuples)
        | Answer::ChangePassword(_, tuples)
        | Answer::Read(Err(Failure(_, tuples)))
        | Answer::Stat(Err(Failure(_, tuples)))
        | Answer::Commit(Err(Failure(_, tuples)))
        | Answer::Reboot(Err(Failure(_, tuples))) => Some(tuples),
        _ => None,
    };
    if let Some(tuples) = tuples {
        tuples.push(UNKNOWN_TAG, Bytes::from_static(b"\x00\x01\x02what is this?"));
    }
    answer
}

/// The same frame with a three-byte length, which is allowed for any.
fn long_header(frame: Bytes) -> Bytes {
    let [0x49, high, low, payload @ ..] = &*frame else {
        return frame;
    };
    if high & 0x80 != 0 {
        return frame;
    }
    let length = (usize::from(*high) << 8 | usize::from(*low)) + 1;
    let mut out = BytesMut::with_capacity(length);
    let byte = |value: usize| u8::try_from(value & 0xFF).unwrap_or_default();
    out.put_slice(&[
        0x49,
        0x80 | byte(length >> 15),
        byte(length >> 8) & 0x7F,
        byte(length),
    ]);
    out.put_slice(payload);
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_headers_are_the_published_bytes() {
        assert_eq!(
            &long_header(Bytes::from_static(b"\x49\x00\x0cPAYLOAD!!"))[..],
            b"\x49\x80\x00\x0dPAYLOAD!!"
        );
        let mut longest = vec![0x49, 0x7F, 0xFF];
        longest.resize(0x7FFF, 0);
        assert_eq!(long_header(longest.into())[..4], [0x49, 0x81, 0x00, 0x00]);
        let already = Bytes::from_static(b"\x49\x80\x00\x0dPAYLOAD!!");
        assert_eq!(long_header(already.clone()), already);
    }

    #[test]
    fn the_unknown_message_is_a_whole_frame_that_nobody_asked_for() {
        let mut input = BytesMut::from(UNKNOWN_MESSAGE);
        let payload = frame::take(&mut input, LIMIT_BEFORE_LOG_IN).unwrap().unwrap();
        assert!(input.is_empty());
        assert_eq!(Answer::decode(payload), Ok((7, Answer::Unsolicited)));
    }
}
