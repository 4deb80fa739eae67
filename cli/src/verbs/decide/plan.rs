//! What a decision would do: found out by the same core that would do it, on the documents as they
//! are now.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use signalbox_cloud::decision::Decision;
use signalbox_pipeline::effect::Effect;
use signalbox_pipeline::environment::{Entry, Environment};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::platform::{Capability, Platform};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::run::fact::{Entered, Inspected, Trigger};
use signalbox_pipeline::run::{self, Fact, Question, Run};
use signalbox_pipeline::settings::Settings;
use signalbox_pipeline::shared::Shared;
use signalbox_pipeline::stage::Flow;

use super::diff;
use crate::connect::{Connection, RunRef, refused};
use crate::exit::Exit;
use crate::output::Output;

/// Stands where a document would hold what is drawn when it is written.
pub(crate) const DRAWN: &str = "(drawn when it is written)";
/// How long an effect is leased for.
const LEASE: SignedDuration = SignedDuration::from_secs(45);
/// Who it would be is known to the queue only.
pub(crate) const ACTOR: &str = "(who sends the decision)";
/// The deployment's, where a registration names none.
pub(crate) const CHECKOUT_IMAGE: &str = "(the deployment's checkout image)";

/// What would be done.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Plan {
    /// Jobs that would be submitted.
    submit: Vec<Submitted>,
    /// Jobs that would be told to end.
    terminate: Vec<String>,
    /// Objects that would be written, with what would change in them.
    write: Vec<Written>,
    /// Who would be told.
    notify: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Submitted {
    job: String,
    attempt: String,
    queue: String,
    image: String,
}

#[derive(Debug, Serialize)]
struct Written {
    key: String,
    diff: String,
}

/// Why there is nothing to plan.
#[derive(Debug)]
pub(crate) enum Undecided {
    /// Nothing would change.
    Unchanged,
    /// It cannot be, for this reason.
    Rejected(String),
}

/// What the deployment knows and this command does not: shown as what it is.
fn platform(artifacts_bucket: &str) -> Platform {
    let of = |what: &str| format!("(the deployment's {what})");
    Platform {
        queue: of("job queue"),
        job_role: of("job role"),
        job_role_id: of("job role's id"),
        execution_role: of("execution role"),
        runner_image: of("runner image"),
        registry: of("registry"),
        artifacts_bucket: artifacts_bucket.to_owned(),
        capability: Capability::Fargate,
    }
}

impl Plan {
    /// What a fact that `decision` tells to `run` would do.
    pub(crate) fn told(
        connection: &Connection,
        decision: &Decision,
        run: &Run,
        fact: Fact,
    ) -> anyhow::Result<Result<Self, Undecided>> {
        let platform = platform(connection.artifacts_bucket());
        let first = Occurrence { event: decision.id.clone(), actor: ACTOR.to_owned(), fact };
        let next = match run.decide(&first, &platform, decision.at) {
            run::Decision::Advance(next) => *next,
            run::Decision::AlreadyApplied => return Ok(Err(Undecided::Unchanged)),
            run::Decision::Rejected(rejection) => {
                return Ok(Err(Undecided::Rejected(rejection.to_string())));
            }
        };
        let mut plan = Self::default();
        plan.run(Some(run), next, decision.at)?;
        Ok(Ok(plan))
    }

    /// What beginning `run` by `decision` with `trigger` would do.
    pub(crate) async fn begun(
        connection: &Connection,
        decision: &Decision,
        run: &RunRef,
        trigger: Trigger,
    ) -> anyhow::Result<Self> {
        let (platform, now) = (platform(connection.artifacts_bucket()), decision.at);
        let ours = |fact, actor: &str| Occurrence {
            event: decision.id.clone(),
            actor: actor.to_owned(),
            fact,
        };
        let first = ours(Fact::Triggered(trigger), ACTOR);
        let (id, pipeline) = (run.id.clone(), run.pipeline.clone());
        let mut begun = Run::begin(id, pipeline, first, &platform, now)?;
        let mut plan = Self::default();
        while let Some(question) = begun.questions().into_iter().next() {
            let fact = match question {
                Question::Environment(environment) => {
                    Fact::Entered(plan.enter(connection, &begun, environment).await?)
                }
                // What follows where nothing is amiss: what the platform says is asked by the run.
                Question::Inspection(environment, settings) => {
                    Fact::Inspected(Inspected { environment, settings, findings: Vec::new() })
                }
                Question::Report(_) | Question::Definition(_) | Question::Image(_) => break,
            };
            let answer = ours(fact, "signalbox");
            let run::Decision::Advance(next) = begun.decide(&answer, &platform, now) else { break };
            begun = *next;
        }
        plan.run(None, begun, now)?;
        Ok(plan)
    }

    fn run(&mut self, before: Option<&Run>, mut after: Run, now: Timestamp) -> anyhow::Result<()> {
        let known: BTreeSet<_> =
            before.iter().flat_map(|run| &run.pending).map(|pending| pending.id.clone()).collect();
        for pending in after.pending.iter().filter(|pending| !known.contains(&pending.id)) {
            match &pending.effect {
                Effect::Submit(submission) => self.submit.push(Submitted {
                    job: submission.job_name.to_string(),
                    attempt: submission.attempt.to_string(),
                    queue: submission.queue.clone(),
                    image: submission.definition.image.clone(),
                }),
                Effect::Terminate(termination) => {
                    self.terminate
                        .push(format!("{} ({})", termination.job_id, termination.attempt));
                }
                Effect::Withdraw(withdrawal) => {
                    let name = &withdrawal.job_name;
                    self.terminate.push(format!("{name}, should it turn out to be submitted"));
                }
                Effect::Release(releasing) => {
                    let environment = &releasing.environment;
                    let key = keys::state::environment(&after.pipeline, environment);
                    let diff = "(the release that the run has verified)".to_owned();
                    self.write.push(Written { key, diff });
                }
                Effect::Notify(notifying) => {
                    let notice = &notifying.notice;
                    let told = |target| format!("{target}: {}", notice.subject);
                    self.notify.extend(notice.targets.iter().map(told));
                }
                Effect::Overtake(overtaking) => {
                    self.terminate.push(format!("{}, which it supersedes", overtaking.run));
                }
                Effect::Leave(leaving) => {
                    let environment = &leaving.environment;
                    let key = keys::state::environment(&after.pipeline, environment);
                    let diff = "(the run gives its place back)".to_owned();
                    self.write.push(Written { key, diff });
                }
            }
        }
        after.seal(DRAWN, now, LEASE);
        let key = keys::state::run(&after.pipeline, &after.id);
        self.document(key, before, &after)
    }

    /// The environment as `run` would find it, and what its request for a place would change there.
    async fn enter(
        &mut self,
        connection: &Connection,
        run: &Run,
        environment: EnvironmentName,
    ) -> anyhow::Result<Entered> {
        let documents = connection.documents();
        let settings = keys::state::settings(&environment);
        let settings = documents.load::<Settings>(&settings).await.map_err(refused)?;
        let key = keys::state::environment(&run.pipeline, &environment);
        let found = documents.load::<Environment>(&key).await.map_err(refused)?;
        let found = found.map(|found| found.document);
        let standing = match run.state.flow() {
            Flow::First => None,
            Flow::Second | Flow::Third => {
                let first = || Environment::new(run.pipeline.clone(), environment.clone());
                let before = found.clone().unwrap_or_else(first);
                let Entry { next, standing } = before.enter(&run.id, DRAWN);
                if let Some(next) = next {
                    self.document(key, found.as_ref(), &*next)?;
                }
                Some(standing)
            }
        };
        let current = found.and_then(|found| found.current);
        Ok(Entered {
            environment,
            settings: settings.map(|found| Shared::new(found.document)),
            current: current.map(|release| release.live()),
            standing,
        })
    }

    /// Takes down how a document would change.
    pub(crate) fn document<D: Serialize>(
        &mut self,
        key: String,
        before: Option<&D>,
        after: &D,
    ) -> anyhow::Result<()> {
        let before = before.map(serde_json::to_string_pretty).transpose()?.unwrap_or_default();
        let diff = diff::unified(&key, &before, &serde_json::to_string_pretty(after)?);
        self.write.insert(0, Written { key, diff });
        Ok(())
    }

    /// Shows it.
    pub(crate) fn print(&self, decision: &Decision, output: &Output) -> anyhow::Result<Exit> {
        if output.json {
            let message = decision.message().map_err(|error| Exit::Usage.because(error))?;
            let message: serde_json::Value = serde_json::from_str(&message)?;
            output.object(&serde_json::json!({
                "dry_run": true, "decision": message, "plan": self,
            }))?;
            return Ok(Exit::Success);
        }
        output.line("Nothing is sent. This would be")?;
        let none = |what: &str| format!("  {what:<10} nothing");
        for Submitted { job, queue, .. } in &self.submit {
            output.line(format!("  submitted  {job} to {queue}"))?;
        }
        if self.submit.is_empty() {
            output.line(none("submitted"))?;
        }
        for job in &self.terminate {
            output.line(format!("  ended      {job}"))?;
        }
        for Written { key, .. } in &self.write {
            output.line(format!("  written    {key}"))?;
        }
        output.line("  notified   nobody")?;
        for Written { diff, .. } in &self.write {
            diff::print(diff, output)?;
        }
        Ok(Exit::Success)
    }
}
