//! What is told about one attempt, whoever's it is: a run's or a launch's.

use super::fact::{Ending, Evidence, Fact, Gated};
use super::fold::Applied;
use super::fold::job;
use super::state::Attempt;
use super::verdict;
use crate::phase::Phase;

/// Applies what Batch, or who waits for it, says about `attempt`. Whether that changed anything.
pub(crate) fn tell(attempt: &mut Attempt, fact: &Fact) -> bool {
    let applied = match fact {
        Fact::JobFound(fact) => job::place(attempt, &fact.placement, false),
        Fact::JobStarted(fact) => job::started(attempt, &fact.placement, fact.started_at),
        Fact::JobEnded(fact) => job::ended(attempt, fact),
        Fact::JobRefused(fact) => job::refused(attempt, fact),
        Fact::Terminated(fact) => job::terminated(attempt, fact),
        Fact::Withdrawn(_) => job::withdrawn(attempt),
        Fact::Waiting(fact) => job::waiting(attempt, fact),
        Fact::Overdue(fact) => job::overdue(attempt, fact),
        // The rest is a run's.
        _ => Applied::Unchanged,
    };
    applied == Applied::Changed
}

/// Ends `attempt` before its job's end was seen.
pub(crate) fn give_up(attempt: &mut Attempt, phase: Phase, reason: &str) {
    job::give_up(attempt, phase, reason);
}

/// How an attempt that ended so is judged.
pub(crate) fn judge(
    ending: &Ending,
    evidence: &Evidence,
    verdicts: &[Gated],
) -> (Phase, Option<String>) {
    verdict::of(ending, evidence, verdicts)
}

/// Ends `attempt`.
pub(crate) fn conclude(attempt: &mut Attempt, phase: Phase, reason: Option<String>) {
    job::conclude(attempt, phase, reason);
}
