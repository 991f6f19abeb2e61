//! Receiving, sending and restarting over TFTP.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trunkline_protocol::link::{Object, Restart, Stat, WriteMode};
use trunkline_protocol::tftp::packet::FileName;
use trunkline_protocol::tftp::path;
use trunkline_protocol::tftp::transfer::TransferSettings;

use super::TftpAccess;
use super::files::{Nowhere, give, keep, resolve};
use super::wire::{self, Asked, Moved, PARTS_WAITING, Unwritten};
use crate::progress::{Progress, Report};
use crate::receive::{Destination, Received};
use crate::send::{Committed, Outgoing};
use crate::{ContentHash, Error, ErrorKind, Result, Step};

/// What revisions of this method begin with, so that nobody takes one for a unit's own.
const REVISION: &str = "tftp-";
/// Hexadecimal digits of the hash that a revision shows.
const REVISION_DIGITS: usize = 16;

/// The system password of a system before 3.2, and where that is. Nothing is open between two actions.
pub struct TftpSession {
    pub(super) access: TftpAccess,
    server: SocketAddr,
    password: SecretString,
    pub(super) cancel: CancellationToken,
}

impl fmt::Debug for TftpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TftpSession")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl TftpSession {
    /// Looks up where the system is. Nothing is sent to it yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotReachable`] where its name has no address; [`ErrorKind::Usage`] where a file name of the
    /// preferences has no place for this password.
    pub async fn open(access: TftpAccess, password: SecretString, cancel: CancellationToken) -> Result<Self> {
        let server = resolve(&access, &cancel).await?;
        let session = Self {
            access,
            server,
            password,
            cancel,
        };
        for template in [
            &session.access.names.read,
            &session.access.names.write,
            &session.access.names.reboot,
        ] {
            session.file(template)?;
        }
        Ok(session)
    }

    /// How it is reached.
    pub fn access(&self) -> &TftpAccess {
        &self.access
    }

    /// From now on this stops what is done.
    pub(crate) fn set_cancel(&mut self, cancel: CancellationToken) {
        self.cancel = cancel;
    }

    /// Finds out whether the password is right: asks for the configuration, and lets go once it comes.
    ///
    /// # Errors
    /// [`ErrorKind::WrongSystemPassword`], [`ErrorKind::NoTftpAnswer`], and what the unit refuses otherwise.
    pub async fn try_password(&self, report: Report<'_>) -> Result<()> {
        report(Progress::LoggingIn);
        self.look(&self.access.names.read, self.access.settings)
            .await
            .map_err(|e| e.at(Step::LogIn).address(self.access.address()))
    }

    /// Refuses what such systems can not do, before anything is done.
    #[expect(clippy::unused_self, reason = "the same door as the other ways have")]
    pub(crate) fn may_send(&self, object: Object, mode: WriteMode) -> Result<()> {
        only_the_configuration(object)?;
        let why = match mode {
            WriteMode::Restart(Restart::Immediately) => return Ok(()),
            WriteMode::Merge => {
                "a system before 3.2 can not merge: it takes a configuration as a whole and restarts with it; send with \
                 --mode immediate when its calls may end"
            }
            WriteMode::Restart(_) => {
                "a system before 3.2 restarts at once when it is told to, not when it is free or at a time; send with \
                 --mode immediate when its calls may end"
            }
        };
        Err(ErrorKind::Unsupported(why.into()).into())
    }

    /// Receives the configuration; `step` says whether it is the copy before a send.
    ///
    /// # Errors
    /// As [`crate::receive()`]: [`ErrorKind::ConnectionLost`] says how far it got.
    pub(crate) async fn receive<D: Destination>(
        &mut self,
        object: Object,
        destination: D,
        step: Step,
        report: Report<'_>,
    ) -> Result<Received<D>> {
        let show = |Moved { done, total }| {
            report(if step == Step::Backup {
                Progress::BackingUp { done, total }
            } else {
                Progress::Receiving { done, total }
            });
        };
        let received = async {
            only_the_configuration(object)?;
            self.fetch(destination, show).await
        };
        received
            .await
            .map_err(|e| e.at(step).address(self.access.address()))
    }

    /// Writes a configuration in place of `before`, and reads it back. It takes effect with a restart, which is a step of its own:
    /// [`TftpSession::reboot`].
    ///
    /// # Errors
    /// What the unit refuses; [`ErrorKind::ConnectionLost`] where the unit still has what it had,
    /// [`ErrorKind::OutcomeUnknown`] where it could not be asked, [`ErrorKind::NotAsSent`] where it holds something else.
    pub(crate) async fn send(
        &mut self,
        before: &Stat,
        outgoing: &Outgoing,
        report: Report<'_>,
    ) -> Result<Committed> {
        let sent = self.send_and_verify(before, outgoing, report).await;
        sent.map_err(|e| e.at(Step::Send).address(self.access.address()))
    }

    async fn send_and_verify(
        &self,
        before: &Stat,
        outgoing: &Outgoing,
        report: Report<'_>,
    ) -> Result<Committed> {
        let lost = match self.write(outgoing, report).await {
            Ok(()) => None,
            Err(Unwritten { error, may_be_there }) => match error.kind() {
                ErrorKind::Cancelled(_) if may_be_there => {
                    let why = "it is not known whether the unit took what was sent; receive and compare";
                    return Err(ErrorKind::Cancelled(why).into());
                }
                ErrorKind::Cancelled(_) => {
                    let why = "nothing was changed, the unit still has what it had";
                    return Err(ErrorKind::Cancelled(why).into());
                }
                ErrorKind::ConnectionLost(why) => {
                    report(Progress::AskingWhatItHolds);
                    Some((why.clone(), may_be_there))
                }
                _ => return Err(error),
            },
        };
        let show = |Moved { done, total }| report(Progress::ReadingBack { done, total });
        let held = match self.fetch(Nowhere, show).await {
            Ok(held) => held.stat,
            Err(error) => return Err(not_read_back(lost, outgoing, &error)),
        };
        match lost {
            _ if held.sha256 == *outgoing.sha256() => Ok(Committed {
                revision: held.revision,
                restart_s: None,
            }),
            Some((why, _)) if held.sha256 == before.sha256 => Err(ErrorKind::ConnectionLost(format!(
                "{why}; nothing was changed, the unit still has what it had"
            ))
            .into()),
            _ => Err(ErrorKind::NotAsSent {
                unit_revision: held.revision,
            }
            .into()),
        }
    }

    /// Restarts the unit: writes an empty file.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for any other restart than one at once, and what the unit refuses.
    pub(crate) async fn reboot(&mut self, restart: Restart) -> Result<Option<u32>> {
        let rebooted = async {
            if restart != Restart::Immediately {
                let why = "a system before 3.2 restarts at once when it is told to, not when it is free or at a time; use \
                           --mode immediate when its calls may end";
                return Err(Error::from(ErrorKind::Unsupported(why.into())));
            }
            let asked = self.asked(&self.access.names.reboot, self.access.settings)?;
            let _stops = asked.stop.clone().drop_guard();
            let (_, parts) = mpsc::channel(1);
            let outcome = wire::write(asked, 0, parts)?.watched(|_| {}).await;
            match outcome.unwrap_or_else(|| Err(stopped())) {
                Ok(()) => Ok(Some(0)),
                // It took the file and went before it could say so.
                Err(Unwritten {
                    error,
                    may_be_there: true,
                }) if matches!(error.kind(), ErrorKind::ConnectionLost(_)) => Ok(Some(0)),
                Err(Unwritten { error, .. }) => Err(error),
            }
        };
        rebooted
            .await
            .map_err(|e| e.at(Step::Reboot).address(self.access.address()))
    }
    pub(super) async fn look(&self, template: &str, settings: TransferSettings) -> Result<()> {
        self.look_at(self.file(template)?, true, settings).await
    }

    /// Asks for a file, and lets go of it as soon as it comes.
    pub(super) async fn look_at(
        &self,
        file: FileName,
        with_password: bool,
        settings: TransferSettings,
    ) -> Result<()> {
        let asked = Asked {
            server: self.server,
            file,
            with_password,
            settings,
            stop: self.cancel.child_token(),
        };
        let stop = asked.stop.clone();
        let _stops = stop.clone().drop_guard();
        let (parts, mut queue) = mpsc::channel(PARTS_WAITING);
        let running = wire::read(asked, parts)?;
        let outcome = running.watched(|_| {});
        tokio::pin!(outcome);
        tokio::select! {
            biased;
            Some(_) = queue.recv() => {
                // Dropping both would do; the unit is told at once.
                stop.cancel();
                Ok(())
            }
            ended = &mut outcome => ended.unwrap_or_else(|| Err(stopped().error)).map(drop),
        }
    }

    pub(super) async fn fetch<D: Destination>(
        &self,
        destination: D,
        show: impl Fn(Moved),
    ) -> Result<Received<D>> {
        let started = Instant::now();
        let asked = self.asked(&self.access.names.read, self.access.settings)?;
        let _stops = asked.stop.clone().drop_guard();
        let (parts, queue) = mpsc::channel(PARTS_WAITING);
        let writer = tokio::task::spawn_blocking(move || keep(destination, queue));
        let outcome = wire::read(asked, parts)?.watched(show).await;
        let kept = writer.await.map_err(|_| Error::new(ErrorKind::Cancelled("")))?;
        match (outcome.unwrap_or_else(|| Err(stopped().error)), kept) {
            (Ok(length), Ok((destination, sha256))) => Ok(Received {
                destination,
                stat: Stat {
                    length,
                    sha256,
                    revision: revision(&sha256),
                },
                resumed: false,
                elapsed: started.elapsed(),
            }),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
        }
    }

    async fn write(&self, outgoing: &Outgoing, report: Report<'_>) -> Result<(), Unwritten> {
        let nothing_left = |error| Unwritten {
            error,
            may_be_there: false,
        };
        let asked = self
            .asked(&self.access.names.write, self.access.settings)
            .map_err(nothing_left)?;
        let _stops = asked.stop.clone().drop_guard();
        let (queue, parts) = mpsc::channel(PARTS_WAITING);
        let source = outgoing.clone();
        let reader = tokio::task::spawn_blocking(move || give(source, &queue));
        let show = |Moved { done, total }| report(Progress::Sending { done, total });
        let running = wire::write(asked, outgoing.length(), parts).map_err(nothing_left)?;
        let outcome = running.watched(show).await;
        let read = reader.await.map_err(|_| nothing_left(stopped().error))?;
        match (outcome.unwrap_or_else(|| Err(stopped())), read) {
            // The file could not be read, or is not what it was: its end never left.
            (Err(unwritten), Err(error)) if !unwritten.may_be_there => Err(nothing_left(error)),
            (outcome, _) => outcome,
        }
    }

    fn file(&self, template: &str) -> Result<FileName> {
        path::file_name(template, &self.password).map_err(|error| {
            // Neither the template's place nor the length says anything of the password.
            Error::new(ErrorKind::Usage(format!(
                "the TFTP file name {template:?}: {error}"
            )))
            .at(Step::LogIn)
            .address(self.access.address())
        })
    }

    fn asked(&self, template: &str, settings: TransferSettings) -> Result<Asked> {
        Ok(Asked {
            server: self.server,
            file: self.file(template)?,
            with_password: true,
            settings,
            stop: self.cancel.child_token(),
        })
    }
}

/// A revision of what has none: it stands for the bytes.
fn revision(sha256: &[u8; 32]) -> String {
    let hash = ContentHash::from_bytes(*sha256).to_string();
    format!("{REVISION}{}", &hash[..REVISION_DIGITS])
}

fn only_the_configuration(object: Object) -> Result<()> {
    match object {
        Object::Configuration => Ok(()),
        Object::SecuritySettings => Err(ErrorKind::Unsupported(
            "systems before 3.2 have no security settings: they know one system password, in their configuration".into(),
        )
        .into()),
        Object::AuditTrail => {
            Err(ErrorKind::Unsupported("systems before 3.2 have no audit trail".into()).into())
        }
    }
}

/// A write whose outcome could not be looked at.
fn not_read_back(lost: Option<(String, bool)>, outgoing: &Outgoing, error: &Error) -> Error {
    let why = error.kind();
    match lost {
        Some((lost, false)) => ErrorKind::ConnectionLost(format!(
            "{lost}; the file did not arrive as a whole, and the unit could not be asked what it holds ({why})"
        )),
        Some((lost, true)) => ErrorKind::OutcomeUnknown(format!(
            "configuration: {lost}, and it could not be asked what it holds ({why}); it was not restarted"
        )),
        None => ErrorKind::OutcomeUnknown(format!(
            "configuration: it acknowledged all {} bytes, and could not be read back ({why}); it was not restarted",
            outgoing.length()
        )),
    }
    .into()
}

fn stopped() -> Unwritten {
    Unwritten {
        error: ErrorKind::Cancelled("").into(),
        may_be_there: true,
    }
}
