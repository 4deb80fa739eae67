//! How what is told about a job changes its launch. Told twice, it changes nothing.

use jiff::Timestamp;

use super::{Launch, pending};
use crate::attempt::AttemptId;
use crate::effect::Effect;
use crate::gate::{Condition, Current, ImageFacts, Scope, Verdict};
use crate::phase::Phase;
use crate::platform::Platform;
use crate::report::Report;
use crate::rollout::Side;
use crate::run::fact::{Evidence, Fact, Gated, JobEnded, Placement};
use crate::run::state::Attempt;
use crate::run::{Budget, Rejection, attempts};

impl Launch {
    /// Applies `fact`, and what the job of an ended attempt left behind. Whether anything changed.
    ///
    /// # Errors
    /// When the fact is about an attempt that the launch never asked for, or a job that is somebody
    /// else's.
    pub fn hear(
        &mut self,
        fact: &Fact,
        evidence: Option<&Evidence>,
        platform: &Platform,
        now: Timestamp,
    ) -> Result<bool, Rejection> {
        let Some(id) = fact.attempt() else { return Ok(false) };
        self.believe(id, fact)?;
        let unknown = || Rejection::UnknownAttempt { attempt: Box::new(id.clone()) };
        let ours = |attempt: &&mut Attempt| Self::attempt_id(attempt.number) == *id;
        let attempt = self.attempts.iter_mut().find(ours).ok_or_else(unknown)?;
        let mut changed = attempts::tell(attempt, fact);
        if let (Fact::JobEnded(ended), Some(evidence)) = (fact, evidence) {
            changed |= self.judge(ended, evidence);
        }
        if changed {
            self.settle(platform, now);
        }
        Ok(changed)
    }

    /// Ends the launch because of `reason`, before its job has ended. Whether there was anything to
    /// end.
    pub fn stop(&mut self, reason: &str, platform: &Platform, now: Timestamp) -> bool {
        if self.phase.is_terminal() {
            return false;
        }
        for attempt in self.attempts.iter_mut().filter(|attempt| !attempt.phase.is_terminal()) {
            attempts::give_up(attempt, Phase::Cancelled, reason);
        }
        self.settle(platform, now);
        true
    }

    /// What the believed job of an attempt came to.
    fn judge(&mut self, ended: &JobEnded, evidence: &Evidence) -> bool {
        let picked = self.picked.clone();
        let ours = |attempt: &&mut Attempt| Self::attempt_id(attempt.number) == ended.attempt;
        let Some(attempt) = self.attempts.iter_mut().find(ours) else { return false };
        let believed = attempt.placement.as_ref().is_some_and(|it| *it == ended.placement);
        let Some(ending) = attempt.ending.clone().filter(|_| believed) else { return false };
        if attempt.evidence.is_some() || attempt.phase.is_terminal() {
            return false;
        }
        let report = match evidence {
            Evidence::Read(found) if found.report.exit_code == 0 => Some(&found.report),
            Evidence::Read(_) | Evidence::Missing { .. } => None,
        };
        let verdicts = |conditions: &[Condition]| match report {
            Some(report) => gated(conditions, &scope(&picked, report)),
            None => Vec::new(),
        };
        let own = verdicts(&picked.train.require);
        let (phase, reason) = attempts::judge(&ending, evidence, &own);
        let bounds = match (picked.side, phase) {
            (Side::Candidate, Phase::Succeeded) => verdicts(&picked.require),
            _ => Vec::new(),
        };
        let broken = bounds.iter().find_map(|gated| match &gated.verdict {
            Verdict::Failed { reason } => Some(reason.clone()),
            Verdict::Passed { .. } => None,
        });
        attempt.evidence = Some(evidence.clone());
        attempt.verdicts = own.into_iter().chain(bounds).collect();
        attempts::conclude(attempt, phase, reason);
        self.breaks = broken;
        true
    }

    /// Brings the launch to where its attempts lead.
    fn settle(&mut self, platform: &Platform, now: Timestamp) {
        self.heard_at = now;
        let last = self.attempts.last().filter(|last| last.phase.is_terminal());
        if let Some(last) = last.filter(|_| !self.phase.is_terminal()) {
            let retries = self.picked.settings.compute.retries.unwrap_or_default();
            let budget = Budget::granted(self.picked.train.retries, retries);
            if budget.is_left(&self.attempts, last) {
                self.attempts.push(Attempt::new(last.number.saturating_add(1)));
            } else {
                self.phase = last.phase;
                self.reason.clone_from(&last.reason);
            }
        }
        self.pending = pending::of(self, platform, now);
        if self.is_settled() && self.ended_at.is_none() {
            self.ended_at = Some(now);
        }
    }

    /// Whether a fact from Batch is about the job that the launch submitted.
    fn believe(&self, id: &AttemptId, fact: &Fact) -> Result<(), Rejection> {
        let Some(told) = fact.placement() else { return Ok(()) };
        let submitted = self.pending.iter().find_map(|pending| match &pending.effect {
            Effect::Submit(it) if it.attempt == *id => Some((it.definition.name(), &it.queue)),
            Effect::Withdraw(it) if it.attempt == *id => Some((it.definition.clone(), &it.queue)),
            _ => None,
        });
        let recorded = || {
            let ours = |attempt: &&Attempt| Self::attempt_id(attempt.number) == *id;
            let placement = self.attempts.iter().find(ours)?.placement.as_ref()?;
            Some((placement.definition.clone(), &placement.queue))
        };
        let Some((definition, queue)) = submitted.or_else(recorded) else { return Ok(()) };
        if told.definition == definition && told.queue == *queue {
            return Ok(());
        }
        let found =
            |Placement { definition, queue, .. }: &Placement| format!("{definition} in {queue}");
        Err(Rejection::NotOurs {
            attempt: Box::new(id.clone()),
            expected: format!("{definition} in {queue}"),
            found: found(told),
        })
    }
}

fn gated(conditions: &[Condition], scope: &Scope) -> Vec<Gated> {
    let gated = conditions.iter().map(|condition| Gated {
        condition: condition.as_str().to_owned(),
        verdict: condition.evaluate(scope),
    });
    gated.collect()
}

fn scope(picked: &super::Picked, report: &Report) -> Scope {
    let against = picked.against.as_ref();
    Scope {
        metrics: report.metrics.clone(),
        evidence: report.evidence.clone(),
        tests: report.tests,
        current: against.map(|live| Current { metrics: live.metrics.clone(), tests: None }),
        image: Some(ImageFacts { digest: picked.release.image.clone(), bytes: None }),
    }
}
