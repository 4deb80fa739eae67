//! One line that is rewritten while something goes on, and stays when it is over.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

use super::live::turning;
use crate::output::Output;

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// A line with a name, the time that has gone by, and whatever is to be said.
pub(crate) struct Counting {
    line: Option<ProgressBar>,
    output: Output,
}

impl Counting {
    /// Begins; off a terminal nothing is shown before the end.
    pub(crate) fn begin(name: &str, output: &Output) -> Self {
        let line = output.terminal.then(|| {
            let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            let line = line.with_style(turning()).with_prefix(name.to_owned());
            line.enable_steady_tick(TURN);
            line
        });
        Self { line, output: *output }
    }

    /// Says how it stands.
    pub(crate) fn say(&self, text: String) {
        if let Some(line) = &self.line {
            line.set_message(text);
        }
    }

    /// Ends, and leaves `text` in its place.
    pub(crate) fn end(self, text: &str) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
        self.output.say(text);
    }
}
