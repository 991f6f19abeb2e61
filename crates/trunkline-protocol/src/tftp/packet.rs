//! The packets of TFTP.

use std::{borrow::Cow, fmt};

use zeroize::Zeroizing;

use super::options::Options;
use crate::printable::printable;

/// The longest request and option acknowledgement, in bytes (RFC 2347, section 2).
pub const MAX_REQUEST: usize = 512;
/// The longest file name that a request has room for beside every option.
pub const MAX_FILE_NAME: usize = 400;
/// How much of an error's text is kept and sent, in bytes.
pub const MAX_ERROR_TEXT: usize = 400;

/// One packet. What it carries is borrowed from the datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Opcode 1 (RRQ): asks for a file.
    Read(Request),
    /// Opcode 2 (WRQ): offers a file.
    Write(Request),
    /// Opcode 3 (DATA): one block of the file.
    Data {
        /// Its number, from 1; after 65,535 comes 0.
        block: u16,
        /// A full block, or less in the last one.
        data: &'a [u8],
    },
    /// Opcode 4 (ACK): the block with this number has arrived, and all before it.
    Ack {
        /// The block's number; 0 acknowledges the request itself.
        block: u16,
    },
    /// Opcode 5 (ERROR): ends the transfer.
    Error {
        /// What went wrong.
        code: ErrorCode,
        /// The same in words; safe to show.
        text: Cow<'a, str>,
    },
    /// Opcode 6 (OACK): the options that the other end agrees to.
    OptionAck(Options),
}

/// What a read or write request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The file.
    pub file: FileName,
    /// How its bytes travel.
    pub mode: Mode,
    /// What is offered beyond RFC 1350.
    pub options: Options,
}

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As they are.
    Octet,
    /// As text whose lines end in CR LF.
    Netascii,
}

/// The name in a request: 1 to [`MAX_FILE_NAME`] bytes, none of them NUL.
///
/// On pre-3.2 systems a name holds the system password (protocol.md, section 3). So it is never shown, and its bytes
/// are overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(Zeroizing<Vec<u8>>);

/// The error codes of RFC 1350 and RFC 2347.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 0: see the text.
    NotDefined,
    /// 1: file not found.
    FileNotFound,
    /// 2: access violation; a wrong system password.
    AccessViolation,
    /// 3: disk full or allocation exceeded.
    DiskFull,
    /// 4: illegal operation.
    IllegalOperation,
    /// 5: unknown transfer ID.
    UnknownTransferId,
    /// 6: file already exists.
    FileExists,
    /// 7: no such user.
    NoSuchUser,
    /// 8: the options are refused.
    OptionsRefused,
    /// Any other number.
    Other(u16),
}

/// Why a datagram is not a TFTP packet, or a name does not fit into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// It ends before its fixed fields do.
    #[error("the TFTP packet is cut off")]
    Truncated,
    /// The first two bytes name no operation.
    #[error("{0} is not a TFTP operation")]
    Opcode(u16),
    /// A text has no NUL at its end.
    #[error("a text in the TFTP packet has no end")]
    Unterminated,
    /// A request or option acknowledgement above [`MAX_REQUEST`] bytes.
    #[error("the TFTP request is longer than 512 bytes")]
    TooLong,
    /// A mode other than octet and netascii.
    #[error("the TFTP request asks for a mode other than octet and netascii")]
    Mode,
    /// An option that is out of its range, or there twice.
    #[error("the TFTP option {name} is not valid")]
    Option {
        /// The option's name in lower case.
        name: &'static str,
    },
    /// A file name that is empty, longer than [`MAX_FILE_NAME`] bytes, or holds a NUL.
    #[error("a TFTP file name has 1 to 400 bytes, none of them zero")]
    FileName,
}

impl<'a> Packet<'a> {
    /// Reads one datagram. Bytes behind an ACK are ignored, and the text of an ERROR may lack its NUL: both occur.
    ///
    /// # Errors
    /// When it is not a TFTP packet.
    pub fn decode(datagram: &'a [u8]) -> Result<Self, PacketError> {
        let (opcode, rest) = number(datagram)?;
        match opcode {
            1 => Request::decode(rest).map(Packet::Read),
            2 => Request::decode(rest).map(Packet::Write),
            3 => number(rest).map(|(block, data)| Packet::Data { block, data }),
            4 => number(rest).map(|(block, _)| Packet::Ack { block }),
            5 => number(rest).map(|(code, rest)| Packet::Error {
                code: code.into(),
                text: error_text(rest),
            }),
            6 if datagram.len() > MAX_REQUEST => Err(PacketError::TooLong),
            6 => Options::decode(rest).map(Packet::OptionAck),
            _ => Err(PacketError::Opcode(opcode)),
        }
    }

    /// The datagram. An error's text is cut after [`MAX_ERROR_TEXT`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Read(request) => request.encode(1),
            Self::Write(request) => request.encode(2),
            Self::Data { block, data } => [&[0, 3], &block.to_be_bytes()[..], data].concat(),
            Self::Ack { block } => [[0, 4], block.to_be_bytes()].concat(),
            Self::Error { code, text } => {
                let mut out = [[0, 5], u16::from(*code).to_be_bytes()].concat();
                out.extend(text.bytes().filter(|&byte| byte != 0).take(MAX_ERROR_TEXT));
                out.push(0);
                out
            }
            Self::OptionAck(options) => {
                let mut out = vec![0, 6];
                options.encode(&mut out);
                out
            }
        }
    }

    /// An ERROR with this code and text.
    pub fn error(code: ErrorCode, text: &'a str) -> Self {
        Self::Error {
            code,
            text: Cow::Borrowed(text),
        }
    }
}

impl Request {
    fn decode(rest: &[u8]) -> Result<Self, PacketError> {
        if rest.len() + 2 > MAX_REQUEST {
            return Err(PacketError::TooLong);
        }
        let (file, rest) = text(rest)?;
        let (mode, rest) = text(rest)?;
        let mode = if mode.eq_ignore_ascii_case(b"octet") {
            Mode::Octet
        } else if mode.eq_ignore_ascii_case(b"netascii") {
            Mode::Netascii
        } else {
            return Err(PacketError::Mode);
        };
        Ok(Self {
            file: FileName::new(file)?,
            mode,
            options: Options::decode(rest)?,
        })
    }

    fn encode(&self, opcode: u8) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAX_REQUEST);
        out.extend_from_slice(&[0, opcode]);
        out.extend_from_slice(self.file.as_bytes());
        out.push(0);
        out.extend_from_slice(match self.mode {
            Mode::Octet => b"octet\0",
            Mode::Netascii => b"netascii\0",
        });
        self.options.encode(&mut out);
        out
    }
}

impl FileName {
    /// The name with these bytes.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_FILE_NAME`] bytes or holds a NUL.
    pub fn new(name: &[u8]) -> Result<Self, PacketError> {
        if name.is_empty() || name.len() > MAX_FILE_NAME || name.contains(&0) {
            return Err(PacketError::FileName);
        }
        Ok(Self(Zeroizing::new(name.to_vec())))
    }

    /// The name's bytes, which may be secret.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("****")
    }
}

impl From<u16> for ErrorCode {
    fn from(number: u16) -> Self {
        match number {
            0 => Self::NotDefined,
            1 => Self::FileNotFound,
            2 => Self::AccessViolation,
            3 => Self::DiskFull,
            4 => Self::IllegalOperation,
            5 => Self::UnknownTransferId,
            6 => Self::FileExists,
            7 => Self::NoSuchUser,
            8 => Self::OptionsRefused,
            other => Self::Other(other),
        }
    }
}

impl From<ErrorCode> for u16 {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::NotDefined => 0,
            ErrorCode::FileNotFound => 1,
            ErrorCode::AccessViolation => 2,
            ErrorCode::DiskFull => 3,
            ErrorCode::IllegalOperation => 4,
            ErrorCode::UnknownTransferId => 5,
            ErrorCode::FileExists => 6,
            ErrorCode::NoSuchUser => 7,
            ErrorCode::OptionsRefused => 8,
            ErrorCode::Other(number) => number,
        }
    }
}

/// A big-endian number and what follows it.
fn number(bytes: &[u8]) -> Result<(u16, &[u8]), PacketError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(PacketError::Truncated)?;
    Ok((u16::from_be_bytes(*number), rest))
}

/// A text up to its NUL, and what follows it.
pub(super) fn text(bytes: &[u8]) -> Result<(&[u8], &[u8]), PacketError> {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .ok_or(PacketError::Unterminated)?;
    Ok((&bytes[..end], &bytes[end + 1..]))
}

/// The words of an ERROR; old units write Latin-1, newer servers UTF-8.
fn error_text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = &bytes[..bytes.len().min(MAX_ERROR_TEXT)];
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned);
    Cow::Owned(printable(text.trim()))
}

#[cfg(test)]
mod tests;
