//! Why an attempt could not be carried out to its end.

use signalbox_pipeline::order::{EXIT_RUNNER, EXIT_TIMEOUT};
use signalbox_pipeline::report::{Failure, FailureClass};

/// The most characters of a failure's message.
const LONGEST: usize = 500;

/// The end of an attempt that has no result of its own.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The code to exit with.
    pub(crate) exit_code: i32,
    /// What the report says.
    pub(crate) failure: Failure,
}

impl Fault {
    /// The repository or its content is at fault, and its author can mend it.
    pub(crate) fn content(message: impl AsRef<str>) -> Self {
        Self { exit_code: 1, failure: failure(FailureClass::Source, message) }
    }

    /// The source could not be brought here; another attempt may well succeed.
    pub(crate) fn source(message: impl AsRef<str>) -> Self {
        Self { exit_code: EXIT_RUNNER, failure: failure(FailureClass::Source, message) }
    }

    /// The time was over.
    pub(crate) fn timeout(message: impl AsRef<str>) -> Self {
        Self { exit_code: EXIT_TIMEOUT, failure: failure(FailureClass::Timeout, message) }
    }

    /// The attempt was terminated from outside.
    pub(crate) fn stopped(message: impl AsRef<str>) -> Self {
        Self { exit_code: 128 + 15, failure: failure(FailureClass::Signal, message) }
    }

    /// What the user asked for cannot be done; the message says what to change.
    pub(crate) fn refused(message: impl AsRef<str>) -> Self {
        Self { exit_code: 1, failure: failure(FailureClass::Exit, message) }
    }
}

/// Whatever nobody else answers for is the runner's own fault.
impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Self {
            exit_code: EXIT_RUNNER,
            failure: failure(FailureClass::Runner, format!("{error:#}")),
        }
    }
}

/// A failure with its message on one line, not too long.
pub(crate) fn failure(class: FailureClass, message: impl AsRef<str>) -> Failure {
    Failure { class, message: one_line(message.as_ref(), LONGEST) }
}

/// `text` on one line of at most `longest` characters.
pub(crate) fn one_line(text: &str, longest: usize) -> String {
    let line = text.split(char::is_control).map(str::trim).filter(|part| !part.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(longest) {
        None => line,
        Some(_) => line.chars().take(longest - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests;
