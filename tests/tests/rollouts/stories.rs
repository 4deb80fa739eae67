use signalbox_cloud::decision::{Steer, What as Decision};
use signalbox_pipeline::environment::Generation;
use signalbox_pipeline::environment::history::What;
use signalbox_pipeline::keys;
use signalbox_pipeline::launch::Launch;
use signalbox_pipeline::names::RunId;
use signalbox_pipeline::phase::Phase;
use signalbox_pipeline::rollout::Side;
use signalbox_tests::simulated::audit::audited;
use signalbox_tests::simulated::jobs::{Conduct, Training, WELL};
use signalbox_tests::simulated::parallel::alone;

use super::world::{PLACE, begun, environment, launched, live, rolling, run, wait, weight, whats};

const CANARY: &str = r#"{ strategy: canary,
  steps: [{ weight: 20, bake: 10m, launches: 3 }, { weight: 60, bake: 20m }, { weight: 100 }],
  fallback: { failure_rate: 0.2, require: ["metrics.auc >= current.metrics.auc - 0.02"], in_flight: stop } }"#;

#[test]
fn a_canary_ramps_up_over_launches_that_end_well_and_goes_live() -> anyhow::Result<()> {
    alone(async {
        let (mut world, first) = begun(CANARY).await?;
        rolling(&mut world, "second").await?;
        assert_eq!((weight(&world)?, live(&world)?), (Some(20), first.clone()));
        wait(&mut world, 15).await?;
        assert_eq!(weight(&world)?, Some(20), "baked, and no launch has ended");

        let launches = launched(&mut world, Side::Candidate, 3, "early").await?;
        let second = run(&world, 1)?;
        assert!(launches.iter().all(|it| it.picked.release.run == second.id && it.is_settled()));
        assert_eq!((weight(&world)?, second.state.phase), (Some(60), Phase::Running));
        wait(&mut world, 15).await?;
        assert_eq!(weight(&world)?, Some(60), "it bakes for 20 minutes");
        world.settle(30, 1).await?;

        let second = run(&world, 1)?;
        assert_eq!((second.state.phase, live(&world)?), (Phase::Succeeded, second.id));
        let found = environment(&world)?;
        assert_eq!((found.candidate, found.holder), (None, None));
        assert_eq!(found.previous.map(|previous| previous.run), Some(first));
        let steps = [What::Released, What::Began, What::Stepped, What::Stepped, What::Released];
        assert_eq!(whats(&world)?, steps);
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn a_canary_that_is_worse_on_real_launches_falls_back_and_the_next_good_push_goes_through()
-> anyhow::Result<()> {
    alone(async {
        let (mut world, first) = begun(CANARY).await?;
        rolling(&mut world, "second").await?;
        let second = run(&world, 1)?.id;
        world.hands().train(&second, Training { conduct: WELL, auc: 0.7 });
        let launches = launched(&mut world, Side::Candidate, 1, "bad").await?;
        assert!(launches[0].breaks.is_some(), "{:?}", launches[0]);

        assert_eq!((live(&world)?, weight(&world)?), (first.clone(), None));
        let run_of_second = run(&world, 1)?;
        assert_eq!(run_of_second.state.phase, Phase::Failed);
        let reason = run_of_second.state.reason.clone().unwrap_or_default();
        let evidence = format!("launch {}: metrics.auc >= current.metrics.auc", launches[0].id);
        assert!(reason.contains(&evidence), "{reason}");
        let hold = environment(&world)?.hold;
        assert_eq!(hold.and_then(|hold| hold.until_newer_than), Some(second.clone()));
        // Whatever is launched now is of the release that was verified last.
        assert!(
            launched(&mut world, Side::Current, 3, "safe")
                .await?
                .iter()
                .all(|it| { it.picked.release.run == first && it.phase == Phase::Succeeded })
        );
        world.settle(10, 1).await?;

        rolling(&mut world, "third").await?;
        launched(&mut world, Side::Candidate, 3, "good").await?;
        world.settle(60, 1).await?;
        let third = run(&world, 2)?;
        assert_eq!((third.state.phase, live(&world)?), (Phase::Succeeded, third.id));
        assert_eq!(environment(&world)?.hold, None);
        audited(&world).await?;
        Ok(())
    })
}

#[test]
fn launches_that_lost_their_machines_do_not_count() -> anyhow::Result<()> {
    alone(async {
        let (mut world, _) = begun(CANARY).await?;
        rolling(&mut world, "second").await?;
        let second = run(&world, 1)?.id;
        let reclaimed = Conduct { is_reclaimed: true, ..WELL };
        world.hands().train(&second, Training { conduct: reclaimed, auc: 0.9 });
        let launches = launched(&mut world, Side::Candidate, 4, "lost").await?;
        // Each is tried again three times, and waits longer each time.
        wait(&mut world, 15).await?;
        for launch in launches {
            let key = keys::state::launch(&launch.pipeline, &launch.environment, &launch.id);
            let found = world.document::<Launch>(&key)?.expect("it is still there");
            assert_eq!((found.phase, found.attempts.len()), (Phase::Errored, 4));
        }
        let candidate = environment(&world)?.candidate.expect("it is still being rolled out");
        assert_eq!((candidate.ramp.on_candidate.errored, candidate.ramp.step), (4, 0));
        assert_eq!(run(&world, 1)?.state.phase, Phase::Running);
        Ok(())
    })
}

#[test]
fn launches_in_flight_are_stopped_where_settings_say_so() -> anyhow::Result<()> {
    alone(async {
        let (mut world, _) = begun(CANARY).await?;
        rolling(&mut world, "second").await?;
        let second = run(&world, 1)?.id;
        let long = Conduct { seconds: 24 * 3600, ..WELL };
        world.hands().train(&second, Training { conduct: long, auc: 0.9 });
        let launches = launched(&mut world, Side::Candidate, 1, "long").await?;
        assert_eq!(launches[0].phase, Phase::Running);
        let failing = Conduct { exit_code: 1, ..WELL };
        world.hands().train(&second, Training { conduct: failing, auc: 0.9 });
        launched(&mut world, Side::Candidate, 1, "failing").await?;
        assert_eq!(run(&world, 1)?.state.phase, Phase::Failed);
        world.settle(10, 1).await?;
        let key = format!("{PLACE}-train-1");
        let jobs = world.wire().engine().batch().jobs();
        assert!(jobs.iter().filter(|job| job.name.ends_with(&key)).all(|job| job.is_over));
        Ok(())
    })
}

#[test]
fn blue_green_gives_everything_at_once_and_falls_back_while_it_bakes() -> anyhow::Result<()> {
    alone(async {
        let (mut world, first) = begun("{ strategy: blue-green, bake: 30m }").await?;
        rolling(&mut world, "second").await?;
        assert_eq!(weight(&world)?, Some(100));
        world.settle(60, 1).await?;
        let second = run(&world, 1)?;
        assert_eq!((second.state.phase, live(&world)?), (Phase::Succeeded, second.id.clone()));
        // The other colour stays ready.
        assert_eq!(environment(&world)?.previous.map(|it| it.run), Some(first));

        rolling(&mut world, "third").await?;
        let third = run(&world, 2)?.id;
        let failing = Conduct { exit_code: 1, ..WELL };
        world.hands().train(&third, Training { conduct: failing, auc: 0.9 });
        launched(&mut world, Side::Candidate, 1, "failing").await?;
        world.settle(10, 1).await?;
        assert_eq!((run(&world, 2)?.state.phase, live(&world)?), (Phase::Failed, second.id));
        Ok(())
    })
}

#[test]
fn a_launch_where_nothing_is_released_changes_nothing() -> anyhow::Result<()> {
    alone(async {
        let mut world = signalbox_tests::simulated::world::World::begin(Default::default()).await?;
        let key = world.train("rain", PLACE, "too early").await?;
        world.settle(5, 1).await?;
        assert_eq!(world.document::<serde_json::Value>(&key.document())?, None);
        assert!(world.wire().engine().batch().jobs().is_empty());
        Ok(())
    })
}

#[test]
fn a_person_switches_back_and_holds_and_the_decision_that_comes_again_changes_nothing()
-> anyhow::Result<()> {
    alone(async {
        let (mut world, first) = begun("{ strategy: blue-green, bake: 10m }").await?;
        rolling(&mut world, "second").await?;
        world.settle(40, 1).await?;
        let second = run(&world, 1)?.id;
        let meant_for = environment(&world)?.generation();
        let steer = |meant_for: &Generation, to: Option<RunId>| Steer {
            pipeline: "rain".parse().unwrap(),
            environment: PLACE.parse().unwrap(),
            meant_for: meant_for.clone(),
            to,
            reason: Some("it drifts".to_owned()),
        };
        // Two people saw the same.
        for name in ["one", "other"] {
            world.decide(name, Decision::Rollback(steer(&meant_for, None))).await?;
        }
        world.settle(10, 1).await?;
        assert_eq!((live(&world)?, environment(&world)?.holds), (first, 1));

        // Forth again, by name; then nobody is let in until that is lifted.
        let back = environment(&world)?.generation();
        let forth = Decision::Rollback(steer(&back, Some(second.clone())));
        world.decide("forth", forth).await?;
        world.settle(10, 1).await?;
        assert_eq!(live(&world)?, second);
        let now = environment(&world)?.generation();
        world.decide("hold", Decision::Hold(steer(&now, None))).await?;
        world.pass(std::time::Duration::from_secs(60)).await?;
        world.push("rain", "third").await?;
        wait(&mut world, 20).await?;
        assert_eq!((weight(&world)?, live(&world)?), (None, second));
        let held = environment(&world)?.generation();
        world.decide("resume", Decision::Resume(steer(&held, None))).await?;
        world.settle(60, 1).await?;
        assert_eq!(live(&world)?, run(&world, 2)?.id);
        audited(&world).await?;
        Ok(())
    })
}
