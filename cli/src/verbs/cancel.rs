//! `signalbox cancel`: a run is to end.

use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Cancel, Decision, What};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::fact::Cancelled;
use signalbox_pipeline::run::{Fact, Run};

use super::decide::{self, ACTOR, How, Plan, Undecided};
use crate::exit::Exit;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  signalbox cancel latest                end the newest run
  signalbox cancel 3e5983d --reason \"wrong data\"
  signalbox cancel latest --dry-run      what would be ended and written, and nothing is sent
  signalbox cancel latest --wait         until every job of it is seen to have ended

A cancelled run never goes on; `signalbox retry RUN` makes a new one of what it had reached.

Exit codes: 0 it is cancelled; 1 it was over before; 4 there is no such run.";

/// End a run
///
/// Its jobs are told to end, and nothing of it is submitted any more. The run says whose decision
/// it was: the principal whose keys sent it, as the queue saw it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// An id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// Why, for whoever looks at the run later
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.how.place.connect().await?;
    let found = connection.find_run(&args.run).await?;
    let seen = connection.seen_run(&found).await?;
    let key = RunKey { pipeline: found.pipeline.clone(), run: found.id.clone() };
    let cancel = Cancel { run: key, reason: args.reason };
    let decision = decide::decision("cancel", What::Cancel(cancel.clone()))?;
    let fact = Fact::Cancelled(Cancelled {
        decision: decision.id.clone(),
        by: ACTOR.to_owned(),
        reason: cancel.reason,
    });
    let plan = match Plan::told(&connection, &decision, &seen.run, fact)? {
        Ok(plan) => plan,
        Err(undecided) => {
            let phase = seen.run.state.phase;
            return Err(Exit::Failed.because(match undecided {
                Undecided::Unchanged => format!("{found} is over: it {phase}"),
                Undecided::Rejected(reason) => format!("{found} cannot be cancelled: {reason}"),
            }));
        }
    };
    if args.how.dry_run {
        return plan.print(&decision, output);
    }
    let done = |run: &Run| outcome(run, &decision);
    let sent = decide::send(&connection, &decision, &found, done).await?;
    sent.tell(&found, output)?;
    if sent.outcome != CANCELLED {
        return Ok(Exit::Failed);
    }
    if args.how.wait {
        decide::settled(&connection, &found, output).await?;
    }
    Ok(Exit::Success)
}

const CANCELLED: &str = "cancelled";

/// In a word, what has become of the run, once it is over.
fn outcome(run: &Run, decision: &Decision) -> Option<&'static str> {
    let ours = run.register.entries().iter().any(|entry| entry.event == decision.id);
    match run.state.phase {
        Phase::Cancelled if ours => Some(CANCELLED),
        phase if phase.is_terminal() => Some("it was over before"),
        _ => None,
    }
}
