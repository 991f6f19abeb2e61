//! A keychain that is not waited for without end: on a locked one the operating system asks a person, who may not see it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Credential, CredentialKey, Credentials};
use crate::error::{Error, ErrorKind, Result, Step};

/// An open keychain answers sooner than this; what takes longer waits for a person.
const UNNOTICED: Duration = Duration::from_millis(250);

/// Another keychain, asked on a thread of its own. Who waits for it is told that it waits for a person, can be sent on
/// without it ([`PatientKeychain::skip`]), and goes on by itself after some time. While a question that nobody waits for
/// any more is still open, no further one is asked: it would only stand behind the same prompt.
pub(crate) struct PatientKeychain {
    keychain: Arc<dyn Credentials>,
    patience: Duration,
    /// Told `true` when somebody has to wait, `false` when nobody has to any more.
    waiting: Box<dyn Fn(bool) + Send + Sync>,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Default)]
struct Desk {
    next: u64,
    /// How to send those on who wait.
    waiting: BTreeMap<u64, Box<dyn Fn() + Send>>,
    /// Questions that nobody waits for any more.
    left: usize,
    /// What was last seen to be kept, or not.
    known: HashMap<CredentialKey, bool>,
}

/// Where one question stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Waited,
    Left,
    Answered,
}

impl PatientKeychain {
    pub(crate) fn new(
        keychain: Arc<dyn Credentials>,
        patience: Duration,
        waiting: impl Fn(bool) + Send + Sync + 'static,
    ) -> Self {
        let (waiting, desk) = (Box::new(waiting), Arc::default());
        Self {
            keychain,
            patience,
            waiting,
            desk,
        }
    }

    /// Sends everybody on who waits now.
    pub(crate) fn skip(&self) {
        for send_on in self.desk().waiting.values() {
            send_on();
        }
    }

    /// Whether this is kept, as far as it was seen since the start. Asks nobody.
    pub(crate) fn knows(&self, key: &CredentialKey) -> bool {
        self.desk().known.get(key).copied().unwrap_or_default()
    }

    fn ask<R: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Credentials) -> Result<R> + Send + 'static,
    ) -> Result<R> {
        if self.desk().left > 0 {
            return Err(unanswered(
                "its prompt is still open and nobody answered it".into(),
            ));
        }
        let (answer, answered) = mpsc::channel();
        let asked = Arc::new(Mutex::new(Asked::Waited));
        self.ask_aside(question, answer.clone(), Arc::clone(&asked))?;
        let came = match answered.recv_timeout(UNNOTICED) {
            Err(RecvTimeoutError::Timeout) => {
                let _waiting = self.wait(move || drop(answer.send(None)));
                answered.recv_timeout(self.patience)
            }
            came => came,
        };
        if let Ok(Some(result)) = came {
            return result;
        }
        self.leave(&asked);
        Err(unanswered(match came {
            Ok(_) => "you went on without it".into(),
            Err(_) => format!("nobody answered its prompt within {} s", self.patience.as_secs()),
        }))
    }

    fn ask_aside<R: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Credentials) -> Result<R> + Send + 'static,
        answer: Sender<Option<Result<R>>>,
        asked: Arc<Mutex<Asked>>,
    ) -> Result<()> {
        let (keychain, desk) = (Arc::clone(&self.keychain), Arc::clone(&self.desk));
        let ask = move || {
            let result = question(&*keychain);
            // One who has gone on may be gone.
            answer.send(Some(result)).ok();
            let mut asked = guard(&asked);
            if *asked == Asked::Left {
                guard(&desk).left -= 1;
            }
            *asked = Asked::Answered;
        };
        let started = thread::Builder::new().name("keychain".into()).spawn(ask);
        started.map(drop).map_err(|error| unanswered(error.to_string()))
    }

    fn leave(&self, asked: &Mutex<Asked>) {
        let mut asked = guard(asked);
        if *asked == Asked::Waited {
            *asked = Asked::Left;
            self.desk().left += 1;
        }
    }

    fn wait(&self, send_on: impl Fn() + Send + 'static) -> Waiting<'_> {
        let mut desk = self.desk();
        desk.next += 1;
        let (id, first) = (desk.next, desk.waiting.is_empty());
        desk.waiting.insert(id, Box::new(send_on));
        drop(desk);
        if first {
            (self.waiting)(true);
        }
        Waiting { keychain: self, id }
    }

    fn note(&self, key: &CredentialKey, kept: bool) {
        self.desk().known.insert(key.clone(), kept);
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        guard(&self.desk)
    }
}

/// Somebody who waits.
struct Waiting<'a> {
    keychain: &'a PatientKeychain,
    id: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut desk = self.keychain.desk();
        desk.waiting.remove(&self.id);
        let last = desk.waiting.is_empty();
        drop(desk);
        if last {
            (self.keychain.waiting)(false);
        }
    }
}

impl Credentials for PatientKeychain {
    fn get(&self, key: &CredentialKey) -> Result<Option<Credential>> {
        let wanted = key.clone();
        let kept = self.ask(move |keychain| keychain.get(&wanted))?;
        self.note(key, kept.is_some());
        Ok(kept)
    }

    fn set(&self, key: &CredentialKey, credential: &Credential) -> Result<()> {
        let (wanted, credential) = (key.clone(), credential.clone());
        self.ask(move |keychain| keychain.set(&wanted, &credential))?;
        self.note(key, true);
        Ok(())
    }

    fn delete(&self, key: &CredentialKey) -> Result<bool> {
        let wanted = key.clone();
        let was_kept = self.ask(move |keychain| keychain.delete(&wanted))?;
        self.note(key, false);
        Ok(was_kept)
    }
}

impl fmt::Debug for PatientKeychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PatientKeychain").field(&self.keychain).finish()
    }
}

fn unanswered(why: String) -> Error {
    Error::new(ErrorKind::KeychainUnavailable(why)).at(Step::Keychain)
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Condvar;

    use super::*;
    use crate::credentials::{MemoryCredentials, Place};

    const NEVER: Duration = Duration::from_hours(1);

    /// A keychain that answers only while its prompt is answered.
    #[derive(Debug, Default)]
    struct Prompting {
        kept: MemoryCredentials,
        open: Mutex<bool>,
        moved: Condvar,
        asked: Mutex<usize>,
    }

    impl Prompting {
        fn unlock(&self) {
            *guard(&self.open) = true;
            self.moved.notify_all();
        }

        fn wait(&self) {
            *guard(&self.asked) += 1;
            let open = guard(&self.open);
            drop(self.moved.wait_while(open, |open| !*open));
        }
    }

    impl Credentials for Prompting {
        fn get(&self, key: &CredentialKey) -> Result<Option<Credential>> {
            self.wait();
            self.kept.get(key)
        }

        fn set(&self, key: &CredentialKey, credential: &Credential) -> Result<()> {
            self.wait();
            self.kept.set(key, credential)
        }

        fn delete(&self, key: &CredentialKey) -> Result<bool> {
            self.wait();
            self.kept.delete(key)
        }
    }

    fn key() -> CredentialKey {
        CredentialKey::ServiceUser {
            place: Place::Site("Bern".into()),
            user: "Admin".into(),
        }
    }

    fn credential() -> Credential {
        Credential {
            user: None,
            password: "Grüße-42".into(),
        }
    }

    /// The keychain behind, the patient one before it, and what it says of waiting.
    fn patient(patience: Duration) -> (Arc<Prompting>, Arc<PatientKeychain>, mpsc::Receiver<bool>) {
        let (said, heard) = mpsc::channel();
        let behind = Arc::<Prompting>::default();
        let patient = PatientKeychain::new(behind.clone(), patience, move |waiting| {
            said.send(waiting).ok();
        });
        (behind, Arc::new(patient), heard)
    }

    #[test]
    fn an_open_keychain_is_asked_without_a_word() {
        let (behind, patient, heard) = patient(NEVER);
        behind.unlock();
        assert!(!patient.knows(&key()));
        patient.set(&key(), &credential()).unwrap();
        assert!(patient.knows(&key()) && patient.get(&key()).unwrap().is_some());
        assert!(patient.delete(&key()).unwrap() && !patient.knows(&key()));
        assert!(patient.get(&key()).unwrap().is_none() && !patient.knows(&key()));
        assert!(heard.try_recv().is_err());
    }

    #[test]
    fn who_waits_for_a_person_is_told_and_gets_the_answer() {
        let (behind, patient, heard) = patient(NEVER);
        let asking = thread::spawn(move || patient.get(&key()));
        assert!(heard.recv().unwrap());
        behind.unlock();
        assert!(asking.join().unwrap().unwrap().is_none());
        assert!(!heard.recv().unwrap());
    }

    #[test]
    fn who_goes_on_without_it_is_not_asked_again_while_the_prompt_is_open() {
        let (behind, patient, heard) = patient(NEVER);
        let asker = Arc::clone(&patient);
        let asking = thread::spawn(move || asker.get(&key()));
        assert!(heard.recv().unwrap());
        patient.skip();
        let error = asking.join().unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().contains("you went on without it")),
            ("keychain_unavailable", true)
        );
        assert!(!heard.recv().unwrap());

        let error = patient.set(&key(), &credential()).unwrap_err();
        assert!(error.to_string().contains("still open"), "{error}");
        assert_eq!(*guard(&behind.asked), 1);
        behind.unlock();
        while guard(&patient.desk).left > 0 {
            thread::yield_now();
        }
        patient.set(&key(), &credential()).unwrap();
    }

    #[test]
    fn nobody_waits_longer_than_the_limit() {
        let (behind, patient, heard) = patient(Duration::from_millis(1));
        let error = patient.delete(&key()).unwrap_err();
        assert!(
            error.code() == "keychain_unavailable" && error.to_string().contains("within 0 s"),
            "{error}"
        );
        assert_eq!([heard.recv().unwrap(), heard.recv().unwrap()], [true, false]);
        behind.unlock();
    }
}
