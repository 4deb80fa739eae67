use super::page::Page;
use super::*;
use crate::view::sample;

fn page(run: &signalbox_pipeline::run::Run) -> Page<'_> {
    Page {
        run,
        now: sample::at(9),
        document: "s3://state/run.json".to_owned(),
        artifact: &|key| format!("s3://artifacts/{key}"),
        held_up: None,
        flag: " --dir engine".to_owned(),
    }
}

fn of(head: &[(&'static str, String)], name: &str) -> Option<String> {
    head.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
}

#[test]
fn a_failed_run_says_why_and_where_its_results_lie() {
    let run = sample::failed();
    let page = page(&run);
    let head = page.head();
    assert!(of(&head, "why").unwrap().contains("there is no such branch"), "{head:?}");
    assert!(of(&head, "phase").unwrap().contains("after 5.0 s"), "{head:?}");
    assert_eq!(of(&head, "now"), None);
    let details = detail::lines(&page).join("\n");
    assert!(
        details.contains("s3://artifacts/incoming/AROAJOBS:task-1/\n")
            || details.ends_with("task-1/"),
        "{details}"
    );
}

#[test]
fn a_run_under_way_says_what_it_waits_for() {
    let run = sample::started();
    let head = page(&run).head();
    assert!(of(&head, "now").unwrap().contains("waiting for checkout (running)"), "{head:?}");
    assert_eq!(of(&head, "why"), None);
}

#[test]
fn the_register_names_its_facts_as_the_document_does() {
    let run = sample::failed();
    let kinds: Vec<_> = run.register.entries().iter().map(|entry| register::kind(entry)).collect();
    assert_eq!(kinds, ["triggered", "job_started", "job_ended", "reported"]);
}
