//! One DevLink3 connection: the log-in, and files.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio_util::sync::CancellationToken;
use trunkline_protocol::devlink::{
    Client, DevLinkError, Event, FileName, LICENCE_MISSING, NO_SUCH_FILE, System,
};
use trunkline_protocol::link::{Outcome, Refusal};

use super::access::DevLinkAccess;
use crate::access::{PlainTcp, TlsUse, Trust, join};
use crate::link_io::{LinkIo, Machine, broken, refused};
use crate::local::{Local, Overrides, STILL_FRESH};
use crate::log_in_turn::Attempts;
use crate::progress::{Progress, Report};
use crate::session::{Facts, ServiceUser, is_cut, out_of_order};
use crate::tls::demands_one;
use crate::{Error, ErrorKind, Result, Step};

/// The pause before a lost connection is opened again.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection before the log-in: the moment to show a certificate that nobody knows.
pub struct DevLinkConnection {
    access: DevLinkAccess,
    io: LinkIo<Client>,
    facts: Facts,
    cancel: CancellationToken,
    /// The unit asked for a certificate, and none was shown to it.
    lacks_ours: bool,
    /// Somebody looked at the certificate and accepted it, now or by its fingerprint.
    is_accepted: bool,
}

/// A logged-in connection.
pub struct DevLinkSession {
    connection: DevLinkConnection,
    user: ServiceUser,
    system: System,
    connections: u32,
}

impl fmt::Debug for DevLinkConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevLinkConnection")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DevLinkSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevLinkSession")
            .field("facts", &self.connection.facts)
            .finish_non_exhaustive()
    }
}

impl DevLinkConnection {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`ErrorKind::NotReachable`], [`ErrorKind::TlsNotAvailable`], and what is said of certificates.
    pub async fn open(access: DevLinkAccess, cancel: CancellationToken, report: Report<'_>) -> Result<Self> {
        Self::open_as(access, None, cancel, report).await
    }

    /// As [`DevLinkConnection::open`]; `trust` is what an earlier connection to the same certificate was worth: that it is the same one
    /// again makes it no better.
    async fn open_as(
        access: DevLinkAccess,
        trust: Option<Trust>,
        cancel: CancellationToken,
        report: Report<'_>,
    ) -> Result<Self> {
        report(Progress::Connecting);
        let opened = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
            opened = access.open() => opened?,
        };
        let facts = Facts {
            peer: opened.peer,
            port: opened.port,
            fingerprint: opened.fingerprint,
            trust: trust.unwrap_or(opened.trust),
        };
        let may_send_password = matches!(facts.trust, Trust::Pinned | Trust::Verified);
        let patience = access.access.patience;
        let client = Client::new(patience, may_send_password, Instant::now());
        let (is_accepted, lacks_ours) = (access.access.fingerprint.is_some(), opened.lacks_ours);
        Ok(Self {
            io: LinkIo::new(opened.stream, client, patience, cancel.clone()),
            access,
            facts,
            cancel,
            lacks_ours,
            is_accepted,
        })
    }

    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// `host:port` of this connection, as messages show it.
    pub fn address(&self) -> String {
        join(&self.access.access.host, self.facts.port)
    }

    /// How sure to be of the unit, as it was asked for.
    pub fn tls(&self) -> TlsUse {
        self.access.access.tls
    }

    /// A new connection after somebody looked at the certificate and accepted it: only this one will do.
    ///
    /// # Errors
    /// As [`DevLinkConnection::open`].
    pub async fn accepted(self, report: Report<'_>) -> Result<Self> {
        let (access, cancel) = (self.same_unit(), self.cancel.clone());
        self.close().await;
        Self::open(access, cancel, report).await
    }

    /// A new connection to the same unit, worth what this one is: for whoever took their time.
    ///
    /// # Errors
    /// As [`DevLinkConnection::open`].
    pub async fn opened_again(self, report: Report<'_>) -> Result<Self> {
        let (access, trust, cancel) = (self.same_unit(), self.facts.trust, self.cancel.clone());
        let is_accepted = self.is_accepted;
        self.close().await;
        let again = Self::open_as(access, Some(trust), cancel, report).await?;
        Ok(Self { is_accepted, ..again })
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.io.close().await;
    }

    /// The way to the same unit, in the same way.
    fn same_unit(&self) -> DevLinkAccess {
        let mut access = self.access.clone();
        access.access.fingerprint = self.facts.fingerprint;
        if self.facts.fingerprint.is_none() {
            (access.access.tls, access.access.plain) = (TlsUse::Off, PlainTcp::AllowedNow);
        }
        access
    }

    async fn log_in(&mut self, user: &ServiceUser, report: Report<'_>) -> Result<System> {
        report(Progress::LoggingIn);
        let client = &mut self.io.client;
        let asked = client.log_in(&user.name, user.password.clone(), Instant::now());
        asked.map_err(explain)?;
        match self.io.next().await {
            Ok(Event::LoggedIn(system)) => Ok(system),
            Ok(Event::Refused(refusal)) => Err(refused_here(&refusal)),
            Ok(Event::File(_)) => Err(out_of_order()),
            Err(error) => Err(match error.kind() {
                ErrorKind::PasswordWithheld(_) => {
                    ErrorKind::PasswordWithheld(why_withheld(self.facts.trust)).into()
                }
                ErrorKind::ConnectionLost(_) if self.lacks_ours && !self.io.heard() => demands_one(),
                _ => error,
            }),
        }
    }
}

impl Local {
    /// Logs in to DevLink3, and remembers what that taught: the attempts that are left, and the certificate where somebody accepted it.
    /// One attempt: nothing is ever tried again by itself.
    ///
    /// # Errors
    /// The refusals of a log-in, [`ErrorKind::LastAttempt`], [`ErrorKind::PasswordWithheld`], or that the connection was lost.
    pub async fn log_in_devlink(
        &self,
        mut connection: DevLinkConnection,
        user: ServiceUser,
        overrides: &Overrides,
        report: Report<'_>,
    ) -> Result<DevLinkSession> {
        let address = connection.address();
        let (host, port) = (
            connection.access.host().to_owned(),
            connection.access.log_in_port(),
        );
        let peer = connection.facts.peer.ip();
        let asked = Instant::now();
        let turn = Attempts::at(&self.store, &host, peer, port).turn(&connection.cancel);
        let turn = turn.await.and_then(|turn| {
            if !overrides.use_last_attempt {
                turn.refuse_the_last()?;
            }
            Ok(turn)
        });
        let mut turn = match turn {
            Ok(turn) => turn,
            Err(error) => {
                connection.close().await;
                return Err(error.at(Step::LogIn).address(address));
            }
        };
        if asked.elapsed() >= STILL_FRESH {
            connection = connection.opened_again(report).await?;
        }
        *turn.proof_sent() = true;
        let log_in = connection.log_in(&user, report).await;
        // The proof answers what the unit asks.
        *turn.proof_sent() = connection.io.heard();
        turn.ended(&log_in)?;
        let system = log_in.map_err(|error| error.at(Step::LogIn).address(address))?;
        let data = self.store.read()?;
        let facts = connection.facts;
        let known = data.pin(&host, facts.port).map(|pin| pin.sha256);
        self.store.update(|data| {
            let keep = |seen| connection.is_accepted || known == Some(seen);
            if let Some(fingerprint) = facts.fingerprint.filter(|seen| keep(*seen)) {
                data.set_pin(&host, facts.port, fingerprint);
            }
            Ok(())
        })?;
        Ok(DevLinkSession {
            connection,
            user,
            system,
            connections: 1,
        })
    }
}

impl DevLinkSession {
    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        &self.connection.facts
    }

    /// How sure to be of the unit, as it was asked for.
    pub fn tls(&self) -> TlsUse {
        self.connection.tls()
    }

    /// `host:port` of this connection, as messages show it.
    pub fn address(&self) -> String {
        self.connection.address()
    }

    /// What the unit said of itself.
    pub fn system(&self) -> &System {
        &self.system
    }

    /// Reads a file, on a new connection where one is lost, as far as the tries reach. A file has 1 MiB at most.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], what else the unit refuses, or that the connection was lost.
    pub async fn read_file(&mut self, name: &FileName, report: Report<'_>) -> Result<Bytes> {
        let address = self.address();
        loop {
            let error = match self.read_once(name).await {
                Err(error) if is_cut(&error) => error,
                done => return done.map_err(|e| e.at(Step::Receive).address(address)),
            };
            if let Err(error) = self.reconnect(error, report).await {
                return Err(error.at(Step::Receive).address(address));
            }
        }
    }

    async fn read_once(&mut self, name: &FileName) -> Result<Bytes> {
        let io = &mut self.connection.io;
        io.client.read_file(name, Instant::now());
        match io.next().await? {
            Event::File(contents) => Ok(contents),
            Event::Refused(refusal) if refusal.outcome == Outcome::Other(NO_SUCH_FILE) => {
                let why = format!("the unit has no file {name}, or does not give it out");
                Err(ErrorKind::NotFound(why).into())
            }
            Event::Refused(refusal) => Err(refused_here(&refusal)),
            Event::LoggedIn(_) => Err(out_of_order()),
        }
    }

    /// Opens a new connection to the same unit and logs in again; `lost` once the tries are used up.
    async fn reconnect(&mut self, lost: Error, report: Report<'_>) -> Result<()> {
        let tries = self.connection.access.access.tries;
        while self.connections < tries {
            self.connections += 1;
            tokio::select! {
                biased;
                () = self.connection.cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
                () = tokio::time::sleep(PAUSE) => {}
            }
            report(Progress::Reconnecting {
                attempt: self.connections,
                of: tries,
            });
            match self.open_again(report).await {
                Err(error) if is_cut(&error) => {}
                done => return done,
            }
        }
        Err(lost)
    }

    async fn open_again(&mut self, report: Report<'_>) -> Result<()> {
        let before = &self.connection;
        let (access, trust, cancel) = (before.same_unit(), before.facts.trust, before.cancel.clone());
        let mut again = DevLinkConnection::open_as(access, Some(trust), cancel, report).await?;
        self.system = again.log_in(&self.user, report).await?;
        self.connection = again;
        Ok(())
    }

    /// Ends the connection.
    pub async fn close(self) {
        self.connection.close().await;
    }
}

impl Machine for Client {
    type Event = Event;

    fn handle_bytes(&mut self, input: &mut BytesMut, now: Instant) -> Result<()> {
        Self::handle_bytes(self, input, now).map_err(explain)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<()> {
        Self::handle_timeout(self, now).map_err(explain)
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

/// What the end of the state machine means to a person.
fn explain(error: DevLinkError) -> Error {
    match error {
        DevLinkError::Link(error) => broken(error),
        DevLinkError::PasswordWithheld => ErrorKind::PasswordWithheld(UNPROTECTED).into(),
        DevLinkError::UserName => {
            ErrorKind::Usage("a user name has at most 255 bytes, and no NUL in it".into()).into()
        }
        other => ErrorKind::Protocol(other.to_string()).into(),
    }
}

const UNPROTECTED: &str = "this connection is not encrypted";

fn why_withheld(trust: Trust) -> &'static str {
    match trust {
        Trust::Plain => UNPROTECTED,
        Trust::Unchecked => "with --tls none nobody knows who gets it",
        Trust::FirstUse => "nobody has accepted this certificate yet",
        Trust::Pinned | Trust::Verified => "it is not sent here",
    }
}

/// What a refusal means here: 80000042 also says that there are too many connections.
fn refused_here(refusal: &Refusal) -> Error {
    match refusal.outcome {
        Outcome::Locked if refusal.retry_after_s.is_none() => ErrorKind::TooManyConnections.into(),
        Outcome::Other(LICENCE_MISSING) => ErrorKind::LicenceMissing.into(),
        Outcome::TooLarge => {
            ErrorKind::Unsupported("the file is larger than what the unit can send over DevLink3".into())
                .into()
        }
        _ => refused(refusal),
    }
}
