//! The sending side of RFC 7440's windows.

use std::collections::VecDeque;

/// Cuts a file into blocks, keeps those that are not acknowledged, and knows which to send.
#[derive(Debug)]
pub(super) struct Sender {
    block_size: usize,
    window: u16,
    /// The bytes behind the last acknowledged block, as far as they were given.
    buffer: VecDeque<u8>,
    /// Bytes that have not been given yet.
    missing: u64,
    /// The last acknowledged block.
    base: u16,
    /// Blocks behind `base` that were sent.
    in_flight: u16,
    /// Bytes in acknowledged blocks.
    acknowledged: u64,
    complete: bool,
}

impl Sender {
    pub(super) fn new(block_size: u16, window: u16, length: u64) -> Self {
        Self {
            block_size: usize::from(block_size).max(1),
            window: window.max(1),
            buffer: VecDeque::new(),
            missing: length,
            base: 0,
            in_flight: 0,
            acknowledged: 0,
            complete: false,
        }
    }

    /// How many bytes can be given now: two windows are held at most.
    pub(super) fn wanted(&self) -> usize {
        let room = (2 * self.block_size * usize::from(self.window)).saturating_sub(self.buffer.len());
        usize::try_from(self.missing).map_or(room, |missing| missing.min(room))
    }

    /// Takes as many of the file's next bytes as are wanted, and says how many.
    pub(super) fn push(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.wanted());
        self.buffer.extend(&bytes[..taken]);
        self.missing -= taken as u64;
        taken
    }

    /// Bytes that the other end has for certain.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether the other end owes an acknowledgement.
    pub(super) fn is_waiting(&self) -> bool {
        self.in_flight > 0
    }

    /// Takes an acknowledgement; true when it moves the window.
    ///
    /// One that only repeats the last is ignored: answering it would send every block from here on twice (the
    /// "Sorcerer's Apprentice" of RFC 1123, section 4.2.3.1). One in the middle of the window tells of a gap, and the
    /// blocks behind it are sent again.
    pub(super) fn acknowledge(&mut self, block: u16) -> bool {
        let blocks = block.wrapping_sub(self.base);
        if blocks == 0 || blocks > self.in_flight {
            return false;
        }
        let bytes = (usize::from(blocks) * self.block_size).min(self.buffer.len());
        self.complete = bytes < usize::from(blocks) * self.block_size;
        self.buffer.drain(..bytes);
        self.acknowledged += bytes as u64;
        self.base = block;
        self.in_flight = 0;
        true
    }

    /// Begins the window again.
    pub(super) fn rewind(&mut self) {
        self.in_flight = 0;
    }

    /// The next block to send, with its number; `None` when the window is full, the file's next bytes are not there,
    /// or its last block was sent.
    pub(super) fn next_block(&mut self) -> Option<(u16, Vec<u8>)> {
        if self.complete || self.in_flight >= self.window {
            return None;
        }
        // The last block is short, if need be empty; it exists once all of the file is there.
        let whole_blocks = self.buffer.len() / self.block_size;
        let existing = whole_blocks + usize::from(self.missing == 0);
        if usize::from(self.in_flight) >= existing {
            return None;
        }
        let start = usize::from(self.in_flight) * self.block_size;
        let end = self.buffer.len().min(start + self.block_size);
        self.in_flight += 1;
        Some((
            self.base.wrapping_add(self.in_flight),
            self.buffer.range(start..end).copied().collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sender of blocks of 4 bytes that was given all of the file.
    fn sender(window: u16, file: &[u8]) -> Sender {
        let mut sender = Sender::new(4, window, file.len() as u64);
        sender.push(file);
        sender
    }

    #[track_caller]
    fn check(sender: &mut Sender, expect: &[(u16, &[u8])]) {
        let sent: Vec<_> = std::iter::from_fn(|| sender.next_block()).collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|&(block, data)| (block, data.to_vec()))
            .collect();
        assert_eq!(sent, expect);
    }

    #[test]
    fn windows_follow_their_acknowledgements() {
        let mut sender = sender(2, b"aaaabbbbccccd");
        check(&mut sender, &[(1, b"aaaa"), (2, b"bbbb")]);
        check(&mut sender, &[]);
        assert!(sender.acknowledge(2));
        check(&mut sender, &[(3, b"cccc"), (4, b"d")]);
        sender.rewind();
        check(&mut sender, &[(3, b"cccc"), (4, b"d")]);
        // A gap: block 4 is sent again.
        assert!(sender.acknowledge(3));
        check(&mut sender, &[(4, b"d")]);
        assert!(!sender.is_complete());
        assert!(sender.acknowledge(4));
        assert!(sender.is_complete() && sender.acknowledged() == 13);
        check(&mut sender, &[]);
    }

    #[test]
    fn old_repeated_and_impossible_acknowledgements_move_nothing() {
        let mut sender = sender(2, b"aaaabbbbccccdddd");
        check(&mut sender, &[(1, b"aaaa"), (2, b"bbbb")]);
        assert!(!sender.acknowledge(0));
        assert!(!sender.acknowledge(3));
        assert!(sender.acknowledge(2));
        check(&mut sender, &[(3, b"cccc"), (4, b"dddd")]);
        for block in [2, 1, 0, 5, 65_535] {
            assert!(!sender.acknowledge(block), "{block}");
        }
        check(&mut sender, &[]);
        assert_eq!(sender.acknowledged(), 8);
    }

    #[test]
    fn a_file_that_fills_its_last_block_ends_with_an_empty_one() {
        let mut even = sender(4, b"aaaa");
        check(&mut even, &[(1, b"aaaa"), (2, b"")]);
        assert!(even.acknowledge(1) && !even.is_complete());
        check(&mut even, &[(2, b"")]);
        assert!(even.acknowledge(2) && even.is_complete());
        let mut empty = sender(4, b"");
        check(&mut empty, &[(1, b"")]);
        assert!(empty.acknowledge(1) && empty.is_complete());
    }

    #[test]
    fn no_more_than_two_windows_are_held() {
        let mut sender = Sender::new(4, 2, 100);
        assert_eq!(sender.wanted(), 16);
        assert_eq!(sender.push(&[b'x'; 100]), 16);
        assert_eq!(sender.wanted(), 0);
        check(&mut sender, &[(1, b"xxxx"), (2, b"xxxx")]);
        assert!(sender.acknowledge(2));
        assert_eq!(sender.wanted(), 8);
        let mut slow = Sender::new(4, 2, 6);
        slow.push(b"aaa");
        check(&mut slow, &[]);
        slow.push(b"ab");
        check(&mut slow, &[(1, b"aaaa")]);
        slow.push(b"bc");
        check(&mut slow, &[(2, b"bb")]);
    }
}
