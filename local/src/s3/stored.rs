//! The bytes of a version, for as long as somebody reads them.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

/// A part of a file, which is read at its place: others read the same file meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    file: Arc<File>,
    left: Range<u64>,
}

impl Stored {
    /// `size` bytes from `start` on.
    pub(super) fn new(file: Arc<File>, start: u64, size: u64) -> Self {
        Self { file, left: start..start + size }
    }

    /// The bytes of `range`, which is counted from the first.
    pub(super) fn part(mut self, range: &Range<u64>) -> Self {
        let start = self.left.start;
        self.left = start + range.start..start + range.end;
        self
    }

    /// How many bytes are still to be read.
    pub(super) fn size(&self) -> u64 {
        self.left.end - self.left.start
    }

    /// The next bytes, `most` at most.
    pub(super) fn chunk(&mut self, most: u64) -> io::Result<Bytes> {
        let size = usize::try_from(self.size().min(most)).map_err(io::Error::other)?;
        let mut bytes = vec![0; size];
        self.read_exact(&mut bytes)?;
        Ok(Bytes::from(bytes))
    }
}

impl Read for Stored {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.size()).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(&mut into[..most], self.left.start)?;
        if read == 0 && most > 0 {
            let short = "the file is shorter than the record of its object says";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, short));
        }
        self.left.start += read as u64;
        Ok(read)
    }
}
