//! What a long operation is doing now, as values: whoever shows it chooses the words.

/// One step forward. Sizes are bytes, times are seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Opening the connection.
    Connecting,
    /// The connection was lost; this is connection number `attempt` of `of`.
    Reconnecting {
        /// Counted from 1.
        attempt: u32,
        /// The most connections that are made.
        of: u32,
    },
    /// Proving name and password.
    LoggingIn,
    /// An object arrives.
    Receiving {
        /// What is here and counted.
        done: u64,
        /// What was announced; 0 where nothing was.
        total: u64,
    },
    /// The copy of what the unit has arrives, before something is sent.
    BackingUp {
        /// What is here and counted.
        done: u64,
        /// What was announced; 0 where nothing was.
        total: u64,
    },
    /// An object is on its way.
    Sending {
        /// What was handed to the network.
        done: u64,
        /// What there is to send.
        total: u64,
    },
    /// What the unit holds after a send is read back.
    ReadingBack {
        /// What is here and counted.
        done: u64,
        /// What was announced; 0 where nothing was.
        total: u64,
    },
    /// Changes are written one after the other.
    Writing {
        /// Changes that are written.
        done: u64,
        /// Changes that there are.
        total: u64,
    },
    /// The unit is busy and asked for a pause.
    Busy {
        /// Seconds, as the unit said.
        seconds: u32,
    },
    /// All was sent; the unit is asked to let it take effect.
    Committing,
    /// An answer was lost; the unit is asked what it holds now.
    AskingWhatItHolds,
    /// The unit restarts in this many seconds.
    RestartingIn {
        /// Seconds, as the unit said.
        seconds: u32,
    },
    /// Waiting for the unit to go.
    WaitingUntilGone,
    /// The unit is away; waiting for it to come back.
    WaitingUntilBack,
    /// The unit answers again and is not ready yet.
    Starting,
    /// The unit is back.
    Back,
}

/// Where progress goes. It is called often and must be quick.
pub type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// For callers that do not want to know.
pub fn silent(_: Progress) {}
