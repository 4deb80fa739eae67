//! The events that carry a run: where the template lets one of them pass, nothing goes on.

use serde_json::{Value, json};

/// Patterns of the events that have to match a rule of the template; `images` are the repositories
/// that builds push to.
pub(super) fn events(images: &[String]) -> Vec<Value> {
    vec![
        json!({
            "source": ["aws.codecommit"],
            "detail": {
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
            },
        }),
        json!({
            "source": ["aws.ecr"],
            "detail-type": ["ECR Image Action"],
            "detail": {
                "action-type": ["PUSH"],
                "result": ["SUCCESS"],
                "repository-name": images,
            },
        }),
        json!({
            "source": ["aws.batch"],
            "detail": {
                "status": ["RUNNING", "SUCCEEDED", "FAILED"],
                "jobDefinition": [{
                    "prefix": "arn:aws:batch:eu-west-1:123456789012:job-definition/signalbox-",
                }],
            },
        }),
    ]
}
