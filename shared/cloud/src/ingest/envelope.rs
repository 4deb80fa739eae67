//! EventBridge's envelope.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use signalbox_pipeline::names::EventId;

use crate::fault::Malformed;

/// The largest body that is parsed, in bytes: EventBridge's own limit for most of its life, and
/// many times what any event of ours needs.
pub const LARGEST: usize = 256 * 1024;

const MEND: &str = "send the event as EventBridge delivers it (see events/*.json)";

/// An event as EventBridge delivers it, its detail not yet read.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    /// The event's id, the same in every delivery.
    pub id: EventId,
    /// Who emitted it, such as `aws.batch`.
    pub source: String,
    /// What kind of event it is.
    pub detail_type: String,
    /// The account that it comes from.
    pub account: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    detail: &'a RawValue,
}

#[derive(Deserialize)]
struct Wire<'a> {
    id: String,
    source: String,
    #[serde(rename = "detail-type")]
    detail_type: String,
    account: Option<String>,
    time: String,
    #[serde(borrow)]
    detail: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of `body`.
    ///
    /// # Errors
    /// When it is not one; a body over [`LARGEST`] is refused unread.
    pub fn parse(body: &'a str) -> Result<Self, Malformed> {
        if body.len() > LARGEST {
            let what = format!("the message has {} bytes, {LARGEST} at most are read", body.len());
            return Err(Malformed::new(what, "body", MEND));
        }
        let wire: Wire<'a> = serde_json::from_str(body)
            .map_err(|error| Malformed::new(format!("not an event: {error}"), "body", MEND))?;
        let at = wire.time.parse().map_err(|_| {
            let what = format!("{:?} is not a time", shown(&wire.time));
            Malformed::new(what, "time", "expected RFC 3339, such as 2026-01-11T23:36:40Z")
        })?;
        Ok(Self {
            id: super::name(&wire.id, "id")?,
            source: wire.source,
            detail_type: wire.detail_type,
            account: wire.account,
            at,
            detail: wire.detail,
        })
    }

    /// Whether the event is of this kind.
    #[must_use]
    pub fn is(&self, source: &str, detail_type: &str) -> bool {
        self.source == source && self.detail_type == detail_type
    }

    /// The reason to leave alone an event of another kind than `expected`.
    pub(super) fn other_kind(&self, expected: &str) -> String {
        let (kind, source) = (shown(&self.detail_type), shown(&self.source));
        format!("{kind:?} of {source:?} is not {expected:?}, which is all that this queue is for")
    }

    pub(super) fn detail<T: DeserializeOwned>(&self) -> Result<T, Malformed> {
        serde_json::from_str(self.detail.get())
            .map_err(|error| Malformed::new(format!("not understood: {error}"), "detail", MEND))
    }
}

/// As much of a foreign text as a line of log can bear.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}
