//! Results: what the unit says of a request (protocol.md 4.2).

use super::wire::Tuples;

/// Tags that accompany a result (protocol.md 4.3).
pub mod tag {
    /// Proof that the unit knows the password, 32 bytes.
    pub const UNIT_PROOF: u32 = 0x0054_0201;
    /// Rights of the service user, u32.
    pub const RIGHTS: u32 = 0x0054_0202;
    /// Days until the password expires, u16.
    pub const PASSWORD_EXPIRES: u32 = 0x0054_0203;
    /// The last log-in, UTF-8.
    pub const LAST_LOGIN: u32 = 0x0054_0204;
    /// Seconds until the unit listens again, u32.
    pub const RETRY_AFTER: u32 = 0x0054_0205;
    /// Attempts left before the account locks, u16.
    pub const ATTEMPTS_LEFT: u32 = 0x0054_0206;
    /// The revision that the unit holds now, UTF-8.
    pub const REVISION: u32 = 0x0054_0301;
    /// The largest object that the unit takes, in bytes, u64.
    pub const LARGEST_OBJECT: u32 = 0x0054_0302;
}

/// A result, as a word. A value without bit 31 is [`Outcome::Done`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// 00000000.
    Done,
    /// 80000041: authentication failed.
    AuthenticationFailed,
    /// 80000042: limits exceeded, the account is locked.
    Locked,
    /// 80000043: retry later.
    RetryLater,
    /// 80000045: the password must be changed first.
    PasswordChangeRequired,
    /// 80000046: the account is disabled.
    AccountDisabled,
    /// 80000051: no right to do this.
    NoRight,
    /// 80000052: only allowed over TLS.
    TlsRequired,
    /// 80000053: not on this service.
    WrongService,
    /// 80000061: the object changed since; a resumed read is refused.
    ObjectChanged,
    /// 80000062: the base revision is not the current one.
    Conflict,
    /// 80000063: too large.
    TooLarge,
    /// 80000064: needs a restart, merge is not possible.
    NeedsReboot,
    /// 80000065: the hash does not match, nothing was stored.
    HashMismatch,
    /// 80000066: not a valid document, nothing was stored.
    InvalidDocument,
    /// Any other value with bit 31 set.
    Other(u32),
}

const NUMBERS: [(u32, Outcome); 15] = [
    (0x0000_0000, Outcome::Done),
    (0x8000_0041, Outcome::AuthenticationFailed),
    (0x8000_0042, Outcome::Locked),
    (0x8000_0043, Outcome::RetryLater),
    (0x8000_0045, Outcome::PasswordChangeRequired),
    (0x8000_0046, Outcome::AccountDisabled),
    (0x8000_0051, Outcome::NoRight),
    (0x8000_0052, Outcome::TlsRequired),
    (0x8000_0053, Outcome::WrongService),
    (0x8000_0061, Outcome::ObjectChanged),
    (0x8000_0062, Outcome::Conflict),
    (0x8000_0063, Outcome::TooLarge),
    (0x8000_0064, Outcome::NeedsReboot),
    (0x8000_0065, Outcome::HashMismatch),
    (0x8000_0066, Outcome::InvalidDocument),
];

impl Outcome {
    /// The word for a number.
    pub fn from_number(number: u32) -> Self {
        if number & 0x8000_0000 == 0 {
            return Self::Done;
        }
        NUMBERS
            .iter()
            .find(|(n, _)| *n == number)
            .map_or(Self::Other(number), |(_, outcome)| *outcome)
    }

    /// The number for a word.
    pub fn number(self) -> u32 {
        match self {
            Self::Other(number) => number,
            _ => NUMBERS
                .iter()
                .find(|(_, outcome)| *outcome == self)
                .map_or(0, |(number, _)| *number),
        }
    }
}

/// A result with bit 31 set, and what the unit said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the unit said.
    pub outcome: Outcome,
    /// Seconds until it listens again.
    pub retry_after_s: Option<u32>,
    /// Attempts left before the account locks.
    pub attempts_left: Option<u16>,
    /// The revision that it holds now.
    pub revision: Option<String>,
    /// The largest object that it takes, in bytes.
    pub largest_object: Option<u64>,
}

impl Refusal {
    /// Reads what stands in the tuples after a result.
    pub fn new(outcome: Outcome, tuples: &Tuples) -> Self {
        Self {
            outcome,
            retry_after_s: tuples.u32(tag::RETRY_AFTER),
            attempts_left: tuples.u16(tag::ATTEMPTS_LEFT),
            revision: tuples.text(tag::REVISION),
            largest_object: tuples.u64(tag::LARGEST_OBJECT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_word_and_unknown_failures_stay_failures() {
        for (number, outcome) in NUMBERS {
            assert_eq!(
                (Outcome::from_number(number), outcome.number()),
                (outcome, number)
            );
        }
        assert_eq!(Outcome::from_number(0x8000_0099), Outcome::Other(0x8000_0099));
        assert_eq!(Outcome::Other(0x8000_0099).number(), 0x8000_0099);
        assert_eq!(Outcome::from_number(0x0000_0001), Outcome::Done);
    }
}
