//! The runs that are not over, found by their markers.

use signalbox_cloud::advance::RunKey;
use signalbox_cloud::store::Marker;
use signalbox_pipeline::keys::index;
use tracing::Instrument as _;

use super::Tick;
use super::pass::{Budget, Pass};
use super::walk::{Known, Walk};

/// What a pass looks at.
const RUNS: Walk = Walk {
    prefix: index::ACTIVE_RUNS,
    most: 500,
    cursor: |memory| &mut memory.cursor,
    is_left: Budget::is_left_for_runs,
};

impl Tick {
    /// Looks at the runs that are not over, a bounded number of them.
    pub(crate) async fn live_runs(&self, budget: Budget) -> anyhow::Result<(Pass, Known)> {
        let look = |marker: Marker| {
            let span = tracing::info_span!("run", marker = %marker.key);
            async move { self.look(&marker).await }.instrument(span)
        };
        self.walk(RUNS, budget, look).await
    }

    async fn look(&self, marker: &Marker) -> (Pass, Known) {
        let Some((pipeline, run)) = index::marked_run(&marker.key) else {
            tracing::warn!("not the marker of a run: remove it");
            return (Pass { failed: 1, ..Pass::fine() }, Known::new());
        };
        match self.heal(&RunKey { pipeline, run }, marker.marked_at).await {
            Ok(look) => look,
            Err(fault) => (Pass::failed(&fault), Known::new()),
        }
    }
}
