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

    /// Kills the first that can be killed, from another one on each time: one may have ended by
    /// itself since the look.
    fn kill_one(&self) -> Result<(), Errno> {
        let mut processes = self.engine.function_processes();
        let first = self.seed.wrapping_add(self.kills().wrapping_mul(7919));
        let first = first.checked_rem(processes.len() as u64).unwrap_or_default();
        processes.rotate_left(usize::try_from(first).unwrap_or_default());
        for pid in processes.into_iter().filter_map(Pid::from_raw) {
            match kill_process(pid, Signal::KILL) {
                Ok(()) => {
                    self.kills.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Err(Errno::SRCH) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
