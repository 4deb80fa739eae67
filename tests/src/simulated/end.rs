//! How a world ended, without what may differ from one world to the next: times and ids.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::state::{Attempt, Job, Stage};

use super::world::World;

/// What became of everything.
///
/// # Errors
/// When a document cannot be read, a run is not what its register says, or a dead letter lies
/// about.
pub fn end(world: &World) -> anyhow::Result<Value> {
    let runs = world.runs()?;
    for run in &runs {
        let folded = Run::fold(run.register.entries()).with_context(|| run.id.to_string())?;
        ensure!(folded == run.state, "the state of {} is not what its register says", run.id);
        run.register.verify().with_context(|| run.id.to_string())?;
    }
    Ok(json!({
        "runs": runs.iter().map(|run| (run.id.to_string(), of_run(run))).collect::<BTreeMap<_, _>>(),
        "documents": documents(world)?,
        "submitted": submitted(world),
        "dead_letters": dead_letters(world),
    }))
}

fn of_run(run: &Run) -> Value {
    let state = &run.state;
    json!({
        "pipeline": run.pipeline,
        "phase": state.phase,
        "reason": state.reason,
        "source": state.source.as_ref().map(|source| &source.sha256),
        "definition": state.definition.as_ref().map(|defined| &defined.sha256),
        "image": state.image,
        "stages": state.stages.iter().map(of_stage).collect::<Vec<_>>(),
        "pending": run.pending.len(),
    })
}

fn of_stage(stage: &Stage) -> Value {
    let jobs = stage.jobs.iter().map(of_job).collect::<Vec<_>>();
    let decided = stage.approving.iter().flat_map(|approving| &approving.decisions);
    let mut decided: Vec<String> =
        decided.map(|one| format!("{}: {:?}", one.person, one.choice)).collect();
    decided.sort();
    json!({
        "name": stage.name,
        "phase": stage.phase,
        "reason": stage.reason,
        "jobs": jobs,
        "decided": decided,
    })
}

fn of_launch(launch: &Launch) -> Value {
    let attempts = launch.attempts.iter().map(of_attempt).collect::<Vec<_>>();
    let (side, release) = (launch.picked.side, &launch.picked.release.run);
    json!({
        "side": side,
        "release": release,
        "phase": launch.phase,
        "reason": launch.reason,
        "breaks": launch.breaks,
        "attempts": attempts,
        "pending": launch.pending.len(),
    })
}

fn of_job(job: &Job) -> Value {
    let attempts = job.attempts.iter().map(of_attempt).collect::<Vec<_>>();
    json!({ "name": job.name, "phase": job.phase, "reason": job.reason, "attempts": attempts })
}

fn of_attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number,
        "phase": attempt.phase,
        "reason": attempt.reason,
        "succeeded": attempt.ending.as_ref().map(|ending| ending.succeeded),
        "evidence": attempt.evidence.is_some(),
        "surplus": attempt.surplus.len(),
    })
}

/// Heads, environments and launches, without times, revisions and the names of their writes.
fn documents(world: &World) -> anyhow::Result<BTreeMap<String, Value>> {
    let (s3, bucket) = (world.wire().engine().s3(), &world.buckets().state);
    let mut found = BTreeMap::new();
    for key in s3.keys(bucket, "") {
        let is_launch = key.contains("/launches/");
        if !(key.starts_with("heads/") || key.ends_with("/environment.json") || is_launch) {
            continue;
        }
        let bytes = s3.peek(bucket, &key)?.with_context(|| format!("{key} is gone"))?;
        let document = if is_launch {
            of_launch(&serde_json::from_slice(&bytes)?)
        } else {
            let mut document: Value = serde_json::from_slice(&bytes)?;
            strip(&mut document);
            document
        };
        found.insert(key, document);
    }
    Ok(found)
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let differs = |name: &str| {
                name.ends_with("_at") || ["at", "write_id", "revision"].contains(&name)
            };
            fields.retain(|name, _| !differs(name));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// How many jobs of each name there were.
fn submitted(world: &World) -> BTreeMap<String, u32> {
    let mut names = BTreeMap::new();
    for job in world.wire().engine().batch().jobs() {
        *names.entry(job.name).or_default() += 1;
    }
    names
}

fn dead_letters(world: &World) -> BTreeMap<String, usize> {
    let engine = world.wire().engine();
    let graves = engine.stack().queues.iter().filter(|queue| queue.redrive.is_none());
    let depth = |name: &str| engine.sqs().depth(name).unwrap_or_default();
    let held = graves.map(|queue| (queue.logical_id.clone(), depth(&queue.name).visible));
    held.filter(|(_, messages)| *messages > 0).collect()
}

/// The first places where two ends differ, in words; empty where they are equal.
#[must_use]
pub fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut all = Vec::new();
    compare("", expected, found, &mut all);
    all
}

fn compare(path: &str, expected: &Value, found: &Value, all: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                compare(&format!("{path}/{name}"), &expected[name], &found[name], all);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{path}/{at}"), one, other, all);
            }
        }
        _ if expected == found => {}
        _ => all.push(format!("{path} is {found} and not {expected}")),
    }
}
