//! The keys of `signalbox.yaml`: the parser, its messages and the published schema agree on them.

use crate::yaml::Keys;

pub(crate) const DEFINITION: Keys = Keys {
    what: "the definition",
    known: &["version", "pipeline", "on", "concurrency", "checks", "build", "deploy", "train"],
    later: &[],
    never: &[],
};

pub(crate) const ON: Keys =
    Keys { what: "`on`", known: &["push", "image"], later: &[], never: &[] };

pub(crate) const PUSH: Keys =
    Keys { what: "`push`", known: &["branches"], later: &["paths"], never: &[] };

pub(crate) const IMAGE: Keys = Keys { what: "`image`", known: &["tags"], later: &[], never: &[] };

pub(crate) const CHECK: Keys = Keys {
    what: "a check",
    known: &[
        "image", "run", "setup", "retries", "timeout", "optional", "require", "profile", "compute",
    ],
    later: &[],
    never: &[],
};

pub(crate) const VERIFY: Keys = Keys {
    what: "a job of `verify`",
    known: &["run", "setup", "retries", "timeout", "optional", "require", "profile", "compute"],
    later: &[],
    never: &[("image", "a job of `verify` runs in the image of the release, always")],
};

pub(crate) const TRAIN: Keys = Keys {
    what: "`train`",
    known: &["run", "setup", "retries", "timeout", "require", "compute"],
    later: &[],
    never: &[
        ("image", "a launch runs in the image of the release, always"),
        ("optional", "there is nothing that would go on without it"),
        ("profile", "data are held against a profile by a check or by `verify`, before a launch"),
    ],
};

pub(crate) const COMPUTE: Keys =
    Keys { what: "`compute`", known: &["vcpus", "memory", "gpus"], later: &[], never: &[] };

pub(crate) const BUILD: Keys = Keys {
    what: "`build`",
    known: &["dockerfile", "context", "repository", "run", "artifacts", "timeout"],
    later: &["args"],
    never: &[],
};

pub(crate) const DEPLOYMENT: Keys = Keys {
    what: "an entry of `deploy`",
    known: &["environment", "verify"],
    later: &[],
    never: &[],
};

/// The values of `concurrency`.
pub(crate) const CONCURRENCY: [&str; 3] = ["parallel", "queue", "supersede"];
