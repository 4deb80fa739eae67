//! What can be asked of buckets.

use std::sync::PoisonError;
use std::time::SystemTime;

use s3s::dto::{
    Bucket as BucketAnswer, BucketLocationConstraint, BucketVersioningStatus, CreateBucketInput,
    CreateBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, GetBucketVersioningInput,
    GetBucketVersioningOutput, HeadBucketInput, HeadBucketOutput, ListBucketsInput,
    ListBucketsOutput, PutBucketVersioningInput, PutBucketVersioningOutput, Timestamp as S3Time,
};
use s3s::{S3Error, S3Result, s3_error};

use super::S3;
use super::version::Versioning;
use crate::REGION;

impl S3 {
    pub(super) fn make_bucket(&self, input: &CreateBucketInput) -> S3Result<CreateBucketOutput> {
        if self.bucket(&input.bucket).is_ok() {
            return Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "The bucket {} is there already.",
                input.bucket
            ));
        }
        self.create_bucket(&input.bucket, false).map_err(S3Error::internal_error)?;
        Ok(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) })
    }

    pub(super) fn head_bucket(&self, input: &HeadBucketInput) -> S3Result<HeadBucketOutput> {
        self.bucket(&input.bucket)?;
        Ok(HeadBucketOutput { bucket_region: Some(REGION.to_owned()), ..Default::default() })
    }

    pub(super) fn list_buckets(&self, _: &ListBucketsInput) -> S3Result<ListBucketsOutput> {
        let buckets = self.buckets.read().unwrap_or_else(PoisonError::into_inner);
        let answers = buckets.iter().map(|(name, bucket)| BucketAnswer {
            name: Some(name.clone()),
            creation_date: Some(S3Time::from(SystemTime::from(bucket.created))),
            bucket_region: Some(REGION.to_owned()),
        });
        Ok(ListBucketsOutput { buckets: Some(answers.collect()), ..Default::default() })
    }

    pub(super) fn location(
        &self,
        input: &GetBucketLocationInput,
    ) -> S3Result<GetBucketLocationOutput> {
        self.bucket(&input.bucket)?;
        let location_constraint = Some(BucketLocationConstraint::from(REGION.to_owned()));
        Ok(GetBucketLocationOutput { location_constraint })
    }

    pub(super) fn versioning(
        &self,
        input: &GetBucketVersioningInput,
    ) -> S3Result<GetBucketVersioningOutput> {
        let status = match self.bucket(&input.bucket)?.state().versioning {
            Versioning::Off => None,
            Versioning::Enabled => Some(BucketVersioningStatus::ENABLED),
            Versioning::Suspended => Some(BucketVersioningStatus::SUSPENDED),
        };
        let status = status.map(BucketVersioningStatus::from_static);
        Ok(GetBucketVersioningOutput { status, ..Default::default() })
    }

    pub(super) fn set_versioning(
        &self,
        input: &PutBucketVersioningInput,
    ) -> S3Result<PutBucketVersioningOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let status = input.versioning_configuration.status.as_ref();
        let versioning = match status.map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            _ => return Err(s3_error!(MalformedXML, "Status is Enabled or Suspended.")),
        };
        bucket.set_versioning(versioning).map_err(S3Error::internal_error)?;
        Ok(PutBucketVersioningOutput::default())
    }
}
