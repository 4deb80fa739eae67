//! What is played through, whatever goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::decision::{Cancel, Steer, What};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::rollout::Side;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Stage, StageWork};
use signalbox_tests::simulated::calls::{Blow, Call};
use signalbox_tests::simulated::end::end;
use signalbox_tests::simulated::jobs::{Conduct, Training, WELL};
use signalbox_tests::simulated::parallel::alone;
use signalbox_tests::simulated::people::PEOPLE;
use signalbox_tests::simulated::schedule::VALIDATES;
use signalbox_tests::simulated::world::{Setup, World};

/// Longer than any crash takes to be healed: a visibility, a lease, some ticks.
const MINUTES: u32 = 30;

/// The check is the second job to start, and the third submission: Batch refuses the first of all,
/// whose job definition it does not know yet.
const CHECK: u64 = 2;
const SUBMITTED: u64 = 3;
/// The last job of a run: its verification in the second environment.
const LAST: u64 = 5;
const LONG: Conduct = Conduct { seconds: 24 * 3600, ..WELL };

/// The environment in which there is more to it than jobs.
const PLACE: &str = "staging";
const ASKS: &str =
    "version: 1\nenvironment: staging\napprovals: { required: 2, from: [release-managers] }\n";
const ASKS_SHORTLY: &str = "version: 1\nenvironment: staging\n\
     approvals: { required: 1, from: [release-managers], expire: 3m }\n";
const LOOKS: &str = "version: 1\nenvironment: staging\n";
const RAMPS: &str = "version: 1\nenvironment: staging\nrollout: { strategy: canary, \
     steps: [{ weight: 50, bake: 2m, launches: 1 }, { weight: 100, bake: 1m }], \
     fallback: { require: [\"metrics.auc > 0.5\"], in_flight: stop } }\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Story {
    /// A push is carried to its release in both environments.
    Released,
    /// A push is cancelled while its check runs, which would take long.
    Cancelled,
    /// A push is cancelled while nobody knows whether its check was submitted; it was not. Where the
    /// cancel comes late, `tick` has submitted it, and the end is that of `Cancelled`.
    Doubted,
    /// Two people approve of a release.
    Approved,
    /// One rejects it.
    Rejected,
    /// Nobody says anything.
    Lapsed,
    /// Image, data and secrets are looked into before anything runs.
    Validated,
    /// A run waits for an environment until the one before it is cancelled there.
    Relieved,
    /// A release is rolled out over a launch that ends well.
    Ramped,
    /// Over one that ends badly, while another runs.
    FellBack,
    /// A person takes it out while it is rolled out.
    RolledBack,
}

/// How a story went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lived {
    pub(crate) calls: Vec<Call>,
    /// After how many calls something happened that happens in this story alone.
    pub(crate) told: usize,
    pub(crate) end: Value,
}

impl Story {
    pub(crate) const ALL: [Self; 11] = [
        Self::Released,
        Self::Cancelled,
        Self::Doubted,
        Self::Approved,
        Self::Rejected,
        Self::Lapsed,
        Self::Validated,
        Self::Relieved,
        Self::Ramped,
        Self::FellBack,
        Self::RolledBack,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Cancelled => "cancelled",
            Self::Doubted => "doubted",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
            Self::Validated => "validated",
            Self::Relieved => "relieved",
            Self::Ramped => "ramped",
            Self::FellBack => "fell-back",
            Self::RolledBack => "rolled-back",
        }
    }

    /// Whether there are few calls in it.
    pub(crate) fn is_short(self) -> bool {
        matches!(self, Self::Released | Self::Cancelled | Self::Doubted)
    }

    /// How its runs end, in the order of their pushes, and how many jobs there are.
    pub(crate) fn expected(self) -> (&'static [Phase], usize) {
        use Phase::{Cancelled, Failed, Succeeded};
        match self {
            Self::Released | Self::Approved => (&[Succeeded], 5),
            Self::Cancelled => (&[Cancelled], 2),
            Self::Doubted => (&[Cancelled], 1),
            Self::Validated => (&[Succeeded], 6),
            Self::Rejected | Self::Lapsed => (&[Failed], 4),
            Self::Relieved => (&[Cancelled, Succeeded], 10),
            Self::Ramped => (&[Succeeded, Succeeded], 11),
            Self::FellBack => (&[Succeeded, Failed], 12),
            Self::RolledBack => (&[Succeeded, Failed], 10),
        }
    }

    /// The stories whose ends are ends of this one too, where something goes wrong.
    pub(crate) fn ends(self) -> Vec<Self> {
        let also = (self == Self::Doubted).then_some(Self::Cancelled);
        [self].into_iter().chain(also).collect()
    }

    /// The story when `calls` are hit.
    pub(crate) fn live(self, calls: BTreeMap<u64, Blow>) -> anyhow::Result<Lived> {
        let mut setup = Setup::default();
        setup.blows.calls = calls;
        match self {
            Self::Cancelled | Self::Doubted => {
                setup.conducts.insert(CHECK, LONG);
            }
            Self::Relieved => {
                setup.conducts.insert(LAST, LONG);
            }
            _ => {}
        }
        if self == Self::Doubted {
            setup
                .blows
                .submissions
                .insert(SUBMITTED, Blow::Dies(signalbox_local::http::When::Before));
        }
        alone(async {
            let mut world = World::begin(setup).await?;
            let told = self.tell(&mut world).await?;
            world.settle(MINUTES, 1).await?;
            Ok(Lived { calls: world.wire().calls(), told, end: end(&world)? })
        })
    }

    /// All that is done in it; answers after how many calls it became a story of its own.
    async fn tell(self, world: &mut World) -> anyhow::Result<usize> {
        match self {
            Self::Released => {
                world.push("rain", "first").await?;
                Ok(0)
            }
            Self::Cancelled => cancelled(world, Phase::Running).await,
            Self::Doubted => cancelled(world, Phase::Pending).await,
            Self::Approved | Self::Rejected | Self::Lapsed => self.asked(world).await,
            Self::Validated => validated(world).await,
            Self::Relieved => relieved(world).await,
            Self::Ramped | Self::FellBack | Self::RolledBack => self.rolled_out(world).await,
        }
    }

    async fn asked(self, world: &mut World) -> anyhow::Result<usize> {
        world.apply(if self == Self::Lapsed { ASKS_SHORTLY } else { ASKS }).await?;
        world.push("rain", "first").await?;
        let approve = StageWork::Approve { environment: PLACE.parse()? };
        let run = until(world, "people are asked", |world| {
            let run = run(world, 0)?;
            Ok(run.filter(|run| is_running(run, &approve)))
        });
        let run = run.await?;
        let told = world.wire().calls().len();
        match self {
            Self::Approved => {
                for person in &PEOPLE[1..] {
                    world.judge(person, &run, &PLACE.parse()?, What::Approve).await?;
                }
            }
            Self::Rejected => {
                world.judge(PEOPLE[1], &run, &PLACE.parse()?, What::Reject).await?;
            }
            _ => {}
        }
        Ok(told)
    }

    async fn rolled_out(self, world: &mut World) -> anyhow::Result<usize> {
        world.apply(RAMPS).await?;
        world.push("rain", "first").await?;
        world.settle(MINUTES, 1).await?;
        world.push("rain", "second").await?;
        let environment = until(world, "the release is rolled out", |world| {
            let found = environment(world)?;
            let release = StageWork::Release { environment: PLACE.parse()? };
            let knows = run(world, 1)?.is_some_and(|run| {
                run.state.stages.iter().any(|one| one.work == release && one.rolling.is_some())
            });
            Ok(found.filter(|found| found.candidate.is_some() && knows))
        });
        let environment = environment.await?;
        let second = run(world, 1)?.context("no second run")?.id;
        let mut told = world.wire().calls().len();
        match self {
            Self::Ramped => {
                world.train_on(Side::Candidate, "rain", PLACE, "good").await?;
            }
            Self::FellBack => {
                world.hands().train(&second, Training { conduct: LONG, auc: 0.9 });
                let long = world.train_on(Side::Candidate, "rain", PLACE, "long").await?;
                until(world, "a launch runs", |world| {
                    let launch = world.document::<Launch>(&long.document())?;
                    Ok(launch.filter(|launch| launch.phase == Phase::Running && is_placed(launch)))
                })
                .await?;
                told = world.wire().calls().len();
                world.hands().train(&second, Training { conduct: WELL, auc: 0.1 });
                world.train_on(Side::Candidate, "rain", PLACE, "bad").await?;
            }
            _ => {
                let what = What::Rollback(Steer {
                    pipeline: "rain".parse()?,
                    environment: PLACE.parse()?,
                    meant_for: environment.generation(),
                    to: None,
                    reason: Some("it drifts".to_owned()),
                });
                world.decide("back", what).await?;
            }
        }
        Ok(told)
    }
}

/// A push is cancelled when its check is in `phase`; Batch takes less than a second for any other.
async fn cancelled(world: &mut World, phase: Phase) -> anyhow::Result<usize> {
    world.push("rain", "first").await?;
    let run = until(world, "the check is as far", |world| {
        let checks = |run: &Run| {
            let stages = run.state.stages.iter().filter(|one| one.work == StageWork::Checks);
            let mut jobs = stages.flat_map(|stage| &stage.jobs);
            jobs.any(|job| job.attempts.iter().any(|attempt| attempt.phase == phase))
        };
        Ok(run(world, 0)?.filter(checks))
    });
    let run = run.await?;
    let told = world.wire().calls().len();
    cancel(world, run).await?;
    Ok(told)
}

/// The scan is over once the run has come to wait for it.
async fn validated(world: &mut World) -> anyhow::Result<usize> {
    world.apply(&format!("{LOOKS}{VALIDATES}")).await?;
    world.scan("IN_PROGRESS")?;
    world.push("rain", "first").await?;
    let validate = StageWork::Validate { environment: PLACE.parse()? };
    until(world, "the run comes to staging", |world| {
        Ok(run(world, 0)?.filter(|run| is_running(run, &validate)))
    })
    .await?;
    let told = world.wire().calls().len();
    world.pass(Duration::from_secs(90)).await?;
    world.scan("COMPLETE")?;
    Ok(told)
}

async fn relieved(world: &mut World) -> anyhow::Result<usize> {
    world.push("rain", "first").await?;
    let verify = StageWork::Verify { environment: PLACE.parse()? };
    let first = until(world, "the first run is there", |world| {
        Ok(run(world, 0)?.filter(|run| is_running(run, &verify)))
    });
    let first = first.await?;
    world.push("rain", "second").await?;
    until(world, "the second run waits", |world| {
        Ok(environment(world)?.filter(|found| !found.queue.is_empty()))
    })
    .await?;
    let told = world.wire().calls().len();
    cancel(world, first).await?;
    Ok(told)
}

async fn cancel(world: &World, run: Run) -> anyhow::Result<()> {
    let run = RunKey { pipeline: run.pipeline, run: run.id };
    world.decide("first", What::Cancel(Cancel { run, reason: None })).await
}

/// Lets time pass until there is what `looked` for.
async fn until<T>(
    world: &mut World,
    what: &str,
    looked: impl Fn(&World) -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    for _ in 0..MINUTES * 60 {
        world.pass(Duration::from_secs(1)).await?;
        if let Some(found) = looked(world)? {
            return Ok(found);
        }
    }
    bail!("it does not come about that {what}")
}

/// The run of the push number `number`, where there is one yet.
fn run(world: &World, number: usize) -> anyhow::Result<Option<Run>> {
    let mut runs = world.runs()?;
    runs.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(runs.into_iter().nth(number))
}

fn environment(world: &World) -> anyhow::Result<Option<Environment>> {
    world.document(&keys::state::environment(&"rain".parse()?, &PLACE.parse()?))
}

fn is_running(run: &Run, work: &StageWork) -> bool {
    let is_it = |stage: &&Stage| stage.work == *work && stage.phase == Phase::Running;
    run.state.stages.iter().any(|stage| is_it(&stage))
}

fn is_placed(launch: &Launch) -> bool {
    launch.attempts.iter().any(|attempt| attempt.phase == Phase::Running)
}
