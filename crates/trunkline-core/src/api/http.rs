//! Requests and answers on one TLS connection, opened again where the unit closed it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::access::ApiAccess;
use crate::access::Opened;
use crate::progress::{Progress, Report};
use crate::session::Facts;
use crate::{Error, ErrorKind, Result};

/// Most bytes of the lines before a body: a unit's are a few hundred.
const HEAD: usize = 64 * 1024;

/// The connection to a unit's Management API.
pub(super) struct Http {
    access: ApiAccess,
    facts: Facts,
    live: Option<Live>,
    cancel: CancellationToken,
    connections: u32,
}

struct Live {
    sender: SendRequest<Full<Bytes>>,
    /// Moves the bytes; ends with this value.
    _driver: AbortOnDropHandle<()>,
}

/// An answer, whole and bounded.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
pub(super) struct Lost {
    pub(super) error: Error,
    /// Whether the unit may have acted on the request.
    pub(super) may_have_acted: bool,
}

impl Http {
    /// Opens the first connection, as the rules for certificates allow. Nothing is said on it yet.
    pub(super) async fn open(access: ApiAccess, cancel: CancellationToken) -> Result<Self> {
        let opened = until_cancelled(&cancel, access.open()).await??;
        let facts = Facts {
            peer: opened.peer,
            port: opened.port,
            fingerprint: opened.fingerprint,
            trust: opened.trust,
        };
        let mut http = Self {
            access: ApiAccess {
                // Whatever comes later must reach the same unit.
                fingerprint: opened.fingerprint,
                ports: vec![opened.port],
                ..access
            },
            facts,
            live: None,
            cancel,
            connections: 1,
        };
        http.take(opened).await?;
        Ok(http)
    }

    pub(super) fn access(&self) -> &ApiAccess {
        &self.access
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether a lost connection was opened again.
    pub(super) fn was_lost(&self) -> bool {
        self.connections > 1
    }

    /// Whether one more lost connection may be opened again.
    pub(super) fn may_reconnect(&self) -> bool {
        self.connections < self.access.tries
    }

    /// Waits before a lost connection is opened again, and says so.
    pub(super) async fn reconnect_later(&mut self, pause: Duration, report: Report<'_>) -> Result<()> {
        self.connections += 1;
        self.live = None;
        self.pause(pause).await?;
        report(Progress::Reconnecting {
            attempt: self.connections,
            of: self.access.tries,
        });
        Ok(())
    }

    /// Waits, unless somebody cancels.
    pub(super) async fn pause(&self, pause: Duration) -> Result<()> {
        until_cancelled(&self.cancel, tokio::time::sleep(pause)).await
    }

    pub(super) fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Goes on after somebody cancelled, with what must still be done.
    pub(super) fn set_cancel(&mut self, cancel: CancellationToken) {
        self.cancel = cancel;
    }

    /// Asks, and waits for the whole answer of at most `most` bytes. Nothing is ever asked twice, except where the
    /// first time certainly did not leave.
    pub(super) async fn exchange(
        &mut self,
        request: &Request<Full<Bytes>>,
        most: usize,
    ) -> Result<Reply, Lost> {
        let cancel = self.cancel.clone();
        let answer = until_cancelled(&cancel, self.exchange_now(request, most)).await;
        let answer = answer.unwrap_or_else(|stopped| {
            Err(Lost {
                error: stopped,
                may_have_acted: true,
            })
        });
        if answer.is_err() {
            self.live = None;
        }
        answer
    }

    async fn exchange_now(&mut self, request: &Request<Full<Bytes>>, most: usize) -> Result<Reply, Lost> {
        let patience = self.access.patience;
        let mut again = true;
        let response = loop {
            let live = self.live().await.map_err(not_sent)?;
            match timeout(patience, live.sender.try_send_request(request.clone())).await {
                Ok(Ok(response)) => break response,
                // It closed while nobody looked: the request is still here.
                Ok(Err(error)) if again && error.message().is_some() => {
                    self.live = None;
                    again = false;
                }
                Ok(Err(error)) => {
                    let may_have_acted = error.message().is_none();
                    return Err(Lost {
                        error: explain(&error.into_error()),
                        may_have_acted,
                    });
                }
                Err(_) => return Err(sent(silent(patience))),
            }
        };
        self.whole(response, most).await.map_err(sent)
    }

    async fn whole(&mut self, response: Response<Incoming>, most: usize) -> Result<Reply> {
        let (head, mut incoming) = response.into_parts();
        let too_large = || {
            ErrorKind::Protocol(format!(
                "an answer is larger than the {most} bytes that are left for it"
            ))
        };
        let announced = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > most as u64) {
            return Err(too_large().into());
        }
        let mut body = Vec::new();
        loop {
            let patience = self.access.patience;
            let frame = timeout(patience, incoming.frame())
                .await
                .map_err(|_| silent(patience))?;
            let Some(frame) = frame else { break };
            // Trailers say nothing here.
            let Ok(data) = frame.map_err(|error| explain(&error))?.into_data() else {
                continue;
            };
            if body.len() + data.len() > most {
                return Err(too_large().into());
            }
            body.extend_from_slice(&data);
        }
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    /// The connection, opened again where the unit closed it between two requests.
    async fn live(&mut self) -> Result<&mut Live> {
        if let Some(live) = &mut self.live
            && live.sender.ready().await.is_err()
        {
            self.live = None;
        }
        if self.live.is_none() {
            let opened = self.access.open().await?;
            self.take(opened).await?;
        }
        self.live
            .as_mut()
            .ok_or_else(|| ErrorKind::ConnectionLost("it was closed at once".into()).into())
    }

    async fn take(&mut self, opened: Opened) -> Result<()> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD)
            .handshake(TokioIo::new(opened.stream))
            .await
            .map_err(|error| explain(&error))?;
        let driver = tokio::spawn(async move {
            // Whoever asks learns of it.
            let _ = connection.await;
        });
        self.live = Some(Live {
            sender,
            _driver: AbortOnDropHandle::new(driver),
        });
        Ok(())
    }
}

impl Reply {
    /// How long the unit asks to be left alone (`Retry-After`, RFC 9110, 10.2.3), in whole seconds.
    pub(super) fn retry_after_s(&self) -> Option<u32> {
        retry_after_s(self.headers.get("retry-after")?.to_str().ok()?, Timestamp::now())
    }
}

fn retry_after_s(text: &str, now: Timestamp) -> Option<u32> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_digit()) {
        // More seconds than fit are as good as never.
        return (!text.is_empty()).then(|| text.parse().unwrap_or(u32::MAX));
    }
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    let seconds = at.duration_since(now).as_secs().max(0);
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

fn sent(error: Error) -> Lost {
    Lost {
        error,
        may_have_acted: true,
    }
}

fn not_sent(error: Error) -> Lost {
    Lost {
        error,
        may_have_acted: false,
    }
}

fn silent(patience: Duration) -> Error {
    let seconds = patience.as_secs_f32();
    ErrorKind::ConnectionLost(format!("nothing came for {seconds} s")).into()
}

fn explain(error: &hyper::Error) -> Error {
    if error.is_parse() {
        return ErrorKind::Protocol("what answers does not speak HTTP as it should".into()).into();
    }
    let why = if error.is_incomplete_message() {
        "the unit hung up before its answer was complete"
    } else {
        "the unit broke the connection off"
    };
    ErrorKind::ConnectionLost(why.into()).into()
}

async fn until_cancelled<T>(cancel: &CancellationToken, work: impl Future<Output = T>) -> Result<T> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(ErrorKind::Cancelled("").into()),
        done = work => Ok(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_comes_in_seconds_or_as_a_date() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        for (text, expect) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999", Some(u32::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after_s(text, now), expect, "{text:?}");
        }
    }
}
