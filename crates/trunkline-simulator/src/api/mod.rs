//! The unit's side of the Management API (docs/protocol.md section 7, `documented`): HTTPS, sessions, refusals.
//!
//! What it shows is the configuration that Unit Link serves too: a change here is a new revision there.

mod body;
mod json;
mod objects;
mod sessions;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, RETRY_AFTER, SET_COOKIE,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;

use crate::fault::{ConnectionFaults, FaultKind};
use crate::lockout::Door;
use crate::power::Power;
use crate::unit::Inner;
use crate::users;
use body::Body;
use objects::{Collection, Refusal};
pub(crate) use sessions::Sessions;

const AUTHENTICATE: &str = "/WebManagement/ws/sdk/security/authenticate";
const ADMIN: &str = "/WebManagement/ws/sdk/admin/v1/";
/// Who asks, as the vendor's guide prescribes.
const WHO: [(&str, &str); 2] = [
    ("x-user-client", "Avaya-WebAdmin"),
    ("x-user-agent", "Avaya-SDKUser"),
];
/// The most bytes of a request's body, above those of the largest object.
const ENVELOPE: u64 = 64 * 1024;

/// Why a connection ends without an answer: a fault says so.
#[derive(Debug, thiserror::Error)]
#[error("a fault")]
struct HangUp;

/// Answers requests on one connection until the client goes.
pub(crate) async fn serve(
    unit: &Arc<Inner>,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: IpAddr,
) -> Result<(), hyper::Error> {
    let answer = service_fn(move |request| answer(Arc::clone(unit), request, peer));
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await
}

/// One answer, before it is written in XML or JSON.
enum Reply {
    /// HTTP says no; nothing is in the body.
    Status(StatusCode),
    /// The unit is busy for so many seconds.
    Busy(u32),
    /// A success with what stands inside of the response.
    Done(String),
    /// A refusal inside of HTTP's success.
    Refused(Refusal),
    /// A log-in that worked, with the cookies.
    LoggedIn([HeaderValue; 2]),
}

async fn answer(
    unit: Arc<Inner>,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Result<Response<Body>, HangUp> {
    // Each request counts as a connection does elsewhere.
    let mut faults = unit.faults.for_connection();
    if faults.is(FaultKind::Silent) {
        std::future::pending::<()>().await;
    }
    if let Some(pause) = faults.happens(|kind| match kind {
        FaultKind::Delay(pause) => Some(pause),
        _ => None,
    }) {
        tokio::time::sleep(pause).await;
    }
    let as_json = wants_json(request.headers()) || faults.is(FaultKind::ApiJson);
    let reply = route(&unit, request, peer, &mut faults).await?;
    Ok(write(reply, as_json, &mut faults))
}

async fn route(
    unit: &Arc<Inner>,
    request: Request<Incoming>,
    peer: IpAddr,
    faults: &mut ConnectionFaults,
) -> Result<Reply, HangUp> {
    let headers = request.headers();
    let is_who = |(name, value): &(&str, &str)| headers.get(*name).is_some_and(|is| is == *value);
    if !WHO.iter().all(is_who) {
        return Ok(Reply::Status(StatusCode::BAD_REQUEST));
    }
    if *unit.power.borrow() == Power::Starting {
        return Ok(Reply::Busy(1));
    }
    let path = request.uri().path().to_owned();
    if path == AUTHENTICATE {
        return Ok(match *request.method() {
            Method::GET => log_in(unit, headers, peer).await,
            Method::DELETE => log_off(unit, headers),
            _ => Reply::Status(StatusCode::METHOD_NOT_ALLOWED),
        });
    }
    let Some(collection) = path.strip_prefix(ADMIN).and_then(Collection::named) else {
        return Ok(Reply::Status(StatusCode::NOT_FOUND));
    };
    if let Some(seconds) = faults.happens(|kind| match kind {
        FaultKind::ApiBusy(seconds) => Some(seconds),
        _ => None,
    }) {
        return Ok(Reply::Busy(seconds));
    }
    if let Some(status) = faults.happens(|kind| match kind {
        FaultKind::ApiStatus(status) => StatusCode::from_u16(status).ok(),
        _ => None,
    }) {
        return Ok(Reply::Status(status));
    }
    let user = session(headers).and_then(|session| unit.changing().api.user(&session));
    if faults.is(FaultKind::ApiSessionTimeout) {
        unit.changing().api.end_all();
        return Ok(Reply::Refused(Refusal::time_out()));
    }
    let Some(user) = user else {
        return Ok(Reply::Refused(Refusal::time_out()));
    };
    if !collection.takes(request.method()) {
        return Ok(Reply::Status(StatusCode::METHOD_NOT_ALLOWED));
    }
    objects(unit, request, collection, user, peer, faults).await
}

/// Reads or changes a collection, away from the async threads: a configuration may be large.
async fn objects(
    unit: &Arc<Inner>,
    request: Request<Incoming>,
    collection: &'static Collection,
    user: usize,
    peer: IpAddr,
    faults: &mut ConnectionFaults,
) -> Result<Reply, HangUp> {
    let (method, query) = (
        request.method().clone(),
        request.uri().query().unwrap_or_default(),
    );
    let (guid, node) = (parameter(query, "guid"), parameter(query, "ipaddress"));
    if node.is_some_and(|node| !unit.is_node(&node)) {
        return Ok(Reply::Refused(Refusal::new(
            "404:NoSuchNode",
            "No such node in this solution",
        )));
    }
    let writes = method != Method::GET;
    let changes = unit.api_changes.load(Ordering::SeqCst);
    let refuses = faults.happens(|kind| match kind {
        FaultKind::ApiRefuseAfter(after) if writes && changes >= after => Some(()),
        _ => None,
    });
    if refuses.is_some() {
        return Ok(Reply::Refused(Refusal::new(
            "409:Refused",
            "This change is refused",
        )));
    }
    let is_json = is_json(request.headers().get(CONTENT_TYPE));
    let most = usize::try_from(unit.max_size() + ENVELOPE).unwrap_or(usize::MAX);
    let Ok(body) = Limited::new(request.into_body(), most).collect().await else {
        return Ok(Reply::Status(StatusCode::BAD_REQUEST));
    };
    let body = body.to_bytes();
    let unit = Arc::clone(unit);
    let cut_answer = writes && faults.is(FaultKind::ApiCutAnswer);
    let done = spawn_blocking(move || {
        let body = if is_json {
            json::to_xml(&body)
        } else {
            String::from_utf8(body.into()).ok()
        };
        let done = objects::act(&unit, collection, &method, guid.as_deref(), body.as_deref(), user);
        if writes {
            unit.record_api(
                user,
                peer,
                format!("{method} {} over the Management API", collection.name),
            );
        }
        done
    })
    .await;
    if cut_answer {
        return Err(HangUp);
    }
    Ok(match done {
        Ok(Ok(inside)) => Reply::Done(inside),
        Ok(Err(objects::No::Status(status))) => Reply::Status(status),
        Ok(Err(objects::No::Refused(refusal))) => Reply::Refused(refusal),
        Err(_) => Reply::Status(StatusCode::INTERNAL_SERVER_ERROR),
    })
}

async fn log_in(unit: &Arc<Inner>, headers: &HeaderMap, peer: IpAddr) -> Reply {
    const REFUSED: Reply = Reply::Status(StatusCode::UNAUTHORIZED);
    unit.log_ins.fetch_add(1, Ordering::SeqCst);
    let Some((name, password)) = basic(headers.get(AUTHORIZATION)) else {
        return REFUSED;
    };
    let now = unit.clock.now();
    if unit
        .changing()
        .lockout
        .locked_for_s(peer, Door::ManagementApi, now)
        .is_some()
    {
        return REFUSED;
    }
    let known = unit.changing().users.iter().position(|user| user.name == name);
    let (salt, iterations) = (unit.salt.clone(), unit.spec.iterations);
    // Hashed for a name that nobody has as well, so that the time it takes tells nothing.
    let proofs = spawn_blocking(move || users::proof_of(&name, &password, &salt, iterations)).await;
    let Ok(proof) = proofs else {
        return Reply::Status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut state = unit.changing();
    let state = &mut *state;
    let user = known.filter(|&index| {
        state
            .users
            .get(index)
            .is_some_and(|user| proof.is_of(&user.verifier))
    });
    let Some((index, user)) = user.and_then(|index| Some((index, state.users.get(index)?))) else {
        state.lockout.failed(peer, Door::ManagementApi, now);
        state
            .audit
            .record("", peer, "log-in to the Management API", "wrong name or password");
        return REFUSED;
    };
    state.lockout.succeeded(peer, Door::ManagementApi);
    if !user.enabled || user.must_change_password {
        return REFUSED;
    }
    if !user.rights.has(objects::READ) {
        return Reply::Status(StatusCode::FORBIDDEN);
    }
    state.audit.record(
        &user.name,
        peer,
        "log-in to the Management API",
        crate::audit::DONE,
    );
    match state.api.begin(index) {
        Some(cookies) => Reply::LoggedIn(cookies),
        None => Reply::Status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn log_off(unit: &Inner, headers: &HeaderMap) -> Reply {
    if let Some(session) = session(headers) {
        unit.changing().api.end(&session);
    }
    Reply::Done(String::new())
}

/// Name and password (RFC 7617, in UTF-8).
fn basic(header: Option<&HeaderValue>) -> Option<(String, SecretString)> {
    let encoded = header?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.into()))
}

/// The two cookies of a session, as they were given.
fn session(headers: &HeaderMap) -> Option<[String; 2]> {
    let cookies: Vec<&str> = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .map(str::trim)
        .collect();
    let value = |name: &str| {
        let found = cookies
            .iter()
            .find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='));
        found.map(str::to_owned)
    };
    Some([value(sessions::NAMES[0])?, value(sessions::NAMES[1])?])
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(
        percent_encoding::percent_decode_str(value)
            .decode_utf8_lossy()
            .into_owned(),
    )
}

fn is_json(header: Option<&HeaderValue>) -> bool {
    header.is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

/// What is asked for; who does not say gets what he sent.
fn wants_json(headers: &HeaderMap) -> bool {
    let accepts = |what: &[u8]| {
        let value = headers.get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
        value.windows(what.len()).any(|part| part == what)
    };
    match (accepts(b"/xml"), accepts(b"/json")) {
        (true, _) => false,
        (false, true) => true,
        (false, false) => is_json(headers.get(CONTENT_TYPE)),
    }
}

fn write(reply: Reply, as_json: bool, faults: &mut ConnectionFaults) -> Response<Body> {
    let response = |status, inside: &str| {
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<response status=\"{status}\">{inside}</response>"
        );
        if as_json {
            json::from_xml(&xml).unwrap_or_default()
        } else {
            xml
        }
    };
    let mut headers = HeaderMap::new();
    let (status, text) = match reply {
        Reply::Status(status) => (status, String::new()),
        Reply::Busy(seconds) => {
            headers.insert(RETRY_AFTER, seconds.into());
            (StatusCode::SERVICE_UNAVAILABLE, String::new())
        }
        Reply::Done(inside) => (StatusCode::OK, response(1, &inside)),
        Reply::Refused(refusal) => (StatusCode::OK, response(0, &refusal.to_string())),
        Reply::LoggedIn(cookies) => {
            for cookie in cookies {
                headers.append(SET_COOKIE, cookie);
            }
            (StatusCode::OK, response(1, ""))
        }
    };
    if !text.is_empty() {
        let kind = if as_json {
            "application/json"
        } else {
            "application/xml"
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let cut = faults.happens(|kind| match kind {
        FaultKind::ApiCut(bytes) if bytes < text.len() as u64 => Some(bytes),
        _ => None,
    });
    let mut response = Response::new(Body::new(text.into(), cut));
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    response
}
