//! The way from a push to its run, whoever brings the push: an event, a decision or `tick`.
//!
//! Every step may be the last that this process takes, and each is found done when the same push is
//! brought again: the event is archived, the run marked, the branch's head claimed, the run begun.
//! The claim comes before the run, so that two who bring the same commit meet there.

use jiff::tz::TimeZone;
use signalbox_pipeline::head::{Claim, Head};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{BranchName, Host, RepositoryName, RunId};
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::Fact;

use crate::advance::{News, RunKey, Runs};
use crate::fault::Fault;
use crate::store::Step;

mod arrival;

pub use arrival::Arrival;

/// What takes pushes in.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The runs.
    pub runs: &'a Runs,
    /// The image of jobs that name none, where the registration names none either.
    pub checkout_image: &'a str,
}

impl Intake<'_> {
    /// What ops registered for the repository.
    ///
    /// # Errors
    /// [`Fault::NotOurs`] where it may not start a run from this branch.
    pub async fn registration(
        &self,
        host: &Host,
        repository: &RepositoryName,
        branch: &BranchName,
    ) -> Result<Registration, Fault> {
        let document = keys::state::repository(host, repository);
        let found = self.runs.documents.load::<Registration>(&document).await?;
        let Some(found) = found else {
            return Err(Fault::NotOurs(format!(
                "{host}/{repository} is not registered: \
                 `signalbox repo add {host}/{repository} --pipeline NAME` lets it start runs"
            )));
        };
        if !found.document.admits(branch) {
            return Err(Fault::NotOurs(format!(
                "{host}/{repository} is not registered for the branch {branch}"
            )));
        }
        Ok(found.document)
    }

    /// Begins the run of a push to a registered repository, or finishes what was half done of that.
    /// It answers the run that carries the push; none where `tick` found what an event has brought.
    ///
    /// # Errors
    /// What the message is to become follows from the fault.
    pub async fn begin(
        &self,
        registration: &Registration,
        arrival: Arrival,
    ) -> Result<Option<RunKey>, Fault> {
        let own = RunKey { pipeline: registration.pipeline.clone(), run: arrival.run() };
        // The marker comes first: a run that nobody can find would never be healed.
        tokio::try_join!(self.archive(&arrival), self.runs.mark(&own))?;
        let claimed = self.claim(&own.run, &arrival).await?;
        let ours = claimed.as_ref().is_some_and(|claim| claim.run == own.run);
        if !ours {
            self.runs.retire(&own).await?;
        }
        let Some(claim) = claimed else { return Ok(None) };
        let key = RunKey { run: claim.run.clone(), ..own };
        let commit = arrival.push.commit.clone();
        let news = self.news(registration, arrival, &claim);
        let told = match ours {
            true => self.runs.begin_marked(&key, news).await?,
            false => self.runs.begin(&key, news).await?,
        };
        if told.puts > 0 {
            tracing::info!(run = %key, %commit, "began a run");
        } else if ours {
            tracing::info!(run = %key, "this push began its run already; `signalbox retry` makes another");
        } else {
            tracing::info!(run = %key, "the commit of this late event was found without it, and has its run; `signalbox retry` makes another");
        }
        Ok(Some(key))
    }

    /// Puts the event where `signalbox replay` finds it, as it was received.
    async fn archive(&self, arrival: &Arrival) -> Result<(), Fault> {
        let Some(received) = &arrival.received else { return Ok(()) };
        let day = arrival.push.at.to_zoned(TimeZone::UTC).date();
        let key = keys::state::event(day, &arrival.push.event);
        Ok(self.runs.documents.keep(&key, received.clone().into_bytes()).await?)
    }

    /// Which run is to carry the push: `own`, or the one that its commit has already.
    async fn claim(&self, own: &RunId, arrival: &Arrival) -> Result<Option<Claim>, Fault> {
        let push = &arrival.push;
        let document = keys::state::head(&push.host, &push.repository, &push.branch);
        let write_id = self.runs.documents.chance().token();
        let claimed = self.runs.documents.transact(&document, |head: Option<&Head>| {
            let Some(mut claim) = arrival.claim(head, own, &write_id) else {
                return Ok(Step::Keep(None));
            };
            Ok(match claim.head.take() {
                None => Step::Keep(Some(claim)),
                Some(head) => Step::Put(head, Some(claim)),
            })
        });
        claimed.await
    }

    fn news(&self, registration: &Registration, arrival: Arrival, claim: &Claim) -> News {
        let trigger = arrival.trigger(registration, self.checkout_image, claim);
        let fact = Fact::Triggered(trigger);
        let Arrival { cause, actor, .. } = arrival;
        let first = Occurrence { event: cause.clone(), actor, fact };
        News { cause, occurrences: vec![first] }
    }
}
