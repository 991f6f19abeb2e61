//! Log-ins at one service of a unit take turns, among all processes that share the data folder: each knows what those
//! before it left, and the last attempt before a lock is used by nobody who was not told to (protocol.md 4.4).

use std::fs::{File, TryLockError};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::platform;
use crate::store::Store;
use crate::{Error, ErrorKind, Result};

/// How long a turn is waited for: many log-ins at a unit that says nothing, one after the other.
const LONGEST_WAIT: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(20);
/// Failed log-ins within ten minutes that lock, where the unit does not say how many are left.
const LIMIT: u16 = 3;

/// What is known of failed log-ins at one service of a unit, by each name under which it was reached.
#[derive(Debug, Clone)]
pub(crate) struct Attempts {
    store: Arc<Store>,
    /// The name that the user or the site has, and the address that answered.
    hosts: Vec<String>,
    peer: IpAddr,
    port: u16,
}

/// The turn of one log-in. When it is dropped after the proof left and before anything answered it, the attempt
/// counts as used: nobody knows.
#[derive(Debug)]
pub(crate) struct Turn {
    attempts: Attempts,
    proof_sent: bool,
    /// Ends with the file, and so with the process.
    _lock: File,
}

impl Attempts {
    pub(crate) fn at(store: &Arc<Store>, host: &str, peer: IpAddr, port: u16) -> Self {
        let mut hosts = vec![host.to_owned()];
        if host.parse() != Ok(peer) {
            hosts.push(peer.to_string());
        }
        Self {
            store: Arc::clone(store),
            hosts,
            peer,
            port,
        }
    }

    /// Attempts that are left before a lock, as far as this computer knows.
    fn left(&self) -> Result<Option<u16>> {
        let data = self.store.read()?;
        let left = self
            .hosts
            .iter()
            .filter_map(|host| data.attempts_left(host, self.port));
        Ok(left.min())
    }

    /// Waits for the turn.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`]; [`ErrorKind::Storage`] where another process keeps it for minutes.
    pub(crate) async fn turn(self, cancel: &CancellationToken) -> Result<Turn> {
        let path = self.lock_file()?;
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| Error::storage(&path, &error))?;
        let deadline = Instant::now() + LONGEST_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    return Ok(Turn {
                        attempts: self,
                        proof_sent: false,
                        _lock: file,
                    });
                }
                Err(TryLockError::Error(error)) => return Err(Error::storage(&path, &error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let what = "another Trunkline has been logging in to this unit for minutes; close it and try again";
                    return Err(Error::storage(&path, &what));
                }
                Err(TryLockError::WouldBlock) => tokio::select! {
                    biased;
                    () = cancel.cancelled() => return Err(ErrorKind::Cancelled("").into()),
                    () = tokio::time::sleep(LOOK) => {}
                },
            }
        }
    }

    /// One empty file for each service of a unit; it stays, since removing a lock that others wait for is no lock.
    fn lock_file(&self) -> Result<PathBuf> {
        let folder = self.store.folder().join("log-ins");
        platform::create_private_folder(&folder).map_err(|error| Error::storage(&folder, &error))?;
        let name = format!("{}_{}.lock", self.peer, self.port).replace(':', "_");
        Ok(folder.join(name))
    }

    /// Notes how a log-in failed after its proof had left.
    ///
    /// # Errors
    /// Where the store can not be written.
    pub(crate) fn failed(&self, error: &Error) -> Result<()> {
        let left = match error.kind() {
            ErrorKind::AuthenticationFailed {
                attempts_left: Some(left),
            } => *left,
            // The unit counts, and does not say so; or it never got to say anything.
            ErrorKind::AuthenticationFailed { attempts_left: None }
            | ErrorKind::ConnectionLost(_)
            | ErrorKind::Cancelled(_) => return self.one_less(),
            _ => return Ok(()),
        };
        self.remember(left)
    }

    fn one_less(&self) -> Result<()> {
        let left = self.left()?.unwrap_or(LIMIT);
        self.remember(left.saturating_sub(1))
    }

    fn remember(&self, left: u16) -> Result<()> {
        self.store.update(|data| {
            for host in &self.hosts {
                data.set_attempts_left(host, self.port, left);
            }
            Ok(())
        })
    }

    fn forget(&self) -> Result<()> {
        self.store.update(|data| {
            for host in &self.hosts {
                data.forget_attempts(host, self.port);
            }
            Ok(())
        })
    }
}

impl Turn {
    /// Refuses the last attempt before a lock.
    ///
    /// # Errors
    /// [`ErrorKind::LastAttempt`], and where the store can not be read.
    pub(crate) fn refuse_the_last(&self) -> Result<()> {
        if self.attempts.left()? == Some(1) {
            return Err(ErrorKind::LastAttempt.into());
        }
        Ok(())
    }

    /// To be set once the proof leaves.
    pub(crate) fn proof_sent(&mut self) -> &mut bool {
        &mut self.proof_sent
    }

    /// Notes how the log-in ended.
    ///
    /// # Errors
    /// Where the store can not be written.
    pub(crate) fn ended<T>(mut self, log_in: &Result<T>) -> Result<Attempts> {
        let was_sent = std::mem::take(&mut self.proof_sent);
        match log_in {
            Ok(_) => self.attempts.forget()?,
            Err(error) if was_sent => self.attempts.failed(error)?,
            Err(_) => {}
        }
        Ok(self.attempts.clone())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.proof_sent
            && let Err(error) = self.attempts.one_less()
        {
            tracing::warn!("an attempt to log in could not be noted: {error}");
        }
    }
}

#[cfg(test)]
#[path = "log_in_turn_tests.rs"]
mod tests;
