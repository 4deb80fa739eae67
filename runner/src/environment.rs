//! The variables of the container, read once.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The environment that the runner was started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// The value of `name`, where it is set, not empty and text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// What the job's own command sees: everything except what is addressed to the runner.
    pub(crate) fn of_commands(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .filter(|(name, _)| !name.as_encoded_bytes().starts_with(b"SIGNALBOX_"))
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
