//! What a run's document looks like to people.

pub(crate) mod job;
pub(crate) mod safe;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod time;
