//! The tick function: every minute it heals what nobody redelivers.
//!
//! It looks at what is active or due, and at nothing that is over: the runs that are marked, a few
//! of the registered repositories, the queue's open jobs. One's failure never stops the others, and
//! two passes at once do no harm: whatever they change is changed by a conditional write.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use signalbox_cloud::advance::Runs;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, CodeHost, Jobs};
use signalbox_cloud::effects::CodeCommit;
use signalbox_cloud::fault::Fault;
use signalbox_cloud::lambda;
use signalbox_pipeline::environment::Fallen;
use signalbox_pipeline::names::{EventId, Host};

mod gates;
mod heal;
mod launches;
mod orphans;
mod outcomes;
mod pass;
mod pushes;
mod quiet;
mod runs;
mod turn;
mod walk;

use pass::Budget;
pub use pass::Pass;

/// Who tells a run what is found here.
const ACTOR: &str = "signalbox";
/// As many things as are looked at side by side.
const SIDE_BY_SIDE: usize = 8;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Tick {
    /// The runs.
    pub runs: Runs,
    /// The host whose repositories are asked where their branches point.
    pub host: Host,
    /// That host.
    pub codecommit: CodeCommit,
    /// The image of jobs that name none, where the registration names none either.
    pub checkout_image: String,
    memory: Mutex<Memory>,
}

/// What an instance remembers from one pass to the next. It may forget all of it: what it was about
/// to find is then found later.
#[derive(Debug, Default)]
struct Memory {
    /// The marker that the last pass stopped at, where it did not see all runs.
    cursor: Option<String>,
    /// The same of the launches.
    launch: Option<String>,
    /// What fell back last, by the key of the environment's document; forgotten after each pass.
    fallen: BTreeMap<String, Option<Fallen>>,
    /// By the status that they are in, after which page of jobs to go on.
    pages: BTreeMap<&'static str, String>,
    /// Branches whose commit no event has brought so far.
    suspects: pushes::Suspects,
}

impl Tick {
    /// The function over `runs`, for the repositories of `host`.
    #[must_use]
    pub fn new(clients: &Clients, runs: Runs, host: Host, checkout_image: String) -> Self {
        let codecommit = CodeCommit::new(clients.codecommit(&host));
        Self { runs, host, codecommit, checkout_image, memory: Mutex::default() }
    }

    /// Looks once at what is active or due, as long as the time of a pass lasts.
    ///
    /// # Errors
    /// When the runs cannot be listed.
    pub async fn pass(&self) -> anyhow::Result<Pass> {
        let budget = Budget::begin();
        self.memory().fallen.clear();
        // First of all: what is counted here is no work for what follows.
        let mut pass = self.outcomes(budget).boxed().await;
        let (runs, mut known) = self.live_runs(budget).await?;
        let (launches, of_launches) = self.live_launches(budget).boxed().await?;
        known.extend(of_launches);
        pass += runs;
        pass += launches;
        let (pushes, orphans) = tokio::join!(self.pushes(budget), self.orphans(budget, &known));
        pass += pushes;
        pass += orphans;
        pass.log();
        Ok(pass)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a fact that this pass makes follows from.
    fn cause(&self) -> Result<EventId, Fault> {
        let id = format!("tick:{}", self.runs.clock.now().as_millisecond());
        EventId::parse(id).map_err(|error| Fault::page(error, "this is a bug: please report it"))
    }
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Buckets, Jobs, CodeHost);
    let (account, buckets, jobs, CodeHost(host)) = lambda::configure::<Groups>()?;
    let clients = Clients::new(account);
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), Chance::system());
    let tick = Tick::new(&clients, runs, host, jobs.checkout_image);
    // In a box: a pass nests deep, and the compiler would follow it into the main.
    lambda::serve_schedule(|| Box::pin(async { tick.pass().await.map(|_| ()) })).await
}

#[cfg(test)]
mod tests;
