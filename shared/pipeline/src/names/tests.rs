use super::*;

#[test]
fn a_name_that_could_leave_its_place_in_a_key_is_refused() {
    for bad in ["../x", "a b", "a//b", ".git", "a/../b", "", "é", &"a".repeat(300)] {
        assert!(PipelineName::parse(bad).is_err(), "{bad:?}");
        assert!(RepositoryName::parse(bad).is_err(), "{bad:?}");
        assert!(BranchName::parse(bad).is_err(), "{bad:?}");
        assert!(JobKey::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_error_says_what_was_expected_and_repeats_only_the_beginning() {
    let error = PipelineName::parse("X".repeat(300)).unwrap_err().to_string();
    assert!(error.contains("is not a pipeline name: expected a lower-case letter"), "{error}");
    assert!(error.len() < 250, "{error}");
}

#[test]
fn an_environment_is_never_called_like_a_stage() {
    assert!(EnvironmentName::parse("test-verify").is_err());
    assert!(EnvironmentName::parse("test-release").is_err());
    EnvironmentName::parse("test-eu").unwrap();
}

#[test]
fn ordinary_names_pass() {
    PipelineName::parse("rain").unwrap();
    RepositoryName::parse("owner/rain.trainer").unwrap();
    BranchName::parse("release/2026-11").unwrap();
    RunId::parse("20260111t234000z-3e5983d-9f86d081").unwrap();
    ImageDigest::parse(format!("sha256:{}", "0a".repeat(32))).unwrap();
    ImageTag::parse("rain.20260111t234000z-3e5983d-9f86d081.1").unwrap();
    Host::parse("codecommit.eu-west-1.amazonaws.com").unwrap();
}
