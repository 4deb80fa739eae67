//! `signalbox retry`: what a run was for is tried again, by a new run.

use clap::ValueEnum;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{self, Follow, Retry, What};
use signalbox_pipeline::head::Head;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::StageName;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::Trigger;

use super::decide::{self, CHECKOUT_IMAGE, How, Plan};
use crate::connect::{Connection, RunRef, refused};
use crate::exit::Exit;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  signalbox retry latest                 from the stage that did not succeed
  signalbox retry 3e5983d --from build   from the build on; source and checks are taken over
  signalbox retry 3e5983d --from checkout
                                         all of it, from a fresh checkout of the commit
  signalbox retry latest --definition current
                                         with the signalbox.yaml of the branch as it is now
  signalbox retry latest --dry-run       what would be submitted and written, and nothing is sent

What came before is taken over by digest: the same source, the same image, without a job. An
environment is always entered anew. A retry of an old commit releases that commit.

Exit codes: 0 the run began, or with --wait succeeded; 1 it cannot be retried so, or failed; 4 there
is no such run.";

/// Try a run again, from the stage that did not succeed
///
/// Makes a new run that takes over what the old one had passed. It works weeks later, too: nothing
/// is asked of the old jobs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// An id, its beginning or end, a commit, or `latest`
    #[arg(value_name = "RUN")]
    run: String,
    /// The stage to begin with, such as `build` or `test-verify`
    #[arg(long, value_name = "STAGE")]
    from: Option<StageName>,
    /// Whose signalbox.yaml is followed
    #[arg(long, value_enum, default_value_t)]
    definition: Definition,
    #[command(flatten)]
    how: How,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Definition {
    /// That of the run itself
    #[default]
    Original,
    /// That of the run which owns the branch now
    Current,
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.how.place.connect().await?;
    let before = connection.find_run(&args.run).await?;
    let seen = connection.seen_run(&before).await?;
    let key = RunKey { pipeline: before.pipeline.clone(), run: before.id.clone() };
    let definition = match args.definition {
        Definition::Original => Follow::Original,
        Definition::Current => Follow::Current,
    };
    let retry = Retry { run: key, from: args.from, definition };
    let decision = decide::decision("retry", What::Retry(retry.clone()))?;
    let run = RunRef { pipeline: before.pipeline.clone(), id: decision.retried(&seen.run) };
    let trigger = trigger(&connection, &retry, &seen.run).await?;
    let trigger = trigger.map_err(|reason| {
        Exit::Failed.because(format!("{before} cannot be retried so: {reason}"))
    })?;
    if args.how.dry_run {
        return Plan::begun(&connection, &decision, &run, trigger).await?.print(&decision, output);
    }
    decide::send(&connection, &decision, &run, |_| Some("began")).await?.tell(&run, output)?;
    decide::follow(&connection, &run, args.how.wait, output).await
}

/// The trigger that the function will make, or why it will make none.
async fn trigger(
    connection: &Connection,
    retry: &Retry,
    before: &Run,
) -> anyhow::Result<Result<Trigger, String>> {
    let (documents, trigger) = (connection.documents(), &before.state.trigger);
    let (host, repository) = (&trigger.host, &trigger.repository);
    let registration = keys::state::repository(host, repository);
    let registration = documents.load::<Registration>(&registration).await.map_err(refused)?;
    let admitted = registration.filter(|found| found.document.admits(&trigger.branch));
    let Some(registration) = admitted else {
        let branch = &trigger.branch;
        return Ok(Err(format!("{host}/{repository} is not registered for the branch {branch}")));
    };
    let owner = match retry.definition {
        Follow::Original => None,
        Follow::Current => {
            let head = keys::state::head(host, repository, &trigger.branch);
            let head = documents.load::<Head>(&head).await.map_err(refused)?;
            let owner = head
                .map(|head| RunRef { pipeline: before.pipeline.clone(), id: head.document.run });
            match owner {
                Some(owner) => connection.existing_run(&owner).await?.map(|seen| seen.run),
                None => None,
            }
        }
    };
    let current = match retry.definition {
        Follow::Original => None,
        Follow::Current => match decision::current(owner.as_ref()) {
            Ok(definition) => Some(definition),
            Err(reason) => return Ok(Err(reason)),
        },
    };
    Ok(decision::begun(retry, before, current, &registration.document, CHECKOUT_IMAGE))
}
