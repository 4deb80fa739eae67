//! The releases that environments hold, each to be met by the run that it names.

use std::collections::BTreeMap;

use signalbox_pipeline::audit::{Finding, verified};
use signalbox_pipeline::environment::Environment;
use signalbox_pipeline::keys;
use signalbox_pipeline::run::Run;

use super::examine::document;

/// Releases whose runs have not been seen yet, by the key of the run.
#[derive(Default)]
pub(super) struct Releases(BTreeMap<String, Vec<Environment>>);

/// Something is wrong with an environment.
pub(super) struct Wrong {
    /// The environment's key.
    pub(super) key: String,
    /// What it is.
    pub(super) findings: Vec<Finding>,
}

impl Releases {
    /// Remembers the release that is live in `environment`.
    pub(super) fn expect(&mut self, environment: Environment) {
        if let Some(current) = &environment.current {
            let key = keys::state::run(&environment.pipeline, &current.run);
            self.0.entry(key).or_default().push(environment);
        }
    }

    /// The document of a run, which is whole or not, has been seen.
    pub(super) fn meet(&mut self, key: &str, run: Option<&Run>) -> Vec<Wrong> {
        let environments = self.0.remove(key).unwrap_or_default();
        let wrong = environments.into_iter().filter_map(|environment| {
            let findings = match run {
                Some(run) => verified(&environment, run).err()?,
                None => vec![document(&format!("the document of its release is not whole: {key}"))],
            };
            Some(Wrong { key: key_of(&environment), findings })
        });
        wrong.collect()
    }

    /// What was never met.
    pub(super) fn missed(&mut self) -> Vec<Wrong> {
        let left = std::mem::take(&mut self.0);
        let each = left.into_iter().flat_map(|(run, environments)| {
            environments.into_iter().map(move |environment| Wrong {
                key: key_of(&environment),
                findings: vec![document(&format!("the run of its release is gone: {run}"))],
            })
        });
        each.collect()
    }
}

fn key_of(environment: &Environment) -> String {
    keys::state::environment(&environment.pipeline, &environment.environment)
}
