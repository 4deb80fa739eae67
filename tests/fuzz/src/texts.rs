//! What people write.

use std::collections::BTreeSet;

use signalbox_pipeline::gate::{Condition, Scope};
use signalbox_pipeline::report::{Metric, Tests};
use signalbox_pipeline::{definition as signalbox_yaml, settings as environment_yaml};

use crate::is_stable;

/// A `signalbox.yaml`.
pub fn definition(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let named = signalbox_yaml::environments(text);
    match signalbox_yaml::parse(text) {
        Ok(definition) => {
            is_stable(&definition);
            assert_eq!(signalbox_yaml::parse_among(text, &named), Ok(definition));
        }
        Err(faults) => {
            assert!(!faults.to_string().is_empty());
            assert!(signalbox_yaml::parse_among(text, &BTreeSet::new()).is_err());
        }
    }
}

/// An environment's settings, as ops write them.
pub fn settings(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match environment_yaml::parse(text) {
        Ok(settings) => {
            is_stable(&settings);
            let stored = settings.to_json();
            let read: environment_yaml::Settings = serde_json::from_str(&stored).expect("stored");
            assert_eq!(read.digest(), settings.digest());
        }
        Err(faults) => assert!(!faults.to_string().is_empty()),
    }
}

/// A condition of `require`.
pub fn condition(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(condition) = Condition::parse(text) else { return };
    is_stable(&condition);
    let metric = |name: &str, value| (name.to_owned(), Metric::of(value));
    let metrics = [metric("loss", 0.5), metric("auc", f64::NAN), metric("a.b", f64::INFINITY)];
    let tests = Tests { total: u64::MAX, passed: 1, ..Tests::default() };
    let full = Scope { metrics: metrics.into(), tests: Some(tests), ..Scope::default() };
    for scope in [Scope::default(), full] {
        is_stable(&condition.evaluate(&scope));
    }
}
