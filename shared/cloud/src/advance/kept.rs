//! The documents that this instance read or wrote last, so that the next event needs no read.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use signalbox_pipeline::run::Run;

use super::RunKey;
use crate::store::Versioned;

/// As many documents as are kept; a function has little memory.
const MOST: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<BTreeMap<RunKey, Versioned<Run>>>);

impl Kept {
    /// Takes the document out: whoever works on it puts it back as it then is.
    pub(super) fn take(&self, key: &RunKey) -> Option<Versioned<Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    pub(super) fn put(&self, key: &RunKey, found: Versioned<Run>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            // Run ids begin with their time: the first of some pipeline is an old one.
            kept.pop_first();
        }
        kept.insert(key.clone(), found);
    }
}
