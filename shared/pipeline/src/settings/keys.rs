//! The keys of an environment's settings.

use crate::yaml::Keys;

pub(crate) const SETTINGS: Keys = Keys {
    what: "the settings",
    known: &[
        "version",
        "environment",
        "pipelines",
        "branches",
        "require_checks",
        "validate",
        "data",
        "parameters",
        "secrets",
        "service_account",
        "execution_role",
        "executor",
        "compute",
        "approvals",
        "freeze",
        "notify",
        "rollout",
    ],
    later: &[],
    never: &[],
};

pub(crate) const COMPUTE: Keys = Keys {
    what: "`compute`",
    known: &["queue", "on_demand_queue", "vcpus", "memory", "gpus", "timeout", "retries"],
    later: &[],
    never: &[],
};

pub(crate) const APPROVALS: Keys = Keys {
    what: "`approvals`",
    known: &["required", "from", "exclude_author", "expire"],
    later: &[],
    never: &[],
};

pub(crate) const VALIDATE: Keys =
    Keys { what: "`validate`", known: &["max_image", "scan", "datasets"], later: &[], never: &[] };

pub(crate) const SERVICE_ACCOUNT: Keys =
    Keys { what: "`service_account`", known: &["role", "id"], later: &[], never: &[] };

pub(crate) const SCAN: Keys =
    Keys { what: "`scan`", known: &["critical", "high", "medium", "low"], later: &[], never: &[] };

pub(crate) const RETRIES: Keys =
    Keys { what: "`retries`", known: &["spot", "platform"], later: &[], never: &[] };

pub(crate) const FREEZE: Keys =
    Keys { what: "a freeze", known: &["cron", "zone", "for", "reason"], later: &[], never: &[] };
