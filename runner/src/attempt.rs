//! One attempt from the order to the exit code.

use std::ffi::{OsStr, OsString};
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::FutureExt as _;
use signalbox_pipeline::order::{EXIT_RUNNER, Order, VARIABLE, Work};

use crate::environment::Environment;
use crate::fault::Fault;
use crate::finished::Finished;
use crate::log::{EACH_END, Log};
use crate::process::{self, Ended, Limits};
use crate::shelf::{S3, Shelf};
use crate::stop::Stop;
use crate::{build, checkout, exec, preflight, upload};

/// How long a command has after SIGTERM. Batch gives the whole container 30 seconds.
const GRACE: Duration = Duration::from_secs(10);

/// What the command line asks for. What to work on is in the order.
#[derive(Debug)]
pub(crate) enum Verb {
    /// Fetch a commit.
    Checkout,
    /// Run this command.
    Exec(Vec<OsString>),
    /// Build an image.
    Build,
    /// Try what an environment's jobs are given.
    Preflight,
}

/// What every kind of work needs.
pub(crate) struct Attempt {
    pub(crate) log: Log,
    pub(crate) environment: Environment,
    pub(crate) limits: Limits,
    /// Where the container starts.
    pub(crate) place: PathBuf,
    pub(crate) stop: Stop,
}

impl Attempt {
    /// A command with what commands see of the environment, in `folder`.
    pub(crate) fn command(&self, program: &OsStr, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(self.environment.of_commands())
            .env("PWD", folder)
            .current_dir(folder);
        command
    }

    /// A fresh folder for what is made on the way, which lasts as long as the container.
    pub(crate) fn scratch(&self) -> anyhow::Result<PathBuf> {
        let named = |place: &Path| tempfile::Builder::new().prefix("signalbox-").tempdir_in(place);
        let folder = named(&self.place).or_else(|_| named(&std::env::temp_dir()));
        let folder = folder.with_context(|| {
            let temp = std::env::temp_dir();
            format!(
                "neither {} nor {} can be written by this user",
                self.place.display(),
                temp.display()
            )
        })?;
        Ok(folder.keep())
    }

    /// Runs `command` into the log and within the attempt's time.
    pub(crate) async fn run(&mut self, command: Command) -> io::Result<Ended> {
        process::run(command, &self.log, self.limits, &mut self.stop).await
    }
}

/// Carries out the order in the environment, and returns the code to exit with.
pub(crate) fn carry_out(verb: &Verb) -> ExitCode {
    let log = Log::new(io::stdout(), EACH_END);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            log.say(format_args!("the runner cannot start: {error}"));
            return code(EXIT_RUNNER);
        }
    };
    let exit_code = runtime.block_on(attempt(verb, &log)).unwrap_or_else(|error| {
        log.say(format_args!("{error:#}"));
        EXIT_RUNNER
    });
    // A process that still holds the log open is not waited for.
    runtime.shutdown_background();
    code(exit_code)
}

fn code(exit_code: i32) -> ExitCode {
    // More than a byte does not leave a process; whatever it was, it was not success.
    ExitCode::from(u8::try_from(exit_code).unwrap_or(u8::MAX))
}

async fn attempt(verb: &Verb, log: &Log) -> anyhow::Result<i32> {
    let environment = Environment::of_process();
    let order = order(&environment)?;
    let shelf = S3::of(&order, &environment);
    for name in &order.secrets {
        log.mask(environment.get(name).unwrap_or_default());
    }
    let mut attempt = Attempt {
        log: log.clone(),
        limits: Limits {
            deadline: Instant::now() + Duration::from_secs(order.timeout_seconds.min(MOST_SECONDS)),
            grace: GRACE,
        },
        environment,
        place: std::env::current_dir().context("the container's working folder does not exist")?,
        stop: Stop::on_signals().context("signals cannot be received")?,
    };
    let finished = finished(&mut attempt, verb, &order.work, &shelf).await;
    Ok(upload::deliver(finished, &shelf, log).await)
}

/// Two weeks, the most that AWS Batch on Fargate gives; more would overflow the clock.
const MOST_SECONDS: u64 = 14 * 24 * 3600;

fn order(environment: &Environment) -> anyhow::Result<Order> {
    let Some(text) = environment.get(VARIABLE) else {
        bail!("{VARIABLE} is not set: the runner is started by Signalbox, in a job's container");
    };
    let order: Order =
        serde_json::from_str(text).with_context(|| format!("{VARIABLE} is not an order"))?;
    if order.schema != 1 {
        bail!(
            "{VARIABLE} has schema {}, and this runner knows 1: deploy functions and runner together",
            order.schema
        );
    }
    Ok(order)
}

async fn finished(attempt: &mut Attempt, verb: &Verb, work: &Work, shelf: &impl Shelf) -> Finished {
    // A panic is a fault of ours like any other, and is reported like any other.
    let outcome = AssertUnwindSafe(carried_out(attempt, verb, work, shelf)).catch_unwind().await;
    let fault = match outcome {
        Ok(Ok(finished)) => return finished,
        Ok(Err(fault)) => fault,
        Err(_) => Fault::from(anyhow::anyhow!(
            "the runner has a fault of its own; its message is in the job's log"
        )),
    };
    Finished { exit_code: fault.exit_code, failure: Some(fault.failure), ..Finished::default() }
}

async fn carried_out(
    attempt: &mut Attempt,
    verb: &Verb,
    work: &Work,
    shelf: &impl Shelf,
) -> Result<Finished, Fault> {
    match (verb, work) {
        (Verb::Checkout, Work::Checkout { clone_url, commit, branch }) => {
            let wanted = checkout::Wanted { clone_url, commit, branch };
            checkout::checkout(attempt, &wanted).await
        }
        (Verb::Exec(argv), Work::Exec { source, setup, profile }) => {
            exec::exec(attempt, source.as_ref(), setup, argv, profile.as_deref(), shelf).await
        }
        (
            Verb::Build,
            Work::Build { source, dockerfile, context, command, artifacts, repository, tag },
        ) => {
            let wanted =
                build::Wanted { source, dockerfile, context, command, artifacts, repository, tag };
            build::build(attempt, &wanted, shelf).await
        }
        (Verb::Preflight, Work::Preflight { data, secrets, role }) => {
            let wanted = preflight::Wanted { data, secrets, role: role.as_deref() };
            preflight::preflight(attempt, &wanted).await
        }
        (verb, _) => {
            Err(anyhow::anyhow!("the command line says {verb:?}, and {VARIABLE} orders other work")
                .into())
        }
    }
}

#[cfg(test)]
mod tests;
