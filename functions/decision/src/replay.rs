//! An event is to make another run.

use signalbox_cloud::decision::Replay;
use signalbox_cloud::fault::Fault;
use signalbox_cloud::ingest::{Envelope, LARGEST, Read, codecommit};
use signalbox_cloud::intake::Arrival;
use signalbox_pipeline::keys;

use super::{Decide, Decided};

impl Decide {
    pub(super) async fn replay(&self, decided: &Decided, replay: &Replay) -> Result<(), Fault> {
        let text = match replay {
            Replay::Inline(text) => text.clone(),
            Replay::Archived { day, event } => {
                let key = keys::state::event(*day, event);
                let archived = self.runs.documents.text(&key, LARGEST).await?;
                archived.ok_or_else(|| {
                    Fault::NotOurs(format!(
                        "nothing is archived as {key}; `signalbox events` lists the newest"
                    ))
                })?
            }
        };
        let envelope = Envelope::parse(&text)?;
        let mut push = match codecommit::read(&envelope, &self.host)? {
            Read::Event(push) => push,
            Read::Ignored(reason) => return Err(Fault::NotOurs(reason)),
        };
        if let Replay::Inline(_) = replay {
            // It came with the decision: who pushed is whatever the decider has written there.
            push.actor = None;
        }
        let intake = self.intake();
        let registration = intake.registration(&push.host, &push.repository, &push.branch).await?;
        let (id, at) = (decided.decision.id.clone(), decided.decision.at);
        let arrival = Arrival::replayed(push, id, at, decided.by.clone());
        intake.begin(&registration, arrival).await.map(|_| ())
    }
}
