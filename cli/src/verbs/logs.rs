//! `signalbox logs`: what a job's attempt wrote.

use std::io::Write as _;

use serde::Serialize;
use signalbox_pipeline::run::Run;

use crate::connect::{Connection, Objects, Place};
use crate::exit::Exit;
use crate::output::Output;
use crate::view::safe::Cleaner;

mod place;
#[cfg(test)]
mod tests;
mod wanted;

use wanted::{Wanted, choose};

const EXAMPLES: &str = "\
Examples:
  signalbox logs latest                  the logs of all failed jobs of the newest run
  signalbox logs latest unit             of the job `unit`
  signalbox logs latest checks/unit --attempt 1
  signalbox logs 3e5983d unit | less     as it was written, byte for byte

A log is there once its attempt has ended. Exit code 4: there is no such job, attempt or log.";

/// Print a job's log
///
/// Standard output and error of one attempt, from the artifacts bucket. On a terminal, escape
/// sequences and control characters are taken out; into a pipe or a file the log goes as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// An id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// The job, or STAGE/JOB; without it, all that failed
    #[arg(value_name = "JOB")]
    job: Option<String>,
    /// The attempt, counted from 1; without it, the last
    #[arg(long, value_name = "N", requires = "job")]
    attempt: Option<u32>,
    #[command(flatten)]
    place: Place,
}

#[derive(Serialize)]
struct Told {
    stage: String,
    job: String,
    attempt: u32,
    log: Option<String>,
    text: Option<String>,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let found = connection.find_run(&args.run).await?;
    let run = connection.seen_run(&found).await?.run;
    let wanted = choose(&run, args.job.as_deref(), args.attempt)?;
    if wanted.is_empty() && !output.json {
        output.note(format!(
            "No job of {} has failed. Name one to see its log: {}",
            run.id,
            wanted::names(&run)
        ));
    }
    let artifacts = connection.artifacts();
    let (mut told, mut missing) = (Vec::new(), 0);
    for wanted in &wanted {
        let key = log_key(&artifacts, wanted).await?;
        if output.json {
            told.push(tell(&artifacts, wanted, key).await?);
            continue;
        }
        if args.job.is_none() {
            output.note(format!("==> {wanted} <=="));
        }
        if !print(&connection, &run, wanted, key.as_deref(), output).await? {
            missing += 1;
        }
    }
    if output.json {
        output.object(&told)?;
        missing = told.iter().filter(|told| told.text.is_none()).count();
    }
    Ok(if missing > 0 && missing == wanted.len() { Exit::NotFound } else { Exit::Success })
}

/// Where the log is, if it is there.
async fn log_key(artifacts: &Objects, wanted: &Wanted<'_>) -> anyhow::Result<Option<String>> {
    match place::of(wanted.attempt) {
        place::LogPlace::Key(key) => Ok(Some(key)),
        place::LogPlace::OfTask(task) => place::search(artifacts, &task).await,
        place::LogPlace::Nowhere => Ok(None),
    }
}

/// Prints a log as it comes; whether there was one.
async fn print(
    connection: &Connection,
    run: &Run,
    wanted: &Wanted<'_>,
    key: Option<&str>,
    output: &Output,
) -> anyhow::Result<bool> {
    let body = match key {
        Some(key) => connection.artifacts().stream(key).await?,
        None => None,
    };
    let Some(mut body) = body else {
        let flag = connection.flag();
        output.note(place::why_not(run, wanted, key, &flag));
        return Ok(false);
    };
    let mut cleaner = output.terminal.then(Cleaner::default);
    let mut stdout = std::io::stdout();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        match &mut cleaner {
            Some(cleaner) => stdout.write_all(cleaner.clean(&piece).as_bytes())?,
            None => stdout.write_all(&piece)?,
        }
    }
    if let Some(cleaner) = cleaner {
        stdout.write_all(cleaner.finish().as_bytes())?;
    }
    stdout.flush()?;
    Ok(true)
}

async fn tell(
    artifacts: &Objects,
    wanted: &Wanted<'_>,
    key: Option<String>,
) -> anyhow::Result<Told> {
    let text = match &key {
        Some(key) => match artifacts.stream(key).await? {
            Some(body) => {
                let bytes = body.collect().await?.to_vec();
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            None => None,
        },
        None => None,
    };
    Ok(Told {
        stage: wanted.stage.name.to_string(),
        job: wanted.job.name.to_string(),
        attempt: wanted.attempt.number,
        log: key.map(|key| artifacts.url(&key)),
        text,
    })
}
