//! An environment's settings: owned by ops, kept apart from the training repository, so that a
//! commit cannot weaken them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::{Compute, Vcpus};
use crate::digest::sha256;
use crate::faults::{Collector, Faults};
use crate::names::{EnvironmentName, Sha256};
use crate::notice::Target;
use crate::rollout::Plan;
use crate::yaml;

mod admission;
mod approvals;
mod freeze;
pub(crate) mod keys;
mod names;
mod read;
mod secrets;

pub use admission::{Admission, Entrant, Validation};
pub use approvals::Approvals;
pub use freeze::Freeze;
pub use names::{QueueName, RoleArn, RoleId, SecretArn, VariableName};
pub use secrets::{ServiceAccount, Trial};

/// The newest version of the document that this code writes. A document bears the first one that
/// can hold what it says: older code must not overlook what keeps a run out.
pub const SCHEMA: u32 = 4;

/// The settings of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The version of the document.
    pub schema: u32,
    /// The environment that they hold for.
    pub environment: EnvironmentName,
    /// Where its data lies; variables of its jobs.
    pub data: BTreeMap<VariableName, String>,
    /// Parameters of its jobs; variables too, none of them in `data`.
    pub parameters: BTreeMap<VariableName, String>,
    /// Secrets of its jobs, by reference: ECS itself puts their values into variables of these names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<VariableName, SecretArn>,
    /// The role of its jobs; the system's own, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccount>,
    /// The role that pulls their image and reads their secrets; the system's own, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role: Option<RoleArn>,
    /// What its jobs run on.
    pub compute: EnvironmentCompute,
    /// What may enter it.
    #[serde(flatten)]
    pub admission: Admission,
    /// Who has to approve of a release before anything of it runs; nobody, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
    /// When nothing is released.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// Who is told of what happens there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Target>,
    /// How a verified release takes the place of the live one; at once, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Plan>,
}

/// What the jobs of an environment run on, where they do not say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentCompute {
    /// The queue of AWS Batch that takes them; without one, the system's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueName>,
    /// The queue that takes a job whose machine was taken away in an attempt before; the same one,
    /// where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_queue: Option<QueueName>,
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<Vcpus>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Graphics processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
    /// The longest that a job may take here, whatever its definition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// How often a job is tried again that the platform has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
}

/// How often a job is tried again that did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// After its machine was taken away.
    pub spot: u32,
    /// After any other trouble of the platform.
    pub platform: u32,
}

impl Default for Retries {
    fn default() -> Self {
        Self { spot: 3, platform: 2 }
    }
}

/// Reads an environment's settings.
///
/// # Errors
/// With everything that is wrong with them, each fault with its line and column.
pub fn parse(text: &str) -> Result<Settings, Faults> {
    let mut faults = Collector::default();
    let root = yaml::load(text, &mut faults);
    let settings = root.and_then(|root| read::settings(&root, &mut faults));
    faults.finish(settings)
}

impl Settings {
    /// The settings as they are stored: JSON with its keys in a fixed order, without spaces.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The SHA-256 of [`Settings::to_json`]: a release is verified under exactly these settings.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        sha256(self.to_json().as_bytes())
    }

    /// The variables of a job: `data` and `parameters`.
    pub fn variables(&self) -> impl Iterator<Item = (&VariableName, &str)> {
        self.data.iter().chain(&self.parameters).map(|(name, value)| (name, value.as_str()))
    }
}

impl EnvironmentCompute {
    /// The sizes alone, to fill in what a job does not ask for.
    #[must_use]
    pub fn sizes(&self) -> Compute {
        Compute { vcpus: self.vcpus, memory_mib: self.memory_mib, gpus: self.gpus }
    }
}

#[cfg(test)]
mod tests;
