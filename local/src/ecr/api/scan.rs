//! Scans as the API shows them.

use serde_json::{Value, json};

use super::show::{find, seconds};
use super::{Request, invalid, repository_name};
use crate::ecr::Ecr;
use crate::ecr::digest::Digest;
use crate::wire::{Answer, WireError};

impl Ecr {
    pub(super) fn start_scan(&self, request: &Request) -> Answer {
        let (name, digest) = self.scanned(request)?;
        self.inner.scans.start(name, digest.as_str())?;
        let status = json!({ "status": "IN_PROGRESS" });
        Ok(about(name, &digest, &status))
    }

    pub(super) fn describe_scan(&self, request: &Request) -> Answer {
        let (name, digest) = self.scanned(request)?;
        let Some(scan) = self.inner.scans.of(name, digest.as_str())? else {
            return Err(WireError::client(
                "ScanNotFoundException",
                format!(
                    "Image scan does not exist for the image with '{{imageDigest:'{digest}'}}' in \
                     the repository with name '{name}' in the registry with id '{}'",
                    crate::ACCOUNT
                ),
            ));
        };
        let mut status = json!({ "status": scan.status });
        if let Some(description) = &scan.description {
            status["description"] = json!(description);
        }
        let mut answer = about(name, &digest, &status);
        if scan.is_over() {
            let at = seconds(self.inner.clock.now());
            answer["imageScanFindings"] = json!({
                "imageScanCompletedAt": at,
                "vulnerabilitySourceUpdatedAt": at,
                "findingSeverityCounts": scan.counts,
                "findings": [],
            });
        }
        Ok(answer)
    }

    fn scanned<'r>(&self, request: &'r Request) -> Result<(&'r str, Digest), WireError> {
        let name = repository_name(request)?;
        let id = request.image_id.as_ref();
        let id = id.ok_or_else(|| invalid("imageId is missing".to_owned()))?;
        let digest = self.with(name, |repository| find(repository, id))??;
        Ok((name, digest))
    }
}

fn about(name: &str, digest: &Digest, status: &Value) -> Value {
    json!({
        "registryId": crate::ACCOUNT,
        "repositoryName": name,
        "imageId": { "imageDigest": digest },
        "imageScanStatus": status,
    })
}
