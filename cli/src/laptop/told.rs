//! What people would have been told: what was published to the engine's topics.

use std::time::Duration;

use signalbox_local::engine::Engine;
use signalbox_local::sns::Published;
use signalbox_pipeline::notice::Target;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::view::safe;

/// The topic that the example's people would subscribe to.
const TOPIC: &str = "signalbox-rain";
/// How long the function `notify` may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes the topic of the example, and listens to it from now on.
///
/// # Errors
/// When the engine cannot write it down.
pub(crate) fn listen(engine: &Engine) -> anyhow::Result<(Target, Receiver<Published>)> {
    let topic = engine.sns().create(TOPIC)?;
    Ok((Target::Sns(topic.parse()?), engine.sns().subscribe()))
}

/// The next that is told; nothing where nobody is told anything for a while.
pub(crate) async fn next(told: &mut Receiver<Published>) -> Option<Published> {
    timeout(PATIENCE, told.recv()).await.ok()?.ok()
}

/// What was told to which topic, in a line.
pub(crate) fn line(published: &Published) -> String {
    let topic = published.topic.rsplit(':').next().unwrap_or_default();
    format!("{topic}: {}", safe::line(published.subject.as_deref().unwrap_or_default()))
}
