//! The endpoint: one listener for every service.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::principals::Principals;
use crate::s3::S3;
use crate::sqs::Sqs;
use crate::wire::JsonService;

mod log;

pub use log::RequestLog;

/// The endpoint with the services behind it.
pub struct Edge {
    /// S3.
    pub s3: Arc<S3>,
    /// SQS.
    pub sqs: Arc<Sqs>,
    /// Batch.
    pub batch: Arc<dyn JsonService>,
    /// The API of ECR (not its registry).
    pub ecr: Arc<dyn JsonService>,
    /// Whose keys are known.
    pub principals: Arc<Principals>,
    /// Where every request is counted.
    pub log: Arc<RequestLog>,
    /// What else is served here, such as `/_ecs/…`.
    pub routes: axum::Router,
}

impl Edge {
    /// Serves on `listener` until `stop` has come and the requests under way are answered.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        _listener: TcpListener,
        _stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        Ok(())
    }
}
