//! The launch function: a schedule, new data or a person wants a production training job.

use signalbox_cloud::advance::Runs;
use signalbox_cloud::chance::Chance;
use signalbox_cloud::clients::Clients;
use signalbox_cloud::clock::Clock;
use signalbox_cloud::config::{Account, Buckets, DeadLetters, Jobs};
use signalbox_cloud::fault::{Fault, Malformed};
use signalbox_cloud::lambda::{self, Handler, Message, Parsed, Queue, Shell};
use signalbox_cloud::launches::{LaunchKey, Request};

/// As much of a principal's name as is kept.
const LONGEST_NAME: usize = 256;

/// The function, with everything that it needs.
#[derive(Debug)]
pub struct Launch {
    /// Where launches lie, beside the runs.
    pub runs: Runs,
}

/// A request, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The request.
    pub request: Request,
    /// The principal that sent it, as SQS attests.
    pub by: String,
}

impl Handler for Launch {
    type Key = LaunchKey;
    type Input = Wanted;

    fn parse(&self, message: &Message) -> Result<Parsed<LaunchKey, Wanted>, Malformed> {
        let request = Request::parse(&message.body)?;
        let sender = message.sender.as_deref().unwrap_or("nobody that SQS names");
        let by = sender.chars().take(LONGEST_NAME).collect();
        let (key, event) = (request.key(), request.id.clone());
        Ok(Parsed::Ours { key, event, input: Wanted { request, by } })
    }

    async fn handle(&self, _: &LaunchKey, wanted: Vec<Wanted>) -> Result<(), Fault> {
        // Those of one batch are deliveries of one request.
        let Some(Wanted { request, by }) = wanted.first() else { return Ok(()) };
        self.runs.launch(request, by).await.map(|_| ())
    }
}

/// The function as Lambda starts it.
///
/// # Errors
/// When its configuration is not complete, or the runtime's interface fails.
pub async fn run() -> anyhow::Result<()> {
    type Groups = (Account, Buckets, Jobs, DeadLetters);
    let (account, buckets, jobs, DeadLetters(dead)) = lambda::configure::<Groups>()?;
    let (clients, chance) = (Clients::new(account), Chance::system());
    let runs = Runs::connect(&clients, &buckets, &jobs, Clock::system(), chance.clone());
    runs.warm().await;
    lambda::serve(Shell::new(Launch { runs }, Queue::new(clients.sqs(), &dead, chance))).await
}

#[cfg(test)]
mod tests;
