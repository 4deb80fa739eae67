//! Times in which nothing is released.

use std::str::FromStr as _;

use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Settings, keys};
use crate::definition::compute::unit;
use crate::faults::Collector;
use crate::run::fact::Frozen;
use crate::units::{self, UnitError};
use crate::yaml::{Field, Fields, Node, list, text};

const MOST_FREEZES: usize = 20;
const SHORTEST: u64 = 60;
const LONGEST: u64 = 60 * 24 * 3600;
const LONGEST_REASON: usize = 200;
/// Freezes that follow each other without a gap are looked through so far: whoever waits for their
/// end is told when it is over, and looks again.
const CHAIN: usize = 50;

/// A time that comes again and again in which nothing is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// When it begins: a cron pattern of five fields.
    pub cron: String,
    /// The time zone of the pattern, by its name in the IANA database; UTC, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// How long it lasts.
    pub seconds: u64,
    /// Why.
    pub reason: String,
}

impl Freeze {
    /// When it ends, where it lasts at `now`. A pattern or a zone that cannot be read freezes
    /// nothing: what was applied was read once.
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = self.zone.as_deref().unwrap_or("UTC");
        let now = now.to_zoned(TimeZone::get(zone).ok()?);
        let begun = Cron::from_str(&self.cron).ok()?.find_previous_occurrence(&now, true).ok()?;
        let lasts = SignedDuration::from_secs(i64::try_from(self.seconds).ok()?);
        let end = begun.timestamp().saturating_add(lasts).ok()?;
        (end > now.timestamp()).then_some(end)
    }
}

impl Settings {
    /// The freeze that lasts at `now`, to the end of those that follow it without a gap.
    #[must_use]
    pub fn frozen(&self, now: Timestamp) -> Option<Frozen> {
        let (mut until, mut reason) = (now, None);
        for _ in 0..CHAIN {
            let lasting =
                self.freeze.iter().filter_map(|freeze| Some((freeze.end(until)?, freeze)));
            let Some((end, freeze)) = lasting.max_by_key(|(end, _)| *end) else { break };
            reason.get_or_insert(&freeze.reason);
            until = end;
        }
        Some(Frozen { until, reason: reason?.clone() })
    }

    /// Whether the freezes leave no gap, as far as [`CHAIN`] of them reach.
    fn is_always_frozen(&self) -> bool {
        let somewhen = Timestamp::UNIX_EPOCH;
        let first = self.freeze.iter().filter_map(|freeze| freeze.begin(somewhen)).min();
        let Some(frozen) = first.and_then(|first| self.frozen(first)) else { return false };
        self.frozen(frozen.until).is_some()
    }
}

impl Freeze {
    fn begin(&self, after: Timestamp) -> Option<Timestamp> {
        let after = after.to_zoned(TimeZone::UTC);
        let next = Cron::from_str(&self.cron).ok()?.find_next_occurrence(&after, true).ok()?;
        Some(next.timestamp())
    }
}

pub(super) fn freezes(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Freeze>> {
    let items = list(field, MOST_FREEZES, faults)?;
    let read: Vec<Option<Freeze>> = items.iter().map(|item| freeze(item, faults)).collect();
    read.into_iter().collect()
}

/// Notes that the freezes never end, where that is so.
pub(super) fn check(settings: &Settings, field: Option<Field<'_>>, faults: &mut Collector) {
    if let Some(field) = field.filter(|_| settings.is_always_frozen()) {
        let help = "leave a gap, or keep releases out with `signalbox hold`".to_owned();
        field.fault(faults, "never ends: one freeze follows the other", Some(help));
    }
}

fn freeze(item: &Node, faults: &mut Collector) -> Option<Freeze> {
    let fields = Fields::of(Field::item("freeze", item), &keys::FREEZE, faults)?;
    let cron = fields.required("cron", faults, cron);
    let zone = fields.optional("zone", faults, zone);
    let seconds = fields.required("for", faults, |field, faults| unit(field, duration, faults));
    let reason = fields.required("reason", faults, reason);
    Some(Freeze { cron: cron?, zone, seconds: seconds?, reason: reason? })
}

fn cron(field: Field<'_>, faults: &mut Collector) -> Option<String> {
    let written = text(field, faults)?;
    let help = || Some("write five fields, such as \"0 17 * * FRI\"".to_owned());
    if written.split_whitespace().count() != 5 {
        field.fault(faults, "is no cron pattern of five fields", help());
        return None;
    }
    match Cron::from_str(&written) {
        Err(error) => field.fault(faults, &format!("is no cron pattern: {error}"), help()),
        Ok(cron) => {
            let somewhen = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
            if cron.find_next_occurrence(&somewhen, true).is_ok() {
                return Some(written);
            }
            field.fault(faults, "never comes: there is no such day", None);
        }
    }
    None
}

fn zone(field: Field<'_>, faults: &mut Collector) -> Option<String> {
    let written = text(field, faults)?;
    if TimeZone::get(&written).is_ok() {
        return Some(written);
    }
    let help = "write a name such as Europe/Berlin, or leave it out for UTC".to_owned();
    field.fault(faults, "is no time zone", Some(help));
    None
}

fn duration(written: &str) -> Result<u64, UnitError> {
    let seconds = units::seconds(written)?;
    if (SHORTEST..=LONGEST).contains(&seconds) {
        return Ok(seconds);
    }
    Err(UnitError {
        message: "a freeze lasts from one minute to 60 days".to_owned(),
        help: "keep releases out for longer with `signalbox hold`".to_owned(),
    })
}

fn reason(field: Field<'_>, faults: &mut Collector) -> Option<String> {
    let written = text(field, faults)?;
    if written.chars().count() <= LONGEST_REASON {
        return Some(written);
    }
    field.fault(faults, &format!("has more than {LONGEST_REASON} characters"), None);
    None
}

#[cfg(test)]
mod tests;
