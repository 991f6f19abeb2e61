//! Adding an entry to criteria that a person wrote, without touching what stands there.

use std::net::IpAddr;

use super::{Criteria, Hosts, Reason, hosts};

impl Criteria {
    /// `text` with one more entry at its end; `text` itself where its entries ask every address of the new one
    /// already, at the port that the new one names.
    ///
    /// # Errors
    /// Why the entry can not be asked; [`Reason::TooMany`] also where the entries before it leave too little room.
    pub fn with_entry(text: &str, entry: &str) -> Result<String, Reason> {
        let entry = entry.trim();
        let (hosts, port) = hosts::parse(entry)?;
        let criteria = Self::parse(text);
        if criteria.covers(&hosts, port) {
            return Ok(text.to_owned());
        }
        criteria.room_for(&hosts)?;
        let before = text.trim_end();
        let last_line = before.lines().next_back().unwrap_or_default();
        let separator = match last_line.chars().next_back() {
            None => "",
            // Behind a comment an entry would be part of it; and whoever writes lines goes on in lines.
            _ if last_line.contains('#') || before.contains('\n') => "\n",
            Some(';') => " ",
            Some(_) => "; ",
        };
        Ok(format!("{before}{separator}{entry}"))
    }

    /// Whether every one of these hosts is asked already, at the same port.
    fn covers(&self, hosts: &Hosts, port: Option<u16>) -> bool {
        let at_port = self.entries.iter().filter(|entry| entry.port == port);
        let Some((mut from, last)) = ends(hosts) else {
            return at_port
                .map(|entry| entry.hosts.nth(0))
                .any(|host| host == hosts.nth(0));
        };
        let mut ranges: Vec<_> = at_port.filter_map(|entry| ends(&entry.hosts)).collect();
        ranges.sort_unstable();
        for (range_first, range_last) in ranges {
            if range_first > from {
                return false;
            }
            if range_last >= last {
                return true;
            }
            if range_last >= from {
                // Never past the end of its family: there `last` would have been reached.
                let Some(next) = successor(range_last) else {
                    return false;
                };
                from = next;
            }
        }
        false
    }
}

/// The lowest and the highest address; a name has none.
fn ends(hosts: &Hosts) -> Option<(IpAddr, IpAddr)> {
    match *hosts {
        Hosts::Address(address) => Some((address, address)),
        Hosts::Range { first, last } => Some((first, last)),
        Hosts::Name(_) => None,
    }
}

fn successor(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => u32::from(v4).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(v6) => u128::from(v6).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, entry: &str, expect: &str) {
        assert_eq!(
            Criteria::with_entry(text, entry).unwrap(),
            expect,
            "{text:?} + {entry:?}"
        );
    }

    #[test]
    fn an_entry_is_appended_in_the_way_in_which_the_text_is_written() {
        check("", "10.21.4.0/24", "10.21.4.0/24");
        check(" \n", "10.21.4.0/24", "10.21.4.0/24");
        check("pbx.example", " 10.21.4.0/24 ", "pbx.example; 10.21.4.0/24");
        check("10.0.0.1;", "10.21.4.0/24", "10.0.0.1; 10.21.4.0/24");
        check(
            "10.0.0.1\n10.0.0.2\n",
            "10.21.4.0/24",
            "10.0.0.1\n10.0.0.2\n10.21.4.0/24",
        );
        check("10.0.0.1 # Bern", "10.21.4.0/24", "10.0.0.1 # Bern\n10.21.4.0/24");
        check("10.0.0.300", "10.21.4.0/24", "10.0.0.300; 10.21.4.0/24");
    }

    #[test]
    fn what_is_covered_is_not_added() {
        for text in [
            "10.21.4.0/24",
            "pbx.example; 10.21.0.0/16",
            "10.21.4.1-254",
            "10.21.4.129-255; 10.21.4.1-64\n10.21.4.60-128 # in pieces",
        ] {
            check(text, "10.21.4.0/24", text);
        }
        check("PBX.example.", "pbx.example", "PBX.example.");
        check("2001:db8::/120", "2001:db8::7", "2001:db8::/120");
        check(
            "255.255.255.0-255.255.255.254",
            "255.255.255.254",
            "255.255.255.0-255.255.255.254",
        );
    }

    #[test]
    fn what_is_covered_in_part_or_elsewhere_is_added() {
        for text in [
            "10.21.4.2-254",
            "10.21.4.1-253",
            "10.21.4.1-100; 10.21.4.102-254",
            "10.21.4.0/24:50900",
            "# 10.21.4.0/24",
        ] {
            let with = Criteria::with_entry(text, "10.21.4.0/24").unwrap();
            assert!(
                with.ends_with("10.21.4.0/24") && with.len() > text.len(),
                "{text:?}: {with:?}"
            );
        }
        check("10.0.0.1", "10.0.0.1:50900", "10.0.0.1; 10.0.0.1:50900");
    }

    #[test]
    fn what_can_not_be_asked_is_not_added() {
        assert_eq!(Criteria::with_entry("", "10.0.0.300"), Err(Reason::Ipv4Address));
        assert_eq!(
            Criteria::with_entry("10.1.0.0/16", "10.2.0.0/24"),
            Err(Reason::TooMany { count: 254, left: 2 })
        );
        assert_eq!(
            Criteria::with_entry("", "10.0.0.0/15"),
            Err(Reason::TooMany {
                count: 131_070,
                left: 65_536
            })
        );
    }
}
