use super::*;

fn of(pairs: &[(&'static str, &'static str)]) -> anyhow::Result<(Account, Buckets)> {
    deployment(|name| {
        pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
}

const COMPLETE: [(&str, &str); 6] = [
    ("SIGNALBOX_STATE_BUCKET", "our-state"),
    ("SIGNALBOX_INDEX_BUCKET", "our-index"),
    ("SIGNALBOX_ARTIFACTS_BUCKET", "our-artifacts"),
    ("AWS_DEFAULT_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "hidden-words"),
];

#[test]
fn a_complete_environment_names_the_deployment() {
    let (account, buckets) = of(&COMPLETE).unwrap();
    assert_eq!(account.region, "eu-west-1", "AWS_DEFAULT_REGION stands in for AWS_REGION");
    assert_eq!(buckets.artifacts, "our-artifacts");
}

#[test]
fn an_empty_environment_is_told_of_both_ways() {
    let error = of(&[]).unwrap_err().to_string();
    for word in ["--dir DIR", "signalbox local --dir DIR", "SIGNALBOX_STATE_BUCKET", "AWS_REGION"] {
        assert!(error.contains(word), "{word}: {error}");
    }
}

#[test]
fn what_a_half_set_environment_lacks_is_told_without_its_secrets() {
    let half: Vec<_> =
        COMPLETE.into_iter().filter(|(name, _)| *name != "AWS_ACCESS_KEY_ID").collect();
    let error = of(&half).unwrap_err().to_string();
    assert!(error.contains("AWS_ACCESS_KEY_ID is missing"), "{error}");
    assert!(!error.contains("SIGNALBOX_STATE_BUCKET"), "{error}");
    assert!(!error.contains("hidden-words"), "{error}");
}
