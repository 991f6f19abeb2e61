//! An object's bytes: in memory while small, in a temporary file else, so that memory does not grow with the object.

use std::io::{self, BufRead, BufReader, Read as _, Seek as _, Write};
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// What is larger goes to a file.
const MOST_IN_MEMORY: usize = 1024 * 1024;

/// A whole object and its hash; clones share the bytes.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    place: Place,
    length: u64,
    sha256: [u8; 32],
}

#[derive(Debug, Clone)]
enum Place {
    Memory(Bytes),
    File(Arc<NamedTempFile>),
}

impl Content {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    pub(crate) fn from_bytes(bytes: Bytes) -> Self {
        Self {
            length: bytes.len() as u64,
            sha256: Sha256::digest(&bytes).into(),
            place: Place::Memory(bytes),
        }
    }

    /// Reads from the start, for as many readers as want to.
    pub(crate) fn reader(&self) -> io::Result<Box<dyn BufRead + Send>> {
        Ok(match &self.place {
            Place::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Place::File(file) => Box::new(BufReader::new(file.reopen()?)),
        })
    }

    /// Reads pieces from `offset` on.
    pub(crate) fn pieces(&self, offset: u64) -> io::Result<Pieces> {
        let offset = offset.min(self.length);
        Ok(match &self.place {
            Place::Memory(bytes) => {
                let offset = usize::try_from(offset).unwrap_or(bytes.len());
                Pieces::Memory(bytes.slice(offset..))
            }
            Place::File(file) => {
                let mut file = file.reopen()?;
                file.seek(io::SeekFrom::Start(offset))?;
                Pieces::File(file, self.length - offset)
            }
        })
    }

    /// All of it, in memory.
    pub(crate) fn to_bytes(&self) -> io::Result<Bytes> {
        match &self.place {
            Place::Memory(bytes) => Ok(bytes.clone()),
            Place::File(file) => {
                let mut bytes = Vec::new();
                file.reopen()?.read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
        }
    }
}

/// An object, piece by piece.
#[derive(Debug)]
pub(crate) enum Pieces {
    Memory(Bytes),
    File(std::fs::File, u64),
}

impl Pieces {
    /// The next piece of at most `most` bytes; empty at the end.
    ///
    /// It blocks on a file, for as long as the page cache takes: a virtual unit can afford that.
    pub(crate) fn next(&mut self, most: usize) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.split_to(most.min(bytes.len()))),
            Self::File(file, left) => {
                let most = usize::try_from(*left).unwrap_or(most).min(most);
                let mut piece = vec![0; most];
                file.read_exact(&mut piece)?;
                *left -= most as u64;
                Ok(piece.into())
            }
        }
    }
}

/// An object that is being written.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    memory: Vec<u8>,
    file: Option<NamedTempFile>,
    length: u64,
    hash: Sha256,
}

impl Draft {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn finish(mut self) -> io::Result<Content> {
        let place = if let Some(mut file) = self.file {
            file.flush()?;
            Place::File(Arc::new(file))
        } else {
            self.memory.shrink_to_fit();
            Place::Memory(self.memory.into())
        };
        Ok(Content {
            place,
            length: self.length,
            sha256: self.hash.finalize().into(),
        })
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() && self.memory.len() + bytes.len() > MOST_IN_MEMORY {
            let mut file = NamedTempFile::with_prefix("trunkline-simulator-")?;
            file.write_all(&self.memory)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(bytes)?,
            None => self.memory.extend_from_slice(bytes),
        }
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_objects_read_the_same() {
        for length in [0, 10, MOST_IN_MEMORY, MOST_IN_MEMORY + 1, 3 * MOST_IN_MEMORY] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            let mut draft = Draft::default();
            for piece in bytes.chunks(40_000) {
                draft.write_all(piece).unwrap();
            }
            let content = draft.finish().unwrap();
            assert_eq!(matches!(content.place, Place::File(_)), length > MOST_IN_MEMORY);
            assert_eq!(
                content.sha256(),
                Content::from_bytes(bytes.clone().into()).sha256()
            );
            assert_eq!(content.length(), length as u64);
            assert_eq!(content.to_bytes().unwrap(), bytes);
            let mut read = Vec::new();
            content.reader().unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, bytes);
            let from = length / 3;
            let mut pieces = content.pieces(from as u64).unwrap();
            let mut read = Vec::new();
            loop {
                let piece = pieces.next(60_000).unwrap();
                if piece.is_empty() {
                    break;
                }
                read.extend_from_slice(&piece);
            }
            assert_eq!(read, bytes[from..]);
        }
        assert!(
            Content::from_bytes(Bytes::new())
                .pieces(99)
                .unwrap()
                .next(5)
                .unwrap()
                .is_empty()
        );
    }
}
