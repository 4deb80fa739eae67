//! A file per verb.

pub(crate) mod approve;
pub(crate) mod bench;
pub(crate) mod cancel;
mod decide;
pub(crate) mod demo;
pub(crate) mod env;
pub(crate) mod events;
mod kept;
pub(crate) mod local;
pub(crate) mod logs;
pub(crate) mod people;
pub(crate) mod redrive;
pub(crate) mod replay;
pub(crate) mod repo;
pub(crate) mod retry;
pub(crate) mod runs;
pub(crate) mod show;
pub(crate) mod steer;
pub(crate) mod train;
pub(crate) mod validate;
pub(crate) mod verify;
pub(crate) mod watch;
