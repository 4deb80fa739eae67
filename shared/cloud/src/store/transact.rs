//! The small documents' loop: load, decide, put, and again where somebody else was faster.

use std::time::Duration;

use super::{Document, Documents, Put, Versioned};
use crate::fault::Fault;

/// How often a decision is made before the message is left to come again.
const TRIES: u32 = 5;
/// The longest wait after the first try; it doubles with each. Whoever was faster is done by then,
/// so that the next try only has to part from others who lost: about as long as a put takes.
const FIRST_WAIT: Duration = Duration::from_millis(5);

/// What is to be done with a document.
#[derive(Debug)]
pub enum Step<D, T> {
    /// Write it so; `T` is the answer once it is written.
    Put(D, T),
    /// Leave it; the answer is `T`.
    Keep(T),
}

impl Documents {
    /// Changes the document under `key` as `decide` says, which is asked anew on every fresh read
    /// and must find its own work done when it was.
    ///
    /// # Errors
    /// What `decide` answers, what S3 refuses, and [`Fault::Soon`] when others were faster every
    /// time.
    pub async fn transact<D: Document, T>(
        &self,
        key: &str,
        decide: impl FnMut(Option<&D>) -> Result<Step<D, T>, Fault>,
    ) -> Result<T, Fault> {
        let (answer, _) = self.transact_on(None, key, decide).await?;
        Ok(answer)
    }

    /// The same, on a document that was `kept`: it is as good as a fresh one for a put, whose
    /// condition holds it against the truth, and for nothing else. Gives the document as it then is,
    /// too.
    ///
    /// # Errors
    /// As [`Documents::transact`].
    pub async fn transact_on<D: Document, T>(
        &self,
        mut kept: Option<Versioned<D>>,
        key: &str,
        mut decide: impl FnMut(Option<&D>) -> Result<Step<D, T>, Fault>,
    ) -> Result<(T, Option<Versioned<D>>), Fault> {
        let mut unclear: Option<(String, T)> = None;
        for round in 0..TRIES {
            let is_fresh = kept.is_none();
            let found = match kept.take() {
                None => self.load::<D>(key).await?,
                kept => kept,
            };
            let written = found.as_ref().map(|found| found.document.write_id());
            match unclear.take() {
                Some((id, answer)) if written == Some(id.as_str()) => return Ok((answer, found)),
                _ => {}
            }
            let (document, answer) = match decide(found.as_ref().map(|found| &found.document))? {
                Step::Keep(answer) if is_fresh => return Ok((answer, found)),
                Step::Keep(_) => continue,
                Step::Put(document, answer) => (document, answer),
            };
            let put = match &found {
                None => self.create(key, &document).await?,
                Some(found) => self.replace(key, &document, &found.etag).await?,
            };
            match put {
                Put::Committed(etag) => return Ok((answer, Some(Versioned { document, etag }))),
                Put::Conflict | Put::Gone => {}
                Put::Indeterminate(_) => {
                    unclear = Some((document.write_id().to_owned(), answer));
                }
            }
            self.pause(round).await;
        }
        Err(Fault::Soon(format!("others changed {key} {TRIES} times in a row")))
    }

    /// Waits a random while, longer with each `round`, so that competitors part.
    pub async fn pause(&self, round: u32) {
        let most = FIRST_WAIT.saturating_mul(1 << round.min(6));
        tokio::time::sleep(self.chance.up_to(most)).await;
    }
}
