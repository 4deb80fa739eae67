//! Many worlds, as many at a time as there are processors, each on a thread and in a time of its own.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// As much as the main thread of a process has, on which a function runs: a debug build keeps much
/// on its stack.
const STACK: usize = 8 * 1024 * 1024;

/// Lives through `life` in a time of its own, which passes only when nothing else can be done.
///
/// # Errors
/// When `life` fails, or no runtime can be made.
pub fn alone<T>(life: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build()?;
    // What it keeps over its waits would lie on the stack of a test, more than once.
    tokio::task::LocalSet::new().block_on(&runtime, Box::pin(life))
}

/// Does `work` with each of `all`, several at a time; what it returns comes in the order of `all`.
pub fn each<I: Sync, T: Send>(all: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(all.len()));
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(at) else { return };
                    let result = work(one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
            worker.expect("a thread can be started");
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
