//! `signalbox local`.

use std::path::PathBuf;
use std::time::Duration;

use signalbox_local::engine::Engine;
use signalbox_local::events::Knobs;
use signalbox_local::incident::Incident;
use signalbox_local::principals::is_user_name;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

use crate::exit::Exit;
use crate::laptop::environments::Asked;
use crate::laptop::{Address, Wanted, example, told};
use crate::output::Output;

/// Run the local engine: S3, SQS, Batch, ECR and the functions, on 127.0.0.1
///
/// It is wired as template.yaml says, and runs the same functions as on AWS. The first line of its
/// output is JSON that tells any AWS client how to reach it: endpoint, git_remote, registry,
/// buckets{state,index,artifacts}, queues{commits,images,jobs,decisions,notifications} (URLs),
/// credentials{access_key_id,secret_access_key,region}, users (each with user_id, which SQS attaches to
/// what they send, arn, access_key_id, secret_access_key), functions_log, functions (the variables of
/// each, as `sam local invoke --env-vars` takes them). It runs until SIGINT or SIGTERM, and tells on
/// standard error what is wrong in the wiring, and what was published to topics of SNS. Everything is kept in DIR; the next engine there goes
/// on where this one stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Where everything is kept; one engine at a time
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Register the repository `rain`, with its files pushed and its environments set up; in these
    /// nobody is asked for approval. No commit event is sent: push a commit yourself, or send one to
    /// the commits queue
    #[arg(long)]
    example: bool,
    /// Take the files of `rain` from there
    #[arg(long, value_name = "DIR", requires = "example")]
    examples: Option<PathBuf>,
    /// Wire the engine as this file says
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// A parameter of the template, such as Repositories=rain,snow
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    /// Give a user of IAM keys of their own, for `--as NAME`; may be repeated
    ///
    /// A push is a user's where SIGNALBOX_AS=NAME is in the environment of git.
    #[arg(long = "user", value_name = "NAME", value_parser = user)]
    users: Vec<String>,
    /// The vCPUs that jobs share [default: those of this machine]
    #[arg(long, value_name = "N")]
    vcpus: Option<u32>,
    /// How long a minute of the schedule lasts
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    tick: Duration,
    #[command(flatten)]
    delivery: Delivery,
    #[arg(long, hide = true)]
    kill_at: Option<u64>,
}

/// How unkindly events are delivered.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Delivery {
    /// The probability that an event is never delivered
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    lose: f64,
    /// The probability that an event is delivered twice
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    duplicate: f64,
    /// The probability that an event is held back, so that later ones overtake it
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    reorder: f64,
    /// How long it is held back at most
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    delay: Duration,
    /// What chance depends on
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

const HELP: &str = "\
Examples:
  signalbox local --dir engine --example
  git -C my-copy push engine/git/rain.git main        starts a run
  signalbox runs --dir engine                         lists it
  aws --endpoint-url http://127.0.0.1:PORT s3 ls      with the keys of the first line";

impl Delivery {
    /// Whether anything is delivered twice.
    pub(crate) fn doubles(&self) -> bool {
        self.duplicate > 0.0
    }
}

impl From<&Delivery> for Knobs {
    fn from(delivery: &Delivery) -> Self {
        let Delivery { lose, duplicate, reorder, delay, seed } = *delivery;
        Self { seed, lose, duplicate, reorder, delay, ..Self::default() }
    }
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    // Before the engine, so that no signal finds it half started.
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let wanted = Wanted {
        template: args.template.clone(),
        parameters: args.parameter.iter().cloned().collect(),
        knobs: (&args.delivery).into(),
        users: args.users.clone(),
        vcpus: args.vcpus,
        tick: args.tick,
        kill_at: args.kill_at,
        ..Wanted::in_folder(args.dir.clone())
    };
    let engine = wanted.start().await?;
    let mut incidents = engine.incidents().subscribe();
    let mut published = engine.sns().subscribe();
    for incident in engine.incidents().all() {
        tell(output, &incident);
    }
    let parameters = &engine.stack().parameters;
    for name in parameters.get("Repositories").into_iter().flat_map(|names| names.split(',')) {
        engine.git_remote(name.trim()).await?;
    }
    if args.example {
        seed(&engine, args.examples.as_deref()).await?;
    }
    output.object(&Address::of(&engine, &args.dir)?)?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            told = incidents.recv() => match told {
                Ok(incident) => tell(output, &incident),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
            told = published.recv() => match told {
                Ok(message) => output.note(format!("published: {}", told::line(&message))),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
    engine.stop().await;
    Ok(Exit::Success)
}

async fn seed(engine: &Engine, source: Option<&std::path::Path>) -> anyhow::Result<()> {
    let remote = example::prepare(engine, Vec::new(), Asked::Nobody).await?;
    let work = tempfile::tempdir()?;
    example::seed(work.path(), source).await?;
    example::push_unheard(work.path(), &remote).await
}

fn tell(output: &Output, incident: &Incident) {
    output.note(format!("incident: {incident}"));
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

fn user(text: &str) -> Result<String, String> {
    let name = is_user_name(text).then(|| text.to_owned());
    name.ok_or_else(|| "expected letters, digits and any of _+=,.@-, 64 at most".to_owned())
}

fn probability(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
    value.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A duration such as `250ms`, `2s` or `5m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration such as 250ms, 2s or 5m".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(expected()),
    };
    let number: f64 = number.parse().map_err(|_| expected())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["", "5", "s", "-1s", "1 s", "1.2.3s", "1d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_probability_lies_between_never_and_always() {
        assert_eq!(probability("0.25"), Ok(0.25));
        for wrong in ["1.01", "-0.1", "NaN", "often"] {
            assert!(probability(wrong).is_err(), "{wrong}");
        }
    }
}
