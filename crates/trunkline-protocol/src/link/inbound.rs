//! What is checked while an object arrives: nothing is kept that does not continue, fit and match.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::LinkError;
use super::object::Stat;

/// Data frames without data that are forgiven for each object; more are a unit that never ends.
const MAX_EMPTY: u32 = 64;

/// An object that is being received, across as many connections as it takes.
///
/// It holds the running SHA-256, not the data: memory does not grow with the object.
#[derive(Debug, Clone, Default)]
pub struct Inbound {
    announced: Option<Stat>,
    received: u64,
    hash: Sha256,
    empty: u32,
}

impl Inbound {
    /// Nothing received yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that were received and counted so far: where a resumed read goes on.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// What the unit announced, once it did.
    pub fn announced(&self) -> Option<&Stat> {
        self.announced.as_ref()
    }

    /// The hash that a resumed read names; zeros at the start.
    pub fn resumed(&self) -> [u8; 32] {
        self.announced
            .as_ref()
            .filter(|_| self.received > 0)
            .map_or([0; 32], |stat| stat.sha256)
    }

    /// The unit's announcement.
    ///
    /// # Errors
    /// [`LinkError::ObjectTooLarge`] above `limit` bytes, [`LinkError::ObjectChanged`] where the first part that is
    /// here belongs to another object.
    pub fn announce(&mut self, stat: Stat, limit: u64) -> Result<(), LinkError> {
        if stat.length > limit {
            return Err(LinkError::ObjectTooLarge {
                announced: stat.length,
                limit,
            });
        }
        match &self.announced {
            Some(first)
                if self.received > 0 && (first.sha256, first.length) != (stat.sha256, stat.length) =>
            {
                return Err(LinkError::ObjectChanged);
            }
            _ => self.announced = Some(stat),
        }
        Ok(())
    }

    /// The next bytes of the object.
    ///
    /// # Errors
    /// [`LinkError::Damaged`] for a gap, a step back, or more than was announced.
    pub fn data(&mut self, offset: u64, bytes: &Bytes) -> Result<(), LinkError> {
        let announced = self.announced.as_ref().map_or(0, |stat| stat.length);
        let damaged = |what: &str| {
            Err(LinkError::Damaged(format!(
                "{what}: at {offset}, where {} of {announced} bytes are here",
                self.received
            )))
        };
        if offset != self.received {
            return damaged(if offset > self.received {
                "a part is missing"
            } else {
                "a part was sent twice"
            });
        }
        if bytes.len() as u64 > announced - self.received {
            return damaged("more than was announced");
        }
        if bytes.is_empty() {
            self.empty += 1;
            if self.empty > MAX_EMPTY {
                return damaged("data without an end");
            }
        }
        self.hash.update(bytes);
        self.received += bytes.len() as u64;
        Ok(())
    }

    /// Whether this many bytes at `offset` would be the next ones, and no more than was announced.
    pub(super) fn fits(&self, offset: u64, length: u64) -> bool {
        let announced = self.announced.as_ref().map_or(0, |stat| stat.length);
        offset == self.received && length <= announced.saturating_sub(self.received)
    }

    /// The unit's end mark.
    ///
    /// # Errors
    /// [`LinkError::Damaged`] where something is missing or a hash does not match.
    pub fn end(&mut self, sha256: &[u8; 32]) -> Result<(), LinkError> {
        let Some(announced) = &self.announced else {
            return Err(LinkError::Damaged("an end without a start".into()));
        };
        if self.received != announced.length {
            let (here, all) = (self.received, announced.length);
            return Err(LinkError::Damaged(format!(
                "it ended after {here} of {all} bytes"
            )));
        }
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        if hash != announced.sha256 || *sha256 != announced.sha256 {
            return Err(LinkError::Damaged(
                "its SHA-256 is not the one that was announced".into(),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(bytes: &[u8]) -> Stat {
        Stat {
            length: bytes.len() as u64,
            sha256: Sha256::digest(bytes).into(),
            revision: "r1".into(),
        }
    }

    fn announced(bytes: &[u8]) -> Inbound {
        let mut inbound = Inbound::new();
        inbound.announce(stat(bytes), 1024).unwrap();
        inbound
    }

    fn damage(result: Result<(), LinkError>) -> String {
        match result {
            Err(LinkError::Damaged(what)) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_object_in_parts_is_whole() {
        let mut inbound = announced(b"abcdef");
        assert_eq!(inbound.resumed(), [0; 32], "nothing is here yet");
        inbound.data(0, &Bytes::from_static(b"abcd")).unwrap();
        assert_eq!(
            (inbound.received(), inbound.resumed()),
            (4, stat(b"abcdef").sha256)
        );
        inbound.announce(stat(b"abcdef"), 1024).unwrap();
        inbound.data(4, &Bytes::from_static(b"ef")).unwrap();
        inbound.end(&stat(b"abcdef").sha256).unwrap();
    }

    #[test]
    fn gaps_repeats_overruns_and_ends_that_come_early_are_damage() {
        let part = Bytes::from_static(b"abc");
        assert!(damage(announced(b"abcdef").data(1, &part)).starts_with("a part is missing"));
        let mut twice = announced(b"abcdef");
        twice.data(0, &part).unwrap();
        assert!(damage(twice.data(0, &part)).starts_with("a part was sent twice"));
        assert_eq!(
            damage(twice.end(&stat(b"abcdef").sha256)),
            "it ended after 3 of 6 bytes"
        );
        assert!(damage(announced(b"ab").data(0, &part)).starts_with("more than was announced"));
        assert!(damage(Inbound::new().data(0, &part)).starts_with("more than was announced"));
        assert_eq!(damage(Inbound::new().end(&[0; 32])), "an end without a start");
        assert!(damage(announced(b"ab").data(u64::MAX, &part)).starts_with("a part is missing"));
    }

    #[test]
    fn a_wrong_hash_is_damage_whichever_of_the_two_it_is() {
        let mut inbound = announced(b"abc");
        inbound.data(0, &Bytes::from_static(b"abc")).unwrap();
        assert!(damage(inbound.end(&[1; 32])).contains("SHA-256"));
        let mut other = announced(b"abc");
        other.data(0, &Bytes::from_static(b"abd")).unwrap();
        assert!(damage(other.end(&stat(b"abc").sha256)).contains("SHA-256"));
    }

    #[test]
    fn another_object_is_not_appended_and_too_large_a_one_not_started() {
        let mut inbound = announced(b"abcdef");
        inbound.data(0, &Bytes::from_static(b"abc")).unwrap();
        assert_eq!(
            inbound.announce(stat(b"ABCDEF"), 1024),
            Err(LinkError::ObjectChanged)
        );
        let large = Stat {
            length: u64::MAX,
            ..stat(b"")
        };
        let error = LinkError::ObjectTooLarge {
            announced: u64::MAX,
            limit: 1024,
        };
        assert_eq!(Inbound::new().announce(large, 1024), Err(error));
    }

    #[test]
    fn empty_data_does_not_go_on_for_ever() {
        let mut inbound = announced(b"a");
        let endless = (0..1000)
            .map(|_| inbound.data(0, &Bytes::new()))
            .find(Result::is_err)
            .unwrap();
        assert!(damage(endless).starts_with("data without an end"));
    }
}
