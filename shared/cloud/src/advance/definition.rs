//! What a checkout delivered: the source is pinned, the definition read.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::definition::{self, Definition};
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{EnvironmentName, Sha256};
use signalbox_pipeline::order::{Source, files};
use signalbox_pipeline::report::Report;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::{Defined, DefinitionOutcome, Evidence};
use signalbox_pipeline::shared::Shared;
use signalbox_pipeline::stage::Flow;

use super::telling::Telling;
use crate::fault::Fault;
use crate::store::StoreError;

/// The largest definition that is read, in bytes.
const LARGEST: usize = 256 * 1024;

impl Telling<'_> {
    pub(super) async fn defined(&self, run: &Run, attempt: &AttemptId) -> Result<Defined, Fault> {
        let outcome = self.outcome(run, attempt).await?;
        Ok(Defined { attempt: attempt.clone(), outcome })
    }

    async fn outcome(&self, run: &Run, attempt: &AttemptId) -> Result<DefinitionOutcome, Fault> {
        let evidence = run.state.attempt(attempt).and_then(|attempt| attempt.evidence.as_ref());
        let Some(Evidence::Read(found)) = evidence else {
            return Ok(unusable("the checkout left no report"));
        };
        let Some(expected) = sha256_of(&found.report, files::DEFINITION) else {
            let commit = &run.state.trigger.commit;
            return Ok(refused(format!("the repository has no {} at {commit}", files::DEFINITION)));
        };
        let definition = match self.definition(run, attempt, expected).await? {
            Ok(definition) => definition,
            Err(outcome) => return Ok(outcome),
        };
        let Some(sha256) = sha256_of(&found.report, files::SOURCE) else {
            return Ok(unusable("the checkout reported no source"));
        };
        match self.pin(run, attempt, sha256).await? {
            Some(source) => Ok(DefinitionOutcome::Accepted {
                source,
                sha256: expected.clone(),
                definition: Shared::new(definition),
                flow: Flow::NEWEST,
            }),
            None => Ok(unusable("the source that the checkout reported is not there")),
        }
    }

    /// The definition, or why the run does not go on with it.
    async fn definition(
        &self,
        run: &Run,
        attempt: &AttemptId,
        expected: &Sha256,
    ) -> Result<Result<Definition, DefinitionOutcome>, Fault> {
        let file = format!("{}{}", files::DELIVERED, files::DEFINITION);
        let Some(key) = self.delivered(run, attempt, &file) else {
            return Ok(Err(unusable("no task is known to have run the checkout")));
        };
        let fetched = match self.runs.artifacts.read(&key, None, LARGEST).await {
            Ok(Some(fetched)) => fetched,
            Ok(None) => return Ok(Err(unusable(&format!("{key} was reported and is not there")))),
            Err(StoreError::TooLarge { most, .. }) => {
                let file = files::DEFINITION;
                return Ok(Err(refused(format!("{file} has more than {most} bytes"))));
            }
            Err(error) => return Err(error.into()),
        };
        if fetched.sha256 != *expected {
            let found = fetched.sha256;
            return Ok(Err(unusable(&format!("{key} is {found}, and {expected} was reported"))));
        }
        let Ok(text) = String::from_utf8(fetched.bytes) else {
            return Ok(Err(refused(format!("{} is not UTF-8 text", files::DEFINITION))));
        };
        let known = self.environments(&text).await?;
        Ok(understood(run, &text, &known))
    }

    /// Those of the environments that the definition names for which ops have settings, looked up
    /// before any check runs, so that a misspelt one is told with the other faults.
    async fn environments(&self, text: &str) -> Result<BTreeSet<EnvironmentName>, Fault> {
        let named = definition::environments(text).into_iter().map(|environment| async move {
            let key = keys::state::settings(&environment);
            let exists = self.runs.documents.exists(&key).await?;
            Ok::<_, Fault>(exists.then_some(environment))
        });
        Ok(try_join_all(named).await?.into_iter().flatten().collect())
    }

    /// Copies the source to where no job can write.
    async fn pin(
        &self,
        run: &Run,
        attempt: &AttemptId,
        sha256: &Sha256,
    ) -> Result<Option<Source>, Fault> {
        let file = format!("{}{}", files::DELIVERED, files::SOURCE);
        let Some(from) = self.delivered(run, attempt, &file) else { return Ok(None) };
        let key = keys::artifacts::source(&run.pipeline, &run.id);
        let copied = self.runs.artifacts.copy(&from, &key).await?;
        Ok(copied.map(|version| Source { key, version, sha256: sha256.clone() }))
    }
}

fn understood(
    run: &Run,
    text: &str,
    known: &BTreeSet<EnvironmentName>,
) -> Result<Definition, DefinitionOutcome> {
    let definition = definition::parse_among(text, known);
    let definition = definition.map_err(|faults| refused(faults.to_string()))?;
    if definition.pipeline != run.pipeline {
        return Err(refused(format!(
            "{} says that it is the pipeline {}, and the repository is registered for {}",
            files::DEFINITION,
            definition.pipeline,
            run.pipeline
        )));
    }
    let branch = &run.state.trigger.branch;
    if !definition.triggers_on(branch) {
        let reason = format!("the definition's `on` leaves the branch {branch} out");
        return Err(DefinitionOutcome::Skipped { reason });
    }
    Ok(definition)
}

fn sha256_of<'r>(report: &'r Report, name: &str) -> Option<&'r Sha256> {
    report.files.iter().find(|file| file.name == name).map(|file| &file.sha256)
}

fn unusable(reason: &str) -> DefinitionOutcome {
    DefinitionOutcome::Unusable { reason: reason.to_owned() }
}

fn refused(reason: String) -> DefinitionOutcome {
    DefinitionOutcome::Refused { reason }
}
