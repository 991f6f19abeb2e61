//! A search over UDP (protocol.md 2.1) that hears whatever the network likes. The first byte says who is asked; then
//! each datagram begins with a byte that says from where it comes, and one with its length; 0 there lets time pass.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Instant;

use trunkline_protocol::tftp::who_is_search::{Destination, SearchEvent, SearchSettings, WhoIsSearch};

/// Who was not asked is not found, nobody is found twice with one answer, the search ends, nothing follows its end, and
/// it says no more than it was asked to and answered.
pub(crate) fn run(data: &[u8]) {
    let [asked, rest @ ..] = data else { return };
    let mut rest = rest;
    let address = |host: u8, port: u16| SocketAddr::from(([10, 0, 0, host], port));
    let mut destinations: Vec<_> = (1..=asked & 3)
        .map(|host| Destination::Unicast(address(host, 69)))
        .collect();
    let is_broadcast = asked & 4 != 0;
    if is_broadcast {
        destinations.push(Destination::Broadcast(address(255, 69)));
    }
    let settings = SearchSettings {
        max_peers: 8,
        ..SearchSettings::default()
    };
    let mut now = Instant::now();
    let most_asked = destinations.len() * settings.attempts as usize;
    let mut search = WhoIsSearch::new(destinations, settings, now);
    let (mut found, mut over, mut heard, mut said) = (HashSet::new(), false, 0, 0);
    let mut look = |search: &mut WhoIsSearch, heard: usize| {
        said += std::iter::from_fn(|| search.poll_transmit()).count();
        while let Some(event) = search.poll_event() {
            assert!(!over, "{event:?} after the end");
            match event {
                SearchEvent::Found { from, answer, .. } => {
                    assert!(is_broadcast || is_asked(from, *asked), "{from} was not asked");
                    assert!(found.insert((from.ip(), answer.raw)), "{from} twice");
                }
                SearchEvent::Unidentified { from, .. } => {
                    assert!(is_broadcast || is_asked(from, *asked), "{from} was not asked");
                }
                SearchEvent::Finished => over = true,
            }
        }
        // Requests, and for each datagram an acknowledgement, a refusal or the next form of the question with its
        // repetitions.
        assert!(
            said <= most_asked + 8 * (heard + 1),
            "{said} datagrams after {heard}"
        );
    };
    look(&mut search, heard);
    while let [from, length, bytes @ ..] = rest {
        let (datagram, next) = bytes.split_at(usize::from(*length).min(bytes.len()));
        rest = next;
        if datagram.is_empty() {
            now = search.poll_timeout().unwrap_or(now);
            search.handle_timeout(now);
        } else {
            heard += 1;
            search.handle_datagram(now, address(from & 7, 1024 + u16::from(from >> 6)), datagram);
        }
        look(&mut search, heard);
    }
    for _ in 0..10_000 {
        let Some(due) = search.poll_timeout() else { break };
        now = due;
        search.handle_timeout(now);
        look(&mut search, heard);
    }
    assert_eq!((search.poll_timeout(), search.is_finished()), (None, true));
    assert!(over, "it says that it is over");
}

fn is_asked(from: SocketAddr, asked: u8) -> bool {
    (1..=asked & 3).any(|host| from.ip() == SocketAddr::from(([10, 0, 0, host], 0)).ip())
}
