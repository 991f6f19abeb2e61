//! Log-ins of the window: kept for each unit until nobody used them for a while, and those that wait for an answer.
//!
//! - [`Sessions`]: both. Passwords stay here; what comes out says who is logged in, and what the unit allows.
//! - [`LogInOutcome`]: what a log-in came to, or what it asks.

mod api;
mod attempts;
mod kept;
mod log_in;
mod tftp;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Object, Rights};

use crate::api::ApiConnection;
use crate::certificate::{Certificate, CertificateTrouble};
use crate::progress::{Report, silent};
use crate::restart::Due;
use crate::session::{Connection, ServiceUser, Session};
use crate::tftp::TftpSession;
use crate::unit_ref::UnitRef;
use crate::{Error, ErrorKind, Fingerprint, Local, Overrides, Result, Route, Step, Target, Way};

use attempts::Attempts;
use kept::{KeptSessions, Taken};
pub use log_in::{LogInAnswer, LogInRequest};
pub use trunkline_protocol::link::Service;

/// How long a unit may take to say that a session which nobody used for a while is still there.
const ALIVE: Duration = Duration::from_secs(2);

/// Who is logged in, and what the unit said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// The service user's name.
    pub user: String,
    /// The way that was taken, as in [`Way::method`].
    pub method: &'static str,
    /// The certificate; `None` on plain TCP.
    pub fingerprint: Option<Fingerprint>,
    /// What the service user may do, where the unit said so.
    pub rights: Option<Rights>,
    /// Days until the password expires, where the unit said so.
    pub password_expires_days: Option<u16>,
    /// The largest object that the unit takes, in bytes, where it said so.
    pub largest_object: Option<u64>,
    /// Whether the password is in the keychain.
    pub remembered: bool,
    /// Why it was to be and is not.
    pub keychain_problem: Option<String>,
}

/// What a log-in came to. `attempt` names it in [`Sessions::answer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogInOutcome {
    /// It worked.
    LoggedIn(LoggedIn),
    /// Nobody knows a password.
    PasswordNeeded {
        /// The service user, where one is known.
        user: Option<String>,
        /// Whether it is the system password of a system before 3.2, which travels readable: say so before it is given.
        system: bool,
        /// Why a password that the keychain may have could not be read.
        keychain_problem: Option<String>,
    },
    /// Nobody has seen this certificate here before.
    FirstCertificate {
        /// The log-in.
        attempt: String,
        /// The certificate.
        certificate: Certificate,
    },
    /// It is not the certificate that is pinned.
    ChangedCertificate {
        /// The log-in.
        attempt: String,
        /// The pinned one.
        pinned: Fingerprint,
        /// When that was first trusted, where it is known.
        pinned_on: Option<Timestamp>,
        /// The one that is shown now.
        certificate: Certificate,
    },
    /// The computer does not trust the certificate; somebody who compared it may accept it all the same.
    RefusedCertificate {
        /// The log-in.
        attempt: String,
        /// Why.
        trouble: CertificateTrouble,
        /// The certificate.
        certificate: Certificate,
    },
    /// The unit offers no TLS here, and plain TCP was not allowed.
    PlainOnly {
        /// The log-in.
        attempt: String,
    },
    /// The unit asks for fewer PBKDF2 iterations than before: a sign of somebody in between.
    WeakerLogIn {
        /// The log-in.
        attempt: String,
        /// What the unit asks for now.
        offered: u32,
        /// What it asked for when a log-in last worked.
        remembered: u32,
    },
    /// One more failure locks the account.
    LastAttempt {
        /// The log-in.
        attempt: String,
    },
    /// The password must be changed before anything else.
    MustChange {
        /// The log-in.
        attempt: String,
        /// Why the unit did not take the last new one; empty at first.
        problem: String,
    },
    /// Wrong name or password.
    WrongPassword {
        /// The log-in, to go on with another password.
        attempt: String,
        /// How many attempts are left, where the unit said so.
        attempts_left: Option<u16>,
    },
    /// The account is locked for this computer.
    Locked {
        /// The log-in, to go on with later.
        attempt: String,
        /// Seconds until it is not, where the unit said so.
        retry_after_s: Option<u32>,
    },
    /// The unit takes no log-in now.
    RetryLater {
        /// The log-in, to go on with later.
        attempt: String,
        /// Seconds to wait, where the unit said so.
        retry_after_s: Option<u32>,
    },
    /// The service user is disabled.
    Disabled {
        /// The log-in, to go on with as somebody else.
        attempt: String,
    },
}

/// The log-ins of this computer's window.
#[derive(Debug, Default)]
pub struct Sessions {
    kept: Mutex<KeptSessions>,
    attempts: Mutex<Attempts>,
}

/// A session for the length of one action. Give it back with [`Sessions::give_back`]; dropping it closes the connection
/// and keeps the log-in.
pub struct Borrowed {
    pub(crate) way: Way,
    key: String,
    /// When the unit restarts, where an earlier action asked for it.
    pub(crate) restart: Option<Due>,
    /// While it is there, the log-in is in use.
    lent: Arc<()>,
}

impl Borrowed {
    /// The session with the unit's own service.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] where the unit is reached in another way.
    pub(crate) fn session(&mut self) -> Result<&mut Session> {
        let address = self.way.address();
        match &mut self.way {
            Way::Service(session) => Ok(session),
            Way::Api(_) | Way::Tftp(_) => {
                let why = "only a unit's own service has this, and this unit is configured in another way";
                Err(Error::new(ErrorKind::Unsupported(why.into())).address(address))
            }
        }
    }
}

impl Sessions {
    /// Who is logged in to the unit of this key.
    pub(crate) fn logged_in(&self, key: &str, target: &Target) -> Option<LoggedIn> {
        self.kept().look(key, target, Instant::now())
    }

    /// The session of a log-in: the open connection where it is still alive, else a new one to the same unit in the
    /// same way. `cancel` stops the action that it is for.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is logged in, and what a log-in can be refused with.
    pub(crate) async fn borrow(
        &self,
        local: &Local,
        key: &str,
        target: &Target,
        cancel: CancellationToken,
        report: Report<'_>,
    ) -> Result<Borrowed> {
        let Taken {
            user,
            route,
            live,
            restart,
            lent,
        } = self
            .kept()
            .take(key, target, Instant::now())
            .ok_or_else(|| nobody(target))?;
        let key = key.to_owned();
        if let Some(way) = alive(live, &cancel).await {
            return Ok(Borrowed {
                way,
                key,
                restart,
                lent,
            });
        }
        match again(local, user, route, cancel, report).await {
            Ok(way) => Ok(Borrowed {
                way,
                key,
                restart,
                lent,
            }),
            Err(error) => {
                if is_about_the_log_in(error.kind()) {
                    self.kept().forget(&key);
                }
                Err(error)
            }
        }
    }

    /// The open connection of a log-in as it is, without asking whether it is alive: for a unit that is going away.
    pub(crate) fn take_live(
        &self,
        key: &str,
        target: &Target,
        cancel: CancellationToken,
    ) -> Option<Borrowed> {
        let taken = self.kept().take(key, target, Instant::now())?;
        let mut way = taken.live?;
        way.set_cancel(cancel);
        Some(Borrowed {
            way,
            key: key.to_owned(),
            restart: taken.restart,
            lent: taken.lent,
        })
    }

    /// Which service of which unit a log-in that waits is for.
    pub(crate) fn unit_of(&self, attempt: &str) -> Option<(UnitRef, Service)> {
        self.attempts().unit_of(attempt)
    }

    /// Takes a session back after an action that worked.
    pub(crate) async fn give_back(&self, borrowed: Borrowed) {
        let Borrowed {
            way,
            key,
            restart,
            lent,
        } = borrowed;
        drop(lent);
        let spare = self.kept().put_back(&key, way, restart, Instant::now());
        if let Some(way) = spare {
            way.close().await;
        }
    }

    /// Takes a session back after an action that changed where the unit is, or who may log in there and how.
    pub(crate) async fn give_back_changed(&self, borrowed: Borrowed, key: String, target: &Target) {
        let spare = self
            .kept()
            .replace(&borrowed.key, key, borrowed.way, target, Instant::now());
        if let Some(session) = spare {
            session.close().await;
        }
    }

    /// Ends the log-in to the unit of this key.
    pub(crate) async fn end(&self, key: &str) {
        let session = self.kept().forget(key);
        if let Some(session) = session {
            session.close().await;
        }
    }

    /// Who is logged in to the unit of this key, for another of its services.
    ///
    /// # Errors
    /// [`ErrorKind::NoCredential`] where nobody is.
    pub(crate) fn user(&self, key: &str, target: &Target) -> Result<ServiceUser> {
        self.kept()
            .user(key, target, Instant::now())
            .ok_or_else(|| nobody(target))
    }

    /// The log-in to the unit of this key has another password from now on.
    pub(crate) fn set_password(&self, key: &str, password: SecretString) {
        self.kept().set_password(key, password);
    }

    /// Ends the log-ins that nobody used for this long, and forgets the attempts that nobody answered; the names of the
    /// units.
    pub async fn close_idle(&self, idle: Duration) -> Vec<String> {
        self.attempts().forget_old(Instant::now());
        let ended = self.kept().take_idle(idle, Instant::now());
        let mut names = Vec::new();
        for (name, session) in ended {
            names.push(name);
            if let Some(session) = session {
                session.close().await;
            }
        }
        names.sort();
        names.dedup();
        names
    }

    fn kept(&self) -> MutexGuard<'_, KeptSessions> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nobody(target: &Target) -> Error {
    let message = format!("nobody is logged in to {}; log in and try again", target.name());
    Error::new(ErrorKind::NoCredential(message)).at(Step::LogIn)
}

/// The session, if the unit still answers on it.
async fn alive(live: Option<Way>, cancel: &CancellationToken) -> Option<Way> {
    let mut way = live?;
    way.set_cancel(cancel.clone());
    let Way::Service(session) = &mut way else {
        // Over TFTP nothing is open that could be closed, and the Management API opens what was closed by itself.
        return Some(way);
    };
    let object = match session.access().service {
        Service::Configuration => Object::Configuration,
        Service::Security => Object::SecuritySettings,
    };
    let asked = tokio::time::timeout(ALIVE, session.stat(object)).await;
    // A refusal is an answer too.
    match asked {
        Ok(Ok(_)) => Some(way),
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::NoRight) => Some(way),
        _ => None,
    }
}

/// A new connection with the same log-in. The pin is not touched: the certificate must be the one of before.
async fn again(
    local: &Local,
    user: ServiceUser,
    route: Route,
    cancel: CancellationToken,
    report: Report<'_>,
) -> Result<Way> {
    let nothing = Overrides::default();
    match route {
        Route::Service(access) => {
            let connection = Connection::open(access, cancel.clone(), report).await?;
            let session = Box::pin(local.enter(connection, user, &nothing, cancel, report)).await?;
            Ok(session.into())
        }
        Route::Api(access) => {
            let connection = ApiConnection::open(access, cancel.clone(), report).await?;
            let session = local
                .log_in_to_api(connection, user, &nothing, &cancel, report)
                .await?;
            Ok(session.into())
        }
        Route::Tftp(access) => Ok(TftpSession::open(access, user.password, cancel).await?.into()),
    }
}

/// Whether it is no use to log in again in the same way.
fn is_about_the_log_in(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::AuthenticationFailed { .. }
            | ErrorKind::LastAttempt
            | ErrorKind::WrongSystemPassword
            | ErrorKind::AccountDisabled
            | ErrorKind::PasswordChangeRequired
            | ErrorKind::Impostor
            | ErrorKind::CertificateChanged { .. }
            | ErrorKind::CertificateRefused(_)
            | ErrorKind::WeakerLogIn { .. }
    )
}

/// For what nobody watches.
const NOBODY: Report<'static> = &silent;
