use super::*;
use crate::connect::testing;

fn people(text: &str) -> People {
    people::parse(&format!("version: 1\npeople:\n{text}")).unwrap()
}

#[test]
fn a_change_is_told_by_whose_it_is() {
    let before =
        people("  ada: { git: [ada@example.org], groups: [devs] }\n  bob: { groups: [ops] }\n");
    let after = people("  ada: { git: [ada@example.org], groups: [devs, ops] }\n");
    let told = compare(Some(&before), &after);
    assert_eq!(told.outcome, Outcome::Changed);
    assert_eq!(told.changes, ["ada.groups: devs -> devs, ops", "bob.groups: ops -> (gone)"]);
    assert_eq!(compare(Some(&after), &after), Told::of(&after, Outcome::Unchanged, vec![]));
    assert_eq!(compare(None, &after).outcome, Outcome::Added);
}

#[tokio::test]
async fn people_are_applied_once_and_every_version_is_kept() {
    let buckets = testing::buckets().await;
    let connection = &buckets.connection;
    assert!(load(connection).await.unwrap().is_none());
    let (first, second) =
        (people("  ada: { groups: [devs] }\n"), people("  bob: { groups: [devs] }\n"));
    let apply = async |people| apply(connection, people).await.unwrap().outcome;
    assert_eq!(apply(&first).await, Outcome::Added);
    assert_eq!(apply(&first).await, Outcome::Unchanged);
    assert_eq!(apply(&second).await, Outcome::Changed);
    assert_eq!(load(connection).await.unwrap(), Some(second));
    let keys = connection.state().keys("people").await.unwrap();
    assert_eq!(keys.len(), 3, "two versions and the one that holds: {keys:?}");
}
