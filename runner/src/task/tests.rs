use super::*;

#[test]
fn the_id_is_the_last_part_of_the_arn() {
    let answer = br#"{"Cluster":"c","TaskARN":"arn:aws:ecs:eu-west-1:123456789012:task/cluster/0a1b2c","Family":"f"}"#;
    assert_eq!(of_metadata(answer).unwrap().as_str(), "0a1b2c");
}

#[test]
fn metadata_without_an_arn_is_refused() {
    assert!(of_metadata(br#"{"Cluster":"c"}"#).is_err());
    assert!(of_metadata(br#"{"TaskARN":"arn:aws:ecs:eu-west-1:123456789012:task/"}"#).is_err());
}
