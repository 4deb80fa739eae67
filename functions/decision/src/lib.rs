//! The decision function: what a person decides about runs is carried out, once.

use signalbox_cloud::advance::Runs;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, CodeHost, DeadLetters, Jobs};
use signalbox_cloud::decision::{Decision, What};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::intake::Intake;
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_pipeline::names::{EventId, Host};
use signalbox_pipeline::run::fact::Choice;

mod approve;
mod cancel;
mod replay;
mod retry;
mod steer;

/// As much of a principal's name as is kept.
const LONGEST_NAME: usize = 256;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Decide {
    /// The runs.
    pub runs: Runs,
    /// The host of the repositories whose events are replayed.
    pub host: Host,
    /// The image of jobs that name none, where the registration names none either.
    pub checkout_image: String,
}

/// A decision, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The principal that sent it, as SQS attests.
    pub by: String,
}

impl Handler for Decide {
    type Key = EventId;
    type Input = Decided;

    fn parse(&self, message: &Message) -> Result<Parsed<EventId, Decided>, Malformed> {
        let decision = Decision::parse(&message.body)?;
        let Some(by) = message.sender.as_ref().filter(|sender| !sender.is_empty()) else {
            let what = "SQS does not say who sent it, so that it is nobody's decision";
            return Err(Malformed::new(what, "SenderId", "send it through the queue"));
        };
        let by = by.chars().take(LONGEST_NAME).collect();
        let (key, event) = (decision.id.clone(), decision.id.clone());
        Ok(Parsed::Ours { key, event, input: Decided { decision, by } })
    }

    async fn handle(&self, _: &EventId, decided: Vec<Decided>) -> Result<(), Fault> {
        for decided in &decided {
            decided.decision.holds(self.runs.clock.now())?;
            match &decided.decision.what {
                What::Cancel(cancel) => self.cancel(decided, cancel).await?,
                What::Retry(retry) => self.retry(decided, retry).await?,
                What::Replay(replay) => self.replay(decided, replay).await?,
                What::Approve(verdict) => self.approve(decided, verdict, Choice::Approve).await?,
                What::Reject(verdict) => self.approve(decided, verdict, Choice::Reject).await?,
                What::Rollback(steer) | What::Hold(steer) | What::Resume(steer) => {
                    self.steer(decided, steer).await?;
                }
            }
        }
        Ok(())
    }
}

impl Decide {
    fn intake(&self) -> Intake<'_> {
        Intake { runs: &self.runs, checkout_image: &self.checkout_image }
    }
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Buckets, Jobs, CodeHost, DeadLetters);
    let (account, buckets, jobs, CodeHost(host), DeadLetters(dead)) =
        lambda::configure::<Groups>()?;
    let (clients, chance) = (Clients::new(account), Chance::system());
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), chance.clone());
    let decide = Decide { runs, host, checkout_image: jobs.checkout_image };
    lambda::serve(Shell::new(decide, Queue::new(clients.sqs(), &dead, chance))).await
}

#[cfg(test)]
mod tests;
