//! ECR: every image is there, scanned as the test has it.

use serde_json::json;

use super::World;
use crate::{Answer, json_error, ok};

/// The media type of a container's configuration.
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

impl World {
    pub(super) fn ecr(&self, operation: &str) -> Answer {
        match operation {
            "BatchGetImage" => {
                let manifest = json!({ "config": { "mediaType": CONFIG } }).to_string();
                ok(json!({ "images": [{ "imageManifest": manifest }] }).to_string())
            }
            "DescribeImageScanFindings" => match &self.scan {
                None => json_error(400, "ScanNotFoundException", "there is no scan"),
                Some((status, counts)) => ok(json!({
                    "imageScanStatus": { "status": status },
                    "imageScanFindings":
                        counts.is_object().then(|| json!({ "findingSeverityCounts": counts })),
                })
                .to_string()),
            },
            other => panic!("{other} is not pretended"),
        }
    }
}
