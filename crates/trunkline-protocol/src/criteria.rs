//! The IP Search Criteria: which addresses TCP discovery asks (protocol.md, section 2.3).
//!
//! Entries are separated by `;` or line ends; `#` starts a comment that ends with its line. An entry is an address,
//! a range `10.0.0.1-10.0.0.9`, a short range `10.0.0.1-9`, a network `10.0.0.0/24` or a DNS name, and may end in
//! `:port`. IPv6 with a port is written in brackets: `[2001:db8::1]:50802`.

mod addition;
mod hosts;

use std::{collections::HashSet, net::IpAddr};

pub use hosts::{Hosts, Reason};

use crate::printable::printable;

/// How many addresses the criteria can hold in all. A name counts as one; an address that two entries name counts
/// twice, although it is asked once.
pub const ADDRESS_LIMIT: u32 = 65_536;

/// How much of a bad entry is repeated to the user, in characters.
const QUOTED_LENGTH: usize = 80;

/// Criteria as parsed: the entries that can be asked, and those that can not, each with its place in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    entries: Vec<Entry>,
    bad_entries: Vec<BadEntry>,
    addresses: u32,
}

/// An entry that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The entry as written, without surrounding spaces.
    pub text: String,
    /// Where it begins, in characters from 1.
    pub position: usize,
    /// Where it begins, in bytes from 0.
    pub byte_offset: usize,
    /// Whom it names.
    pub hosts: Hosts,
    /// The discovery port, if it names one.
    pub port: Option<u16>,
}

/// An entry that can not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEntry {
    /// The entry as written, made safe to show and cut after 80 characters.
    pub entry: String,
    /// Where it begins, in characters from 1.
    pub position: usize,
    /// Where it begins, in bytes from 0.
    pub byte_offset: usize,
    /// What is wrong with it, in a plain sentence.
    pub reason: Reason,
}

/// One host to ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A DNS name, in lower case and without a dot at its end.
    Name(String),
}

/// One host and the port to ask there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whom to ask.
    pub host: Host,
    /// The discovery port.
    pub port: u16,
    /// The entry it comes from, an index into [`Criteria::entries`].
    pub entry: usize,
}

impl Criteria {
    /// Reads criteria. A bad entry never stops the good ones: it is listed in [`Self::bad_entries`].
    pub fn parse(text: &str) -> Self {
        let mut criteria = Self::default();
        each_piece(text, |position, byte_offset, piece| {
            criteria.add(position, byte_offset, piece);
        });
        criteria
    }

    /// The entries that can be asked, in the order of the text.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries that can not be asked, in the order of the text.
    pub fn bad_entries(&self) -> &[BadEntry] {
        &self.bad_entries
    }

    /// How many addresses and names the entries hold; [`ADDRESS_LIMIT`] at most. Duplicates count each time, so
    /// [`Self::targets`] gives that many or fewer.
    pub fn address_count(&self) -> u32 {
        self.addresses
    }

    /// Every host once for each port, in the order of the text, made as it is asked for. An entry without a port
    /// is asked at `default_port`.
    pub fn targets(&self, default_port: u16) -> Targets<'_> {
        Targets {
            criteria: self,
            default_port,
            entry: 0,
            offset: 0,
            seen: HashSet::new(),
        }
    }

    fn add(&mut self, position: usize, byte_offset: usize, piece: &str) {
        let checked = hosts::parse(piece)
            .and_then(|(hosts, port)| self.room_for(&hosts).map(|count| (hosts, port, count)));
        match checked {
            Ok((hosts, port, count)) => {
                self.addresses += count;
                self.entries.push(Entry {
                    text: piece.to_owned(),
                    position,
                    byte_offset,
                    hosts,
                    port,
                });
            }
            Err(reason) => {
                self.bad_entries.push(BadEntry {
                    entry: quoted(piece),
                    position,
                    byte_offset,
                    reason,
                });
            }
        }
    }

    /// How many addresses these are, where there is room for them.
    fn room_for(&self, hosts: &Hosts) -> Result<u32, Reason> {
        let left = ADDRESS_LIMIT - self.addresses;
        let count = hosts.count();
        match u32::try_from(count) {
            Ok(count) if count <= left => Ok(count),
            _ => Err(Reason::TooMany { count, left }),
        }
    }
}

/// The hosts of some [`Criteria`], one after the other; made by [`Criteria::targets`].
#[derive(Clone, Debug)]
pub struct Targets<'a> {
    criteria: &'a Criteria,
    default_port: u16,
    entry: usize,
    offset: u32,
    seen: HashSet<(Host, u16)>,
}

impl Iterator for Targets<'_> {
    type Item = Target;

    fn next(&mut self) -> Option<Target> {
        while let Some(entry) = self.criteria.entries.get(self.entry) {
            let Some(host) = entry.hosts.nth(self.offset) else {
                self.entry += 1;
                self.offset = 0;
                continue;
            };
            self.offset += 1;
            let port = entry.port.unwrap_or(self.default_port);
            if self.seen.insert((host.clone(), port)) {
                return Some(Target {
                    host,
                    port,
                    entry: self.entry,
                });
            }
        }
        None
    }
}

/// Calls `found` with position (characters from 1), byte offset and text of each entry that is not empty.
fn each_piece(text: &str, mut found: impl FnMut(usize, usize, &str)) {
    let mut start = None;
    let mut in_comment = false;
    let ends = text
        .char_indices()
        .map(|(byte, character)| (byte, Some(character)));
    for (index, (byte, character)) in ends.chain([(text.len(), None)]).enumerate() {
        let ends_line = matches!(character, None | Some('\n' | '\r'));
        if ends_line || (!in_comment && matches!(character, Some(';' | '#'))) {
            if let Some((position, byte_offset)) = start.take() {
                found(position, byte_offset, text[byte_offset..byte].trim_end());
            }
            in_comment = !ends_line && (in_comment || character == Some('#'));
        } else if !in_comment && start.is_none() && character.is_some_and(|c| !c.is_whitespace()) {
            start = Some((index + 1, byte));
        }
    }
}

fn quoted(piece: &str) -> String {
    let mut shown: String = piece.chars().take(QUOTED_LENGTH).collect();
    if shown.len() < piece.len() {
        shown.push('…');
    }
    printable(&shown)
}

#[cfg(test)]
mod tests;
