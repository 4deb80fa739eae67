//! `signalbox approve` and `signalbox reject`: a person's word on a release that waits for it.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use jiff::Timestamp;
use signalbox_pipeline::explain::explain;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::fact::Choice;
use signalbox_pipeline::run::state::{StageWork, State};

use super::decide::{self, How};
use crate::exit::Exit;
use crate::output::Output;

mod commits;
mod gate;
mod page;
#[cfg(test)]
mod tests;

pub(super) use gate::Gate;
use gate::OVER;
use page::Page;
pub(super) use page::told;

const EXAMPLES: &str = "\
Examples:
  signalbox approve latest --environment staging
  signalbox approve 3e5983d --reason \"the benchmark is fine\" --yes
  signalbox approve latest --dry-run     what it is about, and nothing is sent
  signalbox approve latest --break-glass --reason \"the night's data is wrong\"
  signalbox reject latest --reason \"not before the audit\"
  signalbox approve latest --dir engine --as grace       a user of a local engine

An approval is for one release: this image, this definition, these settings. Where any of them has
changed by the time it arrives, it does not count. One rejection ends the run.

Exit codes: 0 it counts; 1 it does not, for the reason that is told; 4 there is no such run.";

/// Approve of a release that waits for it
///
/// Shows first what it is about: the commits since the live release, what was checked and measured,
/// and how the settings differ. Whose approval it is follows from the keys that send it: SQS names
/// the principal, and people.json the person.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Approve {
    #[command(flatten)]
    about: About,
    /// Why, for whoever looks at the run later
    #[arg(long, value_name = "TEXT", required_if_eq("break_glass", "true"))]
    reason: Option<String>,
    /// Stand for all that are asked; needs a reason, is marked for ever, and is told to everybody
    #[arg(long)]
    break_glass: bool,
}

/// Reject a release that waits for approval
///
/// One rejection is enough: the run ends as failed, with the person's reason. Shows first what it is
/// about, as `signalbox approve` does.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Reject {
    #[command(flatten)]
    about: About,
    /// Why, for whoever made the commit
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct About {
    /// An id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// Where the release waits; may be left out where it waits in one environment
    #[arg(long, value_name = "ENV")]
    environment: Option<EnvironmentName>,
    /// The user of the local engine whose keys are used
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
    /// Do not ask whether this is meant; without a terminal nothing is asked
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    how: How,
}

/// Carries `signalbox approve` out.
pub(crate) async fn approve(args: Approve, output: &Output) -> anyhow::Result<Exit> {
    let Approve { about, reason, break_glass } = args;
    about.decide(Choice::Approve, reason, break_glass, output).await
}

/// Carries `signalbox reject` out.
pub(crate) async fn reject(args: Reject, output: &Output) -> anyhow::Result<Exit> {
    args.about.decide(Choice::Reject, Some(args.reason), false, output).await
}

impl About {
    async fn decide(
        self,
        choice: Choice,
        reason: Option<String>,
        break_glass: bool,
        output: &Output,
    ) -> anyhow::Result<Exit> {
        let connection = self.how.place.connect_as(self.user.as_deref()).await?;
        let found = connection.find_run(&self.run).await?;
        let gate = Gate::find(&connection, found, self.environment, Path::new(".")).await?;
        if !output.json {
            gate.page.print(output)?;
        }
        if let Some(refusal) = gate.refusal(choice) {
            return Err(Exit::Failed.because(refusal));
        }
        let decision = gate.decision(choice, reason, break_glass)?;
        if self.how.dry_run {
            return gate.page.dry_run(&decision, output);
        }
        if !self.yes && !confirmed(gate::verb(choice), output)? {
            output.say("Nothing was sent.");
            return Ok(Exit::Failed);
        }
        let sent = gate.send(&decision, choice).await?;
        sent.tell(&gate.found, output)?;
        if sent.outcome == OVER {
            return Ok(Exit::Failed);
        }
        if self.how.wait {
            return decide::follow(&connection, &gate.found, true, output).await;
        }
        if !output.json {
            let run = connection.seen_run(&gate.found).await?.run;
            output.line(format!("Now: {}", explain(&run, Timestamp::now())))?;
        }
        Ok(Exit::Success)
    }
}

/// The environment that the run waits for people in, where it is one.
pub(super) fn only_gate(state: &State) -> Option<EnvironmentName> {
    let mut gates = state.stages.iter().filter_map(|stage| match &stage.work {
        StageWork::Approve { environment } if stage.phase == Phase::Running => Some(environment),
        _ => None,
    });
    gates.next().filter(|_| gates.next().is_none()).cloned()
}

/// Whether it is meant; only somebody at a terminal can be asked.
fn confirmed(verb: &str, output: &Output) -> anyhow::Result<bool> {
    if !output.terminal || !std::io::stdin().is_terminal() {
        return Ok(true);
    }
    write!(anstream::stderr(), "\nReally {verb} this? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
