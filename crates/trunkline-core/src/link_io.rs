//! One connection's bytes, moved between the socket and a state machine: that of Unit Link, or another of its shape.

use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant as TokioInstant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Client, Event, LinkError, Outcome, Refusal};

use crate::access::Stream;
use crate::tls::said_of_ours;
use crate::{Error, ErrorKind, Result};

/// What is read from the socket at once, in bytes.
const READ: usize = 128 * 1024;
/// How long the end of a connection may take; the work is done by then.
const GOOD_BYE: Duration = Duration::from_millis(300);

/// What moves bytes needs to know of a state machine.
pub(crate) trait Machine {
    /// What happens in it.
    type Event;

    fn handle_bytes(&mut self, input: &mut BytesMut, now: Instant) -> Result<()>;
    /// The connection is over; what is left of `input` may still be worth something.
    fn handle_cut(&mut self, _input: &mut BytesMut) {}
    fn handle_timeout(&mut self, now: Instant) -> Result<()>;
    fn handle_sent(&mut self, now: Instant);
    fn poll_timeout(&self) -> Option<Instant>;
    fn poll_transmit(&mut self) -> Option<Bytes>;
    fn poll_event(&mut self) -> Option<Self::Event>;
}

impl Machine for Client {
    type Event = Event;

    fn handle_bytes(&mut self, input: &mut BytesMut, now: Instant) -> Result<()> {
        Self::handle_bytes(self, input, now).map_err(broken)
    }

    fn handle_cut(&mut self, input: &mut BytesMut) {
        Self::handle_cut(self, input);
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<()> {
        Self::handle_timeout(self, now).map_err(broken)
    }

    fn handle_sent(&mut self, now: Instant) {
        Self::handle_sent(self, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Self::poll_timeout(self)
    }

    fn poll_transmit(&mut self) -> Option<Bytes> {
        Self::poll_transmit(self)
    }

    fn poll_event(&mut self) -> Option<Event> {
        Self::poll_event(self)
    }
}

/// A connection with its state machine.
pub(crate) struct LinkIo<M = Client> {
    stream: Box<dyn Stream>,
    pub(crate) client: M,
    input: BytesMut,
    patience: Duration,
    cancel: CancellationToken,
    /// The unit said something.
    heard: bool,
    /// Why the connection is over, until that was told: what arrived before comes first.
    over: Option<Error>,
}

impl<M: Machine> LinkIo<M> {
    pub(crate) fn new(
        stream: Box<dyn Stream>,
        client: M,
        patience: Duration,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            stream,
            client,
            input: BytesMut::new(),
            patience,
            cancel,
            heard: false,
            over: None,
        }
    }

    /// Whether the unit said anything on this connection yet.
    pub(crate) fn heard(&self) -> bool {
        self.heard
    }

    /// The next thing that happens; a refusal is an event like any other here.
    pub(crate) async fn next(&mut self) -> Result<M::Event> {
        loop {
            if let Some(event) = self.client.poll_event() {
                return Ok(event);
            }
            if let Some(why) = self.over.take() {
                return Err(why);
            }
            self.flush().await?;
            let due = self
                .client
                .poll_timeout()
                .unwrap_or_else(|| Instant::now() + self.patience);
            self.input.reserve(READ);
            let read = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
                read = timeout_at(TokioInstant::from_std(due), self.stream.read_buf(&mut self.input)) => read,
            };
            match read {
                Err(_) => {
                    if let Err(stalled) = self.client.handle_timeout(Instant::now()) {
                        self.end(stalled);
                    }
                }
                Ok(Ok(0)) => self.end(lost("the unit closed it")),
                Ok(Ok(_)) => {
                    self.heard = true;
                    self.client.handle_bytes(&mut self.input, Instant::now())?;
                }
                Ok(Err(error)) => self.end(cut(&error)),
            }
        }
    }

    /// Nothing more will arrive.
    fn end(&mut self, why: Error) {
        self.client.handle_cut(&mut self.input);
        self.over = Some(why);
    }

    /// Hands everything that waits to the network.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        let mut any = false;
        while let Some(mut bytes) = self.client.poll_transmit() {
            // The patience is for each write that makes progress, not for all of them together.
            while !bytes.is_empty() {
                let moved = tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
                    moved = timeout(self.patience, self.stream.write_buf(&mut bytes)) => moved,
                };
                match moved {
                    Err(_) => return Err(broken(LinkError::stalled(self.patience))),
                    Ok(Ok(0)) => return Err(lost("the unit takes nothing any more")),
                    Ok(Ok(_)) => self.client.handle_sent(Instant::now()),
                    Ok(Err(error)) => return Err(cut(&error)),
                }
            }
            any = true;
        }
        if any {
            timeout(self.patience, self.stream.flush())
                .await
                .map_err(|_| broken(LinkError::stalled(self.patience)))?
                .map_err(|error| cut(&error))?;
        }
        Ok(())
    }

    /// Ends the connection as far as the unit still listens; nothing depends on it.
    pub(crate) async fn close(mut self) {
        let end = async {
            self.flush().await.ok();
            self.stream.shutdown().await.ok();
        };
        timeout(GOOD_BYE, end).await.ok();
    }
}

impl LinkIo {
    /// The next thing that happens, where a refusal is an error.
    pub(crate) async fn expect(&mut self) -> Result<Event> {
        match self.next().await? {
            Event::Refused(refusal) => Err(refused(&refusal)),
            event => Ok(event),
        }
    }

    /// From now on only this can cancel: what must still be asked after a cancel is asked under another one.
    pub(crate) fn set_cancel(&mut self, cancel: CancellationToken) {
        self.cancel = cancel;
    }

    /// Says good-bye as far as the unit still listens; nothing depends on it.
    pub(crate) async fn log_off(mut self) {
        self.client.log_off();
        self.close().await;
    }

    /// Waits until the unit closes the connection, at most for `limit`; answers whether it did. What it says meanwhile
    /// without being asked counts for nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`].
    pub(crate) async fn closed_within(&mut self, limit: Duration) -> Result<bool> {
        let deadline = TokioInstant::now() + limit;
        loop {
            self.input.reserve(READ);
            let read = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
                read = timeout_at(deadline, self.stream.read_buf(&mut self.input)) => read,
            };
            match read {
                Err(_) => return Ok(false),
                Ok(Ok(0) | Err(_)) => return Ok(true),
                Ok(Ok(_)) => {
                    let taken = self.client.handle_bytes(&mut self.input, Instant::now());
                    if taken.is_err() {
                        return Ok(true);
                    }
                    while self.client.poll_event().is_some() {}
                }
            }
        }
    }
}

fn lost(why: &str) -> Error {
    ErrorKind::ConnectionLost(why.into()).into()
}

/// What the end of a connection means to a person.
fn cut(error: &io::Error) -> Error {
    said_of_ours(error).unwrap_or_else(|| lost(&in_words(error)))
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => "the unit broke it off".into(),
        io::ErrorKind::BrokenPipe => "the unit takes nothing any more".into(),
        io::ErrorKind::UnexpectedEof => "it was cut off".into(),
        _ => error.to_string(),
    }
}

/// What the end of a state machine means to a person.
pub(crate) fn broken(error: LinkError) -> Error {
    match error {
        LinkError::Stalled(seconds) => ErrorKind::ConnectionLost(format!("nothing moved for {seconds} s")),
        LinkError::Impostor => ErrorKind::Impostor,
        LinkError::ObjectChanged => ErrorKind::ObjectChanged,
        LinkError::Damaged(what) => ErrorKind::Damaged(what),
        LinkError::ObjectTooLarge { .. } => ErrorKind::Protocol(error.to_string()),
        other => ErrorKind::Protocol(other.to_string()),
    }
    .into()
}

/// What a refusal means to a person.
pub(crate) fn refused(refusal: &Refusal) -> Error {
    match refusal.outcome {
        Outcome::AuthenticationFailed => ErrorKind::AuthenticationFailed {
            attempts_left: refusal.attempts_left,
        },
        Outcome::Locked => ErrorKind::Locked {
            retry_after_s: refusal.retry_after_s,
        },
        Outcome::RetryLater => ErrorKind::RetryLater {
            retry_after_s: refusal.retry_after_s,
        },
        Outcome::PasswordChangeRequired => ErrorKind::PasswordChangeRequired,
        Outcome::AccountDisabled => ErrorKind::AccountDisabled,
        Outcome::NoRight => ErrorKind::NoRight,
        Outcome::TlsRequired => ErrorKind::TlsRequired,
        Outcome::WrongService => ErrorKind::WrongService,
        Outcome::ObjectChanged => ErrorKind::ObjectChanged,
        Outcome::Conflict => ErrorKind::Conflict {
            unit_revision: refusal.revision.clone(),
        },
        Outcome::TooLarge => ErrorKind::TooLarge {
            limit: refusal.largest_object,
        },
        Outcome::NeedsReboot => ErrorKind::NeedsReboot,
        Outcome::HashMismatch => ErrorKind::HashMismatch,
        Outcome::InvalidDocument => ErrorKind::InvalidDocument,
        other => ErrorKind::Refused(other.number()),
    }
    .into()
}
