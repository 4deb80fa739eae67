//! `exec`: the user's command, on the source of the order or where the image starts.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use signalbox_pipeline::order::Source;
use signalbox_pipeline::report::FailureClass;

use crate::attempt::Attempt;
use crate::fault::{self, Fault};
use crate::finished::Finished;
use crate::process::Usage;
use crate::results::{self, Before};
use crate::shelf::Shelf;
use crate::source;

mod verdict;

pub(crate) use verdict::Verdict;

/// Runs `setup` and then `argv`, and collects what the command left in `results/`.
pub(crate) async fn exec(
    attempt: &mut Attempt,
    source: Option<&Source>,
    setup: &[Vec<String>],
    argv: &[OsString],
    profile: Option<&str>,
    shelf: &impl Shelf,
) -> Result<Finished, Fault> {
    let folder = match source {
        Some(source) => source::bring(source, attempt, shelf).await?,
        None => attempt.place.clone(),
    };
    for command in setup {
        attempt.log.say(format_args!("setup: {}", shown(command)));
        let (verdict, usage) = run(attempt, command, &folder).await?;
        if let Verdict::Failed { exit_code, failure } = verdict.in_setup() {
            return Ok(Finished {
                exit_code,
                usage,
                failure: Some(failure),
                ..Finished::default()
            });
        }
    }
    let before = Before::of(&folder);
    // Whatever the upload needs to know is asked while the command runs.
    let (ended, ()) = tokio::join!(run(attempt, argv, &folder), shelf.warm());
    let (verdict, usage) = ended?;
    let results = results::collect(&folder, &before, profile);
    let (exit_code, failure) = match verdict {
        Verdict::Passed => (0, None),
        Verdict::Failed { exit_code, failure } => (exit_code, Some(failure)),
    };
    Ok(Finished { exit_code, usage, results, failure, ..Finished::default() })
}

/// Runs one command in `folder`, and judges how it ended.
pub(crate) async fn run<S: AsRef<OsStr>>(
    attempt: &mut Attempt,
    argv: &[S],
    folder: &Path,
) -> Result<(Verdict, Usage), Fault> {
    let Some((program, args)) = argv.split_first() else {
        return Err(anyhow::anyhow!("the order has a setup command without a program").into());
    };
    let mut command = attempt.command(program.as_ref(), folder);
    command.args(args);
    let shown = shown(argv);
    Ok(match attempt.run(command).await {
        Ok(ended) => {
            let verdict = Verdict::of(&ended, &shown, attempt.limits.grace);
            (verdict.with(|| attempt.log.telling()), ended.usage)
        }
        Err(error) => (Verdict::not_started(program.as_ref(), &error), Usage::default()),
    })
}

/// A command for the reader: one line, not too long.
fn shown<S: AsRef<OsStr>>(argv: &[S]) -> String {
    let words: Vec<_> = argv.iter().map(|word| word.as_ref().to_string_lossy()).collect();
    crate::fault::one_line(&words.join(" "), 120)
}

impl Verdict {
    /// The same, with what a command that chose to fail had to say.
    fn with(self, telling: impl FnOnce() -> Option<String>) -> Self {
        match self {
            Self::Failed { exit_code, failure } if failure.class == FailureClass::Exit => {
                let line = telling().map(|line| format!(": {line}")).unwrap_or_default();
                let failure = fault::failure(failure.class, format!("{}{line}", failure.message));
                Self::Failed { exit_code, failure }
            }
            other => other,
        }
    }

    /// The same, where it is a `setup` command that ended.
    fn in_setup(self) -> Self {
        match self {
            Self::Failed { exit_code, mut failure } if failure.class == FailureClass::Exit => {
                failure.class = FailureClass::Dependency;
                failure.message = format!("setup failed: {}", failure.message);
                Self::Failed { exit_code, failure }
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
