//! The processes of one function: handed out one invocation at a time, started when they are needed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, Semaphore};

use super::Setup;
use super::instance::Instance;
use super::leftover;
use super::outcome::{Failure, Outcome};
use super::process::Program;
use crate::clock::Clock;
use crate::durable::Tasks;
use crate::incident::{Incident, Incidents};

/// An event that has waited this long for a busy process is worth another one.
const GROW_AFTER: Duration = Duration::from_millis(20);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The processes of one function.
pub(super) struct Pool {
    pub(super) program: Program,
    clock: Clock,
    incidents: Arc<Incidents>,
    idle: Mutex<Vec<Instance>>,
    /// Told whenever a process is free, or could not be started.
    changed: Notify,
    places: Arc<Semaphore>,
    most: usize,
    starting: AtomicUsize,
    /// How often in a row the function did not start.
    failures: AtomicU32,
    pids: Mutex<BTreeSet<i32>>,
    tasks: Tasks,
}

impl Pool {
    pub(super) fn new(program: Program, most: usize, setup: &Setup) -> Arc<Self> {
        Arc::new(Self {
            program,
            clock: setup.clock.clone(),
            incidents: Arc::clone(&setup.incidents),
            idle: Mutex::default(),
            changed: Notify::new(),
            places: Arc::new(Semaphore::new(most)),
            most,
            starting: AtomicUsize::new(0),
            failures: AtomicU32::new(0),
            pids: Mutex::default(),
            tasks: Tasks::new(),
        })
    }

    /// Invokes the function on the next process that is free.
    pub(super) async fn invoke(self: &Arc<Self>, payload: Bytes) -> Outcome {
        let instance = self.acquire().await;
        self.invoke_on(instance, payload).await
    }

    /// Invokes the function on `instance`, or on another one if that has ended meanwhile. What went
    /// wrong is told as an incident.
    pub(super) async fn invoke_on(
        self: &Arc<Self>,
        mut instance: Instance,
        payload: Bytes,
    ) -> Outcome {
        let mut outcome = self.once(&mut instance, payload.clone()).await;
        while outcome == Err(Failure::NotTaken) {
            self.forget(instance);
            instance = self.acquire().await;
            outcome = self.once(&mut instance, payload.clone()).await;
        }
        let function = self.program.logical_id.clone();
        match &outcome {
            // The function's own error stands in its log; its process goes on.
            Ok(_) | Err(Failure::Function(_)) => self.release(instance),
            Err(Failure::Ended(ended)) => {
                let (ended, last_lines) = (ended.clone(), instance.last_lines());
                self.incidents.report(Incident::Crashed { function, ended, last_lines });
                self.forget(instance);
            }
            Err(Failure::TimedOut | Failure::NotTaken) => {
                let timeout = self.program.timeout;
                self.incidents.report(Incident::TimedOut { function, timeout });
                self.forget(instance);
            }
        }
        outcome
    }

    async fn once(&self, instance: &mut Instance, payload: Bytes) -> Outcome {
        instance.invoke(payload, self.program.timeout, &self.clock).await
    }

    /// Starts a process in the background, if there is room for one.
    pub(super) fn grow(self: &Arc<Self>) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        self.starting.fetch_add(1, Ordering::SeqCst);
        let pool = Arc::clone(self);
        self.tasks.spawn(async move {
            let started = Instance::start(&pool.program, place, |pid| {
                pool.pids.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
            });
            match started.await {
                Ok(instance) => {
                    pool.failures.store(0, Ordering::SeqCst);
                    pool.starting.fetch_sub(1, Ordering::SeqCst);
                    pool.release(instance);
                }
                Err(failed) => {
                    if let Some(pid) = failed.pid {
                        pool.pids.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
                    }
                    let failures = pool.failures.fetch_add(1, Ordering::SeqCst).min(16);
                    // Told once, until it has started again: the next tries say the same.
                    if failures == 0 {
                        let function = pool.program.logical_id.clone();
                        let (ended, last_lines) = (failed.ended, failed.last_lines);
                        pool.incidents.report(Incident::Init { function, ended, last_lines });
                    }
                    let wait = FIRST_WAIT.saturating_mul(1 << failures).min(LONGEST_WAIT);
                    tokio::time::sleep(wait).await;
                    pool.starting.fetch_sub(1, Ordering::SeqCst);
                    pool.changed.notify_waiters();
                }
            }
        });
    }

    /// A free process, sooner or later.
    pub(super) async fn acquire(self: &Arc<Self>) -> Instance {
        loop {
            // Made before the look: whatever changes after it is not missed.
            let changed = self.changed.notified();
            if let Some(instance) = self.pop() {
                return instance;
            }
            let room = self.places.available_permits();
            if self.starting.load(Ordering::SeqCst) > 0 || room == 0 {
                changed.await;
            } else if room == self.most {
                self.grow();
            } else {
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep(GROW_AFTER) => self.grow(),
                }
            }
        }
    }

    fn pop(&self) -> Option<Instance> {
        loop {
            let instance = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if !instance.has_ended() {
                return Some(instance);
            }
            self.forget(instance);
        }
    }

    fn release(&self, instance: Instance) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
        self.changed.notify_waiters();
    }

    fn forget(&self, instance: Instance) {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).remove(&instance.pid);
        drop(instance);
        // Its place is free again: whoever waits may start another.
        self.changed.notify_waiters();
    }

    /// The processes that there are.
    pub(super) fn processes(&self) -> Vec<i32> {
        self.pids.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Ends every process and returns when nothing is started any more.
    pub(super) async fn stop(&self) {
        self.tasks.close().await;
        self.kill();
    }

    /// Ends every process.
    pub(super) fn kill(&self) {
        for pid in self.processes() {
            leftover::kill(pid);
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
