//! The local engine: an embedded AWS on 127.0.0.1, only as wide as Signalbox needs.
//!
//! It knows nothing of the product. What it runs, and how queues, rules and functions hang
//! together, it reads from the `template.yaml` that is deployed to AWS.

pub mod batch;
pub mod clock;
pub mod codecommit;
mod durable;
pub mod ecr;
pub mod engine;
pub mod events;
pub mod http;
pub mod incident;
pub mod lambda;
mod pid;
pub mod principals;
mod random;
pub mod s3;
pub mod secretsmanager;
pub mod sns;
pub mod sqs;
pub mod template;
pub mod wire;

/// The region that the engine answers for.
pub const REGION: &str = "eu-west-1";
/// The account that the engine answers for.
pub const ACCOUNT: &str = "123456789012";
