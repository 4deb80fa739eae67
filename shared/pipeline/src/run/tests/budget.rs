//! How often a job is tried again, by what ended it.

use super::*;

/// The run once the newest attempt of `unit` has ended so, having left a result.
fn ends(run: Run, code: Option<i32>, cause: Option<Cause>, reason: &str) -> Run {
    let job = run.state.stages[1].jobs.iter().find(|job| job.name.as_str() == "unit").unwrap();
    let attempt = attempt("checks", "unit", job.attempts.last().unwrap().number);
    let job_id = format!("job-of-{}", attempt.number);
    let Fact::JobEnded(mut fact) = ended(&run, &attempt, &job_id, 1) else { unreachable!() };
    fact.ending.exit_code = code;
    fact.ending.cause = cause;
    fact.ending.reason = Some(reason.to_owned());
    answer(run, &[Fact::JobEnded(fact), reported(&attempt, report(code.unwrap_or(1)))])
}

fn unit(run: &Run) -> &state::Job {
    run.state.stages[1].jobs.iter().find(|job| job.name.as_str() == "unit").unwrap()
}

#[test]
fn a_machine_that_is_taken_away_uses_up_a_budget_of_its_own_and_none_of_the_tests_retries() {
    let gone = "Host EC2 (instance i-0abc) terminated.";
    let mut run = checked_out(DEFINITION);
    for number in 1..=3 {
        run = ends(run, Some(143), Some(Cause::Reclaimed), gone);
        let last = &unit(&run).attempts[number - 1];
        assert_eq!(last.phase, Phase::Errored, "its command was told to end, and did not fail");
        assert_eq!(last.reason, Some(format!("its machine was taken away: {gone}")));
    }
    let reclaimed = run.register.entries().iter().any(|entry| entry.fact.schema() == 3);
    assert!(reclaimed, "older code would take it for a failure");
    // The definition grants one retry after a failure, and the platform two of its own.
    run = ends(run, Some(1), None, "Essential container in task exited");
    run = ends(run, Some(125), None, "Essential container in task exited");
    assert_eq!((unit(&run).phase, unit(&run).attempts.len()), (Phase::Running, 6));
    run = ends(run, Some(143), Some(Cause::Reclaimed), gone);
    assert_eq!((unit(&run).phase, unit(&run).attempts.len()), (Phase::Errored, 6));
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn a_job_that_ran_out_of_memory_has_failed_and_is_told_what_to_ask_for() {
    let reason = "OutOfMemoryError: Container killed due to memory usage";
    let run = ends(checked_out(DEFINITION), Some(137), Some(Cause::OutOfMemory), reason);
    let first = &unit(&run).attempts[0];
    assert_eq!(first.phase, Phase::Failed);
    let said = first.reason.as_deref().unwrap();
    assert!(said.contains("`compute.memory`") && said.contains(reason), "{said}");
}

#[test]
fn a_job_that_batch_ended_for_its_time_has_failed_and_is_no_trouble_of_the_platforms() {
    let reason = "Job attempt duration exceeded timeout";
    let run = ends(checked_out(DEFINITION), None, Some(Cause::TimedOut), reason);
    let first = &unit(&run).attempts[0];
    assert_eq!(first.phase, Phase::Failed);
    let said = first.reason.as_deref().unwrap();
    assert!(said.contains("`timeout`") && said.contains(reason), "{said}");
    assert_eq!(run.schema, 5, "older code does not know this cause");
}

#[test]
fn a_job_whose_image_cannot_be_pulled_says_so_and_is_the_platforms() {
    let run = checked_out(DEFINITION);
    let unit = attempt("checks", "unit", 1);
    let Fact::JobEnded(mut fact) = ended(&run, &unit, "j2", 1) else { unreachable!() };
    fact.ending.exit_code = None;
    fact.ending.task = None;
    fact.ending.cause = Some(Cause::ImagePull);
    fact.ending.reason = Some("CannotPullContainerError: no such tag".to_owned());
    let run = take(&run, &Fact::JobEnded(fact));
    let first = run.state.attempt(&unit).unwrap();
    assert_eq!(first.phase, Phase::Errored);
    let said = first.reason.as_deref();
    assert_eq!(said, Some("its image could not be pulled: CannotPullContainerError: no such tag"));
}

#[test]
fn an_environment_says_how_often_the_platform_is_tried_again() {
    let run = checked_out(DEFINITION);
    let run = built(pass(pass(run, "checks", "unit", "j2"), "checks", "style", "j3"), "d");
    let text = "version: 1\nenvironment: test\ncompute: { retries: { spot: 0 } }\n";
    let settings = settings::parse(text).unwrap();
    assert_eq!(settings.compute.retries, Some(settings::Retries { spot: 0, platform: 2 }));
    let run = take(&run, &Fact::Entered(found(Some(settings), Place::Held)));
    let e2e = attempt("test-verify", "e2e", 1);
    let Fact::JobEnded(mut fact) = ended(&run, &e2e, "j9", 143) else { unreachable!() };
    fact.ending.cause = Some(Cause::Reclaimed);
    let run = answer(run, &[Fact::JobEnded(fact), reported(&e2e, report(143))]);
    assert_eq!(run.state.phase, Phase::Errored);
}

/// The submission of the newest attempt of `unit`, once the one before has ended so.
fn next(run: &Run) -> &Pending {
    let number = unit(run).attempts.last().unwrap().number;
    let is_it = |pending: &&Pending| match &pending.effect {
        Effect::Submit(submission) => {
            submission.attempt.job.as_str() == "unit" && submission.attempt.number == number
        }
        _ => false,
    };
    run.pending.iter().find(is_it).unwrap()
}

#[test]
fn after_the_platforms_trouble_the_next_attempt_waits_longer_each_time_and_not_in_step_with_others()
{
    let gone = "Host EC2 (instance i-0abc) terminated.";
    let mut run = checked_out(DEFINITION);
    let mut waits = Vec::new();
    for _ in 0..3 {
        run = ends(run, Some(143), Some(Cause::Reclaimed), gone);
        let due = next(&run).not_before.expect("it waits");
        assert!(!next(&run).is_free(at(1)) && next(&run).is_free(due), "nobody submits it earlier");
        waits.push(due.duration_since(next(&run).since).as_millis());
    }
    for (wait, longest) in waits.iter().zip([10_000, 20_000, 40_000]) {
        assert!((longest / 2..=longest).contains(wait), "{waits:?}");
    }
    assert!(explain(&run, at(1)).contains("tried again from"), "{}", explain(&run, at(1)));
    let name = |job: &str| JobName::parse(job).unwrap();
    let attempts = &unit(&run).attempts[..3];
    let due = |job| again::not_before(&name(job), attempts, at(0)).unwrap();
    assert_ne!(due("rain-1-train-2"), due("rain-2-train-2"));
}

#[test]
fn a_job_that_failed_by_itself_is_tried_again_at_once() {
    let run = ends(checked_out(DEFINITION), Some(1), None, "Essential container in task exited");
    assert_eq!(next(&run).not_before, None);
}

#[test]
fn a_job_that_has_lost_its_machine_or_got_none_goes_to_the_queue_on_demand_where_settings_name_one()
{
    let run = checked_out(DEFINITION);
    let run = built(pass(pass(run, "checks", "unit", "j2"), "checks", "style", "j3"), "d");
    let text = "version: 1\nenvironment: test\n\
                compute: { queue: spot, on_demand_queue: steady }\n";
    let settings = settings::parse(text).unwrap();
    assert_eq!(settings.schema, 4, "older code would submit it to the other queue");
    let run = take(&run, &Fact::Entered(found(Some(settings), Place::Held)));
    let queue = |run: &Run| {
        let mut submissions = run.pending.iter().filter_map(|pending| match &pending.effect {
            Effect::Submit(submission) => Some(submission.queue.clone()),
            _ => None,
        });
        submissions.next_back().unwrap()
    };
    assert!(queue(&run).ends_with("/spot"), "{}", queue(&run));
    let e2e = attempt("test-verify", "e2e", 1);
    let Fact::JobEnded(mut fact) = ended(&run, &e2e, "j9", 143) else { unreachable!() };
    fact.ending.cause = Some(Cause::Reclaimed);
    let reclaimed = answer(run.clone(), &[Fact::JobEnded(fact), reported(&e2e, report(143))]);
    assert!(queue(&reclaimed).ends_with("/steady"), "{}", queue(&reclaimed));

    let Fact::JobEnded(mut fact) = ended(&run, &e2e, "j9", 1) else { unreachable!() };
    (fact.ending.cause, fact.ending.task) = (Some(Cause::NoCapacity), None);
    fact.ending.exit_code = None;
    let waited = take(&run, &Fact::JobEnded(fact));
    let said = waited.state.attempt(&e2e).unwrap().reason.clone().unwrap();
    assert!(said.starts_with("no machine was to be had"), "{said}");
    assert!(queue(&waited).ends_with("/steady"), "{}", queue(&waited));
}
