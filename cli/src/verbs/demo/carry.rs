//! One push, from git to its end: what runs by itself, where people are asked, and the rollout.

use std::collections::BTreeSet;

use signalbox_pipeline::names::EnvironmentName;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;

use super::gates;
use super::ramp::{self, Ramped};
use super::story::{AUTHOR, Scene, Story};
use crate::laptop::example;
use crate::laptop::follow::Follow;
use crate::progress::{Progress, mark};
use crate::verbs::approve::only_gate;

impl Story<'_> {
    /// Pushes the commit, and does for its run what people and a schedule would.
    pub(super) async fn carry(
        &mut self,
        scene: &mut Scene,
        commit: &str,
    ) -> anyhow::Result<(Run, Option<Ramped>)> {
        let (mut asked, mut ramped) = (BTreeSet::new(), None);
        let mut follow = Follow::new(self.engine, self.args.patience)?;
        let mut progress = Progress::of_work(self.output);
        example::push(&scene.work, AUTHOR).await?;
        loop {
            let stops = |run: &Run| {
                let rolls_out = run.state.rolls_out().next().is_some();
                gate(run, &asked).is_some() || (rolls_out && ramped.is_none())
            };
            let show = |run: &Run, now| progress.show(run, now);
            let followed = follow.until(commit, stops, show).await;
            progress.end();
            let run = followed?;
            if ramped.is_none() {
                self.output.say("");
            }
            if run.is_settled() {
                self.live_at_once(&run, ramped.is_some());
                return Ok((run, ramped));
            }
            match gate(&run, &asked) {
                Some(environment) => {
                    let waits = format!("waits for approval into {environment}");
                    self.hear_until(scene, |subject| subject.contains(&waits)).await;
                    gates::pass(self, &scene.work, &run, &environment).await?;
                    asked.insert(environment);
                }
                None => ramped = Some(ramp::watch(self, &mut follow, &run).await?),
            }
        }
    }

    /// There was nothing to roll the first release out against.
    fn live_at_once(&self, run: &Run, was_ramped: bool) {
        if run.state.phase == Phase::Succeeded && !was_ramped {
            let text = "live in production at once: there was nothing to compare it with";
            self.output.say(format!("  {} {text}", mark(Phase::Succeeded)));
        }
    }
}

/// Where the run waits for people who were not asked yet.
fn gate(run: &Run, asked: &BTreeSet<EnvironmentName>) -> Option<EnvironmentName> {
    only_gate(&run.state).filter(|environment| !asked.contains(environment))
}
