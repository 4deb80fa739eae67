//! Who has to approve of a release before anything of it runs.

use serde::{Deserialize, Serialize};

use super::keys;
use crate::definition::compute::unit;
use crate::faults::Collector;
use crate::names::GroupName;
use crate::units::{self, UnitError};
use crate::yaml::{Field, Fields, boolean, names, whole_number};

/// As many people may be asked for.
const MOST_PEOPLE: u32 = 10;
/// As many groups they may be of.
const MOST_GROUPS: usize = 16;
/// How long people have where nothing is said: 7 days.
const EXPIRE: u64 = 7 * 24 * 3600;
/// How long they have at most: 30 days.
const LONGEST_EXPIRE: u64 = 30 * 24 * 3600;

/// How many people must approve of a release, and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvals {
    /// As many different people.
    pub required: u32,
    /// Members of any of these groups.
    pub from: Vec<GroupName>,
    /// Whether whoever made the commit has no voice: its author, committer and pusher.
    pub exclude_author: bool,
    /// How long a release waits for them.
    pub expire_seconds: u64,
}

pub(super) fn read(field: Field<'_>, faults: &mut Collector) -> Option<Approvals> {
    let fields = Fields::of(field, &keys::APPROVALS, faults)?;
    let required = fields
        .required("required", faults, |field, faults| whole_number(field, 1..=MOST_PEOPLE, faults));
    let from = fields.required("from", faults, |field, faults| names(field, MOST_GROUPS, faults));
    let exclude_author = fields.optional("exclude_author", faults, boolean);
    let expire = fields.optional("expire", faults, |field, faults| unit(field, expire, faults));
    Some(Approvals {
        required: required?,
        from: from?,
        exclude_author: exclude_author.unwrap_or(true),
        expire_seconds: expire.unwrap_or(EXPIRE),
    })
}

/// The seconds in which people have to decide.
fn expire(text: &str) -> Result<u64, UnitError> {
    let seconds = units::seconds(text)?;
    if (60..=LONGEST_EXPIRE).contains(&seconds) {
        return Ok(seconds);
    }
    let message = format!("people cannot be given {text} to decide");
    Err(UnitError { message, help: "write a time from 1m to 30d".to_owned() })
}
