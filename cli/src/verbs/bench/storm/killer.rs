//! What kills functions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use signalbox_local::engine::Engine;

/// Kills one process of a function after another.
pub(super) struct Killer<'a> {
    engine: &'a Engine,
    seed: u64,
    kills: AtomicU64,
}

impl<'a> Killer<'a> {
    pub(super) fn new(engine: &'a Engine, seed: u64) -> Self {
        Self { engine, seed, kills: AtomicU64::new(0) }
    }

    /// How many were killed so far.
    pub(super) fn kills(&self) -> u64 {
        self.kills.load(Ordering::Relaxed)
    }

    /// Kills one after each pause. Returns only when it cannot.
    pub(super) async fn kill_every(&self, pause: Duration) -> anyhow::Error {
        let mut pace = tokio::time::interval(pause);
        // The first comes at once, and nobody works yet.
        pace.tick().await;
        loop {
            pace.tick().await;
            if let Err(error) = self.kill_one() {
                return anyhow::Error::new(error).context("cannot kill a function");
            }
        }
    }

    fn kill_one(&self) -> Result<(), Errno> {
        let processes = self.engine.function_processes();
        let victim = self.seed.wrapping_add(self.kills().wrapping_mul(7919));
        let Some(index) = victim.checked_rem(processes.len() as u64) else { return Ok(()) };
        let victim = usize::try_from(index).ok().and_then(|index| processes.get(index));
        let Some(pid) = victim.and_then(|pid| Pid::from_raw(*pid)) else { return Ok(()) };
        match kill_process(pid, Signal::KILL) {
            Ok(()) => {
                self.kills.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            // It has ended by itself since the look.
            Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
