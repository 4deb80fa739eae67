//! The audit of `signalbox verify`, over every version of everything that a world has stored.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use signalbox_pipeline::audit::{Audited, Finding, audit, follows, verified};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::names::RunId;
use signalbox_pipeline::run::Run;

use super::world::World;

/// Audits all documents: each by itself, a run's versions one after the other, and what is live by
/// the run that it names. Answers how many versions were read.
///
/// # Errors
/// When something is found, or cannot be read.
pub async fn audited(world: &World) -> anyhow::Result<usize> {
    let (s3, bucket) = (world.operator().s3().patient, &world.buckets().state);
    let (mut runs, mut live) = (BTreeMap::<RunId, Run>::new(), BTreeMap::new());
    let mut versions = s3.list_object_versions().bucket(bucket).send().await?;
    ensure!(versions.is_truncated != Some(true), "a world writes fewer versions than that");
    let listed = versions.versions.take().unwrap_or_default();
    // S3 lists the newest version of a key first.
    for version in listed.iter().rev() {
        let (Some(key), Some(id)) = (&version.key, &version.version_id) else {
            bail!("a version without a key or an id")
        };
        let object = s3.get_object().bucket(bucket).key(key).version_id(id).send().await?;
        let bytes = object.body.collect().await?.into_bytes();
        match audit(key, &bytes).map_err(|found| told(key, &found))? {
            Audited::Run(run) => {
                if let Some(before) = runs.get(&run.id) {
                    follows(before, &run).map_err(|found| told(key, &found))?;
                }
                runs.insert(run.id.clone(), *run);
            }
            Audited::Environment(environment) => {
                live.insert(key.clone(), environment);
            }
            Audited::Known => {}
            Audited::Unknown => bail!("nothing is known of {key}"),
        }
    }
    live.iter().try_for_each(|(key, environment)| of_live(key, environment, &runs))?;
    Ok(listed.len())
}

fn of_live(key: &str, live: &Environment, runs: &BTreeMap<RunId, Run>) -> anyhow::Result<()> {
    let Some(current) = &live.current else { return Ok(()) };
    let run = runs.get(&current.run).with_context(|| format!("{key} names a run that is not"))?;
    verified(live, run).map_err(|found| told(key, &found))
}

fn told(key: &str, findings: &[Finding]) -> anyhow::Error {
    let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the audit of {key}: {}", findings.join("; "))
}
