//! The pushes of the demo, one after the other.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use signalbox_local::engine::Engine;
use signalbox_local::sns::Published;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::Run;
use tokio::sync::broadcast::Receiver;

use super::ramp::Ramped;
use super::{Args, failure};
use crate::exit::Exit;
use crate::laptop::environments::{Asked, BAKE};
use crate::laptop::example::{self, Break, Files};
use crate::laptop::told;
use crate::output::{Output, styled};
use crate::view::{safe, time};

/// Who pushes, and has no voice in what is pushed.
pub(super) const AUTHOR: &str = "linus";

/// A push, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) commit: String,
    pub(super) title: &'static str,
    pub(super) run: Run,
    /// How its release was rolled out in production, where it came so far and there was another.
    pub(super) ramped: Option<Ramped>,
}

/// All that happens.
pub(super) struct Story<'e> {
    pub(super) args: &'e Args,
    pub(super) engine: &'e Engine,
    pub(super) dir: &'e Path,
    pub(super) output: &'e Output,
    pub(super) pushes: Vec<Push>,
    /// What people were told so far, a line each.
    pub(super) told: Vec<String>,
}

/// Where things are while the story is told.
pub(super) struct Scene {
    pub(super) work: PathBuf,
    pub(super) published: Receiver<Published>,
}

impl<'e> Story<'e> {
    pub(super) fn new(
        args: &'e Args,
        engine: &'e Engine,
        dir: &'e Path,
        output: &'e Output,
    ) -> Self {
        Self { args, engine, dir, output, pushes: Vec::new(), told: Vec::new() }
    }

    /// Pushes what is to be pushed, and follows each push to its end.
    pub(super) async fn tell(&mut self) -> anyhow::Result<()> {
        let (target, published) = told::listen(self.engine)?;
        let remote = example::prepare(self.engine, vec![target], Asked::People).await?;
        let work = self.dir.join(example::REPOSITORY);
        example::begin(&work, &remote).await?;
        self.greet();
        let mut scene = Scene { work, published };
        match self.args.broken {
            None => {
                self.good(&mut scene, Files::Rain).await?;
                self.good(&mut scene, Files::Improved).await
            }
            Some(Break::Production) => {
                self.good(&mut scene, Files::Rain).await?;
                self.bad(&mut scene, Break::Production).await?;
                self.good(&mut scene, Files::Mended).await
            }
            Some(broken) => {
                example::lay(&scene.work, Files::Rain)?;
                self.bad(&mut scene, broken).await
            }
        }
    }

    /// A push that has to reach production.
    async fn good(&mut self, scene: &mut Scene, files: Files) -> anyhow::Result<()> {
        let run = self.push(scene, files).await?;
        if run.state.phase == Phase::Succeeded {
            return Ok(());
        }
        failure::tell(self, &run);
        let reason = run.state.reason.unwrap_or_default();
        Err(Exit::Errored.because(format!("a good push did not reach production: {reason}")))
    }

    /// A push that has to fail; why is told at once.
    async fn bad(&mut self, scene: &mut Scene, broken: Break) -> anyhow::Result<()> {
        let run = self.push(scene, Files::Broken(broken)).await?;
        let is_told = self.pushes.last().is_some_and(|push| push.ramped.is_some());
        if run.state.phase != Phase::Succeeded && !is_told {
            failure::tell(self, &run);
        }
        Ok(())
    }

    async fn push(&mut self, scene: &mut Scene, files: Files) -> anyhow::Result<Run> {
        let title = files.title();
        let commit = example::commit(&scene.work, files).await?;
        let heading = format!(
            "{}. {AUTHOR} pushes {}: {title}",
            self.pushes.len().saturating_add(1),
            &commit[..7]
        );
        self.output.say("");
        self.output.say(styled(anstyle::Style::new().bold(), heading));
        if let Files::Broken(broken) = files {
            self.output.say(format!("   broken: {}", broken.told()));
        }
        self.output.say("");
        let (run, ramped) = self.carry(scene, &commit).await?;
        self.tell_end(&run);
        let end = format!("{} {}", run.pipeline, run.state.phase);
        self.hear_until(scene, |subject| subject.starts_with(&end)).await;
        self.pushes.push(Push { commit, title, run: run.clone(), ramped });
        Ok(run)
    }

    fn tell_end(&self, run: &Run) {
        let state = &run.state;
        let took = time::between(state.started_at, state.ended_at.unwrap_or(state.started_at));
        let phase = styled(crate::output::of_phase(state.phase), state.phase);
        self.output.say(format!("  run {} {phase} in {}", run.id, time::took(took)));
    }

    /// Tells what people are told, until a subject is the one that is waited for; it is no matter of
    /// the run's where nobody is told anything.
    pub(super) async fn hear_until(&mut self, scene: &mut Scene, is_it: impl Fn(&str) -> bool) {
        while let Some(published) = told::next(&mut scene.published).await {
            let line = told::line(&published);
            let text = format!("  told  {}", safe::line(&line));
            self.output.say(styled(anstyle::Style::new().dimmed(), text));
            self.told.push(line);
            if is_it(published.subject.as_deref().unwrap_or_default()) {
                return;
            }
        }
    }

    fn greet(&self) {
        let bold = |text: &str| styled(anstyle::Style::new().bold(), text);
        let say = |text: String| self.output.say(text);
        say(bold("Signalbox demo: from a git push to production"));
        say(String::new());
        say(format!("  engine  {}, wired by template.yaml", self.engine.endpoint()));
        say(format!("  folder  {}", self.dir.display()));
        say(format!(
            "  people  {AUTHOR} pushes; ada, barbara and grace decide, with keys of their own"
        ));
        let tick = time::took(self.args.tick.as_secs_f64());
        say(format!(
            "  time    a minute of the schedule lasts {tick}, a step of a rollout bakes for {BAKE} s"
        ));
    }

    /// The push that this is about: the broken one, or else the last.
    pub(super) fn about(&self) -> Option<&Push> {
        match (self.args.broken, self.pushes.as_slice()) {
            (Some(Break::Production), [_, broken, ..]) => Some(broken),
            (_, pushes) => pushes.last(),
        }
    }

    /// Keeps a copy of each run's document where it is easily found.
    pub(super) fn keep(&self) -> anyhow::Result<()> {
        let write = |name: &str, run: &Run| {
            let file = self.dir.join(name);
            std::fs::write(&file, serde_json::to_vec(run)?)
                .with_context(|| format!("cannot write {}", file.display()))
        };
        self.about().map_or(Ok(()), |push| write("run.json", &push.run))
    }
}
