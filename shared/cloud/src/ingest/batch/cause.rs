//! What ended a job, by Batch's and ECS's own words.

use signalbox_pipeline::run::fact::Cause;

/// What `status_reason` of the job and `reason` of its main container tell; nothing where they do
/// not tell it from the doing of the command.
pub(super) fn of(status_reason: Option<&str>, reason: Option<&str>) -> Option<Cause> {
    let words = [status_reason, reason].map(Option::unwrap_or_default);
    let begins = |with: &str| words.iter().any(|words| words.starts_with(with));
    let holds = |what: &str| words.iter().any(|words| words.contains(what));
    // An instance that is gone, by Batch; a task on Fargate Spot, by ECS.
    if begins("Host EC2") || holds("Spot Task was interrupted") {
        return Some(Cause::Reclaimed);
    }
    if holds("CannotPullContainerError") {
        return Some(Cause::ImagePull);
    }
    if begins("Job attempt duration exceeded timeout") {
        return Some(Cause::TimedOut);
    }
    // A queue whose time limit for waiting jobs is over ends them, and says what they waited for.
    if holds("JobStateTimeLimit") && holds("CAPACITY:") {
        return Some(Cause::NoCapacity);
    }
    begins("OutOfMemoryError").then_some(Cause::OutOfMemory)
}
