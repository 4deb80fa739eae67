//! When the runners' processes began and ended, on the clock that all of them share.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use rustix::time::{ClockId, clock_gettime};

/// The runner with a stamp at its first instruction and at its last. What exec and exit themselves
/// take lies between the stamps of two jobs, and so counts as part of the gap.
pub(crate) fn timed_runner(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let began = now();
    let file = arguments.next().map(PathBuf::from).unwrap_or_default();
    let ended = signalbox_runner::main(arguments);
    let job = std::env::var("AWS_BATCH_JOB_ID").unwrap_or_default();
    let log = std::fs::File::options().create(true).append(true).open(&file);
    // One short write to the end of a file is never mixed with another's.
    let written =
        log.and_then(|mut log| log.write_all(format!("{job} {began} {}\n", now()).as_bytes()));
    if let Err(error) = written {
        eprintln!("signalbox: cannot write {}: {error}", file.display());
    }
    ended
}

/// Nanoseconds of `CLOCK_MONOTONIC`, which is the same for all processes of a machine.
fn now() -> i64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

/// When a job's runner began and ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) began: i64,
    pub(super) ended: i64,
}

/// The spans in `file`, by Batch's id of the job.
pub(super) fn read(file: &Path) -> anyhow::Result<BTreeMap<String, Span>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("no job has left a stamp in {}", file.display()))?;
    let span = |line: &str| {
        let mut words = line.split(' ');
        let job = words.next()?.to_owned();
        let (began, ended) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((job, Span { began, ended }))
    };
    Ok(text.lines().filter_map(span).collect())
}
