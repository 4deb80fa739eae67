//! Reads the properties of one resource, and sees to it that none is left over unread.

use std::time::Duration;

use super::scope::Scope;
use super::yaml::{Node, Place};
use super::{Fault, Faults};

/// The properties of one resource while they are read.
pub(super) struct Fields<'s, 't> {
    scope: &'s Scope<'t>,
    /// What they belong to, for the reader of a fault.
    what: String,
    pub(super) place: Place,
    node: Option<&'s Node>,
    taken: Vec<&'s str>,
}

impl<'s, 't> Fields<'s, 't> {
    pub(super) fn new(
        scope: &'s Scope<'t>,
        what: impl Into<String>,
        place: Place,
        node: Option<&'s Node>,
    ) -> Self {
        Self { scope, what: what.into(), place, node, taken: Vec::new() }
    }

    /// The property, unresolved.
    pub(super) fn raw(&mut self, key: &'static str) -> Option<&'s Node> {
        self.taken.push(key);
        self.node.and_then(|node| node.get(key))
    }

    /// The property without intrinsics.
    pub(super) fn node(&mut self, key: &'static str) -> Result<Option<Node>, Fault> {
        match self.raw(key) {
            Some(node) => self.scope.resolve(node),
            None => Ok(None),
        }
    }

    /// The property as text.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, Fault> {
        match self.node(key)? {
            Some(node) => self.scope.text(&node).map(Some),
            None => Ok(None),
        }
    }

    /// The property as text, which must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Result<String, Fault> {
        let text = self.text(key)?;
        text.ok_or_else(|| Fault::new(self.place, format!("{} needs `{key}`", self.what)))
    }

    /// The property as a number.
    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<u32>, Fault> {
        let Some(node) = self.node(key)? else { return Ok(None) };
        let text = self.scope.text(&node)?;
        text.parse().map(Some).map_err(|_| {
            Fault::new(node.place, format!("`{key}` must be a whole number, not `{text}`"))
        })
    }

    /// The property as a number of seconds.
    pub(super) fn seconds(&mut self, key: &'static str) -> Result<Option<Duration>, Fault> {
        Ok(self.number(key)?.map(|seconds| Duration::from_secs(seconds.into())))
    }

    /// Properties that the engine knows of and does not carry out.
    pub(super) fn leave(&mut self, keys: &[&'static str]) {
        self.taken.extend(keys);
    }

    /// Everything that nobody read is a fault: carried out wrongly is worse than refused.
    pub(super) fn finish(self, faults: &mut Faults) {
        for entry in self.node.map_or(&[][..], Node::entries) {
            if !self.taken.contains(&entry.key.as_str()) {
                let message =
                    format!("{}: the local engine does not carry out `{}`", self.what, entry.key);
                faults.0.push(Fault::new(entry.place, message));
            }
        }
    }
}
