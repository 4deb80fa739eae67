//! What people do in a world: they push, decide, and ask for launches.

use anyhow::Context as _;
use jiff::SignedDuration;
use serde_json::Value;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Cancel, Decision, Follow, Retry, Steer, Verdict, What};
use signalbox_cloud::launches::{LaunchKey, Request};
use signalbox_local::events::EventSink as _;
use signalbox_local::principals::Principal;
use signalbox_pipeline::approval::gate;
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, EventId};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::rollout::Side;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::StageWork;

use super::schedule::{Decided, Deed};
use super::world::{MINUTE, World};
use crate::program::root;

/// Who there is beside the operator, each with keys of their own. The first of them makes all
/// commits; the others can be asked for approvals.
pub const PEOPLE: [&str; 3] = ["ada", "grace", "linus"];

/// The environment in which there is more to it than jobs.
const PLACE: &str = "staging";
/// For so many minutes a hold stands, and a scan goes on.
const PATIENCE: u32 = 5;

impl World {
    /// Somebody pushes to the branch `main` of `repository`; the commit's id and the event's follow
    /// from `name`.
    ///
    /// # Errors
    /// When the branch cannot be moved, or the bus does not take the event.
    pub async fn push(&self, repository: &str, name: &str) -> anyhow::Result<()> {
        let path = root().join("events/codecommit-push.json");
        let mut event: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let commit = commit(repository, name);
        event["id"] = event_id(repository, name).into();
        event["time"] = self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
        event["detail"]["repositoryName"] = repository.into();
        event["detail"]["commitId"] = commit.clone().into();
        let heads = self.wire().engine().codecommit().path(repository).join("refs/heads");
        std::fs::create_dir_all(&heads)?;
        std::fs::write(heads.join("main"), commit)?;
        self.wire().engine().bus().put(event).await
    }

    /// The operator decides; the decision's id follows from `name`.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn decide(&self, name: &str, what: What) -> anyhow::Result<()> {
        self.decide_as(self.wire().engine().credentials(), name, what).await
    }

    async fn decide_as(&self, by: &Principal, name: &str, what: What) -> anyhow::Result<()> {
        let at = self.now();
        let expires = at + SignedDuration::from_hours(1);
        let id = EventId::parse(event_id("decisions", name))?;
        let body = Decision { id, at, expires, what }.message()?;
        self.send("DecisionsQueue", body, by).await
    }

    /// One of [`PEOPLE`] says whether the release that `run` waits with may go on.
    ///
    /// # Errors
    /// When it does not wait in `environment`, or the queue does not take it.
    pub async fn judge(
        &self,
        person: &str,
        run: &Run,
        environment: &EnvironmentName,
        decide: fn(Verdict) -> What,
    ) -> anyhow::Result<()> {
        let users = self.wire().engine().users();
        let by = users.iter().find(|user| user.name == person).context("nobody of that name")?;
        self.judge_as(by, person, run, environment, decide).await
    }

    /// As [`World::judge`], by any principal; the decision's id follows from `name` and from the
    /// release.
    ///
    /// # Errors
    /// As [`World::judge`].
    pub async fn judge_as(
        &self,
        by: &Principal,
        name: &str,
        run: &Run,
        environment: &EnvironmentName,
        decide: fn(Verdict) -> What,
    ) -> anyhow::Result<()> {
        let stage = gate(&run.state, environment).context("nobody is asked there")?;
        let release = run.state.release(stage).context("it has no release yet")?;
        let name = format!("{name} about {release} of {}", run.id);
        let verdict = Verdict {
            run: RunKey { pipeline: run.pipeline.clone(), run: run.id.clone() },
            environment: environment.clone(),
            release,
            reason: None,
            break_glass: false,
        };
        self.decide_as(by, &name, decide(verdict)).await
    }

    /// Somebody does what was `decided`, where there is what it is about.
    ///
    /// # Errors
    /// When a document cannot be read, or the queue does not take it.
    pub async fn carry_out(&self, name: &str, decided: &Decided) -> anyhow::Result<()> {
        let mut runs = self.runs()?;
        runs.sort_by(|one, other| one.id.cmp(&other.id));
        let Some(run) = runs.into_iter().nth(decided.run) else { return Ok(()) };
        let key = RunKey { pipeline: run.pipeline.clone(), run: run.id.clone() };
        let what = match decided.deed {
            Deed::Cancel => What::Cancel(Cancel { run: key, reason: None }),
            Deed::Retry => {
                What::Retry(Retry { run: key, from: None, definition: Follow::Original })
            }
            Deed::Approve(who) | Deed::Reject(who) => {
                let decide = match decided.deed {
                    Deed::Approve(_) => What::Approve,
                    _ => What::Reject,
                };
                let place = PLACE.parse()?;
                let release = gate(&run.state, &place).and_then(|it| run.state.release(it));
                if release.is_some() {
                    self.judge(PEOPLE[who], &run, &place, decide).await?;
                }
                return Ok(());
            }
            Deed::RollBack | Deed::Hold | Deed::Resume => {
                let document = keys::state::environment(&run.pipeline, &PLACE.parse()?);
                let Some(found) = self.document::<Environment>(&document)? else { return Ok(()) };
                let steer = Steer {
                    pipeline: run.pipeline,
                    environment: PLACE.parse()?,
                    meant_for: found.generation(),
                    to: None,
                    reason: Some("somebody wants it so".to_owned()),
                };
                match decided.deed {
                    Deed::RollBack => What::Rollback(steer),
                    Deed::Hold => What::Hold(steer),
                    _ => What::Resume(steer),
                }
            }
        };
        self.decide(name, what).await
    }

    /// As [`World::settle`], with people who do every minute what is asked of them: whatever waits is
    /// approved, whatever is rolled out is launched, and no hold stands for ever.
    ///
    /// # Errors
    /// As [`World::settle`].
    pub async fn settle_attended(&mut self, minutes: u32, quiet: u32) -> anyhow::Result<()> {
        let mut still = 0;
        for minute in 0..minutes {
            if minute == PATIENCE {
                self.scan("COMPLETE")?;
            }
            self.approve_all().await?;
            for found in self.environments()? {
                let (pipeline, place) = (found.pipeline.as_str(), found.environment.as_str());
                if found.candidate.is_some() {
                    self.train(pipeline, place, &format!("{minute}")).await?;
                }
                if let (Some(hold), true) = (&found.hold, minute % PATIENCE == PATIENCE - 1) {
                    let steer = Steer {
                        pipeline: found.pipeline.clone(),
                        environment: found.environment.clone(),
                        meant_for: found.generation(),
                        to: None,
                        reason: None,
                    };
                    let name = format!("enough of {pipeline} {}", hold.number);
                    self.decide(&name, What::Resume(steer)).await?;
                }
            }
            self.pass(MINUTE).await?;
            still = if self.unrest().is_empty() { still + 1 } else { 0 };
            if still >= quiet {
                return Ok(());
            }
        }
        anyhow::bail!("not settled within {minutes} minutes: {}", self.unrest().join("; "))
    }

    fn environments(&self) -> anyhow::Result<Vec<Environment>> {
        let keys = self.wire().engine().s3().keys(&self.buckets().state, "pipelines/");
        let keys = keys.iter().filter(|key| key.ends_with("/environment.json"));
        let found: anyhow::Result<Vec<_>> = keys.map(|key| self.document(key)).collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Everybody but who made the commit approves of all that waits for people.
    ///
    /// # Errors
    /// When a run cannot be read, or the queue does not take it.
    pub async fn approve_all(&self) -> anyhow::Result<()> {
        for run in self.runs()? {
            let waits = run.state.stages.iter().filter(|stage| stage.phase == Phase::Running);
            for stage in waits {
                let StageWork::Approve { environment } = &stage.work else { continue };
                for person in &PEOPLE[1..] {
                    self.judge(person, &run, environment, What::Approve).await?;
                }
            }
        }
        Ok(())
    }

    /// A schedule asks for a launch that the rollout puts on `side`: its name follows from `name` and
    /// from where launches of some numbers would be.
    ///
    /// # Errors
    /// When nothing is on that side, or the queue does not take it.
    pub async fn train_on(
        &self,
        side: Side,
        pipeline: &str,
        environment: &str,
        name: &str,
    ) -> anyhow::Result<LaunchKey> {
        let document = keys::state::environment(&pipeline.parse()?, &environment.parse()?);
        let found = self.document::<Environment>(&document)?.context("no environment")?;
        for number in 0..1_000 {
            let name = format!("{name}-{number}");
            let key = self.launch(pipeline, environment, &name)?.key();
            if found.pick(&key.launch).is_some_and(|(picked, _)| picked == side) {
                return self.train(pipeline, environment, &name).await;
            }
        }
        anyhow::bail!("no launch would be on the side {side}")
    }

    /// A schedule asks for a launch; its id follows from `name`.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn train(
        &self,
        pipeline: &str,
        environment: &str,
        name: &str,
    ) -> anyhow::Result<LaunchKey> {
        let request = self.launch(pipeline, environment, name)?;
        let (body, by) = (serde_json::to_string(&request)?, self.wire().engine().credentials());
        self.send("LaunchesQueue", body, by).await?;
        Ok(request.key())
    }

    fn launch(&self, pipeline: &str, environment: &str, name: &str) -> anyhow::Result<Request> {
        let id = event_id("launches", &format!("{pipeline} {environment} {name}"));
        let (id, pipeline) = (EventId::parse(id)?, pipeline.parse()?);
        Ok(Request::new(id, self.now(), pipeline, environment.parse()?, None))
    }
}

/// The commit of a push that bears `name`.
#[must_use]
pub fn commit(repository: &str, name: &str) -> String {
    let hash = sha256(format!("{repository} {name}").as_bytes());
    hash.as_str()[..40].to_owned()
}

/// The id of the event of a push that bears `name`.
#[must_use]
pub fn event_id(repository: &str, name: &str) -> String {
    let hash = sha256(format!("the event of {repository} {name}").as_bytes());
    let hex = hash.as_str();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}
