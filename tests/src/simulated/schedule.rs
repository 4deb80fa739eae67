//! What goes wrong in a world, as data: drawn from a seed, kept in a file, made shorter.

use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use super::calls::Blow;
use super::jobs::Conduct;
use super::world::Setup;

mod draw;

use draw::{blow, conduct, decided, deploy, fate, policy, push};

/// Names of pipelines, of which a world has the first few.
const PIPELINES: [&str; 3] = ["rain", "snow", "wind"];
/// About as many calls, events and jobs as a run takes; disturbances fall among them.
const CALLS: u64 = 90;
const EVENTS: u64 = 26;
const JOBS: u64 = 5;
/// What an environment wants to be sure of.
pub const VALIDATES: &str = "data: { DATASET_URI: \"s3://rain-data/full/\" }\n\
     validate: { scan: { critical: 0 }, datasets: [DATASET_URI] }\n";

/// A world and everything that disturbs it. The same schedule is the same world, to the last call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// What all chance follows from that is not in the schedule itself.
    pub seed: u64,
    /// How many instances of one function there may be at a time.
    pub seats: usize,
    /// By how many milliseconds the clock of an instance may be wrong, either way.
    pub skew_millis: u64,
    /// Who pushes when, in order.
    pub pushes: Vec<Push>,
    /// What people decide.
    pub decisions: Vec<Decided>,
    /// What the last environment asks for.
    #[serde(default)]
    pub policy: Policy,
    /// What goes wrong.
    pub disturbances: Vec<Disturbance>,
    /// When a newer version is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<Deploy>,
}

/// A newer version takes the place of the one before, instance by instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deploy {
    /// When the first instance may be replaced, in milliseconds after the beginning.
    pub from_millis: u64,
    /// When the last one is.
    pub to_millis: u64,
}

/// A push to the repository of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The pipeline.
    pub pipeline: String,
    /// How many milliseconds after the beginning.
    pub at_millis: u64,
}

/// A decision of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// How many milliseconds after the beginning.
    pub at_millis: u64,
    /// The run, counted from 0 in the order of their ids; where there are not so many yet, nothing
    /// is decided.
    pub run: usize,
    /// What is decided.
    pub deed: Deed,
}

/// What a person does about a run, or about the last environment of its pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The run is to end.
    Cancel,
    /// It is to be tried again.
    Retry,
    /// One of [`PEOPLE`](super::people::PEOPLE), by number, approves of its release; the first of
    /// them has made the commit and has no voice.
    Approve(usize),
    /// The same rejects it.
    Reject(usize),
    /// What is rolled out, or live, is to be taken back.
    RollBack,
    /// Nothing is to be released.
    Hold,
    /// Everything is again.
    Resume,
}

/// What the last environment asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// How many people have to approve; nobody is asked where it is 0.
    pub approvals: u32,
    /// How releases come to be live there.
    pub rollout: Rollout,
    /// Whether the image's scan and the data have to be well before anything runs there.
    #[serde(default)]
    pub validates: bool,
}

/// How releases come to be live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// At once.
    #[default]
    AtOnce,
    /// In steps, over launches.
    Canary,
    /// For all launches, and watched for a while.
    BlueGreen,
}

/// One thing that goes wrong. Calls, deliveries and jobs are counted from 1, each in the order in
/// which they come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disturbance {
    /// A call of a function meets a blow.
    Call {
        /// Which one.
        number: u64,
        /// What it meets.
        blow: Blow,
    },
    /// A submission meets a blow; counted among the submissions alone.
    Submission {
        /// Which one.
        number: u64,
        /// What it meets.
        blow: Blow,
    },
    /// An event does not reach its queue as it should.
    Event {
        /// Which delivery.
        number: u64,
        /// What becomes of it.
        fate: Fate,
    },
    /// A job does not do well.
    Job {
        /// Which one.
        number: u64,
        /// What it does.
        conduct: Conduct,
    },
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It never comes.
    Lost,
    /// It comes twice, the second time so many milliseconds later.
    Twice(u64),
    /// It comes so many milliseconds late, and others overtake it.
    Late(u64),
}

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let pipelines = rng.usize(1..=PIPELINES.len());
        let mut pushes: Vec<Push> = Vec::new();
        for _ in 0..rng.u64(1..=4) {
            let before = pushes.last().map_or(0, |push| push.at_millis);
            pushes.push(push(&mut rng, pipelines, before));
        }
        // Code of the version before knows nothing of what a policy asks for.
        let deploys = rng.bool();
        let policy = if deploys { Policy::default() } else { policy(&mut rng) };
        let most = if policy == Policy::default() { 2 } else { 4 };
        let mut decisions: Vec<Decided> =
            (0..rng.u64(0..=most)).map(|_| decided(&mut rng, pushes.len(), policy)).collect();
        let runs = u64::try_from(pushes.len()).unwrap_or(u64::MAX);
        let mut disturbances = Vec::new();
        for _ in 0..rng.u64(0..=10) {
            let (number, blow) = (rng.u64(1..=runs * CALLS), blow(&mut rng));
            disturbances.push(Disturbance::Call { number, blow });
        }
        for _ in 0..rng.u64(0..=2) {
            let (number, blow) = (rng.u64(1..=runs * JOBS), blow(&mut rng));
            disturbances.push(Disturbance::Submission { number, blow });
        }
        for _ in 0..rng.u64(0..=10) {
            let (number, fate) = (rng.u64(1..=runs * EVENTS), fate(&mut rng));
            disturbances.push(Disturbance::Event { number, fate });
        }
        for _ in 0..rng.u64(0..=2) {
            let (number, conduct) = (rng.u64(1..=runs * JOBS), conduct(&mut rng));
            disturbances.push(Disturbance::Job { number, conduct });
        }
        let (seats, skew_millis) = (rng.usize(1..=3), rng.u64(0..=2_000));
        let deploy = deploys.then(|| deploy(&mut rng, &pushes));
        let (deploy, cancelled) = deploy.unzip();
        decisions.extend(cancelled);
        Self { seed, seats, skew_millis, pushes, decisions, policy, disturbances, deploy }
    }

    /// The world that this schedule is about.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let mut setup = Setup {
            seed: self.seed,
            seats: self.seats,
            skew: Duration::from_millis(self.skew_millis),
            pipelines: PIPELINES.map(str::to_owned).into(),
            deploy: self.deploy.map(|deploy| {
                Duration::from_millis(deploy.from_millis)..Duration::from_millis(deploy.to_millis)
            }),
            ..Setup::default()
        };
        for disturbance in &self.disturbances {
            match *disturbance {
                Disturbance::Call { number, blow } => {
                    setup.blows.calls.insert(number, blow);
                }
                Disturbance::Submission { number, blow } => {
                    setup.blows.submissions.insert(number, blow);
                }
                Disturbance::Event { number, fate } => {
                    setup.knobs.at.insert(number, fate.copies());
                }
                Disturbance::Job { number, conduct } => {
                    setup.conducts.insert(number, conduct);
                }
            }
        }
        setup
    }

    /// Whether a person or a launch may keep a release out, so that its run fails.
    #[must_use]
    pub fn keeps_out(&self) -> bool {
        let refuses =
            |one: &Decided| matches!(one.deed, Deed::Reject(_) | Deed::RollBack | Deed::Hold);
        self.decisions.iter().any(refuses)
    }

    /// Whether the delivery of this number never comes.
    #[must_use]
    pub fn loses(&self, delivery: u64) -> bool {
        let lost = Disturbance::Event { number: delivery, fate: Fate::Lost };
        self.disturbances.contains(&lost)
    }

    /// Whether a job does not do well, so that a run may end otherwise than well.
    #[must_use]
    pub fn disturbs_jobs(&self) -> bool {
        self.disturbances
            .iter()
            .any(|one| matches!(one, Disturbance::Job { conduct, .. } if !conduct.is_made_good()))
    }

    /// The shortest schedule found that still `fails`: disturbances are left out, half of them at
    /// once, then fewer and fewer, and pushes from the last.
    #[must_use]
    pub fn shrunk(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut size = self.disturbances.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.disturbances.len() {
                let mut less = self.clone();
                less.disturbances.drain(at..(at + size).min(less.disturbances.len()));
                if fails(&less) {
                    self = less;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        for less in [
            Self { deploy: None, ..self.clone() },
            Self { policy: Policy::default(), ..self.clone() },
        ] {
            if less != self && fails(&less) {
                self = less;
            }
        }
        while !self.decisions.is_empty() {
            let mut less = self.clone();
            less.decisions.pop();
            if !fails(&less) {
                break;
            }
            self = less;
        }
        while self.pushes.len() > 1 {
            let mut less = self.clone();
            less.pushes.pop();
            if !fails(&less) {
                break;
            }
            self = less;
        }
        self
    }
}

impl Policy {
    /// The settings that say so.
    #[must_use]
    pub fn settings(&self) -> String {
        let mut text = "version: 1\nenvironment: staging\n".to_owned();
        if self.approvals > 0 {
            let (required, of) = (self.approvals, "from: [release-managers], expire: 30m");
            text.push_str(&format!("approvals: {{ required: {required}, {of} }}\n"));
        }
        if self.validates {
            text.push_str(VALIDATES);
        }
        text.push_str(match self.rollout {
            Rollout::AtOnce => "",
            Rollout::Canary => {
                "rollout: { strategy: canary, steps: [{ weight: 50, bake: 2m, launches: 1 }, \
                 { weight: 80, bake: 1m }, { weight: 100 }], fallback: { failure_rate: 0.5, \
                 require: [\"metrics.auc > 0.5\"], in_flight: stop } }\n"
            }
            Rollout::BlueGreen => "rollout: { strategy: blue-green, bake: 3m }\n",
        });
        text
    }
}

impl Fate {
    fn copies(self) -> Vec<Duration> {
        match self {
            Self::Lost => Vec::new(),
            Self::Twice(millis) => vec![Duration::ZERO, Duration::from_millis(millis)],
            Self::Late(millis) => vec![Duration::from_millis(millis)],
        }
    }
}
