//! Logging in to a unit's Management API, and one request with everything that may happen to it.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderValue, SET_COOKIE};
use hyper::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;
use trunkline_document::Answer;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::access::ApiAccess;
use super::cookies::Cookies;
use super::http::{Http, Lost, Reply};
use super::reply::{check_status, is_time_out, read_answer, refused};
use crate::access::{Trust, join};
use crate::progress::{Progress, Report};
use crate::session::{Facts, ServiceUser};
use crate::{Error, ErrorKind, Result, Step};

/// Where one logs in, and off.
const AUTHENTICATE: &str = "/WebManagement/ws/sdk/security/authenticate";
/// What the collections' addresses begin with.
const ADMIN: &str = "/WebManagement/ws/sdk/admin/v1/";
/// Who asks, in the words that the vendor's guide prescribes.
const WHO: [(&str, &str); 2] = [
    ("x-user-client", "Avaya-WebAdmin"),
    ("x-user-agent", "Avaya-SDKUser"),
];
const XML: HeaderValue = HeaderValue::from_static("application/xml");
/// Most bytes of an answer that brings no entities.
const SMALL: usize = 1024 * 1024;
/// The longest time that a busy unit is waited for; one that asks for more is left alone.
const LONGEST_WAIT_S: u32 = 60;
/// How long a log-off may take. The work is done by then.
const GOOD_BYE: Duration = Duration::from_secs(2);
/// What is written as it is in the value of a query; a GUID and an address need no more.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b':');

/// A connection before the log-in: the moment to look at the certificate.
///
/// Unit Link's log-in gives nothing away to the wrong unit; this one hands the password over. So a certificate that is
/// neither pinned nor verified must be accepted by somebody first: see [`ApiConnection::needs_consent`].
pub struct ApiConnection {
    http: Http,
    accepted: bool,
}

impl fmt::Debug for ApiConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiConnection")
            .field("facts", self.facts())
            .finish_non_exhaustive()
    }
}

impl ApiConnection {
    /// Opens a connection; nothing is said on it yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotReachable`], [`ErrorKind::TlsNotAvailable`], what is said of certificates, and
    /// [`ErrorKind::Usage`] where TLS was switched off.
    pub async fn open(access: ApiAccess, cancel: CancellationToken, report: Report<'_>) -> Result<Self> {
        report(Progress::Connecting);
        Ok(Self {
            http: Http::open(access, cancel).await?,
            accepted: false,
        })
    }

    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        self.http.facts()
    }

    /// How the unit was reached, with the port that answered.
    pub fn access(&self) -> &ApiAccess {
        self.http.access()
    }

    /// Whether somebody must say that this certificate is the unit's before the password may go there: at first use,
    /// and where any certificate would do and this one is not the pinned one.
    pub fn needs_consent(&self) -> bool {
        let facts = self.facts();
        let unknown = match facts.trust {
            Trust::Pinned | Trust::Verified => false,
            Trust::FirstUse | Trust::Plain => true,
            Trust::Unchecked => facts
                .fingerprint
                .is_none_or(|seen| !self.access().knows(facts.port, seen)),
        };
        unknown && !self.accepted
    }

    /// Somebody compared the fingerprint and said yes.
    pub fn accept_certificate(&mut self) {
        self.accepted = true;
    }

    /// Logs in. One attempt: nothing is ever tried again by itself.
    ///
    /// # Errors
    /// [`ErrorKind::CertificateRefused`] where nobody accepted the certificate;
    /// [`ErrorKind::AuthenticationFailed`] and what else the unit refuses; that the connection was lost.
    pub async fn log_in(self, user: ServiceUser, report: Report<'_>) -> Result<ApiSession> {
        let address = self.access().address();
        if self.needs_consent() {
            let why = "nobody has accepted it yet, and the password would go to whoever shows it";
            return Err(Error::new(ErrorKind::CertificateRefused(why.into()))
                .at(Step::Tls)
                .address(address));
        }
        report(Progress::LoggingIn);
        let mut session = ApiSession {
            http: self.http,
            user,
            cookies: Cookies::default(),
            restart_needed: false,
            not_offered: Vec::new(),
        };
        session
            .authenticate()
            .await
            .map_err(|error| error.at(Step::LogIn).address(address))?;
        Ok(session)
    }
}

/// A logged-in session.
pub struct ApiSession {
    pub(super) http: Http,
    user: ServiceUser,
    cookies: Cookies,
    /// Whether any answer so far said that a restart is needed.
    pub(super) restart_needed: bool,
    /// Collections that the unit did not have when everything was last read.
    pub(super) not_offered: Vec<&'static str>,
}

impl fmt::Debug for ApiSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiSession")
            .field("facts", self.http.facts())
            .finish_non_exhaustive()
    }
}

/// One request to a collection.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) collection: &'a str,
    /// Which entity, in the unit's writing.
    pub(super) guid: Option<&'a str>,
    /// XML.
    pub(super) body: Option<Bytes>,
    /// Most bytes of the answer.
    pub(super) most: usize,
}

impl<'a> Call<'a> {
    /// Reads a collection, in an answer of at most `most` bytes.
    pub(super) fn get(collection: &'a str, most: usize) -> Self {
        Self {
            method: Method::GET,
            collection,
            guid: None,
            body: None,
            most,
        }
    }

    /// Changes something.
    pub(super) fn change(
        method: Method,
        collection: &'a str,
        guid: Option<&'a str>,
        body: Option<Bytes>,
    ) -> Self {
        Self {
            method,
            collection,
            guid,
            body,
            most: SMALL,
        }
    }

    fn path(&self, access: &ApiAccess) -> String {
        let mut path = format!("{ADMIN}{}", self.collection);
        let node = access.node.map(|node| node.to_string());
        let parts = [("guid", self.guid), ("ipaddress", node.as_deref())];
        let mut mark = '?';
        for (name, value) in parts {
            let Some(value) = value else { continue };
            path.extend([
                mark.to_string().as_str(),
                name,
                "=",
                &utf8_percent_encode(value, ESCAPED).to_string(),
            ]);
            mark = '&';
        }
        path
    }
}

impl ApiSession {
    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        self.http.facts()
    }

    /// How the unit is reached, with the port that answered.
    pub fn access(&self) -> &ApiAccess {
        self.http.access()
    }

    /// Whether a lost connection was opened again.
    pub fn was_resumed(&self) -> bool {
        self.http.was_lost()
    }

    /// Whether the unit said so far that it must restart before something takes effect.
    pub fn restart_needed(&self) -> bool {
        self.restart_needed
    }

    /// From now on this stops what is done in this session.
    pub(crate) fn set_cancel(&mut self, cancel: CancellationToken) {
        self.http.set_cancel(cancel);
    }

    /// Ends the session at the unit, in good time or not at all: whatever matters is done.
    pub async fn close(mut self) {
        // Somebody who cancelled still wants the session gone.
        self.http.set_cancel(CancellationToken::new());
        let _ = tokio::time::timeout(
            GOOD_BYE,
            self.request(Method::DELETE, AUTHENTICATE, None, None, SMALL),
        )
        .await;
    }

    /// Hands name and password over and takes the cookies.
    async fn authenticate(&mut self) -> Result<()> {
        self.cookies = Cookies::default();
        let secret = basic(&self.user)?;
        let reply = self
            .request(Method::GET, AUTHENTICATE, Some(&secret), None, SMALL)
            .await
            .map_err(|lost| lost.error)?;
        let words = check_status(&reply, &Method::GET)?;
        if !words.trim_ascii().is_empty()
            && let Some(refusal) = read_answer(words)?.refusal()
        {
            return Err(refused(refusal, [self.user.password.expose_secret()]).into());
        }
        if self.cookies.header().is_none() {
            let why = "it took the log-in and gave no session cookie";
            return Err(ErrorKind::Protocol(why.into()).into());
        }
        Ok(())
    }

    /// Asks for one thing. A session that ran out is opened again once, a busy unit is waited for once.
    pub(super) async fn call(&mut self, call: &Call<'_>, report: Report<'_>) -> Result<Answer, Lost> {
        let path = call.path(self.access());
        let (mut logged_in_again, mut waited) = (false, false);
        loop {
            let reply = self
                .request(call.method.clone(), &path, None, call.body.clone(), call.most)
                .await?;
            if reply.status == 503
                && !waited
                && let Some(seconds) = reply.retry_after_s().filter(|s| *s <= LONGEST_WAIT_S)
            {
                waited = true;
                report(Progress::Busy { seconds });
                let pause = Duration::from_secs(seconds.into());
                self.http.pause(pause).await.map_err(not_acted)?;
                continue;
            }
            let status = reply.status;
            let answer = match check_status(&reply, &call.method) {
                Ok(words) if words.trim_ascii().is_empty() && call.method != Method::GET => {
                    return Ok(Answer::default());
                }
                Ok(words) => read_answer(words).map_err(acted)?,
                Err(_) if status == 461 && !logged_in_again => Answer::default(),
                Err(error) => return Err(not_acted(error)),
            };
            self.restart_needed |= answer.restart_needed();
            let timed_out = status == 461 || answer.refusal().is_some_and(is_time_out);
            match answer.refusal() {
                _ if timed_out && !logged_in_again => {
                    logged_in_again = true;
                    report(Progress::LoggingIn);
                    tracing::info!("the session ran out; logging in again");
                    let again = self.authenticate().await;
                    again.map_err(|error| not_acted(error.at(Step::LogIn)))?;
                }
                Some(refusal) => return Err(not_acted(refused(refusal, []).into())),
                None => return Ok(answer),
            }
        }
    }

    async fn request(
        &mut self,
        method: Method,
        path: &str,
        authorization: Option<&HeaderValue>,
        body: Option<Bytes>,
        most: usize,
    ) -> Result<Reply, Lost> {
        let access = self.http.access();
        let host = HeaderValue::from_str(&join(&access.host, access.port()));
        let host =
            host.map_err(|_| not_acted(ErrorKind::Usage("the address can not be sent".into()).into()))?;
        let mut request = Request::new(Full::new(body.unwrap_or_default()));
        *request.method_mut() = method.clone();
        *request.uri_mut() = path
            .parse()
            .map_err(|_| not_acted(ErrorKind::Usage("the address can not be sent".into()).into()))?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        for (name, value) in WHO {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(ACCEPT, XML);
        headers.insert(CONTENT_TYPE, XML);
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(cookies) = self.cookies.header() {
            headers.insert(COOKIE, cookies);
        }
        tracing::debug!(%method, path, "asking");
        let reply = self.http.exchange(&request, most).await?;
        tracing::debug!(status = reply.status, bytes = reply.body.len(), "answered");
        for cookie in reply.headers.get_all(SET_COOKIE) {
            self.cookies.take(cookie).map_err(acted)?;
        }
        Ok(reply)
    }
}

/// `Authorization: Basic` in UTF-8 (RFC 7617), name and password in Unicode's form C.
fn basic(user: &ServiceUser) -> Result<HeaderValue> {
    if user.name.contains(':') {
        let why = "a service user whose name holds a colon can not log in to the Management API";
        return Err(ErrorKind::Usage(why.into()).into());
    }
    let pair: Zeroizing<String> = Zeroizing::new(
        user.name
            .nfc()
            .chain(std::iter::once(':'))
            .chain(user.password.expose_secret().nfc())
            .collect(),
    );
    let text = Zeroizing::new(format!(
        "Basic {}",
        *Zeroizing::new(STANDARD.encode(pair.as_bytes()))
    ));
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| ErrorKind::Usage("name and password can not be sent".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn acted(error: Error) -> Lost {
    Lost {
        error,
        may_have_acted: true,
    }
}

fn not_acted(error: Error) -> Lost {
    Lost {
        error,
        may_have_acted: false,
    }
}
