//! What keeps a run out of an environment.

use super::*;

/// A run whose image is built and which asks for the settings of `test`.
fn at_the_gate() -> Run {
    let run = checked_out(DEFINITION);
    let run = pass(pass(run, "checks", "unit", "j2"), "checks", "style", "j3");
    built(run, "d")
}

/// The run once it has read settings that say `rest`.
fn entering(run: &Run, rest: &str) -> Run {
    let text = format!("version: 1\nenvironment: test\n{rest}");
    let settings = settings::parse(&text).unwrap();
    take(run, &Fact::Entered(found(Some(settings), Place::Held)))
}

#[test]
fn what_is_let_in_goes_on() {
    for rest in [
        "",
        "pipelines: [\"*\"]",
        "pipelines: [hail, rain]\nbranches: [\"release/*\", main]\nrequire_checks: [unit, style]",
    ] {
        let run = entering(&at_the_gate(), rest);
        assert_eq!(submissions(&run), ["test-verify/e2e attempt 1"], "{rest}");
    }
}

#[test]
fn whoever_may_not_enter_is_told_everything_that_keeps_him_out_and_nothing_is_submitted() {
    let rest = "pipelines: [hail]\nbranches: [\"release/*\"]\nrequire_checks: [unit, data]";
    let run = entering(&at_the_gate(), rest);
    assert_eq!((run.state.phase, submissions(&run)), (Phase::Failed, vec![]));
    assert_eq!(
        run.state.reason.as_deref(),
        Some(
            "test-validate failed: test does not let it in: the pipeline rain may not enter; \
             `pipelines` of its settings: hail; the branch main may not enter; `branches` of its \
             settings: release/*; the check data is required by its settings, and the definition \
             has none of that name"
        )
    );
    assert_eq!(run.schema, 4, "older code does not know what kept it out");
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
}

#[test]
fn an_optional_check_that_is_required_must_have_passed() {
    let run = checked_out(DEFINITION);
    let run = pass(run, "checks", "unit", "j2");
    let style = attempt("checks", "style", 1);
    let failed = [ended(&run, &style, "j3", 1), reported(&style, report(1))];
    let run = built(answer(run, &failed), "d");
    let out = entering(&run, "require_checks: [style]");
    assert_eq!(out.state.phase, Phase::Failed);
    let reason = out.state.reason.unwrap();
    assert!(
        reason.contains("the check style is required by its settings, and it failed"),
        "{reason}"
    );
    assert_eq!(entering(&run, "require_checks: [unit]").state.phase, Phase::Running);
}

#[test]
fn an_image_that_is_too_large_or_of_a_size_that_nobody_knows_stays_out() {
    let enters = |bytes| {
        let mut run = at_the_gate();
        run.state.image = run.state.image.map(|image| state::Image { bytes, ..image });
        entering(&run, "validate: { max_image: 8MiB }").state
    };
    assert_eq!(enters(Some(8 << 20)).phase, Phase::Running);
    let reason = enters(Some((8 << 20) + 1)).reason.unwrap();
    assert!(reason.contains("the image has 9 MiB; `validate.max_image`"), "{reason}");
    let reason = enters(None).reason.unwrap();
    assert!(reason.contains("does not say how large the image is"), "{reason}");
}
