//! Runs that begin with an image that no build of ours made.

use super::approval::{asking, gate};
use super::gates::standing;
use super::*;
use crate::approval::held_up;
use crate::people::People;
use crate::registration::Registration;
use crate::run::fact::outside::NotLetIn;
use crate::run::state::{Image, StageWork};

const DEFINITION: &str = r#"
version: 1
pipeline: rain
on: { image: { tags: ["manual-*"] } }
checks: { unit: { run: "true" } }
build: { repository: rain-trainer }
deploy:
  - environment: test
    verify: { e2e: { run: "train" } }
"#;

fn registration() -> Registration {
    Registration {
        schema: 1,
        revision: 1,
        write_id: "w".to_owned(),
        host: Host::parse("ecr.eu-west-1.amazonaws.com").unwrap(),
        repository: RepositoryName::parse("rain-trainer").unwrap(),
        pipeline: PipelineName::parse("rain").unwrap(),
        clone_url: "-".to_owned(),
        branches: Vec::new(),
        checkout_image: None,
        notify: Vec::new(),
    }
}

fn digest(of: &str) -> ImageDigest {
    ImageDigest::parse(format!("sha256:{}", of.repeat(64))).unwrap()
}

fn image(tag: &str) -> Image {
    let digest = digest("e");
    let (repository, tag) = (ImageRepository::parse("rain-trainer"), ImageTag::parse(tag));
    Image { repository: repository.unwrap(), tag: tag.unwrap(), digest, bytes: Some(7) }
}

fn trigger(tag: &str, definition: &str) -> Result<Trigger, NotLetIn> {
    let released = built(pass(checked_out(definition), "checks", "unit", "j2"), "d");
    Trigger::outside(image(tag), &released, &registration(), at(5))
}

fn pushed() -> Run {
    let trigger = trigger("manual-1", DEFINITION).unwrap();
    let identity = fact::outside::identity(&image("manual-1")).unwrap();
    let id = keys::image_run_id(at(5), &digest("e"), &identity);
    let first = occurrence(Fact::Triggered(trigger));
    Run::begin(id, PipelineName::parse("rain").unwrap(), first, &platform(), at(5)).unwrap()
}

#[test]
fn an_image_begins_at_the_first_environment_and_its_own_digest_is_verified() {
    let run = pushed();
    assert_eq!((run.schema, run.questions().len()), (5, 1));
    let work: Vec<&StageWork> = run.state.stages.iter().map(|stage| &stage.work).collect();
    assert!(work.len() == 4 && work.iter().all(|work| work.environment().is_some()), "{work:?}");
    let run = take(&run, &entered(true));
    let Effect::Submit(submission) = &run.pending[0].effect else { panic!("{:?}", run.pending) };
    assert!(submission.definition.image.ends_with(&"e".repeat(64)), "{:?}", submission.definition);
    let run = take(&pass(run, "test-verify", "e2e", "k1"), &released());
    assert!(run.is_settled());
    assert_eq!(run.state.phase, Phase::Succeeded);
    assert_eq!(Run::fold(run.register.entries()).unwrap(), run.state);
    let read: Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
    assert_eq!((read.register.verify(), read), (Ok(()), run));
}

#[test]
fn the_same_push_is_the_same_run_whatever_is_released_meanwhile() {
    let id = |tag: &str, at| {
        let identity = fact::outside::identity(&image(tag)).unwrap();
        keys::image_run_id(at, &digest("e"), &identity)
    };
    assert_eq!(id("manual-1", at(5)), id("manual-1", at(5)));
    assert_ne!(id("manual-1", at(5)), id("manual-2", at(5)));
    assert_eq!(RunId::parse(id("manual-1", at(5)).as_str()).unwrap().short_sha(), "eeeeeee");
}

#[test]
fn a_tag_that_the_released_definition_does_not_name_starts_nothing() {
    let refused = trigger("nightly", DEFINITION).unwrap_err();
    assert!(matches!(refused, NotLetIn::Tag { .. }), "{refused}");
    let silent = DEFINITION.replace("on: { image: { tags: [\"manual-*\"] } }\n", "");
    assert!(matches!(trigger("manual-1", &silent), Err(NotLetIn::Tag { .. })));
}

#[test]
fn nobody_has_made_it_so_that_an_approval_without_its_author_is_held_up() {
    let run = take(&pushed(), &standing(asking(1, "8"), |_| {}));
    let asked = run.state.approvals(gate(&run)).unwrap();
    let people = People { schema: 1, people: Default::default() };
    let why = held_up(&run.state, asked, &people).unwrap();
    assert_eq!(why, "nobody has said who the author of the commit is");
}

#[test]
fn a_retry_of_it_enters_the_environment_anew_with_the_same_image() {
    let run = take(&pushed(), &entered(true));
    let e2e = attempt("test-verify", "e2e", 1);
    let run = answer(run.clone(), &[ended(&run, &e2e, "j5", 1), reported(&e2e, report(1))]);
    assert_eq!(run.state.phase, Phase::Failed);
    let taken = Taken::of(&run, None, None).unwrap().unwrap();
    assert_eq!((taken.source.as_ref(), taken.image.as_ref()), (None, run.state.image.as_ref()));
    let origin = Origin::Retry { of: run.id.clone() };
    let taken = Some(Box::new(taken));
    let first = Trigger { origin, taken, ..run.state.trigger.clone() };
    let id = RunId::parse("20260112t000000z-3e5983d-00000002").unwrap();
    let first = occurrence(Fact::Triggered(first));
    let again = Run::begin(id, run.pipeline.clone(), first, &platform(), at(9)).unwrap();
    assert!(again.state.is_from_outside());
    assert_eq!((again.state.stages.len(), again.questions().len()), (4, 1));
    assert_eq!(again.state.image, run.state.image);
}
