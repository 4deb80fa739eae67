//! Ready-made gates: conditions that have a name, over numbers of known names.
//!
//! A name stands for its condition from the moment that a definition is read, so that what a
//! document holds means the same for ever, whatever becomes of this table.

use super::ConditionError;
use crate::yaml::nearest;

/// A condition that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What `require` calls it.
    pub name: &'static str,
    /// What it stands for.
    pub condition: &'static str,
    /// What a job has to report for it.
    pub report: &'static str,
    /// What to change where it fails.
    pub mend: &'static str,
}

const DATA_REPORT: &str = "write results/data.json";
const HELD: &str =
    "write results/data.json, and name what it is held against with `profile` in signalbox.yaml";

/// Every ready-made gate.
pub const READY: [Ready; 11] = [
    Ready {
        name: "loss-falls",
        condition: "metrics.loss_last < metrics.loss_first",
        report: "report loss_first and loss_last, the loss before the first step and after the last one",
        mend: "the model does not learn: try a smaller learning rate, and look at what it is fed",
    },
    Ready {
        name: "no-nan",
        condition: "!metrics.has_nan",
        report: "report has_nan, whether the loss or a weight ever stopped being a finite number",
        mend: "the training diverged: try a smaller learning rate, clip gradients, look for extreme inputs",
    },
    Ready {
        name: "overfits-few-rows",
        condition: "metrics.overfit_accuracy > 0.99",
        report: "report overfit_accuracy, the accuracy on a few rows that were learned by heart",
        mend: "a sound model learns a few rows by heart: look at the gradients, the labels and the capacity",
    },
    Ready {
        name: "schema-holds",
        condition: "metrics.data.schema.violations == 0",
        report: DATA_REPORT,
        mend: "mend the data, or make the profile anew where the change is meant",
    },
    Ready {
        name: "in-range",
        condition: "metrics.data.range.violations == 0",
        report: HELD,
        mend: "mend the values, or widen `range` of these columns in the profile where they are possible",
    },
    Ready {
        name: "no-drift",
        condition: "metrics.data.drift.max < 0.2",
        report: HELD,
        mend: "these are other data than those of the profile: find out why, then train anew and make the profile anew",
    },
    Ready {
        name: "no-leakage",
        condition: "metrics.data.leakage == 0",
        report: DATA_REPORT,
        mend: "take what tells of the answer out of the features, and rows of the test set out of the training set",
    },
    Ready {
        name: "no-pii",
        condition: "metrics.data.pii == 0",
        report: DATA_REPORT,
        mend: "drop or mask these columns before the data are stored",
    },
    Ready {
        name: "same-signature",
        condition: "metrics.signature == current.metrics.signature",
        report: "write results/signature.json, the model's inputs and outputs as MLflow has them",
        mend: "who calls the live model would break: keep its inputs and outputs, or leave this gate out for one release",
    },
    Ready {
        name: "fast-enough",
        condition: "metrics.latency_p95_ms <= current.metrics.latency_p95_ms * 1.2",
        report: "report latency_p95_ms, the time that 95 of 100 predictions stay below",
        mend: "the model is more than a fifth slower than the live one: make it smaller, or say with a condition of your own what is fast enough",
    },
    Ready {
        name: "small-enough",
        condition: "metrics.model_mb <= current.metrics.model_mb * 1.2",
        report: "report model_mb, the size of the stored model",
        mend: "the model is more than a fifth larger than the live one: prune it, or say with a condition of your own what is small enough",
    },
];

/// The gate that `text` names; nothing where it is an expression.
pub(super) fn named(text: &str) -> Result<Option<Ready>, ConditionError> {
    let text = text.trim();
    if !is_name(text) {
        return Ok(None);
    }
    if let Some(ready) = READY.into_iter().find(|ready| ready.name == text) {
        return Ok(Some(ready));
    }
    let names = READY.map(|ready| ready.name);
    let help = match nearest(text, names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    Err(ConditionError::new(format!("there is no ready-made gate `{text}`")).help(help))
}

/// The gate whose condition this is.
pub(super) fn of_condition(condition: &str) -> Option<Ready> {
    READY.into_iter().find(|ready| ready.condition == condition)
}

/// Words joined by dashes, which no expression over values is: nothing of one word can be read.
fn is_name(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.contains('-') && text.split('-').all(word)
}

#[cfg(test)]
mod tests;
