//! An answer's body: whole, or cut in the middle where a fault says so.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// Bytes that announce their length; a cut one breaks off before it is reached.
pub(super) struct Body {
    bytes: Bytes,
    announced: u64,
    is_cut: bool,
}

impl Body {
    /// All of it, or no more than `cut` bytes.
    pub(super) fn new(mut bytes: Bytes, cut: Option<u64>) -> Self {
        let announced = bytes.len() as u64;
        let cut = cut.filter(|cut| *cut < announced);
        if let Some(cut) = cut {
            bytes.truncate(usize::try_from(cut).unwrap_or(usize::MAX));
        }
        Self {
            bytes,
            announced,
            is_cut: cut.is_some(),
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let bytes = std::mem::take(&mut self.bytes);
        if !bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let cut = std::mem::take(&mut self.is_cut);
        Poll::Ready(cut.then(|| Err(io::Error::other("a fault"))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && !self.is_cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
