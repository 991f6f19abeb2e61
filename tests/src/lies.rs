//! Every length and every offset in the messages of a connection, as docs/protocol.md sections 4.1 and 4.2 have them, and
//! what could stand there instead.

use crate::relay::{Mischief, SIDES, Side, frames};

/// A field that says how long something is, or where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Who says it.
    pub side: Side,
    /// In which frame of that side, from 0.
    pub frame: usize,
    /// From which byte of the frame.
    pub at: usize,
    /// How it is written.
    pub form: Form,
    /// What it says.
    pub value: u64,
    /// What it is.
    pub name: &'static str,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A frame's length in two bytes.
    Short,
    /// A frame's length in three bytes, the first with bit 7 set.
    Long,
    /// A number of so many bytes.
    Number(usize),
}

impl Form {
    /// The greatest value.
    fn most(self) -> u64 {
        match self {
            Self::Short => 0x7FFF,
            Self::Long => 0x3F_FFFF,
            Self::Number(8) => u64::MAX,
            Self::Number(bytes) => (1 << (8 * bytes)) - 1,
        }
    }

    fn bytes(self, value: u64) -> Vec<u8> {
        match self {
            Self::Short => value.to_be_bytes()[6..].to_vec(),
            Self::Long => vec![
                (value >> 15) as u8 & 0x7F | 0x80,
                (value >> 8) as u8 & 0x7F,
                value as u8,
            ],
            Self::Number(bytes) => value.to_be_bytes()[8 - bytes..].to_vec(),
        }
    }
}

impl Field {
    /// What could stand there instead: nothing, one less, one more, as much as there can be.
    pub fn lies(&self) -> impl Iterator<Item = (u64, Mischief)> + '_ {
        let values = [
            0,
            self.value.saturating_sub(1),
            self.value.saturating_add(1).min(self.form.most()),
            self.form.most(),
        ];
        let mut told = vec![self.value];
        values.into_iter().filter_map(move |value| {
            if told.contains(&value) {
                return None;
            }
            told.push(value);
            let replaced = Mischief::Replaced {
                side: self.side,
                frame: self.frame,
                at: self.at,
                bytes: self.form.bytes(value),
            };
            Some((value, replaced))
        })
    }
}

/// The fields of a connection.
pub fn fields(heard: &crate::relay::Heard) -> Vec<Field> {
    let of_side = |side: Side| {
        let frames = frames(heard.side(side)).into_iter().enumerate();
        frames.flat_map(move |(number, frame)| fields_of(side, number, frame))
    };
    SIDES.into_iter().flat_map(of_side).collect()
}

fn fields_of(side: Side, number: usize, frame: &[u8]) -> Vec<Field> {
    let (form, header) = if frame[1] & 0x80 == 0 {
        (Form::Short, 3)
    } else {
        (Form::Long, 4)
    };
    let mut found = vec![Field {
        side,
        frame: number,
        at: 1,
        form,
        value: frame.len() as u64,
        name: "length of the frame",
    }];
    let word = |at: usize| {
        frame
            .get(at..at + 4)
            .map(|word| u32::from_be_bytes(word.try_into().unwrap()))
    };
    let kind = word(header).unwrap();
    let body = header + 8;
    let mut number_at = |at: usize, bytes: usize, name| {
        let value = frame[at..at + bytes]
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        found.push(Field {
            side,
            frame: number,
            at,
            form: Form::Number(bytes),
            value,
            name,
        });
        at + bytes + usize::try_from(value).unwrap_or_default()
    };
    match (kind, word(body)) {
        (0x0030_0001, Some(3)) => tuples(frame, body + 4, &mut number_at),
        (0x0030_0001, Some(0x53)) => {
            let proof = number_at(body + 4, 2, "length of the client nonce");
            number_at(proof, 2, "length of the proof");
        }
        (0x8030_0001, Some(3)) => {
            let nonce = number_at(body + 8, 2, "length of the salt");
            number_at(nonce, 2, "length of the unit nonce");
        }
        (0x0054_0011, _) => {
            number_at(body + 1, 8, "offset of the read");
        }
        (0x0054_0021, _) => {
            number_at(body + 5, 8, "length of the new object");
            number_at(body + 45, 2, "length of the base revision");
        }
        (0x0054_0022 | 0x1054_0012, _) => {
            number_at(body, 8, "offset of the data");
        }
        (0x8030_0001 | 0x8054_0021, Some(0)) => tuples(frame, body + 4, &mut number_at),
        (0x8054_0011 | 0x8054_0071, Some(0)) => {
            number_at(body + 4, 8, "length of the object");
            number_at(body + 44, 2, "length of the revision");
        }
        (0x8054_0023, Some(0)) => {
            number_at(body + 4, 2, "length of the new revision");
        }
        _ => {}
    }
    found
}

fn tuples(frame: &[u8], mut at: usize, number_at: &mut impl FnMut(usize, usize, &'static str) -> usize) {
    while at < frame.len() {
        at = number_at(at + 4, 2, "length of a tuple");
    }
}
