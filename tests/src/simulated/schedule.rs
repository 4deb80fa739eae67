//! What goes wrong in a world, as data: drawn from a seed, kept in a file, made shorter.

use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use signalbox_local::http::{Fault, What, When};

use super::calls::Blow;
use super::jobs::{Conduct, WELL};
use super::world::Setup;

/// Names of pipelines, of which a world has the first few.
const PIPELINES: [&str; 3] = ["rain", "snow", "wind"];
/// About as many calls, events and jobs as a run takes; disturbances fall among them.
const CALLS: u64 = 90;
const EVENTS: u64 = 26;
const JOBS: u64 = 5;

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
    /// What goes wrong.
    pub disturbances: Vec<Disturbance>,
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
    /// Whether it is to end, or to be tried again.
    pub cancels: bool,
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
        let decisions = (0..rng.u64(0..=2)).map(|_| decided(&mut rng, pushes.len())).collect();
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
        Self { seed, seats, skew_millis, pushes, decisions, disturbances }
    }

    /// The world that this schedule is about.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let mut setup = Setup {
            seed: self.seed,
            seats: self.seats,
            skew: Duration::from_millis(self.skew_millis),
            pipelines: PIPELINES.map(str::to_owned).into(),
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

    /// Whether the delivery of this number never comes.
    #[must_use]
    pub fn loses(&self, delivery: u64) -> bool {
        let lost = Disturbance::Event { number: delivery, fate: Fate::Lost };
        self.disturbances.contains(&lost)
    }

    /// Whether a job does not do well, so that a run may end otherwise than well.
    #[must_use]
    pub fn disturbs_jobs(&self) -> bool {
        self.disturbances.iter().any(|one| matches!(one, Disturbance::Job { .. }))
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

impl Fate {
    fn copies(self) -> Vec<Duration> {
        match self {
            Self::Lost => Vec::new(),
            Self::Twice(millis) => vec![Duration::ZERO, Duration::from_millis(millis)],
            Self::Late(millis) => vec![Duration::from_millis(millis)],
        }
    }
}

fn push(rng: &mut Rng, pipelines: usize, before: u64) -> Push {
    let pipeline = PIPELINES[rng.usize(..pipelines)].to_owned();
    // Most come while the run before is under way.
    Push { pipeline, at_millis: before + rng.u64(0..=20_000) }
}

fn decided(rng: &mut Rng, runs: usize) -> Decided {
    let cancels = rng.u8(..3) > 0;
    // A run takes about a quarter of a minute, and one that is over can be tried again.
    let at_millis = rng.u64(0..=if cancels { 60_000 } else { 300_000 });
    Decided { at_millis, run: rng.usize(..runs), cancels }
}

fn blow(rng: &mut Rng) -> Blow {
    let when = if rng.bool() { When::Before } else { When::After };
    let what = match rng.u8(..11) {
        0 | 1 => return Blow::Dies(when),
        // Longer than a lease, so that it wakes after it.
        9 | 10 => return Blow::Sleeps(when, rng.u64(1_000..=120_000)),
        2 => What::Conflict,
        3 => What::Precondition,
        4 => What::Internal,
        5 => What::Throttled,
        6 => What::Silence,
        7 => What::Late(rng.u64(1_000..=70_000)),
        _ => What::Late(rng.u64(50..=4_000)),
    };
    // A 412 before the effect would be S3 refusing what it has to take.
    let when = if what == What::Precondition { When::After } else { when };
    Blow::Fault(Fault { when, what })
}

fn fate(rng: &mut Rng) -> Fate {
    match rng.u8(..3) {
        0 => Fate::Lost,
        1 => Fate::Twice(rng.u64(0..=200_000)),
        _ => Fate::Late(rng.u64(0..=200_000)),
    }
}

fn conduct(rng: &mut Rng) -> Conduct {
    match rng.u8(..5) {
        0 => Conduct { exit_code: 1, ..WELL },
        1 => Conduct { exit_code: 125, ..WELL },
        2 => Conduct { reports: false, ..WELL },
        3 => Conduct { vanishes: true, seconds: 60, ..WELL },
        _ => Conduct { seconds: 200, ..WELL },
    }
}
