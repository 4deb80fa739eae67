//! Who has an effect in hand, and for how long.

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::*;

const TEMPLATE: &str = include_str!("../../../../../template.yaml");

/// By the time that a put's answer is due, somebody else has written the run once more.
#[derive(Clone, Debug)]
struct Overtaken {
    world: Pretend,
    document: String,
    puts: Arc<AtomicU64>,
}

impl HttpConnector for Overtaken {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let put = request.method() == "PUT" && request.uri().contains("/state/");
        let answer = self.world.call(request);
        if put && self.puts.fetch_add(1, Ordering::SeqCst) == 0 {
            let mut world = self.world.world();
            let (body, version) = world.objects[&self.document].clone();
            let mut run: Run = serde_json::from_str(&body).unwrap();
            run.revision += 1;
            "somebody else's".clone_into(&mut run.write_id);
            let body = serde_json::to_string(&run).unwrap();
            world.objects.insert(self.document.clone(), (body, version + 1));
        }
        answer
    }
}

#[tokio::test]
async fn a_put_without_an_answer_is_known_by_its_lease_though_somebody_else_has_written_since() {
    let story = Story::new();
    // The marker, then the run.
    story.world.world().planted.insert(1, Planted::After(Answer::Timeout));
    let document = format!("state/{}", story.key.document());
    let overtaken = Overtaken { world: story.world.clone(), document, puts: Arc::default() };
    let instance = Story::instance(&overtaken, &story.now);
    instance.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!(story.run().write_id, "somebody else's");
    assert_eq!(story.jobs().len(), 1, "its lease is in the document: nobody else may submit");
}

#[tokio::test]
async fn a_put_that_is_answered_with_409_is_made_again_at_once() {
    let story = Story::new();
    let conflict = || Planted::Before(s3_error(409, "ConditionalRequestConflict"));
    story.world.world().planted.insert(1, conflict());
    let told = story.runs.begin(&story.key, story.trigger()).await.unwrap();
    assert_eq!((told.puts, story.jobs().len()), (1, 1));
    story.requests();
    // The result, the definition, its pinned source, then the run.
    story.world.world().planted.insert(3, conflict());
    let checkout = story.jobs().remove(0);
    let told = story.runs.tell(&story.key, story.ends(&checkout)).await.unwrap();
    assert_eq!((told.puts, story.jobs().len()), (1, 3));
}

#[tokio::test]
async fn a_lease_is_longer_than_any_function_may_take() {
    let story = Story::new();
    let told = story.runs.begin(&story.key, story.trigger()).await.unwrap();
    let lease = told.run.pending[0].lease.as_ref().unwrap();
    let seconds = lease.until.duration_since(story.runs.clock.now()).as_secs();
    let timeouts = TEMPLATE.lines().filter_map(|line| line.trim().strip_prefix("Timeout: "));
    let timeouts: Vec<i64> = timeouts.map(|timeout| timeout.parse().unwrap()).collect();
    assert!(!timeouts.is_empty(), "template.yaml says how long a function may take");
    assert!(timeouts.iter().all(|timeout| seconds > *timeout), "{seconds} s, and {timeouts:?}");
}
