//! Faults on request: what a virtual unit does wrong, so that a client can show what it makes of it.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

/// One fault, and on how many connections it happens.
///
/// Written `name`, `name:value`, and either with `:times` behind it, such as `cut-read:40000:1`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// On how many connections it happens; `None` for all. A connection on which it had no occasion to happen does
    /// not count.
    pub times: Option<u32>,
}

/// What goes wrong; [`FAULTS`] says it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "FAULTS, right below, documents each by the name that users write"
)]
pub enum FaultKind {
    CutRead(u64),
    CutWrite(u64),
    CutBeforeCommit,
    CutBeforeCommitAnswer,
    Delay(Duration),
    Loss(u8),
    TftpTwice,
    TftpStranger,
    LieLength(Lie),
    Gap,
    Repeat,
    Overrun,
    Short,
    WrongHash,
    WrongProof,
    NoProof,
    Iterations(u32),
    Stall(u64),
    Garbage,
    Frame4Mb,
    Torn,
    LongHeaders,
    UnknownTags,
    RefuseTls,
    Silent,
    DiscoverySilent,
    DiscoveryGarbage,
    ApiSessionTimeout,
    ApiBusy(u32),
    ApiStatus(u16),
    ApiRefuseAfter(u64),
    ApiJson,
    ApiCut(u64),
    ApiCutAnswer,
}

/// Which length a unit announces instead of the true one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// 1,000 bytes more than there are.
    Long,
    /// One byte less than there are.
    Short,
    /// 1 TiB.
    Huge,
}

/// A fault as help shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultHelp {
    /// How it is written.
    pub form: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Every fault, in the order in which help lists them.
pub const FAULTS: &[FaultHelp] = &[
    help(
        "cut-read:BYTES",
        "closes the connection after so many bytes of an object that is received",
    ),
    help(
        "cut-write:BYTES",
        "closes the connection after so many bytes of an object that is sent",
    ),
    help(
        "cut-before-commit",
        "closes the connection instead of storing what was sent",
    ),
    help(
        "cut-before-commit-answer",
        "stores what was sent, then closes the connection without an answer",
    ),
    help("delay:MS", "waits so many milliseconds before each answer"),
    help(
        "loss:PERCENT",
        "loses so many of a hundred UDP packets, in and out",
    ),
    help("tftp-twice", "sends each packet of a TFTP transfer twice"),
    help(
        "tftp-stranger",
        "sends a packet from a wrong port into a TFTP transfer",
    ),
    help(
        "lie-length:long|short|huge",
        "announces another length than the object has",
    ),
    help("gap", "leaves out a part in the middle of an object"),
    help("repeat", "sends a part in the middle of an object twice"),
    help("overrun", "sends more of an object than was announced"),
    help("short", "ends an object before all of it was sent"),
    help("wrong-hash", "announces a SHA-256 that the object does not have"),
    help("wrong-proof", "proves itself with a wrong unit proof"),
    help("no-proof", "accepts a log-in without any unit proof"),
    help(
        "iterations:N",
        "asks for so many iterations in the log-in's challenge",
    ),
    help(
        "stall:BYTES",
        "stops in silence after so many bytes of an object that is received",
    ),
    help(
        "garbage",
        "answers the first message on a service with bytes that are no frame",
    ),
    help(
        "frame-4mb",
        "answers the first message on a service with the header of a 4 MB frame",
    ),
    help("torn", "sends byte by byte"),
    help("long-headers", "writes the long form of each frame's length"),
    help(
        "unknown-tags",
        "adds unknown tags to answers and sends messages nobody asked for",
    ),
    help("refuse-tls", "closes each TLS connection before its handshake"),
    help("silent", "accepts connections to services and never answers"),
    help(
        "discovery-silent",
        "accepts connections to discovery and never answers",
    ),
    help(
        "discovery-garbage",
        "answers discovery with bytes that are no frame",
    ),
    help(
        "api-session-timeout",
        "Management API: ends the session and says so (461); :times counts requests here",
    ),
    help(
        "api-busy:SECONDS",
        "Management API: is busy and asks to be tried later (503)",
    ),
    help(
        "api-status:CODE",
        "Management API: answers for collections with this HTTP status",
    ),
    help(
        "api-refuse-after:CHANGES",
        "Management API: takes so many changes and refuses the rest, inside of HTTP 200",
    ),
    help(
        "api-json",
        "Management API: answers in JSON, whatever was asked for",
    ),
    help(
        "api-cut:BYTES",
        "Management API: closes the connection after so many bytes of an answer",
    ),
    help(
        "api-cut-answer",
        "Management API: makes a change, then closes the connection without an answer",
    ),
];

const fn help(form: &'static str, meaning: &'static str) -> FaultHelp {
    FaultHelp { form, meaning }
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("there is no fault `{0}`; there are {names}", names = names())]
    Unknown(String),
    /// What follows the name can not be read.
    #[error(
        "`{text}` can not be read; write {form}, with `:TIMES` behind it for a limited number of connections"
    )]
    Form {
        /// What was written.
        text: String,
        /// How the fault is written.
        form: &'static str,
    },
}

fn names() -> String {
    let names: Vec<&str> = FAULTS.iter().map(|help| name_of(help.form)).collect();
    names.join(", ")
}

fn name_of(form: &'static str) -> &'static str {
    form.split_once(':').map_or(form, |(name, _)| name)
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let text = text.trim();
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let help = FAULTS
            .iter()
            .find(|help| name_of(help.form) == name)
            .ok_or_else(|| FaultError::Unknown(name.to_owned()))?;
        let takes_value = help.form.contains(':');
        let value = if takes_value { parts.next() } else { None };
        let bad = || FaultError::Form {
            text: text.to_owned(),
            form: help.form,
        };
        let times = match parts.next() {
            None => None,
            Some(times) => Some(times.parse().ok().filter(|times| *times > 0).ok_or_else(bad)?),
        };
        if parts.next().is_some() || (takes_value && value.is_none()) {
            return Err(bad());
        }
        let kind = kind(name, value.unwrap_or_default()).ok_or_else(bad)?;
        Ok(Self { kind, times })
    }
}

fn kind(name: &str, value: &str) -> Option<FaultKind> {
    Some(match name {
        "cut-read" => FaultKind::CutRead(value.parse().ok()?),
        "cut-write" => FaultKind::CutWrite(value.parse().ok()?),
        "cut-before-commit" => FaultKind::CutBeforeCommit,
        "cut-before-commit-answer" => FaultKind::CutBeforeCommitAnswer,
        "delay" => FaultKind::Delay(Duration::from_millis(value.parse::<u32>().ok()?.into())),
        "loss" => FaultKind::Loss(value.parse().ok().filter(|percent| *percent <= 100)?),
        "tftp-twice" => FaultKind::TftpTwice,
        "tftp-stranger" => FaultKind::TftpStranger,
        "lie-length" => FaultKind::LieLength(match value {
            "long" => Lie::Long,
            "short" => Lie::Short,
            "huge" => Lie::Huge,
            _ => return None,
        }),
        "gap" => FaultKind::Gap,
        "repeat" => FaultKind::Repeat,
        "overrun" => FaultKind::Overrun,
        "short" => FaultKind::Short,
        "wrong-hash" => FaultKind::WrongHash,
        "wrong-proof" => FaultKind::WrongProof,
        "no-proof" => FaultKind::NoProof,
        "iterations" => FaultKind::Iterations(value.parse().ok()?),
        "stall" => FaultKind::Stall(value.parse().ok()?),
        "garbage" => FaultKind::Garbage,
        "frame-4mb" => FaultKind::Frame4Mb,
        "torn" => FaultKind::Torn,
        "long-headers" => FaultKind::LongHeaders,
        "unknown-tags" => FaultKind::UnknownTags,
        "refuse-tls" => FaultKind::RefuseTls,
        "silent" => FaultKind::Silent,
        "discovery-silent" => FaultKind::DiscoverySilent,
        "discovery-garbage" => FaultKind::DiscoveryGarbage,
        "api-session-timeout" => FaultKind::ApiSessionTimeout,
        "api-busy" => FaultKind::ApiBusy(value.parse().ok()?),
        "api-status" => FaultKind::ApiStatus(value.parse().ok().filter(|code| (100..600).contains(code))?),
        "api-refuse-after" => FaultKind::ApiRefuseAfter(value.parse().ok()?),
        "api-json" => FaultKind::ApiJson,
        "api-cut" => FaultKind::ApiCut(value.parse().ok()?),
        "api-cut-answer" => FaultKind::ApiCutAnswer,
        _ => return None,
    })
}

impl TryFrom<String> for Fault {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        text.parse()
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self { kind, times: None }
    }
}

/// The faults of one unit, shared by its connections.
#[derive(Debug, Default)]
pub(crate) struct FaultList(Mutex<Vec<Arc<Counted>>>);

#[derive(Debug)]
struct Counted {
    kind: FaultKind,
    /// Connections on which it will still happen; `None` for all.
    left: Option<AtomicU32>,
}

impl FaultList {
    pub(crate) fn set(&self, faults: &[Fault]) {
        let counted = faults.iter().map(|fault| {
            Arc::new(Counted {
                kind: fault.kind,
                left: fault.times.map(AtomicU32::new),
            })
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = counted.collect();
    }

    /// The faults that may happen on a connection that begins now.
    pub(crate) fn for_connection(&self) -> ConnectionFaults {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ConnectionFaults {
            list: list.iter().map(|fault| (Arc::clone(fault), false)).collect(),
        }
    }
}

/// The faults of one connection. A fault is counted when it first happens there.
#[derive(Debug)]
pub(crate) struct ConnectionFaults {
    list: Vec<(Arc<Counted>, bool)>,
}

impl ConnectionFaults {
    /// Whether a fault happens here and now: the first for which `pick` returns something.
    pub(crate) fn happens<T>(&mut self, pick: impl Fn(FaultKind) -> Option<T>) -> Option<T> {
        for (fault, happened) in &mut self.list {
            let Some(value) = pick(fault.kind) else { continue };
            *happened = *happened || fault.take_one();
            if *happened {
                return Some(value);
            }
        }
        None
    }

    /// The same for a fault without a value.
    pub(crate) fn is(&mut self, kind: FaultKind) -> bool {
        self.happens(|other| (other == kind).then_some(())).is_some()
    }
}

impl Counted {
    fn take_one(&self) -> bool {
        self.left.as_ref().is_none_or(|left| {
            left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_that_help_lists_can_be_written() {
        for help in FAULTS {
            let text = match help.form.split_once(':') {
                Some((name, "long|short|huge")) => format!("{name}:huge"),
                Some((name, "CODE")) => format!("{name}:500"),
                Some((name, _)) => format!("{name}:70"),
                None => help.form.to_owned(),
            };
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.times, None, "{text}");
            let limited: Fault = format!("{text}:2").parse().unwrap();
            assert_eq!((limited.kind, limited.times), (fault.kind, Some(2)), "{text}");
        }
    }

    #[test]
    fn values_are_what_was_written() {
        let check =
            |text: &str, expect: FaultKind| assert_eq!(text.parse(), Ok(Fault::from(expect)), "{text}");
        check("cut-read:40000", FaultKind::CutRead(40_000));
        check(" delay:250 ", FaultKind::Delay(Duration::from_millis(250)));
        check("loss:100", FaultKind::Loss(100));
        check("lie-length:short", FaultKind::LieLength(Lie::Short));
        check("iterations:4000000000", FaultKind::Iterations(4_000_000_000));
    }

    #[test]
    fn what_can_not_be_read_is_said_in_words() {
        let check = |text: &str, expect: &str| {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.starts_with(expect), "{text}: {error}");
        };
        check("", "there is no fault ``; there are cut-read, cut-write,");
        check("cut-raed:1", "there is no fault `cut-raed`");
        let form = "can not be read; write cut-read:BYTES, with `:TIMES` behind it";
        for text in [
            "cut-read",
            "cut-read:",
            "cut-read:-1",
            "cut-read:1:0",
            "cut-read:1:x",
            "cut-read:1:2:3",
        ] {
            check(text, &format!("`{text}` {form}"));
        }
        check("loss:101", "`loss:101` can not be read; write loss:PERCENT");
        check(
            "lie-length:tiny",
            "`lie-length:tiny` can not be read; write lie-length:long|short|huge",
        );
        check("gap:x", "`gap:x` can not be read; write gap,");
    }

    #[test]
    fn a_limited_fault_counts_the_connections_on_which_it_happened() {
        let list = FaultList::default();
        list.set(&["torn:1".parse().unwrap(), "gap".parse().unwrap()]);
        let (mut first, mut second) = (list.for_connection(), list.for_connection());
        assert!(
            second.is(FaultKind::Torn),
            "the first on which it happens, not the first to begin"
        );
        assert!(second.is(FaultKind::Torn), "it goes on there");
        assert!(!first.is(FaultKind::Torn));
        assert!(first.is(FaultKind::Gap) && second.is(FaultKind::Gap));
        list.set(&[]);
        assert!(!list.for_connection().is(FaultKind::Gap));
    }
}
