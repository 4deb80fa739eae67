//! From a push to a run: is it registered, which run does it make, who owns the branch.

use signalbox_cloud::advance::{News, RunKey};
use signalbox_cloud::fault::Fault;
use signalbox_cloud::ingest::codecommit::Push;
use signalbox_cloud::store::Step;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::RunId;
use signalbox_pipeline::register::Occurrence;
use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::Fact;
use signalbox_pipeline::run::fact::{Origin, Trigger};

use super::{Branch, Commit};

impl Commit {
    pub(super) async fn registration(&self, key: &Branch) -> Result<Registration, Fault> {
        let Branch { host, repository, branch } = key;
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

    pub(super) async fn begin(&self, registration: &Registration, push: Push) -> Result<(), Fault> {
        let key = RunKey { pipeline: registration.pipeline.clone(), run: self.claim(&push).await? };
        let ours = || self.checkout_image.clone();
        let image = registration.checkout_image.as_ref().map_or_else(ours, ToString::to_string);
        let trigger = Trigger {
            host: push.host.clone(),
            repository: push.repository.clone(),
            branch: push.branch.clone(),
            commit: push.commit.clone(),
            pushed_at: push.at,
            clone_url: registration.clone_url.clone(),
            checkout_image: image,
            origin: Origin::Push,
            taken: None,
        };
        let actor = push.actor.clone().unwrap_or_else(|| "aws.codecommit".to_owned());
        let fact = Fact::Triggered(trigger);
        let first = Occurrence { event: push.event.clone(), actor, fact };
        let news = News { cause: push.event.clone(), occurrences: vec![first] };
        let told = self.runs.begin(&key, news).await?;
        if told.puts == 0 {
            tracing::info!(run = %key, "this push began its run already; `signalbox retry` makes another");
        } else {
            tracing::info!(run = %key, commit = %push.commit, "began a run");
        }
        Ok(())
    }

    /// The run that carries the push: its own, or the one that `tick` had begun for its commit.
    async fn claim(&self, push: &Push) -> Result<RunId, Fault> {
        let run = keys::run_id(push.at, &push.commit, &push.event);
        let document = keys::state::head(&push.host, &push.repository, &push.branch);
        let write_id = self.runs.documents.chance().token();
        let claimed = self.runs.documents.transact(&document, |head: Option<&Head>| {
            let claim = Head::pushed(head, &push.commit, push.at, &run, &write_id);
            Ok(match claim.head {
                Some(head) => Step::Put(head, claim.run),
                None => Step::Keep(claim.run),
            })
        });
        claimed.await
    }
}
