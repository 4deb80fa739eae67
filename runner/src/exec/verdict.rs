//! What the end of a command means.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use signalbox_pipeline::order::EXIT_TIMEOUT;
use signalbox_pipeline::report::{Failure, FailureClass};

use crate::fault::failure;
use crate::process::{Cause, Ended};

const SIGTERM: i32 = 15;
const SIGKILL: i32 = 9;

/// Whether a command did what it should.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It exited with 0.
    Passed,
    /// It did not, and this is why.
    Failed { exit_code: i32, failure: Failure },
}

impl Verdict {
    /// The verdict on `command`, a process that has ended.
    pub(super) fn of(ended: &Ended, command: &str, grace: Duration) -> Self {
        let seconds = ended.usage.seconds;
        let signal = ended.status.signal();
        match (ended.cause, signal, ended.status.code()) {
            (Cause::Timeout, ..) => {
                let killed = if signal == Some(SIGKILL) {
                    format!(", and killed {} s after SIGTERM", grace.as_secs())
                } else {
                    String::new()
                };
                let message = format!(
                    "`{command}` was out of time after {seconds:.1} s and was ended{killed}; \
                     raise the job's timeout if it needs longer"
                );
                failed(EXIT_TIMEOUT, FailureClass::Timeout, message)
            }
            (Cause::Stopped, ..) => {
                let message = format!(
                    "`{command}` was ended after {seconds:.1} s because the job was terminated"
                );
                failed(128 + signal.unwrap_or(SIGTERM), FailureClass::Signal, message)
            }
            (Cause::Itself, Some(signal), _) => failed(
                128 + signal,
                FailureClass::Signal,
                format!("`{command}` was ended by {}", name(signal)),
            ),
            (Cause::Itself, None, Some(0)) => Self::Passed,
            (Cause::Itself, None, code) => {
                let code = code.unwrap_or(1);
                let message = format!("`{command}` exited with {code} after {seconds:.1} s");
                failed(code, FailureClass::Exit, message)
            }
        }
    }

    /// The verdict on a program that could not be started, with the codes of a shell.
    pub(super) fn not_started(program: &OsStr, error: &io::Error) -> Self {
        let program = program.to_string_lossy();
        let (exit_code, message) = match error.kind() {
            io::ErrorKind::NotFound => (
                127,
                format!(
                    "`{program}` was not found in the job's image, or the interpreter that its first line names was not; \
                     install it in the image or in `setup`"
                ),
            ),
            io::ErrorKind::PermissionDenied => (
                126,
                format!(
                    "`{program}` is not executable; set its mode (git update-index --chmod=+x)"
                ),
            ),
            _ => (126, format!("`{program}` could not be started: {error}")),
        };
        failed(exit_code, FailureClass::Exit, message)
    }
}

fn failed(exit_code: i32, class: FailureClass, message: String) -> Verdict {
    Verdict::Failed { exit_code, failure: failure(class, message) }
}

fn name(signal: i32) -> String {
    let known = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL (an instruction that this processor does not have)",
        6 => "SIGABRT",
        8 => "SIGFPE",
        SIGKILL => "SIGKILL (often because the job's memory was used up)",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        SIGTERM => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    known.to_owned()
}
