//! The log-ins that are kept, by unit.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::LoggedIn;
use crate::restart::Due;
use crate::session::ServiceUser;
use crate::{Route, Target, Way};

/// What is kept of a log-in.
pub(super) struct Kept {
    pub(super) user: ServiceUser,
    pub(super) route: Route,
    pub(super) facts: LoggedIn,
    pub(super) live: Option<Way>,
    /// Where the target said that it is: a site that moved is not the same unit any more.
    host: String,
    base_port: Option<u16>,
    restart: Option<Due>,
    used: Instant,
    /// What the unit is called.
    name: String,
    /// Alive while an action uses the log-in.
    lent: Weak<()>,
}

/// Everything to go on with.
pub(super) struct Taken {
    pub(super) user: ServiceUser,
    pub(super) route: Route,
    /// The open connection, which is handed out once.
    pub(super) live: Option<Way>,
    pub(super) restart: Option<Due>,
    pub(super) lent: Arc<()>,
}

/// The log-ins by [`crate::unit_ref::UnitRef::key`].
#[derive(Default)]
pub(super) struct KeptSessions {
    kept: HashMap<String, Kept>,
}

impl fmt::Debug for KeptSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kept.keys()).finish()
    }
}

impl Kept {
    pub(super) fn new(
        user: ServiceUser,
        route: Route,
        way: Way,
        facts: LoggedIn,
        target: &Target,
        now: Instant,
    ) -> Self {
        Self {
            user,
            route,
            facts,
            live: Some(way),
            host: target.host.clone(),
            base_port: target.base_port,
            restart: None,
            used: now,
            name: target.name().to_owned(),
            lent: Weak::new(),
        }
    }

    fn is_for(&self, target: &Target) -> bool {
        self.host == target.host && self.base_port == target.base_port
    }
}

impl KeptSessions {
    /// Keeps a log-in; what was kept for that unit before is given back, to be closed.
    pub(super) fn insert(&mut self, key: String, kept: Kept) -> Option<Way> {
        self.kept.insert(key, kept).and_then(|before| before.live)
    }

    pub(super) fn look(&mut self, key: &str, target: &Target, now: Instant) -> Option<LoggedIn> {
        let kept = self.kept.get_mut(key).filter(|kept| kept.is_for(target))?;
        kept.used = now;
        Some(kept.facts.clone())
    }

    pub(super) fn user(&mut self, key: &str, target: &Target, now: Instant) -> Option<ServiceUser> {
        let kept = self.kept.get_mut(key).filter(|kept| kept.is_for(target))?;
        kept.used = now;
        Some(kept.user.clone())
    }

    /// Everything to go on with. The log-in counts as used until what was lent is dropped.
    pub(super) fn take(&mut self, key: &str, target: &Target, now: Instant) -> Option<Taken> {
        let kept = self.kept.get_mut(key).filter(|kept| kept.is_for(target))?;
        kept.used = now;
        let lent = kept.lent.upgrade().unwrap_or_default();
        kept.lent = Arc::downgrade(&lent);
        Some(Taken {
            user: kept.user.clone(),
            route: kept.route.clone(),
            live: kept.live.take(),
            restart: kept.restart,
            lent,
        })
    }

    /// Takes an open connection back; gives back what there is no place for.
    pub(super) fn put_back(
        &mut self,
        key: &str,
        way: Way,
        restart: Option<Due>,
        now: Instant,
    ) -> Option<Way> {
        let Some(kept) = self.kept.get_mut(key) else {
            return Some(way);
        };
        kept.used = now;
        kept.restart = restart;
        kept.live.replace(way)
    }

    /// Takes an open connection back that is to be found under another key, or in another way, from now on; gives back
    /// what there is no place for.
    pub(super) fn replace(
        &mut self,
        old: &str,
        key: String,
        way: Way,
        target: &Target,
        now: Instant,
    ) -> Option<Way> {
        let Some(Kept { user, facts, .. }) = self.kept.remove(old) else {
            return Some(way);
        };
        let user = way
            .session()
            .map_or(user, |session| session.service_user().clone());
        let kept = Kept::new(user, way.route(), way, facts, target, now);
        self.insert(key, kept)
    }

    pub(super) fn forget(&mut self, key: &str) -> Option<Way> {
        self.kept.remove(key)?.live
    }

    /// From now on it is this password that logs in again. When it expires is not known any more.
    pub(super) fn set_password(&mut self, key: &str, password: SecretString) {
        if let Some(kept) = self.kept.get_mut(key) {
            kept.user.password = password;
            kept.facts.password_expires_days = None;
        }
    }

    /// Forgets what nobody used for `idle`; gives back what the units are called, and the connections, to be closed.
    pub(super) fn take_idle(&mut self, idle: Duration, now: Instant) -> Vec<(String, Option<Way>)> {
        let is_idle =
            |kept: &Kept| now.saturating_duration_since(kept.used) >= idle && kept.lent.upgrade().is_none();
        let idle = self.kept.extract_if(|_, kept| is_idle(kept));
        idle.map(|(_, kept)| (kept.name, kept.live)).collect()
    }
}
