//! What is done outside of the documents, after the put that decided it.

mod batch;
mod codecommit;
mod ecr;
mod notices;

pub use batch::{Batch, Found, Listed, OpenStatus, Queued, Submitted};
pub use codecommit::CodeCommit;
pub use ecr::{Pushed, Registry};
pub use notices::Notices;

#[cfg(test)]
mod tests;
