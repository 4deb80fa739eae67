//! A decision on the wire.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use signalbox_pipeline::environment::Generation;
use signalbox_pipeline::names::{EnvironmentName, EventId, PipelineName, RunId, Sha256, StageName};

use super::{Cancel, Decision, Follow, MEND, Replay, Retry, Steer, Verdict, What};
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
    Approve,
    Reject,
    Rollback,
    Hold,
    Resume,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Cancel => "a cancel",
            Self::Retry => "a retry",
            Self::Replay => "a replay",
            Self::Approve => "an approval",
            Self::Reject => "a rejection",
            Self::Rollback => "a rollback",
            Self::Hold => "a hold",
            Self::Resume => "a resume",
        }
    }

    /// The keys that only some kinds have, and this one does.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Cancel => &["pipeline", "run", "reason"],
            Self::Retry => &["pipeline", "run", "from", "definition"],
            Self::Replay => &["event", "envelope"],
            Self::Approve => {
                &["pipeline", "run", "environment", "release", "reason", "break_glass"]
            }
            Self::Reject => &["pipeline", "run", "environment", "release", "reason"],
            Self::Rollback => {
                &["pipeline", "environment", "holds", "current", "candidate", "to", "reason"]
            }
            Self::Hold | Self::Resume => {
                &["pipeline", "environment", "holds", "current", "candidate", "reason"]
            }
        }
    }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<EnvironmentName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    break_glass: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<RunId>,
}

impl Wire {
    /// The keys that are there, of those that only some kinds have.
    fn present(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("pipeline", self.pipeline.is_some()),
            ("run", self.run.is_some()),
            ("reason", self.reason.is_some()),
            ("from", self.from.is_some()),
            ("definition", self.definition.is_some()),
            ("event", self.event.is_some()),
            ("envelope", self.envelope.is_some()),
            ("environment", self.environment.is_some()),
            ("release", self.release.is_some()),
            ("break_glass", self.break_glass.is_some()),
            ("holds", self.holds.is_some()),
            ("current", self.current.is_some()),
            ("candidate", self.candidate.is_some()),
            ("to", self.to.is_some()),
        ];
        all.into_iter().filter_map(|(key, present)| present.then_some(key))
    }
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
    let kind = wire.kind;
    if let Some(key) = wire.present().find(|key| !kind.keys().contains(key)) {
        let what = format!("{} has no key `{key}`", kind.name());
        return Err(Malformed::new(what, "body", MEND));
    }
    if wire.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        let what = format!("a reason of more than {LONGEST_REASON} characters");
        return Err(Malformed::new(what, "reason", "say it in fewer words"));
    }
    Ok(match kind {
        Kind::Cancel => {
            What::Cancel(Cancel { run: key(wire.pipeline, wire.run)?, reason: wire.reason })
        }
        Kind::Retry => {
            let definition = match wire.definition {
                Some(WireFollow::Current) => Follow::Current,
                Some(WireFollow::Original) | None => Follow::Original,
            };
            What::Retry(Retry { run: key(wire.pipeline, wire.run)?, from: wire.from, definition })
        }
        Kind::Replay => What::Replay(match (wire.event, wire.envelope) {
            (Some(Archived { id: event, day }), None) => Replay::Archived { day, event },
            (None, Some(envelope)) => Replay::Inline(bounded(envelope.get())?.to_owned()),
            _ => {
                let what = "a replay is of one archived `event` or of one `envelope`";
                return Err(Malformed::new(what, "event, envelope", MEND));
            }
        }),
        Kind::Approve => What::Approve(approval(wire)?),
        Kind::Reject => What::Reject(approval(wire)?),
        Kind::Rollback => What::Rollback(steer(wire, true)?),
        Kind::Hold => What::Hold(steer(wire, true)?),
        Kind::Resume => What::Resume(steer(wire, false)?),
    })
}

fn steer(wire: Wire, has_to_say_why: bool) -> Result<Steer, Malformed> {
    let reason = wire.reason.filter(|reason| !reason.trim().is_empty());
    if has_to_say_why && reason.is_none() {
        let what = "whoever keeps releases out has to say why";
        return Err(Malformed::new(what, "reason", "decide again with a reason"));
    }
    let (holds, current) = (needed(wire.holds, "holds")?, wire.current);
    Ok(Steer {
        pipeline: needed(wire.pipeline, "pipeline")?,
        environment: needed(wire.environment, "environment")?,
        meant_for: Generation { holds, current, candidate: wire.candidate },
        to: wire.to,
        reason,
    })
}

fn approval(wire: Wire) -> Result<Verdict, Malformed> {
    let break_glass = wire.break_glass.unwrap_or_default();
    let reason = wire.reason.filter(|reason| !reason.trim().is_empty());
    if break_glass && reason.is_none() {
        let what = "whoever breaks the glass has to say why";
        return Err(Malformed::new(what, "reason", "decide again with a reason"));
    }
    Ok(Verdict {
        run: key(wire.pipeline, wire.run)?,
        environment: needed(wire.environment, "environment")?,
        release: needed(wire.release, "release")?,
        reason,
        break_glass,
    })
}

fn key(pipeline: Option<PipelineName>, run: Option<RunId>) -> Result<RunKey, Malformed> {
    Ok(RunKey { pipeline: needed(pipeline, "pipeline")?, run: needed(run, "run")? })
}

fn needed<T>(value: Option<T>, key: &str) -> Result<T, Malformed> {
    value.ok_or_else(|| Malformed::new("a key is missing", key, MEND))
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
        environment: None,
        release: None,
        break_glass: None,
        holds: None,
        current: None,
        candidate: None,
        to: None,
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
        What::Approve(verdict) | What::Reject(verdict) => {
            let is_approval = matches!(what, What::Approve(_));
            wire.kind = if is_approval { Kind::Approve } else { Kind::Reject };
            wire.pipeline = Some(verdict.run.pipeline.clone());
            wire.run = Some(verdict.run.run.clone());
            wire.environment = Some(verdict.environment.clone());
            wire.release = Some(verdict.release.clone());
            wire.reason.clone_from(&verdict.reason);
            wire.break_glass = verdict.break_glass.then_some(true);
        }
        What::Rollback(steer) | What::Hold(steer) | What::Resume(steer) => {
            wire.kind = match what {
                What::Rollback(_) => Kind::Rollback,
                What::Hold(_) => Kind::Hold,
                _ => Kind::Resume,
            };
            wire.pipeline = Some(steer.pipeline.clone());
            wire.environment = Some(steer.environment.clone());
            wire.holds = Some(steer.meant_for.holds);
            wire.current.clone_from(&steer.meant_for.current);
            wire.candidate.clone_from(&steer.meant_for.candidate);
            wire.to.clone_from(&steer.to);
            wire.reason.clone_from(&steer.reason);
        }
    }
    serde_json::to_string(&wire).map_err(|error| Malformed::new(error, "the decision", MEND))
}

fn raw(text: &str) -> Result<Box<RawValue>, Malformed> {
    serde_json::from_str(text)
        .map_err(|error| Malformed::new(format!("not JSON: {error}"), "the event", MEND))
}
