//! What registry and Batch say, in their own words.

use std::collections::BTreeMap;

/// Everything that was looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The image, where the registry holds it.
    pub image: Option<Manifest>,
    /// The queue, where there is one.
    pub queue: Option<Queue>,
    /// The image's scan, where it was asked for.
    pub scan: Option<Scan>,
}

/// What the registry holds under a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The media type of its configuration; absent in the index of several images.
    pub config: Option<String>,
    /// The platforms of an index, such as `linux/amd64`.
    pub platforms: Vec<String>,
}

/// A job queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// `VALID`, `INVALID`, and what lies between.
    pub status: String,
    /// Why it is so.
    pub reason: Option<String>,
    /// What is behind it.
    pub environments: Vec<ComputeEnvironment>,
}

/// A compute environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComputeEnvironment {
    /// Its name.
    pub name: String,
    /// `ENABLED` or `DISABLED`.
    pub state: String,
    /// `VALID`, `INVALID`, and what lies between.
    pub status: String,
    /// Why it is so.
    pub reason: Option<String>,
    /// `ECS` or `EKS`.
    pub orchestration: Option<String>,
    /// `EC2`, `SPOT`, `FARGATE` or `FARGATE_SPOT`; absent where its machines are not Batch's.
    pub kind: Option<String>,
    /// As many processors as it may have.
    pub max_vcpus: Option<f64>,
    /// The types or families of its machines.
    pub instances: Vec<String>,
}

/// What the registry says of an image's scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// There is none.
    Absent,
    /// There is one.
    Known {
        /// Its status.
        status: String,
        /// Why it is so.
        description: Option<String>,
        /// Whether there is a list of findings: an empty one is not the same as none.
        is_listed: bool,
        /// How many findings there are of each severity; one that is not named has none.
        counts: BTreeMap<String, u64>,
    },
}
