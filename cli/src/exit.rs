//! How the command ends: what scripts may rely on.

use std::fmt::Display;
use std::io::ErrorKind;
use std::process::ExitCode;

use crate::output::Output;

/// The table of exit codes, as `--help` shows it.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done; a run that was followed succeeded
  1  the user's work failed: a run failed, a file is not valid
  2  the command line was not understood
  3  the machinery failed: Signalbox or the platform under it
  4  what was asked for is not there
  5  the service cannot be reached, or access to it is not set up";

/// How a verb ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Success,
    /// The user's work failed: a run, a validation.
    Failed,
    /// The command line was not understood.
    Usage,
    /// Signalbox or the platform failed.
    Errored,
    /// What was asked for is not there.
    NotFound,
    /// The service does not answer, or how to reach it is not set up.
    Unreachable,
}

impl Exit {
    fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Errored => 3,
            Self::NotFound => 4,
            Self::Unreachable => 5,
        }
    }

    /// An error that ends the command in this way.
    pub(crate) fn because(self, message: impl Display) -> anyhow::Error {
        Ended { exit: self, message: message.to_string() }.into()
    }
}

/// An error that says how the command is to end.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct Ended {
    exit: Exit,
    message: String,
}

/// The process's exit code; an error is told first. Without an [`Exit::because`] in its chain it is
/// the machinery's.
pub(crate) fn code(ended: anyhow::Result<Exit>, output: &Output) -> ExitCode {
    let exit = match ended {
        Ok(exit) => exit,
        Err(error) if reader_is_gone(&error) => Exit::Success,
        Err(error) => {
            output.error(&error);
            of(&error)
        }
    };
    ExitCode::from(exit.number())
}

/// How a command ends that ends with this error.
pub(crate) fn of(error: &anyhow::Error) -> Exit {
    let says = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<Ended>().map(|ended| ended.exit)
    };
    error.chain().find_map(says).unwrap_or(Exit::Errored)
}

/// `signalbox runs | head`: nothing went wrong.
fn reader_is_gone(error: &anyhow::Error) -> bool {
    let broken = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == ErrorKind::BrokenPipe)
    };
    error.chain().any(broken)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn ends(error: anyhow::Error) -> ExitCode {
        code(Err(error), &Output { json: true, color: false, terminal: false })
    }

    #[test]
    fn an_error_ends_the_command_as_it_says_and_otherwise_as_the_machinerys() {
        let missing = Err::<(), _>(Exit::NotFound.because("no run")).context("shown").unwrap_err();
        assert_eq!(ends(missing), ExitCode::from(4));
        assert_eq!(ends(anyhow::anyhow!("the disk is full")), ExitCode::from(3));
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_error() {
        assert_eq!(ends(std::io::Error::from(ErrorKind::BrokenPipe).into()), ExitCode::SUCCESS);
    }
}
