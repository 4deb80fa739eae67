//! What people are told goes to a queue: whoever decides it does not wait for a mail server.

use signalbox_pipeline::notice::Notice;

use crate::clients::{Client, trouble};
use crate::fault::Fault;

/// The queue of the function `notify`.
#[derive(Clone, Debug)]
pub struct Notices {
    sqs: Client<aws_sdk_sqs::Client>,
    queue: String,
}

impl Notices {
    /// The queue with the URL `queue`.
    #[must_use]
    pub fn new(sqs: Client<aws_sdk_sqs::Client>, queue: &str) -> Self {
        Self { sqs, queue: queue.to_owned() }
    }

    /// Sends `notice`. It may be on its way twice, and bears the same id then.
    ///
    /// # Errors
    /// When SQS does not take it.
    pub async fn send(&self, notice: &Notice) -> Result<(), Fault> {
        let what = || format!("sending the notice {}", notice.id);
        let body = serde_json::to_string(notice).map_err(|error| Fault::retry(what(), error))?;
        let send = self.sqs.patient.send_message().queue_url(&self.queue).message_body(body);
        send.send().await.map(|_| ()).map_err(|error| trouble(&error).fault(what()))
    }
}
