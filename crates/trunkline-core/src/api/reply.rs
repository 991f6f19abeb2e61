//! What an answer means: HTTP's own refusals, and those inside of its success.

use hyper::Method;
use trunkline_document::{Answer, MASK, Refusal};

use super::http::Reply;
use crate::{ErrorKind, Result};

/// Secrets with fewer characters are not looked for in a unit's words: they would be found everywhere.
const SHORTEST_HIDDEN: usize = 3;

/// The body of a success; everything else as the error that it means.
pub(super) fn check_status<'r>(reply: &'r Reply, method: &Method) -> Result<&'r [u8]> {
    let writes = *method != Method::GET;
    Err(match reply.status {
        200..=299 => return Ok(&reply.body),
        400 if writes => ErrorKind::InvalidDocument,
        400 => ErrorKind::Protocol("it does not understand the request (HTTP 400)".into()),
        401 => ErrorKind::AuthenticationFailed { attempts_left: None },
        403 => ErrorKind::NoRight,
        404 => ErrorKind::NotOffered("there is nothing at this address of its Management API (HTTP 404)"),
        405 => ErrorKind::NotOffered("its Management API does not allow this here (HTTP 405)"),
        461 => ErrorKind::UnitRefused {
            code: "461".into(),
            text: "the session ran out".into(),
        },
        503 => ErrorKind::RetryLater {
            retry_after_s: reply.retry_after_s(),
        },
        status @ 300..=399 => {
            let why = format!("it points to another address (HTTP {status}), where nothing is ever sent");
            ErrorKind::Protocol(why)
        }
        status => ErrorKind::Protocol(format!("it answered with HTTP {status}")),
    }
    .into())
}

pub(super) fn is_time_out(refusal: &Refusal) -> bool {
    let number: &str = refusal.code.split(':').next().unwrap_or_default();
    number == "461"
}

/// What the unit said, without these secrets in it: some units repeat what they do not like.
pub(super) fn refused<'s>(refusal: &Refusal, secrets: impl IntoIterator<Item = &'s str>) -> ErrorKind {
    let (mut code, mut text) = (refusal.code.clone(), refusal.text.clone());
    for secret in secrets {
        if secret.chars().count() >= SHORTEST_HIDDEN {
            code = code.replace(secret, MASK);
            text = text.replace(secret, MASK);
        }
    }
    ErrorKind::UnitRefused { code, text }
}

/// Reads an answer, in XML or JSON.
pub(super) fn read_answer(words: &[u8]) -> Result<Answer> {
    Answer::read(words).map_err(|error| {
        let why = format!("its answer is none of the Management API: {error}");
        ErrorKind::Damaged(why).into()
    })
}
