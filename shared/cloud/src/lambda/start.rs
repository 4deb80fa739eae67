//! How a function starts, so that its `main` is a line.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use futures_util::FutureExt as _;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;

use super::{Handler, Shell, telemetry};
use crate::config::{self, Group};

/// Starts the log and reads the function's configuration from the environment.
///
/// # Errors
/// When the configuration is not complete: every fault at once, on standard error too, since a
/// function that does not start is looked for there.
pub fn configure<T: Group>() -> anyhow::Result<T> {
    telemetry::start();
    let configuration = config::from_env(|name| std::env::var(name).ok());
    configuration.map_err(|faults| {
        tracing::error!(reason = %faults, "the function cannot start");
        anyhow::Error::new(faults)
    })
}

/// Handles batches of messages until Lambda ends the process.
///
/// # Errors
/// When the runtime's own interface fails.
pub async fn serve<H: Handler>(shell: Shell<H>) -> anyhow::Result<()> {
    let shell = Arc::new(shell);
    let answer = |event: LambdaEvent<SqsEvent>| {
        let shell = Arc::clone(&shell);
        // In a box: inside the runtime's own futures it nests deeper than the compiler follows.
        async move { Ok::<_, lambda_runtime::Error>(shell.handle(event.payload).await) }.boxed()
    };
    lambda_runtime::run(service_fn(answer)).await.map_err(|error| anyhow::anyhow!(error))
}

/// Calls `work` whenever the schedule does, whatever its event says.
///
/// # Errors
/// When the runtime's own interface fails.
pub async fn serve_schedule<W, F>(work: W) -> anyhow::Result<()>
where
    W: Fn() -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let answer = |_: LambdaEvent<IgnoredAny>| {
        let done = work();
        async move { done.await.map_err(lambda_runtime::Error::from) }
    };
    lambda_runtime::run(service_fn(answer)).await.map_err(|error| anyhow::anyhow!(error))
}
