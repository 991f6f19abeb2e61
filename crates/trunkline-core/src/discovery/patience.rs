//! How patiently a search asks: what was not asked for follows its size, and what this computer bears.

use std::time::Duration;

use trunkline_protocol::tftp::who_is_search::SearchSettings;

use super::options::DiscoveryOptions;
use crate::platform;

/// The most connections that are open at a time where nothing says another number: as many as are begun within
/// [`DiscoveryOptions::timeout`] at the most.
const MOST_OPEN: usize = 24_000;

/// How many connections to one silent address are begun side by side, at most.
const MOST_SIDE_BY_SIDE: usize = 4;

/// How often silence is asked by UDP within one timeout.
const UDP_ATTEMPTS: u32 = 3;

/// How often one address is asked by ping and SNMP.
const TRIES: u32 = 2;

/// How to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    /// For connecting, and again for the answer.
    pub(super) timeout: Duration,
    /// How often an address that stays silent is asked, each time for `timeout`. What answered once is not asked
    /// again: TCP itself repeats what is lost after that.
    pub(super) rounds: u32,
    /// How many connections are begun to a silent address within one `timeout`, the earlier ones staying open. What
    /// a line loses now and then costs no further wait so.
    pub(super) side_by_side: u32,
    /// How many addresses are asked at a time.
    pub(super) concurrency: usize,
    /// Whether silence is asked once more where the line turns out to lose packets.
    pub(super) follows_loss: bool,
    is_automatic: bool,
}

impl Patience {
    /// For a search of `count` addresses. What is asked for explicitly counts; otherwise a small search begins several
    /// connections to each address, and a large one, for which this computer has no room to do so, asks once.
    /// There the system repeats its first packet, after one second (RFC 6298, section 2).
    pub(super) fn new(options: &DiscoveryOptions, count: usize) -> Self {
        Self::with_room(options, count, room(platform::raise_open_files()))
    }

    /// For one unit, which is asked `attempts` times.
    pub(super) fn explicit(timeout: Duration, attempts: u32) -> Self {
        Self {
            timeout,
            rounds: attempts.max(1),
            side_by_side: 1,
            concurrency: 1,
            follows_loss: false,
            is_automatic: false,
        }
    }

    fn with_room(options: &DiscoveryOptions, count: usize, room: usize) -> Self {
        let concurrency = options.concurrency.unwrap_or(MOST_OPEN).clamp(1, room);
        let side_by_side = match options.attempts {
            Some(_) => 1,
            None => (concurrency / count.max(1)).clamp(1, MOST_SIDE_BY_SIDE),
        };
        Self {
            timeout: options.timeout,
            rounds: options.attempts.unwrap_or(1).max(1),
            side_by_side: side_by_side.try_into().unwrap_or(1),
            concurrency,
            follows_loss: options.attempts.is_none() && side_by_side == 1,
            is_automatic: options.attempts.is_none(),
        }
    }

    /// For a search by UDP: a broadcast is over after one timeout, in which it is repeated; with attempts that were
    /// asked for, each of them waits its timeout.
    pub(super) fn by_udp(&self) -> SearchSettings {
        let (attempts, timeout) = if self.is_automatic {
            (UDP_ATTEMPTS, self.timeout / UDP_ATTEMPTS)
        } else {
            (self.rounds, self.timeout)
        };
        SearchSettings {
            attempts,
            timeout,
            ..SearchSettings::default()
        }
    }

    /// How often one address is asked by ping and SNMP, each time for the timeout.
    pub(super) fn tries(&self) -> u32 {
        if self.is_automatic { TRIES } else { self.rounds }
    }
}

/// How many connections there can be where so many files can be open: the rest of the program needs some too.
fn room(files: Option<usize>) -> usize {
    files.map_or(usize::MAX, |files| {
        files.saturating_sub((files / 8).clamp(16, 256)).max(1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience(attempts: Option<u32>, concurrency: Option<usize>, count: usize, room: usize) -> Patience {
        let options = DiscoveryOptions {
            attempts,
            concurrency,
            ..DiscoveryOptions::default()
        };
        Patience::with_room(&options, count, room)
    }

    #[test]
    fn patience_follows_size_and_room() {
        let check = |count: usize, room: usize, side_by_side: u32, concurrency: usize| {
            let patience = patience(None, None, count, room);
            assert_eq!(
                (patience.rounds, patience.side_by_side, patience.concurrency),
                (1, side_by_side, concurrency),
                "{count} {room}"
            );
        };
        check(0, usize::MAX, 4, 24_000);
        check(1, usize::MAX, 4, 24_000);
        check(4_096, 19_744, 4, 19_744);
        check(8_192, usize::MAX, 2, 24_000);
        check(65_536, usize::MAX, 1, 24_000);
        check(254, 896, 3, 896);
        check(254, 1, 1, 1);
    }

    #[test]
    fn what_is_asked_for_counts() {
        let check = |attempts, concurrency, expect: (u32, u32, usize)| {
            let patience = patience(attempts, concurrency, 100, 1_000);
            assert_eq!(
                (patience.rounds, patience.side_by_side, patience.concurrency),
                expect,
                "{attempts:?} {concurrency:?}"
            );
        };
        check(Some(3), None, (3, 1, 1_000));
        check(Some(0), None, (1, 1, 1_000));
        check(None, Some(250), (1, 2, 250));
        check(None, Some(1), (1, 1, 1));
        check(None, Some(5_000), (1, 4, 1_000));
        let asked = patience(Some(5), None, 1, 9).by_udp();
        assert_eq!(
            (asked.attempts, asked.timeout),
            (5, DiscoveryOptions::default().timeout)
        );
    }

    #[test]
    fn a_search_by_udp_ends_within_one_timeout() {
        let patience = patience(None, None, 1, 100);
        let settings = patience.by_udp();
        assert!(settings.attempts > 1 && settings.timeout * settings.attempts <= patience.timeout);
    }

    #[test]
    fn files_are_left_for_the_rest_of_the_program() {
        let check = |files: usize, expect: usize| assert_eq!(room(Some(files)), expect, "{files}");
        check(1_048_576, 1_048_320);
        check(20_000, 19_744);
        check(1_024, 896);
        check(256, 224);
        check(20, 4);
        check(3, 1);
        assert_eq!(room(None), usize::MAX);
    }
}
