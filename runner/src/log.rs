//! The attempt's log: live on standard output, and kept within bounds for `log.txt`.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod kept;
mod mask;
mod telling;

use kept::Kept;
use mask::Masks;

/// How much of each end of a log is kept, in bytes.
pub(crate) const EACH_END: usize = 8 * 1024 * 1024;

/// Where everything goes that the attempt's commands and the runner itself have to say.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Inner>>);

struct Inner {
    echo: Box<dyn Write + Send>,
    kept: Kept,
    masks: Masks,
    inside_a_line: bool,
}

impl Log {
    /// A log that is echoed to `echo` and keeps `each_end` bytes of its beginning and of its end.
    pub(crate) fn new(echo: impl Write + Send + 'static, each_end: usize) -> Self {
        let kept = Kept::new(each_end);
        let (echo, masks) = (Box::new(echo), Masks::default());
        Self(Arc::new(Mutex::new(Inner { echo, kept, masks, inside_a_line: false })))
    }

    /// Keeps `secret` out of what comes from now on.
    pub(crate) fn mask(&self, secret: &str) {
        self.lock().masks.add(secret);
    }

    /// Says something of the runner's own, on a line of its own.
    pub(crate) fn say(&self, message: impl Display) {
        let mut inner = self.lock();
        inner.release();
        let line = format!("{}signalbox: {message}\n", if inner.inside_a_line { "\n" } else { "" });
        inner.pass(line.as_bytes());
    }

    /// Passes on what a command wrote, byte for byte.
    pub(crate) fn pass(&self, bytes: &[u8]) {
        self.lock().pass(bytes);
    }

    /// What is kept, with a plain mark where something was left out.
    pub(crate) fn text(&self) -> Vec<u8> {
        let mut inner = self.lock();
        inner.release();
        inner.kept.text()
    }

    /// The line that says most about a failure, where there is one.
    pub(crate) fn telling(&self) -> Option<String> {
        telling::telling(&self.text())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A log is as good after a panic elsewhere as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn pass(&mut self, bytes: &[u8]) {
        let bytes = self.masks.pass(bytes);
        self.write(&bytes);
    }

    /// Passes on what was held back as the beginning of a secret, and was none.
    fn release(&mut self) {
        let bytes = self.masks.rest();
        self.write(&bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        self.inside_a_line = *last != b'\n';
        self.kept.push(bytes);
        // Nobody may be reading any more; the log is uploaded all the same.
        let _ = self.echo.write_all(bytes).and_then(|()| self.echo.flush());
    }
}

#[cfg(test)]
mod tests;
