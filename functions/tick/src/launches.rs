//! The launches whose end is not counted yet, found by their markers.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::fault::Fault;
use signalbox_cloud::launches::{LaunchKey, News};
use signalbox_cloud::store::Marker;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::environment::{Environment, Fallen};
use signalbox_pipeline::keys::{self, index};
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::rollout::{InFlight, Side};
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::{Overdue, Placement};
use tracing::Instrument as _;

use super::Tick;
use super::pass::{Budget, Pass};
use super::walk::{Known, Walk};

/// What a pass looks at.
const LAUNCHES: Walk = Walk {
    prefix: index::ACTIVE_LAUNCHES,
    most: 500,
    cursor: |memory| &mut memory.launch,
    is_left: Budget::is_left_for_launches,
};
/// A marker that leads to no launch stays for so long: whoever put it may be about to write one.
const YOUNG: SignedDuration = SignedDuration::from_mins(5);
/// Whoever has ended a launch tells how within this time: longer than a function lives.
const TOLD: SignedDuration = SignedDuration::from_mins(2);

impl Tick {
    /// Looks at the launches whose end is not counted, a bounded number of them.
    pub(crate) async fn live_launches(&self, budget: Budget) -> anyhow::Result<(Pass, Known)> {
        let look = |marker: Marker| {
            let span = tracing::info_span!("launch", marker = %marker.key);
            async move { self.look_at_launch(&marker).await }.instrument(span)
        };
        self.walk(LAUNCHES, budget, look).await
    }

    async fn look_at_launch(&self, marker: &Marker) -> (Pass, Known) {
        let Some((pipeline, environment, launch)) = index::marked_launch(&marker.key) else {
            tracing::warn!("not the marker of a launch: remove it");
            return (Pass { failed: 1, ..Pass::fine() }, Known::new());
        };
        let key = LaunchKey { pipeline, environment, launch };
        match self.heal_launch(&key, marker.marked_at).await {
            Ok(look) => look,
            Err(fault) => (Pass::failed(&fault), Known::new()),
        }
    }

    async fn heal_launch(
        &self,
        key: &LaunchKey,
        marked_at: Option<Timestamp>,
    ) -> Result<(Pass, Known), Fault> {
        let now = self.runs.clock.now();
        let Some(launch) = self.runs.load_launch(key).await? else {
            let is_old = marked_at.is_some_and(|since| now.duration_since(since) >= YOUNG);
            if !is_old {
                return Ok((Pass::fine(), Known::new()));
            }
            self.runs.markers.unmark(&key.marker()).await?;
            tracing::info!("removed the marker of a launch that was never begun");
            return Ok((Pass { healed: 1, ..Pass::fine() }, Known::new()));
        };
        let known = launch.jobs().cloned().collect();
        if launch.is_settled() {
            return Ok((self.tell_again(key, &launch, now).await?, known));
        }
        let mut missed = self.unheard(&launch, now).await?;
        let late = launch
            .overdue(now)
            .map(|(attempt, reason)| News::from(Fact::Overdue(Overdue { attempt, reason })));
        let overdue = usize::from(late.is_some());
        missed.extend(self.stopped(key, &launch).await?.map(News::Stop));
        let missed_count = missed.len();
        missed.extend(late);
        if missed.is_empty() && !launch.has_work(now) {
            return Ok((Pass::fine(), known));
        }
        let told = self.runs.tell_launch(key, missed).boxed().await?;
        if told.revision == launch.revision {
            return Ok((Pass::fine(), known));
        }
        tracing::info!(missed = missed_count, overdue, "healed a launch");
        Ok((Pass { healed: 1, missed: missed_count, overdue, ..Pass::fine() }, known))
    }

    /// Tells how a launch ended whose end is not counted and is not told: whoever had to has died.
    ///
    /// What is counted loses its marker first and the word about it after that. So where there is no
    /// word, and still a marker after that was seen, it was not counted.
    async fn tell_again(
        &self,
        key: &LaunchKey,
        launch: &Launch,
        now: Timestamp,
    ) -> Result<Pass, Fault> {
        let is_old = launch.ended_at.is_some_and(|ended| now.duration_since(ended) >= TOLD);
        let Some(outcome) = launch.outcome().filter(|_| is_old) else { return Ok(Pass::fine()) };
        let word = index::outcome(&outcome);
        let is_told = self.is_marked(&word).await?;
        if is_told || !self.is_marked(&key.marker()).await? {
            return Ok(Pass::fine());
        }
        self.runs.markers.mark(&word).await?;
        tracing::info!(ended = %outcome.ended, "told how a launch has ended");
        Ok(Pass { healed: 1, ..Pass::fine() })
    }

    async fn is_marked(&self, marker: &str) -> Result<bool, Fault> {
        let found = self.runs.markers.list(marker, None, 1).await?;
        Ok(found.first().is_some_and(|found| found.key == marker))
    }

    /// Why `launch` is to end, where its release fell back and settings say so.
    async fn stopped(&self, key: &LaunchKey, launch: &Launch) -> Result<Option<String>, Fault> {
        if launch.picked.side != Side::Candidate || launch.phase.is_terminal() {
            return Ok(None);
        }
        let fallen = self.fallen(key).await?;
        let ours = fallen.filter(|fallen| {
            fallen.run == launch.picked.release.run && fallen.in_flight == InFlight::Stop
        });
        Ok(ours.map(|fallen| format!("its release is out: {}", fallen.reason)))
    }

    /// What fell back last in the environment of `key`, read once in a pass.
    async fn fallen(&self, key: &LaunchKey) -> Result<Option<Fallen>, Fault> {
        let document = keys::state::environment(&key.pipeline, &key.environment);
        if let Some(known) = self.memory().fallen.get(&document) {
            return Ok(known.clone());
        }
        let found = self.runs.documents.load::<Environment>(&document).await?;
        let fallen = found.and_then(|found| found.document.fallen);
        self.memory().fallen.insert(document, fallen.clone());
        Ok(fallen)
    }

    /// What Batch says about the jobs of which nothing was heard.
    async fn unheard(&self, launch: &Launch, now: Timestamp) -> Result<Vec<News>, Fault> {
        let awaited = launch.awaited();
        let open: Vec<(AttemptId, Placement)> =
            awaited.map(|(id, placement)| (id, placement.clone())).collect();
        let told = self.said_of(open, launch.heard_at, now).await?;
        let news = told.into_iter().map(|told| told.fact).filter(|fact| {
            // What changes nothing would cost a read to find out.
            let mut next = launch.clone();
            let is_end = matches!(fact, Fact::JobEnded(_));
            is_end || next.hear(fact, None, &self.runs.platform, now).unwrap_or_default()
        });
        Ok(news.map(News::from).collect())
    }
}
