//! Lambda: functions as processes that speak the Runtime API, started by queues and by the clock.
//!
//! A process serves one invocation at a time. It has credentials of its own, is started when it is
//! needed, and is started anew when it ended or was killed for taking longer than its timeout. The
//! messages of a failed invocation come back when their visibility timeout is over, as on AWS.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::durable::Tasks;
use crate::incident::Incidents;
use crate::principals::{Kind, Principals};
use crate::sqs::Sqs;
use crate::template;

mod api;
mod instance;
mod leftover;
mod outcome;
pub mod payload;
mod pool;
mod process;
mod schedule;
mod source;
#[cfg(test)]
pub(crate) mod tests;
mod usage;

use pool::Pool;
use process::Program;
pub use process::variables;
pub use usage::Usage;

/// What the functions run with.
#[derive(Clone)]
pub struct Setup {
    /// Where logs and process ids are kept.
    pub dir: PathBuf,
    /// Where the services answer: `AWS_ENDPOINT_URL`.
    pub endpoint: String,
    /// The command that runs a function; the binary's name is appended.
    pub program: Vec<OsString>,
    /// Processes of one function at most, where the template says nothing else.
    pub instances: usize,
    /// How long the minute of a schedule lasts.
    pub minute: Duration,
    /// The time.
    pub clock: Clock,
    /// Whose keys are known.
    pub principals: Arc<Principals>,
    /// The queues.
    pub sqs: Arc<Sqs>,
    /// Where trouble is told.
    pub incidents: Arc<Incidents>,
}

/// The functions of a stack.
pub struct Lambda {
    pools: BTreeMap<String, Arc<Pool>>,
    tasks: Tasks,
}

impl Lambda {
    /// Starts a process of each function, and reads their queues and schedules from now on. Must be
    /// called within a runtime.
    ///
    /// # Errors
    /// When a folder or the keys of a function cannot be written.
    pub fn start(setup: &Setup, functions: &[template::Function]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&setup.dir)?;
        leftover::end(&setup.dir)?;
        let mut lambda = Self { pools: BTreeMap::new(), tasks: Tasks::new() };
        for function in functions {
            let role = Some(function.role_id.as_str());
            let principal = setup.principals.mint(Kind::Function, &function.name, role)?;
            let program = Program::new(setup, function, &principal);
            let most = function.sources.iter().filter_map(|source| source.maximum_concurrency);
            let most = most.max().map_or(setup.instances, |most| most as usize).max(1);
            let pool = Pool::new(program, most, setup);
            // Warm from the start: a function that cannot start is told at once.
            pool.grow();
            for source in &function.sources {
                let (setup, pool, source) = (setup.clone(), Arc::clone(&pool), source.clone());
                lambda.tasks.spawn(async move { source::run(&setup, &pool, &source).await });
            }
            for schedule in &function.schedules {
                let (setup, pool, schedule) = (setup.clone(), Arc::clone(&pool), schedule.clone());
                lambda.tasks.spawn(async move { schedule::run(&setup, &pool, &schedule).await });
            }
            lambda.pools.insert(function.logical_id.clone(), pool);
        }
        Ok(lambda)
    }

    /// What each function's processes use just now, by logical id.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<String, Usage> {
        let pools = self.pools.iter();
        pools.map(|(id, pool)| (id.clone(), usage::of(&pool.processes()))).collect()
    }

    /// The processes that live just now, by id: one that ended stays known until it is needed.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        let known = self.pools.values().flat_map(|pool| pool.processes());
        known.filter(|pid| usage::lives(*pid)).collect()
    }

    /// Ends everything, invocations under way too.
    pub async fn stop(&self) {
        self.tasks.close().await;
        for pool in self.pools.values() {
            pool.stop().await;
        }
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        for pool in self.pools.values() {
            pool.kill();
        }
    }
}
