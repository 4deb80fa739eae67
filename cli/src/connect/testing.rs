//! For tests: the engine's own S3, with the three buckets and nothing else.

use signalbox_local::engine::{Engine, EngineConfig, Programs};

use super::{Connection, Place};

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  State:
    Type: AWS::S3::Bucket
    Properties: { BucketName: t-state, VersioningConfiguration: { Status: Enabled } }
  Index: { Type: AWS::S3::Bucket, Properties: { BucketName: t-index } }
  Artifacts: { Type: AWS::S3::Bucket, Properties: { BucketName: t-artifacts } }
";

/// Buckets that are there as long as this is.
pub(crate) struct Buckets {
    _engine: Engine,
    _dir: tempfile::TempDir,
    /// The way to them.
    pub(crate) connection: Connection,
}

/// Starts an engine and connects to it by its folder.
pub(crate) async fn buckets() -> Buckets {
    engine(TEMPLATE).await
}

/// The same, wired as `text` says.
pub(crate) async fn engine(text: &str) -> Buckets {
    let dir = tempfile::tempdir().unwrap();
    let template = dir.path().join("template.yaml");
    std::fs::write(&template, text).unwrap();
    let folder = dir.path().join("engine");
    let config = EngineConfig::new(folder.clone(), template, Programs::default());
    let engine = Engine::start(config).await.unwrap();
    let connection = Place { dir: Some(folder) }.connect().await.unwrap();
    Buckets { _engine: engine, _dir: dir, connection }
}
