//! The newest runs, found by walking days backwards: a few list requests, however many runs
//! there are.

use signalbox_pipeline::keys;
use signalbox_pipeline::names::{PipelineName, RunId};

use super::RunRef;

#[cfg(test)]
mod tests;

/// The prefix below which everything of a pipeline lies.
const PIPELINES: &str = "pipelines/";

/// Lists folders, and looks for objects.
pub(crate) trait Lister {
    /// The names of the folders right below `prefix`, which ends in `/`.
    async fn folders(&self, prefix: &str) -> anyhow::Result<Vec<String>>;

    /// Whether there is an object under `key`.
    async fn has(&self, key: &str) -> anyhow::Result<bool>;
}

/// The newest `limit` runs, newest first, of one pipeline or of all.
pub(crate) async fn newest_of(
    lister: &impl Lister,
    pipeline: Option<&PipelineName>,
    limit: usize,
) -> anyhow::Result<Vec<RunRef>> {
    let pipelines = match pipeline {
        Some(pipeline) => vec![pipeline.clone()],
        None => pipelines(lister).await?,
    };
    let mut runs = Vec::new();
    for pipeline in pipelines {
        let ids = newest(lister, &pipeline, limit).await?;
        runs.extend(ids.into_iter().map(|id| RunRef { pipeline: pipeline.clone(), id }));
    }
    // An id begins with the time of its trigger.
    runs.sort_by(|a, b| b.id.cmp(&a.id).then_with(|| a.pipeline.cmp(&b.pipeline)));
    runs.truncate(limit);
    Ok(runs)
}

/// The pipelines that ever had a run or a release.
pub(super) async fn pipelines(lister: &impl Lister) -> anyhow::Result<Vec<PipelineName>> {
    let names = lister.folders(PIPELINES).await?;
    Ok(names.into_iter().filter_map(|name| PipelineName::parse(name).ok()).collect())
}

async fn newest(
    lister: &impl Lister,
    pipeline: &PipelineName,
    limit: usize,
) -> anyhow::Result<Vec<RunId>> {
    let root = keys::state::runs(pipeline);
    let mut runs = Vec::new();
    for year in descending(lister, &root).await? {
        for month in descending(lister, &year).await? {
            for day in descending(lister, &month).await? {
                let names = lister.folders(&day).await?;
                let mut ids: Vec<RunId> =
                    names.into_iter().filter_map(|name| RunId::parse(name).ok()).collect();
                ids.sort_by(|a, b| b.cmp(a));
                runs.extend(ids);
                if runs.len() >= limit {
                    runs.truncate(limit);
                    return Ok(runs);
                }
            }
        }
    }
    Ok(runs)
}

/// The days below `root` that hold something, the newest first and `most` of them, as prefixes.
pub(crate) async fn days(
    lister: &impl Lister,
    root: &str,
    most: usize,
) -> anyhow::Result<Vec<String>> {
    let mut days = Vec::new();
    for year in descending(lister, root).await? {
        for month in descending(lister, &year).await? {
            days.extend(descending(lister, &month).await?);
            if days.len() >= most {
                days.truncate(most);
                return Ok(days);
            }
        }
    }
    Ok(days)
}

/// The folders below `prefix` whose names are numbers, the greatest first, as prefixes.
async fn descending(lister: &impl Lister, prefix: &str) -> anyhow::Result<Vec<String>> {
    let mut names = lister.folders(prefix).await?;
    names.retain(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()));
    names.sort_by(|a, b| b.cmp(a));
    Ok(names.into_iter().map(|name| format!("{prefix}{name}/")).collect())
}
