//! Releases that people let in, and that are rolled out over launches: the stories, each in a world of
//! its own.
//!
//! Time is virtual: what bakes for half an hour here takes no time at all.

mod approvals;
mod costs;
mod many;
mod people;
mod stories;
mod world;
