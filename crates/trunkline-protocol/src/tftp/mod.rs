//! TFTP (RFC 1350 with the options of RFC 2347, 2348, 2349 and 7440): how units are found by UDP, and how systems
//! before release 3.2 are configured.

pub mod netascii;
pub mod options;
pub mod packet;
pub mod path;
pub mod transfer;
pub mod who_is_search;

#[cfg(test)]
mod virtual_time {
    use std::time::Instant;

    /// Where the virtual time of a test begins; from here on it only ever moves by addition.
    #[expect(
        clippy::disallowed_methods,
        reason = "an Instant can not be made in any other way"
    )]
    pub(super) fn start() -> Instant {
        Instant::now()
    }
}
