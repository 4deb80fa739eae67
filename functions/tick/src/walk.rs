//! Going through the markers of one kind, a bounded number in one pass; the next goes on from there.

use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt as _, StreamExt as _};
use signalbox_cloud::store::Marker;
use signalbox_pipeline::names::JobId;

use super::pass::{Budget, Pass};
use super::{Memory, SIDE_BY_SIDE, Tick};

/// The jobs that live documents know about, believed or not.
pub(crate) type Known = BTreeSet<JobId>;

/// What is gone through.
pub(crate) struct Walk {
    /// The prefix of its markers.
    pub(crate) prefix: &'static str,
    /// As many of them as one pass looks at.
    pub(crate) most: u16,
    /// Where an instance remembers how far it came.
    pub(crate) cursor: fn(&mut Memory) -> &mut Option<String>,
    /// Whether there is time to begin with one more.
    pub(crate) is_left: fn(Budget) -> bool,
}

impl Tick {
    /// Has each marker of `walk` looked at.
    pub(crate) async fn walk<L>(
        &self,
        walk: Walk,
        budget: Budget,
        look: impl Fn(Marker) -> L,
    ) -> anyhow::Result<(Pass, Known)>
    where
        L: Future<Output = (Pass, Known)> + Send,
    {
        let Walk { prefix, most, cursor, is_left } = walk;
        let after = cursor(&mut self.memory()).take();
        let markers = self.runs.markers.list(prefix, after.as_deref(), most).await?;
        let begun = AtomicUsize::new(0);
        let in_time = |_: &Marker| {
            let go = is_left(budget);
            begun.fetch_add(usize::from(go), Ordering::Relaxed);
            ready(go)
        };
        let looks = futures_util::stream::iter(markers.clone()).take_while(in_time);
        let looks = looks.map(|marker| look(marker).boxed()).buffer_unordered(SIDE_BY_SIDE);
        let looks: Vec<(Pass, Known)> = looks.collect().await;
        let begun = begun.into_inner();
        if begun < markers.len() || begun >= usize::from(most) {
            *cursor(&mut self.memory()) = begun
                .checked_sub(1)
                .map_or(after, |at| markers.get(at).map(|marker| marker.key.clone()));
        }
        let pass = looks.iter().map(|(pass, _)| *pass).sum();
        Ok((pass, looks.into_iter().flat_map(|(_, known)| known).collect()))
    }
}
