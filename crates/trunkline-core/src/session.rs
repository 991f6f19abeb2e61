//! Logging in to one service of a unit, and staying logged in across lost connections.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::auth::CLIENT_NONCE_LENGTH;
use trunkline_protocol::link::{Challenge, Client, Event, Keys, LogIn, Object, Stat};

use crate::access::{Access, PlainTcp, TlsUse, Trust};
use crate::link_io::LinkIo;
use crate::log_in_turn::Attempts;
use crate::progress::{Progress, Report};
use crate::tls::demands_one;
use crate::{Error, ErrorKind, Fingerprint, Result, Step};

/// The name that the program gives of itself when it logs in.
const APPLICATION: &str = "Trunkline";
/// The pause before a lost connection is opened again doubles up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long a unit that was there a moment ago, and now can not be reached at all, is looked for within one try: a
/// switch or a router that restarts is away for seconds.
const OUTAGE: Duration = Duration::from_secs(5);
/// The pause between two such looks.
const LOOK: Duration = Duration::from_millis(500);

/// Who logs in.
#[derive(Clone)]
pub struct ServiceUser {
    /// The service user's name.
    pub name: String,
    /// The service user's password.
    pub password: SecretString,
}

impl fmt::Debug for ServiceUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceUser {{ name: {:?}, password: **** }}", self.name)
    }
}

/// A connection before the log-in: the moment to show a certificate that nobody knows.
pub struct Connection {
    access: Access,
    io: LinkIo,
    facts: Facts,
    /// The unit asked for a client certificate, and there was none to show.
    lacks_ours: bool,
}

/// What is known of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The address and port that answered.
    pub peer: SocketAddr,
    /// The port; a pin belongs to the host and this.
    pub port: u16,
    /// The unit's certificate; `None` on plain TCP.
    pub fingerprint: Option<Fingerprint>,
    /// How sure it is whom the connection reaches.
    pub trust: Trust,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// A logged-in session.
pub struct Session {
    access: Access,
    user: ServiceUser,
    pub(crate) io: LinkIo,
    facts: Facts,
    log_in: LogIn,
    iterations: u32,
    connections: u32,
    cancel: CancellationToken,
    /// Where a log-in that fails on a later connection is counted.
    attempts: Option<Attempts>,
}

impl Connection {
    /// Opens a connection.
    ///
    /// # Errors
    /// [`ErrorKind::NotReachable`], [`ErrorKind::TlsNotAvailable`], and what is said of certificates.
    pub async fn open(access: Access, cancel: CancellationToken, report: Report<'_>) -> Result<Self> {
        report(Progress::Connecting);
        let opened = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
            opened = access.open() => opened?,
        };
        let client = Client::new(access.patience, Instant::now()).with_iterations(access.iterations.clone());
        let facts = Facts {
            peer: opened.peer,
            port: opened.port,
            fingerprint: opened.fingerprint,
            trust: opened.trust,
        };
        let io = LinkIo::new(opened.stream, client, access.patience, cancel);
        Ok(Self {
            access,
            io,
            facts,
            lacks_ours: opened.lacks_ours,
        })
    }

    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How the unit was reached.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Logs in. One attempt: nothing is ever tried again by itself. `remembered_iterations` is what the unit asked for
    /// when a log-in last worked; fewer are refused.
    ///
    /// # Errors
    /// The refusals of a log-in, [`ErrorKind::Impostor`], [`ErrorKind::WeakerLogIn`], or that the connection was lost.
    pub async fn log_in(
        self,
        user: ServiceUser,
        remembered_iterations: Option<u32>,
        cancel: CancellationToken,
        report: Report<'_>,
    ) -> Result<Session> {
        self.enter(user, remembered_iterations, cancel, report, &mut false)
            .await
    }

    /// The same; says in `proof_sent` when the attempt may have begun to count.
    pub(crate) async fn enter(
        self,
        user: ServiceUser,
        remembered_iterations: Option<u32>,
        cancel: CancellationToken,
        report: Report<'_>,
        proof_sent: &mut bool,
    ) -> Result<Session> {
        report(Progress::LoggingIn);
        let Self {
            mut access,
            mut io,
            facts,
            lacks_ours,
        } = self;
        let address = access.address();
        let (log_in, iterations) = prove(&mut io, &access, &facts, &user, remembered_iterations, proof_sent)
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::ConnectionLost(_) if lacks_ours && !io.heard() => demands_one(),
                _ => error,
            })
            .map_err(|e| e.at(Step::LogIn).address(&address))?;
        // A later connection of this session must reach the same unit, in the same way.
        access.fingerprint = facts.fingerprint;
        if facts.fingerprint.is_none() {
            (access.tls, access.plain) = (TlsUse::Off, PlainTcp::AllowedNow);
        }
        Ok(Session {
            access,
            user,
            io,
            facts,
            log_in,
            iterations,
            connections: 1,
            cancel,
            attempts: None,
        })
    }

    /// A new connection to the same unit, for whoever had to wait: units hang up on silent ones.
    pub(crate) async fn open_again(self, cancel: CancellationToken, report: Report<'_>) -> Result<Self> {
        let access = Access {
            fingerprint: self.facts.fingerprint.or(self.access.fingerprint),
            ..self.access.clone()
        };
        self.close().await;
        Self::open(access, cancel, report).await
    }

    /// Ends the connection without a log-in.
    pub async fn close(self) {
        self.io.log_off().await;
    }
}

impl Session {
    /// What is known of the connection.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The name of the service user who is logged in.
    pub fn user_name(&self) -> &str {
        &self.user.name
    }

    /// What the unit said of the log-in.
    pub fn log_in_facts(&self) -> &LogIn {
        &self.log_in
    }

    /// The PBKDF2 iterations that the unit asked for: to be remembered.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// How the unit is reached.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Refuses to go on with a service user who must first change the password.
    ///
    /// # Errors
    /// [`ErrorKind::PasswordChangeRequired`].
    pub fn usable(&self) -> Result<()> {
        if self.log_in.must_change_password {
            let error = Error::new(ErrorKind::PasswordChangeRequired);
            return Err(error.at(Step::LogIn).address(self.access.address()));
        }
        Ok(())
    }

    /// Asks what the unit holds now.
    ///
    /// # Errors
    /// What the unit refuses, or that the connection was lost.
    pub async fn stat(&mut self, object: Object) -> Result<Stat> {
        self.io.client.stat(object, Instant::now());
        match self.io.expect().await? {
            Event::Stat(stat) => Ok(stat),
            _ => Err(out_of_order()),
        }
    }

    /// Changes the password of the service user who is logged in; refused outside TLS before anything is sent.
    ///
    /// # Errors
    /// [`ErrorKind::TlsRequired`], what the unit refuses, or that the connection was lost.
    pub async fn change_password(&mut self, password: SecretString) -> Result<()> {
        let address = self.access.address();
        if self.facts.fingerprint.is_none() {
            return Err(Error::new(ErrorKind::TlsRequired)
                .at(Step::LogIn)
                .address(address));
        }
        self.io.client.change_password(password.clone(), Instant::now());
        match self
            .io
            .expect()
            .await
            .map_err(|e| e.at(Step::LogIn).address(address))?
        {
            Event::PasswordChanged => {
                self.user.password = password;
                self.log_in.must_change_password = false;
                Ok(())
            }
            _ => Err(out_of_order()),
        }
    }

    /// Says good-bye.
    pub async fn close(self) {
        self.io.log_off().await;
    }

    /// Whether one more connection may be made for this work.
    pub(crate) fn may_reconnect(&self) -> bool {
        self.connections < self.access.tries
    }

    /// Opens a new connection to the same unit and logs in again, with a growing pause before each try.
    ///
    /// # Errors
    /// `lost`, the reason why a new connection is needed, once the tries are used up; at once whatever another try
    /// can not mend.
    pub(crate) async fn reconnect(&mut self, lost: Error, report: Report<'_>) -> Result<()> {
        let mut pause = self.access.first_pause;
        while self.may_reconnect() {
            self.connections += 1;
            self.pause(pause).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
            report(Progress::Reconnecting {
                attempt: self.connections,
                of: self.access.tries,
            });
            match self.open_after_outage(report).await {
                Err(error) if is_cut(&error) => {}
                done => return done,
            }
        }
        Err(lost)
    }

    /// One new connection with a log-in. A unit to which there is no way at all is looked for a while: nobody was
    /// reached, so that counts as one try.
    async fn open_after_outage(&mut self, report: Report<'_>) -> Result<()> {
        let until = Instant::now() + OUTAGE;
        loop {
            match self.open_again(report).await {
                Err(error) if is_unreachable(&error) && Instant::now() < until => self.pause(LOOK).await?,
                done => return done,
            }
        }
    }

    /// Refuses to go on once somebody cancelled.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(ErrorKind::Cancelled("").into());
        }
        Ok(())
    }

    /// Waits, unless somebody cancels.
    pub(crate) async fn pause(&self, pause: Duration) -> Result<()> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(ErrorKind::Cancelled("").into()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// One new connection with a log-in, in place of the one that is gone; it is not counted.
    pub(crate) async fn open_again(&mut self, report: Report<'_>) -> Result<()> {
        let connection = Connection::open(self.access.clone(), self.cancel.clone(), report).await?;
        let (iterations, cancel) = (Some(self.iterations), self.cancel.clone());
        let again = connection
            .log_in(self.user.clone(), iterations, cancel, report)
            .await
            .inspect_err(|error| self.count(error))?;
        *self = Self {
            connections: self.connections,
            attempts: self.attempts.take(),
            ..again
        };
        Ok(())
    }

    /// The password was right on the first connection. Somebody may have changed it since; then this was an attempt.
    fn count(&self, error: &Error) {
        if let (Some(attempts), ErrorKind::AuthenticationFailed { .. }) = (&self.attempts, error.kind())
            && let Err(error) = attempts.failed(error)
        {
            tracing::warn!("an attempt to log in could not be noted: {error}");
        }
    }

    /// Says where log-ins are counted that fail on later connections.
    pub(crate) fn counting(mut self, attempts: Attempts) -> Self {
        self.attempts = Some(attempts);
        self
    }

    /// Looks whether the unit is there with the certificate of before, for a user who may not log in any more. Plain TCP
    /// has no certificate, and so says nothing.
    pub(crate) async fn knock(&self) -> Result<()> {
        let silent = &crate::progress::silent;
        let connection = Connection::open(self.access.clone(), self.cancel.clone(), silent).await?;
        let is_known = connection.facts().fingerprint.is_some();
        connection.close().await;
        if is_known {
            Ok(())
        } else {
            Err(ErrorKind::TlsRequired.into())
        }
    }

    /// Goes to the unit at another Services Base TCP Port from the next connection on. Its certificate must be the same.
    pub(crate) fn move_to(&mut self, base_port: u16, security_port: Option<u16>) {
        self.access.base_port = base_port;
        self.access.security_port = security_port;
    }

    /// Logs in with this password from the next connection on.
    pub(crate) fn set_password(&mut self, password: SecretString) {
        self.user.password = password;
    }

    /// Who is logged in.
    pub(crate) fn service_user(&self) -> &ServiceUser {
        &self.user
    }

    /// Lets what must still be done after a cancel be done under another token.
    pub(crate) fn set_cancel(&mut self, cancel: CancellationToken) {
        self.cancel = cancel.clone();
        self.io.set_cancel(cancel);
    }
}

/// Whether a new connection could help.
pub(crate) fn is_cut(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionLost(_) | ErrorKind::NotReachable(_) | ErrorKind::TlsNotAvailable(_)
    )
}

/// Whether nobody was reached, on whichever port.
fn is_unreachable(error: &Error) -> bool {
    is_cut(error) && matches!(error.step(), Some(Step::Resolve | Step::Connect))
}

/// The state machine lets no other answer through; this is the honest word should it ever.
pub(crate) fn out_of_order() -> Error {
    ErrorKind::Protocol("an answer came out of order".into()).into()
}

async fn prove(
    io: &mut LinkIo,
    access: &Access,
    facts: &Facts,
    user: &ServiceUser,
    remembered_iterations: Option<u32>,
    proof_sent: &mut bool,
) -> Result<(LogIn, u32)> {
    io.client.request_challenge(APPLICATION, Instant::now());
    let Event::Challenge(challenge) = io.expect().await? else {
        return Err(out_of_order());
    };
    if let Some(remembered) = remembered_iterations.filter(|remembered| challenge.iterations < *remembered) {
        return Err(ErrorKind::WeakerLogIn {
            offered: challenge.iterations,
            remembered,
        }
        .into());
    }
    let nonce = client_nonce()?;
    let keys = derive(user.clone(), challenge.clone()).await?;
    let proofs = keys.prove(&access.channel(facts.fingerprint), &challenge, &nonce);
    io.client.prove(nonce, &proofs, Instant::now());
    *proof_sent = true;
    match io.expect().await? {
        Event::LoggedIn(log_in) => Ok((log_in, challenge.iterations)),
        _ => Err(out_of_order()),
    }
}

fn client_nonce() -> Result<Bytes> {
    let mut nonce = vec![0; CLIENT_NONCE_LENGTH];
    getrandom::fill(&mut nonce)
        .map_err(|e| ErrorKind::Unsupported(format!("the system has no random numbers: {e}")))?;
    Ok(nonce.into())
}

/// Hashing takes up to a second of one core: not on the threads that move bytes.
async fn derive(user: ServiceUser, challenge: Challenge) -> Result<Keys> {
    let hash = move || Keys::derive(&user.name, &user.password, &challenge.salt, challenge.iterations);
    tokio::task::spawn_blocking(hash)
        .await
        .map_err(|_| ErrorKind::Cancelled("").into())
}
