//! The keys of one target of `notify`.

use crate::yaml::Keys;

pub(crate) const TARGET: Keys = Keys {
    what: "a target of `notify`",
    known: &["sns", "webhook", "github", "codecommit"],
    later: &[],
    never: &[],
};
