use signalbox_pipeline::registration::Registration;

use super::add::Outcome;
use super::*;
use crate::connect::testing;

fn registration(branches: &str) -> Registration {
    let address = address("codecommit.eu-west-1.amazonaws.com/team/rain").unwrap();
    Registration {
        schema: 1,
        revision: 3,
        write_id: "w".to_owned(),
        host: address.host,
        repository: address.repository,
        pipeline: PipelineName::parse("rain").unwrap(),
        clone_url: "https://example.com/rain".to_owned(),
        branches: branches.split(',').map(|one| BranchPattern::parse(one).unwrap()).collect(),
        checkout_image: None,
        notify: Vec::new(),
    }
}

#[test]
fn an_address_is_a_host_and_a_name_and_nothing_else() {
    assert!(address("example.com/owner/rain").is_ok());
    for wrong in ["rain", "example.com/", "example.com/../etc", "Example.com/rain", "a b/rain"] {
        assert!(address(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_clone_url_is_no_option_of_git_and_holds_no_password() {
    assert!(clone_url("ssh://git@example.com/rain").is_ok());
    assert!(clone_url("/srv/git/rain.git").is_ok());
    for wrong in ["", "--upload-pack=x", "a b", "https://me:secret@example.com/rain"] {
        assert!(clone_url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn only_what_differs_is_told() {
    let (before, mut after) = (registration("main"), registration("main,release/*"));
    assert!(add::differences(&before, &before).is_empty());
    after.revision = 9;
    let changes = serde_json::to_value(add::differences(&before, &after)).unwrap();
    let expected =
        serde_json::json!([{"field": "branches", "before": "main", "after": "main,release/*"}]);
    assert_eq!(changes, expected);
}

#[tokio::test]
async fn the_same_registration_twice_is_written_once() {
    let buckets = testing::buckets().await;
    let wanted = registration("main");
    let register = async |wanted: &Registration| {
        let (outcome, _, written) =
            add::register(&buckets.connection, wanted.clone()).await.unwrap();
        (outcome, written.revision)
    };
    assert_eq!(register(&wanted).await, (Outcome::Added, 1));
    assert_eq!(register(&wanted).await, (Outcome::Unchanged, 1));
    assert_eq!(register(&registration("main,release/*")).await, (Outcome::Changed, 2));
}
