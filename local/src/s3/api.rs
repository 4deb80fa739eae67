//! S3's operations as s3s names them.

use std::sync::Arc;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateBucketInput,
    CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, GetBucketLocationInput,
    GetBucketLocationOutput, GetBucketVersioningInput, GetBucketVersioningOutput, GetObjectInput,
    GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListObjectVersionsInput, ListObjectVersionsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    PutBucketVersioningInput, PutBucketVersioningOutput, PutObjectInput, PutObjectOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::S3;

/// The store as s3s calls it.
pub(super) struct Api(pub(super) Arc<S3>);

/// One line per operation: what it does is in the store.
macro_rules! operations {
    ($($method:ident($input:ident) -> $output:ident = |$store:ident, $request:ident| $call:expr;)*) => {
        #[async_trait::async_trait]
        impl s3s::S3 for Api {
            $(async fn $method(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                let ($store, $request) = (&*self.0, request);
                Ok(S3Response::new($call?))
            })*
        }
    };
}

operations! {
    create_bucket(CreateBucketInput) -> CreateBucketOutput = |s3, it| s3.make_bucket(&it.input);
    head_bucket(HeadBucketInput) -> HeadBucketOutput = |s3, it| s3.head_bucket(&it.input);
    list_buckets(ListBucketsInput) -> ListBucketsOutput = |s3, it| s3.list_buckets(&it.input);
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = |s3, it| s3.location(&it.input);
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = |s3, it| s3.versioning(&it.input);
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = |s3, it| s3.set_versioning(&it.input);
    get_object(GetObjectInput) -> GetObjectOutput = |s3, it| s3.get(it.input);
    head_object(HeadObjectInput) -> HeadObjectOutput = |s3, it| s3.head(it.input);
    put_object(PutObjectInput) -> PutObjectOutput = |s3, it| s3.put(it).await;
    copy_object(CopyObjectInput) -> CopyObjectOutput = |s3, it| s3.copy(it).await;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = |s3, it| s3.delete(it.input);
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = |s3, it| s3.delete_many(it.input);
    list_objects(ListObjectsInput) -> ListObjectsOutput = |s3, it| s3.list_v1(it.input);
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = |s3, it| s3.list(it.input);
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = |s3, it| s3.list_versions(it.input);
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = |s3, it| s3.begin_upload(it.input);
    upload_part(UploadPartInput) -> UploadPartOutput = |s3, it| s3.upload_part(it).await;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = |s3, it| s3.complete(it.input).await;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = |s3, it| s3.abort(&it.input);
}
