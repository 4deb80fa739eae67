//! What has to be told of a run, as far as it has come.

use super::{Kind, Notice, Target, Words};
use crate::digest::sha256;
use crate::names::EventId;
use crate::phase::Phase;
use crate::run::Run;
use crate::run::approving::Tally;
use crate::run::fact::Decided;
use crate::run::state::{Stage, StageWork, State};

/// As many hex digits of a hash as tell two notices of one run apart.
const TELLING: usize = 8;

/// The notices that `run` needs and that nobody is known to have sent.
pub(crate) fn due(run: &Run) -> impl Iterator<Item = Notice> {
    let state = &run.state;
    let end = Notice::of_end(run, everybody(state));
    let stages =
        state.stages.iter().filter(|stage| matches!(stage.work, StageWork::Approve { .. }));
    let of_stages = stages.flat_map(move |stage| {
        let broken = stage.approving.iter().flat_map(|approving| &approving.decisions);
        let broken = broken.filter(|decided| decided.break_glass);
        let broken = broken.filter_map(move |decided| of_broken_glass(run, stage, decided));
        of_approval(run, stage).into_iter().chain(broken)
    });
    let all = end.into_iter().chain(of_stages);
    all.filter(|notice| !notice.targets.is_empty() && !state.told.contains(&notice.id))
}

/// Whom ops have named for the repository and for the environments that the run has come to: each
/// once.
fn everybody(state: &State) -> Vec<Target> {
    let mut targets = state.trigger.notify.clone();
    for target in state.stages.iter().flat_map(|stage| of_stage(state, stage)) {
        if !targets.contains(target) {
            targets.push(target.clone());
        }
    }
    targets
}

/// Whom the settings of the stage's environment name.
fn of_stage<'s>(state: &'s State, stage: &'s Stage) -> &'s [Target] {
    let settings = state.entered(stage).and_then(|entered| entered.settings.as_ref());
    settings.map_or(&[], |settings| &settings.notify)
}

/// The stage waits for people: told once for each release, since approvals of one are none of another.
fn of_approval(run: &Run, stage: &Stage) -> Option<Notice> {
    let state = &run.state;
    let Some(Tally::Open { missing }) = state.tally(stage) else { return None };
    let (release, asked) = (state.release(stage)?, state.approvals(stage)?);
    let environment = stage.work.environment()?;
    if stage.phase != Phase::Running {
        return None;
    }
    let (pipeline, id, of) = (&run.pipeline, &run.id, state.subject());
    let who = match asked.from.as_slice() {
        [] => "anybody with a voice".to_owned(),
        groups => groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let words = Words {
        kind: Kind::Approval,
        what: format!("approve.{environment}.{}", &release.as_str()[..TELLING]),
        at: stage.started_at.unwrap_or(state.started_at),
        environment: Some(environment.clone()),
        subject: format!("{pipeline} waits for approval into {environment}: {of}"),
        lines: vec![
            format!("{pipeline} waits for approval into {environment}: run {id} of {of}"),
            format!("asked for: {missing} of {who}"),
        ],
        command: format!("signalbox approve {id} --environment {environment}"),
    };
    Notice::of(run, words, of_stage(state, stage).to_vec()).ok()
}

fn of_broken_glass(run: &Run, stage: &Stage, decided: &Decided) -> Option<Notice> {
    let state = &run.state;
    let Decided { environment, person, principal, .. } = decided;
    let (pipeline, id, of) = (&run.pipeline, &run.id, state.subject());
    let hash = sha256(decided.decision.as_str().as_bytes());
    let why = decided.reason.as_deref().unwrap_or("no reason was given");
    let words = Words {
        kind: Kind::BreakGlass,
        what: format!("glass.{environment}.{}", &hash.as_str()[..TELLING]),
        at: stage.started_at.unwrap_or(state.started_at),
        environment: Some(environment.clone()),
        subject: format!("{pipeline}: {person} broke the glass for {environment}: {of}"),
        lines: vec![
            format!("{person} ({principal}) let run {id} of {of} into {environment} alone"),
            format!("reason: {why}"),
        ],
        command: format!("signalbox show {id}"),
    };
    Notice::of(run, words, of_stage(state, stage).to_vec()).ok()
}

impl State {
    /// Keeps in mind that `notice` was sent; whether that is new. A run has a few to send, and no
    /// more are kept.
    pub(crate) fn tell(&mut self, notice: &EventId) -> bool {
        match self.told.binary_search(notice) {
            Err(place) if self.told.len() < TOLD_AT_MOST => {
                self.told.insert(place, notice.clone());
                true
            }
            _ => false,
        }
    }
}

/// As many notices as a run keeps in mind: those of its end, of its environments, and of the
/// decisions about them.
const TOLD_AT_MOST: usize = 200;
