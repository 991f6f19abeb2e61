//! What crosses the door between the window and the program: the types of `ui/src/lib/types.ts`.
//!
//! Numbers are 32-bit or [`Amount`]; unknown text is empty, an unknown number is negative; an instant is RFC 3339 in
//! UTC. A password goes in and none ever comes out.

pub mod activity;
pub mod audit;
pub mod conflict;
pub mod documents;
pub mod lists;
pub mod log_in;
pub mod news;
pub mod preferences;
pub mod security;
pub mod security_work;
pub mod sites;
pub mod transfers;
pub mod unidentified;
pub mod unit_lists;
pub mod units;
pub mod window;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A number that can be larger than 32 bits, such as a size in bytes; exact up to 2^53.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, Type)]
#[serde(transparent)]
#[specta(transparent)]
pub struct Amount(#[specta(type = u32)] f64);

impl Amount {
    /// Not known.
    pub const UNKNOWN: Self = Self(-1.0);
    /// The largest whole number that is exact.
    const MAX: u64 = (1 << 53) - 1;
}

impl From<u64> for Amount {
    #[expect(clippy::cast_precision_loss, reason = "what is not exact is cut off before")]
    fn from(number: u64) -> Self {
        Self(number.min(Self::MAX) as f64)
    }
}

impl From<usize> for Amount {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

impl From<u32> for Amount {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<f64> for Amount {
    fn from(number: f64) -> Self {
        if number.is_finite() {
            Self(number)
        } else {
            Self::UNKNOWN
        }
    }
}

impl<T: Into<Amount>> From<Option<T>> for Amount {
    fn from(number: Option<T>) -> Self {
        number.map_or(Self::UNKNOWN, Into::into)
    }
}

/// Whole milliseconds.
pub(crate) fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A count, which the window shows as it is; what no list can have is cut off.
pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// An instant in whole seconds; empty where there is none.
pub(crate) fn instant(at: Option<Timestamp>) -> String {
    at.and_then(|at| Timestamp::from_second(at.as_second()).ok())
        .map(|at| at.to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_plain_number_and_never_null() {
        let check =
            |amount: Amount, expect: &str| assert_eq!(serde_json::to_string(&amount).unwrap(), expect);
        check(Amount::from(0_u32), "0.0");
        check(Amount::from(u64::MAX), "9007199254740991.0");
        check(Amount::from(f64::NAN), "-1.0");
        check(Amount::from(None::<u64>), "-1.0");
        check(Amount::from(0.6), "0.6");
    }

    #[test]
    fn an_instant_has_whole_seconds() {
        assert_eq!(instant(None), "");
        assert_eq!(
            instant("2026-11-03T14:02:00.123456Z".parse().ok()),
            "2026-11-03T14:02:00Z"
        );
    }
}
