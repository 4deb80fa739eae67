//! The keys of a mapping: which there may be, which there must be.

use super::node::{Entry, Node, Place};
use super::scalars::{bare_number, is_nothing, mapping};
use super::suggest::nearest;
use crate::faults::Collector;

/// The keys that one kind of mapping may have.
#[derive(Debug)]
pub(crate) struct Keys {
    /// What the mapping is, as in "a check".
    pub(crate) what: &'static str,
    /// The keys that are read.
    pub(crate) known: &'static [&'static str],
    /// Keys of the contract that are not built yet: refused, never ignored.
    pub(crate) later: &'static [&'static str],
    /// Keys that mean something elsewhere, and why they may not stand here.
    pub(crate) never: &'static [(&'static str, &'static str)],
}

/// A value, and the name under which it was found.
#[derive(Clone, Copy)]
pub(crate) struct Field<'n> {
    pub(crate) key: &'n str,
    /// Where to point when something inside is missing.
    pub(crate) place: Place,
    pub(crate) node: &'n Node,
}

impl<'n> Field<'n> {
    pub(crate) fn of(entry: &'n Entry) -> Self {
        Self { key: &entry.key, place: entry.place, node: &entry.value }
    }

    /// A value that stands by itself or in a list, called `key` in messages.
    pub(crate) fn item(key: &'n str, node: &'n Node) -> Self {
        Self { key, place: node.place, node }
    }

    /// The value, if it is a number without quotes.
    pub(crate) fn bare_number(&self) -> Option<&'n str> {
        bare_number(self.node)
    }

    /// Notes a fault of the value; where there is none, of the key.
    pub(crate) fn fault(&self, faults: &mut Collector, message: &str, help: Option<String>) {
        let place = if is_nothing(self.node) { self.place } else { self.node.place };
        faults.add(place.fault(format!("`{}` {message}", self.key), help));
    }
}

/// A mapping whose keys have been checked.
pub(crate) struct Fields<'n> {
    keys: &'static Keys,
    place: Place,
    entries: &'n [Entry],
}

impl<'n> Fields<'n> {
    /// The mapping at `field`; keys that do not belong there are noted.
    pub(crate) fn of(
        field: Field<'n>,
        keys: &'static Keys,
        faults: &mut Collector,
    ) -> Option<Self> {
        let entries = mapping(field, usize::MAX, faults)?;
        for entry in entries.iter().filter(|entry| !keys.known.contains(&entry.key.as_str())) {
            refuse(entry, keys, faults);
        }
        Some(Self { keys, place: field.place, entries })
    }

    pub(crate) fn get(&self, key: &str) -> Option<Field<'n>> {
        debug_assert!(self.keys.known.contains(&key), "{key} is not a key of {}", self.keys.what);
        self.entries.iter().find(|entry| entry.key == key).map(Field::of)
    }

    /// What `read` makes of the value of `key`; nothing where it is absent or faulty.
    pub(crate) fn optional<T>(
        &self,
        key: &str,
        faults: &mut Collector,
        read: impl FnOnce(Field<'n>, &mut Collector) -> Option<T>,
    ) -> Option<T> {
        read(self.get(key)?, faults)
    }

    /// As `optional`, but its absence is a fault.
    pub(crate) fn required<T>(
        &self,
        key: &str,
        faults: &mut Collector,
        read: impl FnOnce(Field<'n>, &mut Collector) -> Option<T>,
    ) -> Option<T> {
        if let Some(field) = self.get(key) {
            return read(field, faults);
        }
        faults.fault(self.place, format!("`{key}` is missing: {} needs it", self.keys.what));
        None
    }
}

fn refuse(entry: &Entry, keys: &Keys, faults: &mut Collector) {
    let key = entry.key.as_str();
    if keys.later.contains(&key) {
        let message = format!("`{key}` is not supported yet");
        return faults.fault_with_help(entry.place, message, "leave it out for now");
    }
    if let Some((_, why)) = keys.never.iter().find(|(never, _)| *never == key) {
        let message = format!("`{key}` may not stand here");
        return faults.fault_with_help(entry.place, message, *why);
    }
    let help = match nearest(key, keys.known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("{} may have: {}", keys.what, keys.known.join(", ")),
    };
    let shown: String = key.chars().take(40).flat_map(char::escape_debug).collect();
    faults.fault_with_help(entry.place, format!("unknown key `{shown}`"), help);
}
