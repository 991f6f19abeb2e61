//! The objects that a unit holds, and how a new one takes effect (protocol.md 4.2).

/// The largest object that is received or sent, in bytes (1 GiB).
pub const MAX_OBJECT: u64 = 1024 * 1024 * 1024;

/// What a unit holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Object {
    /// Object 1: the configuration.
    Configuration,
    /// Object 2: the security settings, on the security service only.
    SecuritySettings,
    /// Object 3: the audit trail, which can only be read.
    AuditTrail,
}

impl Object {
    /// Its number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::Configuration => 1,
            Self::SecuritySettings => 2,
            Self::AuditTrail => 3,
        }
    }

    /// The object with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Configuration, Self::SecuritySettings, Self::AuditTrail]
            .into_iter()
            .find(|o| o.number() == number)
    }
}

/// When the unit restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// At once; every call ends.
    Immediately,
    /// As soon as nobody is on the phone.
    WhenFree {
        /// New incoming calls are refused meanwhile.
        bar_incoming: bool,
        /// New outgoing calls are refused meanwhile.
        bar_outgoing: bool,
    },
    /// At a time of day by the unit's own clock, then when free.
    Timed {
        /// Minutes after midnight, 0 to 1,439.
        minutes: u16,
        /// New incoming calls are refused from then on.
        bar_incoming: bool,
        /// New outgoing calls are refused from then on.
        bar_outgoing: bool,
    },
}

/// How an object that is sent takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// At once, without a restart; the unit refuses where the changes need one.
    Merge,
    /// With a restart.
    Restart(Restart),
}

const MERGE: u8 = 1;
const IMMEDIATELY: u8 = 2;
const WHEN_FREE: u8 = 3;
const TIMED: u8 = 4;
const BAR_INCOMING: u8 = 1;
const BAR_OUTGOING: u8 = 2;
const MINUTES_A_DAY: u16 = 24 * 60;

impl WriteMode {
    /// Mode, minutes after midnight and flags, as they stand in write and reboot.
    pub fn to_wire(self) -> (u8, u16, u8) {
        let flags = |incoming: bool, outgoing: bool| {
            u8::from(incoming) * BAR_INCOMING + u8::from(outgoing) * BAR_OUTGOING
        };
        match self {
            Self::Merge => (MERGE, 0, 0),
            Self::Restart(Restart::Immediately) => (IMMEDIATELY, 0, 0),
            Self::Restart(Restart::WhenFree {
                bar_incoming,
                bar_outgoing,
            }) => (WHEN_FREE, 0, flags(bar_incoming, bar_outgoing)),
            Self::Restart(Restart::Timed {
                minutes,
                bar_incoming,
                bar_outgoing,
            }) => (TIMED, minutes, flags(bar_incoming, bar_outgoing)),
        }
    }

    /// The mode that these three fields mean; `None` for an unknown mode or a time that no clock shows.
    pub fn from_wire(mode: u8, minutes: u16, flags: u8) -> Option<Self> {
        let (bar_incoming, bar_outgoing) = (flags & BAR_INCOMING != 0, flags & BAR_OUTGOING != 0);
        match mode {
            MERGE => Some(Self::Merge),
            IMMEDIATELY => Some(Self::Restart(Restart::Immediately)),
            WHEN_FREE => Some(Self::Restart(Restart::WhenFree {
                bar_incoming,
                bar_outgoing,
            })),
            TIMED if minutes < MINUTES_A_DAY => Some(Self::Restart(Restart::Timed {
                minutes,
                bar_incoming,
                bar_outgoing,
            })),
            _ => None,
        }
    }
}

/// What a unit says it holds (`stat`), or what it announces before it sends it (`read`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Bytes of the whole object.
    pub length: u64,
    /// SHA-256 of the whole object.
    pub sha256: [u8; 32],
    /// The revision, in the unit's own words.
    pub revision: String,
}

/// What a service user may do (tag 00540202).
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(pub u32);

impl Rights {
    /// Every right, with the name that JSON and the command line use.
    pub const NAMES: [(u32, &'static str); 9] = [
        (1, "read_configuration"),
        (2, "write_configuration"),
        (4, "merge"),
        (8, "reboot_immediately"),
        (16, "reboot_when_free"),
        (32, "reboot_timed"),
        (64, "read_security"),
        (128, "write_security"),
        (256, "read_audit_trail"),
    ];

    /// The names of the rights that are held; bits that nobody has named are left out.
    pub fn names(self) -> Vec<&'static str> {
        Self::NAMES
            .iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .map(|(_, name)| *name)
            .collect()
    }

    /// Whether all of `bits` are held.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }
}

impl std::fmt::Debug for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_the_published_numbers() {
        let timed = Restart::Timed {
            minutes: 23 * 60 + 30,
            bar_incoming: true,
            bar_outgoing: true,
        };
        let when_free = Restart::WhenFree {
            bar_incoming: false,
            bar_outgoing: true,
        };
        for (mode, wire) in [
            (WriteMode::Merge, (1, 0, 0)),
            (WriteMode::Restart(Restart::Immediately), (2, 0, 0)),
            (WriteMode::Restart(when_free), (3, 0, 2)),
            (WriteMode::Restart(timed), (4, 1410, 3)),
        ] {
            assert_eq!(mode.to_wire(), wire);
            assert_eq!(WriteMode::from_wire(wire.0, wire.1, wire.2), Some(mode));
        }
        for (mode, minutes) in [(0, 0), (5, 0), (4, 1440)] {
            assert_eq!(WriteMode::from_wire(mode, minutes, 0), None);
        }
    }

    #[test]
    fn rights_are_named_bit_by_bit() {
        assert_eq!(
            Rights(0x0000_0105).names(),
            ["read_configuration", "merge", "read_audit_trail"]
        );
        assert!(Rights(3).has(3) && !Rights(1).has(3));
    }
}
