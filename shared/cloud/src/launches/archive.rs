//! What has become of an environment, where it is too much for one document.

use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;

use crate::advance::Runs;
use crate::fault::Fault;
use crate::store::Step;

impl Runs {
    /// Moves the oldest changes of `found`, which lies under `key`, to a segment where they are many.
    /// Where that fails, whoever changes the environment next does it.
    pub(crate) async fn archive(&self, key: &str, found: &Environment) {
        if let Err(fault) = self.archive_segment(key, found).await {
            tracing::warn!(reason = %fault.chain(), "older changes stay where they are for now");
        }
    }

    async fn archive_segment(&self, key: &str, found: &Environment) -> Result<(), Fault> {
        let Some(segment) = found.full_segment() else { return Ok(()) };
        let place = keys::state::history(&found.pipeline, &found.environment, segment.number);
        let body = serde_json::to_vec(&segment)
            .map_err(|error| Fault::page(error, "this is a bug: please report it"))?;
        // It is there before the document forgets it; whoever comes first has written the same.
        self.documents.keep(&place, body).await?;
        let write_id = self.documents.chance().token();
        let forget = |found: Option<&Environment>| {
            let next = found.and_then(|found| found.without_segment(&segment, &write_id));
            Ok(next.map_or(Step::Keep(()), |next| Step::Put(next, ())))
        };
        self.documents.transact(key, forget).await
    }
}
