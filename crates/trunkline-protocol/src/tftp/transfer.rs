//! One file over TFTP, in either direction and at either end (RFC 1350, 2347, 2348, 2349 and 7440).
//!
//! [`Incoming`] takes a file: as a client with [`Incoming::read`], as a (virtual) unit with [`Incoming::answer`].
//! [`Outgoing`] gives one: [`Outgoing::write`] and [`Outgoing::answer`]. Neither ever holds more than two windows of
//! the file.
//!
//! Neither does I/O. After each call that takes the time, empty `poll_transmit`, `poll_event` and [`Incoming::poll_data`]
//! or fill what [`Outgoing::wanted`] asks for; then wait for a datagram or for `poll_timeout`. A transfer is over when
//! its last event was [`TransferEvent::Finished`] or [`TransferEvent::Failed`]; an [`Incoming`] one that has finished
//! lingers until `poll_timeout` gives `None`, to acknowledge the last block again should the other end have missed that.

mod incoming;
mod line;
mod outgoing;
mod receiver;
mod sender;

use std::time::Duration;

pub use incoming::Incoming;
pub use outgoing::Outgoing;

use super::{
    options::{DEFAULT_BLOCK_SIZE, Options},
    packet::ErrorCode,
};

/// How a transfer goes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferSettings {
    /// Bytes in a full block that are offered, or accepted at most: 8 to 65,464.
    pub block_size: u16,
    /// Blocks in flight that are offered, or accepted at most.
    pub window_size: u16,
    /// Whether options are offered, or accepted, at all. Without them blocks have 512 bytes and go one by one.
    pub options: bool,
    /// How long to wait for an answer before sending again; doubled each time, until there is progress.
    pub timeout: Duration,
    /// How often the same thing is sent before the transfer is given up, at least once.
    pub tries: u32,
    /// The longest file that is taken, in bytes.
    pub limit: u64,
}

impl Default for TransferSettings {
    /// What protocol.md, section 3 says: blocks of 1,428 bytes, which fit an Ethernet frame behind a VPN, 16 in
    /// flight, 1 s and 5 tries; and 64 MiB at most.
    fn default() -> Self {
        Self {
            block_size: 1428,
            window_size: 16,
            options: true,
            timeout: Duration::from_secs(1),
            tries: 5,
            limit: 64 << 20,
        }
    }
}

/// What a transfer reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferEvent {
    /// The other end agreed, and the file begins to move.
    Started {
        /// Bytes of the whole file, where that is known.
        total: Option<u64>,
    },
    /// All of the file has arrived at its end.
    Finished {
        /// How many bytes that was.
        bytes: u64,
    },
    /// The transfer is over, and the file did not arrive.
    Failed(TransferError),
}

/// Why a transfer failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// Nobody answered the request.
    #[error("no answer to the TFTP request, asked {tries} times")]
    NoAnswer {
        /// How often it was sent.
        tries: u32,
    },
    /// The other end sent an ERROR. Code 2 from a pre-3.2 system means that the system password is wrong.
    #[error("refused by TFTP (error {code}: {text})", code = u16::from(*code))]
    Refused {
        /// Its code.
        code: ErrorCode,
        /// Its words, safe to show.
        text: String,
    },
    /// The other end fell silent on the way.
    #[error("the transfer stopped after {transferred} bytes{}", of(*total))]
    Stalled {
        /// How many bytes had arrived at their end for certain.
        transferred: u64,
        /// Bytes of the whole file, where that is known.
        total: Option<u64>,
    },
    /// The file is longer than it may be.
    #[error("the file is longer than the {limit} bytes that are accepted")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The file had another length than was announced.
    #[error("{received} bytes arrived where {announced} were announced")]
    WrongLength {
        /// What was announced, in bytes.
        announced: u64,
        /// What arrived, in bytes; in an overrun, what had arrived when that was noticed.
        received: u64,
    },
    /// The other end agreed to options that were not offered.
    #[error("the unit answered with TFTP options that it was not offered")]
    Options,
    /// A block was longer than agreed.
    #[error("the unit sent a block that is longer than agreed")]
    BlockTooLong,
}

fn of(total: Option<u64>) -> String {
    total.map_or_else(String::new, |total| format!(" of {total}"))
}

/// What both ends have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Agreement {
    block_size: u16,
    window_size: u16,
    total: Option<u64>,
}

impl Agreement {
    /// What holds without options.
    const PLAIN: Self = Self {
        block_size: DEFAULT_BLOCK_SIZE,
        window_size: 1,
        total: None,
    };

    /// What an acknowledgement of `offered` options agrees to; `None` when it goes beyond them.
    fn from_acknowledged(options: &Options, offered: &Options) -> Option<Self> {
        let within = |agreed: Option<u16>, offered: Option<u16>, otherwise: u16| match agreed {
            None => Some(otherwise),
            Some(agreed) => offered.filter(|&offered| agreed <= offered).map(|_| agreed),
        };
        let plain = Self::PLAIN;
        let total_was_offered = options.transfer_size.is_none() || offered.transfer_size.is_some();
        if options.unknown > 0 || options.timeout.is_some() || !total_was_offered {
            return None;
        }
        Some(Self {
            block_size: within(options.block_size, offered.block_size, plain.block_size)?,
            window_size: within(options.window_size, offered.window_size, plain.window_size)?,
            total: options.transfer_size,
        })
    }

    /// What a request's options come to within `settings`, and their acknowledgement; `total` is the file's length.
    fn from_request(options: &Options, settings: &TransferSettings, total: Option<u64>) -> (Self, Options) {
        if !settings.options {
            return (Self { total, ..Self::PLAIN }, Options::default());
        }
        let acknowledged = Options {
            block_size: options.block_size.map(|size| size.min(settings.block_size)),
            transfer_size: options.transfer_size.and(total),
            window_size: options
                .window_size
                .map(|size| size.min(settings.window_size.max(1))),
            ..Options::default()
        };
        let agreement = Self {
            block_size: acknowledged.block_size.unwrap_or(Self::PLAIN.block_size),
            window_size: acknowledged.window_size.unwrap_or(Self::PLAIN.window_size),
            total,
        };
        (agreement, acknowledged)
    }
}

impl TransferSettings {
    /// The options of a request; `transfer_size` is 0 to ask for it.
    fn offer(&self, transfer_size: u64) -> Options {
        if !self.options {
            return Options::default();
        }
        Options {
            block_size: Some(self.block_size),
            transfer_size: Some(transfer_size),
            window_size: Some(self.window_size.max(1)),
            ..Options::default()
        }
    }
}

#[cfg(test)]
mod tests;
