//! I7, counted anew from the register: by nothing that the product counts with.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use signalbox_pipeline::environment::release_digest;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::fact::Choice;
use signalbox_pipeline::run::state::StageWork;
use signalbox_pipeline::run::{Fact, Run};

use crate::simulated::people::PEOPLE;

/// What runs in an environment was approved of by as many people as its settings ask, none of whom
/// has made the commit, and for exactly this release.
pub(super) fn invariant_i7_nobody_is_let_in_without_approvals(run: &Run) -> anyhow::Result<()> {
    let state = &run.state;
    for stage in &state.stages {
        let StageWork::Verify { environment } = &stage.work else { continue };
        // A stage that never began ends pending, or is left out.
        let Some(entered) = state.entered(stage).filter(|_| has_begun(stage.phase)) else {
            continue;
        };
        let Some(settings) = &entered.settings else { continue };
        let Some(asked) = &settings.approvals else { continue };
        let definition = &state.definition.as_ref().context("I7: no definition")?.sha256;
        let image = state.image.as_ref().map(|image| &image.digest);
        let release = release_digest(image, definition, &settings.digest());
        let said = run.register.entries().iter().filter_map(|entry| match &entry.fact {
            Fact::Decided(said) if said.environment == *environment => Some(said),
            _ => None,
        });
        let said: Vec<_> = said.filter(|said| said.release == release).collect();
        let rejected = said.iter().any(|said| said.choice == Choice::Reject);
        ensure!(!rejected, "I7: {} is in {environment}, and somebody rejected it", run.id);
        let people: BTreeSet<&str> = said.iter().map(|said| said.person.as_str()).collect();
        ensure!(!people.contains(PEOPLE[0]), "I7: {} was approved by its author", run.id);
        ensure!(
            people.len() >= asked.required as usize,
            "I7: {} is in {environment}, which {people:?} approved of",
            run.id
        );
    }
    Ok(())
}

fn has_begun(phase: Phase) -> bool {
    matches!(phase, Phase::Running | Phase::Succeeded)
}
