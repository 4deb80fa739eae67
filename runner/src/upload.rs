//! The delivery of what an attempt made: files and log side by side, and then the result.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use signalbox_pipeline::keys;
use signalbox_pipeline::order::{EXIT_RUNNER, files};
use signalbox_pipeline::report::{FailureClass, LARGEST, Report};

use crate::fault::{failure, one_line};
use crate::finished::{Delivery, Finished};
use crate::log::Log;
use crate::shelf::{Body, Shelf};

/// How many files are put at a time.
const AT_A_TIME: usize = 8;

/// The most notes of a report, and the most characters of one.
const MOST_NOTES: usize = 100;
const LONGEST_NOTE: usize = 300;

/// Delivers `finished`, and returns the code to exit with.
pub(crate) async fn deliver(mut finished: Finished, shelf: &impl Shelf, log: &Log) -> i32 {
    if let Some(failure) = &finished.failure {
        log.say(format_args!("{}", failure.message));
    }
    for note in &finished.results.notes {
        log.say(format_args!("note: {note}"));
    }
    let mut exit_code = finished.exit_code;
    if let Err(error) = put_files_and_log(&finished, shelf, log).await {
        log.say(format_args!("{error:#}"));
        exit_code = EXIT_RUNNER;
        finished.exit_code = EXIT_RUNNER;
        finished.failure = Some(failure(FailureClass::Runner, format!("{error:#}")));
        finished.results.files.clear();
        finished.results.packages.clear();
    }
    if let Err(error) = put_result(finished.report(), shelf).await {
        log.say(format_args!("{error:#}"));
        exit_code = EXIT_RUNNER;
    }
    exit_code
}

async fn put_files_and_log(
    finished: &Finished,
    shelf: &impl Shelf,
    log: &Log,
) -> anyhow::Result<()> {
    let files = finished.results.files.iter().map(|delivery| {
        let name = format!("{}{}", files::DELIVERED, delivery.file.name);
        (name, delivery)
    });
    let packages = finished.results.packages.iter().map(|delivery| {
        let file = &delivery.file;
        (keys::artifacts::delivered_package(&file.sha256, &file.name), delivery)
    });
    let files =
        stream::iter(files.chain(packages)).map(|(name, delivery)| put_file(name, delivery, shelf));
    let files = files.buffer_unordered(AT_A_TIME).collect::<Vec<_>>();
    let text = shelf.put(files::LOG, Body::Bytes(Bytes::from(log.text())));
    let (files, text) = tokio::join!(files, text);
    files.into_iter().chain([text]).collect()
}

async fn put_file(name: String, delivery: &Delivery, shelf: &impl Shelf) -> anyhow::Result<()> {
    shelf
        .put(&name, Body::File { path: &delivery.path, sha256: delivery.file.sha256.as_str() })
        .await
}

async fn put_result(mut report: Report, shelf: &impl Shelf) -> anyhow::Result<()> {
    let more = report.notes.len().saturating_sub(MOST_NOTES);
    report.notes.truncate(MOST_NOTES);
    for note in &mut report.notes {
        *note = one_line(note, LONGEST_NOTE);
    }
    if more > 0 {
        report.notes.push(format!("and {more} more, which are in the log"));
    }
    let mut result = serde_json::to_vec(&report)?;
    if result.len() > LARGEST {
        // Cannot happen by the bounds of each part; a result that nobody reads would be the worst of all.
        report.notes =
            vec![format!("the notes are only in the log: a result holds at most {LARGEST} bytes")];
        result = serde_json::to_vec(&report)?;
    }
    shelf.put(files::RESULT, Body::Bytes(Bytes::from(result))).await
}

#[cfg(test)]
mod tests;
