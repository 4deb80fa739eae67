//! A release that waits for people: what they say, what they do not, and what comes in between.

use std::time::Duration;

use signalbox_cloud::decision::What;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::run::state::StageWork;
use signalbox_pipeline::run::{Fact, Run};
use signalbox_tests::simulated::audit::audited;
use signalbox_tests::simulated::parallel::alone;
use signalbox_tests::simulated::world::{Setup, World};

use super::people::{asking, says, unset};
use super::world::{environment, live, run, wait};

const ASKED: &str =
    "approvals: { required: 2, from: [managers], exclude_author: false, expire: 4h }";

/// Somebody pushes, and the run comes to where people are asked.
async fn waits(world: &mut World, push: &str, number: usize) -> anyhow::Result<Run> {
    world.push("rain", push).await?;
    wait(world, 10).await?;
    let waiting = run(world, number)?;
    assert_eq!(approval(&waiting), Phase::Running, "{:?}", waiting.state.reason);
    Ok(waiting)
}

fn approval(run: &Run) -> Phase {
    stage(run, |work| matches!(work, StageWork::Approve { .. }))
}

fn verification(run: &Run) -> Phase {
    stage(run, |work| matches!(work, StageWork::Verify { .. }))
}

/// How far the last stage of that kind is.
fn stage(run: &Run, is_it: impl Fn(&StageWork) -> bool) -> Phase {
    let last = run.state.stages.iter().rev().find(|stage| is_it(&stage.work));
    last.map_or(Phase::Skipped, |stage| stage.phase)
}

fn decisions(run: &Run) -> usize {
    let facts = run.register.entries().iter().map(|entry| &entry.fact);
    facts.filter(|fact| matches!(fact, Fact::Decided(_))).count()
}

#[test]
fn as_many_as_are_asked_let_a_release_in_and_nothing_of_it_runs_before() -> anyhow::Result<()> {
    alone(async {
        let mut world = asking(ASKED).await?;
        let first = waits(&mut world, "first", 0).await?;
        says(&world, "linus", &first, What::Approve).await?;
        // Two keys of one person are one voice.
        says(&world, "linus-too", &first, What::Approve).await?;
        says(&world, "nobody", &first, What::Approve).await?;
        wait(&mut world, 5).await?;
        let half = run(&world, 0)?;
        assert_eq!((approval(&half), verification(&half)), (Phase::Running, Phase::Pending));
        assert_eq!(decisions(&half), 1);
        says(&world, "grace", &half, What::Approve).await?;
        world.settle(20, 1).await?;
        let through = run(&world, 0)?;
        assert_eq!((through.state.phase, decisions(&through)), (Phase::Succeeded, 2));
        assert_eq!(live(&world)?, through.id);
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn one_rejection_in_staging_ends_a_run_and_the_next_one_goes_through() -> anyhow::Result<()> {
    alone(async {
        let mut world = asking(ASKED).await?;
        let first = waits(&mut world, "first", 0).await?;
        says(&world, "linus", &first, What::Approve).await?;
        says(&world, "grace", &first, What::Reject).await?;
        world.settle(10, 1).await?;
        let rejected = run(&world, 0)?;
        assert_eq!(
            (rejected.state.phase, verification(&rejected)),
            (Phase::Failed, Phase::Skipped)
        );
        let reason = rejected.state.reason.clone().unwrap_or_default();
        assert!(reason.contains("grace rejected it"), "{reason}");
        let found = environment(&world)?;
        assert_eq!((found.current, found.holder), (None, None));

        let second = waits(&mut world, "second", 1).await?;
        // What was said of the first is of no use to the second.
        says(&world, "linus", &second, What::Approve).await?;
        says(&world, "grace", &second, What::Approve).await?;
        world.settle(20, 1).await?;
        assert_eq!((run(&world, 1)?.state.phase, live(&world)?), (Phase::Succeeded, second.id));
        assert_eq!(run(&world, 0)?, rejected);
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn a_release_that_too_few_approve_of_in_time_expires_and_later_words_change_nothing()
-> anyhow::Result<()> {
    alone(async {
        let mut world = asking(ASKED).await?;
        let first = waits(&mut world, "first", 0).await?;
        says(&world, "linus", &first, What::Approve).await?;
        world.pass(Duration::from_secs(4 * 3600)).await?;
        let expired = run(&world, 0)?;
        assert_eq!((expired.state.phase, verification(&expired)), (Phase::Failed, Phase::Skipped));
        says(&world, "grace", &first, What::Approve).await?;
        world.settle(10, 1).await?;
        assert_eq!((run(&world, 0)?, environment(&world)?.current), (expired, None));
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn a_newer_run_at_the_gate_supersedes_the_one_that_waits_and_takes_none_of_its_approvals()
-> anyhow::Result<()> {
    alone(async {
        let mut world = asking(ASKED).await?;
        let first = waits(&mut world, "first", 0).await?;
        says(&world, "linus", &first, What::Approve).await?;
        let second = waits(&mut world, "second", 1).await?;
        let superseded = run(&world, 0)?;
        assert_eq!(superseded.state.phase, Phase::Superseded);
        says(&world, "grace", &first, What::Approve).await?;
        wait(&mut world, 5).await?;
        assert_eq!((run(&world, 0)?, decisions(&run(&world, 1)?)), (superseded, 0));
        for person in ["linus", "grace"] {
            says(&world, person, &second, What::Approve).await?;
        }
        world.settle(20, 1).await?;
        assert_eq!((run(&world, 1)?.state.phase, live(&world)?), (Phase::Succeeded, second.id));
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn what_is_approved_in_a_freeze_waits_for_its_end() -> anyhow::Result<()> {
    alone(async {
        // Worlds begin on a Friday at nine.
        let freeze = "freeze: [{ cron: \"0 10 * * FRI\", for: 2h, reason: lunch }]";
        let mut world = asking(&format!("{ASKED}\n{freeze}")).await?;
        let first = waits(&mut world, "first", 0).await?;
        wait(&mut world, 60).await?;
        for person in ["linus", "grace"] {
            says(&world, person, &first, What::Approve).await?;
        }
        wait(&mut world, 30).await?;
        let frozen = run(&world, 0)?;
        assert_eq!((frozen.state.phase, verification(&frozen)), (Phase::Running, Phase::Pending));
        assert_eq!(environment(&world)?.current, None);
        wait(&mut world, 100).await?;
        let thawed = run(&world, 0)?;
        assert_eq!((thawed.state.phase, live(&world)?), (Phase::Succeeded, thawed.id));
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn newer_settings_void_what_was_approved_and_everybody_is_asked_again() -> anyhow::Result<()> {
    alone(async {
        let mut world = asking(ASKED).await?;
        let first = waits(&mut world, "first", 0).await?;
        says(&world, "linus", &first, What::Approve).await?;
        let newer = format!(
            "version: 1\nenvironment: staging\n{ASKED}\nparameters: {{ EPOCHS: \"40\" }}\n"
        );
        world.apply(&newer).await?;
        wait(&mut world, 5).await?;
        // An approval of what was there before, late.
        says(&world, "grace", &first, What::Approve).await?;
        wait(&mut world, 5).await?;
        let changed = run(&world, 0)?;
        assert_eq!((approval(&changed), verification(&changed)), (Phase::Running, Phase::Pending));
        says(&world, "grace", &changed, What::Approve).await?;
        wait(&mut world, 5).await?;
        assert_eq!(approval(&run(&world, 0)?), Phase::Running, "linus approved of the older ones");
        says(&world, "linus", &changed, What::Approve).await?;
        world.settle(20, 1).await?;
        let through = run(&world, 0)?;
        assert_eq!((through.state.phase, decisions(&through)), (Phase::Succeeded, 3));
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn an_environment_whose_settings_are_deleted_under_a_waiting_run_lets_nothing_in()
-> anyhow::Result<()> {
    alone(async {
        let mut world = asking(ASKED).await?;
        let first = waits(&mut world, "first", 0).await?;
        unset(&world).await?;
        for person in ["linus", "grace"] {
            says(&world, person, &first, What::Approve).await?;
        }
        world.settle(30, 1).await?;
        let ended = run(&world, 0)?;
        assert_eq!((ended.state.phase, verification(&ended)), (Phase::Failed, Phase::Skipped));
        let reason = ended.state.reason.clone().unwrap_or_default();
        assert!(reason.contains("the environment staging has no settings"), "{reason}");
        assert_eq!(environment(&world)?.current, None);
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn two_runs_that_ask_for_a_place_at_the_same_instant_have_it_one_after_the_other()
-> anyhow::Result<()> {
    alone(async {
        let mut world = World::begin(Setup::default()).await?;
        world.watch();
        for push in ["one", "other"] {
            world.push("rain", push).await?;
        }
        world.settle(60, 1).await?;
        let (one, other) = (run(&world, 0)?, run(&world, 1)?);
        assert_eq!((one.state.phase, other.state.phase), (Phase::Succeeded, Phase::Succeeded));
        let found = environment(&world)?;
        assert_eq!((found.holder, found.queue.len(), live(&world)?), (None, 0, other.id));
        audited(&world).await?;
        Ok(())
    })
}
