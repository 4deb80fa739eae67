//! A run's document, as it lies in the bucket and as it reads.

use anyhow::Context as _;
use serde::Deserialize;
use signalbox_pipeline::run::{Run, SCHEMA};

use super::{Connection, Read, RunRef};
use crate::exit::Exit;

/// A run that was read.
pub(crate) struct Seen {
    /// What it says.
    pub(crate) run: Run,
    /// Its document, byte for byte.
    pub(crate) bytes: Vec<u8>,
    /// The tag of this version.
    pub(crate) etag: String,
}

#[derive(Deserialize)]
struct Header {
    schema: u32,
}

impl Connection {
    /// The run's document, unless it is the version tagged `known`.
    pub(crate) async fn read_run(
        &self,
        run: &RunRef,
        known: Option<&str>,
    ) -> anyhow::Result<Option<Seen>> {
        match self.state().read(&run.key(), known).await? {
            Read::Unchanged => Ok(None),
            Read::Found { bytes, etag } => {
                Ok(Some(Seen { run: parse_run(&run.key(), &bytes)?, bytes, etag }))
            }
            Read::Absent => {
                Err(Exit::NotFound.because(format!("there is no document {}", run.key())))
            }
        }
    }

    /// The run's document.
    pub(crate) async fn seen_run(&self, run: &RunRef) -> anyhow::Result<Seen> {
        let seen = self.read_run(run, None).await?;
        seen.with_context(|| format!("S3 did not give {}", run.key()))
    }
}

impl Connection {
    /// The run's document, where there is one.
    pub(crate) async fn existing_run(&self, run: &RunRef) -> anyhow::Result<Option<Seen>> {
        match self.state().read(&run.key(), None).await? {
            Read::Found { bytes, etag } => {
                Ok(Some(Seen { run: parse_run(&run.key(), &bytes)?, bytes, etag }))
            }
            Read::Absent | Read::Unchanged => Ok(None),
        }
    }
}

/// The run that is kept under `key`.
fn parse_run(key: &str, bytes: &[u8]) -> anyhow::Result<Run> {
    let damaged = || format!("{key} is damaged; an older version of the object may be whole");
    let header: Header = serde_json::from_slice(bytes).with_context(damaged)?;
    if header.schema > SCHEMA {
        return Err(Exit::Errored.because(format!(
            "{key} has schema {}, written by a newer version of Signalbox; this one knows \
             {SCHEMA}: use a newer `signalbox`",
            header.schema
        )));
    }
    serde_json::from_slice(bytes).with_context(damaged)
}
