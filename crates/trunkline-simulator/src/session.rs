//! The unit's side of its TCP ports: connections, and what may be asked on them when in Unit Link (protocol.md section 4).

mod devlink;
mod line;
mod log_in;
mod receive;
mod send;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_protocol::link::auth::Challenge;
use trunkline_protocol::link::message::Failure;
use trunkline_protocol::link::object::WriteMode;
use trunkline_protocol::link::outcome::tag;
use trunkline_protocol::link::wire::Tuples;
use trunkline_protocol::link::{Answer, Channel, LinkError, Object, Outcome, Request, Rights};

use crate::api;
use crate::endpoint::Role;
use crate::fault::FaultKind;
use crate::power::{Order, Power};
use crate::unit::Inner;
use line::Line;
use send::Upload;

/// Pause after a connection could not be accepted, since whatever is short stays short for a while.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the answer that announces a restart has to leave before the ports close.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Rights by their bit (protocol.md, tag 00540202).
mod right {
    pub(super) const READ_CONFIGURATION: u32 = 1;
    pub(super) const WRITE_CONFIGURATION: u32 = 2;
    pub(super) const MERGE: u32 = 4;
    pub(super) const REBOOT_IMMEDIATELY: u32 = 8;
    pub(super) const REBOOT_WHEN_FREE: u32 = 16;
    pub(super) const REBOOT_TIMED: u32 = 32;
    pub(super) const READ_SECURITY: u32 = 64;
    pub(super) const WRITE_SECURITY: u32 = 128;
    pub(super) const READ_AUDIT_TRAIL: u32 = 256;
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Closed {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Link(#[from] LinkError),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("the client is done")]
    Done,
    #[error("a fault")]
    Fault,
}

/// Accepts connections until `end`.
pub(crate) async fn accept(
    unit: Arc<Inner>,
    role: Role,
    listener: TcpListener,
    tasks: TaskTracker,
    end: CancellationToken,
) {
    while let Some(accepted) = end.run_until_cancelled(listener.accept()).await {
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        unit.connections.fetch_add(1, Ordering::SeqCst);
        let (unit, end) = (Arc::clone(&unit), end.clone());
        tasks.spawn(async move {
            let served = end
                .run_until_cancelled(serve(&unit, role, stream, peer.ip()))
                .await;
            if let Some(Err(reason)) = served {
                tracing::debug!(unit = unit.spec.name, %peer, %reason, "connection closed");
            }
        });
    }
}

async fn serve(unit: &Arc<Inner>, role: Role, stream: TcpStream, peer: IpAddr) -> Result<(), Closed> {
    // Torn frames are only torn if each piece leaves by itself.
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?.ip();
    let mut faults = unit.faults.for_connection();
    let identity = match role {
        Role::Service { tls: true, .. } | Role::DevLink3 { tls: true } | Role::ManagementApi => {
            unit.changing().identity.clone()
        }
        _ => None,
    };
    let Some(identity) = identity else {
        return talk(unit, role, Line::new(stream, faults), None, peer, local).await;
    };
    if faults.is(FaultKind::RefuseTls) {
        return Err(Closed::Fault);
    }
    let handshake = tokio::time::timeout(HANDSHAKE, identity.acceptor.accept(stream));
    let stream = handshake.await.map_err(io::Error::from)??;
    if role == Role::ManagementApi {
        return Ok(api::serve(unit, stream, peer).await?);
    }
    let (line, certificate) = (Line::new(stream, faults), Some(identity.fingerprint));
    talk(unit, role, line, certificate, peer, local).await
}

async fn talk<S: line::Stream>(
    unit: &Arc<Inner>,
    role: Role,
    line: Line<S>,
    certificate: Option<[u8; 32]>,
    peer: IpAddr,
    local: IpAddr,
) -> Result<(), Closed> {
    let channel = match role {
        Role::DevLink3 { .. } => return devlink::talk(unit, line, certificate.is_some(), peer).await,
        // It has no port where there is no certificate.
        Role::ManagementApi => return Err(Closed::Done),
        Role::Discovery => None,
        Role::Service { service, .. } => Some(Channel { service, certificate }),
    };
    Session::new(unit, line, channel, peer, local).run().await
}

/// Who is on the line.
#[derive(Debug, Clone)]
enum Phase {
    /// Nobody whom the unit knows.
    Stranger,
    /// A service user whose password must be changed before anything else.
    MustChange(usize),
    /// A service user, by number.
    LoggedIn(usize),
}

struct Session<'u, S> {
    unit: &'u Arc<Inner>,
    line: Line<S>,
    /// `None` on the discovery port.
    channel: Option<Channel>,
    peer: IpAddr,
    local: IpAddr,
    phase: Phase,
    /// Good for one attempt.
    challenge: Option<Challenge>,
    upload: Option<Upload>,
}

impl<'u, S: line::Stream> Session<'u, S> {
    fn new(
        unit: &'u Arc<Inner>,
        line: Line<S>,
        channel: Option<Channel>,
        peer: IpAddr,
        local: IpAddr,
    ) -> Self {
        Self {
            unit,
            line,
            channel,
            peer,
            local,
            phase: Phase::Stranger,
            challenge: None,
            upload: None,
        }
    }

    async fn run(mut self) -> Result<(), Closed> {
        let is_service = self.channel.is_some();
        let (silent, garbage) = if is_service {
            (FaultKind::Silent, FaultKind::Garbage)
        } else {
            (FaultKind::DiscoverySilent, FaultKind::DiscoveryGarbage)
        };
        loop {
            let (id, request) = self.line.next().await?;
            let faults = &mut self.line.faults;
            if faults.is(silent) {
                return std::future::pending().await;
            }
            if faults.is(garbage) {
                return self.line.garbage().await;
            }
            if is_service && faults.is(FaultKind::Frame4Mb) {
                return self.line.oversized_header().await;
            }
            match request {
                Request::Test(bytes) => self.answer(id, Answer::Test(Outcome::Done, bytes)).await?,
                Request::Whois => {
                    let whois = self.unit.whois(self.local).to_tuples();
                    self.answer(id, Answer::Whois(Outcome::Done, whois)).await?;
                }
                Request::LogOff => return self.line.close().await,
                request => match self.channel {
                    Some(channel) => self.request(id, request, channel).await?,
                    None => self.answer_refused(id, &request, Outcome::WrongService).await?,
                },
            }
        }
    }

    /// What only a service answers.
    async fn request(&mut self, id: u32, request: Request, channel: Channel) -> Result<(), Closed> {
        match (&request, &self.phase) {
            (Request::RequestChallenge(_), _) => return self.challenge(id, channel).await,
            (Request::Prove { client_nonce, proof }, _) => {
                let (client_nonce, proof) = (client_nonce.clone(), *proof);
                return self.prove(id, channel, &client_nonce, &proof).await;
            }
            (Request::ChangePassword(password), Phase::MustChange(user) | Phase::LoggedIn(user)) => {
                let (password, user) = (password.clone(), *user);
                return self.change_password(id, user, password, channel).await;
            }
            (Request::Data { .. }, Phase::Stranger) => {
                return Err(LinkError::Invalid("data before a log-in").into());
            }
            (_, Phase::Stranger) => return self.answer_refused(id, &request, Outcome::NoRight).await,
            (_, Phase::MustChange(_)) => {
                return self
                    .answer_refused(id, &request, Outcome::PasswordChangeRequired)
                    .await;
            }
            (_, Phase::LoggedIn(_)) => {}
        }
        match request {
            Request::Read {
                object,
                offset,
                resumed,
            } => self.read(id, object, offset, resumed).await,
            Request::Stat(object) => self.stat(id, object).await,
            Request::Write(head) => self.write(id, head).await,
            Request::Data { offset, bytes } => self.data(offset, &bytes),
            Request::Commit { sha256 } => self.commit(id, sha256).await,
            Request::Reboot { mode, minutes, flags } => {
                self.reboot(id, WriteMode::from_wire(mode, minutes, flags)).await
            }
            // Everything else was dealt with before a log-in mattered.
            _ => Err(LinkError::Invalid("a request that has no place here").into()),
        }
    }

    async fn answer(&mut self, id: u32, answer: Answer) -> Result<(), Closed> {
        self.line.answer(id, answer).await
    }

    /// Refuses any request; data has no answer.
    async fn answer_refused(&mut self, id: u32, request: &Request, outcome: Outcome) -> Result<(), Closed> {
        let tuples = Tuples::default();
        let failure = Failure(outcome, tuples.clone());
        let answer = match request {
            Request::Test(_) => Answer::Test(outcome, bytes::Bytes::new()),
            Request::Whois => Answer::Whois(outcome, tuples),
            Request::RequestChallenge(_) | Request::Prove { .. } => Answer::LoggedIn(outcome, tuples),
            Request::Read { .. } => Answer::Read(Err(failure)),
            Request::Write(_) => Answer::Write(outcome, tuples),
            Request::Commit { .. } => Answer::Commit(Err(failure)),
            Request::Reboot { .. } => Answer::Reboot(Err(failure)),
            Request::ChangePassword(_) => Answer::ChangePassword(outcome, tuples),
            Request::Stat(_) => Answer::Stat(Err(failure)),
            Request::Data { .. } | Request::LogOff => return Ok(()),
        };
        self.answer(id, answer).await
    }

    /// The rights and the name of whoever is logged in.
    fn user(&self) -> (Rights, String) {
        match self.phase {
            Phase::LoggedIn(user) | Phase::MustChange(user) => {
                let state = self.unit.changing();
                state
                    .users
                    .get(user)
                    .map(|user| (user.rights, user.name.clone()))
                    .unwrap_or_default()
            }
            Phase::Stranger => Default::default(),
        }
    }

    fn record(&self, action: impl Into<String>, result: impl Into<String>) {
        let (_, name) = self.user();
        self.unit
            .changing()
            .audit
            .record(&name, self.peer, action, result);
    }

    async fn reboot(&mut self, id: u32, mode: Option<WriteMode>) -> Result<(), Closed> {
        let outcome = match (self.service_refusal(Object::Configuration), mode) {
            (Some(outcome), _) => Some(outcome),
            (None, Some(WriteMode::Restart(restart))) => {
                (!self.user().0.has(restart_right(restart))).then_some(Outcome::NoRight)
            }
            (None, Some(WriteMode::Merge) | None) => Some(Outcome::NoRight),
        };
        match (outcome, mode) {
            (None, Some(WriteMode::Restart(restart))) => {
                let seconds = self.seconds_until(restart);
                self.record(format!("restart {restart:?}"), crate::audit::DONE);
                self.answer(id, Answer::Reboot(Ok(Some(seconds)))).await?;
                self.restart_in(seconds);
                Ok(())
            }
            (outcome, _) => {
                let failure = Failure(outcome.unwrap_or(Outcome::NoRight), Tuples::default());
                self.answer(id, Answer::Reboot(Err(failure))).await
            }
        }
    }

    /// Opens the ports anew once the answer that says so had time to leave.
    fn move_ports(&self) {
        self.unit.order(Order::MoveIn(LAST_WORDS));
    }

    fn restart_in(&self, seconds: u32) {
        let delay = Duration::from_secs(seconds.into()).max(LAST_WORDS);
        self.unit.order(Order::RestartIn(delay));
    }

    /// 80000053, where this object is not on this service.
    fn service_refusal(&self, object: Object) -> Option<Outcome> {
        use trunkline_protocol::link::Service;
        let service = self.channel.map(|channel| channel.service);
        let fits = match object {
            Object::Configuration => service == Some(Service::Configuration),
            Object::SecuritySettings => service == Some(Service::Security),
            Object::AuditTrail => service.is_some(),
        };
        (!fits).then_some(Outcome::WrongService)
    }
}

fn restart_right(restart: trunkline_protocol::link::Restart) -> u32 {
    use trunkline_protocol::link::Restart;
    match restart {
        Restart::Immediately => right::REBOOT_IMMEDIATELY,
        Restart::WhenFree { .. } => right::REBOOT_WHEN_FREE,
        Restart::Timed { .. } => right::REBOOT_TIMED,
    }
}

/// Whether a unit asks everybody to come back later.
fn is_starting(unit: &Inner) -> bool {
    *unit.power.borrow() == Power::Starting
}

/// One tuple with a number.
fn tuple(tag: u32, value: u32) -> Tuples {
    let mut tuples = Tuples::default();
    tuples.push(tag, value.to_be_bytes().to_vec());
    tuples
}

/// What a unit that is starting says to a log-in.
fn later() -> Answer {
    Answer::LoggedIn(Outcome::RetryLater, tuple(tag::RETRY_AFTER, 1))
}
