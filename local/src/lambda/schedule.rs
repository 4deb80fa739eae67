//! Functions that the clock starts.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::outcome::Failure;
use super::pool::Pool;
use super::{Setup, payload};
use crate::template::Schedule;

/// Invokes the function once in every interval, for ever; the first time when one has passed.
pub(super) async fn run(setup: &Setup, pool: &Arc<Pool>, schedule: &Schedule) {
    // A minute of the schedule may be shorter than a minute.
    let interval = schedule.rate.mul_f64(setup.minute.as_secs_f64() / 60.0);
    let interval = interval.max(Duration::from_millis(1));
    let mut due = setup.clock.now() + interval;
    loop {
        setup.clock.until(due).await;
        // Those that were missed while the function worked are left out.
        due = (due + interval).max(setup.clock.now());
        let event = payload::scheduled(schedule, setup.clock.now());
        let outcome = pool.invoke(Bytes::from(event.to_string())).await;
        if let Err(Failure::Function(error)) = outcome {
            let function = &pool.program.logical_id;
            tracing::warn!(function, error, "a function started by the clock failed");
        }
    }
}
