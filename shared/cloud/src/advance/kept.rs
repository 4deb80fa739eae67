//! The documents that this instance read or wrote last, so that the next event needs no read.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::store::Versioned;

/// As many documents of a kind as are kept; a function has little memory.
const MOST: usize = 32;

#[derive(Debug)]
pub(super) struct Kept<K, D>(Mutex<BTreeMap<K, Versioned<D>>>);

impl<K: Ord + Clone, D> Kept<K, D> {
    /// Takes the document out: whoever works on it puts it back as it then is.
    pub(super) fn take(&self, key: &K) -> Option<Versioned<D>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    pub(super) fn put(&self, key: &K, found: Versioned<D>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            // Run ids begin with their time: the first of some pipeline is an old one.
            kept.pop_first();
        }
        kept.insert(key.clone(), found);
    }
}

impl<K, D> Default for Kept<K, D> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
