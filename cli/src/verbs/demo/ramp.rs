//! A release on its way to all launches: a schedule asks for trainings, and the new one gets a share.

use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use signalbox_cloud::launches::LaunchKey;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::{EnvironmentName, PipelineName};
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::rollout::{Ended, Plan, Side};
use signalbox_pipeline::run::Run;
use tokio::time::Instant;

use super::story::Story;
use crate::connect::{Connection, Place};
use crate::exit::Exit;
use crate::laptop::follow::Follow;
use crate::output::{Output, of_phase, styled};
use crate::progress::{Counting, mark};
use crate::verbs::train;
use crate::view::{safe, time};
use crate::wrap::{WIDTH, folded};

/// This often the schedule asks for a launch.
const PACE: Duration = Duration::from_millis(200);
/// As many run at once: more would only wait for a processor.
const MOST_AT_ONCE: usize = 3;
/// As many launches show what is live after a fallback.
const AFTERWARDS: usize = 3;

/// What became of a rollout.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Ramped {
    outcome: &'static str,
    /// What the release broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    launches: Vec<Launched>,
}

/// A launch, and how it ended.
#[derive(Clone, Debug, Serialize)]
struct Launched {
    launch: String,
    side: String,
    release: String,
    ended: Option<String>,
}

/// The schedule, and all that it has asked for.
struct Schedule<'s> {
    connection: Connection,
    queue: String,
    pipeline: &'s PipelineName,
    environment: EnvironmentName,
    output: &'s Output,
    /// How often each request is sent: a queue may deliver it twice, and it makes one launch.
    copies: usize,
    asked: Vec<Asked>,
}

/// A launch that was asked for, as it was seen last.
struct Asked {
    key: LaunchKey,
    seen: Option<Launch>,
}

/// Asks for launches until the rollout of the run's release is over.
pub(super) async fn watch(
    story: &Story<'_>,
    follow: &mut Follow<'_>,
    run: &Run,
) -> anyhow::Result<Ramped> {
    let rolling = run.state.rolls_out().find_map(|stage| stage.work.environment());
    let environment = rolling.context("nothing is rolled out")?.clone();
    let connection = Place { dir: Some(story.dir.to_owned()) }.connect().await?;
    let queue = connection.queue("launches").await?;
    let (pipeline, output) = (&run.pipeline, story.output);
    let copies = if story.args.delivery.doubles() { 2 } else { 1 };
    let asked = Vec::new();
    let mut schedule = Schedule { connection, queue, pipeline, environment, output, copies, asked };
    if let Some(candidate) = schedule.document(follow)?.candidate {
        announce(&candidate.ramp.plan, &schedule.environment, output);
    }
    while schedule.step(story, follow, run).await? {}
    let end = schedule.document(follow)?;
    let is_live = end.current.as_ref().is_some_and(|current| current.run == run.id);
    let reason = end.fallen.filter(|fallen| fallen.run == run.id).map(|fallen| fallen.reason);
    if is_live {
        let text = format!("live in {}: all launches train on it", schedule.environment);
        output.say(format!("  {} {text}", mark(Phase::Succeeded)));
    } else {
        schedule.fell_back(reason.as_deref(), follow).await?;
    }
    schedule.all_ended(follow).await?;
    let outcome = if is_live { "released" } else { "fell_back" };
    let launches = schedule.asked.iter().filter_map(|one| one.seen.as_ref()).map(launched);
    Ok(Ramped { outcome, reason, launches: launches.collect() })
}

fn announce(plan: &Plan, environment: &EnvironmentName, output: &Output) {
    let weights = plan.steps.iter().map(|step| step.weight.to_string()).collect::<Vec<_>>();
    output.say(format!(
        "  the new release gets {} of 100 launches in {environment}:",
        weights.join(", then ")
    ));
}

impl Schedule<'_> {
    /// Asks for launches while the rollout is at one step; whether there is a next one.
    async fn step(
        &mut self,
        story: &Story<'_>,
        follow: &mut Follow<'_>,
        run: &Run,
    ) -> anyhow::Result<bool> {
        let of_run = |found: Environment| {
            found.candidate.filter(|candidate| candidate.release.run == run.id)
        };
        let Some(begun) = of_run(self.document(follow)?) else { return Ok(false) };
        let (ramp, began) = (begun.ramp, Instant::now());
        let name = format!("{} of 100", ramp.weight());
        let line = Counting::begin(&name, self.output);
        let first = self.asked.len();
        let mut next = Instant::now();
        loop {
            self.look(follow)?;
            line.say(self.dots(first));
            let now = of_run(self.document(follow)?);
            if now.as_ref().is_none_or(|now| now.ramp.step != ramp.step) {
                let is_bad = self.asked.iter().any(Asked::is_bad);
                let phase = if is_bad { Phase::Failed } else { Phase::Succeeded };
                let (took, dots) = (time::took(began.elapsed().as_secs_f64()), self.dots(first));
                line.end(&format!("  {} {name:<18} {took:>8}   {dots}", mark(phase)));
                return Ok(now.is_some());
            }
            if began.elapsed() > story.args.patience {
                return Err(Exit::Errored.because(format!("the rollout stays at {name}")));
            }
            if Instant::now() >= next {
                self.ask_if_idle().await?;
                next = Instant::now() + PACE;
            }
            follow.written_by(next).await?;
        }
    }

    async fn ask_if_idle(&mut self) -> anyhow::Result<()> {
        let open = self.asked.iter().filter(|one| !one.is_over()).count();
        if open >= MOST_AT_ONCE { Ok(()) } else { self.ask().await }
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let reason = Some("the demo's schedule".to_owned());
        let request = train::request(self.pipeline, &self.environment, reason)?;
        for _ in 0..self.copies {
            train::send(&self.connection, &self.queue, &request).await?;
        }
        self.asked.push(Asked { key: request.key(), seen: None });
        Ok(())
    }

    /// Tells why, and shows that launches train on what was live before.
    async fn fell_back(
        &mut self,
        reason: Option<&str>,
        follow: &mut Follow<'_>,
    ) -> anyhow::Result<()> {
        let say = |text: &str| {
            for piece in folded(&safe::line(text), WIDTH) {
                self.output.say(format!("    {piece}"));
            }
        };
        let breaks = self.asked.iter().find_map(|one| one.seen.as_ref()?.breaks.as_deref());
        breaks.or(reason).into_iter().for_each(say);
        let found = self.document(follow)?;
        if let (Some(live), Some(hold)) = (found.current, found.hold) {
            let (number, live) = (hold.number, live.run);
            let text = format!("fell back by itself: {live} stays live");
            self.output.say(format!("  {} {text}", mark(Phase::Failed)));
            self.output
                .say(format!("    hold {number} keeps releases out until a newer commit comes"));
        }
        let first = self.asked.len();
        for _ in 0..AFTERWARDS {
            self.ask().await?;
        }
        self.all_ended(follow).await?;
        let dots = self.dots(first);
        self.output.say(format!(
            "  {} {:<18} {:>8}   {dots}",
            mark(Phase::Succeeded),
            "afterwards",
            ""
        ));
        Ok(())
    }

    /// Waits until all that was asked for has ended.
    async fn all_ended(&mut self, follow: &mut Follow<'_>) -> anyhow::Result<()> {
        loop {
            self.look(follow)?;
            if self.asked.iter().all(Asked::is_over) {
                return Ok(());
            }
            // A launch has deadlines of its own.
            follow.written_by(Instant::now() + Duration::from_secs(1)).await?;
        }
    }

    fn look(&mut self, follow: &Follow<'_>) -> anyhow::Result<()> {
        for one in self.asked.iter_mut().filter(|one| !one.is_over()) {
            one.seen = follow.document(&one.key.document())?;
        }
        Ok(())
    }

    fn document(&self, follow: &Follow<'_>) -> anyhow::Result<Environment> {
        let key = keys::state::environment(self.pipeline, &self.environment);
        follow.document(&key)?.with_context(|| format!("{key} is gone"))
    }

    /// What was asked for from the launch number `first` on: a dot each, by the release.
    fn dots(&self, first: usize) -> String {
        let of = |side: Side, name: &str| {
            let seen = self.asked.iter().skip(first).filter_map(|one| one.seen.as_ref());
            let dots: String = seen.filter(|launch| launch.picked.side == side).map(dot).collect();
            if dots.is_empty() { dots } else { format!("{name} {dots}  ") }
        };
        format!("{}{}", of(Side::Current, "live"), of(Side::Candidate, "new")).trim_end().to_owned()
    }
}

impl Asked {
    fn is_over(&self) -> bool {
        self.seen.as_ref().is_some_and(Launch::is_settled)
    }

    fn is_bad(&self) -> bool {
        let ended = self.seen.as_ref().and_then(Launch::outcome).map(|outcome| outcome.ended);
        matches!(ended, Some(Ended::Failed | Ended::Broke))
    }
}

fn dot(launch: &Launch) -> String {
    match launch.outcome().map(|outcome| outcome.ended) {
        None => "○".to_owned(),
        Some(Ended::Succeeded) => styled(of_phase(Phase::Succeeded), "●"),
        Some(Ended::Failed | Ended::Broke) => mark(Phase::Failed),
        Some(Ended::Errored) => mark(Phase::Errored),
    }
}

fn launched(launch: &Launch) -> Launched {
    Launched {
        launch: launch.id.to_string(),
        side: launch.picked.side.to_string(),
        release: launch.picked.release.run.to_string(),
        ended: launch.outcome().map(|outcome| outcome.ended.to_string()),
    }
}
