use signalbox_pipeline::settings;

use super::*;
use crate::connect::{Read, testing};
use crate::verbs::kept::Outcome;

fn settings_of(rest: &str) -> settings::Settings {
    settings::parse(&format!("version: 1\nenvironment: test\n{rest}")).unwrap()
}

#[test]
fn a_change_of_settings_is_told_part_by_part() {
    let before = settings_of("parameters: { EPOCHS: \"2\", SEED: \"7\" }\ncompute: { vcpus: 1 }\n");
    let after = settings_of(
        "parameters: { EPOCHS: \"8\" }\ncompute: { vcpus: 1 }\ndata: { A: b }\nbranches: [main]\n",
    );
    assert_eq!(
        apply::differences(Some(&before), &after),
        [
            "parameters.EPOCHS: 2 -> 8",
            "parameters.SEED: 7 -> (gone)",
            "data.A: (new) b",
            "branches: (new) [\"main\"]"
        ]
    );
    assert!(apply::differences(Some(&before), &before).is_empty());
}

#[test]
fn the_example_settings_hold() {
    let text = include_str!("../../../../examples/environments/test.yaml");
    let parts = apply::parts(&settings::parse(text).unwrap());
    assert!(parts.contains(&("parameters.EPOCHS".to_owned(), "8".to_owned())), "{parts:?}");
}

#[tokio::test]
async fn settings_are_applied_once_and_every_version_is_kept() {
    let buckets = testing::buckets().await;
    let connection = &buckets.connection;
    let first = settings_of("parameters: { EPOCHS: \"2\" }\n");
    let second = settings_of("parameters: { EPOCHS: \"8\" }\n");
    let apply = async |settings| apply::apply(connection, settings).await.unwrap();
    assert_eq!(apply(&first).await, (Outcome::Added, vec![]));
    assert_eq!(apply(&first).await, (Outcome::Unchanged, vec![]));
    let change = vec!["parameters.EPOCHS: 2 -> 8".to_owned()];
    assert_eq!(apply(&second).await, (Outcome::Changed, change));
    assert_eq!(apply(&first).await.0, Outcome::Changed, "an older version may hold again");

    let compared = diff::compare(connection, &second).await.unwrap();
    let change = vec!["parameters.EPOCHS: 2 -> 8".to_owned()];
    assert_eq!(compared, apply::Told::of(&second, Outcome::Changed, change));
    let compared = diff::compare(connection, &first).await.unwrap();
    assert_eq!(compared, apply::Told::of(&first, Outcome::Unchanged, vec![]));

    let keys = connection.state().keys("environments/").await.unwrap();
    assert_eq!(keys.len(), 3, "two versions and the one that holds: {keys:?}");
    let Read::Found { bytes, .. } =
        connection.state().read("environments/test/settings.json", None).await.unwrap()
    else {
        panic!("there are no settings");
    };
    assert_eq!(bytes, first.to_json().as_bytes());
}

#[test]
fn a_change_of_any_setting_is_seen() {
    let before = settings::parse("version: 1\nenvironment: test\n").unwrap();
    for (line, told) in [
        ("rollout: { strategy: blue-green, bake: 1h }", "rollout.strategy"),
        ("freeze: [{ cron: \"0 17 * * FRI\", for: 64h, reason: weekend }]", "freeze"),
        ("notify: [{ codecommit: comment }]", "notify"),
        ("execution_role: arn:aws:iam::123456789012:role/signalbox/execution", "execution_role"),
        ("compute: { on_demand_queue: steady }", "compute.on_demand_queue"),
        ("validate: { scan: { critical: 0 } }", "validate.scan"),
    ] {
        let text = format!("version: 1\nenvironment: test\n{line}\n");
        let after = settings::parse(&text).unwrap();
        let changes = super::differences(&before, &after);
        assert!(changes.iter().any(|change| change.contains(told)), "{line}: {changes:?}");
    }
}
