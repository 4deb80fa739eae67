//! From `rollout` of the file to a plan.

use super::{Fallback, InFlight, Plan, Rate, Step, Strategy};
use crate::definition::{compute::unit, conditions};
use crate::faults::Collector;
use crate::units;
use crate::yaml::{Field, Fields, Keys, choice, list, number, whole_number};

const ROLLOUT: Keys = Keys {
    what: "`rollout`",
    known: &["strategy", "steps", "bake", "launches", "fallback"],
    later: &[],
    never: &[],
};
const STEP: Keys = Keys {
    what: "a step of `steps`",
    known: &["weight", "bake", "launches"],
    later: &[],
    never: &[],
};
const FALLBACK: Keys = Keys {
    what: "`fallback`",
    known: &["failure_rate", "require", "in_flight"],
    later: &[],
    never: &[],
};
const STRATEGIES: [&str; 2] = ["canary", "blue-green"];
const IN_FLIGHT: [&str; 2] = ["leave", "stop"];
const MOST_STEPS: usize = 20;
/// As many launches as a step may ask for.
const MOST_LAUNCHES: u32 = 100_000;

pub(crate) fn plan(field: Field<'_>, faults: &mut Collector) -> Option<Plan> {
    let fields = Fields::of(field, &ROLLOUT, faults)?;
    let strategy = fields.required("strategy", faults, strategy);
    let fallback = fields.optional("fallback", faults, fallback).unwrap_or_default();
    let steps = match strategy? {
        Strategy::Canary => {
            for key in ["bake", "launches"] {
                refuse(&fields, key, "a canary has it in each of its `steps`", faults);
            }
            fields.required("steps", faults, steps)
        }
        Strategy::BlueGreen => {
            refuse(&fields, "steps", "blue-green goes from nothing to everything", faults);
            let bake_seconds = fields.required("bake", faults, bake);
            let launches = fields.optional("launches", faults, launches).unwrap_or(0);
            bake_seconds.map(|bake_seconds| vec![Step { weight: 100, bake_seconds, launches }])
        }
    };
    Some(Plan { strategy: strategy?, steps: steps?, fallback })
}

fn refuse(fields: &Fields<'_>, key: &str, why: &str, faults: &mut Collector) {
    if let Some(field) = fields.get(key) {
        field.fault(faults, "may not stand here", Some(why.to_owned()));
    }
}

fn strategy(field: Field<'_>, faults: &mut Collector) -> Option<Strategy> {
    let word = choice(field, &STRATEGIES, faults)?;
    Some(if word == STRATEGIES[0] { Strategy::Canary } else { Strategy::BlueGreen })
}

/// The steps: at least one, their weights rise, and the last one is everything.
fn steps(field: Field<'_>, faults: &mut Collector) -> Option<Vec<Step>> {
    let items = list(field, MOST_STEPS, faults)?;
    let mut steps: Vec<Option<Step>> = Vec::new();
    let mut highest = 0;
    for (at, item) in items.iter().enumerate() {
        let is_last = at + 1 == items.len();
        let item = Field::item("steps", item);
        let Some(fields) = Fields::of(item, &STEP, faults) else {
            steps.push(None);
            continue;
        };
        let read = |field: Field<'_>, faults: &mut Collector| whole_number(field, 1..=100, faults);
        let weight = fields.required("weight", faults, read);
        if let (Some(weight), Some(field)) = (weight, fields.get("weight")) {
            if weight <= highest {
                let help = format!("the step before has {highest}: write more than that");
                field.fault(faults, &format!("does not rise: {weight}"), Some(help));
            } else if is_last && weight != 100 {
                let help = "end with { weight: 100 }".to_owned();
                field.fault(faults, &format!("is {weight} in the last step"), Some(help));
            }
            highest = highest.max(weight);
        }
        // The last step may be passed at once: it is what all of this was for.
        let bake_seconds = if is_last {
            fields.get("bake").map_or(Some(0), |field| bake(field, faults))
        } else {
            fields.required("bake", faults, bake)
        };
        let launches = fields.get("launches").map_or(Some(0), |field| launches(field, faults));
        steps.push(step(weight, bake_seconds, launches));
    }
    if items.is_empty() {
        field.fault(faults, "is empty", Some("write at least [{ weight: 100 }]".to_owned()));
        return None;
    }
    steps.into_iter().collect()
}

fn step(weight: Option<u32>, bake_seconds: Option<u64>, launches: Option<u32>) -> Option<Step> {
    Some(Step { weight: weight?, bake_seconds: bake_seconds?, launches: launches? })
}

/// How long a step lasts at least, in seconds; never nothing.
fn bake(field: Field<'_>, faults: &mut Collector) -> Option<u64> {
    let seconds = unit(field, units::seconds, faults)?;
    if seconds == 0 {
        let help = "write how long it is to be watched, such as 30m".to_owned();
        field.fault(faults, "is no time at all", Some(help));
        return None;
    }
    if seconds > units::LONGEST_TIMEOUT {
        field.fault(faults, "is longer than 14 days", Some("write 14d or less".to_owned()));
        return None;
    }
    Some(seconds)
}

fn launches(field: Field<'_>, faults: &mut Collector) -> Option<u32> {
    whole_number(field, 0..=MOST_LAUNCHES, faults)
}

fn fallback(field: Field<'_>, faults: &mut Collector) -> Option<Fallback> {
    let fields = Fields::of(field, &FALLBACK, faults)?;
    let failure_rate = fields.optional("failure_rate", faults, rate).unwrap_or_default();
    let require = fields.optional("require", faults, conditions).unwrap_or_default();
    let in_flight = fields.optional("in_flight", faults, |field, faults| {
        let word = choice(field, &IN_FLIGHT, faults)?;
        Some(if word == IN_FLIGHT[0] { InFlight::Leave } else { InFlight::Stop })
    });
    Some(Fallback { failure_rate, require, in_flight: in_flight.unwrap_or_default() })
}

fn rate(field: Field<'_>, faults: &mut Collector) -> Option<Rate> {
    let rate = Rate::try_from(number(field, faults)?);
    rate.map_err(|error| field.fault(faults, &error.to_string(), None)).ok()
}
