//! Under whose name the jobs of an environment run, what they are given in secret, and what is tried
//! of both before anything runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RoleArn, RoleId, SecretArn, Settings, VariableName, keys};
use crate::digest::sha256;
use crate::faults::Collector;
use crate::names::Sha256;
use crate::yaml::{Entry, Field, Fields, Value, choice, named};

/// The role of an environment's jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// Its ARN.
    pub role: RoleArn,
    /// Its id: what a job writes lies below it, so that no job can write another's results.
    pub id: RoleId,
}

/// What a job tries before anything else runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// Where data lies that it has to be able to read.
    pub data: BTreeMap<VariableName, String>,
    /// Secrets that it has to be given.
    pub secrets: BTreeMap<VariableName, SecretArn>,
    /// The role that it has to have; any, where absent.
    pub role: Option<RoleArn>,
    execution_role: Option<RoleArn>,
}

impl Trial {
    /// The hash of it: what was tried is not what other settings would have tried.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        // Maps with text for keys always have a JSON form.
        sha256(&serde_json::to_vec(self).unwrap_or_default())
    }
}

impl Settings {
    /// What a job tries first; nothing where there is neither data nor a secret to be tried.
    #[must_use]
    pub fn trial(&self) -> Option<Trial> {
        let datasets = &self.admission.validate.datasets;
        if datasets.is_empty() && self.secrets.is_empty() {
            return None;
        }
        let named = |name: &VariableName| Some((name.clone(), self.data.get(name)?.clone()));
        Some(Trial {
            data: datasets.iter().filter_map(named).collect(),
            secrets: self.secrets.clone(),
            role: self.service_account.as_ref().map(|account| account.role.clone()),
            execution_role: self.execution_role.clone(),
        })
    }
}

pub(super) fn service_account(field: Field<'_>, faults: &mut Collector) -> Option<ServiceAccount> {
    if let Value::Scalar(_) = &field.node.value {
        let help = "write { role: arn:…:role/signalbox/<name>, id: AROA… }; \
                    `aws iam get-role --role-name <name> --query Role.RoleId` says the id";
        field.fault(faults, "is a role without its id", Some(help.to_owned()));
        return None;
    }
    let fields = Fields::of(field, &keys::SERVICE_ACCOUNT, faults)?;
    let role = fields.required("role", faults, named);
    let id = fields.required("id", faults, named);
    Some(ServiceAccount { role: role?, id: id? })
}

/// `batch`, and nothing else yet.
pub(super) fn executor(field: Field<'_>, faults: &mut Collector) -> Option<()> {
    let is_eks = |entry: &Entry| entry.key == "eks";
    if let Value::Mapping(entries) = &field.node.value
        && entries.iter().any(is_eks)
    {
        let help = "leave it out for now: jobs run on AWS Batch";
        field.fault(faults, "has `eks`, which is not supported yet", Some(help.to_owned()));
        return None;
    }
    choice(field, &["batch"], faults).map(|_| ())
}
