//! The command line.

use clap::{Parser, Subcommand};

use crate::exit::{self, Exit};
use crate::output::Output;
use crate::verbs::{
    approve, bench, cancel, demo, env, events, local, logs, people, redrive, replay, repo, retry,
    runs, show, steer, train, validate, verify, watch,
};

/// CI/CD for machine-learning training, on AWS Lambda.
///
/// A git push is checked out, tested, built into an image and tried in each environment, by Lambda
/// functions that keep every run as one JSON document in S3.
#[derive(Debug, Parser)]
#[command(
    name = "signalbox",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = AFTER_HELP.as_str(),
    after_long_help = AFTER_HELP.as_str(),
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

static AFTER_HELP: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| format!("{EXAMPLES}\n\n{}", exit::HELP));

const EXAMPLES: &str = "\
Examples:
  signalbox demo                         the whole of it on this machine, no AWS account
  signalbox demo --break model           what a developer sees after a bad push
  signalbox local --dir engine --example an engine for any AWS client
  signalbox validate                     check ./signalbox.yaml before you push
  signalbox runs rain                    the newest runs of a pipeline";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Demo(demo::Args),
    Local(local::Args),
    Validate(validate::Args),
    Runs(runs::Args),
    Show(show::Args),
    Watch(watch::Args),
    Logs(logs::Args),
    Approve(approve::Approve),
    Reject(approve::Reject),
    Cancel(cancel::Args),
    Train(train::Args),
    Rollback(steer::Rollback),
    Hold(steer::Hold),
    Resume(steer::Resume),
    Retry(retry::Args),
    Events(events::Args),
    Replay(replay::Args),
    Verify(verify::Args),
    Redrive(redrive::Args),
    Repo(repo::Args),
    Env(env::Args),
    People(people::Args),
    Bench(bench::Args),
}

impl Verb {
    /// Carries the verb out.
    pub(crate) async fn run(self, output: &Output) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(args) => demo::run(args, output).await,
            Self::Local(args) => local::run(args, output).await,
            Self::Validate(args) => validate::run(args, output).await,
            Self::Runs(args) => runs::run(args, output).await,
            Self::Show(args) => show::run(args, output).await,
            Self::Watch(args) => watch::run(args, output).await,
            Self::Logs(args) => logs::run(args, output).await,
            Self::Approve(args) => approve::approve(args, output).await,
            Self::Reject(args) => approve::reject(args, output).await,
            Self::Cancel(args) => cancel::run(args, output).await,
            Self::Train(args) => train::run(args, output).await,
            Self::Rollback(args) => steer::rollback(args, output).await,
            Self::Hold(args) => steer::hold(args, output).await,
            Self::Resume(args) => steer::resume(args, output).await,
            Self::Retry(args) => retry::run(args, output).await,
            Self::Events(args) => events::run(args, output).await,
            Self::Replay(args) => replay::run(args, output).await,
            Self::Verify(args) => verify::run(args, output).await,
            Self::Redrive(args) => redrive::run(args, output).await,
            Self::Repo(args) => repo::run(args, output).await,
            Self::Env(args) => env::run(args, output).await,
            Self::People(args) => people::run(args, output).await,
            Self::Bench(args) => bench::run(args, output).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_verb_says_what_it_does() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        command.build();
        for verb in command.get_subcommands() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
            assert!(verb.get_arguments().any(|argument| argument.get_id() == "json"));
        }
    }

    #[test]
    fn the_exit_codes_stand_in_the_help() {
        let help = Cli::command().render_long_help().to_string();
        for code in 0..=5 {
            assert!(help.contains(&format!("\n  {code}  ")), "{code}");
        }
    }
}
