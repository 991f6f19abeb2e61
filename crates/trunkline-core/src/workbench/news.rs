//! What the program has to say without being asked: kept until the window listens, each thing said once.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::closing::Unfinished;
use super::networks::Network;
use crate::Notice;
use crate::discovery::InterfaceChanges;

/// Most that is kept while nobody listens; older things are forgotten first.
const KEPT: usize = 32;

/// One thing that the program has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The keychain waits for a person to answer the operating system's prompt, or does so no longer.
    Keychain {
        /// Whether it waits.
        waiting: bool,
    },
    /// Something happened to one of this program's files.
    Notice(Notice),
    /// What a unit said over the Management API.
    Remarks {
        /// The unit, by name.
        unit: String,
        /// It must restart before something takes effect.
        restart_needed: bool,
        /// Collections that it does not have.
        not_offered: Vec<String>,
        /// What was written, and is not there as it was sent.
        kept_otherwise: Vec<String>,
    },
    /// Log-ins ended because nobody used them.
    LoggedOut {
        /// The units, by name.
        units: Vec<String>,
        /// For how long nobody used them.
        minutes: u32,
    },
    /// Another program, such as the command line, changed sites or preferences.
    StoreChanged,
    /// This computer's addresses changed: what was found before may be elsewhere now.
    NetworksChanged {
        /// What came and went.
        changes: InterfaceChanges,
        /// The networks that there are now.
        networks: Vec<Network>,
    },
    /// Security settings that nobody used for a while were closed.
    SecurityClosed {
        /// Which.
        id: String,
    },
    /// Somebody wants to close the window while something is not finished.
    Closing(Unfinished),
}

/// The news, and the one who listens.
#[derive(Default)]
pub(super) struct Newsroom {
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    kept: VecDeque<News>,
    listener: Option<UnboundedSender<News>>,
}

impl Newsroom {
    /// Says something now, or to the next one who listens; answers whether somebody listens.
    pub(super) fn say(&self, news: News) -> bool {
        let mut desk = self.desk();
        let Some(listener) = &desk.listener else {
            desk.keep(news);
            return false;
        };
        let Err(unheard) = listener.send(news) else {
            return true;
        };
        desk.listener = None;
        desk.keep(unheard.0);
        false
    }

    /// Listens from now on, in the place of whoever did before; first comes what nobody heard yet.
    pub(super) fn listen(&self) -> UnboundedReceiver<News> {
        let (listener, heard) = unbounded_channel();
        let mut desk = self.desk();
        for news in desk.kept.drain(..) {
            // The other end is still here.
            listener.send(news).ok();
        }
        desk.listener = Some(listener);
        heard
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    fn keep(&mut self, news: News) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(news);
    }
}

impl fmt::Debug for Newsroom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.desk().kept).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(heard: &mut UnboundedReceiver<News>) -> Vec<News> {
        std::iter::from_fn(|| heard.try_recv().ok()).collect()
    }

    #[test]
    fn what_nobody_heard_is_kept_and_said_once() {
        let room = Newsroom::default();
        let waiting = |waiting| News::Keychain { waiting };
        assert!(!room.say(waiting(true)));
        let mut first = room.listen();
        assert!(room.say(News::StoreChanged));
        assert_eq!(all(&mut first), [waiting(true), News::StoreChanged]);

        let mut second = room.listen();
        assert!(room.say(waiting(false)));
        assert_eq!(
            (all(&mut first), all(&mut second)),
            (vec![], vec![waiting(false)])
        );
        drop(second);
        assert!(!room.say(waiting(true)));
        assert_eq!(all(&mut room.listen()), [waiting(true)]);
    }

    #[test]
    fn only_so_much_is_kept() {
        let room = Newsroom::default();
        room.say(News::Keychain { waiting: true });
        for _ in 0..KEPT {
            room.say(News::StoreChanged);
        }
        assert_eq!(all(&mut room.listen()), vec![News::StoreChanged; KEPT]);
    }
}
