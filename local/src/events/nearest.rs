//! Which rule an unrouted event came nearest to, and what kept it out.

use serde_json::Value;

use crate::template::Rule;

/// One sentence: the rule with the fewest differing fields, and the first of them.
pub(super) fn explain(rules: &[Rule], event: &Value) -> String {
    let nearest = rules
        .iter()
        .map(|rule| (rule, rule.pattern.mismatches(event)))
        .min_by_key(|(_, mismatches)| mismatches.len());
    match nearest {
        Some((rule, mismatches)) => match mismatches.first() {
            Some(mismatch) => format!("nearest is {}, where {mismatch}", rule.logical_id),
            None => format!("{} has no target", rule.logical_id),
        },
        None => "the template has no rule".to_owned(),
    }
}
