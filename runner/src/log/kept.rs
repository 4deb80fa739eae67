//! The beginning and the end of a stream of bytes, within bounds.

use std::collections::VecDeque;

/// Keeps the first and the last bytes of what is pushed.
pub(super) struct Kept {
    each_end: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

impl Kept {
    pub(super) fn new(each_end: usize) -> Self {
        Self { each_end, head: Vec::new(), tail: VecDeque::new(), left_out: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = self.each_end - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(self.each_end);
        self.tail.drain(..excess);
        self.left_out += excess as u64;
    }

    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = self.head.clone();
        if self.left_out > 0 {
            let mark =
                format!("\nsignalbox: {} bytes of the log are left out here\n", self.left_out);
            text.extend_from_slice(mark.as_bytes());
        }
        let (a, b) = self.tail.as_slices();
        text.extend_from_slice(a);
        text.extend_from_slice(b);
        text
    }
}
