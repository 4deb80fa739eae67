//! A small world around one run: it submits what the run asks for, and knows how each job fares.
//! What it may say at a moment is causally possible then; it may say it late, twice, in any order.

use std::collections::BTreeMap;

use super::notices::telling;
use super::*;
use crate::digest::sha256;
use crate::effect::Pending;
use crate::gate::Verdict;
use crate::inspection::{Check, Finding};
use crate::run::state::StageWork;

/// How the job of an attempt fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Succeeds,
    Fails,
    FailsItsGate,
    NeverRuns,
    FailsTheRunner,
    LeavesNoResult,
    IsRefused,
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub end: End,
    /// Whether a second job turns up under its name.
    pub surplus: bool,
    /// Whether Batch lets it wait, and the registry announces its image.
    pub talkative: bool,
    /// Whether its submission was lost, so that a look-up finds nothing.
    pub lost: bool,
}

/// What the definition comes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    Accepted,
    Skipped,
    Refused,
    Unusable,
}

/// How the run finds the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// It may pass.
    Open,
    /// Another run is there.
    Crowded,
    /// Somebody is asked.
    Asking,
    /// Its image is being scanned.
    Scanning,
}

/// Everything that is not the run's to decide.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub fates: Vec<Fate>,
    pub reading: Reading,
    pub settings: bool,
    pub gate: Gate,
}

/// A run in its world.
#[derive(Clone)]
pub(super) struct History {
    world: World,
    pub run: Run,
    /// Where Batch would have, or has, the job of each attempt that was asked for.
    submitted: BTreeMap<AttemptId, Placement>,
    /// What was said, in its order.
    pub said: Vec<Fact>,
}

const MANY: &str = r#"
version: 1
pipeline: rain
checks:
  unit: { run: "true", retries: 1 }
  model: { run: "true" }
  style: { run: "true", optional: true }
build: { repository: rain-trainer }
deploy:
  - environment: test
    verify: { e2e: { run: "train", retries: 1 }, smoke: { run: "train" } }
"#;

impl World {
    fn fate(&self, id: &AttemptId) -> Fate {
        let hash = sha256(id.to_string().as_bytes());
        let index = usize::from_str_radix(&hash.as_str()[..4], 16).unwrap();
        self.fates[index % self.fates.len()]
    }

    fn answer(&self, run: &Run, question: Question) -> Fact {
        match question {
            Question::Report(attempt) => self.report(run, attempt),
            Question::Definition(attempt) => self.defined(attempt),
            Question::Image(attempt) => {
                let digest = Some(self.digest(&attempt, self.fate(&attempt).end));
                Fact::ImageFound(ImageFound {
                    attempt,
                    digest,
                    bytes: Some(7),
                    packages: Vec::new(),
                    unbelieved: None,
                })
            }
            Question::Environment(_) => {
                let first = run.state.stages.iter().all(|stage| stage.entered.is_none());
                let place = match self.gate {
                    Gate::Crowded if first => Place::Behind,
                    _ => Place::Held,
                };
                self.found(run, place)
            }
            Question::Inspection(_, settings) => {
                self.inspected(settings, self.gate == Gate::Scanning)
            }
        }
    }

    /// What the platform says; all is well in the end.
    fn inspected(&self, settings: Sha256, is_open: bool) -> Fact {
        let finding = if is_open {
            Finding::open(Check::Scan, "the scan of the image is IN_PROGRESS")
        } else {
            Finding::passed(Check::Scan, "the scan is over, and found nothing")
        };
        let environment = EnvironmentName::parse("test").unwrap();
        Fact::Inspected(Inspected { environment, settings, findings: vec![finding] })
    }

    /// How the run finds its environment; runs of the first flow take no place.
    fn found(&self, run: &Run, place: Place) -> Fact {
        let Fact::Entered(mut entered) = telling(entered(self.settings)) else { unreachable!() };
        let mut settings = entered.settings.as_deref().cloned();
        if let (Some(settings), Gate::Asking) = (&mut settings, self.gate) {
            settings.approvals = approvals();
        }
        entered.settings = settings.map(Shared::new);
        match &mut entered.standing {
            Some(standing) if run.state.flow() != Flow::First => standing.place = place,
            standing => *standing = None,
        }
        Fact::Entered(entered)
    }

    /// What somebody says at the gate: whoever was there has left, and people approve.
    fn at_the_gate(&self, run: &Run) -> Vec<Fact> {
        let begun = |name: &str| {
            let mut stages = run.state.stages.iter();
            stages.find(|stage| stage.name.as_str() == name && stage.phase != Phase::Pending)
        };
        let mut facts = Vec::new();
        let has_entered = begun("test-validate").is_some_and(|stage| stage.entered.is_some());
        if self.gate == Gate::Crowded && has_entered {
            facts.push(self.found(run, Place::Held));
        }
        let scanned = begun("test-validate").filter(|_| self.gate == Gate::Scanning);
        let scanned = scanned.and_then(|stage| stage.inspection.as_ref()?.settings.clone());
        facts.extend(scanned.map(|settings| self.inspected(settings, false)));
        let asked = begun("test-approve").filter(|_| self.gate == Gate::Asking);
        let Some(stage) = asked else { return facts };
        // The order of people's decisions counts, so that here only one is asked for.
        let required = run.state.approvals(stage).map_or(0, |asked| asked.required) as usize;
        let release = run.state.release(stage).into_iter();
        facts.extend(release.flat_map(|release| {
            ["ada", "bob"].into_iter().take(required).map(move |who| approval(who, &release))
        }));
        facts
    }

    fn report(&self, run: &Run, attempt: AttemptId) -> Fact {
        let fate = self.fate(&attempt);
        if fate.end == End::LeavesNoResult {
            let evidence = Evidence::Missing { reason: "there is none".to_owned() };
            return Fact::Reported(Reported { attempt, evidence, verdicts: Vec::new() });
        }
        let code = exit_code(fate.end);
        let tag = attempt.image_tag(&run.pipeline, &run.id);
        let image = (attempt.stage.as_str() == "build" && code == 0)
            .then(|| Built { tag, digest: self.digest(&attempt, End::Succeeds) });
        let Fact::Reported(mut fact) = reported(&attempt, Report { image, ..report(code) }) else {
            unreachable!()
        };
        if fate.end == End::FailsItsGate {
            let verdict = Verdict::Failed { reason: "metrics.loss is too high".to_owned() };
            fact.verdicts = vec![Gated { condition: "metrics.loss < 1".to_owned(), verdict }];
        }
        Fact::Reported(fact)
    }

    fn defined(&self, attempt: AttemptId) -> Fact {
        let reason = "because".to_owned();
        let outcome = match self.reading {
            Reading::Accepted => {
                let Fact::Defined(fact) = defined_in(MANY, Flow::NEWEST) else { unreachable!() };
                fact.outcome
            }
            Reading::Skipped => DefinitionOutcome::Skipped { reason },
            Reading::Refused => DefinitionOutcome::Refused { reason },
            Reading::Unusable => DefinitionOutcome::Unusable { reason },
        };
        Fact::Defined(Defined { attempt, outcome })
    }

    /// A build whose gate fails is one under whose tag somebody else has pushed.
    fn digest(&self, attempt: &AttemptId, end: End) -> ImageDigest {
        let digit = if end == End::FailsItsGate { 15 } else { attempt.number % 10 };
        ImageDigest::parse(format!("sha256:{}", format!("{digit:x}").repeat(64))).unwrap()
    }

    /// What is said about one attempt, whatever has become of the run.
    fn about(&self, run: &Run, id: &AttemptId, placement: &Placement) -> Vec<Fact> {
        let fate = self.fate(id);
        let (attempt, reason) = (id.clone(), "no".to_owned());
        let mut facts = match fate.end {
            End::IsRefused => vec![Fact::JobRefused(JobRefused { attempt, reason })],
            End::NeverRuns => vec![self.ended(id, placement)],
            _ => vec![self.started(id, placement), self.ended(id, placement)],
        };
        if fate.end != End::IsRefused {
            let (attempt, placement) = (id.clone(), placement.clone());
            facts.push(Fact::JobFound(JobFound { attempt, placement }));
        }
        let held = run.state.attempt(id).is_some_and(|attempt| attempt.placement.is_some());
        if fate.surplus && held {
            let job_id = JobId::parse(format!("{}-surplus", placement.job_id)).unwrap();
            let second = Placement { job_id, ..placement.clone() };
            facts.extend([self.started(id, &second), self.ended(id, &second)]);
        }
        if fate.talkative {
            let (attempt, reason) = (id.clone(), "CAPACITY".to_owned());
            facts.push(Fact::Waiting(Waiting { attempt, reason }));
        }
        if fate.talkative && id.stage.as_str() == "build" {
            facts.push(Fact::ImagePushed(ImagePushed {
                number: id.number,
                repository: ImageRepository::parse("rain-trainer").unwrap(),
                tag: id.image_tag(&run.pipeline, &run.id),
                digest: self.digest(id, fate.end),
            }));
        }
        facts
    }

    fn started(&self, attempt: &AttemptId, placement: &Placement) -> Fact {
        let (attempt, placement) = (attempt.clone(), placement.clone());
        Fact::JobStarted(JobStarted { attempt, placement, started_at: Some(at(1)) })
    }

    fn ended(&self, attempt: &AttemptId, placement: &Placement) -> Fact {
        let end = self.fate(attempt).end;
        let ran = end != End::NeverRuns;
        let code = exit_code(end);
        let ending = Ending {
            cause: None,
            succeeded: ran && code == 0,
            exit_code: ran.then_some(code),
            reason: None,
            task: ran.then(|| TaskId::parse(format!("task-{}", placement.job_id)).unwrap()),
            started_at: ran.then(|| at(1)),
            stopped_at: Some(at(2)),
        };
        let (attempt, placement) = (attempt.clone(), placement.clone());
        Fact::JobEnded(JobEnded { attempt, placement, ending })
    }
}

fn approvals() -> Option<settings::Approvals> {
    let from = vec![GroupName::parse("managers").unwrap()];
    Some(settings::Approvals { required: 1, from, exclude_author: true, expire_seconds: 60 })
}

fn approval(person: &str, release: &Sha256) -> Fact {
    Fact::Decided(Decided {
        decision: EventId::parse(format!("d-{person}-{release}")).unwrap(),
        environment: EnvironmentName::parse("test").unwrap(),
        choice: Choice::Approve,
        release: release.clone(),
        person: PersonName::parse(person).unwrap(),
        principal: format!("AIDA{person}"),
        reason: None,
        break_glass: false,
    })
}

fn exit_code(end: End) -> i32 {
    match end {
        End::Fails => 3,
        End::FailsTheRunner => 125,
        _ => 0,
    }
}

impl History {
    pub(super) fn of(world: World, run: Run) -> Self {
        let said = Vec::new();
        let mut history = Self { world, run, submitted: BTreeMap::new(), said };
        for (id, placement) in history.run.state.awaited() {
            history.submitted.insert(id, placement.clone());
        }
        history.submit();
        history
    }

    /// Everything that may be said now, whether it was said before or not.
    pub(super) fn sayable(&self) -> Vec<Fact> {
        let jobs = self.submitted.iter();
        let mut facts: Vec<Fact> =
            jobs.flat_map(|(id, placement)| self.world.about(&self.run, id, placement)).collect();
        facts.extend(self.run.pending.iter().filter_map(|pending| self.performed(pending)));
        facts.extend(self.world.at_the_gate(&self.run));
        // A surplus job is told to end, perhaps after it has ended by itself.
        let surplus = self.run.state.attempts().flat_map(|(id, _, attempt)| {
            let told = move |job_id| Terminated { attempt: id.clone(), job_id };
            attempt.surplus.iter().map(move |surplus| told(surplus.job_id.clone()))
        });
        facts.extend(surplus.map(Fact::Terminated));
        facts
    }

    /// What carrying out an effect brings about.
    fn performed(&self, pending: &Pending) -> Option<Fact> {
        match &pending.effect {
            // Told by those whom it is about.
            Effect::Submit(_) | Effect::Terminate(_) => None,
            Effect::Withdraw(withdrawal) => {
                let attempt = withdrawal.attempt.clone();
                let fate = self.world.fate(&attempt);
                if fate.lost || fate.end == End::IsRefused {
                    return Some(Fact::Withdrawn(Withdrawn { attempt }));
                }
                let placement = self.submitted[&attempt].clone();
                Some(Fact::JobFound(JobFound { attempt, placement }))
            }
            Effect::Overtake(overtaking) => {
                Some(Fact::Overtaken(Overtaken { run: overtaking.run.clone() }))
            }
            Effect::Leave(leaving) => {
                Some(Fact::Left(Left { environment: leaving.environment.clone() }))
            }
            Effect::Notify(notifying) => {
                Some(Fact::Notified(Notified { notice: notifying.notice.id.clone() }))
            }
            Effect::Release(releasing) => {
                let environment = releasing.environment.clone();
                Some(Fact::Released(Released { environment, behind: None, refused: None }))
            }
        }
    }

    /// Says `fact`, answers what the run then asks, and writes it: every invariant is checked.
    pub(super) fn say(&mut self, fact: &Fact) {
        self.said.push(fact.clone());
        let before = self.run.clone();
        self.run = hear(self.run.clone(), fact);
        while let Some(question) = self.run.questions().into_iter().next() {
            let answer = self.world.answer(&self.run, question);
            self.run = take_answer(&self.run, &answer);
        }
        if self.run.register == before.register {
            assert_eq!(self.run, before, "nothing changes without an entry: {fact:?}");
            return;
        }
        assert_eq!(invariant::check(&before, &self.run), Ok(()), "{fact:?}");
        assert_no_phase_falls(&before, &self.run);
        self.submit();
    }

    /// Says everything that was not said yet, until there is nothing more to say.
    pub(super) fn finish(&mut self) {
        while let Some(fact) = self.sayable().into_iter().find(|fact| !self.said.contains(fact)) {
            self.say(&fact);
        }
    }

    /// The writer takes its effects in hand, and submits.
    fn submit(&mut self) {
        self.run.seal("writer", at(3), SignedDuration::from_secs(45));
        for pending in &self.run.pending {
            let (attempt, name, queue, definition) = match &pending.effect {
                Effect::Submit(s) => (&s.attempt, &s.job_name, &s.queue, s.definition.name()),
                Effect::Withdraw(w) => (&w.attempt, &w.job_name, &w.queue, w.definition.clone()),
                _ => continue,
            };
            let job_id = JobId::parse(sha256(name.as_str().as_bytes()).as_str()).unwrap();
            let placement = Placement { job_id, definition, queue: queue.clone() };
            self.submitted.entry(attempt.clone()).or_insert(placement);
        }
    }
}

/// An answer to what the run itself asks always tells something new.
fn take_answer(run: &Run, fact: &Fact) -> Run {
    match run.decide(&occurrence(fact.clone()), &platform(), at(3)) {
        Decision::Advance(next) => *next,
        other => panic!("{other:?} of {fact:?}"),
    }
}

/// I3, in so many words: of the run, its stages, their jobs and attempts.
fn assert_no_phase_falls(old: &Run, new: &Run) {
    let rank = |phase: Phase| match phase {
        Phase::Pending => 0,
        Phase::Running => 1,
        _ => 2,
    };
    let check = |what: &str, old: Phase, new: Phase| {
        assert!(rank(new) > rank(old) || new == old, "{what} falls from {old} to {new}");
    };
    check("the run", old.state.phase, new.state.phase);
    assert!(new.state.stages.len() >= old.state.stages.len());
    for (old, new) in old.state.stages.iter().zip(&new.state.stages) {
        check(old.name.as_str(), old.phase, new.phase);
        for (old, new) in old.jobs.iter().zip(&new.jobs) {
            check(old.name.as_str(), old.phase, new.phase);
        }
    }
    for (id, _, attempt) in old.state.attempts() {
        check(&id.to_string(), attempt.phase, new.state.attempt(&id).unwrap().phase);
    }
    let begins_with_an_image = matches!(new.state.trigger.origin, Origin::Image { .. });
    assert_ne!(matches!(new.state.stages[0].work, StageWork::Checkout), begins_with_an_image);
}
