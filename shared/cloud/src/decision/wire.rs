//! A decision on the wire.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use signalbox_pipeline::names::{EventId, PipelineName, RunId, StageName};

use super::{Cancel, Decision, Follow, MEND, Replay, Retry, What};
use crate::advance::RunKey;
use crate::fault::Malformed;
use crate::ingest::LARGEST;

/// The version that this code reads and writes.
const SCHEMA: u32 = 1;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// The longest event that a decision may hold, in bytes: the message has room for it and no more.
pub const LONGEST_ENVELOPE: usize = 200 * 1024;

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Cancel,
    Retry,
    Replay,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum WireFollow {
    Original,
    Current,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Archived {
    id: EventId,
    day: Date,
}

/// Every key that there is; which of them belong to a kind is seen to below.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: u32,
    id: EventId,
    kind: Kind,
    at: Timestamp,
    expires: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline: Option<PipelineName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<StageName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<WireFollow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Archived>,
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<Box<RawValue>>,
}

pub(super) fn parse(body: &str) -> Result<Decision, Malformed> {
    if body.len() > LARGEST {
        let what = format!("the message has {} bytes, {LARGEST} at most are read", body.len());
        return Err(Malformed::new(what, "body", MEND));
    }
    let wire: Wire = serde_json::from_str(body)
        .map_err(|error| Malformed::new(format!("not a decision: {error}"), "body", MEND))?;
    if wire.schema != SCHEMA {
        let what = format!("a decision of schema {}, and {SCHEMA} is known", wire.schema);
        return Err(Malformed::new(what, "schema", MEND));
    }
    let (id, at, expires) = (wire.id.clone(), wire.at, wire.expires);
    Ok(Decision { id, at, expires, what: what(wire)? })
}

fn what(wire: Wire) -> Result<What, Malformed> {
    let Wire { kind, pipeline, run, reason, from, definition, event, envelope, .. } = wire;
    let of_retry = [("from", from.is_some()), ("definition", definition.is_some())];
    let of_replay = [("event", event.is_some()), ("envelope", envelope.is_some())];
    let of_cancel = [("reason", reason.is_some())];
    let of_run = [("pipeline", pipeline.is_some()), ("run", run.is_some())];
    let key = |pipeline: Option<PipelineName>, run: Option<RunId>| {
        let (pipeline, run) = (needed(pipeline, "pipeline")?, needed(run, "run")?);
        Ok::<_, Malformed>(RunKey { pipeline, run })
    };
    Ok(match kind {
        Kind::Cancel => {
            unwanted("cancel", &[of_retry, of_replay].concat())?;
            if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
                let what = format!("a reason of more than {LONGEST_REASON} characters");
                return Err(Malformed::new(what, "reason", "say it in fewer words"));
            }
            What::Cancel(Cancel { run: key(pipeline, run)?, reason })
        }
        Kind::Retry => {
            unwanted("retry", &[&of_cancel[..], &of_replay].concat())?;
            let definition = match definition {
                Some(WireFollow::Current) => Follow::Current,
                Some(WireFollow::Original) | None => Follow::Original,
            };
            What::Retry(Retry { run: key(pipeline, run)?, from, definition })
        }
        Kind::Replay => {
            unwanted("replay", &[&of_run[..], &of_cancel, &of_retry].concat())?;
            What::Replay(match (event, envelope) {
                (Some(Archived { id: event, day }), None) => Replay::Archived { day, event },
                (None, Some(envelope)) => Replay::Inline(bounded(envelope.get())?.to_owned()),
                _ => {
                    let what = "a replay is of one archived `event` or of one `envelope`";
                    return Err(Malformed::new(what, "event, envelope", MEND));
                }
            })
        }
    })
}

fn needed<T>(value: Option<T>, key: &str) -> Result<T, Malformed> {
    value.ok_or_else(|| Malformed::new("a key is missing", key, MEND))
}

fn unwanted(kind: &str, keys: &[(&str, bool)]) -> Result<(), Malformed> {
    match keys.iter().find(|(_, present)| *present) {
        Some((key, _)) => Err(Malformed::new(format!("a {kind} has no key `{key}`"), "body", MEND)),
        None => Ok(()),
    }
}

fn bounded(envelope: &str) -> Result<&str, Malformed> {
    if envelope.len() <= LONGEST_ENVELOPE {
        return Ok(envelope);
    }
    let what =
        format!("the event has {} bytes, {LONGEST_ENVELOPE} at most are replayed", envelope.len());
    Err(Malformed::new(what, "envelope", "replay the archived event by its id"))
}

pub(super) fn message(decision: &Decision) -> Result<String, Malformed> {
    let Decision { id, at, expires, what } = decision;
    let mut wire = Wire {
        schema: SCHEMA,
        id: id.clone(),
        kind: Kind::Cancel,
        at: *at,
        expires: *expires,
        pipeline: None,
        run: None,
        reason: None,
        from: None,
        definition: None,
        event: None,
        envelope: None,
    };
    match what {
        What::Cancel(Cancel { run, reason }) => {
            wire.pipeline = Some(run.pipeline.clone());
            wire.run = Some(run.run.clone());
            wire.reason.clone_from(reason);
        }
        What::Retry(Retry { run, from, definition }) => {
            wire.kind = Kind::Retry;
            wire.pipeline = Some(run.pipeline.clone());
            wire.run = Some(run.run.clone());
            wire.from.clone_from(from);
            wire.definition = Some(match definition {
                Follow::Original => WireFollow::Original,
                Follow::Current => WireFollow::Current,
            });
        }
        What::Replay(replay) => {
            wire.kind = Kind::Replay;
            match replay {
                Replay::Archived { day, event } => {
                    wire.event = Some(Archived { id: event.clone(), day: *day });
                }
                Replay::Inline(text) => wire.envelope = Some(raw(bounded(text)?)?),
            }
        }
    }
    serde_json::to_string(&wire).map_err(|error| Malformed::new(error, "the decision", MEND))
}

fn raw(text: &str) -> Result<Box<RawValue>, Malformed> {
    serde_json::from_str(text)
        .map_err(|error| Malformed::new(format!("not JSON: {error}"), "the event", MEND))
}
