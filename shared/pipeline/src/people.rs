//! Who may decide: people, the principals that stand for them, and the names under which they
//! commit and push. Owned by ops, like the settings of environments.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::faults::{Collector, Faults};
use crate::names::{GroupName, PersonName, Sha256};
use crate::yaml;

mod identity;
mod keys;
mod read;

pub use identity::{CodeHostIdentity, Email, Principal};

/// The version of the document that this code writes.
pub const SCHEMA: u32 = 1;
/// The largest document, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// `people.json`. No principal and no identity belongs to two people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// The version of the document.
    pub schema: u32,
    /// Everybody by name.
    pub people: BTreeMap<PersonName, Person>,
}

/// A person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The principals of IAM by which they decide: without one they have no voice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<Principal>,
    /// The addresses under which they commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub git: Vec<Email>,
    /// The names under which they push.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_hosts: Vec<CodeHostIdentity>,
    /// The groups that they are in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupName>,
}

/// Reads the file that ops keep.
///
/// # Errors
/// With everything that is wrong with it, each fault with its line and column.
pub fn parse(text: &str) -> Result<People, Faults> {
    let mut faults = Collector::default();
    let root = yaml::load(text, &mut faults);
    let people = root.and_then(|root| read::people(&root, &mut faults));
    faults.finish(people)
}

impl People {
    /// The document as it is stored: JSON with its keys in a fixed order, without spaces.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The SHA-256 of [`People::to_json`], which names this version of it.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        sha256(self.to_json().as_bytes())
    }

    /// Who sends under the principal that SQS calls `sender`.
    #[must_use]
    pub fn of_sender(&self, sender: &str) -> Option<(&PersonName, &Person)> {
        self.find(|person| person.principals.iter().any(|one| one.covers(sender)))
    }

    /// Who commits under the address `email`.
    #[must_use]
    pub fn of_email(&self, email: &str) -> Option<&PersonName> {
        let known = |person: &Person| person.git.iter().any(|one| one.is(email));
        self.find(known).map(|(name, _)| name)
    }

    /// Who pushes under the name that the code host calls `identity`.
    #[must_use]
    pub fn of_pusher(&self, identity: &str) -> Option<&PersonName> {
        let known = |person: &Person| person.code_hosts.iter().any(|one| one.covers(identity));
        self.find(known).map(|(name, _)| name)
    }

    fn find(&self, test: impl Fn(&Person) -> bool) -> Option<(&PersonName, &Person)> {
        self.people.iter().find(|(_, person)| test(person))
    }
}

impl Person {
    /// Whether they are in any of `groups`.
    #[must_use]
    pub fn is_in(&self, groups: &[GroupName]) -> bool {
        self.groups.iter().any(|group| groups.contains(group))
    }
}

#[cfg(test)]
mod tests;
