//! The receiving side of RFC 7440's windows.

/// Puts blocks in order, and knows when to acknowledge.
#[derive(Debug)]
pub(super) struct Receiver {
    block_size: usize,
    window: u16,
    /// The last block taken in order.
    last: u16,
    /// The last block acknowledged.
    acknowledged: u16,
    /// Blocks taken since that acknowledgement.
    unacknowledged: u16,
    /// Whether the present gap was acknowledged: once, or each block behind it would bring the window again.
    gap_reported: bool,
    complete: bool,
}

/// What to do with a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is the next one: keep its bytes. Acknowledge it when `acknowledge` is set; it is the last when `last` is.
    Next { acknowledge: bool, last: bool },
    /// Its bytes are known or came too early; acknowledge [`Receiver::last`].
    Acknowledge,
    /// Its bytes are known or came too early, and no acknowledgement is due.
    Ignore,
    /// It is longer than agreed.
    TooLong,
}

impl Receiver {
    pub(super) fn new(block_size: u16, window: u16) -> Self {
        Self {
            block_size: block_size.into(),
            window: window.max(1),
            last: 0,
            acknowledged: 0,
            unacknowledged: 0,
            gap_reported: false,
            complete: false,
        }
    }

    pub(super) fn last(&self) -> u16 {
        self.last
    }

    /// Notes that [`Self::last`] is being acknowledged.
    pub(super) fn acknowledge(&mut self) {
        self.acknowledged = self.last;
        self.unacknowledged = 0;
    }

    /// Notes that the other end had time enough to repeat what is missing: the next gap counts again.
    pub(super) fn wait_is_over(&mut self) {
        self.gap_reported = false;
    }

    /// Decides about a block by its number and length. Numbers go on with 0 after 65,535.
    pub(super) fn take(&mut self, block: u16, length: usize) -> Taken {
        let ahead = block.wrapping_sub(self.last);
        match ahead {
            1 if self.complete => Taken::Ignore,
            1 if length > self.block_size => Taken::TooLong,
            1 => {
                self.last = block;
                self.unacknowledged += 1;
                self.gap_reported = false;
                self.complete = length < self.block_size;
                let acknowledge = self.complete || self.unacknowledged >= self.window;
                Taken::Next {
                    acknowledge,
                    last: self.complete,
                }
            }
            // The window's last block once more: its acknowledgement was lost.
            0 if block == self.acknowledged => Taken::Acknowledge,
            2..=0x7fff if !self.gap_reported && !self.complete => {
                self.gap_reported = true;
                Taken::Acknowledge
            }
            _ => Taken::Ignore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: Taken = Taken::Next {
        acknowledge: false,
        last: false,
    };
    const ACKNOWLEDGED: Taken = Taken::Next {
        acknowledge: true,
        last: false,
    };

    /// Gives blocks of 8 bytes, and acknowledges as told.
    #[track_caller]
    fn check(receiver: &mut Receiver, block: u16, expect: &Taken) {
        let taken = receiver.take(block, 8);
        assert_eq!(&taken, expect, "block {block}");
        if matches!(
            taken,
            Taken::Next {
                acknowledge: true,
                ..
            } | Taken::Acknowledge
        ) {
            receiver.acknowledge();
        }
    }

    #[test]
    fn a_window_is_acknowledged_at_its_end_and_again_when_that_was_lost() {
        let mut receiver = Receiver::new(8, 3);
        for (block, expect) in [(1, TAKEN), (2, TAKEN), (3, ACKNOWLEDGED), (4, TAKEN)] {
            check(&mut receiver, block, &expect);
        }
        let mut receiver = Receiver::new(8, 2);
        for (block, expect) in [
            (1, TAKEN),
            (2, ACKNOWLEDGED),
            (1, Taken::Ignore),
            (2, Taken::Acknowledge),
            (3, TAKEN),
            (2, Taken::Ignore),
            (4, ACKNOWLEDGED),
        ] {
            check(&mut receiver, block, &expect);
        }
    }

    #[test]
    fn a_gap_is_acknowledged_once() {
        let mut receiver = Receiver::new(8, 4);
        for (block, expect) in [
            (1, TAKEN),
            (3, Taken::Acknowledge),
            (4, Taken::Ignore),
            // The other end goes back, and a new window of four begins.
            (2, TAKEN),
            (3, TAKEN),
            (4, TAKEN),
            (5, ACKNOWLEDGED),
            (7, Taken::Acknowledge),
            (8, Taken::Ignore),
        ] {
            check(&mut receiver, block, &expect);
        }
        receiver.wait_is_over();
        check(&mut receiver, 8, &Taken::Acknowledge);
    }

    #[test]
    fn numbers_go_on_with_zero_and_the_last_block_is_short() {
        let mut receiver = Receiver::new(8, 1);
        for block in 1..=u16::MAX {
            check(&mut receiver, block, &ACKNOWLEDGED);
        }
        check(&mut receiver, 0, &ACKNOWLEDGED);
        check(&mut receiver, 1, &ACKNOWLEDGED);
        check(&mut receiver, u16::MAX, &Taken::Ignore);
        assert_eq!(receiver.take(2, 9), Taken::TooLong);
        assert_eq!(
            receiver.take(2, 7),
            Taken::Next {
                acknowledge: true,
                last: true
            }
        );
        receiver.acknowledge();
        assert_eq!(receiver.take(2, 7), Taken::Acknowledge);
        assert_eq!(receiver.take(3, 7), Taken::Ignore);
    }
}
