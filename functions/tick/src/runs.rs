//! The runs that are not over, found by their markers.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt as _, StreamExt as _};
use signalbox_cloud::advance::RunKey;
use signalbox_cloud::store::Marker;
use signalbox_pipeline::keys::index;
use signalbox_pipeline::names::JobId;
use tracing::Instrument as _;

use super::pass::{Budget, Pass};
use super::{SIDE_BY_SIDE, Tick};

/// As many runs as one pass looks at; the next one of this instance goes on where it stopped.
const RUNS: u16 = 500;

/// The jobs that live runs know about, believed or not.
pub(crate) type Known = BTreeSet<JobId>;

impl Tick {
    /// Looks at the runs that are not over, a bounded number of them.
    pub(crate) async fn live_runs(&self, budget: Budget) -> anyhow::Result<(Pass, Known)> {
        let after = self.memory().cursor.take();
        let markers = self.runs.markers.list(index::ACTIVE_RUNS, after.as_deref(), RUNS).await?;
        let begun = AtomicUsize::new(0);
        let in_time = |_: &&Marker| {
            let go = budget.is_left_for_runs();
            begun.fetch_add(usize::from(go), Ordering::Relaxed);
            ready(go)
        };
        let looks = futures_util::stream::iter(&markers).take_while(in_time).map(|marker| {
            let span = tracing::info_span!("run", marker = %marker.key);
            async move { self.look(marker).await }.instrument(span).boxed()
        });
        let looks: Vec<(Pass, Known)> = looks.buffer_unordered(SIDE_BY_SIDE).collect().await;
        let begun = begun.into_inner();
        if begun < markers.len() || begun >= usize::from(RUNS) {
            self.memory().cursor = begun
                .checked_sub(1)
                .map_or(after, |at| markers.get(at).map(|marker| marker.key.clone()));
        }
        let pass = looks.iter().map(|(pass, _)| *pass).sum();
        Ok((pass, looks.into_iter().flat_map(|(_, known)| known).collect()))
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
