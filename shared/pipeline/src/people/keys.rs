//! The keys of the file that says who people are.

use crate::yaml::Keys;

pub(super) const PEOPLE: Keys =
    Keys { what: "the file", known: &["version", "people"], later: &[], never: &[] };

pub(super) const PERSON: Keys = Keys {
    what: "a person",
    known: &["principals", "git", "code_hosts", "groups"],
    later: &[],
    never: &[],
};
