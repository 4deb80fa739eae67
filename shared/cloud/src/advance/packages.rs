//! The packages of a build, taken to where no job can write.

use futures_util::future::try_join_all;
use signalbox_pipeline::attempt::AttemptId;
use signalbox_pipeline::keys;
use signalbox_pipeline::report::{File, MOST_PACKAGES};
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::{Evidence, Package};

use super::telling::Telling;
use crate::fault::Fault;
use crate::store::Content;

impl Telling<'_> {
    /// What the build attempt reported, pinned; or why it is not believed.
    pub(super) async fn packages(
        &self,
        run: &Run,
        attempt: &AttemptId,
    ) -> Result<Result<Vec<Package>, String>, Fault> {
        let evidence = run.state.attempt(attempt).and_then(|attempt| attempt.evidence.as_ref());
        let Some(Evidence::Read(found)) = evidence else { return Ok(Ok(Vec::new())) };
        let reported = &found.report.packages;
        // The runner keeps to both; what it has not written is nobody's word.
        if reported.len() > MOST_PACKAGES || !reported.iter().all(File::is_package) {
            return Ok(Err("the build reported packages that the runner does not make".to_owned()));
        }
        let kept = reported.iter().map(|file| self.keep(run, attempt, file));
        Ok(try_join_all(kept).await?.into_iter().collect())
    }

    /// A package lies under its content, so S3 itself has to say that this is its content; what lies
    /// there already is not copied again.
    async fn keep(
        &self,
        run: &Run,
        attempt: &AttemptId,
        file: &File,
    ) -> Result<Result<Package, String>, Fault> {
        let File { name, bytes, sha256 } = file;
        let artifacts = &self.runs.artifacts;
        let package = |version| Package {
            name: name.clone(),
            bytes: *bytes,
            sha256: sha256.clone(),
            version,
        };
        let to = keys::artifacts::package(&run.pipeline, sha256, name);
        let is_it = |it: &Content| it.sha256.as_ref() == Some(sha256) && it.bytes == Some(*bytes);
        if let Some(kept) = artifacts.content(&to).await?.filter(is_it) {
            return Ok(Ok(package(kept.version)));
        }
        let lost = || format!("the package {name} that the build reported is not there");
        let delivered = keys::artifacts::delivered_package(sha256, name);
        let Some(from) = self.delivered(run, attempt, &delivered) else { return Ok(Err(lost())) };
        let Some(content) = artifacts.content(&from).await? else { return Ok(Err(lost())) };
        if !is_it(&content) {
            return Ok(Err(format!("the package {name} is not the one that the build reported")));
        }
        let copied = artifacts.copy_version(&from, &content.version, &to).await?;
        Ok(copied.map(package).ok_or_else(lost))
    }
}
