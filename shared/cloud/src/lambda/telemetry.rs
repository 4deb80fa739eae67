//! The log: one JSON object a line on standard output, where Lambda picks it up.

use tracing::Level;

/// Starts the log. Called once, first of all; a second call changes nothing.
pub fn start() {
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        // CloudWatch stamps each line itself, but only when it arrives.
        .with_max_level(Level::INFO)
        .with_writer(std::io::stdout);
    // Fails only where a log has been started already.
    let _started = log.try_init();
}
