//! What tests of the whole product share: an installation that runs as processes of its own, a
//! small training repository, and a look at what was asked of the services.

pub mod by_hand;
pub mod command;
pub mod event;
pub mod image;
pub mod installation;
pub mod program;
pub mod queues;
pub mod repository;
pub mod requests;
pub mod runs;
pub mod simulated;
pub mod wait;
