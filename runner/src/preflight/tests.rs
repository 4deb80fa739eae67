use super::*;

/// Buckets that hold one object.
struct One;

impl Buckets for One {
    async fn object(&self, bucket: &str, key: &str) -> Looked {
        match (bucket, key) {
            ("rain", "full/a.csv") => Looked::There,
            ("rain", _) => Looked::Absent,
            _ => Looked::Refused("403 AccessDenied".to_owned()),
        }
    }

    async fn below(&self, bucket: &str, prefix: &str) -> Looked {
        match bucket {
            "rain" if "full/a.csv".starts_with(prefix) => Looked::There,
            "rain" => Looked::Absent,
            _ => Looked::Refused("403 AccessDenied".to_owned()),
        }
    }
}

async fn tried(address: &str) -> Finding {
    let data = BTreeMap::from([("DATASET_URI".to_owned(), address.to_owned())]);
    of_data(&data, &One).await.remove(0)
}

#[tokio::test]
async fn data_that_can_be_read_pass_and_all_else_says_what_to_change() {
    for address in ["s3://rain/full/", "s3://rain/full/a.csv", "s3://rain", "s3://rain/"] {
        assert_eq!(tried(address).await.outcome, Outcome::Passed, "{address}");
    }
    for (address, words) in [
        ("s3://rain/empty/", "nothing lies there: put the data there"),
        ("s3://rain/full", "there is no such object: put it there, or end the address of a folder"),
        (
            "s3://secret/full/",
            "it cannot be read (403 AccessDenied): let the role of the jobs have",
        ),
        (
            "file:///data",
            "a file lies on one machine, and jobs run on others: put the data into S3",
        ),
        ("data/full.csv", "it has no scheme: put the data into S3"),
        ("https://example.com/full.csv", "https:// is not tried here"),
        ("s3:///full", "it names no bucket"),
    ] {
        let finding = tried(address).await;
        assert_eq!((finding.check, finding.outcome), (Check::Data, Outcome::Failed), "{address}");
        assert!(finding.evidence.contains(words), "{}", finding.evidence);
    }
}

#[test]
fn a_secret_is_there_or_not_and_never_told() {
    assert_eq!(of_secret("API_KEY", true).evidence, "the secret API_KEY is there");
    assert_eq!(of_secret("API_KEY", false).outcome, Outcome::Failed);
}

#[test]
fn the_role_has_to_be_the_one_that_the_settings_name() {
    let has = |role: &str| Ok(Some(role.to_owned()));
    assert_eq!(of_role(has("arn:a"), Some("arn:a")).outcome, Outcome::Passed);
    assert_eq!(of_role(has("arn:a"), None).evidence, "the job has the role arn:a");
    let other = of_role(has("arn:b"), Some("arn:a"));
    assert_eq!(other.evidence, "the job has the role arn:b, and `service_account` names arn:a");
    assert_eq!(of_role(Err(anyhow::anyhow!("no")), None).outcome, Outcome::Failed);
}

#[test]
fn everything_that_failed_is_in_the_failure_and_in_the_report() {
    let findings = vec![
        of_secret("A", false),
        of_secret("B", true),
        Finding::failed(Check::Data, "DATASET_URI is nowhere"),
    ];
    let finished = finished(findings.clone());
    assert_eq!((finished.exit_code, &finished.report().findings), (1, &findings));
    let message = finished.failure.unwrap().message;
    assert!(
        message.contains("the secret A is empty") && message.contains("DATASET_URI"),
        "{message}"
    );
    assert_eq!(super::finished(vec![of_secret("B", true)]).exit_code, 0);
}
