//! What holds of a rollout, whatever happens to those who carry it on.

use std::collections::BTreeMap;

use anyhow::ensure;
use jiff::SignedDuration;
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::rollout::Ended;

/// By so much the clocks of two instances may disagree.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// A step follows the one before it, after its time, with its launches; and what falls back leaves
/// what was live.
pub(super) fn follows(before: Option<&Environment>, now: &Environment) -> anyhow::Result<()> {
    let Some(before) = before else { return Ok(()) };
    let live = |found: &Environment| found.current.as_ref().map(|it| it.run.clone());
    let Some(was) = &before.candidate else { return Ok(()) };
    let run = &was.release.run;
    let ramp = match &now.candidate {
        Some(is) if is.release.run == *run => &is.ramp,
        // It is live, or out: by a fallback nothing else becomes so.
        _ => {
            let fell_back = now.hold.as_ref().is_some_and(|hold| hold.by == "signalbox");
            let same = live(before) == live(now);
            ensure!(!fell_back || same || live(now).as_ref() == Some(run), "another is live now");
            return Ok(());
        }
    };
    let step = was.ramp.at();
    ensure!((was.ramp.step..=was.ramp.step + 1).contains(&ramp.step), "a step was left out");
    if let (Some(step), true) = (step, ramp.step > was.ramp.step) {
        let baked = ramp.since.duration_since(was.ramp.since) + SKEW;
        let bake = SignedDuration::from_secs(i64::try_from(step.bake_seconds)?);
        ensure!(baked >= bake, "{run} was passed on after {baked:?}, it bakes for {bake:?}");
        let well = ramp.on_candidate.succeeded - was.ramp.well_before;
        ensure!(well >= u64::from(step.launches), "{run} was passed on after {well} launches");
    }
    Ok(())
}

/// No more is counted than has ended.
pub(super) fn counts_each_launch_once<'l>(
    found: &Environment,
    launches: impl Iterator<Item = &'l Launch>,
) -> anyhow::Result<()> {
    let Some(candidate) = &found.candidate else { return Ok(()) };
    let of_candidate = launches
        .filter(|launch| launch.pipeline == found.pipeline)
        .filter_map(Launch::outcome)
        .filter(|outcome| outcome.release == candidate.release.run);
    let mut ended: BTreeMap<Ended, u64> = BTreeMap::new();
    for outcome in of_candidate {
        *ended.entry(outcome.ended).or_default() += 1;
    }
    let tally = &candidate.ramp.on_candidate;
    let counted = [
        (Ended::Succeeded, tally.succeeded),
        (Ended::Failed, tally.failed),
        (Ended::Broke, tally.broke),
        (Ended::Errored, tally.errored),
    ];
    for (end, counted) in counted {
        let most = ended.get(&end).copied().unwrap_or_default();
        ensure!(
            counted <= most,
            "{counted} launches that {end} were counted, and there are {most}"
        );
    }
    Ok(())
}
