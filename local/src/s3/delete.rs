//! Deleting objects and versions.

use s3s::S3Result;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    ETagCondition, Error,
};

use super::S3;
use super::condition::WriteCondition;
use super::version::{NULL_VERSION, Version, Versioning};

impl S3 {
    pub(super) fn delete(&self, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
        let condition = WriteCondition { if_match: input.if_match, if_none_match: None };
        self.delete_one(&input.bucket, &input.key, input.version_id.as_deref(), &condition)
    }

    /// Deletes a version, or the object: in a bucket with versions that lays a delete marker on top.
    pub(super) fn delete_one(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        condition: &WriteCondition,
    ) -> S3Result<DeleteObjectOutput> {
        let bucket = self.bucket(bucket)?;
        let versioning = bucket.state().versioning;
        if version_id.is_none() && versioning != Versioning::Off {
            let marker = Version { delete_marker: true, ..self.blank(key) };
            let (marker, _) = bucket.commit(marker, None, condition)?;
            return Ok(DeleteObjectOutput {
                delete_marker: Some(true),
                version_id: Some(marker.version_id),
                ..Default::default()
            });
        }
        let removed = bucket.remove(key, version_id.unwrap_or(NULL_VERSION), condition)?;
        Ok(DeleteObjectOutput {
            delete_marker: removed.is_some_and(|version| version.delete_marker).then_some(true),
            version_id: version_id.map(str::to_owned),
            ..Default::default()
        })
    }

    pub(super) fn delete_many(&self, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
        self.bucket(&input.bucket)?;
        let quiet = input.delete.quiet.unwrap_or_default();
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in input.delete.objects {
            let if_match = object.e_tag.map(ETagCondition::ETag);
            let condition = WriteCondition { if_match, if_none_match: None };
            let version_id = object.version_id.as_deref();
            match self.delete_one(&input.bucket, &object.key, version_id, &condition) {
                Ok(_) if quiet => {}
                Ok(done) => {
                    // A marker that was laid is told apart from the version that was named.
                    let marker = done.version_id.filter(|_| done.delete_marker == Some(true));
                    deleted.push(DeletedObject {
                        key: Some(object.key),
                        version_id: object.version_id,
                        delete_marker: done.delete_marker,
                        delete_marker_version_id: marker,
                    });
                }
                Err(error) => errors.push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    key: Some(object.key),
                    version_id: object.version_id,
                }),
            }
        }
        Ok(DeleteObjectsOutput {
            deleted: Some(deleted),
            errors: Some(errors),
            ..Default::default()
        })
    }
}
